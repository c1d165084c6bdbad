"""The present, as the notices see it: given from outside, so that no test has to wait.

What it is: wall time for quiet hours and signatures, monotonic time for rates, and a way to wait.
What it is not: a case's time; a notice carries that itself.
Who may import it: the notices package and compositions.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """`now`: whole seconds since the epoch, UTC. `monotonic`: seconds that never go back."""

    now: Callable[[], int]
    monotonic: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]


SYSTEM = Clock(lambda: int(time.time()), time.monotonic, asyncio.sleep)
