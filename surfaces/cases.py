"""Starting cases, sending events and finding cases again: what every surface does with them.

What it is: the one place that talks to Temporal and the records for a sender. A start or an event
carries an id and the instant at which it occurred; what nobody accepts in time is handed over as a
signal and answered 'queued', never 'done'.
What it is not: printing, or rules.
Who may import it: the surfaces.
"""

import asyncio
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final

from temporalio.client import (
    Client,
    WorkflowQueryFailedError,
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
from surfaces.late import late_rejected
from surfaces.ledger import Ledger, LedgerInvalid, says_the_same
from surfaces.rules import Rules
from surfaces.settings import Settings, TemporalUnavailable, connect, runtime
from workflows.core.case import Actor
from workflows.core.program import Program
from workflows.payloads import (
    BadPayload,
    By,
    EventArgument,
    check_key,
    instant,
    rules_of,
    sendable,
)
from workflows.starting import start_arguments

ACCEPT_SECONDS: Final = 5.0
RECENT: Final = 1000
"""Event ids that a case itself remembers."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


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
        imported: bool = False,
    ) -> dict[str, Any]:
        """Open a case, once for its key; one that runs or has ended is returned as it is.
        An `imported` one has run elsewhere since `occurred_at`: reminders of its past are not sent.

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
            imported=imported,
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

        An event that comes after the lapse that ended its case is written down as late_rejected.

        Raises `EventRefused`, `UnknownCase`, `BadPayload`, `TemporalUnavailable`, `NoAnswer`.
        """
        _check_case(case)
        _check_event(event)
        argument = EventArgument(
            id=event_id or new_event_id(),
            by=By(actor.id, actor.roles),
            data=dict(data),
            occurred_at=int(time.time()) if occurred_at is None else occurred_at,
        )
        sendable(argument)
        instant(argument.occurred_at)
        if event_id and (known := await self._long_known(case, event, argument)):
            return known
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
            return await self._queue(case, event, argument)
        except RPCError as error:
            # The case's task has failed: no worker accepts anything until it is mended.
            if error.status is RPCStatusCode.FAILED_PRECONDITION:
                return await self._queue(case, event, argument)
            return await self._after_the_end(case, event, argument, error)
        return answer

    async def _queue(self, case: str, event: str, argument: EventArgument) -> dict[str, Any]:
        """Hand an event over as a signal: delivered twice at the worst, and known by its id the
        second time."""
        handle = (await self.client()).get_workflow_handle(case)
        try:
            await handle.signal(event, argument)
        except RPCError as error:
            return await self._after_the_end(case, event, argument, error)
        return {"case": case, "status": "queued", "event_id": argument.id}

    async def program(self, case: str, number: int) -> Program | None:
        """The rules under which a case was opened, if the records have them."""
        process, _, key = case.partition(":")
        claim = await self.records.key(process, key, number)
        pinned = None if claim is None else await self.records.rules(claim.digest)
        return None if pinned is None else rules_of(pinned).program

    async def _after_the_end(
        self, case: str, event: str, argument: EventArgument, error: RPCError
    ) -> dict[str, Any]:
        """The answer for a case that does not run, if there is one; else its refusal."""
        refusal = await self._no_such(case, error)
        if refusal.code != "case_ended":
            raise refusal from error
        if (known := await self._long_known(case, event, argument, over=True)) is not None:
            return known
        if (ended := refusal.facts["ended"]) is not None:
            ledger = await self.ledger(case)
            late = await late_rejected(self.records, ledger, ended, event, argument)
            if late is not None:
                return late
        raise refusal from error

    async def _long_known(
        self, case: str, event: str, argument: EventArgument, over: bool = False
    ) -> dict[str, Any] | None:
        """The answer to an id that the case has forgotten, from the journal; whatever the journal
        has if the case is `over`. That it is, Temporal knows: the newest rows may be of a decision
        that was lost, and then the event must be sent again."""
        event_id = argument.id
        try:
            row = await self.records.read.event(case, event_id)
            view = await self.records.read.case(case) if row is not None else None
        except (RecordsUnavailable, RecordsOutdated):
            return None
        if row is None or view is None:
            return None
        forgotten = view["number"] != row["number"] or view["seq"] - row["seq"] >= RECENT
        if not forgotten and not over:
            return None
        program = await self.program(case, row["number"])
        if (row["name"], row["actor"]) != (event, argument.by.id) or not (
            program is None or says_the_same(program, row, argument.data)
        ):
            raise EventRefused(
                f"the id {event_id} was used for other content: {row['name']} by {row['actor']}",
                code="event_id_conflict",
                hint="give each event an id of its own",
            )
        return {"case": case, "seq": row["seq"], "status": "duplicate", "state": row["state"]}

    async def _no_such(self, case: str, error: RPCError) -> DuecourseError:
        """What it means that Temporal has no running case of this id."""
        if error.status is not RPCStatusCode.NOT_FOUND or error.message.startswith("Namespace"):
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
        _check_case(case)
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
            raise await self._no_such(case, error) from error
        except WorkflowQueryFailedError as failed:
            raise NoAnswer(
                f"the case cannot tell: {failed}",
                hint="was it ever opened? see it in Temporal's UI",
            ) from failed
        problems = told.get("problems") or {}
        return told | {
            "problems": [{"code": code, "detail": said} for code, said in problems.items()]
        }

    async def ledger(self, case: str) -> Ledger:
        """A case's rules and journal. Raises `UnknownCase` or `RecordsUnavailable`."""
        _check_case(case)
        process, _, key = case.partition(":")
        claim = await self.records.key(process, key)
        if claim is None:
            raise UnknownCase(f"the records have no case '{case}'", hint="find it with `list`")
        pinned = await self.records.rules(claim.digest)
        if pinned is None:
            raise LedgerInvalid(
                f"the records have not kept the rules {claim.digest[:12]} of {case}",
                hint="they are kept at the opening: restore the database from a backup",
            )
        rows: list[dict[str, Any]] = []
        while True:
            after = rows[-1]["seq"] if rows else -1
            more = await self.records.read.journal(case, claim.number, after)
            rows += more
            if not more:
                return Ledger(case, claim.number, pinned, tuple(rows))


def _check_case(case: str) -> None:
    """Only what can be a case is asked for. Raises `UnknownCase`."""
    process, _, key = case.partition(":")
    try:
        check_key(key)
    except BadPayload:
        key = ""
    if not (key and _NAME.fullmatch(process)):
        raise UnknownCase(
            f"{case[:200]!r} names no case", hint="write process:key; find it with `list`"
        )


def _check_event(event: str) -> None:
    """Only what can be an event is sent: the name becomes that of an update. Raises
    `EventRefused`."""
    if not _NAME.fullmatch(event):
        raise EventRefused(
            f"no process has an event {event[:100]!r}",
            code="unknown_event",
            hint="`show CASE` lists those that are possible",
        )


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
        f"Temporal does not answer: {error.message}",
        hint="is the server there, and the namespace? see TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE",
    )
