"""Real processes, really killed: the worker, then the server, in the middle of a case whose notices
are on their way to a real receiver. The case must end as if nothing had happened."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.records import Records
from surfaces.server import Embedded, embedded_server, free_port
from surfaces.settings import connect, runtime
from tests.notices.receivers import Receiver, Say, receiver
from tests.simulation.oracle import judge
from tests.simulation.plans import Library
from tests.simulation.waiting import within
from workflows.core.case import Actor, Incoming
from workflows.core.decide import open_case
from workflows.starting import start_arguments

pytestmark = pytest.mark.asyncio(loop_scope="session")

HERE = Path(__file__).parent
CLERK, CLIENT = Actor("wu", ("clerk",)), Actor("guest", ("client",))
# The program as it is, but for the seconds after which a lost activity is tried again.
HASTY = """
import runpy, sys
from datetime import timedelta
from workflows import performing
performing.WRITE = performing.SEND = timedelta(seconds=3)
sys.argv = ["worker.py"]
runpy.run_path("worker.py", run_name="__main__")
"""

DIRECTORY = """
zone: Asia/Shanghai
people:
  wu: {name: 吴, channels: {crm: wu}}
  wang: {name: 王, channels: {crm: wang}}
roles: {clerk: wu, chief: wang, client: wu}
fallback: wang
"""
CHANNELS = """
channels:
  crm: {type: webhook, url: "%s", secret: {env: HOOK_SECRET}}
