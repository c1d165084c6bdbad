"""What offices do by the calendar: fees, reports, checks, files, training.

What it is: the tables of these people, and the occasions on which their cases open.
What it is not: time or lateness (`centre`).
Who may import it: the simulated year.
"""

from datetime import date
from functools import partial
from typing import Any, Final

from benchmarks.year.centre import CODE, NAME, REGION, Centre
from benchmarks.year.desk import DAY, Desk, Duty, Table, instant, money, next_month
from benchmarks.year.machines import BEGIN, END
from definitions.forms import start_items
from definitions.sending import as_payload
from workflows.core.case import Actor, Incoming
from workflows.occasions import Occasions

CLERK, MAKER = "service_clerk", "maker_service_centre"
FEES = {"repair": 20_000, "maintenance": 30_000, "other": 10_000}
"""What the maker pays, in fen."""


def by_the_calendar(centre: Centre) -> int:
    """Put every occasion of the year on the agenda; how many there are."""
    count = 0
    for name in centre.rules.names():
        process = centre.rules[name].process
        for schedule in process.schedules:
            occasions = Occasions(process, schedule)
            where = CODE if process.schedules[schedule].each == "organisation" else ""
            for at in occasions.coming(BEGIN - 1, 12):
                if at < END:
                    count += 1
                    centre.at(at, partial(_open, centre, occasions, at, where))
    return count


def _open(centre: Centre, occasions: Occasions, at: int, where: str) -> None:
    opening = occasions.opening(at, where)
    process = occasions.process
    if f"{process.process}:{opening.key}" in centre.world:
        return
    data = as_payload(start_items(process), opening.data)
    if "organisation" in start_items(process) and where:
        data = {"organisation": NAME, "region": REGION, **data}
    event = Incoming("start", f"{occasions.id}/{at}", Actor(occasions.id, ("system",)), data, at)
    centre.world.open(process.process, opening.key, event, at)


def _items(desk: Desk) -> list[dict[str, Any]]:
    return [
        {
            "item": f"{number}",
            "fee_for": claim["fee_for"],
            "amount": money(FEES[claim["fee_for"]]),
            "serial": claim["serial"],
        }
        for number, claim in enumerate(desk.data.get("claims", []), 1)
    ]


def _total(desk: Desk) -> str:
    return money(sum(FEES[claim["fee_for"]] for claim in desk.data.get("claims", [])))


def _listed(desk: Desk) -> int:
    return max(
        instant(next_month(desk.get("month"), 8), 9 + 6 * desk.rng.random()), desk.now + 3600
    )


FEE: Final[dict[str, tuple[Duty, ...]]] = {
    "collecting": (
        Duty(
            "receive_list",
            MAKER,
            data={"list_no": lambda d: f"QD-{d.view.key}", "list_total": _total, "items": _items},
            at=_listed,
        ),
    ),
    "list_received": (
        Duty("check_list", CLERK, (1.0, 5.0), {"own_total": lambda d: money(d.get("list_total"))}),
    ),
    "clerk_ok": (Duty("check_by_finance", "finance", (1.0, 5.0)),),
    "finance_ok": (
        Duty("receive_notice", CLERK, (5.0, 60.0), when=lambda d: not d.get("notice_at")),
        Duty(
            "issue_invoice",
            "finance",
            (10.0, 40.0),
            {"invoice_amount": lambda d: money(d.get("list_total"))},
        ),
    ),
    "invoiced": (
        Duty(
            "decide_late",
            MAKER,
            (2.0, 10.0),
            {"late_acceptance": "accepted"},
            when=lambda d: d.clock("late_acceptance") is not None,
        ),
        Duty(
            "settle",
            MAKER,
            (100.0, 400.0),
            {"settled_amount": lambda d: money(d.get("list_total"))},
        ),
    ),
    "settled": (
        Duty(
            "acknowledge_settlement",
            "finance",
            (0.05, 0.3),
            when=lambda d: d.clock("booking_ack") is not None,
            day_and_night=True,
        ),
        Duty("book", "finance", (0.5, 3.0), {"voucher_no": lambda d: f"PZ-{d.view.key}"}),
    ),
}
REPORT: Final[dict[str, tuple[Duty, ...]]] = {
    "drafted": (Duty("send", CLERK, (1.0, 6.0)),),
    "sent": (Duty("acknowledge", "sales_manager", (1.0, 10.0)),),
}
FIGURES: Final[dict[str, tuple[Duty, ...]]] = {
    "drafted": (Duty("submit", "service_specialist", (8.0, 60.0)),),
    "sent": (Duty("acknowledge", "service_manager", (4.0, 30.0)),),
}


