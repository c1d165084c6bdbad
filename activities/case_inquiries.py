"""The closed cases of the records, as a computation asks for them from its thread.

What it is: `Cases` for one case that asks. Each question is one query, awaited on the worker's
loop while the computation's own thread waits for it.
What it is not: the query; that is in the records.
Who may import it: the activity that runs computations.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from functools import cached_property
from typing import Any, TypeVar

from activities.computations.cases import ZONE, ClosedCase
from activities.records import Closed, Records

T = TypeVar("T")


class RecordedCases:
    """What the records know for this case; `loop` is the one on which they are read."""

    def __init__(self, records: Records, asking: str, loop: asyncio.AbstractEventLoop) -> None:
        self._records = records
        self._asking = asking
        self._loop = loop

    @cached_property
    def zone(self) -> str:
        """Where the case that asks is at home."""
        known = self._read(self._records.read.case(self._asking))
        return str((known or {}).get("zone") or ZONE)

    def closed(self, organisation: str, since: int, until: int) -> Sequence[ClosedCase]:
        """Cases whose closing lies in `[since, until)`."""
        return self._closed(Closed(organisation, since, until, besides=self._asking))

    def expired(self, organisation: str, before: int) -> Sequence[ClosedCase]:
        """Closed cases that need not be kept until `before`."""
        return self._closed(Closed(organisation, expired=before, besides=self._asking))

    def _closed(self, wanted: Closed) -> Sequence[ClosedCase]:
        return self._read(self._records.read.closed(wanted))

    def _read(self, question: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(question, self._loop).result()
