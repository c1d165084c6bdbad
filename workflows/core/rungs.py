"""Where a reminder or an escalation stands: instants of rungs, derived from a cycle.

What it is: pure arithmetic over a deadline, as the clock semantics say. Shares and offsets run on
the clock's own time and stand still with it; a rung whose moment falls into a pause stands at its
end, since nothing fires while a clock is paused.
What it is not: sending. Whether a rung fires is `settle`'s, to whom it goes is `ladder`'s.
Who may import it: the core.
"""

from datetime import time

from definitions.budget import RungAt
from workflows.core.case import Cycle
from workflows.core.deadlines import (
    Count,
    Deadline,
    Ruler,
    advance,
    consumed,
    counted,
    due_day,
    forfeit,
    merged,
    reach,
)


def rung_instant(
    ruler: Ruler, cycle: Cycle, due: Deadline, at: RungAt, roll: str = "none"
) -> int | None:
    """Where a rung stands; None if it has no place (its day is no working day, or it stands
    still). An instant before the anchor is no place to fire either; it is told so that it can be
    written down."""
    found = _instant(ruler, cycle, due, at, roll)
    if found is None:
        return None
    for begin, end in merged(cycle.pauses):
        if begin <= found and (end is None or found < end):
            return end
    return found


def _instant(ruler: Ruler, cycle: Cycle, due: Deadline, at: RungAt, roll: str) -> int | None:
    match at.kind:
        case "due":
            return missed_at(cycle, due)
        case "after_due":
            return _after_due(ruler, cycle, due, at)
        case "local":
            return _local(ruler, due, at, roll)
        case "share":
            return _share(ruler, cycle, due, at.percent)
        case "before_due":
            return _before_due(ruler, cycle, due, at)
        case "after_start":
            assert at.offset is not None
            return advance(ruler.time, cycle.anchor, at.offset.amount, cycle.pauses)


def missed_at(cycle: Cycle, due: Deadline) -> int:
    """The instant at which a promise counts as missed: its deadline, or the change of rules that
    left the deadline behind. Later rungs count from there."""
    return due.at if cycle.changed is None else max(due.at, cycle.changed)


def _length(ruler: Ruler, cycle: Cycle, due: Deadline) -> int:
    """The budget in seconds of its own time."""
    return consumed(ruler, cycle, due.at) if ruler.seconds is None else ruler.seconds


def _share(ruler: Ruler, cycle: Cycle, due: Deadline, percent: int) -> int | None:
    part = _length(ruler, cycle, due) * percent // 100
    if ruler.seconds is None:
        return advance(ruler.time, cycle.anchor, part, cycle.pauses)
    return reach(ruler, cycle, part)


def _before_due(ruler: Ruler, cycle: Cycle, due: Deadline, at: RungAt) -> int | None:
    assert at.offset is not None
    if ruler.seconds is None:
        return due.at - at.offset.amount
    left = ruler.seconds - at.offset.amount
    return cycle.anchor + left if left < 0 else reach(ruler, cycle, left)


def _after_due(ruler: Ruler, cycle: Cycle, due: Deadline, at: RungAt) -> int | None:
    base = missed_at(cycle, due)
    if at.offset is None:
        offset = max(_length(ruler, cycle, due) * at.percent // 100, at.least)
        return advance(ruler.time, base, min(offset, at.most) if at.most else offset, cycle.pauses)
    if at.offset.kind == "seconds":
        time_ = ruler.days if at.offset.working else ruler.time
        return advance(time_, base, at.offset.amount, cycle.pauses)
    day_end = due.exclusive and base == due.at
    moment = None if day_end else ruler.days.local(base).time()
    start = ruler.days.day_of(base - 1 if day_end else base)
    count = Count(start, at.offset.amount, at.offset.working, moment)
    last = counted(ruler, count, cycle.pauses, base)
    return None if last is None else last.at


def _local(ruler: Ruler, due: Deadline, at: RungAt, roll: str) -> int | None:
    day = due_day(ruler, due)
    if at.day == "before_due":
        day = ruler.days.working_day_before(day, at.nth)
    elif at.day == "forfeit_day":
        rolled = due_day(ruler, forfeit(ruler, due, roll))
        if rolled == day:
            return None
        day = rolled
    elif not ruler.days.is_working_day(day):
        return None
    return ruler.days.at(day, time(at.minute // 60, at.minute % 60))
