"""The life of one cycle of a clock: armed, woken again, fulfilled, ended.

What it is: what a trigger does to a cycle, at the instant for which the event stands.
What it is not: which clocks an event means; that is `clocks`.
Who may import it: the core.
"""

from dataclasses import replace

from definitions.expressions import ValueType
from definitions.model import AnyBudget, BudgetFromTable, Clock
from workflows.core.case import Cycle, Phase, Span
from workflows.core.deadlines import deadline
from workflows.core.ladder import breach, mark, retract, unsay
from workflows.core.plan import goal, plan
from workflows.core.program import Program
from workflows.core.standing import awake_at, phased, present_pauses, with_pauses
from workflows.core.turn import Turn


def arm(turn: Turn, name: str, budget: AnyBudget | None = None) -> Cycle | None:
    """Start a cycle of a clock at the turn's instant, unless its condition says no."""
    program, spec = turn.program, turn.program.clocks[name]
    form = program.start_form(name)
    if not program.holds(spec.when, turn.lookup, form):
        return None
    anchor = turn.at
    if spec.anchor is not None:
        anchor = int(program.evaluate(spec.anchor, turn.lookup, form, ValueType.INSTANT))
    cycle = _new(turn, name, budget or spec.budget, anchor)
    if spec.repeat is not None:
        cycle = replace(cycle, series=anchor, period=1)
        ahead = cycle if spec.promise else _still_ahead(turn, cycle)
        if ahead is None:
            return None
        cycle = ahead
    cycle = turn.put(with_pauses(turn, spec, cycle))
    if spec.fulfilled is not None and program.holds(spec.fulfilled, turn.lookup, form):
        return stop(turn, cycle)
    return cycle


def _new(turn: Turn, name: str, chosen: AnyBudget, anchor: int) -> Cycle:
    program, spec = turn.program, turn.program.clocks[name]
    calendar = program.calendar_of(name)
    form = program.start_form(name)
    budget, until, exclusive = program.resolve_budget(chosen, turn.lookup, form, calendar)
    last = turn.last(name)
    return Cycle(
        clock=name,
        n=1 if last is None else last.n + 1,
        armed=turn.at,
        anchor=anchor,
        phase="running",
        budget=budget,
        until=until,
        exclusive=exclusive,
        calendar=calendar,
        ladder=spec.ladder or "",
        assignee=turn.role("assignee", spec.assignee or ""),
        table=chosen.table if isinstance(chosen, BudgetFromTable) else "",
    )


# --- re-opening -----------------------------------------------------------------------------


def reopen(turn: Turn, name: str, spec: Clock) -> None:
    """What a re-opening does to a clock that is over, by its law."""
    last = turn.last(name)
    if last is None or last.open or spec.each:
        return
    match spec.reopen_law:
        case "restart":
            arm(turn, name)
        case "new_budget":
            arm(turn, name, budget=spec.reopen_budget)
        case "resume":
            _resume(turn, spec, last)


def _resume(turn: Turn, spec: Clock, last: Cycle) -> None:
    """A new cycle that goes on with what was left: the closed time is nobody's, and what had been
    said is not said again."""
    assert last.ended is not None
    fresh = replace(
        last,
        n=last.n + 1,
        armed=turn.at,
        phase="running",
        assignee=turn.role("assignee", spec.assignee or ""),
        pauses=(*last.pauses, Span(last.ended, turn.at, "closed"), *present_pauses(turn, spec)),
        fired=(),
        breached=None,
        retracted=None,
        ended=None,
        changed=None,
        acknowledged=False,
    )
    due = plan(turn.program, awake_at(fresh, turn.at)).due
    if due is not None and not due.kept_by(turn.at):
        fresh = replace(fresh, changed=turn.at)
    for rung, at in plan(turn.program, awake_at(fresh, turn.at)).rungs:
        if at is not None and at < turn.at and not rung.at.is_after_due:
            fresh = mark(fresh, rung, at)
    turn.put(phased(fresh))


# --- ending ---------------------------------------------------------------------------------


def stop(turn: Turn, cycle: Cycle) -> Cycle:
    """Fulfil a cycle at the turn's instant: in time, or late with its breach kept. A timer is
    neither."""
    cycle = end(turn, cycle, "met")
    due = goal(turn.program, cycle)
    late = due is not None and not due.kept_by(turn.at) and not due.provisional
    owed = turn.program.clocks[cycle.clock].promise
    if due is not None and late and owed and cycle.breached is None:
        cycle = breach(turn, cycle, due.at)
    _next_period(turn, cycle)
    return cycle


def end(turn: Turn, cycle: Cycle, phase: Phase) -> Cycle:
    """Close a cycle; nothing of its ladder fires any more. A breach that came after the event is
    taken back, and so is what was said after it; time itself comes after nothing."""
    cycle = turn.put(replace(awake_at(cycle, turn.at), phase=phase, ended=turn.at))
    if not turn.name:
        return cycle
    due = goal(turn.program, cycle)
    if due is not None and due.kept_by(turn.at):
        return retract(turn, cycle)
    return unsay(turn, cycle, turn.at)


def _next_period(turn: Turn, cycle: Cycle) -> None:
    """A periodic clock goes on from its schedule, which neither the instant of fulfilment nor a
    pause moves."""
    spec = turn.program.clocks[cycle.clock]
    over = spec.repeat is None or cycle.series is None or cycle.period >= spec.repeat
    if over or not spec.promise:
        return
    scheduled = plan(turn.program, replace(cycle, pauses=(), changed=None)).due
    assert scheduled is not None
    fresh = _new(turn, cycle.clock, spec.budget, scheduled.at)
    fresh = replace(fresh, series=cycle.series, period=cycle.period + 1)
    turn.put(with_pauses(turn, spec, fresh))


# --- timers that repeat ---------------------------------------------------------------------


def onward(program: Program, cycle: Cycle) -> Cycle | None:
    """A timer's cycle in its next period, counted from the first anchor and not from when anybody
    looked; None after the last one. It stays one cycle: six hundred would burden the case."""
    repeat = program.clocks[cycle.clock].repeat
    if repeat is None or cycle.series is None or cycle.period >= repeat:
        return None
    ends = deadline(program.ruler(cycle), replace(cycle, pauses=(), changed=None))
    assert ends is not None
    return replace(
        cycle,
        phase="running",
        anchor=ends.at,
        period=cycle.period + 1,
        pauses=(),
        changed=None,
        since=None,
        spent=0,
    )


def _still_ahead(turn: Turn, cycle: Cycle) -> Cycle | None:
    """A series whose anchor lies in the past begins with the first period that is not over: its
    timer did not run before."""
    found: Cycle | None = cycle
    while found is not None:
        due = plan(turn.program, found).due
        if due is None or due.kept_by(turn.at):
            break
        found = onward(turn.program, found)
    return found
