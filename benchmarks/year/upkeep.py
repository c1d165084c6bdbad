"""Who looks after machines: in stock, and once they are sold by the maker's programme.

What it is: the tables of these people.
What it is not: the machines' lives (`machines`), time or lateness (`centre`).
Who may import it: the simulated year.
"""

from datetime import date, timedelta
from typing import Final

from benchmarks.year.centre import CODE
from benchmarks.year.desk import HOUR, Desk, Duty, Table, instant, iso

CLERK, ENGINEER, SUPERVISOR = "service_clerk", "service_engineer", "service_supervisor"


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
    wanted = desk.centre.working(
        desk.now + int((due - desk.now) * desk.rng.uniform(0.3, 0.6)), desk.rng
    )
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

TABLE: Table = {
    "machine_handling": HANDLING,
    "unsold_upkeep": UPKEEP,
    "maintenance_visit": VISIT,
}
