"""A world of cases on real Temporal: the same scenario, the same judging, the production shell.

What it is: the runner that plays a scenario against a real server whose time can be skipped, a real
worker and real records. All cases of the scenario advance in lock step: always to the earliest
next wake-up of any, then to the step's instant. What is judged comes from answers, from the cases'
own view and from the records; no core runs beside it.
What it is not: fast, or the present: a case's time begins at the instant the scenario names, and
the seconds that the machine itself needs pass in it too. That is why every event says when it
occurred.
Who may import it: the surfaces and the tests.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    suppress,
)
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from uuid import uuid4

from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from activities.notices.channels.console import Console
from activities.notices.directory import Directory
from activities.notices.notifier import Notifier
from activities.records import Records
from definitions.loader import Catalogue
from definitions.problems import DuecourseError
from surfaces.cases import Cases
from surfaces.rehearse import News, Outcome, Reply, rehearse
from surfaces.rules import Rules
from surfaces.scenario import Scenario
from surfaces.server import embedded_server
from surfaces.settings import Settings, connect, runtime
from worker import build_worker, register_attributes
from workflows.core.case import Incoming
from workflows.core.effects import CaseView, Notify, Row
from workflows.payloads import By, EventArgument, adapter
from workflows.starting import start_arguments

PATIENCE = 30.0
"""Seconds of the machine's own time within which a case has done what was asked of it."""
MARGIN = 0.8
TOO_FAR = 30.0
"""Seconds past the wanted instant at which the server's time skipping has gone wrong."""
A_MOMENT = 3.0
TRIES = 4
T = TypeVar("T")
MakeWorker = Callable[[Client], AbstractAsyncContextManager[Any]]
"""A worker for a client; a null context where one runs elsewhere."""


class NotInTime(DuecourseError):
    """The world's fault: a case did not settle in the machine's own time."""

    code = "rehearsal_stalled"


class Overshot(DuecourseError):
    """The world's fault: the server's time skipping, an experiment of its makers, ran past the
    wanted instant. The scenario has to be played again, in a fresh world."""

    code = "rehearsal_overshot"


@dataclass(slots=True)
class _Life:
    """A case being watched. Its time is the workflow's time plus `shift`."""

    handle: WorkflowHandle[Any, Any]
    shift: int
    rows: int = 0
    view: CaseView | None = None
    """As it stood when it was last quiet."""

    @property
    def ended(self) -> bool:
        return self.view is not None and self.view.ended is not None


