"""The activity that opens another case.

What it is: a start by the client, once for a business key; a case that runs or has ended under it
is left alone, and the asking case is told so. Not a child: it lives its own life.
What it is not: what a start looks like; that is given by the composition.
Who may import it: the composition.
"""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from activities.records import Records
from definitions.problems import DuecourseError
from workflows.core.effects import OpenCase

Prepare = Callable[[OpenCase, int], Mapping[str, Any]]
"""What `client.start_workflow` needs for a case that is asked for at a case time. Raises
`DuecourseError` if the case cannot be opened so, now or later."""

log = structlog.get_logger(__name__)


class LinkActivities:
    """Give `all` to the worker."""

    def __init__(self, client: Client, records: Records, prepare: Prepare) -> None:
        self._client = client
        self._records = records
        self._prepare = prepare

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Every activity."""
        return [self.open_case]

    @activity.defn(name="open_case")
    async def open_case(self, opened: OpenCase, now: int) -> dict[str, Any]:
        """`result`: opened, or exists. A case that this very request has opened before counts as
        opened."""
        try:
            arguments = self._prepare(opened, now)
        except DuecourseError as error:
            raise ApplicationError(
                error.message[:500], error.to_json(), type=error.code, non_retryable=True
            ) from error
        # The records know keys for longer than Temporal does.
        owner = await self._records.key(opened.process, opened.business_key)
        if owner is not None:
            return {"result": "opened" if owner.origin == opened.origin else "exists"}
        # Where somebody else's case runs, we want to know it.
        policy = {"id_conflict_policy": WorkflowIDConflictPolicy.FAIL}
        try:
            await self._client.start_workflow(**{**arguments, **policy})
        except WorkflowAlreadyStartedError:
            log.info("link.exists", case=arguments["id"], origin=opened.origin)
            return {"result": "exists"}
        return {"result": "opened"}
