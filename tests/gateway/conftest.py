"""A gateway on a free port, over a real Temporal server, real records and the real definitions."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from temporalio.client import Client

from activities.notices.directory import Directory
from activities.notices.notifier import Notifier
from definitions.loader import Catalogue, load_library
from surfaces.cases import Cases
from surfaces.cli_serve import Server, configured
from surfaces.gateway.app import create_app
from surfaces.gateway.keys import ApiKey, Keys, KeysFile, Right, digest_of, new_key
from surfaces.gateway.services import Services
from surfaces.server import embedded_server, free_port
from surfaces.settings import Settings, connect, runtime
from tests.shell.world import Desk
from worker import build_worker

DIRECTORY = """
zone: Asia/Shanghai
people: {li: {name: 李, channels: {desk: li}}}
roles: {service_specialist: li, service_manager: li}
fallback: li
"""
TOKENS = {name: new_key() for name in ("crm", "office", "reader", "xiamen", "starter")}


def _held(
    name: str, rights: tuple[Right, ...], organisations: tuple[str, ...] = (), **more: Any
) -> ApiKey:
    roles = ("service_specialist", "service_manager")
    return ApiKey(
        sha256=digest_of(TOKENS[name]),
        roles=roles,
        rights=rights,
        organisations=organisations,
        **more,
    )


KEYS = Keys.of(
    KeysFile(
        keys={
            "crm": _held("crm", ("start", "send", "read"), ("LY01",), on_behalf=True),
            "office": _held("office", ("start", "send", "read", "import", "personal")),
            "reader": _held("reader", ("read",)),
            "xiamen": _held("xiamen", ("start", "send", "read"), ("XM01",)),
            "starter": _held("starter", ("start",)),
        }
    )
)


@dataclass
class Gate:
    """A gateway that can be called, with what stands behind it."""

    cases: Cases
    url: str
    http: httpx2.AsyncClient

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str = "crm", **more: Any
    ) -> httpx2.Response:
        """One request with the key of that name."""
        headers = {"Authorization": f"Bearer {TOKENS[key]}", **more.pop("headers", {})}
        return await self.http.request(method, path, json=body, headers=headers, **more)

    async def get(self, path: str, key: str = "crm", **more: Any) -> Any:
        """What is answered with 200."""
        response = await self.call("GET", path, key=key, **more)
        assert response.status_code == 200, response.text
        return response.json()

    async def refused(self, status: int, code: str, *args: Any, **more: Any) -> Any:
        """The problem with which a request is refused."""
        response = await self.call(*args, **more)
        assert (response.status_code, response.json()["code"]) == (status, code), response.text
        assert response.headers["content-type"] == "application/problem+json"
        return response.json()


@asynccontextmanager
async def serving(cases: Cases, keys: Keys | None) -> AsyncIterator[Gate]:
    """A gateway on a port of its own, ended with the context."""
    port = free_port()
    app = create_app(Services(cases, keys, lambda: int(time.time())))
    server = Server(configured(app, "127.0.0.1", port))
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done()
        await asyncio.sleep(0.02)
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx2.AsyncClient(base_url=url, timeout=60) as http:
            yield Gate(cases, url, http)
    finally:
        server.should_exit = True
        await task


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_library()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    folder = tmp_path_factory.mktemp("temporal")
    async with embedded_server(folder / "temporal.db", log=folder / "server.log") as server:
        yield await connect(runtime(), target_host=server.address, namespace="default")


@asynccontextmanager
async def cases_of(client: Client, folder: Path, queue: str) -> AsyncIterator[Cases]:
    """Cases of a task queue of their own, with records of their own."""
    url = f"sqlite:///{folder / 'records.db'}"
    async with Cases(Settings(database_url=url, task_queue=queue), client=client) as made:
        await made.records.migrate()
        yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gate(
    client: Client, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gate]:
    """A gateway and a worker for its cases."""
    folder = tmp_path_factory.mktemp("gate")
    (folder / "directory.yaml").write_text(DIRECTORY, encoding="utf-8")
    async with cases_of(client, folder, "gate") as cases:
        directory = Directory.load(folder / "directory.yaml")
        notifier = Notifier(directory, {"desk": Desk()}, cases.records)
        worker = build_worker(client, cases.records, notifier, catalogue, task_queue="gate")
        async with worker, serving(cases, KEYS) as made:
            yield made


@pytest_asyncio.fixture(loop_scope="session")
async def unattended(client: Client, tmp_path: Path) -> AsyncIterator[Gate]:
    """A gateway whose cases no worker serves."""
    async with (
        cases_of(client, tmp_path, f"queue-{tmp_path.name}") as cases,
        serving(cases, KEYS) as made,
    ):
        yield made
