"""The machines of the year, from their arrival to the last fault, and who looks after them.

What it is: lives drawn from a seed: when each machine comes, is sold, works, is read and fails; and
the tables of the people for its stock, its maintenance, its survey and its tracking.
What it is not: time or lateness (`centre`).
Who may import it: the simulated year.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from benchmarks.year.centre import CODE, NAME, REGION, Centre
from benchmarks.year.desk import DAY, HOUR, Desk, Duty, Table, day_of, instant, iso

CLERK, ENGINEER, SUPERVISOR = "service_clerk", "service_engineer", "service_supervisor"
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
BEGIN, END = instant(FIRST, 0), instant(date(2027, 1, 1), 0)
ASKED = 0.25
"""Share of the faults that come to the front desk."""
WISHES = (
    ("technical_consultation", 400, "冬季用哪种液压油"),
    ("complaint", 2500, "配件等待时间太长"),
)
"""What customers ask for, and about how many days pass until one does."""
CUSTOMERS = ("新罗砂石", "永定建材", "上杭矿业", "漳平路桥", "长汀水利", "武平石材", "连城港务")


@dataclass
class Machine:
    """One machine and what will become of it."""

    no: str
    kind: str
    model: str
    customer: str
    customer_kind: str
    warranty_months: int
    urban: bool
    km: float
    arrives: int
    sale: int
    """When it is to be sold; after the end of the year it stays in stock."""
    hours_a_day: float
    read_every: int
    """Days between readings."""
    faults: tuple[float, ...]
    """Days after the hand-over."""
    delivered: int | None = None
    repairs: int = 0

    def hours(self, at: int) -> float:
        """What its meter shows."""
        return 0.0 if self.delivered is None else (at - self.delivered) / DAY * self.hours_a_day


def lives(seed: int, sold: int) -> list[Machine]:
    """So many machines that are sold in the year, and a tenth more that are not."""
    rng = Random(f"{seed}/machines")
    found = []
    for number in range(1, sold + max(1, sold // 10) + 1):
        kind = rng.choices(("loader", "roller"), (4, 1))[0]
        day = rng.uniform(12, 352) if number <= sold else rng.uniform(366, 500)
        stay = min(rng.expovariate(1 / 45) + 3, 300)
        arrival = max(day - stay, rng.uniform(0.3, 9)) if day < 340 + stay else rng.uniform(60, 350)
        faults, fault = [], rng.expovariate(1 / 150)
        while fault < 366:
            faults.append(fault)
            fault += rng.expovariate(1 / 150)
        found.append(
            Machine(
                no=f"{'LG855N' if kind == 'loader' else 'LG520A'}-{number:04}",
                kind=kind,
                model="LG855N" if kind == "loader" else "LG520A",
                customer=rng.choice(CUSTOMERS),
                customer_kind=rng.choices(("new_customer", "key_customer", "ordinary"), (5, 2, 3))[0],
                warranty_months=rng.choice((6, 12, 12)),
                urban=rng.random() < 0.4,
                km=round(rng.uniform(5, 390), 1),
                arrives=BEGIN + int(arrival * DAY),
                sale=BEGIN + int(day * DAY),
                hours_a_day=rng.choices((3.0, 6.0, 9.5, 16.0), (3, 4, 3, 1))[0],
                read_every=rng.choice((7, 14, 30)),
                faults=tuple(faults),
            )
        )
    return found


class Fleet:
    """What machines do by themselves in a centre."""

    def __init__(self, centre: Centre, machines: list[Machine]) -> None:
        self.centre = centre
        self.machines = machines
        centre.machines.update({machine.no: machine for machine in machines})
        for machine in machines:
            rng = Random(f"{centre.seed}/{machine.no}")
            at = centre.working(machine.arrives, rng)
            centre.at(at, lambda m=machine: self._arrive(m))
            centre.at(centre.working(machine.sale, rng), lambda m=machine: self._sell(m))

    def _arrive(self, machine: Machine) -> None:
        data = {
            "product_line": machine.kind,
            "organisation": NAME,
            "region": REGION,
            "centre": CODE,
            "machine_kind": machine.kind,
            "machine_model": machine.model,
            "machine_no": machine.no,
            "warranty_months": machine.warranty_months,
        }
        self.centre.open("machine_handling", machine.no, SUPERVISOR, data)

    def _sell(self, machine: Machine) -> None:
        """Hand it over, when it is in stock and sound; else ask again in two days."""
        centre, case = self.centre, f"machine_handling:{machine.no}"
        view = centre.views.get(case)
        ready = view is not None and view.state in ("sample", "for_sale")
        if view is None or not ready or view.data.get("defect_serial") or view.data.get("upkeep_defects"):
            rng = Random(f"{centre.seed}/{machine.no}/{centre.now}")
            centre.at(centre.working(centre.now + 2 * DAY, rng), lambda: self._sell(machine))
            return
        data = {
            "customer_unit": machine.customer,
            "contact_name": "林建华",
            "contact_phone": "0597-2290001",
            "customer_kind": machine.customer_kind,
            "received_by": "林建华",
        }
        if not centre.send(case, "hand_over", ENGINEER, data):
            return
        machine.delivered = centre.now
        centre.at(centre.now + machine.read_every * DAY, lambda: self._read(machine))
        for day in machine.faults:
            centre.at(centre.now + int(day * DAY), lambda: self._fail(machine))
        rng = Random(f"{centre.seed}/{machine.no}/wishes")
        for kind, days, words in WISHES:
            day = rng.expovariate(1 / days)
            key = f"{machine.no}-{kind[0]}"
            at = centre.working(centre.now + int(day * DAY), rng)
            centre.at(at, lambda k=key, t=kind, w=words: self._ask(machine, k, t, w))

    def _read(self, machine: Machine) -> None:
        centre, case = self.centre, f"maintenance_programme:{machine.no}"
        if centre.views[case].state != "running":
            return
        hours = max(round(machine.hours(centre.now), 1), centre.views[case].data.get("last_hours", 0))
        centre.send(
            case, "record_reading", "system", {"hours": hours, "read_at": iso(centre.now)}
        )
        centre.at(centre.now + machine.read_every * DAY, lambda: self._read(machine))

    def _fail(self, machine: Machine) -> None:
        """By the repair hotline, or like any other wish."""
        machine.repairs += 1
        serial = f"XC-{machine.no}-{machine.repairs}"
        if Random(f"{self.centre.seed}/{serial}").random() < ASKED:
            self._ask(machine, serial, "fault_repair", "动臂举升无力")
            return
        data = {
            "product_line": machine.kind,
            "channel": "hotline",
            "organisation": NAME,
            "centre": CODE,
            "region": REGION,
            "customer_unit": machine.customer,
            "machine_model": machine.model,
            "machine_no": machine.no,
            "delivery_date": day_of(machine.delivered or self.centre.now).isoformat(),
            "warranty_months": machine.warranty_months,
            "in_urban_area": machine.urban,
            "distance_km": machine.km,
            "fault_description": "动臂举升无力",
        }
        self.centre.open("warranty_repair", serial, "hotline_agent", data)

    def _ask(self, machine: Machine, key: str, kind: str, words: str) -> None:
        """A wish goes to the front desk."""
        data = {
            "product_line": machine.kind,
            "channel": "hotline",
            "service_type": kind,
            "organisation": NAME,
            "centre": CODE,
            "region": REGION,
            "customer_unit": machine.customer,
            "machine_model": machine.model,
            "machine_no": machine.no,
            "fault_description": words,
        }
        self.centre.open("service_request", f"SQ-{key}", "hotline_agent", data)


def _problem(desk: Desk) -> bool:
    return desk.chance("problem") < 0.05


HANDLING: Final[dict[str, tuple[Duty, ...]]] = {
    "arrived": (
        Duty(
            "inspect",
            ENGINEER,
            (1.0, 12.0),
            {
                "hydraulics": lambda d: not _problem(d),
                "problems": lambda d: "转斗油缸渗油" if _problem(d) else None,
            },
        ),
    ),
    "maker_issue": (Duty("issue_solved", SUPERVISOR, (24.0, 120.0)),),
    "inspected": (
        Duty(
            "stock_in",
            "sales_clerk",
            (1.0, 12.0),
            {
                "stock_no": lambda d: f"RK-{d.view.key}",
                "stock_place": "一号场地",
                "kept_as": lambda d: "sample" if d.chance("sample") < 0.1 else "for_sale",
                "antifreeze": True,
            },
        ),
    ),
}
CURED = Duty(
    "defect_cured",
    ENGINEER,
    (2.0, 16.0),
    {"serial": lambda d: d.get("defect_serial")},
    when=lambda d: d.get("defect_serial") != "",
)
HANDLING["for_sale"] = HANDLING["sample"] = (
    CURED,
    Duty(
        "report_defect",
        ENGINEER,
        (30.0, 300.0),
        {"defect": "蓄电池亏电"},
        when=lambda d: d.get("defects") == 0,
        share=0.05,
    ),
)


def _in_the_month(desk: Desk) -> int:
    day = date.fromisoformat(f"{desk.get('month')}-01") + timedelta(days=desk.rng.randrange(0, 24))
    return max(desk.centre.working(instant(day, 9), desk.rng), desk.now + HOUR)


UPKEEP: Final[dict[str, tuple[Duty, ...]]] = {
    "due": (Duty("begin", SUPERVISOR, at=_in_the_month),),
    "in_progress": (
        Duty(
            "check",
            ENGINEER,
            (0.5, 3.0),
            {
                "battery": lambda d: not _problem(d),
                "defect": lambda d: "蓄电池亏电" if _problem(d) else None,
                "antifreeze": True,
            },
        ),
    ),
    "defect_found": (
        Duty(
            "cured",
            ENGINEER,
            (2.0, 14.0),
            {"serial": lambda d: d.get("record_serial"), "measures": "充电并检查线路"},
        ),
    ),
}


def _visit_at(desk: Desk) -> str:
    """Before it is due, in working time if there is some."""
    clock = desk.clock("visit")
    due = clock.due if clock is not None and clock.due is not None else 0
    if due <= desk.now + HOUR:
        return iso(desk.now + 20 * HOUR)
    wanted = desk.centre.working(desk.now + int((due - desk.now) * desk.rng.uniform(0.3, 0.6)), desk.rng)
    return iso(wanted if wanted < due - HOUR else desk.now + (due - desk.now) // 2)


def _too_late(desk: Desk) -> bool:
    clock, visit = desk.clock("visit"), desk.get("visit_at")
    ahead = clock is not None and clock.due is not None and clock.due > desk.now
    return ahead and isinstance(visit, int) and clock is not None and visit >= (clock.due or 0)


def _claim_month(desk: Desk) -> str:
    """That of the visit, or the present one where the list of that month is out."""
    month = str(desk.get("claim_month"))
    fee = desk.centre.views.get(f"service_fee_settlement:{CODE}-{month}")
    if fee is None or fee.state in ("collecting", "list_received"):
        return month
    return desk.today[:7]


REARRANGE = Duty(
    "rearrange", CLERK, (0.2, 2.0), {"new_visit_at": _visit_at}, when=_too_late, punctual=True
)

VISIT: Final[dict[str, tuple[Duty, ...]]] = {
    "scheduled": (
        Duty(
            "contact",
            CLERK,
            (2.0, 20.0),
            {"visit_at": _visit_at},
            when=lambda d: bool(d.get("call_due")),
        ),
    ),
    "window_open": (
        Duty("user_refuses", CLERK, (4.0, 30.0), share=0.02),
        Duty(
            "not_reached",
            CLERK,
            at=lambda d: d.centre.workday(d.now + HOUR, 10.5),
            when=lambda d: d.get("attempt_days") in ("", []),
            share=0.08,
            punctual=True,
        ),
        Duty("contact", CLERK, (2.0, 30.0), {"visit_at": _visit_at}),
    ),
    "contacted": (
        REARRANGE,
        Duty("dispatch", CLERK, (0.5, 8.0), {"engineer": "he.jun"}),
    ),
    "dispatched": (
        REARRANGE,
        Duty("arrive", ENGINEER, at=lambda d: max(int(d.data["visit_at"]) - 900, d.now + 60)),
    ),
    "on_site": (
        Duty(
            "report_defect",
            ENGINEER,
            (0.2, 1.0),
            {
                "record_serial": lambda d: f"XC-{d.view.key}-D",
                "defect": "转向沉重",
                "in_urban_area": True,
            },
            when=lambda d: not d.get("repairs"),
            share=0.05,
            day_and_night=True,
        ),
        Duty(
            "complete",
            ENGINEER,
            (0.5, 3.0),
            {
                "running_hours": lambda d: max(
                    round(d.centre.hours_of(str(d.get("machine_no"))), 1), d.get("last_hours") or 0
                ),
                "work_done": "按强保项目保养",
            },
            day_and_night=True,
        ),
    ),
    "done": (
        Duty("sign", "customer", (0.1, 2.0), when=lambda d: d.get("signature") == ""),
        Duty("post_form", CLERK, (4.0, 40.0), {"waybill": "SF1390027716"}),
    ),
    "form_posted": (
        Duty(
            "claim_fee",
            CLERK,
            (4.0, 40.0),
            {"copy_2": lambda d: f"SM-{d.view.key}", "claim_month": _claim_month},
        ),
    ),
}


def _score(desk: Desk, name: str) -> int:
    low = 0.35 if desk.chance("unhappy") < 0.05 else 0.0
    drawn = Random(f"{desk.centre.seed}/{desk.view.case}/{name}").random() - low
    return 5 if drawn > 0.45 else 4 if drawn > 0.1 else 3 if drawn > 0.02 else 2 if drawn > -0.25 else 1


def _asked(name: str) -> Any:
    return lambda desk: _score(desk, name)


def _trouble(desk: Desk) -> bool:
    return desk.chance("trouble") < 0.06


def _call_on(desk: Desk) -> str:
    clock = desk.clock("survey")
    left = 20 if clock is None or clock.due is None else max((clock.due - desk.now) // DAY - 12, 1)
    day = day_of(desk.now) + timedelta(days=desk.rng.randrange(1, max(2, min(left, 75))))
    return day.isoformat()


def _attempt(desk: Desk) -> int:
    """Another working day, another hour."""
    done = len(desk.data.get("attempt_days", []))
    after = desk.now if done == 0 else instant(day_of(desk.now) + timedelta(days=1), 0)
    at = desk.centre.workday(after, (9.5, 10.5, 14.5, 15.5)[min(done, 3)])
    return at if at > desk.now else desk.centre.workday(at + DAY, (9.5, 10.5, 14.5, 15.5)[min(done, 3)])


ANSWERS: dict[str, Any] = {
    "attitude": _asked("attitude"),
    "skill": _asked("skill"),
    "performance": _asked("performance"),
    "quality": _asked("quality"),
    "overall": _asked("overall"),
    "problem_now": _trouble,
    "problem": lambda d: "制动偏软" if _trouble(d) else None,
    "complaint_wanted": False,
    "opinion": lambda d: "希望配件更快" if d.chance("opinion") < 0.1 else None,
}
NOBODY = Duty(
    "no_answer",
    CLERK,
    at=_attempt,
    when=lambda d: len(d.data.get("attempt_days", [])) < 3,
    share=0.06,
    punctual=True,
)
SURVEY: Final[dict[str, tuple[Duty, ...]]] = {
    "eligible": (Duty("plan", CLERK, (4.0, 90.0), {"call_on": _call_on}, punctual=True),),
    "calling": (
        NOBODY,
        Duty(
            "close_unreachable",
            CLERK,
            (0.2, 2.0),
            when=lambda d: len(d.data.get("attempt_days", [])) >= 3,
        ),
        Duty("answers", CLERK, (0.2, 5.0), ANSWERS),
    ),
    "completed": (
        Duty(
            "take_note",
            "sales_manager",
            (0.05, 0.3),
            when=lambda d: d.clock("sales_manager_ack") is not None,
            day_and_night=True,
        ),
        Duty(
            "take_note",
            "service_manager",
            (0.05, 0.3),
            when=lambda d: d.clock("service_manager_ack") is not None,
            day_and_night=True,
        ),
    ),
}
PROBLEM: Final[dict[str, tuple[Duty, ...]]] = {
    "form_printed": (Duty("send", CLERK, (1.0, 8.0)),),
    "sent_to_sales": (Duty("acknowledge", "sales", (1.0, 12.0)),),
    "acknowledged": (Duty("handle", "sales", (4.0, 40.0)),),
    "handled": (Duty("close", CLERK, (1.0, 10.0)),),
}


def _contact_day(desk: Desk) -> int:
    """By the day of the plan; a week before it counts for it already."""
    planned = date.fromisoformat(str(desk.get("next_contact_on")))
    wanted = planned - timedelta(days=desk.rng.randrange(0, 4))
    earliest = planned - timedelta(days=7)
    return max(desk.centre.workday_by(wanted, earliest, 14), desk.now + HOUR)


TRACKING: Final[dict[str, tuple[Duty, ...]]] = {
    "planned": (
        Duty(
            "contact",
            "service_specialist",
            at=_contact_day,
            data={
                "finding": lambda d: "problem" if d.rng.random() < 0.05 else "fine",
                "effect": "使用正常",
                "problem": "油耗偏高",
            },
            when=lambda d: d.clock("contact") is not None,
        ),
    ),
    "problem": (Duty("settle", "service_specialist", (1.0, 10.0)),),
}

TABLE: Table = {
    "machine_handling": HANDLING,
    "unsold_upkeep": UPKEEP,
    "maintenance_visit": VISIT,
    "phone_survey": SURVEY,
    "survey_problem": PROBLEM,
    "usage_tracking": TRACKING,
}
