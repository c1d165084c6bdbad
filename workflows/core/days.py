"""What expressions may ask a calendar: local dates and hours, working days and hours.

What it is: the functions that the language declares, bound to the calendar of a process.
What it is not: their checking; `definitions.expressions` knows names and types.
Who may import it: the core.
"""

from collections.abc import Callable, Mapping
from typing import Any

from workflows.core.worktime import AnyWorktime

MOST_DAYS = 4000
"""No count of working days goes further."""


def functions(days: AnyWorktime) -> Mapping[str, Callable[..., Any]]:
    """The functions by the names under which the language knows them."""

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
    }
