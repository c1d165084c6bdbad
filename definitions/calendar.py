"""A working calendar as an author writes it: weekly hours, days off, make-up days, horizon.

It is a value that a YAML file spells out and a running case pins, so ranges stay ranges and it
dumps back to what was read. It does no time arithmetic: instants, daylight saving and budgets
belong to `workflows.core.worktime`. The round-the-clock calendar `always` has no file; whoever
resolves a calendar's name handles it. May be imported by every layer.
"""

# The name is the domain's own, and imports here are never relative.
# ruff: noqa: A005

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from definitions.text import Name, Text

ALWAYS: Final = "always"
"""Name of the built-in calendar that is open 24 hours on 7 days."""

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Span = tuple[int, int]
"""Opening hours in minutes from the midnight a day begins with, half-open; the end is larger
than the start and larger than 1440 where the hours run over midnight."""

_DAY_MINUTES: Final = 24 * 60
_ONE_DAY: Final = timedelta(days=1)
_DATE: Final = r"\d{4}-\d{2}-\d{2}"
_HOURS_PATTERN: Final = r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$"
_DAYS_PATTERN: Final = rf"^{_DATE}(\.\.{_DATE})?$"
# Files a system's zone directory holds beside the IANA names; `right/` counts leap seconds.
_NOT_ZONES: Final = re.compile(r"^(posix/|right/|localtime$|posixrules$|Factory$)")


def span(text: str) -> Span:
    """Minutes of hours like `09:00-18:00`; `22:00-06:00` and `08:00-08:00` run over midnight."""
    if not re.fullmatch(_HOURS_PATTERN, text, re.ASCII):
        raise ValueError(
            f"hours {text!r} must read HH:MM-HH:MM, from 00:00 to 24:00 (24:00 only as the end)"
        )
    start, end = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    return start, end if end > start else end + _DAY_MINUTES


def days(text: str) -> tuple[date, date]:
    """First and last day of `2026-10-01` or `2026-10-01..2026-10-07`."""
    if not re.fullmatch(_DAYS_PATTERN, text, re.ASCII):
        raise ValueError(f"days {text!r} must read YYYY-MM-DD or YYYY-MM-DD..YYYY-MM-DD")
    ends = [_iso_day(part) for part in text.split("..")]
    first, last = ends[0], ends[-1]
    if last < first:
        raise ValueError(f"days {text!r} end before they begin")
    return first, last


def _iso_day(value: object) -> date:
    """A YAML date or its ISO text; numbers, which pydantic would read as timestamps, are not."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(_DATE, value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"there is no day {value}") from None
    raise ValueError(f"{value!r} is not a date; write it YYYY-MM-DD")


def _day_text(value: object) -> object:
    """An unquoted YAML date arrives as a date; the model keeps its text."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value


def _days_checked(text: str) -> str:
    days(text)
    return text


def _hours_checked(text: str) -> str:
    span(text)
    return text


def _hours_sorted(hours: tuple[str, ...]) -> tuple[str, ...]:
    """Hours of one day in order; hours that overlap within the day are refused."""
    ordered = tuple(sorted(hours, key=span))
    for earlier, later in pairwise(ordered):
        if span(later)[0] < span(earlier)[1]:
            raise ValueError(f"hours {earlier} and {later} of the same day overlap")
    return ordered


def _normal_if_empty(value: object) -> object:
    """An empty list says the same as `normal`; one spelling keeps equal calendars equal."""
    return "normal" if isinstance(value, list | tuple) and not value else value


def _known_zone(name: str) -> str:
    try:
        if _NOT_ZONES.match(name):
            raise ZoneInfoNotFoundError(name)
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"unknown time zone {name!r}; write an IANA name such as Asia/Shanghai"
        ) from None
    return name


Day = Annotated[date, BeforeValidator(_iso_day)]
Zone = Annotated[str, AfterValidator(_known_zone)]
_OneHours = Annotated[
    str, AfterValidator(_hours_checked), Field(json_schema_extra={"pattern": _HOURS_PATTERN})
]
Hours = Annotated[tuple[_OneHours, ...], AfterValidator(_hours_sorted)]
Days = Annotated[
    str,
    BeforeValidator(_day_text),
    AfterValidator(_days_checked),
    Field(json_schema_extra={"pattern": _DAYS_PATTERN}),
]
MakeUpHours = Annotated[Literal["normal"] | Hours, BeforeValidator(_normal_if_empty)]


