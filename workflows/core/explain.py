"""How a deadline came about, stretch by stretch: a proof that anybody can follow with a calendar.

What it is: the time from a cycle's anchor to its deadline, cut where counting begins or stops, each
stretch with what it counts and why. What the stretches count together is the budget; they are made
from a cycle and its pinned rules alone, so recomputing them elsewhere gives the same.
What it is not: the arithmetic. `deadlines` decides; here the same facts are laid out, and the end
of the last stretch is the deadline that `deadlines` gives.
Who may import it: anybody.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal

from definitions.calendar import Calendar, days
from definitions.text import Text
from workflows.core.case import Cycle
from workflows.core.deadlines import (
    Count,
    Deadline,
    Ruler,
    day_count,
    day_ending,
    deadline,
    due_day,
    merged,
)
from workflows.core.plan import plan
from workflows.core.program import Program
from workflows.core.worktime import Worktime

Why = Literal[
    "wall",
    "working",
    "make_up",
    "closed",
    "weekend",
    "holiday",
    "start_day",
    "days",
    "working_days",
    "promise",
    "amended",
    "earlier",
    "state",
    "hold",
    "case_closed",
    "rolled",
]

WORDS: Mapping[Why, Text] = MappingProxyType(
    {
        "wall": Text(zh="连续计时", en="counted round the clock"),
        "working": Text(zh="工作时间", en="working hours"),
        "make_up": Text(zh="调休上班日的工作时间", en="working hours of a make-up day"),
        "closed": Text(zh="非工作时间，不计", en="outside working hours, not counted"),
        "weekend": Text(zh="休息日，不计", en="days off, not counted"),
        "holiday": Text(zh="法定节假日，不计", en="public holiday, not counted"),
        "start_day": Text(zh="起始日，不计", en="starting day, not counted"),
        "days": Text(zh="按日计", en="days counted"),
        "working_days": Text(zh="按工作日计", en="working days counted"),
        "promise": Text(zh="约定的时间", en="until the promised instant"),
        "amended": Text(zh="规则变更前已计", en="counted before the rules were amended"),
        "earlier": Text(zh="属于以前各期，不计", en="part of earlier periods, not counted"),
        "state": Text(zh="所处状态暂停计时", en="paused by the state of the case"),
        "hold": Text(zh="挂起，暂停计时", en="on hold"),
        "case_closed": Text(zh="关闭期间，不计", en="case closed, not counted"),
        "rolled": Text(zh="顺延至下一工作日", en="moved on to the next working day"),
    }
)
"""Why a stretch counts or does not."""

_PAUSED: Mapping[str, Why] = MappingProxyType(
    {"state": "state", "hold": "hold", "closed": "case_closed"}
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` to `end` (None while it lasts) `counted` units of the budget ran."""

    start: int
    end: int | None
    counted: int
    why: Why


@dataclass(frozen=True, slots=True)
class Explanation:
    """A cycle's deadline. `unit` is what is counted; `budget` the budget's text, empty for a
    promise; `total` how much it gives. `due` is None while the clock stands still."""

    clock: str
    cycle: int
    unit: Literal["seconds", "days"]
    budget: str
    total: int
    anchor: int
    due: Deadline | None
    stretches: tuple[Stretch, ...]
    period: int = 0
    """Which of the periods of a clock that repeats it is, from 1."""

    @property
    def counted(self) -> int:
        """What the stretches count together: `total`, unless the clock stands still."""
        return sum(stretch.counted for stretch in self.stretches)


def explain(program: Program, cycle: Cycle) -> Explanation:
    """The explanation of a cycle. A timer is due when it lapses, which may be moved on from the day
    on which its time is used up; of a promise that is missed first, only the deadline is told."""
    found = _explain(program, cycle)
    due = plan(program, cycle).due
    if found.due is None or due is None or due.at <= found.due.at:
        return found
    rolled = Stretch(found.due.at, due.at, 0, "rolled")
    return replace(found, due=due, stretches=(*found.stretches, rolled))


