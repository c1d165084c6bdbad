"""A Temporal dev server and workers as processes of their own, and what can be read from outside.

What it is: starting and stopping by process id, CPU of a process, the server's own `action` metric,
and facts of a history.
What it is not: measuring; `durable` does that.
Who may import it: the benchmarks and their smoke test.
"""

import asyncio
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import psutil  # type: ignore[import-untyped]
from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from surfaces.server import executable, free_port
from workflows.payloads import DATA_CONVERTER

ROOT = Path(__file__).resolve().parent.parent
NAMESPACE = "default"
_ACTION = re.compile(r'^action\{action_type="([^"]+)",namespace="([^"]+)".*\} ([0-9.e+]+)$')
_CONFIG = (
    # Time skipping, to see wake-ups; timers that ring when they should.
    "frontend.WorkflowTimeSkippingEnabled=true",
    'history.timerProcessorMaxTimeShift="10ms"',
)


@dataclass(frozen=True, slots=True)
class Server:
    """A running dev server."""

    address: str
    client: Client
    metrics: str

    async def actions(self) -> Counter[str]:
        """Billable actions so far, by type, as the server counts them."""
        return await asyncio.to_thread(_actions, self.metrics)

    async def settled_actions(self) -> Counter[str]:
        """Once the server has told all: it brings its figures up to date about once a second."""
        found = await self.actions()
        while True:
            await asyncio.sleep(1.1)
            again = await self.actions()
            if again == found:
                return found
            found = again


@dataclass(frozen=True, slots=True)
class Process:
    """A process of ours."""

    pid: int

    def cpu(self) -> float:
        """Seconds of CPU that it has used, in user and system mode."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a history is made of. `rules` are the bytes of the pinned rules in it, `timers` the
    most timers that were ever open together, `next_run` the run that goes on with the case."""

    events: Counter[str]
    bytes: int
    rules: int
    timers: int
    next_run: str = ""

    @property
    def length(self) -> int:
        return self.events.total()


@asynccontextmanager
async def server(folder: Path, attributes: Mapping[str, str]) -> AsyncIterator[Server]:
    """A dev server in memory, headless, with these search attributes."""
    port, metrics = free_port(), free_port()
    command = [executable(), "server", "start-dev", "--headless", "--ip", "127.0.0.1"]
    command += ["--log-level", "error", "--port", str(port), "--metrics-port", str(metrics)]
    for name, kind in attributes.items():
        command += ["--search-attribute", f"{name}={kind}"]
    for value in _CONFIG:
        command += ["--dynamic-config-value", value]
    with (folder / "server.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
    try:
        address = f"127.0.0.1:{port}"
        client = await _connected(address, process)
        yield Server(address, client, f"http://127.0.0.1:{metrics}/metrics")
    finally:
        await _end(process)


@asynccontextmanager
async def python(
    arguments: Sequence[str], log: Path, environment: Mapping[str, str], ready: str
) -> AsyncIterator[Process]:
    """A Python process of this project, from the moment when it says `ready`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=ROOT,
        env=dict(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    said = b""
    try:
        while ready.encode() not in said:
            line = await asyncio.wait_for(process.stdout.readline(), 60)
            said += line
            if not line:
                raise RuntimeError(f"the worker ended: {said.decode(errors='replace')[-2000:]}")
        drain = asyncio.create_task(_drain(process.stdout, log))
        yield Process(process.pid)
    finally:
        await _end(process)
    await drain


async def facts(handle: WorkflowHandle[object, object]) -> Facts:
    """What the history of a case is made of."""
    events: Counter[str] = Counter()
    size = rules = timers = most = 0
    going_on = ""
    async for event in handle.fetch_history_events():
        kind = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
        events[kind] += 1
        size += event.ByteSize()
        timers += {"TIMER_STARTED": 1, "TIMER_FIRED": -1, "TIMER_CANCELED": -1}.get(kind, 0)
        most = max(most, timers)
        if kind == "WORKFLOW_EXECUTION_STARTED":
            given = event.workflow_execution_started_event_attributes.input.payloads
            rules = sum(payload.ByteSize() for payload in given[1:])
        elif kind == "MARKER_RECORDED":
            rules += _fetched(event.marker_recorded_event_attributes.details)
        elif kind == "WORKFLOW_EXECUTION_CONTINUED_AS_NEW":
            ended = event.workflow_execution_continued_as_new_event_attributes
            going_on = ended.new_execution_run_id
            rules += sum(payload.ByteSize() for payload in ended.input.payloads[1:])
    return Facts(events, size, rules, most, going_on)


def _fetched(details: Mapping[str, Payloads]) -> int:
    """Bytes of the rules, if that is what a local activity has brought: a child fetches its own."""
    told = b"".join(payload.data for payload in details["data"].payloads)
    if b'"resolve_rules"' not in told:
        return 0
    return sum(payload.ByteSize() for payload in details["result"].payloads)


async def quiet(handle: WorkflowHandle[object, object]) -> None:
    """Wait until nothing of the case is in flight: no workflow task and no activity."""
    async with asyncio.timeout(60):
        while True:
            told = (await handle.describe()).raw_description
            if not told.HasField("pending_workflow_task") and not told.pending_activities:
                return
            await asyncio.sleep(0.005)


async def _connected(address: str, process: asyncio.subprocess.Process) -> Client:
    async with asyncio.timeout(60):
        while True:
            try:
                client = await Client.connect(address, data_converter=DATA_CONVERTER)
                await client.count_workflows()
            except (RPCError, RuntimeError):
                if process.returncode is not None:
                    raise
                await asyncio.sleep(0.1)
            else:
                return client


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), 20)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _drain(stream: asyncio.StreamReader, log: Path) -> None:
    with log.open("wb") as file:
        while said := await stream.read(65536):
            file.write(said)


def _actions(url: str) -> Counter[str]:
    with urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    found: Counter[str] = Counter()
    for line in text.splitlines():
        match = _ACTION.match(line)
        if match and match[2] == NAMESPACE:
            found[match[1]] += int(float(match[3]))
    return found
