"""A real server and a worker on demand for the surfaces that talk to Temporal."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.worker import Worker

from activities.notices.directory import Directory
from activities.notices.notifier import Notifier
from definitions.loader import load_library
from surfaces.cases import Cases
from surfaces.server import Embedded, embedded_server
from surfaces.settings import Settings, connect, runtime
from tests.shell.world import Desk
from tests.surfaces.play import PROCESSES
from worker import build_worker

DIRECTORY = """
zone: Asia/Shanghai
people: {li: {name: 李, channels: {desk: li}}}
roles: {clerk: li, chief: li, customer: li}
fallback: li
"""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Embedded]:
    """A real server, ended with the session."""
    folder = tmp_path_factory.mktemp("temporal")
    async with embedded_server(folder / "temporal.db", log=folder / "server.log") as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(server: Embedded) -> Client:
    return await connect(runtime(), target_host=server.address, namespace="default")


@pytest_asyncio.fixture(loop_scope="session")
async def cases(client: Client, tmp_path: Path) -> AsyncIterator[Cases]:
    """Cases of a task queue of their own, with records of their own."""
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'records.db'}",
        definitions=PROCESSES,
        task_queue=f"queue-{tmp_path.name}",
        ui_url="http://127.0.0.1:8233",
    )
    async with Cases(settings, client=client) as made:
        await made.records.migrate()
        yield made


@pytest.fixture
def working(cases: Cases, client: Client, tmp_path: Path) -> Callable[[], Worker]:
    """Makes a worker for the cases, as an asynchronous context."""
    (tmp_path / "directory.yaml").write_text(DIRECTORY, encoding="utf-8")

    def make() -> Worker:
        directory = Directory.load(tmp_path / "directory.yaml")
        return build_worker(
            client,
            cases.records,
            Notifier(directory, {"desk": Desk()}, cases.records),
            load_library(PROCESSES),
            task_queue=cases.settings.task_queue,
        )

    return make
