"""One plan on a real server: what is sent and what breaks, with a log of every answer.

What it is: a client as a sender would be, and the product's worker among faults.
What it is not: the judge (`judging`).
"""

import asyncio
import contextlib
import json
import shutil
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from activities.case_activities import CaseActivities
from activities.case_computing import ComputeActivities
from activities.case_links import LinkActivities
from activities.computations import COMPUTATIONS
from activities.notices.directory import Directory
from activities.notices.notifier import Notifier
from activities.records import Records
from surfaces.reaching import preparing
from tests.simulation.faults import Chaos, Desk, MortalRunner, Saboteur, locked
from tests.simulation.oracle import Violation
from tests.simulation.plans import Plan, Sending, Step, incoming
from tests.simulation.stage import DIRECTORY, Result, Sent, Stage
from tests.simulation.waiting import PATIENCE, within
from workflows.card import RETRY
from workflows.case import CaseWorkflow, Rehearsal
from workflows.core.case import Actor
from workflows.starting import pinned_rules, start_arguments

LONGEST = 150.0
STOPPING = 30.0
"""Seconds that a worker may take to stop."""
SOON = 20
LOCKED = 2.6
"""Seconds: longer than the shell waits for the records before it goes on without them."""

Handle = WorkflowHandle[Any, Any]


