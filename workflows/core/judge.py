"""An event judged, and carried out: form, prohibitions, guards, the way through the relation.

What it is: everything between the arrival of an event and its row in the journal. State, guards and
target are judged by the state at arrival; only the clocks act at the instant at which the event
occurred.
What it is not: time; `settle` decides what became due before and after.
Who may import it: the core.
"""

from collections.abc import Sequence
from dataclasses import replace

from definitions.expressions import ValueType
from definitions.forms import DataInvalid, check
from definitions.model import Check, Event, Form
from definitions.scope import CALL_EVENTS
from workflows.core.case import Incoming, TaskState, engine, is_case
from workflows.core.clocks import act
from workflows.core.errors import IllegalEvent
from workflows.core.lapses import outlast
from workflows.core.machine import ALL_DONE, ANY_DONE
from workflows.core.outward import flush
from workflows.core.pauses import hold, release
from workflows.core.settle import finish
from workflows.core.turn import Turn

MAX_DETAIL = 1000
"""Characters of what is said about an answer that does not fit."""


def apply(turn: Turn, incoming: Incoming) -> None:
    """Carry an event out on the turn; raises IllegalEvent if it is refused."""
    program, state, before = turn.program, turn.state, turn.data
    answers = _answers(turn, incoming)
    if answers:
        incoming = _answer(turn, incoming)
    event = program.events(state).get(incoming.name)
    task = next((t for t in turn.tasks if t.task == incoming.name and t.done is None), None)
    turn.data = dict(before)
    if task is not None:
        _do_task(turn, task, incoming)
    elif event is not None:
        _do_event(turn, event, incoming, answers)
    else:
        raise _impossible(turn, incoming)
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
    flush(turn)
    if not answers:
        _after_lapse(turn, before)
    finish(turn)


def _do_event(turn: Turn, event: Event, incoming: Incoming, answers: bool) -> None:
    form = turn.program.process.form_of(event.form)
    if not answers:
        allowed(turn, event.by, event.from_)
    tolerance = event.tolerance
    _too_old(turn, turn.program.tolerance if tolerance is None else turn.program.seconds(tolerance))
    _fill(turn, form, incoming)
    _forbidden(turn)
    checked(turn, event.checks, form)
    if not turn.fire(incoming.name):
        raise IllegalEvent("guard_refused", detail=incoming.name, text=event.refuse)
    take_up(turn)
    turn.triggers.insert(0, incoming.name)
    if event.reopens:
        turn.triggers.append("reopened")
    turn.run_automatic()


def _do_task(turn: Turn, task: TaskState, incoming: Incoming) -> None:
    spec = turn.program.tasks[task.task]
    form = turn.program.process.form_of(spec.form)
    allowed(turn, (spec.role,), None)
    _too_old(turn, turn.program.tolerance)
    _fill(turn, form, incoming)
    _forbidden(turn)
    done = replace(task, done=turn.at, actor=turn.actor.id)
    turn.tasks = [done if other.task == task.task else other for other in turn.tasks]
    turn.store(spec, form)
    take_up(turn)
    turn.triggers.append(task.task)
    waiting = any(other.done is None for other in turn.tasks)
    if waiting or not turn.fire(ALL_DONE):
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


def _after_lapse(turn: Turn, before: dict[str, object]) -> None:
    """What is recorded after a lapse outlasts its undoing; a case that has moved on keeps it."""
    if turn.entered:
        turn.lapse = None
    outlast(turn, before)


# --- answers of service tasks ---------------------------------------------------------------


def _answers(turn: Turn, incoming: Incoming) -> bool:
    """Whether this answers the service task of the present state."""
    called = turn.program.process.states[turn.state].call
    return called is not None and incoming.name in CALL_EVENTS


def _answer(turn: Turn, incoming: Incoming) -> Incoming:
    """The answer, from the engine and to the call that is awaited; else it is refused. An output
    that is not what the computation declares is a failure."""
    known = [turn.calling] if incoming.name == "done" else [turn.calling, f"{turn.calling}/failed"]
    if not turn.calling or incoming.id not in known or incoming.actor != engine(turn.case.id):
        raise _impossible(turn, incoming)
    turn.wait_no_longer()
    if incoming.name != "done":
        return incoming
    try:
        check(turn.program.items(turn.program.event_form(turn.state, "done")), incoming.data)
    except DataInvalid as error:
        turn.name = "failed"
        said = {"code": "output_invalid", "detail": str(error)[:MAX_DETAIL]}
        return replace(incoming, name=turn.name, data=said)
    return incoming


# --- refusals -------------------------------------------------------------------------------


def allowed(turn: Turn, by: tuple[str, ...] | None, processes: tuple[str, ...] | None) -> None:
    """Refuse a sender who has none of these roles and is no case of these processes."""
    if by is None and processes is None:
        return
    known = (*(by or ()), *(f"process:{name}" for name in processes or ()))
    if "anyone" in known or set(known) & set(turn.actor.roles):
        return
    raise IllegalEvent("role_not_allowed", detail=f"needs {', '.join(known)}", by=list(known))


def checked(turn: Turn, checks: Sequence[Check], form: Form) -> None:
    """Refuse with the words of the first condition that does not hold."""
    for one in checks:
        if not turn.holds(one.when, form):
            raise IllegalEvent("guard_refused", detail=turn.name, text=one.refuse)


def _impossible(turn: Turn, incoming: Incoming) -> IllegalEvent:
    possible = turn.possible()
    known = turn.program.knows_event(incoming.name)
    return IllegalEvent(
        "not_allowed_here" if known else "unknown_event",
        detail=f"cannot '{incoming.name}' in '{turn.state}'; possible: {', '.join(possible)}",
        state=turn.state,
        possible=possible,
    )


def _forbidden(turn: Turn) -> None:
    for rule in turn.program.process.forbid:
        if turn.name not in rule.unless and turn.holds(rule.when, None):
            raise IllegalEvent("forbidden", text=rule.refuse)


def _too_old(turn: Turn, tolerance: int) -> None:
    # What another case tells was decided there in time, however long its way was.
    if turn.now - turn.at > tolerance and not is_case(turn.actor):
        raise IllegalEvent("too_old", at=turn.at, tolerance=tolerance)


def _fill(turn: Turn, form: Form, incoming: Incoming) -> None:
    """Check the event's data and store what the form says belongs to the case."""
    try:
        turn.event = check(turn.program.items(form), incoming.data)
    except DataInvalid as error:
        raise invalid(error) from None
    for name, field in form.items():
        if isinstance(field, str) and name in turn.event:
            turn.data[name] = turn.event[name]


def invalid(error: DataInvalid) -> IllegalEvent:
    """The refusal that lists every fault of the data."""
    listed = [
        {"field": e.field, "code": e.code, "zh": e.message.zh, "en": e.message.en}
        for e in error.errors
    ]
    detail = "; ".join(f"{e['field']}: {e['en']}" for e in listed)
    refusal = IllegalEvent("data_invalid", detail=detail, errors=listed)
    refusal.code = error.code
    return refusal


def take_up(turn: Turn) -> None:
    """Whoever of the owning role acts first takes the case and stays responsible for it."""
    if not turn.owner and turn.owner_role in turn.actor.roles:
        turn.owner = turn.actor.id
