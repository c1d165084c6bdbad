"""The durable shell of a case: it waits for an event or the next wake-up, and asks the core.

What it is: one dynamic workflow for all processes. The workflow's type is the process, its id
`process:key`; its arguments are a readable start and the pinned rules. Events come as updates, or
as signals from senders that do not wait, by their own names. Validator and handler ask the same
`decide`; the handler applies what it says before its first await.
What it is not: rules (the core), turns (`running`), work (the activities), or words (the card).
Who may import it: the worker and tests.

It runs unsandboxed: purity is held by our own checks (import contracts, banned clocks and chance),
and a sandbox with everything passed through costs half as much CPU again for a case, twice as much
for a replayed one. Everything is set up in `__init__`, since an update may be handled before `run`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from definitions.problems import DuecourseError
from workflows.card import RETRY
from workflows.core.case import Incoming
from workflows.payloads import (
    BadPayload,
    Rules,
    Start,
    case_id,
    from_a_case,
    instant,
    pinned_in,
    read_event,
    read_start,
    rules_argument,
    rules_of,
)
from workflows.refusals import application_error
from workflows.running import CaseRun

METADATA_QUERY: Final = "__temporal_workflow_metadata"
REHEARSAL: Final = "duecourse-rehearsal"


class Rehearsal:
    """Whether this worker runs cases at other times than now; set once by the composition."""

    allowed = False


class Refused(DuecourseError):
    """A start that is refused: the caller's fault, or the world's that cannot serve it."""


@workflow.defn(dynamic=True)
class CaseWorkflow:
    """One run of one case."""

    @workflow.init
    def __init__(self, args: Sequence[RawValue]) -> None:
        self._run: CaseRun | None = None
        self._refused: DuecourseError | None = None
        self._shift = 0
        self._updates = self._signals = 0
        self._quiet = self._full = False
        self._start = Start()
        workflow.set_query_handler(METADATA_QUERY, self._menu)
        try:
            self._start = self._started(args)
            if len(args) > 1:
                self._open(rules_of(pinned_in(args[1])))
        except DuecourseError as error:
            self._refused = error

    # --- beginning --------------------------------------------------------------------------

    def _started(self, args: Sequence[RawValue]) -> Start:
        info = workflow.info()
        start = read_start(args[0] if args else None, info.continued_run_id is not None)
        key = start.key or info.workflow_id.removeprefix(f"{info.workflow_type}:")
        if info.workflow_id != case_id(info.workflow_type, key):
            raise BadPayload(
                f"the workflow id is {info.workflow_id[:200]!r}",
                code="id_mismatch",
                hint=f"a case's workflow id is process:key, here {info.workflow_type}:{key}",
            )
        if start.resumed is not None:
            self._shift = start.resumed.shift
        elif start.clock_at is not None:
            self._shift = _shifted(start)
        return replace(start, key=key)

    def _open(self, rules: Rules) -> None:
        named = rules.program.process.process
        if named != workflow.info().workflow_type:
            raise BadPayload(f"these rules are those of '{named}'", code="rules_mismatch")
        self._run = CaseRun(rules, self._start, self._shift)

    async def _fetch_rules(self) -> None:
        try:
            pinned = await workflow.execute_local_activity(
                "resolve_rules",
                workflow.info().workflow_type,
                result_type=bytes,
                start_to_close_timeout=timedelta(seconds=5),
                schedule_to_close_timeout=timedelta(minutes=1),
                retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=5)),
            )
            self._open(rules_of(pinned))
        except ActivityError as error:
            cause = error.cause
            code = cause.type if isinstance(cause, ApplicationError) else None
            self._refused = Refused(str(cause or error), code=code or "rules_unavailable")
        except DuecourseError as error:
            self._refused = error

    # --- the life of a run ------------------------------------------------------------------

    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> Any:
        """Until the case has ended; the last run answers with a small summary."""
        if not self._is_decided():
            await self._fetch_rules()
        run = self._run
        if run is None:
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise application_error(self._not_open())
        run.go()
        while True:
            await workflow.wait_condition(lambda: self._has_work(run))
            if run.performer.fault is not None:
                raise run.performer.fault
            if run.performer.taken is not None:
                raise _key_taken(run.performer.taken)
            if run.alarm.rang or run.behind:
                run.look()
                self._full = self._is_full()
            elif run.case.ended is not None:
                return run.result()
            else:
                self._continue(run)

    def _has_work(self, run: CaseRun) -> bool:
        performer = run.performer
        if run.alarm.rang or run.behind:
            return True
        if performer.fault is not None or performer.taken is not None:
            return True
        # A quiet point: nothing is queued, in flight or being handled. Whether the run is full is
        # asked when something of the history has happened, never of itself: a refused update lets
        # conditions be checked too, and a replay knows nothing of it.
        quiet = performer.idle and workflow.all_handlers_finished()
        if quiet and not self._quiet:
            self._full = self._is_full()
        self._quiet = quiet
        return quiet and (run.case.ended is not None or self._full)

    def _is_full(self) -> bool:
        limits = self._start.limits
        return (
            workflow.info().get_current_history_length() >= limits.events
            or self._updates >= limits.updates
            or self._signals >= limits.signals
            or self._holds_time_back()
        )

    def _holds_time_back(self) -> bool:
        """In rehearsals a server skips no time of a run with children; they are not the next
        run's."""
        run = self._run
        return self._shift != 0 and run is not None and bool(run.performer.requests.children)

    def _continue(self, run: CaseRun) -> None:
        """The next run takes up the case as it is; its timer is made anew."""
        start = replace(self._start, data={}, clock_at=None, resumed=run.handed_on())
        rules = rules_argument(run.rules.pinned, run.rules.program.process)
        workflow.continue_as_new(args=[start, rules])

    # --- events -----------------------------------------------------------------------------

    @workflow.update(dynamic=True)
    async def on_update(self, name: str, args: Sequence[RawValue]) -> dict[str, Any]:
        """Any event; the answer is the core's, at most 1 KB."""
        self._updates += 1
        self._full = self._is_full()
        try:
            # To wait is to let others go first, so only where there is something to wait for.
            if not self._is_decided():
                await workflow.wait_condition(self._is_decided)
            run = self._opened()
            run.go()
            if name == RETRY:
                return run.retry()
            return _taken(run, _incoming(name, args))
        except DuecourseError as error:
            raise application_error(error) from None
        except Exception as fault:  # any other error would leave the sender hanging
            workflow.logger.exception("event.fault")
            said = f"{type(fault).__name__} in '{name}'"
            raise ApplicationError(said, type="internal", non_retryable=True) from fault

    @on_update.validator
    def check_update(self, name: str, args: Sequence[RawValue]) -> None:
        """A refusal here leaves no trace in the history. Before the case is open (it may wait for
        its rules) only the shape is checked; the rest is then the handler's. So is a message of
        another case, whose refusal is written down."""
        try:
            incoming = None if name == RETRY else _incoming(name, args)
            if incoming is not None and self._is_decided():
                run = self._opened()
                if not from_a_case(incoming.actor):
                    run.judge(incoming)
        except DuecourseError as error:
            raise application_error(error) from None

    @workflow.signal(dynamic=True)
    async def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """Any event; nobody waits, so a refusal is written down and shown as a problem."""
        self._signals += 1
        self._full = self._is_full()
        if not self._is_decided():
            await workflow.wait_condition(self._is_decided)
        run = self._run
        if run is None:
            return
        run.go()
        if name == RETRY:
            run.retry()
            return
        incoming: Incoming | None = None
        try:
            incoming = _incoming(name, args)
            _taken(run, incoming)
        except DuecourseError as error:
            run.refuse(name, incoming, error)

    def _is_decided(self) -> bool:
        return self._run is not None or self._refused is not None

    def _opened(self) -> CaseRun:
        if self._run is None:
            raise self._not_open()
        return self._run

    def _not_open(self) -> DuecourseError:
        return self._refused or Refused("the case is not open", code="not_opened")

    # --- what people see --------------------------------------------------------------------

    def _menu(self) -> dict[str, Any]:
        """Temporal's own metadata query. Its name is reserved, so this is the only place that
        answers it: the UI's menus and current details come from here."""
        if self._run is None:
            return {"definition": {"type": workflow.info().workflow_type}}
        return self._run.menu()

    @workflow.query
    def view(self) -> dict[str, Any]:
        """The case as lists and cards show it, and what is wrong with it."""
        if self._run is None:
            raise ApplicationError("the case is not open", type="not_opened")
        return self._run.shown()


