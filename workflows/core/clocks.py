"""What events do to clocks: start, stop, cancel, reset, pause, resume, re-open, change of rules.

What it is: the clock actions of one turn, in the order of the semantics (stop, cancel, reset,
pause, resume, start), at the instant for which the event stands, which may lie in the past.
What it is not: what happens by itself as time passes; that is `settle`.
Who may import it: the core.
"""

from dataclasses import replace

from definitions.budget import Budget
from definitions.expressions import ValueType
from definitions.model import BudgetFromTable, Clock, Rung, Trigger
from workflows.core.case import Cycle, Fired, Hold, Phase, Retracted, Span
from workflows.core.errors import IllegalEvent
from workflows.core.plan import plan
from workflows.core.turn import Turn


def act(turn: Turn, reopens: bool = False) -> None:
    """The clock actions of what has just happened: `turn.triggers` says what it was."""
    _stops(turn)
    _cancels(turn)
    _resets(turn)
    if turn.entered:
        _follow_state(turn)
    _starts(turn, reopens)
    _follow_rules(turn)


def _stops(turn: Turn) -> None:
    for name, spec in turn.program.process.clocks.items():
        if _fires(turn, spec.stop):
            for cycle in _meant(turn, name, spec):
                stop(turn, cycle)
    for name in turn.program.tasks:
        if name in turn.triggers:
            for cycle in turn.open_cycles(name):
                stop(turn, cycle)


def _cancels(turn: Turn) -> None:
    process = turn.program.process
    for name, spec in process.clocks.items():
        if _fires(turn, spec.cancel):
            for cycle in _meant(turn, name, spec):
                end(turn, cycle, "cancelled")
    dropped = {task for state in turn.left for task in process.states[state].tasks}
    closing = "closed" in turn.triggers
    for cycle in turn.open_cycles():
        outlives = cycle.clock in process.clocks and process.clocks[cycle.clock].outlives
        if cycle.clock in dropped or (closing and not outlives):
            end(turn, cycle, "cancelled")


def _resets(turn: Turn) -> None:
    for name, spec in turn.program.process.clocks.items():
        if _fires(turn, spec.reset):
            for cycle in _meant(turn, name, spec):
                end(turn, cycle, "superseded")
            arm(turn, name)


def _starts(turn: Turn, reopens: bool) -> None:
    for name, spec in turn.program.process.clocks.items():
        if reopens and not any(trigger.on == "reopened" for trigger in spec.start):
            _reopen(turn, name, spec)
        if _fires(turn, spec.start) and (spec.each or not turn.open_cycles(name)):
            arm(turn, name)
    for task in turn.tasks if turn.entered else ():
        if task.done is None and not turn.open_cycles(task.task):
            arm(turn, task.task)


def _fires(turn: Turn, triggers: tuple[Trigger, ...]) -> bool:
    return any(
        trigger.on in turn.triggers
        and turn.program.holds(trigger.when, turn.lookup, turn.program.trigger_form(trigger))
        for trigger in triggers
    )


def _meant(turn: Turn, name: str, spec: Clock) -> list[Cycle]:
    """The open cycles that a stop, cancel or reset means: all, or the one that is picked."""
    cycles = turn.open_cycles(name)
    if spec.pick is None:
        return cycles
    number = turn.program.pick(name, turn.lookup)
    chosen = [cycle for cycle in cycles if cycle.n == number]
    if not chosen:
        raise IllegalEvent(
            "clock_choice", detail=f"{name} {number}", open=[cycle.n for cycle in cycles]
        )
    return chosen


# --- starting -------------------------------------------------------------------------------


