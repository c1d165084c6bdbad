"""What Temporal alone knows of stuck cases."""

import time
from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from surfaces.cases import Cases
from surfaces.cli_cases import show_stuck
from surfaces.platform import Stuck, find_stuck
from tests.shell.world import eventually
from tests.surfaces.test_cases import DATA, LI
from workflows.case import CaseWorkflow
from workflows.running import CaseRun

pytestmark = pytest.mark.asyncio(loop_scope="session")


def said(stuck: Stuck) -> str:
    paper = Console(file=StringIO(), width=160)
    show_stuck(paper, stuck.cases, ["" for _ in stuck.cases], stuck.troubles)
    return str(paper.file.getvalue())  # type: ignore[attr-defined]


async def test_no_worker_and_no_case(cases: Cases) -> None:
    found = await find_stuck(cases, int(time.time()))
    assert [one.code for one in found.troubles] == ["no_worker"]
    assert "没有工作进程在处理队列" in said(found)
    assert "nothing is stuck" in said(found)


async def test_a_case_whose_task_fails_is_listed(
    cases: Cases,
    client: Client,
    working: Callable[[], Worker],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with working():
        await cases.start("parcel", "S-1", DATA, LI)
        await eventually(lambda: cases.records.read.case("parcel:S-1"))
        assert not (await find_stuck(cases, int(time.time()))).troubles

    def broken(*_: object) -> None:
        raise KeyError("a fault of ours")

    async def listed() -> Stuck | None:
        found = await find_stuck(cases, int(time.time()))
        return found if found.cases else None

    with monkeypatch.context() as patch:
        patch.setattr(CaseRun, "judge", broken)
        mended = Worker(
            client,
            task_queue=cases.settings.task_queue,
            workflows=[CaseWorkflow],
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
        async with mended:
            handle = client.get_workflow_handle("parcel:S-1")
            await handle.signal("note", {"by": {"id": "li", "roles": ["clerk"]}})
            found = await eventually(listed)
    assert found is not None
    assert [one.case for one in found.cases] == ["parcel:S-1"]
    assert [reason.kind for reason in found.cases[0].reasons] == ["technical"]
    assert "技术问题 technical: task_fails: category=WorkflowTaskFailed" in said(found)
    await handle.terminate()
