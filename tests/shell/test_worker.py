"""The worker as a program: it says what is missing and ends with a code, or serves."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey

from activities.records import Records
from definitions.problems import DuecourseError
from surfaces.server import free_port
from surfaces.settings import connect, runtime
from tests.shell.world import PROCESSES, TALKING, World, eventually, send
from worker import AttributesMismatch, register_attributes
from workflows.attributes import KEYS

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = str(ROOT / "worker.py")


def environment(folder: Path, **more: str) -> dict[str, str]:
    # Nobody's own profile: an empty file of settings.
    (folder / "none.toml").touch()
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")},
        "TEMPORAL_CONFIG_FILE": str(folder / "none.toml"),
        "DUECOURSE_DATABASE_URL": f"sqlite:///{folder / 'records.db'}",
        "DUECOURSE_STATE": str(folder / "temporal.db"),
        **more,
    }


async def run(env: dict[str, str], *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        PROGRAM,
        *arguments,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode()


@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [
        ("TEMPORAL_ADDRESS", "127.0.0.1:1", "temporal_unavailable"),
        ("DUECOURSE_DATABASE_URL", "mysql://x", "records_unavailable"),
        ("DUECOURSE_UI_PORT", "many", "settings_invalid"),
        ("DUECOURSE_CHANNELS", "nowhere.yaml", "channels_invalid"),
        ("DUECOURSE_DEFINITIONS", str(TALKING), "computation_mismatch"),
    ],
)
async def test_what_is_missing_is_said_in_one_line(
    tmp_path: Path, setting: str, value: str, code: str
) -> None:
    if setting == "DUECOURSE_DATABASE_URL":
        with pytest.raises(DuecourseError) as refused:
            Records.open(value)
        assert refused.value.code == code
        return
    ended, said = await run(environment(tmp_path, **{setting: value}))
    assert ended == 3
    assert code in said
    assert "Traceback" not in said


@pytest.mark.asyncio(loop_scope="session")
async def test_an_attribute_of_another_type_is_refused(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=client.namespace,
            search_attributes={"OtherwiseTyped": IndexedValueType.INDEXED_VALUE_TYPE_TEXT},
        )
    )
    await register_attributes(client)
    wrong = SearchAttributeKey.for_keyword("OtherwiseTyped")
    monkeypatch.setattr("worker.KEYS", (*KEYS, wrong))
    with pytest.raises(AttributesMismatch) as refused:
        await register_attributes(client)
    assert "OtherwiseTyped" in refused.value.facts


async def test_embedded_it_serves_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port = free_port()
    world = World.__new__(World)
    env = environment(
        tmp_path,
        DUECOURSE_PORT=str(port),
        DUECOURSE_DEFINITIONS=str(PROCESSES),
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, PROGRAM, "--embedded", "--rehearsal", env=env, stdout=subprocess.DEVNULL
    )
    try:
        client = await eventually(lambda: reached(port), 40)
        world.__init__(client, tmp_path, "duecourse")  # type: ignore[misc]
        handle = await world.start("W-1", clock_at="2026-09-25T09:30:00+08:00")
        answer = await send(handle, "take")
        assert answer["state"] == "taken"
        view = await handle.query("view")
        assert 0 <= view["at"] - 1_790_299_800 < 60
        # The handle's client must not outlive the server.
        del handle, client, world
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 40) == 0
    assert not await reached(port)


async def reached(port: int) -> Any:
    try:
        return await connect(runtime(), target_host=f"127.0.0.1:{port}", namespace="default")
    except DuecourseError:
        return None
