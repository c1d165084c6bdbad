"""The durable engine beside a hand-written workflow, on one real Temporal server in one run.

What it is: the same complaint by the same starter on the same dev server (in memory), each worker
in a process of its own, repetitions interleaved. CPU is the worker's process alone, read from
outside. Events are spaced apart: each waits for its answer and until nothing of its case is in
flight, so that no workflow tasks merge. Histories are fetched and counted; billable actions are
those that the server's own `action` metric counts.
What it is not: a load test; wall time says little on a shared machine, and is not shown.
Who may import it: `benchmarks.__main__` and the smoke test.
"""

import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, Protocol

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from benchmarks import handwritten
from benchmarks.path import OPENING, PROCESS, STEPS, Step
from benchmarks.server import Facts, Process, Server, facts, python, quiet, server
from benchmarks.table import Figure
from definitions.loader import load_library
from workflows.attributes import KEYS
from workflows.core.case import Actor
from workflows.starting import start_arguments

RATIO = 1.10
RULE_EVENTS = (8, 7, 6, 5)
"""Events allowed: once, for each event, notice and wake-up."""
RULE_ACTIONS = (3, 3, 1, 1)
YARDSTICK_EVENTS, YARDSTICK_ACTIONS = 43, 18
BYTES = 8 * 1024
SHORT = 5
"""Events of the short path, with the one notice of the opening."""
AHEAD = timedelta(minutes=95)
"""Past the first rung of the first response, a reminder after an hour and a half."""
PLANS: tuple[tuple[str, int, tuple[int, timedelta] | None], ...] = (
    ("5 events, 1 notice", SHORT, None),
    ("7 events, 2 notices", len(STEPS), None),
    ("5 events, 1 notice, 1 idle wake-up, 1 timer replaced", SHORT, (1, AHEAD)),
    ("5 events, 2 notices, 1 wake-up with a reminder", SHORT, (0, AHEAD)),
)
SKIPPING = ("WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED", "WORKFLOW_EXECUTION_OPTIONS_UPDATED")
SKIPPING_ACTION = "grpc_UpdateWorkflowExecutionOptions"
Handle = WorkflowHandle[Any, Any]


class Contestant(Protocol):
    """One way of running the case."""

    name: str
    queue: str

    async def start(self, client: Client) -> Handle: ...

    async def send(self, handle: Handle, step: Step) -> None: ...


class ByHand:
    """The yardstick; `sends` as `handwritten` says."""

    queue = "benchmark-by-hand"

    def __init__(self, sends: bool) -> None:
        self.name = "by hand, notices sent" if sends else "by hand, notices folded in"
        self._sends = sends
        self._numbers = count()

    async def start(self, client: Client) -> Handle:
        key = f"H{self._sends:d}-{next(self._numbers)}"
        due = datetime.now(UTC) + timedelta(hours=handwritten.FIRST["response"])
        return await client.start_workflow(
            "handwritten",
            handwritten.Start(f"投诉 {key} · Complaint", key, OPENING, self._sends),
            id=f"handwritten:{key}",
            task_queue=self.queue,
            static_summary=f"投诉 {key} · Complaint",
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(handwritten.STATE, "received"),
                    SearchAttributePair(handwritten.WAITING, "service_specialist"),
                    SearchAttributePair(handwritten.OVERDUE, False),
                    SearchAttributePair(handwritten.DEADLINE, due),
                ]
            ),
        )

    async def send(self, handle: Handle, step: Step) -> None:
        event_id = f"{handle.id}/{step.name}"
        by = handwritten.By(step.actor, step.roles)
        sent = handwritten.Sent(event_id, by, step.data)
        await handle.execute_update("send", args=[step.name, sent], id=event_id)


