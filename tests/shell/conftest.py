"""The server of the session and a world for each test."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client

from surfaces.server import Embedded, embedded_server
from surfaces.settings import connect, runtime
from tests.shell.world import World

_NUMBERS = itertools.count(1)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Embedded]:
    """A real server with a file as its database, ended with the session."""
    folder = tmp_path_factory.mktemp("temporal")
    async with embedded_server(folder / "temporal.db", log=folder / "server.log") as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(server: Embedded) -> Client:
    return await connect(runtime(), target_host=server.address, namespace="default")


@pytest_asyncio.fixture(loop_scope="session")
async def world(client: Client, tmp_path: Path) -> AsyncIterator[World]:
    async with World(client, tmp_path, f"cases-{next(_NUMBERS)}") as opened:
        yield opened
