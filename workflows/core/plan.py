"""What lies ahead of a cycle: its deadline, its forfeit and its rungs, and the earliest of all.

What it is: derived facts. A plan follows from a cycle's rules and pauses alone and is kept by
them; what has already happened to the cycle is taken out when the next item is sought.
What it is not: effects. `settle` makes things happen.
Who may import it: the core.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from definitions.model import Rung
from workflows.core.case import Cycle, Hold, LapseMark
from workflows.core.deadlines import Deadline, deadline, forfeit
from workflows.core.kept import MAX_KEPT
from workflows.core.program import Program
from workflows.core.rungs import missed_at, rung_instant

ItemKind = Literal["resume", "tolerance", "breach", "rung", "lapse"]
_STEP: dict[str, int] = {"resume": 0, "tolerance": 0, "breach": 1, "rung": 2, "lapse": 3}
FIRST, LAST = 0, 2
"""Groups within one instant: day ends and resumptions, (events), rungs and inclusive deadlines."""


class Plan(NamedTuple):
    """`due` is None while the cycle stands still; a timer is due when it lapses. A rung without an
    instant has no place."""

    due: Deadline | None
    forfeit: Deadline | None
    rungs: tuple[tuple[Rung, int | None], ...]


class Item(NamedTuple):
    """Something that happens by itself at `at`; ordered as the semantics say."""

    at: int
    group: int
    clock: str
    cycle: int
    step: int
    rung: str
    kind: ItemKind

    @property
    def wakeup(self) -> int:
        """When a timer should ring for it: a day's end at once, anything else when its second is
        over."""
        return self.at if self.group == FIRST else self.at + 1


class Ahead(NamedTuple):
    """The plan of a cycle, the first thing that lies ahead of it, and its next rung."""

    plan: Plan
    first: Item | None
    rung: tuple[int, Rung] | None


def ahead(program: Program, cycle: Cycle) -> Ahead:
    """What lies ahead of a cycle. A frozen value has one future, so it is kept by the very value;
    an equal one is found by what its plan depends on."""
    found: Ahead | None = program.ahead.get(cycle)
    return found or program.ahead.keep(cycle, _ahead(program, cycle))


def _ahead(program: Program, cycle: Cycle) -> Ahead:
    laid = plan_of(program, cycle)
    if not cycle.open or laid.due is None:
        return Ahead(laid, None, None)
    done = {fired.rung for fired in cycle.fired}
    coming = [(at, rung) for rung, at in laid.rungs if at is not None and rung.id not in done]
    first = _first(program, cycle, laid, coming) if cycle.phase == "running" else None
    return Ahead(laid, first, min(coming, key=_earliest, default=None))


def _earliest(coming: tuple[int, Rung]) -> tuple[int, str]:
    return coming[0], coming[1].id


def _first(
    program: Program, cycle: Cycle, laid: Plan, coming: Sequence[tuple[int, Rung]]
) -> Item | None:
    """The first thing that happens to a running cycle. Beyond its calendar's horizon a deadline is
    not known well enough to be missed; a timer never is."""
    due, found = laid.due, list[Item]()
    assert due is not None
    if due.provisional:
        coming = [(at, rung) for at, rung in coming if not rung.at.is_after_due]
    if coming:
        at, rung = min(coming, key=_earliest)
        found.append(Item(at, LAST, cycle.clock, cycle.n, _STEP["rung"], rung.id, "rung"))
    if cycle.breached is None and not due.provisional and program.clocks[cycle.clock].promise:
        found.append(_item(cycle, due, "breach"))
    if laid.forfeit is not None and not (due.provisional or laid.forfeit.provisional):
        found.append(_item(cycle, laid.forfeit, "lapse"))
    return min(found, default=None)


def plan(program: Program, cycle: Cycle) -> Plan:
    """The plan of a cycle."""
    return ahead(program, cycle).plan


def plan_of(program: Program, cycle: Cycle) -> Plan:
    """The plan of a cycle, kept by what it depends on."""
    key = (
        cycle.clock,
        cycle.anchor,
        cycle.budget,
        cycle.until,
        cycle.exclusive,
        cycle.calendar,
        cycle.ladder,
        cycle.pauses,
        cycle.changed,
        cycle.series,
        cycle.period,
        cycle.since,
        cycle.spent,
    )
    kept = program.plans.get(key)
    if kept is None:
        if len(program.plans) > MAX_KEPT:
            program.plans.clear()
        kept = program.plans[key] = _plan(program, cycle)
    return kept


def _plan(program: Program, cycle: Cycle) -> Plan:
    ruler = program.ruler(cycle)
    due = deadline(ruler, cycle)
    spec = program.clocks.get(cycle.clock)
    if due is None:
        return Plan(None, None, ())
    roll = spec.lapse.roll if spec and spec.lapse else "none"
    lapse = forfeit(ruler, due, roll) if spec and spec.lapse else None
    if lapse is not None and spec is not None and not spec.promise:
        due = lapse
    rungs = tuple(
        (rung, rung_instant(ruler, cycle, due, rung.at, roll)) for rung in program.rungs(cycle)
    )
    return Plan(due, lapse, rungs)


def goal(program: Program, cycle: Cycle) -> Deadline | None:
    """What a stop is judged by: the deadline, or the change of rules that left it behind."""
    due = plan(program, cycle).due
    if due is None or cycle.changed is None:
        return due
    return Deadline(missed_at(cycle, due), due.exclusive, due.provisional)


class Living(Protocol):
    """What time acts on: a case, or the turn that is being made of it."""

    @property
    def ended(self) -> int | None: ...
    @property
    def hold(self) -> Hold | None: ...
    @property
    def lapse(self) -> LapseMark | None: ...
    @property
    def cycles(self) -> Sequence[Cycle]: ...


def next_item(program: Program, living: Living) -> Item | None:
    """What happens next by itself to a case, if anything does."""
    if living.ended is not None:
        return None
    found = [
        first
        for cycle in living.cycles
        if cycle.phase == "running" and (first := ahead(program, cycle).first) is not None
    ]
    if living.hold is not None:
        found.append(Item(living.hold.until, FIRST, "", 0, _STEP["resume"], "", "resume"))
    if living.lapse is not None:
        found.append(Item(living.lapse.until, FIRST, "", 0, _STEP["tolerance"], "", "tolerance"))
    return min(found, default=None)


def _item(cycle: Cycle, due: Deadline, kind: ItemKind) -> Item:
    group = FIRST if due.exclusive else LAST
    return Item(missed_at(cycle, due), group, cycle.clock, cycle.n, _STEP[kind], "", kind)


def next_wakeup(program: Program, living: Living) -> int | None:
    """The instant at which a timer should ring: the earliest rung, breach, lapse or resumption."""
    first = next_item(program, living)
    return None if first is None else first.wakeup