def _explain(program: Program, cycle: Cycle) -> Explanation:
    ruler = program.ruler(cycle)
    due = deadline(ruler, cycle)
    if ruler.seconds is not None:
        found = list(_seconds(ruler, cycle, due))
        return _explained(cycle, "seconds", ruler.seconds, due, found)
    if ruler.budget is not None:
        count = day_count(ruler, ruler.budget, cycle)
        total = count.left if cycle.since is None else ruler.budget.amount
        return _explained(cycle, "days", total, due, _days(ruler, cycle, count, total, due))
    assert cycle.until is not None
    return _promise(ruler, cycle, cycle.until, due)


def _promise(ruler: Ruler, cycle: Cycle, until: int, due: Deadline | None) -> Explanation:
    """A promised instant stands as it is, until a pause moves it."""
    total = until - cycle.anchor
    if due is not None and due.at == until:
        return _explained(
            cycle, "seconds", total, due, [Stretch(cycle.anchor, until, total, "promise")]
        )
    if not cycle.exclusive:
        return _explained(cycle, "seconds", total, due, list(_clipped(ruler, cycle, due)))
    start = ruler.days.day_of(cycle.anchor)
    days_left = (due_day(ruler, Deadline(until, True)) - start).days
    count = Count(start, days_left, False, None)
    return _explained(cycle, "days", days_left, due, _days(ruler, cycle, count, days_left, due))


def _explained(
    cycle: Cycle,
    unit: Literal["seconds", "days"],
    total: int,
    due: Deadline | None,
    found: Sequence[Stretch],
) -> Explanation:
    return Explanation(
        cycle.clock,
        cycle.n,
        unit,
        cycle.budget,
        total,
        cycle.anchor,
        due,
        tuple(found),
        cycle.period,
    )


_Pause = tuple[int, int | None, Why]


def _pauses(cycle: Cycle) -> list[_Pause]:
    """Stretches of standing still, without overlap; the first of those that touch names them."""
    whys = {span.start: _PAUSED[span.why] for span in reversed(cycle.pauses)}
    return [(start, end, whys[start]) for start, end in merged(cycle.pauses)]


# --- budgets of minutes and hours -----------------------------------------------------------


def _seconds(ruler: Ruler, cycle: Cycle, due: Deadline | None) -> Iterator[Stretch]:
    if cycle.since is None:
        yield from _clipped(ruler, cycle, due)
        return
    if due is not None and due.at < cycle.since:
        # More had run than the amended rules give.
        yield Stretch(cycle.anchor, due.at, ruler.seconds or 0, "amended")
        return
    yield Stretch(cycle.anchor, cycle.since, cycle.spent, "amended")
    yield from _clipped(ruler, replace(cycle, anchor=cycle.since), due)


def _clipped(ruler: Ruler, cycle: Cycle, due: Deadline | None) -> Iterator[Stretch]:
    """From the anchor to the deadline, cut at the pauses."""
    cursor = cycle.anchor
    for start, end, why in _pauses(cycle):
        if due is not None and start >= due.at:
            break
        if end is not None and end <= cursor:
            continue
        if start > cursor:
            yield from _running(ruler, cursor, start)
        yield Stretch(max(start, cursor), end, 0, why)
        if end is None:
            return
        cursor = max(cursor, end)
    if due is not None and due.at > cursor:
        yield from _running(ruler, cursor, due.at)


def _running(ruler: Ruler, start: int, end: int) -> Iterator[Stretch]:
    """Time that runs: all of it, or the working hours in it with what lies between them."""
    time = ruler.time
    if not isinstance(time, Worktime):
        yield Stretch(start, end, end - start, "wall")
        return
    cursor = start
    day = time.day_of(start) - timedelta(days=2)
    while day <= time.day_of(end):
        for opens, closes in time.intervals(day):
            opens, closes = max(opens, start), min(closes, end)
            if opens >= closes:
                continue
            if opens > cursor:
                yield Stretch(cursor, opens, 0, _gap(time, cursor, opens))
            why: Why = "make_up" if day in time.calendar.work else "working"
            yield Stretch(opens, closes, closes - opens, why)
            cursor = closes
        day += timedelta(days=1)
    if cursor < end:
        yield Stretch(cursor, end, 0, _gap(time, cursor, end))


