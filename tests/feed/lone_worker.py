"""A process that does nothing but deliver, to be killed: `python -m tests.feed.lone_worker
DATABASE_URL RECEIVER_URL`."""

import asyncio
import sys

from activities.feed.courier import Pace
from activities.feed.delivering import delivering
from activities.notices.channels.web import http_clients
from activities.records import Records
from tests.feed.post import subscription

PACE = Pace(poll=0.02, lease=3)


async def deliver(database: str, receiver: str) -> None:
    """Until the process is ended."""
    async with (
        Records.open(database) as records,
        delivering(records, [subscription(receiver)], http_clients(), pace=PACE),
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(deliver(*sys.argv[1:]))
