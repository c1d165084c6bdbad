"""What the runs of the simulation share, and what one of them leaves behind for its judge.

What it is: plain values. What it is not: a run (`run`) or the judging (`judging`).
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio.client import Client

from activities.records import Records
from tests.simulation.plans import Library, Plan, Sending
from workflows.core.case import Incoming

DIRECTORY = """
zone: Asia/Shanghai
people:
  li: {name: 李, channels: {desk: li}}
  wang: {name: 王, channels: {desk: wang}}
  zhao: {name: 赵, channels: {desk: zhao}}
roles: {clerk: [li, zhao], chief: wang, expert: zhao}
fallback: wang
"""


@dataclass(frozen=True)
class Sent:
    """What the client did and what it was told. `code` is empty for what was accepted, `gone` when
    the case had ended, `signal` when nobody was to answer."""

    sending: Sending
    incoming: Incoming
    began: int
    ended: int
    code: str
    answer: dict[str, Any] | None
    alone: bool


@dataclass
class Result:
    """How a run went: what was injected, and what is wrong (nothing, usually)."""

    plan: Plan
    counts: Counter[str]
    violation: str = ""
    rows: int = 0
    runs: int = 0
    twins: int = 0
    seconds: float = 0.0


@dataclass
class Stage:
    """What all runs share: a server's client, what was read once, and empty records to copy."""

    client: Client
    folder: Path
    library: Library
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def template(self) -> Path:
        """The empty records."""
        return self.folder / "empty.db"

    async def prepare(self) -> None:
        """Make the empty records."""
        async with Records.open(f"sqlite:///{self.template}") as records:
            await records.migrate()
