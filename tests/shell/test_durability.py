"""What a case survives: a long life, records that fail, channels that refuse, a killed worker."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from surfaces.server import Embedded
from tests.shell.world import (
    HOUR,
    LI,
    SMALL,
    World,
    eventually,
    history,
    runs,
    send,
    shown,
    written,
)
from workflows.payloads import Limits

pytestmark = pytest.mark.asyncio(loop_scope="session")
ROOT = Path(__file__).resolve().parents[2]


async def test_a_long_life_goes_on_in_new_runs_and_no_event_comes_twice(world: World) -> None:
    async with world.working():
        handle = await world.start("C-1", limits=SMALL)
        answers = {}
        for number in range(10):
            answers[number] = await send(handle, "remark", id=f"e{number}", data={"note": "x"})
        await eventually(lambda: runs(world, "C-1", 2))
        # The server has forgotten the first run's updates; the case has not.
        assert await send(handle, "remark", id="e0", data={"note": "x"}) == answers[0]
        with pytest.raises(WorkflowUpdateFailedError):
            await send(handle, "remark", id="e1", data={"note": "another"})
        await send(handle, "take", id="t")
        await send(handle, "finish", id="f")
        await handle.result()
    rows = await world.journal("C-1")
    assert [row["seq"] for row in rows] == list(range(1, 15))
    assert sum(row["kind"] == "opened" for row in rows) == 1
    assert len(world.desk.sent) == 1


async def test_signals_count_towards_a_new_run(world: World) -> None:
    async with world.working():
        handle = await world.start("C-2", limits=Limits(signals=3))
        for number in range(7):
            await handle.signal("remark", {"id": f"s{number}", "by": LI, "data": {"note": "x"}})
        await eventually(lambda: written(world, "C-2", 8))
        await eventually(lambda: runs(world, "C-2", 2))
        assert (await handle.query("view"))["seq"] == 8


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Somebody else writes to the records, and does not stop."""
    with sqlite3.connect(database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
    other.close()


async def test_events_are_answered_while_the_records_cannot_be_written(world: World) -> None:
    async with world.working():
        handle = await world.start("C-3")
        await send(handle, "take", id="e0")
        with locked(world.database):
            began = time.monotonic()
            first = await send(handle, "remark", id="e1", data={"note": "1"})
            assert time.monotonic() - began < 4
            began = time.monotonic()
            later = [
                await send(handle, "remark", id=f"e{n}", data={"note": str(n)}) for n in (2, 3)
            ]
            assert time.monotonic() - began < 2
            assert [first["seq"], *(one["seq"] for one in later)] == [3, 4, 5]
            await eventually(lambda: shown(handle, "CaseProblem", "records"))
            assert len(await world.journal("C-3")) == 2
            assert (
                "记录库" in (await handle.query("__temporal_workflow_metadata"))["currentDetails"]
            )
        await eventually(lambda: written(world, "C-3", 5), 40)
        await eventually(lambda: shown(handle, "CaseProblem", None))
        assert [row["seq"] for row in await world.journal("C-3")] == [1, 2, 3, 4, 5]
        await send(handle, "finish", id="e9")
        await handle.result()


async def test_people_are_told_in_time_even_if_the_records_fail_at_a_wake_up(world: World) -> None:
    async with world.working():
        handle = await world.start("C-10")
        await settled(handle)
        skipper = TimeSkipper(world.client, config=TimeSkippingConfig(enabled=False))
        with locked(world.database):
            # Time does not pass while an activity is in hand, so this ends after the lock.
            skipping = asyncio.create_task(skipper.fast_forward(handle, 1.6 * HOUR))
            await eventually(lambda: rung(handle))
            # Nothing is sent before it is claimed, and the case goes on.
            assert (await send(handle, "take", id="e1"))["state"] == "taken"
            assert world.desk.sent == []
        await skipping
        await eventually(lambda: written(world, "C-10", 3), 40)
        await eventually(lambda: sent(world, 1), 40)
    assert [row["kind"] for row in await world.journal("C-10")] == ["opened", "rung", "event"]
    assert world.desk.keys == [f"{world.case('C-10')}/1/done_in_time/1/remind/clerk"]


async def rung(handle: WorkflowHandle[Any, Any]) -> bool:
    return (await history(handle))["timer_fired"] > 0


async def sent(world: World, count: int) -> bool:
    return len(world.desk.sent) >= count


async def test_a_notice_that_cannot_be_delivered_is_shown_and_can_be_tried_again(
    world: World,
) -> None:
    world.desk.broken = True
    async with world.working():
        handle = await world.start("C-4")
        await send(handle, "take", id="e1")
        await send(handle, "tell", id="e2")
        await eventually(lambda: shown(handle, "CaseProblem", "undeliverable"))
        assert "undeliverable" in (await handle.query("view"))["problems"]
        menu = (await handle.query("__temporal_workflow_metadata"))["definition"]
        assert menu["updateDefinitions"][-1]["name"] == "retry_failed"
        # It still cannot: the problem comes back.
        assert (await send(handle, "retry_failed"))["retried"] == 1
        await eventually(lambda: shown(handle, "CaseProblem", "undeliverable"))
        world.desk.broken = False
        await handle.signal("retry_failed")
        await eventually(lambda: sent(world, 1))
        await eventually(lambda: shown(handle, "CaseProblem", None))
        await eventually(lambda: not_stuck(world, "C-4"))
        assert len(world.desk.sent) == 1


async def not_stuck(world: World, name: str) -> bool:
    stuck = await world.records.read.stuck(int(time.time()))
    return world.case(name) not in [one.case for one in stuck]


async def test_another_case_is_opened_once(world: World) -> None:
    async with world.working():
        handle = await world.start("C-5")
        await send(handle, "take", id="e1")
        await send(handle, "pass_on", id="e2")
        other = world.client.get_workflow_handle(world.case("C-5") + "-b")
        view = await eventually(lambda: opened(other))
        assert (view["origin"], view["data"]["what"]) == (world.case("C-5"), "送一封信")
        await send(handle, "pass_on", id="e3")
        await eventually(lambda: written(world, "C-5", 6))
    kinds = [row["kind"] for row in await world.journal("C-5")]
    assert kinds == ["opened", "event", "event", "link", "event", "link"]


async def opened(handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    try:
        view: dict[str, Any] = await handle.query("view")
    except RPCError:  # it is not there yet
        return {}
    return view


async def test_a_key_belongs_to_one_case_even_when_temporal_has_forgotten_it(world: World) -> None:
    async with world.working():
        first = await world.start("C-6")
        await send(first, "take", id="e1")
        await send(first, "finish", id="e2")
        await first.result()
        arguments = world.arguments("C-6")
        arguments["id_reuse_policy"] = WorkflowIDReusePolicy.ALLOW_DUPLICATE
        again = await world.client.start_workflow(**arguments)
        with pytest.raises(Exception, match="Workflow execution failed") as failed:
            await again.result()
        cause = failed.value.__cause__
        assert isinstance(cause, ApplicationError)
        assert cause.type == "key_taken"
        # Another number of the key is another case.
        second = await world.start("C-6", number=2, event_id="opened-again")
        assert (await send(second, "take", id="e1"))["seq"] == 2


async def test_a_killed_worker_loses_nothing(world: World, server: Embedded) -> None:
    environment = {
        **os.environ,
        "TEMPORAL_ADDRESS": server.address,
        "DUECOURSE_DATABASE_URL": world.url,
        "DUECOURSE_TASK_QUEUE": world.task_queue,
        "DUECOURSE_DEFINITIONS": str(Path(__file__).parent / "processes"),
        "DUECOURSE_DIRECTORY": str(world.folder / "directory.yaml"),
        "DUECOURSE_CHANNELS": str(world.folder / "channels.yaml"),
        "PYTHONPATH": str(ROOT),
    }
    (world.folder / "channels.yaml").write_text("channels: {desk: {type: console}}\n", "utf-8")
    command = [sys.executable, str(ROOT / "worker.py")]
    log = (world.folder / "worker.log").open("wb")
    worker = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        handle = await world.start("C-7")
        await send(handle, "take", id="e1")
        sending = asyncio.gather(
            *(send(handle, "remark", id=f"r{n}", data={"note": str(n)}) for n in range(6))
        )
        # In the middle: some are answered, some on their way.
        await eventually(lambda: written(world, "C-7", 3))
        worker.kill()
        await worker.wait()
        worker = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        assert {one["state"] for one in await sending} == {"taken"}
        # Asked again, each says the same.
        assert (await send(handle, "remark", id="r3", data={"note": "3"}))["seq"] <= 8
        await send(handle, "finish", id="e9")
        await handle.result()
    finally:
        worker.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(worker.wait(), 30)
        log.close()
    assert code == 0
    rows = await world.journal("C-7")
    assert [row["seq"] for row in rows] == list(range(1, 11))
    assert sorted(row["event_id"] for row in rows if row["name"] == "remark") == [
        f"r{n}" for n in range(6)
    ]


def billable(found: Counter[str]) -> int:
    """Actions as Temporal counts them."""
    return (
        1  # the start
        + found["workflow_execution_update_accepted"]
        + found["marker_recorded"]
        + found["upsert_workflow_search_attributes"]
        + found["activity_task_scheduled"]
        + found["timer_started"]
    )


async def test_history_and_actions_stay_within_the_formula(world: World) -> None:
    async with world.working():
        handle = await world.start("C-8")
        await settled(handle)
        for number, (name, data) in enumerate(
            [("remark", {"note": "a"}), ("take", {}), ("remark", {"note": "b"}), ("tell", {})]
        ):
            await send(handle, name, id=f"e{number}", data=data)
            await settled(handle)
        await send(handle, "finish", id="end")
        await handle.result()
        found = await history(handle)
        described = await handle.describe()
    events, notices = 5, 2
    assert found.total() <= 8 + 7 * events + 6 * notices
    assert billable(found) <= 3 + 3 * events + notices
    size = described.raw_description.workflow_execution_info.history_size_bytes
    rules = len(world.arguments("C-8")["args"][1].payload.SerializeToString())
    assert size - rules < 2250 + 1000 * events + 1250 * notices


async def test_wake_ups_stay_within_the_formula(world: World) -> None:
    async with world.working():
        handle = await world.start("C-9")
        skipper = TimeSkipper(world.client, config=TimeSkippingConfig(enabled=False))
        await settled(handle)
        await skipper.fast_forward(handle, 1.6 * HOUR)
        await eventually(lambda: written(world, "C-9", 2))
        await settled(handle)
        await skipper.fast_forward(handle, HOUR)
        await eventually(lambda: written(world, "C-9", 4))
        await settled(handle)
        for name in ("take", "remark", "finish"):
            await send(handle, name, data={"note": "x"} if name == "remark" else {})
            await settled(handle)
        await handle.result()
        found = await history(handle)
    # What the skipping of time itself writes is not the case's.
    for kind in list(found):
        if "time_skipping" in kind or "options_updated" in kind:
            del found[kind]
    events, notices, wakeups = 3, 3, 2
    assert found.total() <= 8 + 7 * events + 6 * notices + 5 * wakeups
    assert billable(found) <= 3 + 3 * events + notices + wakeups
    assert found["timer_started"] - found["timer_fired"] - found["timer_canceled"] in (0, 1)


async def settled(handle: WorkflowHandle[Any, Any]) -> None:
    """Until nothing of the case is in flight, so that workflow tasks do not merge."""

    async def quiet() -> bool:
        described = await handle.describe()
        raw = described.raw_description
        return not raw.pending_activities and not raw.HasField("pending_workflow_task")

    await eventually(quiet)


async def test_an_outage_changes_nothing(world: World) -> None:
    """What occurred in time and arrives late counts as if a worker had been there."""
    began = int(time.time()) - 3 * 3600
    handle = await world.start("C-11", occurred_at=began)
    for minute, name in ((10, "take"), (20, "finish")):
        event = {"by": LI, "id": name, "occurred_at": began + minute * 60}
        await handle.signal(name, event)
    async with world.working():
        assert (await handle.result())["state"] == "finished"
    rows = await world.journal("C-11")
    assert [(row["kind"], row["name"], row["at"] - began) for row in rows] == [
        ("opened", "errand", 0),
        ("event", "take", 600),
        ("event", "finish", 1200),
        ("ended", "errand", 1200),
    ]
    assert world.desk.keys == [f"{world.case('C-11')}/1/3/0/chief"]


async def test_what_is_due_is_looked_at_when_all_that_waited_is_judged(world: World) -> None:
    began = int(time.time()) - 3 * 3600
    handle = await world.start("C-12", occurred_at=began)
    await handle.signal("take", {"by": LI, "id": "take", "occurred_at": began + 600})
    await handle.signal("dance", {"by": LI, "id": "no", "occurred_at": began + 660})
    async with world.working():
        await eventually(lambda: shown(handle, "CaseLevel", "L1"))
        await settled(handle)
    rows = await world.journal("C-12")
    assert [row["kind"] for row in rows] == [
        "opened", "event", "refused", "rung", "breach", "rung",
    ]  # fmt: skip
    assert rows[2]["data"]["occurred"] == began + 660
    assert [key.rpartition("/")[2] for key in world.desk.keys] == ["clerk", "chief"]
