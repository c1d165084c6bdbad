"""The durable shell of a case: it waits for an event or the next wake-up, and asks the core.

What it is: one dynamic workflow for all processes. The workflow's type is the process, its id
`process:key`; its arguments are a readable start and the pinned rules. Events come as updates, or
as signals from senders that do not wait, by their own names. Validator and handler ask the same
`decide`; the handler applies what it says before its first await.
What it is not: rules (the core), work (the activities), or words (card, attributes).
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
from workflows.alarm import Alarm
from workflows.attributes import Values, changes, known, values
from workflows.card import RETRY, menu, timer_summary
from workflows.core.case import Case, Incoming
from workflows.core.decide import Decision, decide, look, open_case
from workflows.core.effects import Batch, CaseView, OpenCase, Row, RowKind
from workflows.core.view import view_of
from workflows.payloads import (
    BadPayload,
    Limits,
    Resumed,
    Rules,
    Start,
    adapter,
    application_error,
    case_id,
    instant,
    read_event,
    read_start,
    rules_of,
)
from workflows.performing import Performer

MAX_STATE: Final = 1024 * 1024
_WEIGH_FROM: Final = 512 * 1024
_ALWAYS_MORE: Final = 1024
METADATA_QUERY: Final = "__temporal_workflow_metadata"
REHEARSAL: Final = "duecourse-rehearsal"


class Rehearsal:
    """Whether this worker runs cases at other times than now; set once by the composition."""

    allowed = False


class Refused(DuecourseError):
    """A start that is refused: the caller's fault."""