class TemporalRunner:
    """The `Runner` of real Temporal. Its worker runs while the context lasts."""

    def __init__(
        self,
        cases: Cases,
        client: Client,
        rules: Rules,
        make_worker: MakeWorker,
        strict: bool = True,
    ) -> None:
        self.rules = rules
        self._cases = cases
        self._records = cases.records
        self._skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        self._make_worker = make_worker
        self._strict = strict
        self._worker: AbstractAsyncContextManager[Any] | None = None
        self._lives: dict[str, _Life] = {}
        self._told: set[str] = set()
        self._opened: list[str] = []
        self._troubles: list[str] = []

    async def __aenter__(self) -> "TemporalRunner":
        await self._work()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._rest()

    # --- what a scenario does ---------------------------------------------------------------

    async def start(self, process: str, key: str, event: Incoming, at: int) -> Reply:
        """Open a case whose time begins at `at`."""
        case = f"{process}:{key}"
        if case in self._lives:
            view = await self._quiet(case)
            return Reply({"case": case, "status": "existing", "state": view.state})
        try:
            arguments = start_arguments(
                self.rules[process].process,
                key=key,
                data=dict(event.data),
                actor=event.actor,
                event_id=event.id,
                now=at,
                occurred_at=at if event.occurred is None else event.occurred,
                clock_at=at,
            )
        except DuecourseError as refused:
            return Reply(refusal=refused.to_json())
        task_queue = self._cases.settings.task_queue
        handle = await self._skipper.client.start_workflow(**arguments, task_queue=task_queue)
        await self._watch(case, handle)
        view = await self._quiet(case)
        return Reply({"case": case, "seq": view.seq, "status": "accepted", "state": view.state})

    async def send(self, case: str, event: Incoming, at: int) -> Reply:
        """Send an event as an update; it says that it occurred at `at` if nothing else."""
        try:
            answer = await self._cases.send(
                case,
                event.name,
                event.data,
                event.actor,
                event_id=event.id,
                occurred_at=at if event.occurred is None else event.occurred,
            )
        except DuecourseError as refused:
            return Reply(refusal=refused.to_json())
        if case in self._lives:
            await self._quiet(case)
        return Reply(answer)

    async def pass_time(self, until: int, over: bool) -> None:
        """Advance every case in lock step."""
        target = until + 1 if over else until
        while (ring := await self._next()) is not None and ring[0] <= target:
            await self._ring(ring[1], ring[0])
        await asyncio.gather(
            *(self._skip(life, target) for life in self._lives.values() if not life.ended)
        )
        for case, life in list(self._lives.items()):
            if not life.ended:
                await self._quiet(case)
        while (ring := await self._next()) is not None and ring[0] <= target:
            await self._ring(ring[1], ring[0])

    async def outage(self, at: int, until: int, case: str, event: Incoming | None) -> Reply:
        """Stop the worker at `at`, leave the event waiting as a signal, and work again."""
        await self._rest()
        if event is not None:
            argument = EventArgument(
                id=event.id,
                by=By(event.actor.id, event.actor.roles),
                data=dict(event.data),
                occurred_at=at if event.occurred is None else event.occurred,
            )
            try:
                await self._lives[case].handle.signal(event.name, argument)
            except RPCError as gone:
                await self._work()
                return Reply(refusal={"code": "case_ended", "message": gone.message})
        else:
            # Timers ring while nobody listens; what waits for a worker holds the time back.
            with suppress(TimeoutError):
                async with asyncio.timeout(3):
                    await self.skip_all(until)
        await self._work()
        reply = Reply() if event is None else await self._signalled(case, event)
        await self.pass_time(until, over=event is None)
        return reply

    async def view(self, case: str) -> CaseView | None:
        """The case as it told itself when it was last quiet."""
        return self._lives[case].view if case in self._lives else None

    async def news(self) -> News:
        """Rows and notices that the records have and that were not told before."""
        rows: list[tuple[str, Row]] = []
        notices: list[Notify] = []
        done: set[str] = set()
        while fresh := [case for case in self._lives if case not in done]:
            await asyncio.gather(*map(self._quiet, fresh))
            done.update(fresh)
        for case, life in list(self._lives.items()):
            rows += [(case, row) for row in await self._rows(case, life)]
            notices += await self._notices(case)
        order = {case: place for place, case in enumerate(self._lives)}
        rows.sort(key=lambda pair: (pair[1].recorded, order[pair[0]], pair[1].seq))
        notices.sort(key=lambda notice: (notice.at, order[notice.case], notice.seq))
        opened, troubles = tuple(self._opened), tuple(self._troubles)
        self._opened, self._troubles = [], []
        return News(tuple(rows), tuple(notices), opened, troubles)

    async def skip_all(self, until: int) -> None:
        """Advance every open case at once."""
        for life in self._lives.values():
            if not life.ended:
                await self._skip(life, until)

    # --- time -------------------------------------------------------------------------------

    async def _next(self) -> tuple[int, str] | None:
        rings: list[tuple[int, str]] = []
        for case, life in self._lives.items():
            view = life.view or await self._quiet(case)
            if view.ended is None and view.next_wakeup is not None:
                rings.append((view.next_wakeup, case))
        return min(rings, default=None)

    async def _ring(self, case: str, at: int) -> None:
        """Let one case reach its wake-up, and wait until it has decided on it."""
        life = self._lives[case]
        await self._skip(life, at)

        async def decided() -> bool:
            view = await self._view(case)
            return view.ended is not None or view.next_wakeup is None or view.next_wakeup > at

        await _until(decided, f"{case} does not wake up")
        await self._quiet(case)

    async def _skip(self, life: _Life, until: int) -> None:
        """Let one case's time run up to `until`. Raises `Overshot` if the server ran past it and
        this runner is strict."""
        target = until - life.shift
        ahead = target - await self._idle(life.handle)
        if ahead <= 0:
            return
        # A little more, so that the second has surely begun for the case as well.
        try:
            await self._skipper.fast_forward(life.handle, timedelta(seconds=ahead + MARGIN))
        except RPCError:
            described = await life.handle.describe()
            if described.close_time is None:
                raise
            return
        now = await self._skipper.get_current_time(life.handle)
        if self._strict and now.timestamp() > target + TOO_FAR:
            raise Overshot(f"time ran {now.timestamp() - target:.0f} s too far")

    async def _idle(self, handle: WorkflowHandle[Any, Any]) -> float:
        """The workflow's time once nothing of it is in flight: a skip that is asked for earlier
        may run on to the next timer. What waits for longer than a moment is left waiting."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + A_MOMENT
        while True:
            described = await handle.describe()
            raw = described.raw_description
            busy = raw.pending_activities or raw.HasField("pending_workflow_task")
            if not busy or self._worker is None or loop.time() > deadline:
                break
            await asyncio.sleep(0.03)
        return (await self._skipper.get_current_time(handle)).timestamp()

    # --- watching ---------------------------------------------------------------------------

    async def _watch(self, case: str, handle: WorkflowHandle[Any, Any]) -> None:
        """Find out how far a case's time is from its workflow's, and keep an eye on it."""
        await _until(lambda: self._answers(handle), f"{case} does not open")
        begins = 0
        async for event in handle.fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                start = event.workflow_execution_started_event_attributes.input.payloads[0]
                begins = int(json.loads(start.data)["clock_at"])
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
                # The shift is fixed in the first task, at the second in which that began.
                self._lives[case] = _Life(handle, begins - event.event_time.seconds)
                return

    async def _answers(self, handle: WorkflowHandle[Any, Any]) -> bool:
        try:
            await handle.query("view", result_type=dict)
        except Exception as early:  # not opened yet; anything else shows when time is up
            if "not open" not in str(getattr(early, "message", early)):
                raise
            return False
        return True

    async def _view(self, case: str) -> CaseView:
        told: dict[str, Any] = await self._lives[case].handle.query("view", result_type=dict)
        problems = told.pop("problems", {})
        view: CaseView = adapter(CaseView).validate_python(told)
        for code, detail in problems.items():
            trouble = f"{case}: {code}: {detail}"
            if trouble not in self._told and code != "records":
                self._told.add(trouble)
                self._troubles.append(trouble)
        return view

    async def _quiet(self, case: str) -> CaseView:
        """The case once its journal has all that it decided and what it opens is open."""

        async def written() -> CaseView | None:
            view = await self._view(case)
            kept = await self._records.read.case(case)
            return view if kept is not None and kept["seq"] >= view.seq else None

        view = await _until(written, f"the records of {case} stay behind")
        life = self._lives[case]
        if life.view is None or life.view.seq != view.seq:
            await self._links(case, view)
        life.view = view
        return view

    async def _links(self, case: str, view: CaseView) -> None:
        """Watch the cases that this one has opened."""
        for row in await self._records.read.journal(case, view.number):
            if row["kind"] != "link" or "link" not in row["data"]:
                continue
            target = f"{row['name']}:{row['data']['key']}"
            if target in self._lives:
                continue
            handle = self._skipper.client.get_workflow_handle(target)

            async def there(handle: WorkflowHandle[Any, Any] = handle) -> bool:
                with suppress(RPCError):
                    return await self._answers(handle)
                return False

            try:
                await _until(there, f"{target} is not opened")
            except NotInTime as stalled:
                self._troubles.append(stalled.message)
                continue
            await self._watch(target, handle)
            self._opened.append(target)

    async def _signalled(self, case: str, event: Incoming) -> Reply:
        """What became of an event that nobody waited for, from the journal."""
        view = await self._view(case)

        async def judged() -> dict[str, Any] | None:
            for row in await self._records.read.journal(case, view.number):
                if row["event_id"] == event.id:
                    return row
            return None

        row = await _until(judged, f"{case} does not judge '{event.name}'")
        if row["kind"] == "refused":
            return Reply(refusal={"code": row["data"]["code"], "message": row["data"]["message"]})
        status = "late_rejected" if row["kind"] == "late_rejected" else "accepted"
        return Reply({"case": case, "seq": row["seq"], "status": status, "state": row["state"]})

    # --- records ----------------------------------------------------------------------------

    async def _rows(self, case: str, life: _Life) -> list[Row]:
        assert life.view is not None
        kept = await self._records.read.journal(case, life.view.number, life.rows)
        fields = Row.__dataclass_fields__
        fresh: list[Row] = [
            adapter(Row).validate_python({k: v for k, v in row.items() if k in fields})
            for row in kept
        ]
        life.rows = max([life.rows, *(row.seq for row in fresh)])
        return fresh

    async def _notices(self, case: str) -> list[Notify]:
        fresh: list[Notify] = []
        for kept in await self._records.read.notices(case):
            if kept["key"] in self._told:
                continue
            self._told.add(kept["key"])
            known = {k: v for k, v in kept.items() if k in Notify.__dataclass_fields__}
            fresh.append(adapter(Notify).validate_python(known))
        return fresh

    # --- the worker -------------------------------------------------------------------------

    async def _work(self) -> None:
        self._worker = self._make_worker(self._skipper.client)
        await self._worker.__aenter__()

    async def _rest(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.__aexit__(None, None, None)


async def _until(look: Callable[[], Awaitable[T | None]], failure: str) -> T:
    """What `look` answers as soon as it is something; `NotInTime` if that takes too long."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while not (found := await look()):
        if loop.time() > deadline:
            raise NotInTime(failure, hint="look at the case in Temporal's UI")
        await asyncio.sleep(0.04)
    return found


