"""A process that dies while it delivers, and its successor."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from activities.records import Records
from tests.feed.post import WELL, Answer, Desk, until, write

A, B = "complaint:C-1", "complaint:C-2"


@asynccontextmanager
async def worker(database: str, receiver: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.feed.lone_worker", database, receiver
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_the_killed_ones_rows_come_again_and_none_is_lost(
    records: Records, empty_url: str
) -> None:
    await write(records, A, 1, 2, 3, 4)
    await write(records, B, 1, 2)
    dying: list[asyncio.subprocess.Process] = []

    def judge(event: dict[str, Any]) -> Answer:
        if event["subject"] == A and event["data"]["seq"] == 3 and dying:
            dying.pop().send_signal(signal.SIGKILL)
        return WELL

    async with Desk(judge).open() as desk:
        async with worker(empty_url, desk.url) as first:
            dying.append(first)
            assert await asyncio.wait_for(first.wait(), 60) == -signal.SIGKILL
        before = len(desk.got)
        async with worker(empty_url, desk.url):
            await until(lambda: desk.of(A)[-1] == 4 and desk.of(B)[-1] == 2, 60)
    assert before >= 3
    assert desk.of(A) == [1, 2, 3, 1, 2, 3, 4]
    assert desk.of(B) in ([1, 2, 1, 2], [1, 1, 2], [1, 2])
    assert len(set(desk.accepted)) == 6


async def test_two_live_ones_send_each_row_once(records: Records, empty_url: str) -> None:
    async with Desk().open() as desk:
        async with worker(empty_url, desk.url), worker(empty_url, desk.url):
            for seq in range(1, 11):
                await write(records, A, seq)
                await write(records, B, seq)
            await until(lambda: len(desk.got) >= 20, 60)
        assert desk.of(A) == desk.of(B) == [*range(1, 11)]