def arm(turn: Turn, name: str, budget_of: Clock | None = None) -> Cycle | None:
    """Start a cycle of a clock at the turn's instant, unless its condition says no."""
    program, spec = turn.program, turn.program.clocks[name]
    form = program.start_form(name)
    if not program.holds(spec.when, turn.lookup, form):
        return None
    calendar = program.calendar_of(name)
    chosen = spec.budget
    if budget_of is not None and budget_of.reopen_budget is not None:
        chosen = budget_of.reopen_budget
    budget, until, exclusive = program.resolve_budget(chosen, turn.lookup, form, calendar)
    anchor = turn.at
    if spec.anchor is not None:
        anchor = int(program.evaluate(spec.anchor, turn.lookup, form, ValueType.INSTANT))
    last = turn.last(name)
    cycle = Cycle(
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
    )
    if spec.repeat is not None:
        cycle = replace(cycle, series=anchor, period=1)
    cycle = turn.put(_with_past_pauses(turn, spec, cycle))
    if spec.fulfilled is not None and program.holds(spec.fulfilled, turn.lookup, form):
        return stop(turn, cycle)
    return cycle


def _with_past_pauses(turn: Turn, spec: Clock, cycle: Cycle) -> Cycle:
    """A clock attached late stands still where its states already paused it."""
    spans: list[Span] = []
    visits = turn.visits
    for index, visit in enumerate(visits):
        if visit.state not in spec.pause.states:
            continue
        until = visits[index + 1].at if index + 1 < len(visits) else None
        if until is None or until > cycle.anchor:
            spans.append(Span(max(visit.at, cycle.anchor), until, "state"))
    if turn.hold is not None and spec.pause.holds:
        spans.append(Span(max(turn.hold.start, cycle.anchor), None, "hold"))
    return _phased(replace(cycle, pauses=tuple(spans)))


def _phased(cycle: Cycle) -> Cycle:
    if not cycle.open:
        return cycle
    still = any(span.end is None for span in cycle.pauses)
    return replace(cycle, phase="paused" if still else "running")


def _reopen(turn: Turn, name: str, spec: Clock) -> None:
    last = turn.last(name)
    if last is None or last.open or spec.each:
        return
    match spec.reopen_law:
        case "restart":
            arm(turn, name)
        case "new_budget":
            arm(turn, name, budget_of=spec)
        case "resume":
            assert last.ended is not None
            closed = Span(last.ended, turn.at, "closed")
            fresh = Cycle(
                clock=name,
                n=last.n + 1,
                armed=turn.at,
                anchor=last.anchor,
                phase="running",
                budget=last.budget,
                until=last.until,
                exclusive=last.exclusive,
                calendar=last.calendar,
                ladder=last.ladder,
                assignee=turn.role("assignee", spec.assignee or ""),
                pauses=(*last.pauses, closed),
            )
            due = plan(turn.program, fresh).due
            if due is not None and due.at < turn.at:
                fresh = replace(fresh, changed=turn.at)
            turn.put(_phased(fresh))


# --- ending ---------------------------------------------------------------------------------


def stop(turn: Turn, cycle: Cycle) -> Cycle:
    """Fulfil a cycle at the turn's instant: in time, or late with its breach kept."""
    due = plan(turn.program, cycle).due
    cycle = end(turn, cycle, "met")
    if due is not None:
        if due.kept_by(turn.at):
            cycle = retract(turn, cycle)
        elif cycle.breached is None and cycle.retracted is None and not due.provisional:
            cycle = breach(turn, cycle, max(due.at, cycle.changed or due.at))
    _next_period(turn, cycle)
    return cycle


def end(turn: Turn, cycle: Cycle, phase: Phase) -> Cycle:
    """Close a cycle; nothing of its ladder fires any more."""
    pauses = tuple(
        replace(span, end=turn.at) if span.end is None else span for span in cycle.pauses
    )
    return turn.put(replace(cycle, phase=phase, ended=turn.at, pauses=pauses))


def _next_period(turn: Turn, cycle: Cycle) -> None:
    """A periodic clock goes on from its schedule, not from the instant of fulfilment."""
    spec = turn.program.clocks[cycle.clock]
    if spec.repeat is None or cycle.series is None or cycle.period >= spec.repeat:
        return
    period = cycle.period + 1
    assert isinstance(spec.budget, Budget)
    text = _times(spec.budget.text, period)
    fresh = Cycle(
        clock=cycle.clock,
        n=cycle.n + 1,
        armed=turn.at,
        anchor=cycle.series,
        phase="running",
        budget=text,
        calendar=cycle.calendar,
        ladder=cycle.ladder,
        assignee=cycle.assignee,
        series=cycle.series,
        period=period,
    )
    turn.put(fresh)


