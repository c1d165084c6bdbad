"""Recorded histories are replayed for ever: an engine that would decide otherwise fails here.

The files are literal and old. One that fails is a reason to guard the change by
`workflow.patched`, never to record it anew.
"""

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from workflows.case import CaseWorkflow
from workflows.payloads import DATA_CONVERTER

FILES = sorted((Path(__file__).resolve().parents[1] / "histories").glob("*.json"))
HISTORIES = {file: file.read_text("utf-8") for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_recorded_history_replays(file: Path) -> None:
    replayer = Replayer(
        workflows=[CaseWorkflow],
        data_converter=DATA_CONVERTER,
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    said = HISTORIES[file]
    begun = json.loads(said)["events"][0]["workflowExecutionStartedEventAttributes"]
    history = WorkflowHistory.from_json(begun["workflowId"], said)
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    assert result.replay_failure is None


def test_there_are_histories() -> None:
    assert len(HISTORIES) >= 6
