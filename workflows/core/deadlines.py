"""When a promise falls due: deadlines derived from a cycle, never stored.

What it is: pure arithmetic over a budget, an anchor, pauses and a calendar, as the clock semantics
say. Working time is counted on the clock's calendar, everything else on the wall.
What it is not: state. It reads a cycle and changes nothing. Where rungs stand is in `rungs`.
Who may import it: the core.

Instants are whole seconds since the epoch, UTC. A deadline at a day's end (24:00 local) is the next
day's first instant and `exclusive`: an event at that instant is late. Any other is inclusive.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from definitions.budget import Budget
from workflows.core.case import Cycle, Span
from workflows.core.worktime import Always, Worktime

Time = Worktime | Always

_ONE_DAY = timedelta(days=1)


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

    @property
    def seconds(self) -> int | None:
        """The length of a budget of seconds; None for days, months and promises."""
        return self.budget.amount if self.budget and self.budget.kind == "seconds" else None


def deadline(ruler: Ruler, cycle: Cycle) -> Deadline | None:
    """When the cycle falls due; None while it stands still without a known end."""
    if ruler.budget is None:
        return _promise(ruler, cycle)
    if ruler.seconds is None:
        return _day_deadline(ruler, ruler.budget, cycle)
    at = reach(ruler, cycle, ruler.seconds)
    # Hours are half-open: a budget that ends at midnight belongs to the day before.
    return None if at is None else Deadline(at, False, ruler.time.provisional(at - 1))


def forfeit(ruler: Ruler, due: Deadline, roll: str) -> Deadline:
    """The instant at which a right lapses: the deadline, or the end of the next working day."""
    if roll == "none":
        return due
    last = due_day(ruler, due)
    if not ruler.days.is_working_day(last):
        rolled = ruler.days.day_end(ruler.days.working_day_after(last, 1))
        return Deadline(rolled, True, ruler.days.provisional(rolled - 1))
    unknown = due.provisional or ruler.days.unknown(last)
    return Deadline(due.at, due.exclusive, unknown)


def due_day(ruler: Ruler, due: Deadline) -> date:
    """The local day on which the deadline lies; for a day's end, that day."""
    return ruler.days.day_of(due.at - 1 if due.exclusive else due.at)


# --- standing still -------------------------------------------------------------------------


def merged(spans: Sequence[Span]) -> list[tuple[int, int | None]]:
    """Stretches of standing still, sorted and without overlap; the last may be open."""
    out: list[tuple[int, int | None]] = []
    if not spans:
        return out
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


def advance(time_: Time, start: int, seconds: int, spans: Sequence[Span]) -> int | None:
    """The instant at which `seconds` have run since `start`; None if it stands still before.

    Events come before inclusive deadlines, so what would end just as a pause begins has not ended
    yet: it ends with the pause.
    """
    cursor, left = start, seconds
    for begin, end in merged(spans):
        if begin > cursor:
            available = time_.between(cursor, begin)
            if left <= available and (at := time_.add(cursor, left)) < begin:
                return at
            left -= min(left, available)
        elif end is not None and end <= cursor:
            continue
        if end is None:
            return None
        cursor = max(cursor, end)
    return time_.add(cursor, left)


def reach(ruler: Ruler, cycle: Cycle, seconds: int) -> int | None:
    """The instant at which so many seconds of a budget of seconds have run; None if it stands
    still before. What had already run when the rules were amended lies somewhere before."""
    if cycle.since is None:
        return advance(ruler.time, cycle.anchor, seconds, cycle.pauses)
    left = seconds - cycle.spent
    return cycle.since + left if left < 0 else advance(ruler.time, cycle.since, left, cycle.pauses)


def consumed(ruler: Ruler, cycle: Cycle, until: int) -> int:
    """Seconds of the budget's own time that have run up to `until`, pauses left out."""
    total, cursor = 0, cycle.anchor
    if cycle.since is not None and until >= cycle.since and ruler.seconds is not None:
        total, cursor = cycle.spent, cycle.since
    for begin, end in merged(cycle.pauses):
        if begin >= until:
            break
        total += ruler.time.between(cursor, begin) if begin > cursor else 0
        if end is None:
            return total
        cursor = max(cursor, end)
    return total + (ruler.time.between(cursor, until) if until > cursor else 0)


def _promise(ruler: Ruler, cycle: Cycle) -> Deadline | None:
    """A promised instant or date; what remained of it at a pause is kept."""
    assert cycle.until is not None
    plain = Deadline(cycle.until, cycle.exclusive)
    if not cycle.pauses or not plain.kept_by(cycle.anchor):
        return plain
    if cycle.exclusive:
        start = ruler.days.day_of(cycle.anchor)
        count = (due_day(ruler, plain) - start).days
        return counted(ruler, Count(start, count, False, None), cycle.pauses, cycle.anchor)
    at = advance(ruler.time, cycle.anchor, cycle.until - cycle.anchor, cycle.pauses)
    return None if at is None else Deadline(at, False)