def _times(period: str, number: int) -> str:
    """The budget of period `number`, counted from the first anchor so that nothing drifts."""
    amount, _, unit = period.partition(" ")
    return f"{int(amount) * number} {unit}"


# --- breach and retraction ------------------------------------------------------------------


def breach(turn: Turn, cycle: Cycle, at: int) -> Cycle:
    """Set the flag at the deadline, whenever that is noticed."""
    before, turn.at = turn.at, at
    turn.row("breach", cycle.clock, clock=cycle.clock, cycle=cycle.n)
    turn.at = before
    return turn.put(replace(cycle, breached=at))


def retract(turn: Turn, cycle: Cycle) -> Cycle:
    """Take a breach back: the event had occurred in time. Those told of it are told again."""
    if cycle.breached is None:
        return cycle
    note = Retracted(cycle.breached, turn.now, turn.event_id)
    turn.row(
        "retraction",
        cycle.clock,
        clock=cycle.clock,
        cycle=cycle.n,
        data={"breached": cycle.breached},
    )
    levels = {rung.id: rung for rung in turn.program.rungs(cycle)}
    spec = turn.program.clocks[cycle.clock]
    for fired in cycle.fired:
        if not fired.sent or fired.at < cycle.breached:
            continue
        for role in fired.to:
            turn.notify(
                key=_rung_key(turn, cycle, fired.rung, role) + "/retraction",
                kind="retraction",
                to=role,
                title=spec.title,
                clock=cycle.clock,
                cycle=cycle.n,
                rung=fired.rung,
                level=fired.level,
                due=cycle.breached,
                urgent=fired.rung in levels and levels[fired.rung].urgent,
            )
    return turn.put(replace(cycle, breached=None, retracted=note))


def _rung_key(turn: Turn, cycle: Cycle, rung: str, role: str) -> str:
    return f"{turn.case.id}/{turn.case.number}/{cycle.clock}/{cycle.n}/{rung}/{role}"


def fire(turn: Turn, cycle: Cycle, rung: Rung, at: int, sent: bool = True) -> Cycle:
    """Reach a rung: write it, and tell its roles unless it is only marked."""
    roles = _addressed(turn, cycle, rung)
    before, turn.at = turn.at, at
    turn.row(
        "rung" if sent else "skipped",
        rung.id,
        clock=cycle.clock,
        cycle=cycle.n,
        level=rung.level,
        roles=roles,
    )
    fired = Fired(rung.id, rung.level, at, sent, roles)
    cycle = turn.put(replace(cycle, fired=(*cycle.fired, fired)))
    due = plan(turn.program, cycle).due
    for role in roles if sent else ():
        turn.notify(
            key=_rung_key(turn, cycle, rung.id, role),
            kind="rung",
            to=role,
            title=turn.program.clocks[cycle.clock].title,
            text=rung.text,
            clock=cycle.clock,
            cycle=cycle.n,
            rung=rung.id,
            level=rung.level,
            due=None if due is None else due.at,
            exclusive=due is not None and due.exclusive,
            urgent=rung.urgent,
            facts={"data": turn.public_data(), "state": turn.state} if rung.text else {},
        )
    turn.at = before
    return cycle


def _addressed(turn: Turn, cycle: Cycle, rung: Rung) -> tuple[str, ...]:
    for recipients in rung.to:
        if turn.program.holds(recipients.when, turn.lookup, None):
            found = [turn.role(role, cycle.assignee) for role in recipients.to]
            return tuple(dict.fromkeys(found))
    return (turn.owner_role,)


# --- pauses ---------------------------------------------------------------------------------


def _follow_state(turn: Turn) -> None:
    """Pause the clocks that stand still in the new state, and resume the others."""
    for cycle in turn.open_cycles():
        spec = turn.program.clocks[cycle.clock]
        paused = any(span.end is None and span.why == "state" for span in cycle.pauses)
        if turn.state in spec.pause.states and not paused:
            _pause(turn, cycle, "state")
        elif paused and turn.state not in spec.pause.states:
            _resume(turn, cycle, "state")


