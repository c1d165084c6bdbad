"""The activity that runs a computation for a case that waits for its answer.

What it is: a call by name, in a thread, so that a long one holds nobody up.
What it is not: a computation; those are in `computations`.
Who may import it: the composition.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.case_inquiries import RecordedCases
from activities.computations import Computations
from activities.records import Records, RecordsUnavailable
from definitions.problems import DuecourseError
from workflows.core.effects import Compute

log = structlog.get_logger(__name__)


class ComputeActivities:
    """Give `all` to the worker."""

    def __init__(self, computations: Computations, records: Records) -> None:
        self._computations = computations
        self._records = records

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Every activity."""
        return [self.compute]

    @activity.defn(name="compute")
    async def compute(self, asked: Compute) -> dict[str, Any]:
        """The output, as plain values. What has no answer now has none later either, but records
        that cannot be read may be back in a while."""
        run = self._computations.run
        cases = RecordedCases(self._records, asked.origin, asyncio.get_running_loop())
        try:
            return await asyncio.to_thread(run, asked.computation, asked.input, cases)
        except RecordsUnavailable:
            raise
        except DuecourseError as error:
            log.warning("computation.failed", case=asked.origin, code=error.code)
            raise ApplicationError(
                error.message[:500],
                error.to_json(),
                type=error.code,
                non_retryable=True,
                category=ApplicationErrorCategory.BENIGN,
            ) from None
