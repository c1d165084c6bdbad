"""The entrance of the core: `(program, case, event, now) -> Decision`.

Theory of operation. A case is a frozen value. A decision works on a copy, the turn, in four steps:
what became due before the event is settled, each at its own instant; the event is judged (form,
prohibitions, guards) and goes its way through the relation of states; the clocks follow, at the
instant for which the event stands; what has become due meanwhile is settled again. Effects are
returned as values and performed by others. A refusal raises `IllegalEvent` and the copy is dropped,
so that nothing has changed.

Pure, total and deterministic: no clock, no randomness, no I/O; `now` is an argument.
Who may import it: the shells (durable, rehearsal) and the tests.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any, Literal

from definitions.expressions import ValueType
from definitions.forms import DataInvalid, check
from definitions.model import Event, Form
from workflows.core.case import Actor, Case, Incoming, Seen, TaskState, Visit
from workflows.core.clocks import act, hold, release
from workflows.core.effects import CaseView, Notify, OpenCase, Row
from workflows.core.errors import IllegalEvent
from workflows.core.machine import ALL_DONE, ANY_DONE
from workflows.core.plan import next_wakeup, plan
from workflows.core.program import Program
from workflows.core.settle import finish, settle
from workflows.core.turn import Turn
from workflows.core.view import answer_of, view_of

SKEW = 60
"""Seconds by which a sender's clock may be ahead."""
MAX_SEEN = 1000
"""Event ids that a case remembers; older ones are in the journal."""

