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

from definitions.forms import DataInvalid, check
from workflows.core.case import Actor, Case, Incoming, Seen, Visit, is_case
from workflows.core.clocks import act
from workflows.core.effects import CaseView, Notify, Request, Row
from workflows.core.errors import IllegalEvent
from workflows.core.judge import allowed, apply, checked, invalid, take_up
from workflows.core.ladder import mark
from workflows.core.lapses import undo
from workflows.core.outward import flush
from workflows.core.plan import next_wakeup, plan
from workflows.core.program import NO_FIELDS, Program
from workflows.core.settle import finish, settle
from workflows.core.turn import Turn
from workflows.core.view import answer_of, view_of

SKEW = 60
"""Seconds by which a sender's clock may be ahead."""
MAX_SEEN = 1000
"""Event ids that a case remembers; older ones are in the journal."""
MAX_ANSWERS = 100
"""Answers that it remembers whole; of older ones only the essentials."""
ESSENTIALS = ("status", "state", "ended", "refused")

Status = Literal["accepted", "duplicate", "late_rejected", "refused", "settled"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The case afterwards, and what the world is asked to do."""

    case: Case
    rows: tuple[Row, ...]
    notices: tuple[Notify, ...]
    requests: tuple[Request, ...]
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
    backlog: bool = False,
) -> Decision:
    """Open a case. Its instant may be backdated; an `imported` one marks the rungs of its past
    instead of sending them. `backlog` leaves what became due since then to the next look, as in
    `decide`. Raises IllegalEvent if it may not be opened with these data."""
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
    allowed(turn, process.start.by, None)
    turn.data = _start_data(program, turn, incoming)
    turn.event = dict(turn.data)
    checked(turn, process.start.checks, NO_FIELDS)
    if process.start.when is not None and not turn.holds(process.start.when, NO_FIELDS):
        raise IllegalEvent("guard_refused", text=process.start.refuse)
    turn.take([process.start], NO_FIELDS)
    take_up(turn)
    spec = process.states[process.initial]
    turn.open_tasks()
    turn.await_call()
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
    flush(turn)
    if imported:
        _mark_past(turn, now)
    finish(turn)
    until = max(case.settled, at) if backlog and not imported else now
    settle(turn, until)
    return decided(turn, incoming, until, "accepted")


def decide(
    program: Program, case: Case, incoming: Incoming, now: int, backlog: bool = False
) -> Decision:
    """Judge an event. Raises IllegalEvent if it is refused; then nothing has changed.

    `backlog` says that more events are waiting, which may have occurred before now (after an
    outage, say): then only what was due when this one occurred is decided, and the rest is left to
    the next look, so that the outage changes nothing.
    """
    known = repeated(program, case, incoming, now)
    if known is not None:
        return known
    now = max(now, case.settled)
    at = _instant(incoming, now)
    if at < case.opened:
        if not is_case(incoming.actor):
            raise IllegalEvent("before_case", at=at, opened=case.opened)
        # Another case may have decided it before this one was opened by somebody else.
        at = case.opened
    turn = Turn(program, case, now)
    settle(turn, max(case.settled, at))
    if turn.lapse is not None and now >= turn.lapse.until:
        settle(turn, turn.lapse.until)
    if turn.ended is not None:
        raise IllegalEvent("case_ended", ended=turn.ended)
    turn.before = tuple(turn.cycles)
    until = max(case.settled, at) if backlog else now
    if turn.lapse is not None and undo(turn, incoming, at):
        return decided(turn, incoming, until, "late_rejected")
    turn.begin(at, incoming.name, incoming.actor)
    turn.event_id = incoming.id
    apply(turn, incoming)
    settle(turn, until)
    return decided(turn, incoming, until, "accepted")


def look(program: Program, case: Case, now: int, whole_second: bool = False) -> Decision:
    """Let time pass up to `now` (to the end of its second if `whole_second`)."""
    turn = Turn(program, case, now)
    settle(turn, now, whole_second)
    decision = unchanged(program, turn.done(now), now, {}, "settled")
    return replace(
        decision,
        rows=tuple(turn.rows),
        notices=tuple(turn.notices),
        requests=tuple(turn.requests),
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


def repeated(program: Program, case: Case, incoming: Incoming, now: int) -> Decision | None:
    """The first answer again, if the event's id is known; IllegalEvent `event_id_conflict` if it
    said something else then. An event without an id is always new. An answer that is older than
    the last `MAX_ANSWERS` comes without its clocks and events."""
    for seen in case.seen if incoming.id else ():
        if seen.event_id == incoming.id:
            if seen.digest != content_digest(incoming):
                raise IllegalEvent("event_id_conflict", detail=incoming.id)
            answer = {"case": case.id, "seq": seen.seq, **seen.answer}
            return unchanged(program, case, now, answer, "duplicate")
    return None


def content_digest(incoming: Incoming) -> str:
    """What an event says, in 16 hex digits: name, sender's id and data, whenever it arrives."""
    text = _CONTENT.encode([incoming.name, incoming.actor.id, incoming.data])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


_CONTENT = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=str)


def _start_data(program: Program, turn: Turn, incoming: Incoming) -> dict[str, Any]:
    fields = program.process.data
    try:
        data = check(program.start_items, incoming.data)
    except DataInvalid as error:
        raise invalid(error) from None
    for name, field in fields.items():
        if name not in data and field.default is not None:
            data[name] = field.default
    turn.data = data
    for name, field in fields.items():
        if name not in data and field.derive is not None:
            data[name] = program.decide_table(field.derive, turn.lookup)
    return data


def _mark_past(turn: Turn, now: int) -> None:
    for cycle in turn.open_cycles():
        for rung, at in plan(turn.program, cycle).rungs:
            if at is not None and at < now:
                cycle = mark(cycle, rung, at)
        turn.put(cycle)


# --- answering ------------------------------------------------------------------------------


def decided(turn: Turn, incoming: Incoming, now: int, status: Status) -> Decision:
    """The decision that a turn has come to, remembered under the event's id."""
    answer = answer_of(turn, status)
    if incoming.id:
        seen = Seen(incoming.id, content_digest(incoming), turn.seq, answer)
        turn.seen = _remembered(turn.seen, seen)
    case = turn.done(now)
    return Decision(
        case,
        tuple(turn.rows),
        tuple(turn.notices),
        tuple(turn.requests),
        view_of(turn.program, case, now),
        answer,
        status,
    )


def _remembered(known: tuple[Seen, ...], new: Seen) -> tuple[Seen, ...]:
    """Answers with one more; the one that is no longer among the last ones is cut down."""
    if len(known) >= MAX_ANSWERS:
        old = known[-MAX_ANSWERS]
        kept = {word: old.answer[word] for word in ESSENTIALS if word in old.answer}
        recent = known[len(known) - MAX_ANSWERS + 1 :]
        known = (*known[:-MAX_ANSWERS], replace(old, answer=kept), *recent)
    return (*known, new)[-MAX_SEEN:]


def unchanged(
    program: Program, case: Case, now: int, answer: dict[str, Any], status: Status
) -> Decision:
    """The decision that nothing is to be done."""
    return Decision(case, (), (), (), view_of(program, case, now), answer, status)


SYSTEM = Actor("system", ("system",))
"""The engine itself and other cases, as senders."""
