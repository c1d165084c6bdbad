"""How one case reaches another: what its activities need to know about starts and messages.

What it is: from a request of the core to the arguments of a start, to those of a child, to the
argument of an event, and to the row in the journal of a case that has ended.
What it is not: the sending; the activities do that.
Who may import it: the composition.
"""

from typing import Any

from activities.case_links import Preparing
from activities.records import Records
from definitions.loader import Catalogue
from workflows.attributes import to_plain
from workflows.core.case import engine
from workflows.core.effects import OpenCase, Tell
from workflows.core.messages import message, opening
from workflows.ended import LATE, message_after_end
from workflows.payloads import By, EventArgument, Start, adapter, rules_of, sendable
from workflows.starting import program_of, start_arguments


def preparing(
    catalogue: Catalogue, records: Records, task_queue: str, rehearsal: bool
) -> Preparing:
    """For one worker. Under `rehearsal` another case begins at the case time of the one that asks;
    else it lives in the present."""

    def arguments(asked: OpenCase | Tell, now: int) -> dict[str, Any] | None:
        process = catalogue[asked.process]
        incoming = opening(program_of(process), asked)
        if incoming is None:
            return None
        return start_arguments(
            process,
            key=asked.business_key,
            data=incoming.data,
            # What happens by itself is nobody's doing but the asking case's.
            actor=incoming.actor if incoming.actor.id else engine(asked.origin),
            event_id=incoming.id,
            now=now,
            occurred_at=incoming.occurred,
            origin=asked.origin,
            clock_at=now if rehearsal else None,
        )

    def start(asked: OpenCase | Tell, now: int) -> dict[str, Any] | None:
        made = arguments(asked, now)
        return None if made is None else {**made, "task_queue": task_queue}

    def child(opened: OpenCase, now: int) -> dict[str, Any]:
        made = arguments(opened, now) or {}
        said = adapter(Start).dump_python(made["args"][0], mode="json", exclude_defaults=True)
        attributes = to_plain(made["search_attributes"])
        return {"start": said, "attributes": attributes, "summary": made["static_summary"]}

    def argument(tell: Tell) -> EventArgument:
        said = message(program_of(catalogue[tell.process]), tell)
        sender = By(said.actor.id, said.actor.roles)
        return sendable(EventArgument(said.id, sender, said.data, said.occurred))

    async def after_end(tell: Tell, number: int, ended: int) -> str:
        return await _told_too_late(records, tell, argument(tell), number, ended)

    return Preparing(start, child, argument, after_end)


async def _told_too_late(
    records: Records, tell: Tell, argument: EventArgument, number: int, ended: int
) -> str:
    claim = await records.key(tell.process, tell.business_key, number)
    pinned = None if claim is None else await records.rules(claim.digest)
    journal: list[dict[str, Any]] = []
    while more := await records.read.journal(
        tell.target, number, journal[-1]["seq"] if journal else -1
    ):
        journal += more
    program = None if pinned is None else rules_of(pinned).program
    row = message_after_end(program, journal, tell.event, argument, max(tell.at, ended))
    await records.late_rejected(row, tell.target, number)
    return LATE if row.kind == LATE else "ended"
