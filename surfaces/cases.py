"""Starting cases, sending events and finding cases again: what every surface does with them.

What it is: the one place that talks to Temporal and the records for a sender. A start or an event
carries an id and the instant at which it occurred; what nobody accepts in time is handed over as a
signal and answered 'queued', never 'done'.
What it is not: printing, or rules.
Who may import it: the surfaces.
"""

import asyncio
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final

from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.notices.templates import Places
from activities.records import Records
from activities.records.engine import RecordsOutdated, RecordsUnavailable
from definitions.problems import DuecourseError
from surfaces.errors import EventRefused, NoAnswer, UnknownCase
from surfaces.ledger import Ledger, LedgerInvalid
from surfaces.rules import Rules
from surfaces.settings import Settings, TemporalUnavailable, connect, runtime
from workflows.core.case import Actor
from workflows.payloads import By, EventArgument
from workflows.starting import start_arguments

ACCEPT_SECONDS: Final = 5.0
RECENT: Final = 1000
"""Event ids that a case itself remembers."""


def new_event_id() -> str:
    """An id for an event that came without one."""
    return str(uuid.uuid4())


class Cases:
    """The cases of one namespace and one database."""

    def __init__(self, settings: Settings, *, client: Client | None = None) -> None:
        self.settings = settings
        self.rules = Rules(settings.definitions)
        self.records = Records.open(settings.database_url)
        self._client = client

    async def __aenter__(self) -> "Cases":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.records.close()

    async def client(self) -> Client:
        """The connection, made when first needed. Raises `TemporalUnavailable`."""
        if self._client is None:
            self._client = await connect(runtime("OFF"))
        return self._client

    @property
    def places(self) -> Places:
        """Where a case's page in Temporal's UI is."""
        if self._client is not None:
            return Places(self.settings.ui_url, self._client.namespace)
        config = ClientConfig.load_client_connect_config()
        return Places(self.settings.ui_url, config.get("namespace") or "default")

    # --- changing ---------------------------------------------------------------------------

    async def start(
        self,
        process: str,
        key: str,
        data: Mapping[str, Any],
        actor: Actor,
        *,
        event_id: str = "",
        occurred_at: int | None = None,
    ) -> dict[str, Any]:
        """Open a case, once for its key; one that runs or has ended is returned as it is.

        Raises `IllegalEvent` if it may not be opened so, `BadPayload`, `UnknownProcess`,
        `TemporalUnavailable`.
        """
        arguments = start_arguments(
            self.rules[process].process,
            key=key,
            data=dict(data),
            actor=actor,
            event_id=event_id or new_event_id(),
            now=int(time.time()),
            occurred_at=occurred_at,
        )
        case = str(arguments["id"])
        if await self._claimed(process, key):
            return {"case": case, "status": "existing"}
        # Where a case runs already we want to know it.
        arguments["id_conflict_policy"] = WorkflowIDConflictPolicy.FAIL
        client = await self.client()
        try:
            handle = await client.start_workflow(**arguments, task_queue=self.settings.task_queue)
        except WorkflowAlreadyStartedError:
            return {"case": case, "status": "existing"}
        except RPCError as error:
            raise _unavailable(error) from error
        return {
            "case": case,
            "status": "opened",
            "event_id": arguments["args"][0].event_id,
            "run": handle.first_execution_run_id,
        }

    async def _claimed(self, process: str, key: str) -> bool:
        """Whether the records know the key; without records Temporal alone is asked."""
        try:
            return await self.records.key(process, key) is not None
        except (RecordsUnavailable, RecordsOutdated):
            return False

    async def send(
        self,
        case: str,
        event: str,
        data: Mapping[str, Any],
        actor: Actor,
        *,
        event_id: str = "",
        occurred_at: int | None = None,
    ) -> dict[str, Any]:
        """Send an event and give its answer; 'queued' if no worker takes it in time.

        Raises `EventRefused`, `UnknownCase`, `TemporalUnavailable`, `NoAnswer`.
        """
        if event_id and (known := await self._long_known(case, event, event_id)):
            return known
        argument = EventArgument(
            id=event_id or new_event_id(),
            by=By(actor.id, actor.roles),
            data=dict(data),
            occurred_at=int(time.time()) if occurred_at is None else occurred_at,
        )
        handle = (await self.client()).get_workflow_handle(case)
        try:
            accepted = await asyncio.wait_for(
                handle.start_update(
                    event,
                    argument,
                    wait_for_stage=WorkflowUpdateStage.ACCEPTED,
                    result_type=dict,
                ),
                ACCEPT_SECONDS,
            )
            answer: dict[str, Any] = await asyncio.wait_for(accepted.result(), ACCEPT_SECONDS * 6)
        except WorkflowUpdateFailedError as failed:
            raise _refused(failed) from failed
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            # Delivered twice at the worst, and known by its id the second time.
            try:
                await handle.signal(event, argument)
            except RPCError as error:
                raise await self._no_such(case, event_id, error) from error
            return {"case": case, "status": "queued", "event_id": argument.id}
        except RPCError as error:
            raise await self._no_such(case, event_id, error) from error
        return answer

    async def _long_known(self, case: str, event: str, event_id: str) -> dict[str, Any] | None:
        """The answer to an id that the case has forgotten, from the journal."""
        try:
            row = await self.records.read.event(case, event_id)
            view = await self.records.read.case(case) if row is not None else None
        except (RecordsUnavailable, RecordsOutdated):
            return None
        if row is None or view is None:
            return None
        forgotten = view["number"] != row["number"] or view["seq"] - row["seq"] >= RECENT
        if not forgotten and view["ended"] is None:
            return None
        if row["name"] != event:
            raise EventRefused(
                f"the id {event_id} belongs to the event '{row['name']}'",
                code="event_id_conflict",
                hint="give each event an id of its own",
            )
        return {"case": case, "seq": row["seq"], "status": "duplicate", "state": row["state"]}

    async def _no_such(self, case: str, event_id: str, error: RPCError) -> DuecourseError:
        """What it means that Temporal has no running case of this id."""
        if error.status is not RPCStatusCode.NOT_FOUND:
            return _unavailable(error)
        process, _, key = case.partition(":")
        try:
            claim = await self.records.key(process, key)
        except (RecordsUnavailable, RecordsOutdated):
            claim = None
        if claim is None:
            return UnknownCase(f"there is no case '{case}'", hint="find it with `list`")
        return EventRefused("the case has ended", code="case_ended", facts={"ended": claim.ended})

    # --- reading ----------------------------------------------------------------------------

    async def case(self, case: str) -> dict[str, Any]:
        """A case's view as the records have it, else as the case itself tells. Raises
        `UnknownCase`."""
        try:
            found = await self.records.read.case(case)
        except RecordsOutdated:
            found = None
        if found is not None:
            return found
        try:
            handle = (await self.client()).get_workflow_handle(case)
            told: dict[str, Any] = await handle.query("view", result_type=dict)
        except RPCError as error:
            raise await self._no_such(case, "", error) from error
        problems = told.get("problems") or {}
        return told | {
            "problems": [{"code": code, "detail": said} for code, said in problems.items()]
        }

    async def ledger(self, case: str) -> Ledger:
        """A case's rules and journal. Raises `UnknownCase` or `RecordsUnavailable`."""
        process, _, key = case.partition(":")
        claim = await self.records.key(process, key)
        if claim is None:
            raise UnknownCase(f"the records have no case '{case}'", hint="find it with `list`")
        pinned = await self.records.rules(claim.digest)
        if pinned is None:
            raise LedgerInvalid(
                f"the records have not kept the rules {claim.digest[:12]} of {case}"
            )
        rows: list[dict[str, Any]] = []
        while True:
            after = rows[-1]["seq"] if rows else -1
            more = await self.records.read.journal(case, claim.number, after)
            rows += more
            if not more:
                return Ledger(case, claim.number, pinned, tuple(rows))


def _refused(failed: WorkflowUpdateFailedError) -> DuecourseError:
    cause = failed.cause
    if not isinstance(cause, ApplicationError):
        return NoAnswer(str(cause))
    told = cause.details[0] if cause.details and isinstance(cause.details[0], dict) else {}
    kind = NoAnswer if cause.type == "internal" else EventRefused
    return kind(
        str(told.get("message") or cause.message),
        code=cause.type or None,
        hint=str(told.get("hint") or ""),
        facts=told.get("facts") or {},
    )


def _unavailable(error: RPCError) -> DuecourseError:
    return TemporalUnavailable(
        f"Temporal does not answer: {error.message}", hint="is the server there? see TEMPORAL_*"
    )