Status = Literal["accepted", "duplicate", "late_rejected", "settled"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The case afterwards, and what the world is asked to do."""

    case: Case
    rows: tuple[Row, ...]
    notices: tuple[Notify, ...]
    opens: tuple[OpenCase, ...]
    view: CaseView
    answer: dict[str, Any]
    status: Status

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.rows)


def open_case(
    program: Program,
    key: str,
    incoming: Incoming,
    now: int,
    number: int = 1,
    origin: str = "",
    imported: bool = False,
) -> Decision:
    """Open a case. Its instant may be backdated; an `imported` one marks the rungs of its past
    instead of sending them. Raises IllegalEvent if it may not be opened with these data."""
    process = program.process
    at = _instant(incoming, now)
    case = Case(
        process=process.process,
        key=key,
        number=number,
        version=process.version,
        state=process.initial,
        opened=at,
        settled=at,
        owner_role=process.owner,
        progressed=at,
        origin=origin,
        visits=(Visit(process.initial, at),),
    )
    turn = Turn(program, case, now)
    turn.begin(at, "opened", incoming.actor)
    turn.event_id = incoming.id
    _allowed(turn, process.start.by)
    turn.data = _start_data(program, turn, incoming)
    turn.event = dict(turn.data)
    if process.start.when is not None and not turn.holds(process.start.when, {}):
        raise IllegalEvent("guard_refused", text=process.start.refuse)
    turn.take([process.start], {})
    _take_up(turn)
    spec = process.states[process.initial]
    turn.tasks = [
        TaskState(name, at)
        for name, task in spec.tasks.items()
        if task.when is None or turn.holds(task.when, None)
    ]
    turn.entered = [process.initial]
    turn.triggers = ["opened", f"enter {process.initial}"]
    turn.say(spec.notify, None)
    turn.run_automatic()
    turn.row(
        "opened",
        process.process,
        event_id=incoming.id,
        actor=incoming.actor.id,
        roles=incoming.actor.roles,
        data=turn.data,
    )
    act(turn)
    turn.flush()
    if imported:
        _mark_past(turn, now)
    finish(turn)
    settle(turn, now)
    return _decided(turn, incoming, now, "accepted")


def decide(program: Program, case: Case, incoming: Incoming, now: int) -> Decision:
    """Judge an event. Raises IllegalEvent if it is refused; then nothing has changed."""
    known = _known(case, incoming)
    if known is not None:
        return _unchanged(program, case, now, known.answer, "duplicate")
    now = max(now, case.settled)
    at = _instant(incoming, now)
    if at < case.opened:
        raise IllegalEvent("before_case", at=at, opened=case.opened)
    turn = Turn(program, case, now)
    settle(turn, max(case.settled, at))
    if turn.lapse is not None:
        rejected = _restore(turn, incoming, at)
        if rejected:
            return _decided(turn, incoming, now, "late_rejected")
    elif turn.ended is not None or case.ended is not None:
        raise IllegalEvent("case_ended", ended=turn.ended or case.ended)
    turn.begin(at, incoming.name, incoming.actor)
    turn.event_id = incoming.id
    _apply(turn, incoming, now)
    settle(turn, now)
    return _decided(turn, incoming, now, "accepted")


def look(program: Program, case: Case, now: int, whole_second: bool = False) -> Decision:
    """Let time pass up to `now` (to the end of its second if `whole_second`)."""
    turn = Turn(program, case, now)
    settle(turn, now, whole_second)
    decision = _unchanged(program, turn.done(now), now, {}, "settled")
    return replace(
        decision,
        rows=tuple(turn.rows),
        notices=tuple(turn.notices),
        opens=tuple(turn.opens),
    )


def wakeup(program: Program, case: Case) -> int | None:
    """The instant at which the case must be looked at next; None if it only waits for events."""
    return next_wakeup(program, case)


# --- judging --------------------------------------------------------------------------------


def _instant(incoming: Incoming, now: int) -> int:
    if incoming.occurred is None:
        return now
    if incoming.occurred > now + SKEW:
        raise IllegalEvent("from_the_future", at=incoming.occurred, now=now)
    return min(incoming.occurred, now)


def _known(case: Case, incoming: Incoming) -> Seen | None:
    for seen in case.seen:
        if seen.event_id == incoming.id:
            if seen.digest != content_digest(incoming):
                raise IllegalEvent("event_id_conflict", detail=incoming.id)
            return seen
    return None


def content_digest(incoming: Incoming) -> str:
    """What an event says, in 16 hex digits: name, sender's id and data, whenever it arrives."""
    said = [incoming.name, incoming.actor.id, incoming.data]
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _apply(turn: Turn, incoming: Incoming, now: int) -> None:
    program, state = turn.program, turn.state
    event = program.events(state).get(incoming.name)
    task = next((t for t in turn.tasks if t.task == incoming.name and t.done is None), None)
    if event is None and task is None:
        code = "not_allowed_here" if program.knows_event(incoming.name) else "unknown_event"
        raise IllegalEvent(
            code,
            detail=f"cannot '{incoming.name}' in '{state}'; possible: {', '.join(_possible(turn))}",
            state=state,
            possible=_possible(turn),
        )
    if task is not None:
        _do_task(turn, task, incoming)
    else:
        assert event is not None
        _too_old(turn, event, now)
        _do_event(turn, event, incoming)
    turn.progressed = max(turn.progressed, turn.at)
    turn.row(
        "event",
        incoming.name,
        event_id=incoming.id,
        actor=incoming.actor.id,
        roles=incoming.actor.roles,
        data=turn.event,
        previous=state,
    )
    act(turn, reopens=event is not None and event.reopens)
    if event is not None:
        _holds(turn, event)
    turn.flush()
    finish(turn)


def _do_event(turn: Turn, event: Event, incoming: Incoming) -> None:
    form = turn.program.process.form_of(event.form)
    _allowed(turn, event.by)
    _fill(turn, form, incoming)
    _forbidden(turn)
    if not turn.fire(incoming.name):
        raise IllegalEvent("guard_refused", detail=incoming.name, text=event.refuse)
    _take_up(turn)
    turn.triggers.insert(0, incoming.name)
    if event.reopens:
        turn.triggers.append("reopened")
    turn.run_automatic()


def _do_task(turn: Turn, task: TaskState, incoming: Incoming) -> None:
    spec = turn.program.tasks[task.task]
    form = turn.program.process.form_of(spec.form)
    _allowed(turn, (spec.role,))
    _fill(turn, form, incoming)
    _forbidden(turn)
    done = replace(task, done=turn.at, actor=turn.actor.id)
    turn.tasks = [done if other.task == task.task else other for other in turn.tasks]
    turn.set_values(spec, form)
    turn.triggers.append(task.task)
    relation, waiting = turn.program.relation, any(t.done is None for t in turn.tasks)
    if not waiting and relation.knows(ALL_DONE, turn.state):
        turn.fire(ALL_DONE)
    elif relation.knows(ANY_DONE, turn.state):
        turn.fire(ANY_DONE)
    turn.run_automatic()


def _holds(turn: Turn, event: Event) -> None:
    if event.hold is not None:
        form = turn.program.process.form_of(event.form)
        until = None
        if event.hold.until is not None:
            until = int(
                turn.program.evaluate(event.hold.until, turn.lookup, form, ValueType.INSTANT)
            )
        hold(turn, turn.program.seconds(event.hold.max), until)
    if event.release:
        release(turn)
    for name in event.acknowledges:
        for cycle in turn.open_cycles(name):
            turn.put(replace(cycle, acknowledged=True))


def _allowed(turn: Turn, by: tuple[str, ...] | None) -> None:
    if by is None or "anyone" in by or set(by) & set(turn.actor.roles):
        return
    raise IllegalEvent("role_not_allowed", detail=f"needs {', '.join(by)}", by=list(by))


def _forbidden(turn: Turn) -> None:
    for rule in turn.program.process.forbid:
        if turn.name not in rule.unless and turn.holds(rule.when, None):
            raise IllegalEvent("forbidden", text=rule.refuse)


def _too_old(turn: Turn, event: Event, now: int) -> None:
    tolerance = (
        turn.program.tolerance if event.tolerance is None else turn.program.seconds(event.tolerance)
    )
    if now - turn.at > tolerance:
        raise IllegalEvent("too_old", at=turn.at, tolerance=tolerance)


def _fill(turn: Turn, form: Form, incoming: Incoming) -> None:
    """Check the event's data and store what the form says belongs to the case."""
    try:
        turn.event = check(turn.program.items(form), incoming.data)
    except DataInvalid as error:
        raise _invalid(error) from None
    for name, field in form.items():
        if isinstance(field, str) and name in turn.event:
            turn.data[name] = turn.event[name]


def _invalid(error: DataInvalid) -> IllegalEvent:
    listed = [
        {"field": e.field, "code": e.code, "zh": e.message.zh, "en": e.message.en}
        for e in error.errors
    ]
    detail = "; ".join(f"{e['field']}: {e['en']}" for e in listed)
    refusal = IllegalEvent("data_invalid", detail=detail, errors=listed)
    refusal.code = error.code
    return refusal


def _start_data(program: Program, turn: Turn, incoming: Incoming) -> dict[str, Any]:
    fields = program.process.data
    try:
        data = check(program.start_items, incoming.data)
    except DataInvalid as error:
        raise _invalid(error) from None
    for name, field in fields.items():
        if name not in data and field.default is not None:
            data[name] = field.default
    turn.data = data
    for name, field in fields.items():
        if name not in data and field.derive is not None:
            data[name] = program.decide_table(field.derive, turn.lookup)
    return data


def _take_up(turn: Turn) -> None:
    """Whoever of the owning role acts first takes the case and stays responsible for it."""
    if not turn.owner and turn.owner_role in turn.actor.roles:
        turn.owner = turn.actor.id


def _possible(turn: Turn) -> list[str]:
    tasks = [task.task for task in turn.tasks if task.done is None]
    return [*tasks, *turn.program.events(turn.state)]


def _restore(turn: Turn, incoming: Incoming, at: int) -> bool:
    """Undo a lapse for an event that occurred before it. True if the event came after it and is
    written down as rejected for being late; an event of the present state is simply judged."""
    mark = turn.lapse
    assert mark is not None
    in_time = at <= mark.at if mark.inclusive else at < mark.at
    if not in_time:
        if incoming.name in turn.program.events(turn.state):
            return False
        before = turn.program.events(mark.before.state)
        open_then = {task.task for task in mark.before.tasks if task.done is None}
        if incoming.name not in before and incoming.name not in open_then:
            return False
        turn.begin(at, incoming.name, incoming.actor)
        turn.row(
            "late_rejected",
            incoming.name,
            event_id=incoming.id,
            actor=incoming.actor.id,
            roles=incoming.actor.roles,
            data=dict(incoming.data),
            clock=mark.clock,
            cycle=mark.cycle,
        )
        return True
    turn.begin(at, incoming.name, incoming.actor)
    turn.restore(mark)
    turn.row("restored", mark.clock, clock=mark.clock, cycle=mark.cycle, data={"lapsed": mark.at})
    return False


def _mark_past(turn: Turn, now: int) -> None:
    for cycle in turn.open_cycles():
        for rung, at in plan(turn.program, cycle).rungs:
            if at is not None and at < now:
                turn.mark(cycle.clock, cycle.n, rung, at)


# --- answering ------------------------------------------------------------------------------


def _decided(turn: Turn, incoming: Incoming, now: int, status: Status) -> Decision:
    case = turn.done(now)
    view = view_of(turn.program, case, now)
    answer = answer_of(turn.case, case, view, turn.rows, status)
    seen = Seen(incoming.id, content_digest(incoming), case.seq, answer)
    case = replace(case, seen=(*case.seen, seen)[-MAX_SEEN:])
    return Decision(
        case,
        tuple(turn.rows),
        tuple(turn.notices),
        tuple(turn.opens),
        view,
        answer,
        status,
    )


def _unchanged(
    program: Program, case: Case, now: int, answer: dict[str, Any], status: Status
) -> Decision:
    return Decision(case, (), (), (), view_of(program, case, now), answer, status)


SYSTEM = Actor("system", ("system",))
"""The engine itself and other cases, as senders."""
