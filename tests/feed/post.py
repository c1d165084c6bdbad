"""A receiver that keeps what it accepts, rows to send, and a courier under a time of one's own."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from activities.feed.courier import Courier, Pace
from activities.feed.settings import Subscription, SubscriptionSettings
from activities.notices.channels.configuration import Held
from activities.notices.channels.web import http_clients
from activities.notices.clock import Clock
from activities.records import Records
from definitions.bundle import digest_of, pin
from definitions.loader import FOLDER, load_file
from tests.records.build import batch, row

SECRET = "shared"
PACE = Pace(poll=0.01, idle=0.0)
CLIENTS = http_clients()
Answer = tuple[int, dict[str, str]]
WELL: Answer = (204, {})


@dataclass(frozen=True)
class Arrived:
    """One request, whatever it was answered."""

    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


@dataclass
class Desk:
    """A receiver on the loopback. `judge` says what an event is answered; None never answers."""

    judge: Callable[[dict[str, Any]], Answer | None] = lambda _: WELL
    port: int = 0
    got: list[Arrived] = field(default_factory=list)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def accepted(self) -> list[str]:
        return [one.event["id"] for one in self.got if one.status < 300]

    def of(self, case: str) -> list[int]:
        """Numbers of the rows of a case that were accepted, as they came."""
        return [
            one.event["data"]["seq"]
            for one in self.got
            if one.status < 300 and one.event["subject"] == case
        ]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        answer = self.judge(json.loads(body))
        if answer is None:
            await reader.read()
            return False
        status, more = answer
        self.got.append(Arrived(headers, body, status))
        lines = [f"HTTP/1.1 {status} X", "content-length: 0"]
        lines += [f"{name}: {value}" for name, value in more.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await writer.drain()
        return True

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Desk"]:
        """Listen, at the port of the time before if there was one."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in list(self._writers):
                writer.close()
            await server.wait_closed()
            await until(lambda: not self._writers)


@dataclass
class Hours:
    """The time of the couriers, moved by hand; waits are real and short."""

    at: int = 1_800_000_000

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.at, time.monotonic, asyncio.sleep)


def subscription(url: str, name: str = "crm", **said: Any) -> Subscription:
    held = Held(env="SECRET")
    settings = SubscriptionSettings(url=url, secret=held, **{"begin": "start", **said})
    return Subscription(name, settings, "/duecourse", SECRET)


@asynccontextmanager
async def courier(
    records: Records,
    wanted: Subscription,
    hours: Hours | None = None,
    *,
    owner: str = "worker-1",
    pace: Pace = PACE,
) -> AsyncIterator[Courier]:
    """A courier at work."""
    clock = (hours or Hours()).clock
    made = Courier(wanted, records, CLIENTS, clock, owner, pace=pace, chance=lambda: 1.0)
    stopping = asyncio.Event()
    task = asyncio.create_task(made.run(stopping))
    try:
        yield made
    finally:
        stopping.set()
        await task


async def until(holds: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Wait for something that is bound to happen, at a receiver or in a database, and return it;
    TimeoutError if it does not."""
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            if isinstance(found, Awaitable):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.005)


async def write(records: Records, case: str, *seqs: int, **more: Any) -> None:
    """Rows of a case, a turn each."""
    for seq in seqs:
        await records.write(batch(case, seq, rows=(row(seq, **more),)), 1)


async def keep_rules(records: Records, *processes: str) -> None:
    """The rules by which it is known what is personal."""
    for name in processes:
        pinned = pin(load_file(FOLDER / f"{name}.yaml", FOLDER))
        await records.save_rules(digest_of(pinned), pinned, process=name)