# --- composition ----------------------------------------------------------------------------


class Stage:
    """A server of its own on which scenarios are played, each in a namespace of its own."""

    def __init__(self, address: str, folder: Path, rules: Rules) -> None:
        self._address, self._folder, self._rules = address, folder, rules

    async def play(self, scenario: Scenario) -> Outcome:
        """Play a scenario; again, in a fresh world, where the server's time ran too far."""
        for _ in range(TRIES - 1):
            with suppress(Overshot):
                async with self.runner() as runner:
                    return await rehearse(scenario, self._rules, runner)
        async with self.runner() as runner:
            return await rehearse(scenario, self._rules, runner)

    @asynccontextmanager
    async def runner(self) -> AsyncIterator[TemporalRunner]:
        """A fresh world."""
        name = f"rehearsal-{uuid4().hex[:12]}"
        async with AsyncExitStack() as stack:
            client = await self._namespace(name)
            await register_attributes(client)
            settings = Settings(
                database_url=f"sqlite:///{self._folder / name}.db",
                task_queue=name,
                definitions=self._rules.folder,
            )
            cases = await stack.enter_async_context(Cases(settings, client=client))
            await cases.records.migrate()
            notifier = _notifier(settings, cases.records, self._folder / f"{name}.jsonl")
            stack.push_async_callback(notifier.aclose)
            catalogue = Catalogue({one: self._rules[one].process for one in self._rules.names()})

            def make_worker(skipping: Client) -> Worker:
                return build_worker(
                    skipping, cases.records, notifier, catalogue, task_queue=name, rehearsal=True
                )

            runner = TemporalRunner(cases, client, self._rules, make_worker)
            yield await stack.enter_async_context(runner)

    async def _namespace(self, name: str) -> Client:
        home = await connect(runtime("OFF"), target_host=self._address, namespace="default")
        request = RegisterNamespaceRequest(namespace=name)
        request.workflow_execution_retention_period.FromTimedelta(timedelta(days=1))
        await home.workflow_service.register_namespace(request)
        return await connect(runtime("OFF"), target_host=self._address, namespace=name)


def _notifier(settings: Settings, records: Records, file: Path) -> Notifier:
    """Real notices to nobody: every channel of the directory writes to a file."""
    directory = Directory.load(settings.directory)
    channels = {name: Console(name, file) for name in directory.channels}
    return Notifier(directory, channels, records)


@asynccontextmanager
async def stage(rules: Rules) -> AsyncIterator[Stage]:
    """A server for rehearsals while the context lasts."""
    with TemporaryDirectory(prefix="duecourse-") as folder:
        async with embedded_server(None) as server:
            yield Stage(server.address, Path(folder), rules)
