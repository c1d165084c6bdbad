"""The pure core as a judge: what a case must be, given what it was told and when.

What it is: the client's log says what was sent, and what other cases say is what the core made
them say; the journal tells at which instants the shell decided. The core decides the same again,
and everything else must follow from that, row by row.
What it is not: a second engine; `decide`, `look` and `open_case` are the product's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from activities.computations import COMPUTATIONS
from definitions.problems import DuecourseError
from workflows.core.case import Case, Incoming, is_case
from workflows.core.decide import Decision, decide, look, wakeup
from workflows.core.effects import Compute, Notify, OpenCase, Request, Row, Tell
from workflows.core.errors import IllegalEvent
from workflows.core.messages import answer, failure, refused_message, undelivered
from workflows.core.program import Program
from workflows.core.view import view_of
from workflows.ended import message_after_end
from workflows.payloads import By, EventArgument
from workflows.requesting import Unanswered

SLACK = 45
"""Seconds of case time that a wake-up may be late: real seconds, in which faults are repaired."""

_TOLD = ("event", "late_rejected")
_SHELL = ("refused", "undelivered")
INJECTED = "unavailable"
"""Code of a computation that failed because the test let it: five times, one after the other."""


class Violation(AssertionError):
    """The shell did not keep its word."""


@dataclass
class Judged:
    """What the core made of it."""

    case: Case
    rows: list[Row] = field(default_factory=list)
    notices: list[Notify] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    """Why a request came to nothing (its code), by its key."""
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """First answers by event id."""

    def take(self, decision: Decision) -> None:
        """Go on from what was decided."""
        self.case = decision.case
        self.rows += decision.rows
        self.notices += decision.notices
        self.requests += decision.requests
        for row in decision.rows:
            if row.kind == "undelivered" and "link" in row.data:
                self.lost[row.event_id.removesuffix("/undelivered")] = row.data["code"]


def judge(
    program: Program,
    opening: Decision,
    journal: Sequence[Mapping[str, Any]],
    sent: Mapping[str, Sequence[Incoming]],
    slack: int = SLACK,
) -> Judged:
    """Decide again, at the instants of the journal, the events that it has, as they were sent."""
    if (difference := _difference(opening.rows, journal)) is not None:
        raise Violation(f"the opening: {difference}")
    judged = Judged(opening.case)
    judged.take(opening)
    judged.answers[opening.case.seen[0].event_id] = opening.answer
    while len(judged.rows) < len(journal):
        rest = journal[len(judged.rows) :]
        ring = wakeup(program, judged.case)
        if ring is not None:
            # What an event of the past brought about is seen after that event.
            late = rest[0]["recorded"] - max(ring, judged.rows[-1].recorded)
            if late > slack:
                raise Violation(f"{late} s late: {_short(rest[0])}")
        _go_on(judged, _turns(program, judged, journal, sent), rest)
    return judged


def _go_on(judged: Judged, turns: Iterator[Decision], rest: Sequence[Mapping[str, Any]]) -> None:
    """Take the turn that gives the next rows."""
    wrong: list[str] = []
    for turn in turns:
        if (difference := _difference(turn.rows, rest)) is None:
            judged.take(turn)
            told = next((row.event_id for row in turn.rows if row.kind in _TOLD), None)
            if told is not None:
                judged.answers[told] = turn.answer
            return
        wrong.append(difference)
    raise Violation(f"not what the core says: {'; or: '.join(wrong)}: {_short(rest[0])}")


def _turns(
    program: Program,
    judged: Judged,
    journal: Sequence[Mapping[str, Any]],
    sent: Mapping[str, Sequence[Incoming]],
) -> Iterator[Decision]:
    """What may have been the shell's next turn: the next event, what the shell itself had to say,
    or a look, for what came due in the same second may have been seen before the event came."""
    done = len(judged.rows)
    rest = journal[done:]
    now = rest[0]["recorded"]
    cause = next((row for row in rest if row["recorded"] == now and _is_cause(row)), None)
    if cause is not None:
        yield from _caused(program, judged, cause, sent)
    if judged.case.ended is None:
        yield look(program, judged.case, now)
    else:
        yield _after_end(program, judged.case, journal[:done], rest[0], sent)


def _caused(
    program: Program,
    judged: Judged,
    cause: Mapping[str, Any],
    sent: Mapping[str, Sequence[Incoming]],
) -> Iterator[Decision]:
    case, data = judged.case, cause["data"]
    if cause["kind"] == "undelivered" and "link" in data:
        yield _undelivered(program, judged, cause)
    elif cause["kind"] in _TOLD and cause["actor"] == case.id:
        yield from _answered(program, judged, cause)
    elif cause["kind"] in _TOLD or "from" in data:
        yield from _told(program, case, cause, sent)
    else:
        yield _own_row(program, case, cause)


def _undelivered(program: Program, judged: Judged, cause: Mapping[str, Any]) -> Decision:
    """What the case makes of a request of its own that came to nothing. Whether it did is the
    receiver's word, which is compared in the end."""
    key = cause["event_id"].removesuffix("/undelivered")
    for one in judged.requests:
        if isinstance(one, OpenCase | Tell) and one.key == key:
            code, why = cause["data"]["code"], cause["data"]["why"]
            return undelivered(program, judged.case, one, code, why, cause["recorded"])
    raise Violation(f"nobody asked for it: {_short(cause)}")


