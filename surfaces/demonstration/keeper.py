"""Child processes that are kept running: whoever dies is started again.

What it is: a small supervisor for the demo, so that a server or worker which somebody kills comes
back by itself, as it would in production. Children end with their context, by process id, and with
this process if that is killed.
What it is not: a service manager.
Who may import it: the demo.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

STOP_SECONDS = 15.0
AGAIN_SECONDS = 0.5
MOST_RESTARTS = 20
_SET_PARENT_DEATH_SIGNAL = 1


def _die_with_parent() -> None:
    """On Linux a child is told when its parent is gone; elsewhere the context must end it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


class Kept:
    """One command, kept running while the context lasts. `told` hears of each new start."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        told: Callable[[str, int], None],
    ) -> None:
        self.name = name
        self.pid = 0
        self.starts = 0
        self._command = list(command)
        self._environment = {**os.environ, **environment}
        self._log = folder / f"{name}.log"
        self._folder = folder
        self._told = told
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def __aenter__(self) -> "Kept":
        await self._start()
        self._task = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        if self._task is not None:
            await self._task

    @property
    def said(self) -> str:
        """The end of what it wrote."""
        return self._log.read_text("utf-8", "replace")[-2000:] if self._log.exists() else ""

    async def _start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                # Ctrl-C at the terminal is for the demo, which then ends its children in order.
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self.pid = self._process.pid
        self.starts += 1
        self._told(self.name, self.pid)

    async def _keep(self) -> None:
        while not self._is_over() and self.starts <= MOST_RESTARTS:
            assert self._process is not None
            await self._process.wait()
            if not self._is_over():
                await asyncio.sleep(AGAIN_SECONDS)
            if not self._is_over():
                await self._start()

    def _is_over(self) -> bool:
        return self._stopping
