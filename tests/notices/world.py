"""What the tests of notices stand on: a time moved by hand, a ledger, a channel that remembers."""

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from activities.ledger import Delivery
from activities.notices.channels.base import Merge, Message, Receipt
from activities.notices.clock import Clock
from activities.notices.directory import Directory
from workflows.core.effects import Notify

ZONE = "Asia/Shanghai"


def instant(text: str) -> int:
    """Seconds since the epoch of an ISO text, in Shanghai if it names no offset."""
    return int(datetime.fromisoformat(text if "+" in text else f"{text}+08:00").timestamp())


NOON = instant("2026-11-12T12:00:00")


class Time:
    """A time that stands still until `pass_by`; whoever sleeps in it is woken in order."""

    def __init__(self, now: int = NOON) -> None:
        self.at = float(now)
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    @property
    def clock(self) -> Clock:
        return Clock(lambda: int(self.at), lambda: self.at, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.at + seconds, waking))
        await waking

    async def pass_by(self, seconds: float) -> None:
        end = self.at + seconds
        await settle()
        while due := sorted((one for one in self._sleepers if one[0] <= end), key=lambda s: s[0]):
            self.at = due[0][0]
            self._sleepers.remove(due[0])
            if not due[0][1].done():
                due[0][1].set_result(None)
            await settle()
        self.at = end


async def settle() -> None:
    """Let everything run that can run without time or sockets."""
    for _ in range(100):
        await asyncio.sleep(0)


@dataclass
class Remembering:
    """A channel whose `sent` is a list; `failures` are raised first, one for each send."""

    name: str
    rate: int | None = None
    merge: Merge = "room"
    limit: int = 4000
    failures: list[Exception] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def send(self, message: Message) -> Receipt:
        if self.gate is not None:
            await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)
        return Receipt(message.id)


class SqliteLedger:
    """The ledger's protocol over a file, so that a second one sees what a first has left."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute(
            "create table if not exists delivery (key text, channel text, recipient text,"
            " status text, attempts int, error text, receipt text, fallback int,"
            " primary key (key, channel, recipient))"
        )
        self.broken_marks = 0

    async def claim(self, notice: Notify, deliveries: Sequence[Delivery]) -> tuple[Delivery, ...]:
        for one in deliveries:
            values = (notice.key, *astuple(one))
            self._db.execute("insert or ignore into delivery values (?,?,?,?,?,?,?,?)", values)
        return self.of(notice.key)

    async def mark(self, key: str, delivery: Delivery) -> None:
        if self.broken_marks:
            self.broken_marks -= 1
            raise ConnectionError("the database is away")
        self._db.execute(
            "update delivery set status = ?, attempts = ?, error = ?, receipt = ?"
            " where key = ? and channel = ? and recipient = ?",
            (
                delivery.status,
                delivery.attempts,
                delivery.error,
                delivery.receipt,
                key,
                delivery.channel,
                delivery.recipient,
            ),
        )

    def of(self, key: str) -> tuple[Delivery, ...]:
        found = self._db.execute(
            "select channel, recipient, status, attempts, error, receipt, fallback"
            " from delivery where key = ? order by rowid",
            (key,),
        )
        return tuple(replace(Delivery(*row), fallback=bool(row[6])) for row in found)

    def close(self) -> None:
        self._db.close()


PEOPLE = """
zone: Asia/Shanghai
people:
  wang: {name: 王芳, channels: {mail: wang@example.com}}
  li: {name: 李娜, channels: {mail: li@example.com, room: lina}}
  chen: {name: 陈国强, channels: {mail: chen@example.com}}
  zhao:
    name: 赵军
    channels: {mail: zhao@example.com}
    deputies: [{person: li, from: 2026-11-10, to: 2026-11-12}]
  sun:
    name: 孙涛
    channels: {mail: sun@example.com}
    deputies: [{person: zhao, from: 2026-11-01, to: 2026-11-30}]
  ping:
    name: 郑平
    channels: {mail: ping@example.com}
    deputies: [{person: pong, from: 2026-11-01, to: 2026-11-30}]
  pong:
    name: 庞一
    channels: {mail: pong@example.com}
    deputies: [{person: ping, from: 2026-11-01, to: 2026-11-30}]
  night: {name: 夜静, channels: {mail: night@example.com}, quiet: {from: "21:30", to: "07:30"}}
  emma: {name: Emma, language: en, channels: {mail: emma@example.com}}
groups:
  desk: {name: 客服群, channel: room}
organisations:
  xiamen: {region: south, roles: {manager: wang}, customer: {channel: crm, address: xiamen}}
regions:
  south: {roles: {manager: chen, engineer: [li, chen]}}
roles:
  manager: emma
  engineer: emma
  dispatcher: zhao
  keeper: sun
  nobody_there: [ping, pong]
  night_shift: night
  team: [wang, li, desk]
customer: {channel: crm}
fallback: desk
"""


def directory(folder: Path, text: str = PEOPLE) -> Directory:
    path = folder / "directory.yaml"
    path.write_text(text, "utf-8")
    return Directory.load(path)


def notice(key: str = "k", to: str = "manager", **more: Any) -> Notify:
    """A rung at due, unless said otherwise."""
    known: dict[str, Any] = {
        "case": "complaint:C-1",
        "process": "complaint",
        "kind": "rung",
        "at": NOON,
        "seq": 3,
        "clock": "solution",
        "level": "L1",
        "due": NOON,
        "zone": ZONE,
        "title": {"zh": "给出方案", "en": "Solution"},
    }
    return Notify(key=key, to=to, **{**known, **more})
