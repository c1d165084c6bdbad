"""The activity that opens the cases of one occasion of a schedule.

What it is: a start by the client for each organisation, once for a business key; a case that is
there is left alone, whoever opened it. One organisation whose case cannot be opened does not stop
the others: the activity fails, and is tried again until it is mended.
What it is not: what a start looks like, or when; that is given by the composition.
Who may import it: the composition.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from activities.records import Records
from definitions.problems import DuecourseError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Scheduling:
    """What the composition knows of schedules. Each raises `DuecourseError`."""

    occasion: Callable[[str, str, int], int]
    """The occasion that an instant stands for."""
    organisations: Callable[[str, str], Sequence[str]]
    """For whom a schedule opens a case; one empty name if for nobody in particular."""
    start: Callable[[str, str, int, str], Mapping[str, Any]]
    """What `client.start_workflow` needs for one of them."""


class ScheduleActivities:
    """Give `all` to the worker."""

    def __init__(self, client: Client, records: Records, scheduling: Scheduling) -> None:
        self._client = client
        self._records = records
        self._scheduling = scheduling

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Every activity."""
        return [self.open_scheduled]

    @activity.defn(name="open_scheduled")
    async def open_scheduled(self, process: str, schedule: str, at: int) -> dict[str, Any]:
        """The ids of the cases by what became of them: `opened`, or there already (`existing`)."""
        occasion = self._scheduling.occasion(process, schedule, at)
        found: dict[str, list[str]] = {"opened": [], "existing": []}
        failed: list[str] = []
        for organisation in self._scheduling.organisations(process, schedule):
            try:
                arguments = self._scheduling.start(process, schedule, occasion, organisation)
            except DuecourseError as error:
                failed.append(f"{organisation} {error.code}: {error.message}".strip())
                continue
            case = arguments["id"]
            found["opened" if await self._open(case, arguments) else "existing"].append(case)
        if failed:
            log.warning("schedule.failed", process=process, schedule=schedule, failed=failed)
            raise ApplicationError("; ".join(failed)[:1000], found, type="schedule_failed")
        return {"at": occasion, **found}

    async def _open(self, case: str, arguments: Mapping[str, Any]) -> bool:
        """Whether this very call has opened it."""
        # The records know keys for longer than Temporal does.
        process, _, key = case.partition(":")
        if await self._records.key(process, key) is not None:
            return False
        policy = {"id_conflict_policy": WorkflowIDConflictPolicy.FAIL}
        try:
            await self._client.start_workflow(**{**arguments, **policy})
        except WorkflowAlreadyStartedError:
            return False
        return True
