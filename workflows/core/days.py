"""What expressions may ask a calendar: local dates, hours and months, working days and hours.

What it is: the functions that the language declares, bound to the calendar of a process; sums too.
What it is not: their checking; `definitions.expressions` knows names and types.
Who may import it: the core.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any

from workflows.core.worktime import AnyWorktime

MOST_DAYS = 4000
"""No count of working days goes further."""

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def functions(days: AnyWorktime) -> Mapping[str, Callable[..., Any]]:
    """The functions by the names under which the language knows them. A text that is no date or
    month raises ValueError, by which the expression fails."""

    def between(a: int, b: int) -> int:
        first, last = sorted((days.day_of(a), days.day_of(b)))
        count, day = 0, days.working_day_after(first, 1)
        while day <= last and count < MOST_DAYS:
            count, day = count + 1, days.working_day_after(day, 1)
        return count

    return {
        "local_date": lambda t: days.day_of(t).isoformat(),
        "local_hour": lambda t: days.local(t).hour,
        "is_working_day": lambda t: days.is_working_day(days.day_of(t)),
        "in_working_hours": days.is_open,
        "working_days_between": between,
        "local_month": lambda t: days.day_of(t).isoformat()[:7],
        "month_start": lambda month: days.day_start(_first_of(month)),
        "month_end": lambda month: _last_of(_first_of(month)).isoformat(),
        "months_after": months_after,
        "days_after": days_after,
        "date_start": lambda day: days.day_start(_day(day)),
        "at_time": lambda day, clock: days.at(_day(day), _time(clock)),
        "days_between": lambda a, b: (_day(b) - _day(a)).days,
        "month_of": lambda day: _day(day).month,
        "year_of": lambda day: _day(day).year,
        "working_day_from": lambda day: _working_day_from(days, _day(day)).isoformat(),
        "working_days_after": lambda day, n: _working_days_after(days, _day(day), n).isoformat(),
        "sum": total,
    }


def months_after(day: str, months: int) -> str:
    """The same day number so many months on (or back), or that month's last day."""
    start = _day(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    return first.replace(day=min(start.day, _last_of(first).day)).isoformat()


def days_after(day: str, days: int) -> str:
    """The date so many days on, or back."""
    try:
        return (_day(day) + timedelta(days=days)).isoformat()
    except OverflowError:
        raise ValueError(f"{day} and {days} days are beyond the calendar") from None


def _working_day_from(days: AnyWorktime, day: date) -> date:
    """The day itself if it is a working day, else the next one."""
    return day if days.is_working_day(day) else _working_days_after(days, day, 1)


def _working_days_after(days: AnyWorktime, day: date, n: int) -> date:
    """The n-th working day after a day, which is not counted (before it, for a negative number);
    the day itself for 0. Beyond the calendar's horizon it is counted as projected."""
    if abs(n) > MOST_DAYS:
        raise ValueError(f"{n} working days are more than {MOST_DAYS}")
    try:
        return days.working_day_after(day, n) if n >= 0 else days.working_day_before(day, -n)
    except OverflowError:
        raise ValueError(f"{day} and {n} working days are beyond the calendar") from None


def total(numbers: Sequence[int]) -> int:
    """The sum; CEL refuses one of more than 64 bits."""
    return sum(numbers)


def _day(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError(f"'{text}' is no date such as 2026-11-05")
    return date.fromisoformat(text)


def _time(text: str) -> time:
    if not _TIME.fullmatch(text):
        raise ValueError(f"'{text}' is no time of day such as 09:30")
    return time.fromisoformat(text)


def _first_of(month: str) -> date:
    if not _MONTH.fullmatch(month):
        raise ValueError(f"'{month}' is no month such as 2026-11")
    return date.fromisoformat(f"{month}-01")


def _last_of(first: date) -> date:
    return first.replace(day=monthrange(first.year, first.month)[1])
