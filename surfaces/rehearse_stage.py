"""Where scenarios are played on real Temporal: a server of their own, a fresh world for each.

What it is: composition of server, namespace, worker, records and notices that reach nobody.
What it is not: playing, or watching.
Who may import it: the surfaces and the tests.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.notices.channels.console import Console
from activities.notices.clock import Clock
from activities.notices.directory import Directory
from activities.notices.notifier import Notifier
from activities.records import Records
from definitions.loader import Catalogue
from surfaces.cases import Cases
from surfaces.rehearse import Outcome, rehearse
from surfaces.rehearse_temporal import TemporalRunner
from surfaces.rehearse_watch import Overshot
from surfaces.rules import Rules
from surfaces.scenario import Scenario
from surfaces.server import embedded_server
from surfaces.settings import Settings, connect, runtime
from worker import build_worker, register_attributes

TRIES = 6
NOON = Clock(lambda: 1_794_283_200, time.monotonic, asyncio.sleep)
"""2026-11-10T12:00+08:00: nobody's quiet hours, at whatever hour a scenario is played."""


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
    return Notifier(directory, channels, records, clock=NOON)


@asynccontextmanager
async def stage(rules: Rules) -> AsyncIterator[Stage]:
    """A server for rehearsals while the context lasts."""
    with TemporaryDirectory(prefix="duecourse-") as folder:
        async with embedded_server(None) as server:
            yield Stage(server.address, Path(folder), rules)
