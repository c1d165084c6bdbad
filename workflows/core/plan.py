"""What lies ahead of a cycle: its deadline, its forfeit and its rungs, and the earliest of all.

What it is: derived facts. A plan follows from a cycle's rules and pauses alone and is kept by
them; what has already happened to the cycle is taken out when the next item is sought.
What it is not: effects. `settle` makes things happen.
Who may import it: the core.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from definitions.model import Rung
from workflows.core.case import Case, Cycle
from workflows.core.deadlines import Deadline, deadline, forfeit, rung_instant
from workflows.core.program import Program

ItemKind = Literal["resume", "tolerance", "breach", "rung", "lapse"]
_STEP: dict[str, int] = {"resume": 0, "tolerance": 0, "breach": 1, "rung": 2, "lapse": 3}
FIRST, LAST = 0, 2
"""Groups within one instant: day ends and resumptions, (events), rungs and inclusive deadlines."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`due` is None while the cycle stands still. A rung without an instant has no place."""

    due: Deadline | None
    forfeit: Deadline | None
    rungs: tuple[tuple[Rung, int | None], ...]


@dataclass(frozen=True, slots=True, order=True)
class Item:
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


def plan(program: Program, cycle: Cycle) -> Plan:
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
    )
    kept = program.plans.get(key)
    if kept is None:
        if len(program.plans) > 10_000:
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
    rungs = tuple(
        (rung, rung_instant(ruler, cycle, due, rung.at, roll)) for rung in program.rungs(cycle)
    )
    return Plan(due, lapse, rungs)


def items(program: Program, cycles: Iterable[Cycle]) -> Iterator[Item]:
    """What lies ahead of running cycles, in no order."""
    for cycle in cycles:
        if cycle.phase != "running":
            continue
        ahead = plan(program, cycle)
        if ahead.due is None:
            continue
        yield from _rungs(cycle, ahead)
        if ahead.due.provisional:
            continue
        if cycle.breached is None and cycle.retracted is None:
            at = ahead.due.at if cycle.changed is None else max(ahead.due.at, cycle.changed)
            yield _item(cycle, at, ahead.due.exclusive, "breach")
        if ahead.forfeit is not None and not ahead.forfeit.provisional:
            yield _item(cycle, ahead.forfeit.at, ahead.forfeit.exclusive, "lapse")


def _rungs(cycle: Cycle, ahead: Plan) -> Iterator[Item]:
    assert ahead.due is not None
    done = {fired.rung for fired in cycle.fired}
    for rung, at in ahead.rungs:
        if rung.id in done or at is None:
            continue
        if ahead.due.provisional and rung.at.is_after_due:
            continue
        yield Item(at, LAST, cycle.clock, cycle.n, _STEP["rung"], rung.id, "rung")


def _item(cycle: Cycle, at: int, exclusive: bool, kind: ItemKind) -> Item:
    group = FIRST if exclusive else LAST
    return Item(at, group, cycle.clock, cycle.n, _STEP[kind], "", kind)


def case_items(program: Program, case: Case) -> Iterator[Item]:
    """Everything that lies ahead of a case."""
    if case.ended is not None:
        return
    if case.hold is not None:
        yield Item(case.hold.until, FIRST, "", 0, _STEP["resume"], "", "resume")
    if case.lapse is not None:
        yield Item(case.lapse.until, FIRST, "", 0, _STEP["tolerance"], "", "tolerance")
    yield from items(program, case.cycles)


def next_wakeup(program: Program, case: Case) -> int | None:
    """The instant at which a timer should ring: the earliest rung, breach, lapse or resumption."""
    return min((item.wakeup for item in case_items(program, case)), default=None)
