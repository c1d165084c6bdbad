"""A worker for cases that talk, as a program that can be killed: ADDRESS FOLDER TASK_QUEUE."""

import asyncio
import sys
from pathlib import Path

from surfaces.settings import connect, runtime
from tests.shell.computing import PRICES
from tests.shell.world import TALKING, World


async def main(address: str, folder: str, task_queue: str) -> None:
    client = await connect(runtime("OFF"), target_host=address, namespace="default")
    async with (
        World(client, Path(folder), task_queue, TALKING) as world,
        world.working(computations=PRICES),
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
