"""What passes between cases: a request as the event that arrives, and what becomes of one that
cannot be delivered.

What it is: the rules that every shell shares, for it is the shell that finds a case to be absent,
to have ended, or to refuse. A refused message leaves a row on both sides.
What it is not: delivery.
Who may import it: the shells (durable, rehearsal) and the tests.

A shell that delivers a `Tell`: opens the target with `opening` if it is absent and `start` allows
it, then decides `message` there. If that raises `IllegalEvent`, it takes `refused_message` at the
receiver and `undelivered` at the sender. Both are remembered under their event's id, so that doing
it again changes nothing; a message that is answered as a duplicate may have been refused the first
time, which `refusal_of` says.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from definitions.forms import start_items
from definitions.model import Item
from definitions.problems import DuecourseError
from definitions.sending import as_payload, message_items
from workflows.core.case import Case, Incoming, engine, messenger
from workflows.core.decide import Decision, decide, decided, repeated, unchanged
from workflows.core.effects import Compute, OpenCase, RowKind, Tell
from workflows.core.errors import IllegalEvent
from workflows.core.lapses import too_late
from workflows.core.links import Links, with_undelivered
from workflows.core.program import Program
from workflows.core.settle import settle
from workflows.core.turn import Turn

MAX_SAID = 500
"""Characters of a reason that a row or an event keeps."""
ENDED = "case_ended"
ESSENTIAL = ("case", "seq", "status", "state", "ended")
"""What the answer to a message that is refused says beside the reason, which may be long."""


# --- a request as what arrives --------------------------------------------------------------


def opening(program: Program, request: OpenCase | Tell) -> Incoming | None:
    """How a case opens that another one asks for, or tells something while it is absent; None if
    the one that tells does not open it. `program` is the receiver's."""
    items = start_items(program.process)
    if isinstance(request, OpenCase):
        actor = replace(engine(request.origin), id=request.actor)
        return Incoming("start", request.key, actor, _written(items, request.data), request.at)
    if request.start is None:
        return None
    data = _written(items, request.start)
    return Incoming("start", f"{request.key}/start", engine(request.origin), data, request.at)


def message(program: Program, tell: Tell) -> Incoming:
    """What a case is told by another one. `program` is the receiver's."""
    data = _written(message_items(program.process, tell.event), tell.data)
    return Incoming(tell.event, tell.key, messenger(tell.origin), data, tell.at)


def answer(program: Program, compute: Compute, output: Mapping[str, Any]) -> Incoming:
    """The answer of a service task. `program` is that of the case that waits."""
    items = program.process.computations[compute.computation].output
    actor = engine(compute.origin)
    return Incoming("done", compute.key, actor, as_payload(items, output))


def failure(compute: Compute, error: DuecourseError) -> Incoming:
    """What the case that waits for a service task is told if there is no answer."""
    data = {"code": error.code[:MAX_SAID], "detail": error.message[:MAX_SAID]}
    return Incoming("failed", f"{compute.key}/failed", engine(compute.origin), data)


