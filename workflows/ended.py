"""What comes for a case that has ended, when nobody lives there who could be told.

What it is: the journal row that whoever was to deliver it writes: `late_rejected` if a lapse ended
the case and the event was possible before it, else (for a message of another case) `undelivered`.
A case that still lives does the same itself.
What it is not: the writing, or a way to move an ended case.
Who may import it: the surfaces and the composition.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from workflows.core.decide import SKEW
from workflows.core.effects import Row
from workflows.core.errors import IllegalEvent
from workflows.core.program import Program
from workflows.payloads import EventArgument, instant

LATE: Final = "late_rejected"
Journal = Sequence[Mapping[str, Any]]


def row_after_end(
    program: Program, journal: Journal, event: str, argument: EventArgument, now: int
) -> Row | None:
    """The row `late_rejected` for an event, without its number; None if no lapse ended the case,
    or the event was not possible before either. `now` is not before the end.

    Raises `IllegalEvent` for one that occurred before the case or in the future.
    """
    lapse = ending_lapse(journal)
    if lapse is None or not _was_possible(program, lapse, journal, event):
        return None
    occurred = instant(argument.occurred_at)
    at = now if occurred is None else occurred
    if at > now + SKEW:
        raise IllegalEvent("from_the_future", at=at, now=now)
    if at < min(row["at"] for row in journal if row["kind"] == "opened"):
        raise IllegalEvent("before_case", at=at)
    row = _row(event, argument, min(at, now), now)
    return replace(
        row,
        kind="late_rejected",
        data=argument.data,
        state=lapse["state"],
        clock=lapse["clock"],
        cycle=lapse["cycle"],
    )


def message_after_end(
    program: Program | None, journal: Journal, event: str, argument: EventArgument, now: int
) -> Row:
    """The row for what another case says to one that has ended; its rules may be lost."""
    late: Row | None = None
    if program is not None:
        with suppress(IllegalEvent):
            late = row_after_end(program, journal, event, argument, now)
    ended = IllegalEvent("case_ended")
    said = {"code": ended.code, "message": ended.message, "from": argument.by.id}
    if late is not None:
        return replace(late, data=said)
    at = instant(argument.occurred_at)
    row = _row(event, argument, now if at is None else min(at, now), now)
    return replace(row, data=said, state=journal[-1]["state"] if journal else "")


def _row(event: str, argument: EventArgument, at: int, now: int) -> Row:
    return Row(
        seq=0,
        kind="undelivered",
        name=event,
        at=at,
        recorded=now,
        event_id=argument.id,
        actor=argument.by.id,
        roles=argument.by.roles,
    )


def ending_lapse(journal: Journal) -> Mapping[str, Any] | None:
    """The lapse after which nothing moved the case any more, if it has ended."""
    found: Mapping[str, Any] | None = None
    ended = False
    for row in journal:
        match row["kind"]:
            case "lapse" if row["previous"]:
                found = row
            case "restored":
                found = None
            case "event" if row["previous"] not in ("", row["state"]):
                found = None
            case "ended":
                ended = True
    return found if ended else None


def _was_possible(program: Program, lapse: Mapping[str, Any], journal: Journal, event: str) -> bool:
    if event in program.events(lapse["state"]):
        return False
    before = lapse["previous"]
    if event in program.events(before):
        return True
    done = any(row["name"] == event and row["kind"] == "event" for row in journal)
    return event in program.process.states[before].tasks and not done
