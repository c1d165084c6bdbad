"""When a promise falls due: deadlines and rungs derived from a cycle, never stored.

What it is: pure arithmetic over a budget, an anchor, pauses and a calendar, as the clock semantics
say. Working time is counted on the clock's calendar, everything else on the wall.
What it is not: state. It reads a cycle and changes nothing.
Who may import it: the core.

Instants are whole seconds since the epoch, UTC. A deadline at a day's end (24:00 local) is the next
day's first instant and `exclusive`: an event at that instant is late. Any other is inclusive.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta

from definitions.budget import Budget, RungAt
from workflows.core.case import Cycle, Span
from workflows.core.worktime import Always, Worktime

Time = Worktime | Always


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant, whether it is a day's end, and whether the calendar does not know it yet."""

    at: int
    exclusive: bool
    provisional: bool = False

    def kept_by(self, instant: int) -> bool:
        """Whether something done at `instant` is in time."""
        return instant < self.at if self.exclusive else instant <= self.at


@dataclass(frozen=True, slots=True)
class Ruler:
    """What a cycle is measured with: its budget, the time its budget counts, and the working days
    of its calendar (for reminders of day clocks)."""

    budget: Budget | None
    time: Time
    days: Time


def merged(spans: Iterable[Span]) -> list[tuple[int, int | None]]:
    """Stretches of standing still, sorted and without overlap; the last may be open."""
    out: list[tuple[int, int | None]] = []
    for span in sorted(spans, key=lambda item: (item.start, item.end is not None, item.end or 0)):
        if span.end is not None and span.end <= span.start:
            continue
        if out and (out[-1][1] is None or span.start <= out[-1][1]):
            last = out[-1][1]
            if last is not None and (span.end is None or span.end > last):
                out[-1] = (out[-1][0], span.end)
            continue
        out.append((span.start, span.end))
    return out


def advance(time_: Time, start: int, seconds: int, spans: Iterable[Span]) -> int | None:
    """The instant at which `seconds` have run since `start`; None if it stands still before."""
    cursor, left = start, seconds
    for begin, end in merged(spans):
        if begin > cursor:
            available = time_.between(cursor, begin)
            if left <= available:
                return time_.add(cursor, left)
            left -= available
        elif end is not None and end <= cursor:
            continue
        if end is None:
            return None
        cursor = max(cursor, end)
    return time_.add(cursor, left)


def consumed(ruler: Ruler, cycle: Cycle, until: int) -> int:
    """Seconds of the budget's own time that have run up to `until`, pauses left out."""
    total, cursor = 0, cycle.anchor
    for begin, end in merged(cycle.pauses):
        if begin >= until:
            break
        total += ruler.time.between(cursor, begin) if begin > cursor else 0
        if end is None:
            return total
        cursor = max(cursor, end)
    return total + (ruler.time.between(cursor, until) if until > cursor else 0)


def deadline(ruler: Ruler, cycle: Cycle) -> Deadline | None:
    """When the cycle falls due; None while it stands still without a known end."""
    if ruler.budget is None:
        assert cycle.until is not None
        return Deadline(cycle.until, cycle.exclusive)
    if ruler.budget.kind == "seconds":
        at = advance(ruler.time, cycle.anchor, ruler.budget.amount, cycle.pauses)
        return None if at is None else Deadline(at, False, ruler.time.provisional(at))
    return _day_deadline(ruler, ruler.budget, cycle)


def forfeit(ruler: Ruler, due: Deadline, roll: str) -> Deadline:
    """The instant at which a right lapses: the deadline, or the end of the next working day."""
    last = due_day(ruler, due)
    if roll == "none" or ruler.days.is_working_day(last):
        return due
    rolled = ruler.days.day_end(ruler.days.working_day_after(last, 1))
    return Deadline(rolled, True, ruler.days.provisional(rolled - 1))


def due_day(ruler: Ruler, due: Deadline) -> date:
    """The local day on which the deadline lies; for a day's end, that day."""
    return ruler.days.day_of(due.at - 1 if due.exclusive else due.at)


