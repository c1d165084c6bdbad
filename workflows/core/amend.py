"""A running case goes on under other rules: a new calendar, or a new version of its definition.

What it is: the one way in which pinned rules change, an event of the case with its own row. What
was consumed, the rungs that fired and the breaches that are set stay; the rest is projected anew,
once. Clocks that are not running are not touched, and none is started.
What it is not: the choice of the rules, or their digest; the caller gives facts to be written down.
Who may import it: the shells (durable, rehearsal) and the tests.

How consumed time stays: where the calendar of a working budget differs, the cycle keeps how much
had run by now under the old one and counts the rest on the new one. What lies beyond the old
calendar's horizon was only projected, so it is counted anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from definitions.budget import Budget
from definitions.model import AnyBudget, BudgetFromTable, BudgetUntil, Call, Clock, Item
from workflows.core.case import Actor, Case, Cycle, Incoming, LapseMark, TaskState
from workflows.core.changes import project
from workflows.core.deadlines import consumed, days_consumed
from workflows.core.decide import Decision, decided, repeated
from workflows.core.errors import IllegalEvent
from workflows.core.outward import flush
from workflows.core.pauses import follow_state
from workflows.core.plan import plan
from workflows.core.program import Program
from workflows.core.settle import finish, settle
from workflows.core.turn import Turn
from workflows.core.worktime import Worktime

Fields = Mapping[str, Item]
TO_BE_ASKED = "to be asked"
"""Stands for the key of a service task that is asked for when a lapse is undone."""


def amend(
    old: Program,
    new: Program,
    case: Case,
    now: int,
    actor: Actor,
    reason: str,
    event_id: str,
    facts: Mapping[str, Any] | None = None,
) -> Decision:
    """Change the rules of a case from `old` to `new`; `facts` (digests and the like) go into the
    row. Raises IllegalEvent `amend_impossible` if the case uses something that `new` lacks."""
    said = {"reason": reason, "from": old.process.version, "to": new.process.version}
    incoming = Incoming("amend", event_id, actor, {**said, **(facts or {})})
    known = repeated(old, case, incoming, now)
    if known is not None:
        return known
    now = max(now, case.settled)
    turn = Turn(old, case, now)
    settle(turn, now)
    if turn.ended is not None:
        raise IllegalEvent("case_ended", ended=turn.ended)
    if missing := list(_missing(old, new, turn)):
        raise IllegalEvent("amend_impossible", detail=", ".join(missing), missing=missing)
    turn.program = new
    turn.case = replace(case, version=new.process.version)
    turn.begin(now, incoming.name, actor)
    turn.row(
        "amend",
        new.process.process,
        event_id=event_id,
        actor=actor.id,
        roles=actor.roles,
        data=incoming.data,
    )
    turn.lapse = None if turn.lapse is None else _asking_anew(old, new, turn.lapse)
    if _called(old, turn.state) != _called(new, turn.state):
        # The answer that is awaited would no longer be understood, or there is none to come.
        turn.await_call()
        flush(turn)
    for cycle in turn.open_cycles():
        _carry(turn, old, cycle)
    follow_state(turn)
    finish(turn)
    settle(turn, now)
    return decided(turn, incoming, now, "accepted")


def _called(program: Program, state: str) -> tuple[Call, Fields, Fields] | None:
    """The service task of a state, and what goes into and comes out of what it runs."""
    call = program.process.states[state].call
    if call is None:
        return None
    run = program.process.computations[call.computation]
    return call, run.input, run.output


def _asking_anew(old: Program, new: Program, mark: LapseMark) -> LapseMark:
    """A lapse whose undoing leads back to a state that has another service task, or has one no
    longer."""
    before = mark.before
    if _called(old, before.state) != _called(new, before.state):
        asked = _called(new, before.state) is not None
        before = replace(before, calling=TO_BE_ASKED if asked else "")
    if before.lapse is not None:
        before = replace(before, lapse=_asking_anew(old, new, before.lapse))
    return replace(mark, before=before)


def _missing(old: Program, new: Program, turn: Turn) -> Iterator[str]:
    """What the case uses and the new rules lack."""
    if old.process.process != new.process.process:
        yield f"process '{old.process.process}'"
    held = [(turn.state, turn.tasks), *_before(turn.lapse)]
    states = dict.fromkeys(state for state, _ in held)
    yield from (f"state '{name}'" for name in states if name not in new.process.states)
    clocks = dict.fromkeys(cycle.clock for cycle in turn.cycles)
    yield from (f"clock '{name}'" for name in clocks if name not in new.clocks)
    for state, tasks in held:
        there = new.process.states.get(state)
        names = [task.task for task in tasks]
        yield from (f"task '{name}'" for name in names if there and name not in there.tasks)


def _before(mark: LapseMark | None) -> Iterator[tuple[str, Sequence[TaskState]]]:
    """States and tasks to which the undoing of a lapse may lead back."""
    while mark is not None:
        yield mark.before.state, mark.before.tasks
        mark = mark.before.lapse


def _carry(turn: Turn, old: Program, cycle: Cycle) -> None:
    """Put a cycle under the new rules."""
    new = turn.program
    was, spec = old.clocks[cycle.clock], new.clocks[cycle.clock]
    fresh = replace(
        cycle,
        calendar=new.calendar_of(cycle.clock),
        ladder=spec.ladder or "",
        **_budget(turn, cycle, was, spec),
    )
    if spec.assignee != was.assignee:
        fresh = replace(fresh, assignee=turn.role("assignee", spec.assignee or ""))
    fresh = turn.put(_rebased(old, new, cycle, fresh, turn.now))
    before, after = plan(old, cycle).due, plan(new, fresh).due
    if before is None or after is None or before.at != after.at or after.kept_by(turn.now):
        project(turn, fresh, passed=turn.now)


def _budget(turn: Turn, cycle: Cycle, was: Clock, spec: Clock) -> dict[str, Any]:
    """The budget that the new rules give in the place of the one the cycle was armed with. A
    promise stays what was promised."""
    from_reopening = was.reopen_budget is not None and not _gave(was.budget, cycle)
    chosen = spec.reopen_budget if from_reopening else spec.budget
    if chosen is None or isinstance(chosen, BudgetUntil) or not cycle.budget:
        return {}
    calendar = turn.program.calendar_of(cycle.clock)
    text, _, _ = turn.program.resolve_budget(chosen, turn.lookup, None, calendar)
    return {"budget": text, "table": chosen.table if isinstance(chosen, BudgetFromTable) else ""}


def _gave(budget: AnyBudget, cycle: Cycle) -> bool:
    """Whether a cycle was armed with this budget."""
    match budget:
        case Budget():
            return cycle.budget == budget.text
        case BudgetFromTable():
            return cycle.table == budget.table
        case BudgetUntil():
            return not cycle.table


def _rebased(old: Program, new: Program, cycle: Cycle, fresh: Cycle, now: int) -> Cycle:
    """The cycle with what had run under another calendar kept as a number."""
    earlier, later = old.ruler(cycle), new.ruler(fresh)
    if earlier.budget is None or later.budget is None or not earlier.budget.working:
        return fresh
    same_kind = earlier.budget.kind == later.budget.kind and later.budget.working
    if not same_kind or not isinstance(earlier.days, Worktime):
        return fresh
    known = earlier.days.calendar
    if isinstance(later.days, Worktime) and later.days.calendar == known:
        return fresh
    since = min(now, earlier.days.day_end(known.through))
    if since <= max(cycle.anchor, cycle.since or cycle.anchor):
        return fresh
    by_days = earlier.budget.by_days
    spent = (days_consumed if by_days else consumed)(earlier, cycle, since)
    return replace(fresh, since=since, spent=spent)