def _answered(program: Program, judged: Judged, cause: Mapping[str, Any]) -> Iterator[Decision]:
    """The answer of a computation, computed again."""
    key, now = cause["event_id"].removesuffix("/failed"), cause["recorded"]
    asked = [one for one in judged.requests if isinstance(one, Compute) and one.key == key]
    if not asked:
        raise Violation(f"nobody asked for it: {_short(cause)}")
    for request in asked:
        try:
            output = COMPUTATIONS.run(request.computation, request.input)
            incoming = answer(program, request, output)
        except DuecourseError as error:
            incoming = failure(request, Unanswered(error.message[:200], code=error.code))
        said = cause["data"]
        if cause["name"] == "failed" and said.get("code") == INJECTED:
            incoming = failure(request, Unanswered(said["detail"], code=said["code"]))
        recent = now - request.at <= program.tolerance
        incoming = replace(incoming, occurred=request.at if recent else None)
        yield decide(program, judged.case, incoming, now, backlog=True)


def _after_end(
    program: Program,
    case: Case,
    journal: Sequence[Mapping[str, Any]],
    row: Mapping[str, Any],
    sent: Mapping[str, Sequence[Incoming]],
) -> Decision:
    """What another case said when nobody lived there any more, as whoever came to say it noted."""
    for one in sent.get(row["event_id"], ()):
        by = By(one.actor.id, one.actor.roles)
        argument = EventArgument(one.id, by, one.data, one.occurred)
        noted = message_after_end(program, journal, one.name, argument, row["recorded"])
        return _alone(program, case, replace(noted, seq=row["seq"]))
    raise Violation(f"after the end: {_short(row)}")


def _own_row(program: Program, case: Case, cause: Mapping[str, Any]) -> Decision:
    now = cause["recorded"]
    own = Row(
        case.seq + 1,
        cause["kind"],
        cause["name"],
        now,
        now,
        event_id=cause["event_id"],
        actor=cause["actor"],
        data=cause["data"],
        state=case.state,
    )
    return _alone(program, replace(case, seq=case.seq + 1), own)


def _alone(program: Program, case: Case, row: Row) -> Decision:
    view = view_of(program, case, row.recorded)
    return Decision(case, (row,), (), (), view, {}, "settled")


def _told(
    program: Program,
    case: Case,
    cause: Mapping[str, Any],
    sent: Mapping[str, Sequence[Incoming]],
) -> Iterator[Decision]:
    """The event, in each of the forms in which it was sent under this id."""
    candidates = [
        one
        for one in sent.get(cause["event_id"], ())
        if (one.name, one.actor.id) == (cause["name"], cause["actor"])
    ]
    if not candidates:
        raise Violation(f"nobody sent it: {_short(cause)}")
    for one in candidates:
        try:
            decision = _decided(program, case, one, cause["recorded"])
        except IllegalEvent:
            continue  # sent twice with different instants, perhaps
        if decision.status != "duplicate":
            yield decision


def _decided(program: Program, case: Case, incoming: Incoming, now: int) -> Decision:
    """Of another case the refusal is written down, and nothing is too early."""
    if not is_case(incoming.actor):
        return decide(program, case, incoming, now, backlog=True)
    incoming = replace(incoming, occurred=max(incoming.occurred or 0, case.opened))
    try:
        return decide(program, case, incoming, now, backlog=True)
    except IllegalEvent as error:
        return refused_message(program, case, incoming, error, now)


def _is_cause(row: Mapping[str, Any]) -> bool:
    """Whether the row was written for somebody from outside, or by the shell itself."""
    by_shell = row["kind"] in _SHELL or (row["kind"] == "link" and "result" in row["data"])
    return by_shell or row["kind"] in _TOLD


_FIELDS = (
    *("seq", "kind", "name", "at", "recorded", "event_id", "actor", "state", "previous"),
    *("clock", "cycle", "level", "data"),
)


def _difference(made: Sequence[Row], kept: Sequence[Mapping[str, Any]]) -> str | None:
    """Why these rows are not the next ones of the journal; None if they are."""
    if not made:
        return "nothing happens now"
    if len(made) > len(kept):
        missing = [(row.seq, row.kind, row.name) for row in made[len(kept) :]]
        return f"the journal lacks {missing}"
    for row, there in zip(made, kept, strict=False):
        for name in _FIELDS:
            if getattr(row, name) != there[name]:
                return (
                    f"row {row.seq} ({row.kind} {row.name}): {name} is {there[name]!r}, "
                    f"the core says {getattr(row, name)!r}"
                )
    return None


def _short(row: Mapping[str, Any]) -> str:
    names = ("seq", "kind", "name", "at", "recorded", "event_id", "clock", "cycle", "level")
    return str({name: row[name] for name in names if row[name]})
