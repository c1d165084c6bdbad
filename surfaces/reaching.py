"""How one case reaches another: what its activities need to know about starts and messages.

What it is: from a request of the core to the arguments of a start, to those of a child, to the
argument of an event, and to the row in the journal of a case that has ended.
What it is not: the sending; the activities do that.
Who may import it: the composition.
"""

from typing import Any

from activities.case_links import Preparing
from activities.records import Records
from definitions.forms import start_items
from definitions.loader import Catalogue
from definitions.sending import as_payload, message_items
from workflows.attributes import to_plain
from workflows.core.case import Actor
from workflows.core.effects import OpenCase, Tell
from workflows.ended import LATE, message_after_end
from workflows.payloads import By, EventArgument, Start, adapter, rules_of, sendable
from workflows.starting import start_arguments


def preparing(
    catalogue: Catalogue, records: Records, task_queue: str, rehearsal: bool
) -> Preparing:
    """For one worker. Under `rehearsal` another case begins at the case time of the one that asks;
    else it lives in the present."""

    def arguments(opened: OpenCase, now: int) -> dict[str, Any]:
        process = catalogue[opened.process]
        return start_arguments(
            process,
            key=opened.business_key,
            data=as_payload(start_items(process), opened.data),
            actor=Actor(opened.actor or opened.origin, ("system",)),
            event_id=opened.key,
            now=now,
            occurred_at=opened.at,
            origin=opened.origin,
            clock_at=now if rehearsal else None,
        )

    def start(opened: OpenCase, now: int) -> dict[str, Any]:
        return {**arguments(opened, now), "task_queue": task_queue}

    def child(opened: OpenCase, now: int) -> dict[str, Any]:
        made = arguments(opened, now)
        said = adapter(Start).dump_python(made["args"][0], mode="json", exclude_defaults=True)
        attributes = to_plain(made["search_attributes"])
        return {"start": said, "attributes": attributes, "summary": made["static_summary"]}

    def argument(tell: Tell) -> EventArgument:
        data = as_payload(message_items(catalogue[tell.process], tell.event), tell.data)
        return sendable(EventArgument(tell.key, sender_of(tell), data, tell.at))

    async def after_end(tell: Tell, number: int, ended: int) -> str:
        return await _told_too_late(records, tell, argument(tell), number, ended)

    return Preparing(start, child, argument, after_end)


def sender_of(tell: Tell) -> By:
    """A case that speaks to another."""
    return By(tell.origin, (f"process:{tell.origin.partition(':')[0]}",))


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
