"""The one timer of a case.

What it is: a durable timer that rings at the next instant at which the case must be looked at. It
is lazy: a wake-up that moves later leaves it as it is (a useless ring is cheaper than cancelling
and starting anew with every event); only one that moves earlier replaces it.
What it is not: a deadline. What rings is only a reason to look; the core says what was due.
Who may import it: the shell.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow


class Alarm:
    """At most one open timer; `rang` is set when it has gone off."""

    def __init__(self) -> None:
        self.rang = False
        self._at: int | None = None
        self._timer: asyncio.Task[None] | None = None

    def set(self, at: int | None, summary: Callable[[], str]) -> None:
        """Ring at `at` (whole seconds since the epoch, Temporal's time) or shortly before."""
        if self._at is not None and at is not None and self._at <= at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._at, self._timer = at, None
        if at is not None and not self.rang:
            self._timer = asyncio.create_task(self._ring(at, summary()))

    def taken(self) -> None:
        """The ring was answered."""
        self.rang, self._at, self._timer = False, None, None

    async def _ring(self, at: int, summary: str) -> None:
        # Never a fraction early: a look before the instant would find nothing and wait again.
        delay = timedelta(seconds=at - workflow.now().timestamp(), milliseconds=1)
        await workflow.sleep(max(delay, timedelta(milliseconds=1)), summary=summary)
        self.rang = True
