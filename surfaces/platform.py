"""What Temporal knows of stuck cases and the records do not: a task that fails, no worker, and a
schedule that does not get its cases open.

What it is: a case whose workflow task fails is found by Temporal's own search attribute, since the
program that would have written it down is what fails; whether anybody polls the task queue; and
runs of schedules that go on for longer than an opening takes.
What it is not: a condition for an answer: where Temporal is away, that is part of the answer.
Who may import it: the surfaces.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from activities.records.stuck import Reason, StuckCase
from surfaces.cases import Cases
from surfaces.settings import TemporalUnavailable
from workflows import attributes
from workflows.schedule import NAME

FAILING: Final = "ExecutionStatus = 'Running' AND TemporalReportedProblems IS NOT NULL"
OPENING: Final = timedelta(minutes=10)
"""No run of a schedule takes as long, unless a case cannot be opened."""
POLL_SECONDS: Final = 75
"""A worker asks again at least once a minute."""
TASK_FAILS: Final = "task_fails"
MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong for all cases at once."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """The cases that need somebody, and what is wrong for all of them."""

    cases: tuple[StuckCase, ...]
    troubles: tuple[Trouble, ...]


async def find_stuck(cases: Cases, now: int) -> Stuck:
    """The stuck cases of the records, and what Temporal adds to them. Raises what the records
    raise."""
    found = await cases.records.read.stuck(now)
    try:
        client = await cases.client()
        failing = [one async for one in client.list_workflows(FAILING)]
        troubles = await workers(client, cases.settings.task_queue)
        troubles += await _schedules(client, now)
    except (TemporalUnavailable, RPCError) as away:
        zh = "Temporal 不可达，任务失败的案件可能没有列出"
        en = f"Temporal does not answer; cases whose task fails may be missing: {away}"
        return Stuck(found, (Trouble("temporal_unavailable", zh, en),))
    held = {one.case: one for one in found}
    for execution in failing:
        if execution.typed_search_attributes.get(attributes.STATE) is not None:
            known = held.get(execution.id) or await _unlisted(cases, execution)
            reasons = (*known.reasons, Reason("technical", _facts(execution)))
            held[execution.id] = replace(known, reasons=reasons)
    return Stuck(tuple(held.values()), troubles)


async def workers(client: Client, task_queue: str) -> tuple[Trouble, ...]:
    """Whether a worker has asked for work of late."""
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    latest = max((one.last_access_time.seconds for one in described.pollers), default=0)
    if time.time() - latest <= POLL_SECONDS:
        return ()
    zh = f"没有工作进程在处理队列 {task_queue}，案件在等待"
    en = f"no worker polls the task queue {task_queue}; cases wait"
    return (Trouble("no_worker", zh, en),)


async def _schedules(client: Client, now: int) -> tuple[Trouble, ...]:
    """Which schedules have runs that began long ago and have not opened all of their cases."""
    before = (datetime.fromtimestamp(now, UTC) - OPENING).isoformat()
    query = f"WorkflowType = '{NAME}' AND ExecutionStatus = 'Running' AND StartTime < '{before}'"
    runs = sorted([run.id async for run in client.list_workflows(query)])
    if not runs:
        return ()
    named = ", ".join(runs[:MOST_NAMED]) + (", …" if len(runs) > MOST_NAMED else "")
    zh = f"有计划未能开立全部案件：{named}"
    en = f"runs of schedules wait for cases that cannot be opened, see their pages: {named}"
    return (Trouble("schedule_waits", zh, en),)


def _facts(execution: WorkflowExecution) -> dict[str, Any]:
    raw = execution.search_attributes.get("TemporalReportedProblems") or []
    detail = ", ".join(str(one) for one in raw)
    return {"code": TASK_FAILS, "detail": detail}


async def _unlisted(cases: Cases, execution: WorkflowExecution) -> StuckCase:
    """A case that is otherwise well: as the records have it, else as its attributes say."""
    view = await cases.records.read.case(execution.id)
    if view is None:
        view = _view(execution)
    return StuckCase(execution.id, view["number"], view, ())


def _view(execution: WorkflowExecution) -> dict[str, Any]:
    process, _, key = execution.id.partition(":")
    held: Mapping[Any, Any] = {
        pair.key.name: pair.value for pair in execution.typed_search_attributes
    }
    state = str(held.get(attributes.STATE.name, ""))
    waiting = str(held.get(attributes.WAITING_FOR.name) or "")
    return {
        "case": execution.id,
        "process": process,
        "key": key,
        "number": 1,
        "state": state,
        "state_title": {"zh": state, "en": state},
        "waiting_for": [role for role in waiting.split(",") if role],
        "waiting_title": {},
        "zone": "UTC",
    }
