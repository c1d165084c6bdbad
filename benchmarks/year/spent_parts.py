"""Who does what about a spent part, from the machine to the maker's acceptance.

What it is: the table of these people; what became of a part is written down for the judge.
What it is not: time or lateness (`centre`).
Who may import it: the simulated year.
"""

from typing import Any, Final

from benchmarks.year.desk import Desk, Duty, Table, instant, next_month

MAKER, CUSTODIAN = "maker_service_centre", "spent_part_custodian"


def _shipped_on(desk: Desk) -> int:
    day = desk.rng.choice((2, 3, 4))
    return max(
        instant(next_month(desk.get("month"), day), 8 + 8 * desk.rng.random()), desk.now + 60
    )


def _judged(result: str) -> Any:
    def note(desk: Desk) -> None:
        desk.centre.results[desk.view.key] = result

    return note


SOUND = {
    "tagged": True,
    "found_serial": lambda d: d.get("record_serial"),
    "identified": True,
    "stripped": False,
    "dismantled": False,
    "own_package": True,
}
STEADY = (1.0, 20.0)


def _step(event: str, data: dict[str, Any] | None = None) -> Duty:
    """One of the steps that share the deadline of the shipping; only that is ever late."""
    return Duty(event, CUSTODIAN, STEADY, data or {}, punctual=True)


def _package(desk: Desk) -> str:
    return f"{'ZC' if desk.get('package_set') else 'BX'}-{desk.get('record_serial')}"


def _place(desk: Desk) -> str:
    return "special_shelf" if desk.get("storage") == "special_care" else "indoors"


PART: Final[dict[str, tuple[Duty, ...]]] = {
    "removed": (
        Duty(
            "scrap",
            CUSTODIAN,
            STEADY,
            when=lambda d: d.get("storage") == "scrap_allowed",
            punctual=True,
            noted=_judged("scrapped_local"),
        ),
        Duty(
            "name_custodian",
            "service_supervisor",
            STEADY,
            {"custodian": "zhang.qiang"},
            when=lambda d: d.get("custodian") == "",
            punctual=True,
        ),
        _step("clean", {"dismantled": False}),
    ),
    "cleaned": (
        Duty("lose", CUSTODIAN, STEADY, share=0.02, punctual=True, noted=_judged("lost")),
        _step("register", {"ledger_no": lambda d: f"TZ-{d.view.key}"}),
    ),
    "registered": (
        _step(
            "tag",
            {
                "tag_serial": lambda d: d.get("record_serial"),
                "engineer": lambda d: d.get("engineer") or "he.jun",
            },
        ),
    ),
    "tagged": (_step("pack", {"package_id": _package, "packaging": "wooden_box"}),),
    "packed": (_step("store", {"area": lambda d: d.get("machine_kind"), "place": _place}),),
    "in_store": (_step("list", {"list_month": lambda d: d.get("month")}),),
    "listed": (Duty("ship", CUSTODIAN, data={"waybill": "SF1390027715"}, at=_shipped_on),),
    "shipped": (Duty("receive", MAKER, (48.0, 120.0)),),
    "received": (
        Duty(
            "inspect",
            MAKER,
            (2.0, 20.0),
            SOUND | {"stripped": True},
            share=0.04,
            noted=_judged("rejected"),
        ),
        Duty("inspect", MAKER, (2.0, 20.0), SOUND | {"found_serial": "LY-00000"}, share=0.04),
        Duty("inspect", MAKER, (2.0, 20.0), SOUND, noted=_judged("accepted")),
    ),
    "query": (
        Duty(
            "correct",
            CUSTODIAN,
            (2.0, 10.0),
            {"found_serial": lambda d: d.get("record_serial")},
            noted=_judged("accepted"),
        ),
    ),
    "missing": (Duty("write_off", "service_supervisor", (4.0, 40.0)),),
}

TABLE: Table = {"spent_part_return": PART}
