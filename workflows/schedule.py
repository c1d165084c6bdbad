"""The workflow that Temporal's schedules start: one occasion, handed to one activity.

What it is: durable. The activity is tried until every case of the occasion is open.
What it is not: a case, or a calendar. The instant is the one that the run was scheduled for, not
the one at which it runs.
Who may import it: the composition.
"""

from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey

NAME: Final = "duecourse-schedule"
_SCHEDULED: Final = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
_ONCE: Final = timedelta(minutes=10)
_FOR_EVER: Final = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)
)


@workflow.defn(name=NAME)
class ScheduleWorkflow:
    """One run of a schedule."""

    @workflow.run
    async def run(self, process: str, schedule: str) -> dict[str, Any]:
        """Open the cases of the occasion; which were opened, and which were there already."""
        info = workflow.info()
        scheduled = info.typed_search_attributes.get(_SCHEDULED)
        at = int((scheduled or info.start_time).timestamp())
        answer: dict[str, Any] = await workflow.execute_activity(
            "open_scheduled",
            args=[process, schedule, at],
            start_to_close_timeout=_ONCE,
            retry_policy=_FOR_EVER,
            summary=f"{process} {schedule}",
        )
        return answer
