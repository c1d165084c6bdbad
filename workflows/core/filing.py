"""What a case is found by, and how long its file is kept.

What it is: `subjects` and `retention` of a process, read from a case for its view. What has no
value, or fails, is left out: a view never fails.
What it is not: a rule of a case; nothing waits for the end of its file.
Who may import it: the core.
"""

from datetime import date
from typing import Any, Final

from workflows.core.days import months_after
from workflows.core.errors import IllegalEvent
from workflows.core.turn import Turn

MOST_SIGNS: Final = 200
"""Length at which the text of a subject is cut."""

_FAR: Final = date(9999, 12, 30)
"""The last day that every calendar knows the end of."""


def subjects_of(turn: Turn) -> dict[str, str]:
    """What the case is about, by kind: short texts without space around them, none of them
    empty."""
    found: dict[str, str] = {}
    for kind, source in turn.program.process.subjects.items():
        value = _value(turn, source)
        if isinstance(value, str) and (text := value.strip()[:MOST_SIGNS].rstrip()):
            found[kind] = text
    return found


def keep_until(turn: Turn) -> int | None:
    """The instant until which the file of a closed case must be kept, exclusive: the end of the
    last local day. The months count from the day of closing, or from the date `after` if that is
    later. None while the case is open, or if nothing is said."""
    law = turn.program.process.retention
    if law is None or turn.closed is None:
        return None
    days = turn.program.days(turn.program.process.calendar)
    first = days.day_of(turn.closed)
    later = None if law.after is None else _date(_value(turn, law.after))
    first = first if later is None else max(first, later)
    try:
        last = date.fromisoformat(months_after(first.isoformat(), law.keep.amount))
    except ValueError:  # beyond the year 9999
        last = _FAR
    return days.day_end(min(last, _FAR))


def _value(turn: Turn, source: str) -> Any:
    try:
        return turn.program.evaluate_any(source, turn.lookup, None)
    except IllegalEvent:
        return None


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except (TypeError, ValueError):
        return None
