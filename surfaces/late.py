"""An event for a case that a lapse has ended: late, and written down by whoever was to send it.

What it is: from the journal, whether a lapse ended the case, and whether the event was possible
before it; then the row that says so. A case that still lives does the same itself.
What it is not: the sending, or a way to move an ended case.
Who may import it: the surfaces.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from activities.records import Records
from surfaces.ledger import Ledger
from workflows.core.decide import SKEW
from workflows.core.effects import Row
from workflows.core.errors import IllegalEvent
from workflows.core.program import Program
from workflows.payloads import EventArgument, instant, rules_of

STATUS: Final = "late_rejected"


async def late_rejected(
    records: Records, ledger: Ledger, ended: int, event: str, argument: EventArgument
) -> dict[str, Any] | None:
    """The answer to an event that comes after the lapse that ended its case, and its row in the
    journal; None if no lapse ended it, or the event was not possible before either.

    Raises `IllegalEvent` for one that occurred before the case or in the future.
    """
    lapse = ending_lapse(ledger.journal)
    if lapse is None or not _was_possible(rules_of(ledger.pinned).program, lapse, ledger, event):
        return None
    now = max(int(time.time()), ended)
    occurred = instant(argument.occurred_at)
    at = now if occurred is None else occurred
    if at > now + SKEW:
        raise IllegalEvent("from_the_future", at=at, now=now)
    if at < min(row["at"] for row in ledger.journal if row["kind"] == "opened"):
        raise IllegalEvent("before_case", at=at)
    row = Row(
        seq=0,
        kind="late_rejected",
        name=event,
        at=min(at, now),
        recorded=now,
        event_id=argument.id,
        actor=argument.by.id,
        roles=argument.by.roles,
        data=argument.data,
        state=lapse["state"],
        clock=lapse["clock"],
        cycle=lapse["cycle"],
    )
    seq = await records.late_rejected(row, ledger.case, ledger.number)
    return {"case": ledger.case, "seq": seq, "status": STATUS, "state": row.state, "ended": True}


def ending_lapse(journal: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The lapse after which nothing moved the case any more, if it has ended."""
    found: Mapping[str, Any] | None = None
    ended = False
    for row in journal:
        match row["kind"]:
            case "lapse":
                found = row
            case "restored":
                found = None
            case "event" if row["previous"] not in ("", row["state"]):
                found = None
            case "ended":
                ended = True
    return found if ended else None


def _was_possible(program: Program, lapse: Mapping[str, Any], ledger: Ledger, event: str) -> bool:
    if event in program.events(lapse["state"]):
        return False
    before = lapse["previous"]
    if event in program.events(before):
        return True
    done = any(row["name"] == event and row["kind"] == "event" for row in ledger.journal)
    return event in program.process.states[before].tasks and not done
