"""The worker of the yardstick, a process of its own: `python -m benchmarks.handwritten_worker`.

What it is: the yardstick's records (SQLite by SQLAlchemy, one transaction a line, a full sync) and
its worker, with the engine's data converter, workflow runner and worker options.
What it is not: part of the product.
"""

import asyncio
import gc
import json
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    event,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from benchmarks.handwritten import Handwritten, Line
from surfaces.settings import runtime
from workflows.payloads import DATA_CONVERTER

METADATA = MetaData()
JOURNAL = Table(
    "journal",
    METADATA,
    Column("case", String, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("name", String),
    Column("at", Integer),
    Column("actor", String),
    Column("event_id", String),
    Column("data", JSON),
    Column("notice", String),
    Column("sent", Boolean),
)
CASES = Table(
    "cases",
    METADATA,
    Column("case", String, primary_key=True),
    Column("seq", Integer),
    Column("state", String),
    Column("waiting", String),
    Column("due", Integer),
    Column("overdue", Boolean),
)


class Ledger:
    """The yardstick's records."""

    def __init__(self, path: Path) -> None:
        self._engine = create_engine(
            f"sqlite:///{path}",
            json_serializer=lambda value: json.dumps(value, ensure_ascii=False),
            connect_args={"check_same_thread": False},
        )

        @event.listens_for(self._engine, "connect")
        def prepare(connection: object, _: object) -> None:
            cursor = connection.cursor()  # type: ignore[attr-defined]
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.close()

        METADATA.create_all(self._engine)
        self._thread = ThreadPoolExecutor(1)
        self._line = insert(JOURNAL).on_conflict_do_nothing()
        mine = (JOURNAL.c.case == bindparam("of")) & (JOURNAL.c.seq == bindparam("number"))
        self._sent = update(JOURNAL).where(mine).values(sent=True)
        case = insert(CASES)
        kept = {one.name: case.excluded[one.name] for one in CASES.columns if one.name != "case"}
        self._case = case.on_conflict_do_update(index_elements=["case"], set_=kept)

    @activity.defn(name="line")
    async def line(self, line: Line) -> None:
        """Write one line and the case's row, once."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, line)

    @activity.defn(name="send")
    async def send(self, line: Line) -> None:
        """Send the notice of a line: here, to the log; then mark it."""
        print(f"{line.case} #{line.seq} {line.name}: {line.notice}", flush=True)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._mark, line)

    def _mark(self, line: Line) -> None:
        with self._engine.begin() as connection:
            connection.execute(self._sent, {"of": line.case, "number": line.seq})

    def _write(self, line: Line) -> None:
        with self._engine.begin() as connection:
            self._insert(connection, line)

    def _insert(self, connection: Connection, line: Line) -> None:
        connection.execute(
            self._line,
            {
                "case": line.case,
                "seq": line.seq,
                "name": line.name,
                "at": line.at,
                "actor": line.actor,
                "event_id": line.event_id,
                "data": line.data,
                "notice": line.notice,
            },
        )
        connection.execute(
            self._case,
            {
                "case": line.case,
                "seq": line.seq,
                "state": line.state,
                "waiting": line.waiting,
                "due": line.due,
                "overdue": line.overdue,
            },
        )


def spare_collector() -> None:
    """As the engine's worker does it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


async def main(address: str, queue: str, folder: Path) -> None:
    """Work until SIGTERM; says `ready` on stdout."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    client = await Client.connect(address, data_converter=DATA_CONVERTER, runtime=runtime())
    ledger = Ledger(folder / "handwritten.db")
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[Handwritten],
        activities=[ledger.line, ledger.send],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=1000,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
        graceful_shutdown_timeout=timedelta(seconds=20),
    )
    async with worker:
        spare_collector()
        print("ready", flush=True)
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
