"""Rates: what a channel may send in a minute, and what happens to the rest.

What it is: a sliding window for each channel and an outbox before it. A message that finds the
window open goes straight out. Otherwise it waits in its caller's hands, and when the window opens
everything that waited and may be merged goes out as one digest that names every case. Waiting is
no failure. What it is not: durable. A message waits while the activity that brought it is alive;
whatever dies leaves its delivery pending in the ledger, and the activity's next attempt brings it
again. What it is not either: shared between processes; where several send to one robot, its own
answer 'too many' closes the window here.
Who may import it: the notices package.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from activities.notices.channels.base import (
    Channel,
    ChannelFailure,
    Message,
    Permanent,
    Receipt,
    Retryable,
)
from activities.notices.clock import Clock

MINUTE = 60.0
MAX_QUEUED = 500
MAX_WAIT = 2 * MINUTE
PARALLEL = 4

Digest = Callable[[Sequence[Message], int], tuple[Message, int]]
"""Joins as many of the messages, from the first, as fit into a number of bytes; says how many."""


class Waiting(ChannelFailure):
    """Not sent yet, and nothing is wrong: come again after so many seconds."""

    code = "channel_waiting"

    def __init__(self, after: float) -> None:
        super().__init__(f"the channel's rate is used up for {after:.0f} s")
        self.after = after


@dataclass(frozen=True, slots=True)
class Sent:
    """An accepted message; `merged` if a digest carried it, whose receipt it then is."""

    receipt: Receipt
    merged: bool


class Window:
    """At most `rate` sends in any 60 s, by a monotonic time in seconds."""

    def __init__(self, rate: int | None, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._sent: deque[float] = deque()
        self._closed_until = float("-inf")

    def delay(self) -> float:
        """Seconds until the next send is allowed; 0 if it is now."""
        now = self._monotonic()
        while self._sent and self._sent[0] + MINUTE <= now:
            self._sent.popleft()
        wait = max(self._closed_until - now, 0.0)
        if self._rate is not None and len(self._sent) >= self._rate:
            wait = max(wait, self._sent[-self._rate] + MINUTE - now)
        return wait

    def take(self) -> None:
        """Count one send, now."""
        if self._rate is not None:
            self._sent.append(self._monotonic())

    def close(self, seconds: float) -> None:
        """Send nothing for so long: the receiver has said that it is too much."""
        self._closed_until = max(self._closed_until, self._monotonic() + seconds)


@dataclass(slots=True, eq=False)
class _Entry:
    message: Message
    since: float
    result: asyncio.Future[Sent] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Outbox:
    """The one way to a channel within a process."""

    def __init__(self, channel: Channel, clock: Clock, digest: Digest) -> None:
        self.channel = channel
        self._clock = clock
        self._digest = digest
        self._window = Window(channel.rate, clock.monotonic)
        self._queue: list[_Entry] = []
        self._flusher: asyncio.Task[None] | None = None
        self._parallel = asyncio.Semaphore(PARALLEL)

    async def send(self, message: Message) -> Sent:
        """Send now, or when the window opens. Raises what the channel raises, and `Waiting` if
        too much waits already, or for longer than `MAX_WAIT` seconds: an activity's time is not
        without end, and its next attempt comes back here."""
        delay = self._window.delay()
        if not self._queue and delay <= 0:
            self._window.take()
            return Sent(await self._out(message), merged=False)
        if len(self._queue) >= MAX_QUEUED or delay > MAX_WAIT:
            raise Waiting(max(delay, 1.0))
        entry = _Entry(message, self._clock.monotonic())
        self._queue.append(entry)
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        return await entry.result

    async def aclose(self) -> None:
        """Give back what waits, as `Waiting`; for the end of a worker."""
        if self._flusher is not None:
            self._flusher.cancel()
            await asyncio.wait([self._flusher])

    async def _flush(self) -> None:
        try:
            while self._waiting():
                if (delay := self._window.delay()) > 0:
                    self._give_back(delay)
                    await self._clock.sleep(min(delay, MINUTE))
                    continue
                self._window.take()
                await self._send_batch(self._next_batch())
        finally:
            for entry in self._waiting():
                entry.result.set_exception(Waiting(1.0))
            self._queue.clear()

    def _waiting(self) -> list[_Entry]:
        # A caller that was cancelled has cancelled its future: nobody would mark the delivery.
        self._queue = [entry for entry in self._queue if not entry.result.done()]
        return self._queue

    def _give_back(self, delay: float) -> None:
        latest = self._clock.monotonic() - MAX_WAIT
        for entry in self._queue:
            if entry.since <= latest:
                entry.result.set_exception(Waiting(delay))

    def _next_batch(self) -> list[_Entry]:
        """Urgent ones first, then in order of arrival; the first decides what goes with it."""
        self._queue.sort(key=lambda entry: not entry.message.urgent)
        first = self._queue[0]
        match self.channel.merge:
            case "room":
                return list(self._queue)
            case "address":
                address = first.message.address
                return [entry for entry in self._queue if entry.message.address == address]
            case "never":
                return [first]

    async def _send_batch(self, batch: list[_Entry]) -> None:
        message, merged = batch[0].message, len(batch) > 1
        if merged:
            message, count = self._digest([one.message for one in batch], self.channel.limit)
            batch = batch[:count]
        self._queue = [entry for entry in self._queue if entry not in batch]
        try:
            sent = Sent(await self._out(message), merged)
        except Permanent as refused:
            # A digest refused for one of its texts says nothing about the others.
            _fail(batch, Retryable(f"digest refused: {refused.message}") if merged else refused)
        except asyncio.CancelledError:
            _fail(batch, Waiting(1.0))
            raise
        except Exception as broken:  # noqa: BLE001 - handed on to everyone who waits for it
            _fail(batch, broken)
        else:
            for entry in batch:
                if not entry.result.done():
                    entry.result.set_result(sent)

    async def _out(self, message: Message) -> Receipt:
        async with self._parallel:
            try:
                return await self.channel.send(message)
            except Retryable as broken:
                if broken.limited:
                    self._window.close(MINUTE if broken.after is None else broken.after)
                raise


def _fail(batch: list[_Entry], broken: Exception) -> None:
    for entry in batch:
        if not entry.result.done():
            entry.result.set_exception(broken)
