"""The way to the database: connections, transactions, and what can go wrong with them.

What it is: `Database`, one URL with its reading and writing transactions, its making and its
check. SQLite runs in WAL with one writer at a time and a full sync at each commit, for a claim
must survive a power cut; PostgreSQL runs as it is.
What it is not: tables or statements.
Who may import it: the records.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine

from activities.records.columns import to_json
from definitions.problems import DuecourseError

T = TypeVar("T")
BUSY_SECONDS = 10
THREADS = 4
CONNECT_SECONDS = 5
WRITES = "duecourse_writes"
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
)
_BEHIND = "start this program's worker once, which brings them up to date"
_MIGRATION_LOCK = 0x44756563
"""Any number that no other program's advisory lock has."""


class RecordsUnavailable(DuecourseError):
    """The database is not there or does not answer: the world's fault, worth another try."""

    code = "records_unavailable"


class RecordsOutdated(DuecourseError):
    """The database's tables are not those that this program knows."""

    code = "records_outdated"


class RecordsConflict(DuecourseError):
    """What is to be written contradicts what is written: ours, and no retry mends it."""

    code = "records_conflict"


def driver_url(url: str) -> URL:
    """The URL with its driver; only SQLite files and PostgreSQL are known."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise RecordsUnavailable(
            "the records' URL cannot be read",
            hint="say sqlite:///path/to/file.db or postgresql://user:password@host/database",
        ) from error
    backend = parsed.drivername.partition("+")[0]
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg_async")
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite")
    raise RecordsUnavailable(
        f"records cannot be kept in {parsed.render_as_string(hide_password=True)!r}",
        hint="say sqlite:///path/to/file.db or postgresql://user:password@host/database",
    )


class Database:
    """One database. Nothing is opened before the first transaction.

    A transaction is a plain function of a connection. On SQLite it runs as a whole in a thread:
    handing over each statement by itself costs more than all of them together.
    """

    def __init__(self, url: str) -> None:
        target = driver_url(url)
        plain = target.set(drivername=target.get_backend_name())
        self.place = plain.render_as_string(hide_password=True)
        self.dialect = target.get_backend_name()
        self.file: Path | None = None
        self._runner: _Threads | _Server
        if self.dialect == "sqlite":
            self.file = Path(target.database or "").absolute()
            self._runner = _Threads(self.file)
        else:
            self._runner = _Server(target)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` answers in a transaction of its own, which only reads."""
        with self._blame():
            return await self._runner.run(work, writes=False)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` answers in a transaction of its own: kept if it ends well, else undone."""
        with self._blame():
            return await self._runner.run(work, writes=True)

    async def migrate(self) -> None:
        """Make the tables, or bring them to what this program knows. A file that is not there is
        made, its folder is not."""
        from activities.records.migrations import upgrade  # Alembic is heavy, and rarely needed

        if self.file is not None:
            try:
                self.file.touch()
            except OSError as error:
                raise self._unavailable(error) from error
        await self.check(behind=True)

        def work(connection: Connection) -> None:
            if self.file is None:
                # Two programs that start at once must not both make the tables.
                lock = text("SELECT pg_advisory_xact_lock(:number)")
                connection.execute(lock, {"number": _MIGRATION_LOCK})
            upgrade(connection)

        await self.write(work)

    async def check(self, *, behind: bool = False) -> None:
        """Raise `RecordsUnavailable` or `RecordsOutdated` unless the tables are there and are
        those that this program knows, or with `behind`, older ones or none."""
        from activities.records.migrations import current, head, known

        found = await self.read(current)
        if found == head() or (behind and (found is None or known(found))):
            return
        ahead = found is not None and not known(found)
        raise RecordsOutdated(
            f"the records at {self.place} have schema {found or 'none'}, not {head()}",
            hint="they were made by a newer program: use that one" if ahead else _BEHIND,
            facts={"found": found, "expected": head(), "place": self.place},
        )

    async def close(self) -> None:
        """Give up all connections."""
        await self._runner.close()

    @contextmanager
    def _blame(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as error:
            raise RecordsConflict(
                f"the records refuse this: {_first_line(error)}", facts={"place": self.place}
            ) from error
        except DBAPIError as error:
            if _lacks_tables(error):
                raise RecordsOutdated(
                    f"the records at {self.place} lack what this program needs: "
                    f"{_first_line(error)}",
                    hint=_BEHIND,
                    facts={"place": self.place},
                ) from error
            if _of_the_world(error):
                raise self._unavailable(error) from error
            raise
        except (PoolTimeout, ConnectionError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> RecordsUnavailable:
        if self.file is None:
            hint = "is the PostgreSQL server running, and are user, password and database right?"
        elif not self.file.parent.is_dir():
            hint = f"the folder {self.file.parent} is not there: make it first"
        elif not self.file.exists():
            hint = "the file is not there: start the worker once, which makes it"
        else:
            hint = "is the file a database that this user may write, and has its disk room?"
        return RecordsUnavailable(
            f"the records at {self.place} do not answer: {_first_line(error)}",
            hint=hint,
            facts={"place": self.place},
        )


class _Server:
    """PostgreSQL, by its async driver."""

    def __init__(self, url: URL) -> None:
        self._engine = create_async_engine(
            url,
            json_serializer=to_json,
            pool_pre_ping=True,
            pool_recycle=1800,
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )

    async def run(self, work: Callable[[Connection], T], *, writes: bool) -> T:
        async with self._engine.connect() as connection, connection.begin():
            return await connection.run_sync(work)

    async def close(self) -> None:
        await self._engine.dispose()


class _Threads:
    """A SQLite file, by a few threads."""

    def __init__(self, file: Path) -> None:
        self._engine = _sqlite_engine(file)
        self._writing = self._engine.execution_options(**{WRITES: True})
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="records")
        # Writers of this process stand in line here: fair, and quicker than SQLite's polling.
        self._turn = asyncio.Lock()

    async def run(self, work: Callable[[Connection], T], *, writes: bool) -> T:
        loop = asyncio.get_running_loop()
        call = partial(self._transaction, work, writes)
        async with self._turn if writes else nullcontext():
            return await loop.run_in_executor(self._pool, call)

    def _transaction(self, work: Callable[[Connection], T], writes: bool) -> T:
        with (self._writing if writes else self._engine).begin() as connection:
            return work(connection)

    async def close(self) -> None:
        async with self._turn:
            self._pool.shutdown()
            self._engine.dispose()


def _sqlite_engine(file: Path) -> Engine:
    # mode=rw: a wrong path is an error, not a new and empty database. No isolation level:
    # transactions begin where we say, not where the driver guesses.
    engine = create_engine(
        URL.create(
            "sqlite",
            database=f"file:{quote(str(file))}",
            query={"mode": "rw", "uri": "true"},
        ),
        json_serializer=to_json,
        poolclass=QueuePool,
        pool_size=THREADS,
        max_overflow=0,
        connect_args={
            "isolation_level": None,
            "timeout": BUSY_SECONDS,
            "check_same_thread": False,  # a connection serves one thread at a time, any of them
        },
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its turn at once: two that read first and then write would lock each other
        # out, and positions would not follow the order of commits.
        writes = connection.get_execution_options().get(WRITES, False)
        with driver_of(connection) as driver:
            driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def driver_of(connection: Connection) -> Iterator[sqlite3.Connection]:
    """SQLite's own connection, for what SQLAlchemy would only hand on; its errors are told as
    SQLAlchemy's."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    try:
        yield driver
    except sqlite3.Error as error:
        raise DBAPIError.instance(
            None, None, error, sqlite3.Error, dialect=connection.dialect
        ) from error


def _first_line(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]


def _lacks_tables(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in ("42P01", "42703")  # undefined table, undefined column
    return _first_line(error).startswith(("no such table", "no such column", "table "))


_WORLD = ("08", "53", "55P03", "57", "58", "3D", "28", "40", "25P0")
"""Classes of PostgreSQL's errors that are nobody's bug: connection, resources, locks, shutdown,
system, no such database, not allowed in, serialisation and deadlock, time-outs."""


def _of_the_world(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_WORLD)
    return type(error).__name__ in ("OperationalError", "InterfaceError", "DatabaseError")