@dataclass(frozen=True)
class Plan:
    """Which hours each local date has: the calendar unfolded for arithmetic.

    `week` and `projected` hold seven days, Monday first. Outside `first..last` nothing is known,
    so those days are projected: Monday to Friday with the normal hours, without holidays.
    """

    first: date
    last: date
    week: tuple[tuple[Span, ...], ...]
    projected: tuple[tuple[Span, ...], ...]
    exceptions: Mapping[date, tuple[Span, ...]]

    def on(self, day: date) -> tuple[Span, ...]:
        """Hours that begin on this date, in order."""
        if not self.first <= day <= self.last:
            return self.projected[day.weekday()]
        special = self.exceptions.get(day)
        return self.week[day.weekday()] if special is None else special


class Week(BaseModel):
    """Ordinary hours per weekday; a weekday that is not named is closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mon: Hours = ()
    tue: Hours = ()
    wed: Hours = ()
    thu: Hours = ()
    fri: Hours = ()
    sat: Hours = ()
    sun: Hours = ()

    def spans(self) -> tuple[tuple[Span, ...], ...]:
        """Seven days of hours, Monday first."""
        weekdays = (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)
        return tuple(tuple(map(span, hours)) for hours in weekdays)


class Calendar(BaseModel):
    """Working hours of one organisation in one time zone, known from `from` through `through`.

    Hours belong to the day they begin on: a day off removes the hours that begin on it, not the
    tail of a night shift that began the evening before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    calendar: Name
    title: Text
    zone: Zone
    week: Week
    from_: Day = Field(alias="from")
    through: Day
    off: tuple[Days, ...] = ()
    work: dict[Day, MakeUpHours] = {}

    def normal(self) -> tuple[Span, ...]:
        """Hours of the first weekday that has any: make-up and projected days have these."""
        for spans in self.week.spans():
            if spans:
                return spans
        raise ValueError(f"calendar {self.calendar!r} is never open: no weekday has hours")

    def plan(self) -> Plan:
        """The hours of every date. Raises ValueError when no weekday has hours."""
        normal = self.normal()
        exceptions: dict[date, tuple[Span, ...]] = dict.fromkeys(_unfolded(self.off), ())
        for day, hours in self.work.items():
            exceptions[day] = normal if hours == "normal" else tuple(map(span, hours))
        return Plan(
            first=self.from_,
            last=self.through,
            week=self.week.spans(),
            projected=(normal,) * 5 + ((),) * 2,
            exceptions=exceptions,
        )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.through < self.from_:
            raise ValueError(f"through {self.through} lies before from {self.from_}")
        self._refuse_unknown_days()
        listed = _unfolded(self.off)
        for day, following in pairwise(sorted(listed)):
            if day == following:
                raise ValueError(f"{day} is listed under off twice")
        for day in sorted(self.work.keys() & set(listed)):
            raise ValueError(f"{day} is listed both under off and under work")
        _refuse_overlap_over_midnight(self.plan(), self.work)
        return self

    def _refuse_unknown_days(self) -> None:
        """A day outside the known dates would be projected, so its entry would be lost."""
        outer = [(f"off {text}", *days(text)) for text in self.off]
        outer += [(f"work {day}", day, day) for day in self.work]
        for what, first, last in outer:
            if first < self.from_ or last > self.through:
                raise ValueError(f"{what} lies outside from {self.from_} through {self.through}")


def _unfolded(ranges: tuple[str, ...]) -> list[date]:
    """Every single day of the ranges, in the order written, doubles included."""
    return [
        date.fromordinal(ordinal)
        for first, last in map(days, ranges)
        for ordinal in range(first.toordinal(), last.toordinal() + 1)
    ]


def _refuse_overlap_over_midnight(plan: Plan, work: Mapping[date, object]) -> None:
    """Hours that run over midnight must end before the hours of the next day begin."""
    pairs = [
        (f"{WEEKDAYS[i]} and {WEEKDAYS[(i + 1) % 7]}", plan.week[i], plan.week[(i + 1) % 7])
        for i in range(7)
    ]
    pairs.append(("projected days", plan.projected[0], plan.projected[1]))
    # Dates at which two days meet that the week alone does not put side by side.
    seams = {*work, *(day + _ONE_DAY for day in work), plan.first, plan.last + _ONE_DAY}
    for day in sorted(seams):
        before = day - _ONE_DAY
        pairs.append((f"{before} and {day}", plan.on(before), plan.on(day)))
    for which, earlier, later in pairs:
        if earlier and later and later[0][0] < earlier[-1][1] - _DAY_MINUTES:
            raise ValueError(f"hours of {which} overlap after midnight")
