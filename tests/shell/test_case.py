"""One case on a real server: events, refusals, signals, the timer, what people see."""

from typing import Any

import pytest
from temporalio.client import WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from tests.shell.world import HOUR, LI, World, attributes, eventually, history, send, shown, written

pytestmark = pytest.mark.asyncio(loop_scope="session")


FORGED = {
    "shift": 0,
    "case": {
        "process": "errand",
        "key": "B-1",
        "number": 1,
        "version": 1,
        "state": "finished",
        "opened": 0,
        "settled": 0,
    },
}


async def test_an_errand_from_opening_to_end(world: World) -> None:
    async with world.working():
        handle = await world.start("A-1")
        taken = await send(handle, "take", id="e1")
        assert taken["state"] == "taken"
        assert taken["events"] == ["remark", "tell", "pass_on", "finish"]
        finished = await send(handle, "finish", id="e2")
        assert (finished["state"], finished["ended"]) == ("finished", True)
        assert (await handle.result())["state"] == "finished"
    rows = await world.journal("A-1")
    assert [row["kind"] for row in rows] == ["opened", "event", "event", "ended"]
    assert world.desk.keys == [f"{world.case('A-1')}/1/3/0/chief"]
    claim = await world.records.key("errand", world.key("A-1"))
    assert claim is not None
    assert claim.ended is not None
    assert await world.records.rules(claim.digest)


async def test_a_refusal_leaves_no_trace_and_says_what_is_possible(world: World) -> None:
    async with world.working():
        handle = await world.start("A-2")
        await send(handle, "take", id="e1")
        before = await history(handle)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await send(handle, "take", id="e2")
        error = refused.value.cause
        assert isinstance(error, ApplicationError)
        assert (error.type, error.non_retryable) == ("not_allowed_here", True)
        assert error.details[0]["facts"]["possible"] == ["remark", "tell", "pass_on", "finish"]
        assert error.details[0]["facts"]["zh"] == "当前状态下不能进行此事件"
        assert await history(handle) == before
        # The refused event's id is not used up.
        assert (await send(handle, "tell", id="e2"))["seq"] == 3


@pytest.mark.parametrize(
    ("name", "argument", "code"),
    [
        ("dance", {"by": LI}, "unknown_event"),
        ("take", {"by": {"id": "x", "roles": ["chief"]}}, "role_not_allowed"),
        ("remark", {"by": LI, "data": {"note": 5}}, "data_invalid"),
        ("take", {"by": LI, "occured_at": "2026-11-10T09:30:00+08:00"}, "payload_invalid"),
        ("take", {"by": LI, "occurred_at": "2026-11-10T09:30:00"}, "payload_invalid"),
        ("take", {"by": LI, "occurred_at": "2099-11-10T09:30:00Z"}, "from_the_future"),
        ("take", {"by": "li"}, "payload_invalid"),
        ("take", ["li"], "payload_invalid"),
        ("take", "li", "payload_invalid"),
        ("take", {"by": LI, "id": "a\nb"}, "payload_invalid"),
        ("remark", {"by": LI, "data": {"note": "长" * 90_000}}, "payload_too_large"),
    ],
)
async def test_what_cannot_be_an_event_is_refused_with_its_code(
    world: World, name: str, argument: object, code: str
) -> None:
    async with world.working():
        handle = await world.start("A-3")
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update(name, argument)
        error = refused.value.cause
        assert isinstance(error, ApplicationError)
        assert error.type == code
        if code == "data_invalid":
            assert [one["field"] for one in error.details[0]["facts"]["errors"]] == ["note"]


async def test_an_event_comes_once_as_update_or_signal(world: World) -> None:
    async with world.working():
        handle = await world.start("A-4")
        await handle.signal("take", {"id": "e1", "by": LI})
        again = await send(handle, "take", id="e1")
        assert (again["seq"], again["state"]) == (2, "taken")
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update("finish", {"id": "e1", "by": LI})
        assert isinstance(refused.value.cause, ApplicationError)
        assert refused.value.cause.type == "event_id_conflict"
        assert [row["kind"] for row in await world.journal("A-4")] == ["opened", "event"]


async def test_a_refused_signal_is_written_down_and_shown(world: World) -> None:
    async with world.working():
        handle = await world.start("A-5")
        await handle.signal("finish", {"id": "s1", "by": LI})
        await eventually(lambda: written(world, "A-5", 2))
        row = (await world.journal("A-5"))[-1]
        assert (row["kind"], row["name"], row["event_id"]) == ("refused", "finish", "s1")
        assert row["data"]["code"] == "not_allowed_here"
        await eventually(lambda: shown(handle, "CaseProblem", "refused_signal"))
        # The sender comes again when it is possible; nothing is wrong any more.
        await send(handle, "take", id="e1")
        await send(handle, "finish", id="s1")
        await handle.result()
        assert "CaseProblem" not in await attributes(handle)