def _taken(run: CaseRun, incoming: Incoming) -> dict[str, Any]:
    """The answer to an event. Raises `DuecourseError` if it is refused, but for a message."""
    if from_a_case(incoming.actor):
        return run.message(incoming)
    decision = run.judge(incoming)
    run.accept(incoming, decision)
    return decision.answer


def _shifted(start: Start) -> int:
    """The case's time begins elsewhere: in rehearsals only. A replay knows from the history that
    it was allowed, whatever its worker allows."""
    allowed = Rehearsal.allowed or workflow.unsafe.is_replaying()
    if not (allowed and workflow.patched(REHEARSAL)):
        raise Refused(
            "this worker gives cases no other time than now",
            code="clock_at_refused",
            hint="leave out clock_at, or start the worker with --rehearsal",
        )
    return (instant(start.clock_at) or 0) - int(workflow.now().timestamp())


def _incoming(name: str, args: Sequence[RawValue]) -> Incoming:
    """The event; without an id of its own it has its update's, or one that nobody else has."""
    update = workflow.current_update_info()
    incoming = read_event(name, args, "" if update is None else update.id)
    return incoming if incoming.id else replace(incoming, id=str(workflow.uuid4()))


def _key_taken(owner: dict[str, Any]) -> ApplicationError:
    said = f"the key belongs to another case: {owner.get('case')} {owner.get('number')}"
    hint = "open the next number of this key, or another key"
    return application_error(Refused(said, code="key_taken", hint=hint, facts=owner))