@workflow.defn(dynamic=True)
class CaseWorkflow:
    """One run of one case."""

    @workflow.init
    def __init__(self, args: Sequence[RawValue]) -> None:
        self._refused: DuecourseError | None = None
        self._rules: Rules | None = None
        self._case: Case | None = None
        self._problems: dict[str, str] = {}
        self._refused_signals: set[str] = set()
        self._shift = 0
        self._updates = self._signals = self._weight = 0
        self._running = False
        self._alarm = Alarm()
        self._attributes: Values = known(workflow.info().typed_search_attributes)
        self._start = Start()
        self._performer = Performer(self, 1, None)
        workflow.set_query_handler(METADATA_QUERY, self._menu)
        try:
            self._begin(args)
        except DuecourseError as error:
            self._refused = error

    # --- beginning --------------------------------------------------------------------------

    def _begin(self, args: Sequence[RawValue]) -> None:
        self._start = start = read_start(args[0] if args else None)
        info = workflow.info()
        key = start.key or info.workflow_id.removeprefix(f"{info.workflow_type}:")
        if info.workflow_id != case_id(info.workflow_type, key):
            raise BadPayload(
                f"the workflow id is {info.workflow_id[:200]!r}",
                code="id_mismatch",
                hint=f"a case's workflow id is process:key, here {info.workflow_type}:{key}",
            )
        self._start = start = replace(start, key=key)
        if start.resumed is not None:
            self._shift = start.resumed.shift
        elif start.clock_at is not None:
            self._shift = self._shifted(start)
        if len(args) > 1:
            self._open(rules_of(args[1].payload.data))

    def _shifted(self, start: Start) -> int:
        """The case's time begins elsewhere: in rehearsals only, and a replay knows it from the
        history, whatever its worker allows."""
        if not workflow.unsafe.is_replaying() and not Rehearsal.allowed:
            allowed = False
        else:
            allowed = workflow.patched(REHEARSAL)
        if not allowed:
            raise Refused(
                "this worker gives cases no other time than now",
                code="clock_at_refused",
                hint="leave out clock_at, or start the worker with --rehearsal",
            )
        at = instant(start.clock_at)
        assert at is not None
        return at - int(workflow.now().timestamp())

    def _open(self, rules: Rules) -> None:
        """Open the case, or take up the one that another run has handed on."""
        process, start = rules.program.process, self._start
        info = workflow.info()
        if process.process != info.workflow_type:
            raise BadPayload(f"these rules are those of '{process.process}'", code="rules_mismatch")
        resumed = start.resumed
        if resumed is not None:
            self._rules, self._case = rules, resumed.case
            self._weight = len(adapter(Case).dump_json(resumed.case, exclude_defaults=True))
            self._performer = Performer(self, resumed.case.number, None)
            self._performer.failed_notices = list(resumed.notices)
            self._performer.failed_opens = list(resumed.opens)
            self._problems = dict(resumed.problems)
            return
        event_id = start.event_id or f"{info.workflow_id}/{start.number}/opened"
        incoming = Incoming(
            "opened", event_id, start.actor.actor, start.data, instant(start.occurred_at)
        )
        decision = open_case(
            rules.program,
            start.key,
            incoming,
            self.now(),
            start.number,
            start.origin,
            start.imported,
        )
        self._rules = rules
        opening = {
            "process": process.process,
            "version": process.version,
            "key": start.key,
            "digest": rules.digest,
            "origin": start.origin,
            "at": decision.case.opened,
            "claimant": info.first_execution_run_id,
        }
        self._performer = Performer(self, start.number, opening)
        self._performer.with_rules(rules.pinned)
        self._apply(decision)

    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> Any:
        """Until the case has ended; the last run answers with a small summary."""
        self._running = True
        if self._refused is None and self._case is None:
            await self._fetch_rules()
        if self._refused is not None or self._case is None:
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise application_error(self._refused or Refused("not opened", code="not_opened"))
        self._settle_down()
        while True:
            await workflow.wait_condition(self._has_work)
            if self._performer.fault is not None:
                raise self._performer.fault
            if self._performer.taken is not None:
                raise self._key_taken(self._performer.taken)
            if self._alarm.rang:
                self._alarm.taken()
                self._apply(look(self._program, self._case, self.now()), by_itself=True)
            elif self._case.ended is not None:
                return {
                    "case": self._case.id,
                    "number": self._case.number,
                    "state": self._case.state,
                    "seq": self._case.seq,
                    "problems": sorted(self._problems),
                }
            else:
                self._continue()

    async def _fetch_rules(self) -> None:
        process = workflow.info().workflow_type
        try:
            pinned = await workflow.execute_local_activity(
                "resolve_rules",
                process,
                result_type=bytes,
                schedule_to_close_timeout=timedelta(minutes=1),
                start_to_close_timeout=timedelta(seconds=5),
                retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=5)),
            )
            self._open(rules_of(pinned))
        except ActivityError as error:
            cause = error.cause
            code = cause.type if isinstance(cause, ApplicationError) else None
            self._refused = Refused(str(cause or error), code=code or "rules_unavailable")
        except DuecourseError as error:
            self._refused = error

    def _has_work(self) -> bool:
        assert self._case is not None
        if self._alarm.rang or self._performer.fault or self._performer.taken is not None:
            return True
        quiet = self._performer.idle and workflow.all_handlers_finished()
        return quiet and (self._case.ended is not None or self._is_full())

    def _is_full(self) -> bool:
        limits: Limits = self._start.limits
        return (
            workflow.info().get_current_history_length() >= limits.events
            or self._updates >= limits.updates
            or self._signals >= limits.signals
        )

    def _continue(self) -> None:
        """A quiet point: nothing is in flight, and the next run takes up the case as it is."""
        assert self._case is not None
        assert self._rules is not None
        start = replace(
            self._start,
            data={},
            clock_at=None,
            resumed=Resumed(
                self._case,
                self._shift,
                self._problems,
                tuple(self._performer.failed_notices),
                tuple(self._performer.failed_opens),
            ),
        )
        workflow.continue_as_new(args=[start, self._rules.pinned])

    def _key_taken(self, owner: dict[str, Any]) -> ApplicationError:
        return application_error(
            Refused(
                f"the key belongs to another case: {owner.get('case')} {owner.get('number')}",
                code="key_taken",
                hint="open the next number of this key, or another key",
                facts=owner,
            )
        )

    # --- events -----------------------------------------------------------------------------

    @workflow.update(dynamic=True)
    async def on_update(self, name: str, args: Sequence[RawValue]) -> dict[str, Any]:
        """Any event; the answer is the core's, at most 1 KB."""
        self._updates += 1
        try:
            await workflow.wait_condition(self._is_decided)
            if name == RETRY:
                return self._retry()
            incoming = self._incoming(name, args)
            decision = self._judge(incoming)
            self._accept(incoming, decision)
        except ApplicationError:
            raise
        except DuecourseError as error:
            raise application_error(error) from None
        except Exception as fault:  # any other error would leave the sender hanging
            workflow.logger.exception("event.fault")
            raise ApplicationError(
                f"{type(fault).__name__} in '{name}'", type="internal", non_retryable=True
            ) from fault
        return decision.answer

    @on_update.validator
    def check_update(self, name: str, args: Sequence[RawValue]) -> None:
        """A refusal here leaves no trace in the history."""
        try:
            if name == RETRY:
                return
            incoming = self._incoming(name, args)
            if self._is_decided():
                self._judge(incoming)
        except DuecourseError as error:
            raise application_error(error) from None

    @workflow.signal(dynamic=True)
    async def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """Any event; nobody waits, so a refusal is written down and shown as a problem."""
        self._signals += 1
        await workflow.wait_condition(self._is_decided)
        if self._refused is not None:
            return
        if name == RETRY:
            self._retry()
            return
        incoming: Incoming | None = None
        try:
            incoming = self._incoming(name, args)
            decision = self._judge(incoming)
            self._accept(incoming, decision)
        except DuecourseError as error:
            self._refuse_signal(name, incoming, error)

    def _is_decided(self) -> bool:
        return self._case is not None or self._refused is not None

    def _incoming(self, name: str, args: Sequence[RawValue]) -> Incoming:
        update = workflow.current_update_info()
        incoming = read_event(name, args, "" if update is None else update.id)
        return incoming if incoming.id else replace(incoming, id=str(workflow.uuid4()))

    def _judge(self, incoming: Incoming) -> Decision:
        if self._refused is not None or self._case is None:
            raise self._refused or Refused("not opened", code="not_opened")
        decision = decide(self._program, self._case, incoming, self.now())
        if self._weight > _WEIGH_FROM and decision.changed:
            size = len(adapter(Case).dump_json(decision.case, exclude_defaults=True))
            if size > MAX_STATE:
                raise Refused("the case holds too much", code="case_full", facts={"bytes": size})
        return decision

    def _accept(self, incoming: Incoming, decision: Decision) -> None:
        if decision.status == "duplicate":
            return
        if incoming.name in self._refused_signals:
            self._refused_signals.discard(incoming.name)
            if not self._refused_signals:
                self._problems.pop("refused_signal", None)
        self._apply(decision)

    def _refuse_signal(self, name: str, incoming: Incoming | None, error: DuecourseError) -> None:
        if len(self._refused_signals) < 100:
            self._refused_signals.add(name)
        self._problems["refused_signal"] = f"{name[:40]}: {error.code}"
        assert self._case is not None
        settled = look(self._program, self._case, self.now())
        actor = None if incoming is None else incoming.actor
        self._apply(
            self._with_row(
                settled,
                "refused",
                name[:200],
                {"code": error.code, "message": error.message[:500]},
                event_id="" if incoming is None else incoming.id,
                actor="" if actor is None else actor.id,
                roles=() if actor is None else actor.roles,
            )
        )

    def _retry(self) -> dict[str, Any]:
        if self._refused is not None or self._case is None:
            raise self._refused or Refused("not opened", code="not_opened")
        self._refused_signals.clear()
        count = self._performer.retry()
        self.problem("refused_signal", None)
        return {"case": self._case.id, "status": "accepted", "retried": count}

    # --- turns ------------------------------------------------------------------------------

    @property
    def _program(self) -> Any:
        assert self._rules is not None
        return self._rules.program

    def now(self) -> int:
        """Case time: whole seconds."""
        return int(workflow.now().timestamp()) + self._shift

    def _apply(self, decision: Decision, by_itself: bool = False) -> None:
        """Take over what was decided, and ask the world for its effects."""
        self._case = decision.case
        if decision.changed:
            self._weight += len(str(decision.rows)) + _ALWAYS_MORE
            batch = self._batch(decision.view, decision.rows, decision)
            self._performer.submit(batch, decision.notices, decision.opens)
        self._settle_down(decision.view, by_itself)

    def _settle_down(self, view: CaseView | None = None, by_itself: bool = False) -> None:
        """Show how the case stands, set the timer, start what is queued."""
        if not self._running and workflow.current_update_info() is None:
            return
        view = view or self._view()
        after = values(view, self._problems)
        if changed := changes(self._attributes, after):
            workflow.upsert_search_attributes(changed)
            self._attributes = after
        self._performer.begin(by_itself)
        rings = view.next_wakeup
        self._alarm.set(
            None if rings is None else rings - self._shift,
            lambda: timer_summary(view, self._roles, rings or 0),
        )

    def _batch(
        self, view: CaseView, rows: tuple[Row, ...], decision: Decision | None = None
    ) -> Batch:
        # That the records were behind is no longer so when this is written.
        problems = tuple(
            f"{code}: {detail}" for code, detail in self._problems.items() if code != "records"
        )
        return Batch(view.case, rows, decision.notices if decision else (), view, problems)

    def _with_row(
        self, decision: Decision, kind: RowKind, name: str, data: dict[str, Any], **more: Any
    ) -> Decision:
        """The decision with one more line of the journal, which the shell itself has to say."""
        case = replace(decision.case, seq=decision.case.seq + 1)
        now = self.now()
        row = Row(case.seq, kind, name, now, now, data=data, state=case.state, **more)
        view = replace(decision.view, seq=case.seq)
        return replace(decision, case=case, view=view, rows=(*decision.rows, row))

    # --- what the performer tells -------------------------------------------------------------

    def problem(self, code: str, detail: str | None) -> None:
        """Something is wrong with the case, or (None) no longer."""
        before = self._problems.get(code)
        if before == detail:
            return
        if detail is None:
            del self._problems[code]
        else:
            self._problems[code] = detail
        if self._case is None:
            return
        view = self._view()
        if code != "records":
            self._performer.submit(self._batch(view, ()))
        self._settle_down(view)

    def note_link(self, opened: OpenCase, result: str, detail: str) -> None:
        """What became of a case that was to be opened, if it is not simply open now."""
        assert self._case is not None
        kind: RowKind = "undelivered" if result == "undelivered" else "link"
        data = {"key": opened.business_key, "result": result} | ({"why": detail} if detail else {})
        settled = look(self._program, self._case, self.now())
        self._apply(self._with_row(settled, kind, opened.process, data))

    # --- what people see --------------------------------------------------------------------

    def _view(self) -> CaseView:
        assert self._case is not None
        return view_of(self._program, self._case, self.now())

    @property
    def _roles(self) -> dict[str, dict[str, str]]:
        roles = self._program.process.roles
        return {name: {"zh": role.title.zh, "en": role.title.en} for name, role in roles.items()}

    def _menu(self) -> dict[str, Any]:
        if self._case is None:
            return {"definition": {"type": workflow.info().workflow_type}}
        return menu(self._view(), self._problems, self._roles)

    @workflow.query
    def view(self) -> dict[str, Any]:
        """The case as lists and cards show it, and what is wrong with it."""
        if self._case is None:
            raise ApplicationError("the case is not open yet", type="not_opened")
        shown: dict[str, Any] = adapter(CaseView).dump_python(self._view(), mode="json")
        return shown | {"problems": dict(self._problems)}