async def test_a_breach_is_stamped_at_its_instant_and_people_are_told(world: World) -> None:
    async with world.working():
        handle = await world.start("A-6")
        opened = (await handle.query("view"))["opened"]
        skipper = TimeSkipper(world.client, config=TimeSkippingConfig(enabled=False))
        await send(handle, "take", id="e1")
        await skipper.fast_forward(handle, 1.5 * HOUR + HOUR / 60)
        await eventually(lambda: written(world, "A-6", 3))
        assert world.desk.keys == [f"{world.case('A-6')}/1/done_in_time/1/remind/clerk"]
        await skipper.fast_forward(handle, 2 * HOUR)
        await eventually(lambda: written(world, "A-6", 5))
        due = opened + 2 * 3600
        rows = {row["kind"]: row for row in await world.journal("A-6")}
        assert rows["breach"]["at"] == due
        assert rows["rung"]["at"] == due
        found = await attributes(handle)
        assert (found["CaseOverdue"], found["CaseClockStatus"]) == (True, "overdue")
        assert found["CaseLevel"] == "L1"
        finished = await send(handle, "finish", id="e2")
        assert finished["ended"] is True
        await handle.result()
    view = (await world.records.read.case(world.case("A-6"))) or {}
    assert view["clocks"][0]["breached"] == due


async def test_the_menu_lists_what_is_legal_and_the_card_says_what_is_due(world: World) -> None:
    async with world.working():
        handle = await world.start("A-7")
        await send(handle, "take", id="e1")
        menu = await handle.query("__temporal_workflow_metadata")
        names = [one["name"] for one in menu["definition"]["updateDefinitions"]]
        assert names == ["remark", "tell", "pass_on", "finish"]
        assert menu["definition"]["updateDefinitions"][3]["description"].startswith("办结 · Finish")
        card = menu["currentDetails"]
        assert f"差事 {world.key('A-7')} · Errand" in card
        assert "**等待 waits for**: 办事员 · Clerk" in card
        assert "| 办理时限 · Time to do it |" in card
        summary = (await pending_timer(handle))["summary"]
        assert "待 待办 To do ← 办事员 Clerk · 截止 due " in summary
        assert len(summary.encode()) <= 400


async def pending_timer(handle: WorkflowHandle[Any, Any]) -> dict[str, str]:
    """The only open timer of a case, with its summary."""
    opened: dict[int, str] = {}
    async for event in handle.fetch_history_events():
        if event.HasField("timer_started_event_attributes"):
            opened[event.event_id] = event.user_metadata.summary.data.decode()
        for field in ("timer_canceled_event_attributes", "timer_fired_event_attributes"):
            if event.HasField(field):
                del opened[getattr(event, field).started_event_id]
    assert len(opened) == 1
    return {"summary": next(iter(opened.values()))}


async def test_there_is_one_timer_whatever_happens(world: World) -> None:
    async with world.working():
        handle = await world.start("A-8")
        for number in range(5):
            await send(handle, "remark", id=f"e{number}", data={"note": str(number)})
        await pending_timer(handle)
        assert (await history(handle))["timer_started"] == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": "errand:B-99"}, "id_mismatch"),
        ({"args": [{"key": "../B", "data": {}}]}, "key_invalid"),
        ({"args": [{"dato": {}}]}, "start_invalid"),
        ({"args": [{"data": {"what": 5}}]}, "data_invalid"),
        ({"args": [{"resumed": FORGED}]}, "start_invalid"),
        ({"args": []}, "data_invalid"),
        ({"workflow": "nothing", "id": "nothing:B-1", "args": [{}]}, "unknown_process"),
        ({"clock_at": 1_794_274_200}, "clock_at_refused"),
    ],
)
async def test_a_start_that_cannot_be_fails_with_its_code(
    world: World, change: dict[str, object], code: str
) -> None:
    clock_at = change.pop("clock_at", None)
    arguments = world.arguments("B-1", clock_at=clock_at)
    arguments.pop("search_attributes")
    async with world.working():
        handle = await world.client.start_workflow(**{**arguments, **change})
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert isinstance(failed.value.cause, ApplicationError)
        assert failed.value.cause.type == code
        assert failed.value.cause.non_retryable


async def test_a_start_without_rules_finds_them_and_events_wait(world: World) -> None:
    start = {"data": {"what": "x"}, "actor": {"id": "li", "roles": ["clerk"]}}
    handle = await world.client.start_workflow(
        "errand", start, id=world.case("B-2"), task_queue=world.task_queue
    )
    async with world.working():
        assert (await send(handle, "take"))["state"] == "taken"
        # Nobody gave the attributes at the start, so the case did.
        assert (await attributes(handle))["CaseState"] == "taken"