def hold(turn: Turn, max_seconds: int, until: int | None) -> None:
    """Put the case on hold for the clocks that allow it, until an instant at the latest."""
    end_at = turn.at + max_seconds
    if until is not None:
        end_at = min(end_at, until)
    if end_at <= turn.at:
        raise IllegalEvent("hold_unbounded")
    turn.hold = Hold(turn.at, end_at, turn.event_id)
    for cycle in turn.open_cycles():
        if turn.program.clocks[cycle.clock].pause.holds:
            _pause(turn, cycle, "hold")


def release(turn: Turn) -> None:
    """End the hold at the turn's instant."""
    if turn.hold is None:
        return
    turn.hold = None
    for cycle in turn.open_cycles():
        if any(span.end is None and span.why == "hold" for span in cycle.pauses):
            _resume(turn, cycle, "hold")


def _pause(turn: Turn, cycle: Cycle, why: str) -> None:
    span = Span(max(turn.at, cycle.anchor), None, "hold" if why == "hold" else "state")
    _reconcile(turn, turn.put(_phased(replace(cycle, pauses=(*cycle.pauses, span)))))


def _resume(turn: Turn, cycle: Cycle, why: str) -> None:
    spans = tuple(
        replace(span, end=max(turn.at, span.start))
        if span.end is None and span.why == why
        else span
        for span in cycle.pauses
    )
    _reconcile(turn, turn.put(_phased(replace(cycle, pauses=spans))))


def _reconcile(turn: Turn, cycle: Cycle) -> None:
    """A pause that began before the breach moves the deadline: then there was none."""
    if cycle.breached is None:
        return
    due = plan(turn.program, cycle).due
    if due is None or due.at > cycle.breached:
        retract(turn, cycle)


# --- change of rules ------------------------------------------------------------------------


def _follow_rules(turn: Turn) -> None:
    """A budget from a table follows the case data, by the clock's law of change."""
    for cycle in turn.open_cycles():
        spec = turn.program.clocks[cycle.clock]
        if not isinstance(spec.budget, BudgetFromTable) or cycle.armed == turn.at:
            continue
        if cycle.series is not None or not cycle.budget:
            continue
        text = str(turn.program.decide_table(spec.budget.table, turn.lookup))
        if text != cycle.budget:
            change(turn, cycle, text)


def change(turn: Turn, cycle: Cycle, budget: str) -> None:
    """Give a running cycle another budget: `carry`, `restart` or `stricter_wins`."""
    spec = turn.program.clocks[cycle.clock]
    if spec.change == "restart":
        end(turn, cycle, "superseded")
        arm(turn, cycle.clock)
        return
    fresh = replace(cycle, budget=budget)
    if spec.change == "stricter_wins":
        old, new = plan(turn.program, cycle).due, plan(turn.program, fresh).due
        if old is None or new is None or old.at <= new.at:
            return
    turn.put(fresh)
    project(turn, fresh)


def project(turn: Turn, cycle: Cycle) -> None:
    """Lay the rungs of a changed cycle anew. Of the unfired ones now past, only the last before due
    fires, now; if the deadline itself is past, it is missed now and later rungs count from now."""
    ahead = plan(turn.program, cycle)
    if ahead.due is None or cycle.phase != "running":
        return
    missed = not ahead.due.kept_by(turn.at) and not ahead.due.provisional
    done = {fired.rung for fired in cycle.fired}
    past = [
        (at, rung)
        for rung, at in ahead.rungs
        if at is not None and at < turn.at and rung.id not in done and not rung.at.is_after_due
    ]
    past.sort(key=lambda pair: (pair[0], pair[1].id))
    for index, (_, rung) in enumerate(past):
        last = index == len(past) - 1 and not missed
        cycle = fire(turn, cycle, rung, turn.at, sent=last)
    if missed and cycle.breached is None and cycle.retracted is None:
        turn.put(replace(cycle, changed=turn.at))