def _unchecked(desk: Desk) -> list[dict[str, Any]]:
    return [one for one in desk.data.get("checks", []) if not one.get("checked")]


def _uncorrected(desk: Desk) -> list[dict[str, Any]]:
    checks = desk.data.get("checks", [])
    return [one for one in checks if not one.get("passed") and not one.get("corrected")]


CHECK: Final[dict[str, tuple[Duty, ...]]] = {
    "sampled": (
        Duty(
            "check_case",
            "supervision_group",
            (0.3, 3.0),
            {
                "case_id": lambda d: _unchecked(d)[0]["case_id"],
                "in_time": lambda d: d.rng.random() > 0.05,
                "finding": "记录不全",
            },
            when=lambda d: bool(_unchecked(d)),
            punctual=True,
        ),
        Duty("finish_review", "supervision_group", (1.0, 10.0)),
    ),
    "findings": (
        Duty(
            "order_correction",
            "supervision_group",
            (2.0, 20.0),
            {
                "responsible": "li.na",
                "correct_by": lambda d: d.centre.days.day_of(d.now + 12 * DAY).isoformat(),
            },
        ),
    ),
    "corrective": (
        Duty(
            "correct",
            "service_specialist",
            (4.0, 30.0),
            {"case_id": lambda d: _uncorrected(d)[0]["case_id"]},
            when=lambda d: bool(_uncorrected(d)),
        ),
        Duty("finish_correction", "service_specialist", (1.0, 8.0)),
    ),
    "reviewed": (Duty("approve", "service_manager", (2.0, 20.0)),),
}
ARCHIVE: Final[dict[str, tuple[Duty, ...]]] = {
    "to_file": (Duty("file", CLERK, (10.0, 60.0)),),
    "incomplete": (Duty("complete", CLERK, (10.0, 40.0)),),
    "filed": (Duty("approve_disposal", "management", (10.0, 90.0)),),
}

SPECIALIST = ("latest_standards", "industry_knowledge", "service_skills", "operation")


def _topics(desk: Desk) -> list[dict[str, str]]:
    wanted: tuple[str, ...] = ("operation",)
    if desk.get("programme") == "specialist":
        wanted = (*SPECIALIST, "emergency_procedures")
    return [{"topic": topic} for topic in wanted]


def _trained_on(desk: Desk) -> int:
    day = date.fromisoformat(str(desk.get("planned_on")))
    return max(instant(day, 10), desk.now + 3600)


TRAINER = "training_department"
TRAINING: Final[dict[str, tuple[Duty, ...]]] = {
    "needed": (
        Duty(
            "plan",
            TRAINER,
            (2.0, 20.0),
            {
                "centre": lambda d: d.get("centre") or CODE,
                "audience": lambda d: d.get("programme"),
                "place": "centre",
                "topics": _topics,
                "planned_on": lambda d: d.centre.days.working_day_after(
                    d.centre.days.day_of(d.now), 12
                ).isoformat(),
            },
        ),
    ),
    "planned": (
        Duty("hold", TRAINER, data={"attendees": lambda _: ["1", "2", "3"]}, at=_trained_on),
    ),
    "held": (Duty("assess", TRAINER, (2.0, 14.0), {"passed": lambda _: ["1", "2"]}),),
    "assessed": (Duty("record", TRAINER, (1.0, 8.0)),),
}
YEAR: Final[dict[str, tuple[Duty, ...]]] = {
    "collecting": (
        Duty(
            "set_staff",
            TRAINER,
            (4.0, 30.0),
            {"service_staff": 4},
            when=lambda d: d.clock("staff_number") is not None,
        ),
    ),
    "reporting": (Duty("report", TRAINER, (4.0, 30.0)),),
}
TABLE: Table = {
    "service_fee_settlement": FEE,
    "survey_report": REPORT,
    "service_report": FIGURES,
    "spot_check": CHECK,
    "archive": ARCHIVE,
    "training": TRAINING,
    "training_year": YEAR,
}