def _written(items: Mapping[str, Item], data: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a sender writes them. Of a record only what the receiver's list has: two processes
    may know more of a thing than they tell each other."""
    return as_payload(items, {name: _known(items.get(name), v) for name, v in data.items()})


def _known(item: Item | None, value: Any) -> Any:
    if item is None or not item.fields or not isinstance(value, list):
        return value
    return [
        {name: one[name] for name in item.fields if name in one} if isinstance(one, dict) else one
        for one in value
    ]


# --- what could not be delivered ------------------------------------------------------------


def refused_message(
    program: Program, case: Case, incoming: Incoming, error: IllegalEvent, now: int
) -> Decision:
    """The row with which the receiver notes what it refused: `refused`, or `undelivered` for a case
    that had ended (`late_rejected` if a lapse ended it before which this was possible). Its answer
    holds `refused`: the code and the message of the error."""
    known = repeated(program, case, incoming, now)
    if known is not None:
        return known
    turn = _at(program, case, now, incoming)
    kind: RowKind = "undelivered" if error.code == ENDED else "refused"
    lapsed = too_late(program, case, incoming.name) if error.code == ENDED else None
    said = _said(error.code, error.message)
    turn.row(
        kind if lapsed is None else "late_rejected",
        incoming.name,
        event_id=incoming.id,
        actor=incoming.actor.id,
        roles=incoming.actor.roles,
        data={**said, "from": incoming.actor.id},
        clock="" if lapsed is None else lapsed.clock,
        cycle=0 if lapsed is None else lapsed.n,
    )
    decision = decided(turn, incoming, now, "refused")
    return _answered(decision, {"refused": said})


def refusal_of(decision: Decision) -> tuple[str, str] | None:
    """Code and message of the refusal that a duplicate was answered with; None if it was taken."""
    refused = decision.answer.get("refused")
    return None if refused is None else (refused["code"], refused["message"])


def undelivered(
    program: Program, case: Case, request: OpenCase | Tell, code: str, why: str, now: int
) -> Decision:
    """What the sender makes of a request that came to nothing: a row `undelivered`, and the event
    that the link names for it, carried out or itself refused. A case that has ended goes on for
    this event, and ends again if nothing else is open. `program` is the sender's."""
    identity = f"{request.key}/undelivered"
    if any(seen.event_id == identity for seen in case.seen):
        return unchanged(program, case, now, {"case": case.id, "seq": case.seq}, "duplicate")
    incoming = Incoming(request.undelivered or "undelivered", identity, engine(case.id))
    turn = _at(program, case, now, incoming)
    event = {"event": request.event} if isinstance(request, Tell) else {}
    turn.row(
        "undelivered",
        request.process,
        event_id=identity,
        data={
            "key": request.business_key,
            "link": request.link,
            **event,
            "code": code,
            "why": why[:MAX_SAID],
        },
    )
    turn.links, turn.links_gone = with_undelivered(Links(turn.links, turn.links_gone), request)
    if not request.undelivered:
        return decided(turn, incoming, now, "accepted")
    first = decided(turn, replace(incoming, id=""), now, "accepted")
    told = {"target": request.target, "code": code, "detail": why[:MAX_SAID]}
    form = _form(program, first.case.state, incoming.name)
    fitting = {name: told[name][: item.max_length] for name, item in form.items() if name in told}
    incoming = replace(incoming, data=fitting)
    # A case whose last word came to nothing has not ended: it takes that up first.
    living = replace(first.case, ended=None)
    try:
        second = decide(program, living, incoming, now)
    except IllegalEvent as error:
        second = refused_message(program, first.case, incoming, error, now)
    return replace(
        second,
        rows=(*first.rows, *second.rows),
        notices=(*first.notices, *second.notices),
        requests=(*first.requests, *second.requests),
    )


def _form(program: Program, state: str, name: str) -> Mapping[str, Item]:
    """What an event may say in a state, or anywhere if it is not possible there."""
    event = program.events(state).get(name)
    return message_items(program.process, name) if event is None else program.items(event.form)


def _at(program: Program, case: Case, now: int, incoming: Incoming) -> Turn:
    """A turn on the case after what has become due."""
    now = max(now, case.settled)
    turn = Turn(program, case, now)
    if case.ended is None:
        settle(turn, now)
    turn.begin(now, incoming.name, incoming.actor)
    turn.event_id = incoming.id
    turn.before = tuple(turn.cycles)
    return turn


def _said(code: str, why: str) -> dict[str, Any]:
    return {"code": code, "message": why[:MAX_SAID]}


def _answered(decision: Decision, more: Mapping[str, Any]) -> Decision:
    """The decision with more in its answer, and in the answer that is remembered."""
    kept = {word: decision.answer[word] for word in ESSENTIAL if word in decision.answer}
    said = {**kept, **more}
    *earlier, last = decision.case.seen
    case = replace(decision.case, seen=(*earlier, replace(last, answer=said)))
    return replace(decision, case=case, answer=said)
