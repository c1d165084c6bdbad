"""Budgets of clocks and instants of rungs: the two small grammars of time in a definition file.

What it is: text such as ``30 working_minutes`` or ``09:00 on the last working day before due``
parsed into frozen values, and printed back unchanged.
What it is not: arithmetic. Turning a budget into an instant needs a calendar; the core does it.
Who may import it: anybody.
"""

import re
from dataclasses import dataclass
from typing import Literal

BudgetKind = Literal["seconds", "days", "months", "month_day"]

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_MOST = {"second": 10**6, "minute": 10**6, "hour": 10**6, "day": 36_500, "month": 1200}
"""A promise of more than a century is a slip of the pen."""
_AMOUNT = re.compile(
    r"^(?P<n>\d{1,6}) (?P<working>working_)?(?P<unit>second|minute|hour|day|month)s?"
    r"(?P<same>,? same_time)?$"
)
_MONTH_DAY = re.compile(r"^day (?P<day>\d{1,2}) of (?P<next>next )?month$")


@dataclass(frozen=True, slots=True)
class Budget:
    """How much time a promise has.

    ``seconds``: ``amount`` seconds of wall-clock time, or of working time if ``working``.
    ``days``: ``amount`` whole days after the starting day (working days if ``working``).
    ``months``: ``amount`` months, to the end of the day with the same number.
    ``month_day``: the end of day ``amount`` of a month; ``next_month`` counts from the anchor's
    month, otherwise it is the first such day after the anchor.
    ``same_time`` (days and months) keeps the time of day, inclusive, instead of 24:00, exclusive.
    """

    kind: BudgetKind
    amount: int
    working: bool = False
    same_time: bool = False
    next_month: bool = False
    text: str = ""

    def __str__(self) -> str:
        return self.text

    @property
    def exclusive(self) -> bool:
        """Whether the deadline is a day's end (24:00), which an event at that instant misses."""
        return self.kind != "seconds" and not self.same_time

    @property
    def by_days(self) -> bool:
        """Whether reminders follow the working-day plan of a ladder."""
        return self.kind != "seconds"


def parse_budget(text: str) -> Budget:
    """Parse one budget; raises ValueError with what would have been right."""
    if found := _MONTH_DAY.match(text):
        day = int(found["day"])
        if not 1 <= day <= 31:
            raise ValueError(f"day {day} of a month does not exist")
        return Budget("month_day", day, next_month=bool(found["next"]), text=text)
    found = _AMOUNT.match(text)
    if found is None:
        raise ValueError(
            f"'{text}' is not a budget; write a number and a unit, such as '2 hours', "
            "'30 working_minutes', '7 working_days', '3 days', '3 months' or 'day 5 of next month'"
        )
    amount, unit, working = int(found["n"]), found["unit"], bool(found["working"])
    same = bool(found["same"])
    if amount > _MOST[unit]:
        raise ValueError(f"'{text}' is longer than a century")
    if unit in _SECONDS:
        if same:
            raise ValueError(f"'{text}': 'same_time' goes with days and months only")
        return Budget("seconds", amount * _SECONDS[unit], working=working, text=text)
    if amount == 0:
        raise ValueError(f"'{text}': a budget of days or months needs at least 1")
    if unit == "month":
        if working:
            raise ValueError(
                f"'{text}': there are no working months; use 'months' or 'working_days'"
            )
        return Budget("months", amount, same_time=same, text=text)
    return Budget("days", amount, working=working, same_time=same, text=text)


RungKind = Literal["share", "due", "after_due", "before_due", "after_start", "local"]
DayReference = Literal["before_due", "due_day", "forfeit_day"]

_SHARE = re.compile(r"^(\d{1,3})%$")
_OFFSET = re.compile(
    r"^(?P<amount>\d{1,3}%|\d{1,6} (?:working_)?(?:minute|hour|day)s?) "
    r"(?P<side>after due|before due|after start)"
    r"(?:, at least (?P<min>\d{1,6} (?:minute|hour)s?))?"
    r"(?:, at most (?P<max>\d{1,6} (?:minute|hour)s?))?$"
)
_LOCAL = re.compile(
    r"^(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d) on the (?:"
    r"(?:(?P<nth>\d{1,2})(?:st|nd|rd|th) )?last working day before due"
    r"|(?P<ref>due day|forfeit day))$"
)


@dataclass(frozen=True, slots=True)
class RungAt:
    """Where a rung stands relative to its clock.

    ``percent`` of the budget for ``share`` and for ``after_due`` by share; ``offset`` a budget
    otherwise; ``least``/``most`` clamp a share, in seconds. ``local``: ``minute`` of the local day
    on the ``nth`` last working day before due, the due day, or the forfeit day.
    """

    kind: RungKind
    percent: int = 0
    offset: Budget | None = None
    least: int = 0
    most: int = 0
    minute: int = 0
    nth: int = 1
    day: DayReference = "before_due"
    text: str = ""

    def __str__(self) -> str:
        return self.text

    @property
    def is_after_due(self) -> bool:
        """Whether the rung stands at or after the deadline (its notice can be retracted)."""
        return self.kind in ("due", "after_due")


def parse_rung_at(text: str) -> RungAt:
    """Parse the instant of a rung; raises ValueError with what would have been right."""
    if text == "due":
        return RungAt("due", text=text)
    if found := _SHARE.match(text):
        percent = int(found[1])
        if not 0 < percent < 100:
            raise ValueError(f"'{text}': a share lies between 1% and 99%; say 'due' for 100%")
        return RungAt("share", percent=percent, text=text)
    if found := _LOCAL.match(text):
        minute = int(found["hour"]) * 60 + int(found["minute"])
        if found["ref"]:
            day: DayReference = "due_day" if found["ref"] == "due day" else "forfeit_day"
            return RungAt("local", minute=minute, day=day, text=text)
        nth = int(found["nth"] or 1)
        if nth == 0:
            raise ValueError(f"'{text}': the last working day is number 1")
        return RungAt("local", minute=minute, nth=nth, text=text)
    if found := _OFFSET.match(text):
        return _offset(text, found)
    raise ValueError(
        f"'{text}' is not an instant of a rung; write '75%', 'due', '2 hours after due', "
        "'50% after due, at least 1 hour, at most 24 hours', '1 working_day after due' or "
        "'09:00 on the last working day before due'"
    )


def _offset(text: str, found: re.Match[str]) -> RungAt:
    sides: dict[str, RungKind] = {
        "after due": "after_due",
        "before due": "before_due",
        "after start": "after_start",
    }
    kind = sides[found["side"]]
    least = parse_budget(found["min"]).amount if found["min"] else 0
    most = parse_budget(found["max"]).amount if found["max"] else 0
    if least and most and least > most:
        raise ValueError(f"'{text}': at least is more than at most")
    if found["amount"].endswith("%"):
        if kind != "after_due":
            raise ValueError(f"'{text}': a share goes with 'after due' only")
        return RungAt(kind, percent=int(found["amount"][:-1]), least=least, most=most, text=text)
    if least or most:
        raise ValueError(f"'{text}': 'at least' and 'at most' go with a share only")
    offset = parse_budget(found["amount"])
    if kind != "after_due" and offset.kind != "seconds":
        raise ValueError(f"'{text}': write minutes or hours, or '09:00 on the last working day …'")
    return RungAt(kind, offset=offset, text=text)
