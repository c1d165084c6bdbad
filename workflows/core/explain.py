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
from workflows.core.case import Cycle, Span
from workflows.core.deadlines import Deadline, Ruler, deadline, due_day, merged
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
    "state",
    "hold",
    "case_closed",
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
        "state": Text(zh="所处状态暂停计时", en="paused by the state of the case"),
        "hold": Text(zh="挂起，暂停计时", en="on hold"),
        "case_closed": Text(zh="关闭期间，不计", en="case closed, not counted"),
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

    @property
    def counted(self) -> int:
        """What the stretches count together: `total`, unless the clock stands still."""
        return sum(stretch.counted for stretch in self.stretches)


def explain(program: Program, cycle: Cycle) -> Explanation:
    """The explanation of a cycle."""
    ruler = program.ruler(cycle)
    due = deadline(ruler, cycle)
    if ruler.budget is None:
        assert due is not None
        total = due.at - cycle.anchor
        found = [Stretch(cycle.anchor, due.at, total, "promise")]
        return _explained(cycle, "seconds", total, due, found)
    if ruler.budget.kind == "seconds":
        found = list(_seconds(ruler, cycle, due))
        return _explained(cycle, "seconds", ruler.budget.amount, due, found)
    total, found = _days(ruler, cycle, due)
    return _explained(cycle, "days", total, due, found)


def _explained(
    cycle: Cycle,
    unit: Literal["seconds", "days"],
    total: int,
    due: Deadline | None,
    found: Sequence[Stretch],
) -> Explanation:
    return Explanation(
        cycle.clock, cycle.n, unit, cycle.budget, total, cycle.anchor, due, tuple(found)
    )


def _pauses(cycle: Cycle) -> list[tuple[int, int | None, Why]]:
    """Stretches of standing still, without overlap; where two overlap, the earlier one names it."""
    found: list[tuple[int, int | None, Why]] = []
    spans = (span for span in cycle.pauses if span.end is None or span.end > span.start)
    for span in sorted(spans, key=_span_order):
        start = span.start
        if found:
            last = found[-1][1]
            if last is None or (span.end is not None and span.end <= last):
                continue
            start = max(start, last)
        found.append((start, span.end, _PAUSED[span.why]))
    return found


def _span_order(span: Span) -> tuple[int, bool, int]:
    return span.start, span.end is not None, span.end or 0


# --- budgets of minutes and hours -----------------------------------------------------------


def _seconds(ruler: Ruler, cycle: Cycle, due: Deadline | None) -> Iterator[Stretch]:
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


# --- budgets of days and months -------------------------------------------------------------


def _days(ruler: Ruler, cycle: Cycle, due: Deadline | None) -> tuple[int, list[Stretch]]:
    """How many days the budget gives, and the stretches, whole days at a time."""
    budget, local = ruler.budget, ruler.days
    assert budget is not None
    unpaused = deadline(ruler, replace(cycle, pauses=()))
    assert unpaused is not None
    found: list[Stretch] = []
    anchor = cycle.anchor
    if budget.same_time and budget.working and (opening := ruler.time.opening(anchor)) > anchor:
        assert isinstance(ruler.time, Worktime)
        found.append(Stretch(anchor, opening, 0, _gap(ruler.time, anchor, opening)))
        anchor = opening
    start = local.day_of(anchor)
    moment = local.local(anchor).time() if budget.same_time else None
    total = budget.amount if budget.kind == "days" else (due_day(ruler, unpaused) - start).days
    pauses = _whole_days(ruler, cycle, anchor)
    counts: Why = "working_days" if budget.working else "days"

    def ends(day: date) -> int:
        return local.day_end(day) if moment is None else local.at(day, moment)

    if moment is None:
        found.append(Stretch(anchor, ends(start), 0, "start_day"))
    day, counted = start, 0
    while counted < total:
        day += timedelta(days=1)
        here = _pause_on(ruler, pauses, day, ends(day))
        if here is not None and here[1] is None:
            found.append(Stretch(ends(day - timedelta(days=1)), None, 0, here[2]))
            break
        why: Why = counts
        if here is not None:
            why = here[2]
        elif budget.working and not local.is_working_day(day):
            assert isinstance(local, Worktime)
            why = "holiday" if _is_holiday(local.calendar, day) else "weekend"
        one = int(why == counts)
        counted += one
        found.append(Stretch(ends(day - timedelta(days=1)), ends(day), one, why))
    return total, _merged(found)


_Pause = tuple[int, int | None, Why]


def _whole_days(ruler: Ruler, cycle: Cycle, anchor: int) -> list[_Pause]:
    """Pauses that stop days: those that end on another day than they began."""
    day_of = ruler.days.day_of
    whys = {span.start: _PAUSED[span.why] for span in reversed(cycle.pauses)}
    return [
        (start, end, whys[start])
        for start, end in merged(cycle.pauses)
        if end is None or (end > anchor and day_of(start) != day_of(end))
    ]


def _pause_on(ruler: Ruler, pauses: Sequence[_Pause], day: date, ending: int) -> _Pause | None:
    """The pause that keeps a day from counting: it began before the day ended, and the case was
    not resumed on an earlier day."""
    for pause in pauses:
        end = pause[1]
        if pause[0] < ending and (end is None or day <= ruler.days.day_of(end)):
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
