"""The delivery of one subscription: rounds of sending, each kept before the next begins.

What it is: `Courier`. A round takes what is due and what is new, sends cases side by side and each
case's rows one after the other, and notes in one transaction what became of them. Killed in
between, it sends that round's rows again, and loses none.
What it is not: the state, which is in the records (`activities.records.outbox`); many couriers for
one subscription are of use, for one holds the lease and the others wait for it.
Who may import it: the feed and the tests.
"""

import asyncio
import contextlib
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from activities.feed.events import cloud_event
from activities.feed.personal import Mask
from activities.feed.sending import Reply, Sender
from activities.feed.settings import Subscription
from activities.notices.channels.web import HttpClients
from activities.notices.clock import Clock
from activities.records import LeaseLost, Outbox, Outcome, Records, Strand
from activities.records.engine import RecordsOutdated, RecordsUnavailable

log = structlog.get_logger("webhooks")


@dataclass(frozen=True, slots=True)
class Pace:
    """How a courier works, in seconds. A round ends before half of the lease is over: `span` and
    the longest time-out together are less than that."""

    poll: float = 1.0
    """Between looks when there was nothing to do."""
    idle: float = 10.0
    """Between notes that rows were passed which nobody wants."""
    lease: int = 90
    first: int = 5
    most: int = 900
    limit: int = 32
    """Rows of a round."""
    span: float = 3.0
    """For how long a round begins new sendings."""

    def wait(self, attempts: int, chance: float) -> int:
        """The wait behind the attempt after so many others: doubled each time, and between half of
        it and all of it by chance, so that many do not come back at once."""
        whole = min(self.most, self.first << min(attempts, 30))
        return max(1, math.ceil(whole * (0.5 + chance / 2)))


class Courier:
    """Sends the rows that one subscription wants. `owner` tells this process from all others."""

    def __init__(
        self,
        subscription: Subscription,
        records: Records,
        clients: HttpClients,
        clock: Clock,
        owner: str,
        *,
        pace: Pace | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = subscription.name
        self._subscription = subscription
        self._outbox = Outbox(records.database)
        self._mask = None if subscription.said.personal else Mask(records)
        self._clients = clients
        self._clock = clock
        self._owner = owner
        self._pace = pace or Pace()
        self._chance = chance
        self._moved = -math.inf

    async def run(self, stopping: asyncio.Event) -> None:
        """Deliver until asked to stop; what is under way is finished."""
        async with self._clients() as client:
            sender = Sender(self._subscription, client, self._clock)
            opened = False
            while not stopping.is_set():
                try:
                    if not opened:
                        whole = self._subscription.said.begin == "start"
                        await self._outbox.open(self.name, whole=whole)
                        opened = True
                    busy = await self.round(sender, stopping)
                except LeaseLost as lost:
                    log.warning("webhook.lease_lost", subscription=self.name, why=lost.message)
                    busy = False
                except (RecordsUnavailable, RecordsOutdated) as away:
                    log.warning("webhook.records", subscription=self.name, why=away.message)
                    busy = False
                if not busy:
                    await _either(stopping, self._pace.poll)
        with contextlib.suppress(RecordsUnavailable, RecordsOutdated):
            await self._outbox.leave(self.name, self._owner)

    async def round(self, sender: Sender, stopping: asyncio.Event) -> bool:
        """One round; whether there was anything to do. Raises `LeaseLost`."""
        now, wanted = self._clock.now(), self._subscription.wanted
        standing = await self._outbox.lease(self.name, self._owner, now, self._pace.lease)
        if standing is None or standing.stopped is not None or (standing.quiet or 0) > now:
            return False
        work = await self._outbox.work(self.name, wanted, now, self._pace.limit)
        if not work.strands:
            rested = self._clock.monotonic() - self._moved >= self._pace.idle
            if work.cursor == standing.cursor or not rested:
                return False
        self._moved = self._clock.monotonic()
        strands = [await self._masked(one) for one in work.strands]
        trip = Trip(self, sender, stopping)
        outcomes = await trip.send(strands)
        await self._outbox.note(
            self.name,
            self._owner,
            wanted,
            self._clock.now(),
            work.cursor,
            outcomes,
            quiet=trip.quiet,
            stopped=trip.gone,
        )
        self._log(outcomes, trip)
        return bool(strands)

    async def _masked(self, strand: Strand) -> Strand:
        if self._mask is None:
            return strand
        return replace(strand, rows=tuple(await self._mask.hide(strand.rows)))

    def _log(self, outcomes: Sequence[Outcome], trip: "Trip") -> None:
        for one in outcomes:
            if one.error:
                row = one.strand.rows[one.sent]["id"]
                said = log.error if one.dead else log.warning
                what = "webhook.dead" if one.dead else "webhook.failed"
                said(what, subscription=self.name, row=row, why=one.error, next=one.next)
        if trip.gone:
            log.error("webhook.stopped", subscription=self.name, why=trip.gone)


class Trip:
    """One round's sending. `quiet`: until when the receiver asks for rest; `gone`: it says that it
    wants nothing any more."""

    def __init__(self, courier: Courier, sender: Sender, stopping: asyncio.Event) -> None:
        self.quiet: int | None = None
        self.gone = ""
        self._subscription = courier._subscription
        self._clock, self._pace, self._chance = courier._clock, courier._pace, courier._chance
        self._sender = sender
        self._stopping = stopping
        self._end = self._clock.monotonic() + self._pace.span
        self._room = asyncio.Semaphore(self._subscription.said.parallel)

    async def send(self, strands: Sequence[Strand]) -> list[Outcome]:
        """What became of each strand, in their order."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._strand(one)) for one in strands]
        return [task.result() for task in tasks]

    async def _strand(self, strand: Strand) -> Outcome:
        async with self._room:
            for sent, item in enumerate(strand.rows):
                if self._over():
                    return Outcome(strand, sent, next=self.quiet or self._clock.now())
                reply = await self._sender.send(cloud_event(item, self._subscription.source))
                if reply.error:
                    return self._failed(strand, sent, reply)
        return Outcome(strand, len(strand.rows))

    def _over(self) -> bool:
        """Whether no sending begins any more in this round."""
        if self._stopping.is_set() or self.gone or self.quiet is not None:
            return True
        return self._clock.monotonic() >= self._end

    def _failed(self, strand: Strand, sent: int, reply: Reply) -> Outcome:
        now = self._clock.now()
        attempts, first = (strand.attempts, strand.first) if sent == 0 else (0, None)
        if reply.gone:
            self.gone = reply.error
            return Outcome(strand, sent, next=now, error=reply.error)
        wait = self._pace.wait(attempts, self._chance())
        if reply.after is not None:
            wait = max(wait, reply.after)
            self.quiet = max(self.quiet or 0, now + reply.after)
        given_up = first is not None and now - first >= self._subscription.said.give_up_hours * 3600
        return Outcome(strand, sent, next=now + wait, error=reply.error, dead=given_up)


async def _either(stopping: asyncio.Event, seconds: float) -> None:
    """Wait until asked to stop, and so many seconds at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopping.wait()