class Run:
    """One plan being run."""

    def __init__(self, stage: Stage, plan: Plan) -> None:
        self.client, self.library, self.plan = stage.client, stage.library, plan
        self.key = f"S{next(stage.numbers)}-{plan.seed}"
        self.template, self.folder = stage.template, stage.folder / self.key
        self.queue = f"simulation-{self.key}"
        self.chaos = Chaos(plan.sabotage)
        self.desk = Desk(self.chaos)
        self.sent: list[Sent] = []
        self.others: dict[str, tuple[Handle, int]] = {}
        """Cases that were opened on the way, and how far their time is from their workflow's."""
        self.skipper = TimeSkipper(self.client, config=TimeSkippingConfig(enabled=False))
        self.result = Result(plan, self.chaos.counts)
        self._working: AsyncExitStack | None = None
        self._living: asyncio.Task[Any] | None = None
        self._fatal: BaseException | None = None

    async def go(self, judge: Callable[["Run"], Awaitable[None]]) -> Result:
        """Run it and have it judged."""
        began = time.monotonic()
        self.folder.mkdir(parents=True)
        directory = self.folder / "directory.yaml"
        directory.write_text(DIRECTORY, "utf-8")
        self.directory = Directory.load(directory)
        self.database = self.folder / "records.db"
        shutil.copyfile(self.template, self.database)
        async with Records.open(f"sqlite:///{self.database}") as self.records:
            self._living = asyncio.create_task(self._live(judge))
            try:
                async with asyncio.timeout(LONGEST):
                    await self._living
            except Violation as broken:
                self.result.violation = str(broken)
            except asyncio.CancelledError:
                if self._fatal is None:
                    raise
                self.result.violation = f"the worker gave up: {self._fatal!r}"
            except Exception:  # noqa: BLE001 - shown with its seed
                self.result.violation = traceback.format_exc(limit=-4)
            finally:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop(), STOPPING)
        self.result.seconds = time.monotonic() - began
        return self.result

    # --- the worker -------------------------------------------------------------------------

    async def _begin(self) -> None:
        stack = AsyncExitStack()
        await stack.enter_async_context(self._worker())
        self._working = stack

    async def _stop(self) -> None:
        if self._working is not None:
            stack, self._working = self._working, None
            await stack.aclose()

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[None]:
        """The product's own worker, but for the faults."""
        Rehearsal.allowed = True
        catalogue = self.library.catalogue(self.plan.process)
        notifier = Notifier(self.directory, {"desk": self.desk}, self.records)
        own = CaseActivities(self.records, notifier, lambda name: pinned_rules(catalogue[name]))
        reaching = preparing(catalogue, self.records, self.queue, True)
        links = LinkActivities(self.client, self.records, reaching)
        computing = ComputeActivities(COMPUTATIONS, self.records)
        over = asyncio.Event()
        worker = Worker(
            self.client,
            task_queue=self.queue,
            workflows=[CaseWorkflow],
            activities=[*own.all, *links.all, *computing.all],
            interceptors=[Saboteur(self.chaos, over)],
            workflow_runner=MortalRunner(self.chaos),
            max_cached_workflows=self.plan.cached,
            max_concurrent_workflow_tasks=10,
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
            graceful_shutdown_timeout=timedelta(0),
            on_fatal_error=self._gave_up,
        )
        async with worker:
            try:
                yield
            finally:
                over.set()
        await notifier.aclose()

    async def _gave_up(self, why: BaseException) -> None:
        """Without its worker the case would stand still until the patience of whoever waits for it
        is at its end."""
        self._fatal = why
        if self._living is not None:
            self._living.cancel()

    # --- living -----------------------------------------------------------------------------

    async def _live(self, judge: Callable[["Run"], Awaitable[None]]) -> None:
        plan = self.plan
        arguments = start_arguments(
            self.library.catalogue(plan.process)[plan.process],
            key=self.key,
            data=plan.data,
            actor=Actor(*plan.by),
            event_id="open",
            now=plan.opened,
            occurred_at=plan.occurred,
            clock_at=plan.opened,
            limits=plan.limits,
        )
        await self._begin()
        started = await self.client.start_workflow(**arguments, task_queue=self.queue)
        self.handle: Handle = self.client.get_workflow_handle(started.id)
        await within(self._opened, "the case is opened")
        for step in plan.steps:
            await self._take(step)
        await self._until(await self._now() + plan.tail)
        self.chaos.calm = True
        await self.quiet(self.handle)
        while await self._soon():
            await self.pass_time(self.handle, SOON)
            await self.quiet(self.handle)
        await judge(self)

    async def _soon(self) -> bool:
        """The case is about to ring, perhaps while it is judged."""
        if not await self._running(self.handle):
            return False
        ring = (await self.view(self.handle))["next_wakeup"]
        return ring is not None and ring <= await self._now() + SOON

    async def _opened(self) -> bool:
        """The first task is in the history; it fixed the case's time."""
        shift = await self._shift(self.handle)
        if shift is not None:
            self.shift = shift
        return shift is not None

    async def _shift(self, handle: Handle) -> int | None:
        """How far a case's time is from its workflow's; None before its first task."""
        started, begins = None, 0
        async for event in handle.fetch_history_events():
            if event.HasField("workflow_execution_started_event_attributes"):
                given = event.workflow_execution_started_event_attributes.input.payloads
                begins = int(json.loads(given[0].data)["clock_at"])
            elif event.HasField("workflow_task_started_event_attributes"):
                started = event.event_time.ToSeconds()
            elif event.HasField("workflow_task_completed_event_attributes"):
                assert started is not None
                return begins - started
            elif event.HasField("workflow_execution_failed_event_attributes"):
                raise Violation(f"the case could not be opened: {event}")
        return None

    async def _now(self) -> int:
        """Case time, which goes on with the clock on the wall."""
        return await self._time(self.handle, self.shift)

    async def _time(self, handle: Handle, shift: int) -> int:
        return int((await self.skipper.get_current_time(handle)).timestamp()) + shift

    async def _meet(self) -> None:
        """Take note of the cases that this one, or one of those, has opened or told by now."""
        for case in (self.handle.id, *self.others):
            for row in await self.records.read.journal(case, 1):
                target = f"{row['name']}:{row['data'].get('key')}"
                if row["kind"] != "link" or target in self.others:
                    continue
                with contextlib.suppress(RPCError):  # it is not there yet, or never will be
                    described = await self.client.get_workflow_handle(target).describe()
                    first = described.raw_info.first_run_id
                    handle: Handle = self.client.get_workflow_handle(target, run_id=first)
                    if (shift := await self._shift(handle)) is not None:
                        self.others[target] = self.client.get_workflow_handle(target), shift

    async def _take(self, step: Step) -> None:
        match step.trouble:
            case "restart":
                self.chaos.counts["worker stopped and started"] += 1
                await self._stop()
                await self._begin()
            case "lock":
                self.chaos.counts["records locked"] += 1
                await self._until(step.at)
                with locked(self.database):
                    sending = asyncio.create_task(self._send_all(step))
                    await asyncio.wait([sending], timeout=LOCKED)
                await sending
                return
            case "down":
                self.chaos.counts["worker down while events come"] += 1
                await self._stop()
                passing = asyncio.create_task(self._until(step.at))
                sending = asyncio.create_task(self._send_all(step))
                await asyncio.wait([passing, sending], timeout=0.3)
                await self._begin()
                await passing
                await sending
                return
        await self._until(step.at)
        await self._send_all(step)

    async def _until(self, at: int) -> None:
        """Let everybody's time pass, the others' first: whoever is told something by this case
        must not live in its past."""
        await self._meet()
        for handle, shift in self.others.values():
            await self.pass_time(handle, at - await self._time(handle, shift))
        await self.pass_time(self.handle, at - await self._now())

    async def pass_time(self, handle: Handle, seconds: int) -> None:
        if seconds <= 0:
            return
        try:
            await asyncio.wait_for(self.skipper.fast_forward(handle, float(seconds)), PATIENCE)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        except TimeoutError:
            raise Violation(f"time stands still: {await self._pending(handle)}") from None

    async def _send_all(self, step: Step) -> None:
        work: list[Awaitable[None]] = []
        for one in step.sendings:
            how = {
                "update": ("update",),
                "signal": ("signal",),
                "update_twice": ("update", "update"),
                "signal_twice": ("signal", "signal"),
                "update_and_signal": ("update", "signal"),
            }[one.how]
            alone = len(step.sendings) == 1 and how == ("update",)
            work += [self._send(one, step.at, kind, alone) for kind in how]
        await asyncio.gather(*work)

    async def _send(self, sending: Sending, at: int, kind: str, alone: bool) -> None:
        event = incoming(sending, at)
        argument: dict[str, Any] = {
            "id": event.id,
            "by": {"id": event.actor.id, "roles": list(event.actor.roles)},
            "data": event.data,
        }
        if event.occurred is not None:
            argument["occurred_at"] = event.occurred
        began = await self._now()
        answer: dict[str, Any] | None = None
        code = ""
        try:
            if kind == "signal":
                code = "signal"
                await self.handle.signal(sending.name, argument)
            else:
                answer = await asyncio.wait_for(self._update(sending, argument), PATIENCE)
        except WorkflowUpdateFailedError as refused:
            cause = refused.cause
            code = (isinstance(cause, ApplicationError) and cause.type) or "untyped"
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            code = "gone"
        except TimeoutError:
            raise Violation(
                f"no answer to {sending.name} {sending.id}: {await self._pending(self.handle)}"
            ) from None
        self.sent.append(Sent(sending, event, began, await self._now(), code, answer, alone))

    async def _update(self, sending: Sending, argument: dict[str, Any]) -> dict[str, Any]:
        """As a sender does that wants an answer: while nobody can give one, it asks again."""
        answer: dict[str, Any] = await self._asking(
            lambda: self.handle.execute_update(
                sending.name, argument, id=sending.id if self.plan.named else None
            )
        )
        return answer

    async def _asking(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask until the server lets the case answer: it does not while a task of it has failed."""
        while True:
            try:
                return await ask()
            except RPCError as error:
                if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                    raise
                self.chaos.counts["(server: its task has failed, come again)"] += 1
                await asyncio.sleep(0.2)

    # --- quiet ------------------------------------------------------------------------------

    async def quiet(self, handle: Handle) -> None:
        """Everything that was under way has arrived, and what was given up is tried again."""
        await self._idle(handle)
        if await self._running(handle):
            problems = (await self.view(handle))["problems"]
            if "records" in problems:
                raise Violation(f"idle, and the records are behind: {problems}")
            if problems:
                await handle.execute_update(RETRY, {})
                await self._idle(handle)

    async def _idle(self, handle: Handle) -> None:
        async def idle() -> bool:
            described = await handle.describe()
            if described.status is WorkflowExecutionStatus.FAILED:
                raise Violation(f"the case failed: {await self._failure(handle)}")
            if described.status is not WorkflowExecutionStatus.RUNNING:
                return described.status is not WorkflowExecutionStatus.CONTINUED_AS_NEW
            raw = described.raw_description
            if raw.HasField("pending_workflow_task"):
                return False
            if raw.pending_activities:
                if any(one.attempt > 1 for one in raw.pending_activities):
                    # It waits for its next attempt, in the case's own time.
                    await self.pass_time(handle, 10)
                return False
            shown = await self.view(handle)
            kept = await self.records.read.case(shown["case"])
            if kept is None or kept["seq"] != shown["seq"]:
                return False
            # A run that goes on with a case may not have had its first task yet.
            ring = shown["next_wakeup"]
            return ring is None or handle.id != self.handle.id or ring > await self._now()

        await within(idle, "the case is quiet", lambda: self._pending(handle))

    async def view(self, handle: Handle) -> dict[str, Any]:
        shown: dict[str, Any] = await self._asking(lambda: handle.query("view"))
        return shown

    async def _running(self, handle: Handle) -> bool:
        return (await handle.describe()).status is WorkflowExecutionStatus.RUNNING

    async def _pending(self, handle: Handle) -> str:
        described = await handle.describe()
        raw = described.raw_description
        return f"{described.status} {raw.pending_activities} {raw.pending_workflow_task}"[:1500]

    async def _failure(self, handle: Handle) -> str:
        try:
            return str(await handle.result())
        except WorkflowFailureError as failed:
            return repr(failed.cause)
