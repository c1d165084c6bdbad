"""Who does what about the settlement of the month, on both sides.

What it is: the table of these people; which line was struck is written down for the judge.
What it is not: time or lateness (`centre`), or what is owed (`judging`).
Who may import it: the simulated year.
"""

from typing import Any, Final

from benchmarks.year.desk import HOUR, Desk, Duty, Table, instant, money, next_month

MAKER, CLERK = "maker_service_centre", "service_clerk"


def _lines(desk: Desk) -> list[dict[str, Any]]:
    return list(desk.data.get("lines", []))


def _undecided(desk: Desk) -> list[dict[str, Any]]:
    return [line for line in _lines(desk) if not line.get("verdict")]


def _sent_on(desk: Desk) -> int:
    month = desk.get("month")
    day = next_month(month, 4)
    return max(instant(day, 9 + 7 * desk.rng.random()), desk.now + HOUR)


def _inspected_by(desk: Desk) -> int:
    """When the parts have had their time."""
    return desk.before("review", 0.5 + 0.3 * desk.rng.random(), 48.0)


def _struck(desk: Desk) -> None:
    line = _undecided(desk)[0]["id"]
    desk.centre.struck.add(str(line))


SETTLEMENT: Final[dict[str, tuple[Duty, ...]]] = {
    "preparing": (
        Duty(
            "submit",
            CLERK,
            data={
                "cost_list": True,
                "return_list": True,
                "waybill": "SF1390027715",
                "inspected_by": "zhang.qiang",
            },
            when=lambda d: bool(_lines(d)),
            at=_sent_on,
        ),
    ),
    "submitted": (Duty("receive_parts", MAKER, (60.0, 140.0)),),
    "parts_received": (
        Duty(
            "decide_by_result",
            MAKER,
            when=lambda d: any(line.get("part_result") for line in _undecided(d)),
            at=_inspected_by,
        ),
        Duty(
            "decide_line",
            MAKER,
            (0.1, 0.5),
            {
                "line_id": lambda d: _undecided(d)[0]["id"],
                "allowed": False,
                "reason": "旧件未收到",
            },
            when=lambda d: bool(_undecided(d)),
            noted=_struck,
        ),
        Duty("review", MAKER, (1.0, 6.0)),
    ),
    "reviewed": (
        Duty(
            "object",
            CLERK,
            (2.0, 12.0),
            {"reasons": "请再核对"},
            when=lambda d: d.get("round") == 1,
            share=0.15,
        ),
        Duty("confirm", CLERK, (2.0, 12.0)),
    ),
    "confirmed": (Duty("hand_over", MAKER, (0.5, 5.0)),),
    "at_parts_co": (
        Duty(
            "prebook",
            "parts_company",
            (0.5, 5.0),
            {
                "entry_no": lambda d: f"WL-{d.view.key}",
                "credit": lambda d: money(d.get("total")),
            },
        ),
    ),
    "prebooked": (
        Duty(
            "receive_invoice",
            MAKER,
            (24.0, 90.0),
            {
                "invoice_number": "03519064",
                "invoice_amount": lambda d: money(d.get("total")),
                "vat_special": True,
            },
        ),
    ),
}

TABLE: Table = {"settlement": SETTLEMENT}
