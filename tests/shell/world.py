"""A world for cases: a real Temporal server, real records in SQLite, and a channel that keeps what
it was given.

What it is: what the tests of the durable shell stand on, in the words of the domain.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import Worker

from activities.notices.channels.base import Merge, Message, Permanent, Receipt
from activities.notices.directory import Directory
from activities.notices.notifier import Notifier
from activities.records import Records
from definitions.loader import Catalogue, load_library
from worker import build_worker
from workflows.core.case import Actor
from workflows.payloads import Limits
from workflows.starting import start_arguments

HERE = Path(__file__).parent
PROCESSES = HERE / "processes"
TALKING = HERE / "talking"
"""Processes that open, tell and compute."""
LI = {"id": "li", "roles": ["clerk"]}
HOUR = timedelta(hours=1)
T = TypeVar("T")

DIRECTORY = """
zone: Asia/Shanghai
people:
  li: {name: 李, channels: {desk: li}}
  wang: {name: 王, channels: {desk: wang}}
roles: {clerk: li, chief: wang}
fallback: wang
"""


@dataclass
class Desk:
    """A channel that keeps what it was given, or refuses everything."""

    name: str = "desk"
    rate: int | None = None
    merge: Merge = "never"
    limit: int = 20_000
    sent: list[Message] = field(default_factory=list)
    broken: bool = False

    async def send(self, message: Message) -> Receipt:
        if self.broken:
            raise Permanent("the desk is closed")
        self.sent.append(message)
        return Receipt(message.key)

    @property
    def keys(self) -> list[str]:
        """The notices' keys, as often as they were sent."""
        return [message.key.split("|")[0] for message in self.sent]


class World:
    """Cases of one task queue. `working` runs a worker for them."""

    def __init__(
        self, client: Client, folder: Path, task_queue: str, processes: Path = PROCESSES
    ) -> None:
        self.client = client
        self.folder = folder
        self.task_queue = task_queue
        self.catalogue: Catalogue = load_library(processes)
        self.desk = Desk()
        self.database = folder / "records.db"
        (folder / "directory.yaml").write_text(DIRECTORY, "utf-8")
        self._stack = AsyncExitStack()

    @property
    def url(self) -> str:
        return f"sqlite:///{self.database}"

    async def __aenter__(self) -> "World":
        self.records = await self._stack.enter_async_context(Records.open(self.url))
        await self.records.migrate()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def working(self, **more: Any) -> Worker:
        """A worker, as an asynchronous context."""
        directory = Directory.load(self.folder / "directory.yaml")
        notifier = Notifier(directory, {"desk": self.desk}, self.records)
        return build_worker(
            self.client,
            self.records,
            notifier,
            self.catalogue,
            task_queue=self.task_queue,
            **more,
        )

    def key(self, name: str) -> str:
        """The key of a case: names are used by several tests, and a key only once."""
        return f"{name}-{self.task_queue.rpartition('-')[2]}"

    def case(self, name: str, process: str = "errand") -> str:
        """The id of a case."""
        return f"{process}:{self.key(name)}"

    def arguments(self, name: str, process: str = "errand", **more: Any) -> dict[str, Any]:
        """What a start takes."""
        values: dict[str, Any] = {
            "key": self.key(name),
            "data": {"what": "送一封信", "place": "east"},
            "actor": Actor("li", ("clerk",)),
            "event_id": "opened",
            "now": int(time.time()),
        }
        arguments = start_arguments(self.catalogue[process], **{**values, **more})
        return {**arguments, "task_queue": self.task_queue}

    async def start(self, name: str, **more: Any) -> WorkflowHandle[Any, Any]:
        """Start a case."""
        return await self.client.start_workflow(**self.arguments(name, **more))

    async def journal(self, name: str, process: str = "errand") -> list[dict[str, Any]]:
        """The rows of a case."""
        return list(await self.records.read.journal(self.case(name, process), 1))


async def send(
    handle: WorkflowHandle[Any, Any], name: str, *, by: Any = None, **more: Any
) -> dict[str, Any]:
    """Send an event as an update; its answer."""
    update_id = more.pop("id", None)
    argument = {"by": LI if by is None else by, **more}
    answer: dict[str, Any] = await handle.execute_update(
        name, argument, id=update_id, result_type=dict[str, Any]
    )
    return answer


async def eventually(look: Callable[[], Awaitable[T]], seconds: float = 15.0) -> T:
    """What `look` answers as soon as it is truthy; fails if that takes too long."""
    deadline = time.monotonic() + seconds
    while not (found := await look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {look}")
        await asyncio.sleep(0.05)
    return found


async def history(handle: WorkflowHandle[Any, Any]) -> Counter[str]:
    """How many events of each kind a run's history has."""
    return Counter(
        [
            EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower()
            async for event in handle.fetch_history_events()
        ]
    )


async def attributes(handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    """The search attributes of a case by name."""
    described = await handle.describe()
    return {pair.key.name: pair.value for pair in described.typed_search_attributes}


async def shown(handle: WorkflowHandle[Any, Any], name: str, value: object) -> bool:
    """Whether the search attribute stands at that value (None: is not there)."""
    return (await attributes(handle)).get(name) == value


async def written(world: World, name: str, count: int) -> bool:
    """Whether so many rows of the case are in the records."""
    return len(await world.journal(name)) >= count


async def runs(world: World, name: str, count: int) -> bool:
    """Whether the case has gone on in so many runs."""
    query = f"WorkflowId = '{world.case(name)}'"
    return (await world.client.count_workflows(query)).count >= count


SMALL = Limits(events=30, updates=1000, signals=1000)
FAIL = WorkflowIDConflictPolicy.FAIL