def _gap(time: Worktime, start: int, end: int) -> Why:
    """Why nobody works between two stretches: a holiday in it, a day off in it, or only a night."""
    first, last = time.day_of(start), time.day_of(end - 1)
    between = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    free = [day for day in between if not time.is_working_day(day)]
    if not free:
        return "closed"
    return "holiday" if any(_is_holiday(time.calendar, day) for day in free) else "weekend"


def _is_holiday(calendar: Calendar, day: date) -> bool:
    return any(first <= day <= last for first, last in map(days, calendar.off))


# --- days, months and dates -----------------------------------------------------------------


def _days(
    ruler: Ruler, cycle: Cycle, count: Count, total: int, due: Deadline | None
) -> list[Stretch]:
    """Whole days at a time: those that count, and those that do not."""
    found: list[Stretch] = []
    begins = day_ending(ruler, count, count.start).at
    if begins > cycle.anchor:
        why, spent = _before(ruler, cycle, count, begins), total - count.left
        found.append(Stretch(cycle.anchor, begins, spent, why))
    since = cycle.anchor if cycle.since is None else cycle.since
    pauses = [
        (start, end, why)
        for start, end, why in _pauses(cycle)
        if end is None or (end > since and not _one_day(ruler, start, end))
    ]
    counts: Why = "working_days" if count.working else "days"
    day, left = count.start, count.left
    while left > 0:
        day += timedelta(days=1)
        ends = day_ending(ruler, count, day)
        pause = _pause_on(ruler, pauses, day, ends)
        if pause is not None and pause[1] is None:
            return _merged([*found, Stretch(begins, None, 0, pause[2])])
        why = counts if pause is None else pause[2]
        if pause is None and count.working and not ruler.days.is_working_day(day):
            assert isinstance(ruler.days, Worktime)
            why = "holiday" if _is_holiday(ruler.days.calendar, day) else "weekend"
        one = int(why == counts)
        found.append(Stretch(begins, ends.at, one, why))
        begins, left = ends.at, left - one
    if pauses and (due is None or begins < due.at):
        # Promised for the very day: nothing is left to count, and the day itself was paused.
        found.append(Stretch(begins, None if due is None else due.at, 0, pauses[-1][2]))
    return _merged(found)


def _before(ruler: Ruler, cycle: Cycle, count: Count, begins: int) -> Why:
    """Why counting begins later than the clock."""
    if cycle.since is not None:
        return "amended"
    if cycle.period > 1:
        return "earlier"
    if count.moment is None:
        return "start_day"
    assert isinstance(ruler.time, Worktime)
    return _gap(ruler.time, cycle.anchor, begins)


def _one_day(ruler: Ruler, start: int, end: int) -> bool:
    return ruler.days.day_of(start) == ruler.days.day_of(end)


def _pause_on(ruler: Ruler, pauses: Sequence[_Pause], day: date, ends: Deadline) -> _Pause | None:
    """The pause that keeps a day from counting: it began before the day had ended, and the clock
    ran again on no earlier day."""
    for pause in pauses:
        end = pause[1]
        if ends.kept_by(pause[0]) and (end is None or day <= ruler.days.day_of(end)):
            return pause
    return None


def _merged(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Neighbours of one kind as one."""
    found: list[Stretch] = []
    for stretch in stretches:
        if found and found[-1].why == stretch.why and found[-1].end == stretch.start:
            last = found.pop()
            stretch = Stretch(last.start, stretch.end, last.counted + stretch.counted, last.why)
        found.append(stretch)
    return found