class Engine:
    """The engine, started as its own starter does it."""

    name = "engine"
    queue = "benchmark-engine"

    def __init__(self) -> None:
        self._process = load_library()[PROCESS]
        self._numbers = count()

    async def start(self, client: Client) -> Handle:
        key = f"E-{next(self._numbers)}"
        arguments = start_arguments(
            self._process,
            key=key,
            data=OPENING,
            actor=Actor("li", ("service_specialist",)),
            event_id=f"{PROCESS}:{key}/opened",
            now=int(time.time()),
        )
        return await client.start_workflow(**arguments, task_queue=self.queue)

    async def send(self, handle: Handle, step: Step) -> None:
        event_id = f"{handle.id}/{step.name}"
        sent = {"id": event_id, "by": {"id": step.actor, "roles": step.roles}, "data": step.data}
        await handle.execute_update(step.name, sent, id=event_id)


@dataclass(frozen=True, slots=True)
class Counted:
    """One case: its history, and the server's actions for it."""

    facts: Facts
    actions: Counter[str] = field(default_factory=Counter)


async def path(client: Client, one: Contestant, steps: Sequence[Step]) -> Handle:
    """One case, its events spaced apart."""
    handle = await one.start(client)
    await quiet(handle)
    for step in steps:
        await one.send(handle, step)
        await quiet(handle)
    return handle


async def counted(
    at: Server, one: Contestant, steps: Sequence[Step], waits: tuple[int, timedelta] | None = None
) -> Counted:
    """One case alone on the server, counted. With `waits` its time passes after so many steps."""
    before = await at.settled_actions()
    first, span = waits or (len(steps), timedelta())
    handle = await path(at.client, one, steps[:first])
    if span:
        skipper = TimeSkipper(at.client, config=TimeSkippingConfig(enabled=False))
        await skipper.fast_forward(handle, span)
        await quiet(handle)
    for step in steps[first:]:
        await one.send(handle, step)
        await quiet(handle)
    after = await at.settled_actions()
    return Counted(await facts(handle), after - before)


@asynccontextmanager
async def arena() -> AsyncIterator[tuple[Server, Process, Process]]:
    """A server, the yardstick's worker and the engine's worker."""
    attributes = {key.name: _kind(key.indexed_value_type) for key in KEYS}
    with tempfile.TemporaryDirectory(prefix="duecourse-benchmark-") as made:
        folder = Path(made)
        hand = ["-m", "benchmarks.handwritten_worker"]
        async with server(folder, attributes) as running, AsyncExitStack() as stack:
            hand += [running.address, ByHand.queue, made]
            by_hand, engine = await asyncio.gather(
                stack.enter_async_context(
                    python(hand, folder / "by_hand.log", os.environ, "ready")
                ),
                stack.enter_async_context(engine_worker(running, folder)),
            )
            yield running, by_hand, engine


CHANNELS = "channels: {room: {type: console}}\n"
DIRECTORY = """
zone: Asia/Shanghai
people: {wang: {name: 王芳, channels: {room: wang}}}
groups: {desk: {name: 客服群, channel: room}}
roles: {service_specialist: wang, service_manager: wang}
customer: {channel: room}
fallback: desk
"""


def engine_worker(running: Server, folder: Path) -> AbstractAsyncContextManager[Process]:
    """The engine's own worker, as anybody starts it; one notice is one delivery, to the log."""
    (folder / "channels.yaml").write_text(CHANNELS, "utf-8")
    (folder / "directory.yaml").write_text(DIRECTORY, "utf-8")
    settings = {
        "DUECOURSE_CHANNELS": str(folder / "channels.yaml"),
        "DUECOURSE_DIRECTORY": str(folder / "directory.yaml"),
        "TEMPORAL_ADDRESS": running.address,
        "DUECOURSE_TASK_QUEUE": Engine.queue,
        "DUECOURSE_DATABASE_URL": f"sqlite:///{folder / 'engine.db'}",
    }
    held = {k: v for k, v in os.environ.items() if not k.startswith(("TEMPORAL_", "DUECOURSE_"))}
    return python(["worker.py"], folder / "engine.log", held | settings, "worker.ready")