"""


class Place:
    """A machine with a server, a worker and records, that loses its processes."""

    def __init__(self, folder: Path, hook: str) -> None:
        self.folder, self.port = folder, free_port()
        self.database = f"sqlite:///{folder / 'records.db'}"
        (folder / "directory.yaml").write_text(DIRECTORY, "utf-8")
        (folder / "channels.yaml").write_text(CHANNELS % hook, "utf-8")
        self._stack = AsyncExitStack()
        self._worker: asyncio.subprocess.Process | None = None
        self._server: Embedded | None = None

    async def start_server(self) -> Client:
        """The same port and the same file each time."""
        running = embedded_server(self.folder / "temporal.db", port=self.port)
        self._server = await self._stack.enter_async_context(running)
        return await connect(runtime(), target_host=self._server.address, namespace="default")

    async def start_worker(self) -> None:
        """As an operator starts it, by settings alone."""
        settings = {
            "DUECOURSE_DATABASE_URL": self.database,
            "DUECOURSE_DEFINITIONS": str(HERE / "processes"),
            "DUECOURSE_DIRECTORY": str(self.folder / "directory.yaml"),
            "DUECOURSE_CHANNELS": str(self.folder / "channels.yaml"),
            "TEMPORAL_ADDRESS": f"127.0.0.1:{self.port}",
            "TEMPORAL_NAMESPACE": "default",
            "HOOK_SECRET": "a secret of the test",
        }
        with (self.folder / "worker.log").open("ab") as said:
            self._worker = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", HASTY),
                cwd=HERE.parents[1],
                env={**os.environ, **settings},
                stdout=said,
                stderr=said,
            )

    async def kill_worker(self) -> None:
        """Without a warning."""
        if self._worker is not None:
            with contextlib.suppress(ProcessLookupError):
                self._worker.kill()
            await self._worker.wait()
            self._worker = None

    async def kill_server(self) -> None:
        """Without a warning."""
        assert self._server is not None
        os.kill(self._server.pid, signal.SIGKILL)
        await self._stack.aclose()  # it is dead already, and is taken note of

    async def close(self) -> None:
        await self.kill_worker()
        await self._stack.aclose()


@asynccontextmanager
async def place(folder: Path, hook: str) -> AsyncIterator[Place]:
    made = Place(folder, hook)
    try:
        yield made
    finally:
        await made.close()


def argument(event: Incoming) -> dict[str, Any]:
    by = {"id": event.actor.id, "roles": list(event.actor.roles)}
    return {"id": event.id, "by": by, "data": event.data}


async def test_killed_in_the_middle_a_case_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    library = Library()
    events = {
        one.id: one
        for one in (
            Incoming("take", "e1", CLERK),
            Incoming("ask", "e2", CLERK),
            Incoming("reply", "e3", CLIENT, {"note": "已补充"}),
            Incoming("finish", "e4", CLERK),
            Incoming("confirm", "e5", CLIENT),
        )
    }
    # The first notice is taken and never answered; then the receiver is busy for a while.
    script = (Say(hang=True), *(Say(status=503),) * 3, Say())
    async with receiver(*script) as hook, place(tmp_path, hook.url) as here:
        client = await here.start_server()
        await here.start_worker()
        now = int(time.time())
        arguments = start_arguments(
            library.small["request"],
            key="K-1",
            data={"what": "补发配件"},
            actor=CLERK,
            event_id="open",
            now=now,
        )
        started = await client.start_workflow(**arguments, task_queue="duecourse")
        handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(started.id)
        assert (await handle.query("view"))["state"] == "open"

        # Half an hour on, the reminder is on its way when the worker dies.
        skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        passing = asyncio.create_task(skipper.fast_forward(handle, 24.0 * 60))
        await within(lambda: reached(hook, 1), "the reminder is on its way")
        await here.kill_worker()
        # Nobody is there, and somebody reports; then the server dies too.
        await handle.signal("take", argument(events["e1"]))
        passing.cancel()
        await asyncio.gather(passing, return_exceptions=True)
        await here.kill_server()

        client = await here.start_server()
        await here.start_worker()
        handle = client.get_workflow_handle(started.id)
        asked = await handle.execute_update("ask", argument(events["e2"]), id="e2")
        assert asked["state"] == "waiting"
        # The notice of the question is refused for now; the worker dies with it pending.
        await within(lambda: reached(hook, 3), "the notices are refused")
        await here.kill_worker()
        await here.start_worker()
        for name in ("e3", "e4", "e5"):
            event = events[name]
            answer = await handle.execute_update(event.name, argument(event), id=event.id)
        assert (answer["state"], answer["ended"]) == ("finished", True)
        assert (await asyncio.wait_for(handle.result(), 60))["problems"] == []
        # The same event again, long after: answered as the first time.
        again = await handle.execute_update("ask", argument(events["e2"]), id="e2")
        assert again == asked

        async with Records.open(here.database) as records:
            rows = await records.read.journal(handle.id, 1)
            claimed = {one["key"]: one for one in await records.read.notices(handle.id)}
        opening = Incoming("opened", "open", CLERK, {"what": "补发配件"}, now)
        program = library.program("request")
        judged = judge(
            program,
            open_case(program, "K-1", opening, rows[0]["recorded"], backlog=True),
            rows,
            {event.id: [event] for event in events.values()},
            slack=120,
        )
        assert [row["event_id"] for row in rows if row["kind"] == "event"] == list(events)
        assert judged.case.ended is not None
        assert claimed.keys() == {notice.key for notice in judged.notices}
        _delivered(hook, claimed)


async def reached(hook: Receiver, count: int) -> bool:
    return len(hook.got) >= count


def _delivered(hook: Receiver, claimed: dict[str, Any]) -> None:
    """Each at least once; twins are known by their idempotency key."""
    ids: defaultdict[str, set[str]] = defaultdict(set)
    times: Counter[str] = Counter()
    for request in hook.got:
        key = request.json["key"]
        ids[key].add(request.headers["idempotency-key"])
        times[key] += 1
    wanted = {
        f"{key}|crm|{one['recipient']}"
        for key, kept in claimed.items()
        for one in kept["deliveries"]
    }
    assert len(ids) == len(wanted)
    assert {key.split("|")[0] for key in ids} == set(claimed)
    assert all(len(several) == 1 for several in ids.values())
    assert len({next(iter(several)) for several in ids.values()}) == len(ids)
    assert max(times.values()) > 1  # the one whose answer was lost
    assert {one["status"] for kept in claimed.values() for one in kept["deliveries"]} == {"sent"}