# --- days, months and dates -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Count:
    """`left` days to count after `start`: working ones or all. Each ends at 24:00, or at `moment`
    of the day, inclusive."""

    start: date
    left: int
    working: bool
    moment: time | None


def counted(ruler: Ruler, count: Count, spans: Sequence[Span], since: int) -> Deadline | None:
    """The end of the last day counted, with the pauses after `since`: the days that had not ended
    at a pause are counted from the day after its end. None while it stands still."""
    for begin, end in merged(spans):
        if end is not None and end <= since:
            continue
        if not day_ending(ruler, count, _nth(ruler.days, count, count.left)).kept_by(begin):
            break
        if end is None:
            return None
        resumed = ruler.days.day_of(end)
        if ruler.days.day_of(begin) != resumed:
            left = count.left - days_ended(ruler, count, begin)
            count = Count(max(count.start, resumed), left, count.working, count.moment)
    return day_ending(ruler, count, _nth(ruler.days, count, count.left))


def days_ended(ruler: Ruler, count: Count, instant: int) -> int:
    """How many of the days counted had ended when something happened at `instant`."""
    ended = 0
    while ended < count.left:
        if day_ending(ruler, count, _nth(ruler.days, count, ended + 1)).kept_by(instant):
            break
        ended += 1
    return ended


def days_consumed(ruler: Ruler, cycle: Cycle, until: int) -> int:
    """How many days of a budget of working days had ended at `until`, pauses left out."""
    assert ruler.budget is not None
    count = day_count(ruler, ruler.budget, cycle)
    for begin, end in merged(cycle.pauses):
        if begin >= until or end is None or end > until:
            until = min(until, begin)
            break
        if (resumed := ruler.days.day_of(end)) != ruler.days.day_of(begin):
            left = count.left - days_ended(ruler, count, begin)
            count = Count(max(count.start, resumed), left, count.working, count.moment)
    return ruler.budget.amount - count.left + days_ended(ruler, count, until)


def _day_deadline(ruler: Ruler, budget: Budget, cycle: Cycle) -> Deadline | None:
    since = cycle.anchor if cycle.since is None else cycle.since
    return counted(ruler, day_count(ruler, budget, cycle), cycle.pauses, since)


def day_count(ruler: Ruler, budget: Budget, cycle: Cycle) -> Count:
    """What a budget of days, months or a day of the month has to count."""
    first = cycle.anchor if cycle.series is None else cycle.series
    if budget.same_time and budget.working:
        first = ruler.time.opening(first)
    moment = ruler.days.local(first).time() if budget.same_time else None
    start = ruler.days.day_of(first)
    if cycle.period > 1:
        before = _target(ruler, budget, start, cycle.period - 1)
        target = _target(ruler, budget, start, cycle.period)
        left = budget.amount if budget.working else (target - before).days
        return Count(before, left, budget.working, moment)
    if not budget.working:
        left = (_target(ruler, budget, start, 1) - start).days
    elif cycle.since is None:
        left = budget.amount
    else:
        left = max(0, budget.amount - cycle.spent)
        start = max(start, _last_ended(ruler, moment, cycle.since))
    return Count(start, left, budget.working, moment)


def _last_ended(ruler: Ruler, moment: time | None, instant: int) -> date:
    """The last day that had ended at an instant."""
    day = ruler.days.day_of(instant)
    ended = moment is not None and ruler.days.at(day, moment) < instant
    return day if ended else day - _ONE_DAY


def _target(ruler: Ruler, budget: Budget, start: date, period: int) -> date:
    """The last day of a period, counted from the first day so that nothing drifts."""
    if budget.kind == "days":
        return _nth(ruler.days, Count(start, 0, budget.working, None), budget.amount * period)
    if budget.kind == "months":
        return _in_month(start, budget.amount * period, start.day)
    this = _in_month(start, 0, budget.amount)
    ahead = period if budget.next_month or this <= start else period - 1
    return _in_month(start, ahead, budget.amount)


def _nth(days: Time, count: Count, n: int) -> date:
    """The n-th day counted."""
    if count.working:
        return days.working_day_after(count.start, n)
    return count.start + n * _ONE_DAY


def _in_month(day: date, months: int, number: int) -> date:
    """Day `number` of the month `months` after `day`'s, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(number, monthrange(year, month + 1)[1]))


def day_ending(ruler: Ruler, count: Count, day: date) -> Deadline:
    days = ruler.days
    end = days.day_end(day) if count.moment is None else days.at(day, count.moment)
    unknown = count.working and days.unknown(day)
    return Deadline(end, count.moment is None, unknown)
