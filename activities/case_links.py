"""The activities that reach other cases: open one, prepare a child, tell one something.

What it is: starts and messages by the client, once for their key. A case that runs or has ended
under a key is left alone; what one that has ended was to be told is written into its journal.
What it is not: what a start or a message looks like, or the row for an ended case; those are given
by the composition. The shell keeps the order of what one case says to another.
Who may import it: the composition.

Every activity may run twice: keys, event ids and the records make that harmless.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import structlog
from temporalio import activity
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.records import Records
from activities.records.schema import HEARD_KINDS
from definitions.problems import DuecourseError
from workflows.core.effects import OpenCase, Tell

DELIVERED = frozenset({"event", "opened"})
"""Kinds of rows that a message led to if it was taken."""
INTERNAL = "internal"
NO_SUCH = "unknown_case"
ENDED = "case_ended"
LATE = "late_rejected"
SURE = 5
"""Attempts after which a case that cannot be found has ended, whatever the records say."""

AT_ONCE = 4
"""Messages under way to one case. The server has ten updates of a case in hand, whoever sends them;
where one more comes it forgets those ten, all are sent again, and under a load that goes on for
ever. Several workers, and people, must have room beside this one."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Preparing:
    """What the composition knows about starts and messages. Each raises `DuecourseError` where a
    request can never be carried out."""

    start: Callable[[OpenCase | Tell, int], Mapping[str, Any] | None]
    """What `client.start_workflow` needs for a case that is asked for at a case time; None for one
    that is only to be told something."""
    child: Callable[[OpenCase, int], Mapping[str, Any]]
    """The same for a child: `start`, `attributes`, `summary`, plain."""
    argument: Callable[[Tell], Any]
    """The one argument of the event."""
    after_end: Callable[[Tell, int, int], Awaitable[str]]
    """Write down at case, number what came after the end (at an instant); `late_rejected` or
    `ended`. Takes the message, the number and when it ended."""


class LinkActivities:
    """Give `all` to the worker."""

    def __init__(self, client: Client, records: Records, preparing: Preparing) -> None:
        self._client = client
        self._records = records
        self._preparing = preparing
        self._gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Every activity."""
        return [self.open_case, self.prepare_child, self.tell_case]

    # --- opening ----------------------------------------------------------------------------

    @activity.defn(name="open_case")
    async def open_case(self, opened: OpenCase, now: int) -> dict[str, Any]:
        """`result`: opened, or exists. A case that this very request has opened before counts as
        opened."""
        try:
            arguments = self._preparing.start(opened, now)
        except DuecourseError as error:
            raise _never(error) from error
        if (known := await self._known(opened)) is not None:
            return {"result": known}
        # Where somebody else's case runs, we want to know it.
        policy = {"id_conflict_policy": WorkflowIDConflictPolicy.FAIL}
        try:
            await self._client.start_workflow(**{**(arguments or {}), **policy})
        except WorkflowAlreadyStartedError:
            log.info("link.exists", case=opened.target, origin=opened.origin)
            return {"result": "exists"}
        return {"result": "opened"}

    @activity.defn(name="prepare_child")
    async def prepare_child(self, opened: OpenCase, now: int) -> dict[str, Any]:
        """`result`: ready, with the start as the shell gives it to a child; or opened, exists."""
        try:
            prepared = self._preparing.child(opened, now)
        except DuecourseError as error:
            raise _never(error) from error
        if (known := await self._known(opened)) is not None:
            return {"result": known}
        return {"result": "ready", **prepared}

    async def _known(self, opened: OpenCase) -> str | None:
        # The records know keys for longer than Temporal does.
        owner = await self._records.key(opened.process, opened.business_key)
        if owner is None:
            return None
        return "opened" if owner.origin == opened.origin else "exists"

    # --- telling ----------------------------------------------------------------------------

    @activity.defn(name="tell_case")
    async def tell_case(self, tell: Tell, now: int) -> dict[str, Any]:
        """`result`: accepted or duplicate; or refused, late_rejected, ended or unknown_case, with
        code and message. Anything else is tried again."""
        # Whether it has ended only Temporal knows: records may be of a decision that was lost.
        owner = await self._records.key(tell.process, tell.business_key)
        try:
            argument = self._preparing.argument(tell)
            start = None if owner is not None else self._preparing.start(tell, now)
        except DuecourseError as error:
            return _undelivered("refused", error.code, error.message)
        if start is not None:
            await self._start(tell, start)
        gate = self._gates.setdefault(tell.target, asyncio.Semaphore(AT_ONCE))
        async with gate:
            return await self._send(tell, argument)

    async def _send(self, tell: Tell, argument: Any) -> dict[str, Any]:
        # Tried again, an activity asks for the same update; another one asks anew, for what was
        # refused once may be accepted later. The event's own id is what the case remembers.
        info = activity.info()
        update = f"{tell.key}#{info.workflow_run_id}/{info.activity_id}"
        handle = self._client.get_workflow_handle(tell.target)
        try:
            answer: dict[str, Any] = await handle.execute_update(
                tell.event, argument, id=update, result_type=dict
            )
        except WorkflowUpdateFailedError as failed:
            return _failed(failed)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return await self._after_end(tell)
        # The same message again is a duplicate, and may have been refused the first time.
        if (refused := answer.get("refused")) is not None:
            result = "ended" if refused["code"] == ENDED else "refused"
            return _undelivered(result, refused["code"], refused["message"])
        if (status := str(answer["status"])) == LATE:
            return _undelivered(LATE, LATE, "it came after a lapse")
        return {"result": status}

    async def _start(self, tell: Tell, arguments: Mapping[str, Any]) -> None:
        """Open the case that is to be told; one that is there is just as well."""
        try:
            await self._client.start_workflow(**arguments)
        except WorkflowAlreadyStartedError:
            log.info("link.ended", case=tell.target, origin=tell.origin)

    async def _after_end(self, tell: Tell) -> dict[str, Any]:
        """The answer where nobody lives: a row in the journal of the case that was."""
        owner = await self._records.key(tell.process, tell.business_key)
        if owner is None:
            return _undelivered(NO_SUCH, NO_SUCH, f"there is no such case: {tell.target}")
        row = await self._records.read.event(owner.case, tell.key, kinds=HEARD_KINDS)
        if row is not None and (heard := _heard(row)) is not None:
            return heard
        if owner.ended is None and activity.info().attempt < SURE:
            # It may be between two runs, or its last row not written yet.
            raise ApplicationError(f"{owner.case} cannot be reached", type="unreachable")
        ended = tell.at if owner.ended is None else owner.ended
        result = await self._preparing.after_end(tell, owner.number, ended)
        return _undelivered(result, ENDED, "the case has ended")


def _heard(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The answer that was given once, while the case lived; None if it was none of its own."""
    said = row["data"]
    match row["kind"]:
        case "refused":
            return _undelivered("refused", said["code"], said["message"])
        case kind if kind in DELIVERED:
            return {"result": "duplicate"}
        case _:
            return None


def _failed(failed: WorkflowUpdateFailedError) -> dict[str, Any]:
    cause = failed.cause
    if not isinstance(cause, ApplicationError) or cause.type == INTERNAL:
        raise ApplicationError(str(cause)[:500], type="not_taken") from failed
    return _undelivered("refused", cause.type or "refused", cause.message)


def _undelivered(result: str, code: str, message: str) -> dict[str, Any]:
    return {"result": result, "code": code, "message": message[:500]}


def _never(error: DuecourseError) -> ApplicationError:
    return ApplicationError(
        error.message[:500], error.to_json(), type=error.code, non_retryable=True
    )
