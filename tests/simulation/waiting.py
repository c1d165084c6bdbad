"""Waiting for something to be so, and not for ever."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.simulation.oracle import Violation

PATIENCE = 40.0
"""Seconds that anything may take: faults are repaired meanwhile, on a machine that is busy."""


async def within(
    look: Callable[[], Awaitable[bool]],
    what: str,
    explain: Callable[[], Awaitable[str]] | None = None,
) -> None:
    """Wait until it is so."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while not await look():
        if loop.time() > deadline:
            said = await explain() if explain else ""
            raise Violation(f"not within {PATIENCE} s: {what}; {said}")
        await asyncio.sleep(0.05)