async def measure(repetitions: int = 7, cases: int = 24, at_once: int = 4) -> list[Figure]:
    """Counts of one case each, then CPU a case over interleaved repetitions."""
    async with arena() as (running, by_hand, engine):
        folded, sending, ours = ByHand(sends=False), ByHand(sends=True), Engine()
        figures = await _counts(running, folded, ours)
        pairs: list[tuple[Contestant, Process]] = [
            (folded, by_hand),
            (sending, by_hand),
            (ours, engine),
        ]
        cpu: dict[str, list[float]] = {one.name: [] for one, _ in pairs}
        for one, process in pairs:
            await _cpu(running.client, one, process, at_once, at_once)
        for turn in range(repetitions):
            for one, process in pairs if turn % 2 == 0 else reversed(pairs):
                spent = await _cpu(running.client, one, process, cases, at_once)
                cpu[one.name].append(1000 * spent / cases)
    for one, _ in pairs:
        name = f"worker CPU a case of {len(STEPS)} events, {one.name}"
        figures.append(_spread(name, cpu[one.name], "ms"))
    for one in (folded, sending):
        ratios = [a / b for a, b in zip(cpu[ours.name], cpu[one.name], strict=True)]
        figures.append(_spread(f"worker CPU, engine : {one.name}", ratios, "x", RATIO))
    return figures


async def _counts(running: Server, folded: Contestant, ours: Contestant) -> list[Figure]:
    hand = await counted(running, folded, STEPS[:SHORT])
    found = [
        _count("by hand, 5 events: history events", hand.facts.length, YARDSTICK_EVENTS),
        _count("by hand, 5 events: billable actions", hand.actions.total(), YARDSTICK_ACTIONS),
        _count("by hand, 5 events: history bytes", hand.facts.bytes),
    ]
    for name, length, waits in PLANS:
        case = await counted(running, ours, STEPS[:length], waits)
        found += engine_figures(f"engine, {name}", length, case)
    return found


def engine_figures(name: str, events: int, case: Counted) -> list[Figure]:
    """The counts of a case of the engine beside their limits; what skipping time adds is taken
    out. A wake-up is any timer after the first: one that rang, or was replaced by an earlier."""
    kinds = case.facts.events
    wakeups = kinds["TIMER_STARTED"] - 1
    numbers = (1, events, kinds["ACTIVITY_TASK_SCHEDULED"], wakeups)
    length = case.facts.length - sum(kinds[kind] for kind in SKIPPING)
    actions = case.actions.total() - case.actions[SKIPPING_ACTION]
    size = case.facts.bytes - case.facts.rules
    return [
        _count(f"{name}: history events", length, _rule(RULE_EVENTS, numbers)),
        _count(f"{name}: billable actions", actions, _rule(RULE_ACTIONS, numbers)),
        _count(f"{name}: history bytes beside the rules", size, BYTES),
        _count(f"{name}: timers open at once", case.facts.timers, 1),
    ]


def _rule(rule: Sequence[int], numbers: Sequence[int]) -> int:
    return sum(a * b for a, b in zip(rule, numbers, strict=True))


async def _cpu(
    client: Client, one: Contestant, process: Process, cases: int, at_once: int
) -> float:
    gate = asyncio.Semaphore(at_once)

    async def run() -> None:
        async with gate:
            await path(client, one, STEPS)

    before = process.cpu()
    await asyncio.gather(*(run() for _ in range(cases)))
    return process.cpu() - before


def _kind(kind: Any) -> str:
    name = IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_")
    return name.title().replace("_", "")


def _count(name: str, value: int, most: int | None = None) -> Figure:
    return Figure("durable", name, value, "", "" if most is None else "<=", most)


def _spread(name: str, values: Sequence[float], unit: str, most: float | None = None) -> Figure:
    return Figure(
        group="durable",
        name=name,
        value=median(values),
        unit=unit,
        sense="" if most is None else "<=",
        target=most,
        low=min(values),
        high=max(values),
    )