def rung_instant(
    ruler: Ruler, cycle: Cycle, due: Deadline, at: RungAt, roll: str = "none"
) -> int | None:
    """Where a rung stands; None if it has no place (its day is no working day, or it stands
    still). After a change of rules that left the deadline behind, later rungs count from there."""
    match at.kind:
        case "due":
            return _base(cycle, due)
        case "after_due":
            return _after_due(ruler, cycle, due, at)
        case "local":
            return _local(ruler, due, at, roll)
        case "share":
            return _share(ruler, cycle, due, at.percent)
        case "before_due":
            assert at.offset is not None
            if ruler.budget is not None and ruler.budget.kind == "seconds":
                left = max(0, ruler.budget.amount - at.offset.amount)
                return advance(ruler.time, cycle.anchor, left, cycle.pauses)
            return due.at - at.offset.amount
        case "after_start":
            assert at.offset is not None
            return advance(ruler.time, cycle.anchor, at.offset.amount, cycle.pauses)


def _base(cycle: Cycle, due: Deadline) -> int:
    return due.at if cycle.changed is None else max(due.at, cycle.changed)


def _share(ruler: Ruler, cycle: Cycle, due: Deadline, percent: int) -> int | None:
    if ruler.budget is not None and ruler.budget.kind == "seconds":
        part = ruler.budget.amount * percent // 100
        return advance(ruler.time, cycle.anchor, part, cycle.pauses)
    return cycle.anchor + (due.at - cycle.anchor) * percent // 100


def _after_due(ruler: Ruler, cycle: Cycle, due: Deadline, at: RungAt) -> int | None:
    base = _base(cycle, due)
    if at.offset is None:
        length = due.at - cycle.anchor
        if ruler.budget is not None and ruler.budget.kind == "seconds":
            length = ruler.budget.amount
        offset = max(length * at.percent // 100, at.least)
        return advance(ruler.time, base, min(offset, at.most) if at.most else offset, cycle.pauses)
    if at.offset.kind == "seconds":
        time_ = ruler.days if at.offset.working else ruler.time
        return advance(time_, base, at.offset.amount, cycle.pauses)
    exclusive = due.exclusive and base == due.at
    day = ruler.days.day_of(base - 1 if exclusive else base)
    target = _nth(ruler.days, day, at.offset.amount, at.offset.working)
    if exclusive:
        return ruler.days.day_end(target)
    return ruler.days.at(target, ruler.days.local(base).time())


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


# --- days, months and dates -----------------------------------------------------------------


def _nth(days: Time, day: date, n: int, working: bool) -> date:
    return days.working_day_after(day, n) if working else day + timedelta(days=n)


def _in_month(day: date, months: int, number: int) -> date:
    """Day `number` of the month `months` after `day`'s, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(number, monthrange(year, month + 1)[1]))


def _month_day(day: date, budget: Budget) -> date:
    if budget.next_month:
        return _in_month(day, 1, budget.amount)
    this = _in_month(day, 0, budget.amount)
    return this if this > day else _in_month(day, 1, budget.amount)


def _day_deadline(ruler: Ruler, budget: Budget, cycle: Cycle) -> Deadline | None:
    days = ruler.days
    anchor = cycle.anchor
    if budget.same_time and budget.working:
        anchor = ruler.time.opening(anchor)
    start = days.day_of(anchor)
    moment = days.local(anchor).time() if budget.same_time else None
    if budget.kind == "month_day":
        return _ending(ruler, _month_day(start, budget), moment, False)
    left = budget.amount
    if budget.kind == "months":
        left = (_in_month(start, budget.amount, start.day) - start).days
    for begin, end in merged(cycle.pauses):
        last = _nth(days, start, left, budget.working)
        if begin >= _ending(ruler, last, moment, budget.working).at:
            break
        if end is None:
            return None
        paused, resumed = days.day_of(begin), days.day_of(end)
        if end > anchor and paused != resumed:
            left -= _ended(days, start, left, begin, moment, budget.working)
            start = max(start, resumed)
    return _ending(ruler, _nth(days, start, left, budget.working), moment, budget.working)


def _ended(
    days: Time, start: date, left: int, instant: int, moment: time | None, working: bool
) -> int:
    """How many of the counted days after `start` had ended at `instant`."""
    count, day = 0, start
    while count < left:
        day = _nth(days, day, 1, working)
        if (days.day_end(day) if moment is None else days.at(day, moment)) > instant:
            break
        count += 1
    return count


def _ending(ruler: Ruler, day: date, moment: time | None, working: bool) -> Deadline:
    end = ruler.days.day_end(day) if moment is None else ruler.days.at(day, moment)
    unknown = working and ruler.days.provisional(end - 1)
    return Deadline(end, moment is None, unknown)
