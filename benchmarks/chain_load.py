"""The load of the chain: a server, a worker, and everybody who sends something to a case.

What it is: the embedded development server and its worker as an
operator starts them, with a file for the records; so many repairs in hand at once, each sent its
events one after the other, its parts after it. When a centre has done all of its month, its
settlement, and whatever that speaks to, skips to the end of the month.
What it is not: counting, or judging what came of it.
Who may import it: the benchmarks.
"""

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.records import Records
from benchmarks.chain_judging import journal
from benchmarks.chain_path import (
    REPAIR,
    SETTLEMENT,
    ZONE,
    Repair,
    Sending,
    Settlement,
    month_after,
)
from benchmarks.server import Process, Server, python, quiet
from definitions.loader import load_library
from surfaces.server import embedded_server
from surfaces.settings import connect, runtime
from workflows.core.case import Actor
from workflows.payloads import By, EventArgument
from workflows.starting import start_arguments

PATIENCE = 300.0
"""Seconds that anything may take, on a machine that is busy with all the others."""
QUEUE = "benchmark-chain"
CHANNELS = "channels: {room: {type: console}}\n"
DIRECTORY = """
zone: Asia/Shanghai
people: {wang: {name: 王芳, channels: {room: wang}}}
roles:
  dispatcher: wang
  maker_service_centre: wang
  parts_company: wang
  production: wang
  service_centre: wang
  service_clerk: wang
  service_engineer: wang
  service_manager: wang
  service_supervisor: wang
  spent_part_custodian: wang
customer: {channel: room}
fallback: wang
"""
"""Nobody has quiet hours, in which notices would wait, and no channel a limit."""
LAG = timedelta(hours=6)
"""Where a month is about to end, everything is reported so much late, to stand in one month."""
LATER = frozenset(
    {RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.UNAVAILABLE}
)
"""Answers after which a sender comes again with the same event: the case is not there yet, or a
task of it has run out of time on a server that is overloaded."""
Handle = WorkflowHandle[Any, Any]


class NotInTime(Exception):
    """Something that must happen by itself did not."""


@dataclass
class Place:
    """A server, a worker and records that run."""

    server: Server
    process: Process
    """The server's."""
    worker: Process
    records: Records
    folder: Path


@asynccontextmanager
async def place(folder: Path, in_file: bool = False) -> AsyncIterator[Place]:
    """As `worker.py --embedded` has it, but the worker is a process of its own; the server keeps
    its cases in memory, or `in_file`."""
    database = f"sqlite:///{folder / 'records.db'}"
    log = folder / "server.log"
    async with AsyncExitStack() as stack:
        embedded = await stack.enter_async_context(
            embedded_server(folder / "temporal.db" if in_file else None, log=log)
        )
        (folder / "channels.yaml").write_text(CHANNELS, "utf-8")
        (folder / "directory.yaml").write_text(DIRECTORY, "utf-8")
        settings = {
            "DUECOURSE_CHANNELS": str(folder / "channels.yaml"),
            "DUECOURSE_DIRECTORY": str(folder / "directory.yaml"),
            "TEMPORAL_ADDRESS": embedded.address,
            "TEMPORAL_NAMESPACE": "default",
            "DUECOURSE_TASK_QUEUE": QUEUE,
            "DUECOURSE_DATABASE_URL": database,
        }
        alien = ("TEMPORAL_", "DUECOURSE_")
        held = {name: value for name, value in os.environ.items() if not name.startswith(alien)}
        command = ["worker.py"]
        worker = await stack.enter_async_context(
            python(command, folder / "worker.log", held | settings, "worker.ready")
        )
        client = await connect(
            runtime("OFF"), target_host=embedded.address, namespace="default", tls=False
        )
        records = await stack.enter_async_context(Records.open(database))
        server = Server(embedded.address, client, _metrics(embedded.pid))
        yield Place(server, Process(embedded.pid), worker, records, folder)


def _metrics(pid: int) -> str:
    """Where the server tells its figures."""
    command = psutil.Process(pid).cmdline()
    port = command[command.index("--metrics-port") + 1]
    return f"http://127.0.0.1:{port}/metrics"


