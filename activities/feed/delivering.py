"""All subscriptions' couriers, in the background of a worker.

What it is: `delivering`, which runs a courier for each subscription while its block runs.
What it is not: a reason for a worker to fail: whatever befalls a courier is logged, and it begins
anew.
Who may import it: the composition and the tests.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from activities.feed.courier import Courier, Pace
from activities.feed.settings import Subscription
from activities.notices.channels.web import HttpClients
from activities.notices.clock import SYSTEM, Clock
from activities.records import Records

AFTER_A_FAULT = 30.0
PATIENCE = 15.0
"""Seconds in which what is under way is finished when the worker stops."""

log = structlog.get_logger("webhooks")


@asynccontextmanager
async def delivering(
    records: Records,
    subscriptions: Sequence[Subscription],
    clients: HttpClients,
    *,
    clock: Clock = SYSTEM,
    pace: Pace | None = None,
) -> AsyncIterator[None]:
    """Deliver what these subscriptions want until the block ends."""
    owner, stopping = uuid.uuid4().hex, asyncio.Event()
    tasks = [
        asyncio.create_task(
            _unharmed(Courier(one, records, clients, clock, owner, pace=pace), stopping),
            name=f"webhook {one.name}",
        )
        for one in subscriptions
    ]
    if tasks:
        log.info("webhooks.delivering", subscriptions=[one.name for one in subscriptions])
    try:
        yield
    finally:
        stopping.set()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _unharmed(courier: Courier, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            await courier.run(stopping)
        except Exception:  # a fault of ours must not end the worker, nor be silent
            log.exception("webhook.fault", subscription=courier.name)
            try:
                async with asyncio.timeout(AFTER_A_FAULT):
                    await stopping.wait()
            except TimeoutError:
                continue
