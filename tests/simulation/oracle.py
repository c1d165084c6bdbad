"""The pure core as a judge: what a case must be, given what it was told and when.

What it is: the client's log says what was sent, the journal at which instants the shell decided;
the core decides the same again, and everything else must follow from that, row by row.
What it is not: a second engine; `decide`, `look` and `open_case` are the product's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workflows.core.case import Case, Incoming
from workflows.core.decide import Decision, decide, look, wakeup
from workflows.core.effects import Notify, OpenCase, Row
from workflows.core.errors import IllegalEvent
from workflows.core.program import Program
from workflows.core.view import view_of

SLACK = 45
"""Seconds of case time that a wake-up may be late: real seconds, in which faults are repaired."""

_TOLD = ("event", "late_rejected")
_SHELL = ("refused", "undelivered")


class Violation(AssertionError):
    """The shell did not keep its word."""


@dataclass
class Judged:
    """What the core made of it."""

    case: Case
    rows: list[Row] = field(default_factory=list)
    notices: list[Notify] = field(default_factory=list)
    opens: list[OpenCase] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """First answers by event id."""

    def take(self, decision: Decision) -> None:
        """Go on from what was decided."""
        self.case = decision.case
        self.rows += decision.rows
        self.notices += decision.notices
        self.opens += decision.opens


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
        _go_on(judged, _turns(program, judged.case, rest, sent), rest)
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
    case: Case,
    rest: Sequence[Mapping[str, Any]],
    sent: Mapping[str, Sequence[Incoming]],
) -> Iterator[Decision]:
    """What may have been the shell's next turn: the next event, what the shell itself had to say,
    or a look, for what came due in the same second may have been seen before the event came."""
    now = rest[0]["recorded"]
    cause = next((row for row in rest if row["recorded"] == now and _is_cause(row)), None)
    if cause is not None and cause["kind"] in _TOLD:
        yield from _told(program, case, cause, sent)
    if cause is not None and cause["kind"] not in _TOLD:
        yield _own_row(program, case, cause)
    yield look(program, case, now)


def _own_row(program: Program, case: Case, cause: Mapping[str, Any]) -> Decision:
    case = replace(case, seq=case.seq + 1)
    now = cause["recorded"]
    own = Row(
        case.seq,
        cause["kind"],
        cause["name"],
        now,
        now,
        event_id=cause["event_id"],
        actor=cause["actor"],
        data=cause["data"],
        state=case.state,
    )
    return Decision(case, (own,), (), (), view_of(program, case, now), {}, "settled")


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
            decision = decide(program, case, one, cause["recorded"], backlog=True)
        except IllegalEvent:
            continue  # sent twice with different instants, perhaps
        if decision.status != "duplicate":
            yield decision


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