@dataclass
class Chain:
    """The cases of one run on their way."""

    at: Place
    at_once: int
    sent: Counter[str] = field(default_factory=Counter)
    """Events by process."""
    skipped: int = 0
    """How often a case's time was skipped."""
    again: int = 0
    """How often a sender had to come again, since the server let the case take nothing."""

    def __post_init__(self) -> None:
        self._process = load_library()[REPAIR]
        self._client: Client = self.at.server.client
        self._skipper = TimeSkipper(self._client, config=TimeSkippingConfig(enabled=False))
        self._gate = asyncio.Semaphore(self.at_once)
        self._began = time.monotonic()
        self._done = 0
        self._lag = timedelta()
        now = datetime.now(ZONE)
        if month_after(now) - now < LAG:
            self._lag = LAG
        self._midnight = month_after(self.now())

    def now(self) -> datetime:
        """When what is sent now has happened."""
        return datetime.now(ZONE) - self._lag

    async def run(self, planned: Iterable[Settlement]) -> None:
        """Everything, to the end."""
        await asyncio.gather(*(self._month(one) for one in planned))

    # --- the month of a centre --------------------------------------------------------------

    async def _month(self, month: Settlement) -> None:
        await asyncio.gather(*(self._repaired(repair) for repair in month.repairs))
        signed = [repair for repair in month.repairs if repair.signed]
        judged = len(month.lines) - len(month.lost)
        await self._until(
            month.case,
            lambda data: (
                len(data.get("services", ())) == len(month.repairs)
                and sum(one["signed"] for one in data["services"]) == len(signed)
                and sum(bool(one.get("part_result")) for one in data["lines"]) == judged
            ),
        )
        unsigned = [repair.case for repair in month.repairs if not repair.signed]
        lost = [part.case for part in month.parts if part.outcome == "lost"]
        await self._skip([month.case, *unsigned, *lost])
        await self._state(month.case, "preparing")
        await self._send(month.case, month.dispatched())
        await self._state(month.case, "submitted")
        await self._send(month.case, month.arrived())
        for sending in month.reviewed():
            await self._send(month.case, sending)
        await self._state(month.case, "reviewed")
        await self._send(month.case, month.confirmed())
        # Each that is lost says so once more, while the settlement still listens.
        for part in month.lost:
            await self._heard(month.case, part.case)
        for sending in month.settled():
            await self._send(month.case, sending)
        await self._state(month.case, "closed")

    async def _repaired(self, repair: Repair) -> None:
        async with self._gate:
            await self._open(repair)
            for sending in repair.sendings(self.now()):
                await self._send(repair.case, sending)
            for part in repair.parts:
                for sending in part.returned():
                    await self._send(part.case, sending)
            self._done += 1
            if self._done % 50 == 0:
                self.tell(f"{self._done} repairs")

    # --- senders ----------------------------------------------------------------------------

    async def _open(self, repair: Repair) -> None:
        arguments = start_arguments(
            self._process,
            key=repair.serial,
            data=repair.opening,
            actor=Actor("zhao.gang", ("hotline_agent",)),
            event_id=f"{repair.case}/opened",
            now=int(time.time()),
            occurred_at=int(self.now().timestamp()),
        )
        await self._client.start_workflow(**arguments, task_queue=QUEUE)

    async def _send(self, case: str, sending: Sending) -> None:
        """One event, its answer waited for. A part may not be there yet: another case opens it."""
        process = case.partition(":")[0]
        self.sent[process] += 1
        identity = f"{case}/{sending.name}/{sending.data.get('line_id', '')}"
        by = By(sending.by, (sending.role,))
        at = int(self.now().timestamp()) if process != SETTLEMENT else None
        argument = EventArgument(identity, by, sending.data, at)
        handle: Handle = self._client.get_workflow_handle(case)

        async def accepted() -> bool:
            try:
                await handle.execute_update(sending.name, argument, id=identity)
            except RPCError as busy:
                if busy.status not in LATER:
                    raise
                self.again += busy.status is not RPCStatusCode.NOT_FOUND
                return False
            return True

        try:
            await _eventually(accepted, f"{case} is not there")
        except Exception as failed:
            failed.add_note(f"{case} {sending.name} {failed.__cause__!r}")
            raise

    async def _skip(self, cases: Iterable[str]) -> None:
        """Let these reach the next month."""

        async def skip(case: str) -> None:
            handle: Handle = self._client.get_workflow_handle(case)
            await quiet(handle)
            view: dict[str, Any] = await handle.query("view")
            ahead = self._midnight.timestamp() + 5 - view["at"]
            await self._skipper.fast_forward(handle, timedelta(seconds=ahead))
            await quiet(handle)
            self.skipped += 1

        await asyncio.gather(*(skip(case) for case in cases))

    # --- what happens by itself -------------------------------------------------------------

    async def _state(self, case: str, state: str) -> None:
        async def reached() -> bool:
            view = await self.at.records.read.case(case)
            return view is not None and view["state"] == state

        await _eventually(reached, f"{case} does not become {state}", self._explained(case))

    async def _until(self, case: str, holds: Callable[[dict[str, Any]], bool]) -> None:
        async def so() -> bool:
            view = await self.at.records.read.case(case)
            return view is not None and holds(view["data"])

        await _eventually(so, f"{case} does not hear all", self._explained(case))

    async def _heard(self, case: str, other: str) -> None:
        async def heard() -> bool:
            return any([row["actor"] == other async for row in journal(self.at.records, case)])

        await _eventually(heard, f"{case} hears nothing of {other}")

    def _explained(self, case: str) -> Callable[[], Awaitable[str]]:
        async def explained() -> str:
            return str(await self.at.records.read.case(case))[:4000]

        return explained

    def tell(self, what: str) -> None:
        """Say how far it is; a run takes minutes."""
        seconds = time.monotonic() - self._began
        sys.stderr.write(f"{seconds:6.0f} s  {what}, {self.sent.total()} events\n")


async def _eventually(
    look: Callable[[], Awaitable[bool]],
    what: str,
    explained: Callable[[], Awaitable[str]] | None = None,
) -> None:
    deadline = time.monotonic() + PATIENCE
    pause = 0.05
    while not await look():
        if time.monotonic() > deadline:
            raise NotInTime(f"{what}: {await explained() if explained else ''}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 1.0)
