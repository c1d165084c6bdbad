"""Cases that open and tell one another, on a real server: children live on, messages keep their
order, and what cannot be delivered is written down on both sides."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.common import RetryPolicy
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment

from activities.case_links import LinkActivities
from activities.records.engine import RecordsUnavailable
from surfaces.reaching import preparing
from surfaces.server import Embedded
from tests.shell.computing import PRICES
from tests.shell.world import SMALL, TALKING, World, attributes, eventually, history, send, shown
from workflows import requesting
from workflows.core.effects import Batch, CaseView, Row, Tell
from workflows.payloads import adapter

pytestmark = pytest.mark.asyncio(loop_scope="session")
ROOT = Path(__file__).resolve().parents[2]
_NUMBERS = iter(range(1, 1000))


@pytest_asyncio.fixture(loop_scope="session")
async def talkers(client: Client, tmp_path: Path) -> AsyncIterator[World]:
    async with World(client, tmp_path, f"talking-{next(_NUMBERS)}", TALKING) as opened:
        yield opened


async def order(world: World, name: str, parts: int = 0, **more: Any) -> WorkflowHandle[Any, Any]:
    """An order with so many parts, that writes into a book of its own name."""
    listed = [{"no": number, "name": f"部件{number}"} for number in range(1, parts + 1)]
    data = {"book": world.key(name), **({"parts": listed} if parts else {})}
    arguments = world.arguments(name, "order", data=data, **more)
    return await world.client.start_workflow(**arguments)


async def book(world: World, name: str, **more: Any) -> WorkflowHandle[Any, Any]:
    arguments = world.arguments(name, "book", data={"name": name}, **more)
    return await world.client.start_workflow(**arguments)


async def view_of(handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    try:
        view: dict[str, Any] = await handle.query("view")
    except (RPCError, WorkflowQueryFailedError):  # it is not there yet, or not open
        return {}
    return view


async def trouble(handle: WorkflowHandle[Any, Any]) -> str:
    return str((await view_of(handle))["data"].get("trouble", ""))


async def rows(world: World, name: str, process: str, kind: str) -> list[dict[str, Any]]:
    return [row for row in await world.journal(name, process) if row["kind"] == kind]


def working(world: World, **more: Any) -> Any:
    return world.working(computations=PRICES, **more)


# --- children -------------------------------------------------------------------------------


async def test_children_outlive_the_runs_and_the_end_of_the_one_that_opened_them(
    talkers: World,
) -> None:
    async with working(talkers):
        handle = await order(talkers, "L-1", 2, limits=SMALL)
        await send(handle, "split", id="s")
        children = [
            talkers.client.get_workflow_handle(f"{talkers.case('L-1', 'piece')}-{number}")
            for number in (1, 2)
        ]
        for child in children:
            view = await eventually(lambda child=child: view_of(child))  # type: ignore[misc]
            assert view["origin"] == talkers.case("L-1", "order")
        for number in range(8):
            await send(handle, "remark", id=f"r{number}", data={"note": "x"})
        first = (await handle.describe()).run_id
        assert await eventually(lambda: went_on(handle, first))
        await send(handle, "finish", id="f")
        await handle.result()
        for child in children:
            described = await child.describe()
            assert described.status is not None
            assert described.status.name == "RUNNING"
            assert described.parent_id == talkers.case("L-1", "order")
            assert (await attributes(child))["CaseState"] == "open"
        made = await send(children[0], "make")
        assert made["state"] == "made"
        begun = await anext(aiter(children[1].fetch_history_events()))
        # The rules travel neither through the parent nor as an argument.
        assert len(begun.workflow_execution_started_event_attributes.input.payloads) == 1
    links = await rows(talkers, "L-1", "order", "link")
    assert [row["data"]["link"] for row in links] == ["piece", "piece", "reminder"]


async def went_on(handle: WorkflowHandle[Any, Any], run: str) -> bool:
    history = [event async for event in handle.fetch_history_events()]
    begun = history[0].workflow_execution_started_event_attributes
    return bool(begun.continued_execution_run_id) or (await handle.describe()).run_id != run


async def test_a_child_whose_key_is_taken_is_left_alone(talkers: World) -> None:
    async with working(talkers):
        other = talkers.arguments("L-2-1", "piece", data={"what": "灯"})
        key = f"{talkers.key('L-2')}-1"
        other["id"], other["args"][0] = f"piece:{key}", _renamed(other["args"][0], key)
        await talkers.client.start_workflow(**other)
        await eventually(lambda: _claimed(talkers, key))
        handle = await order(talkers, "L-2", 2)
        await send(handle, "split", id="s")
        await send(handle, "split", id="again")
        second = talkers.client.get_workflow_handle(f"piece:{talkers.key('L-2')}-2")
        assert (await eventually(lambda: view_of(second)))["data"]["what"] == "部件2"
        found = await eventually(lambda: _results(talkers, "L-2", 2))
    assert found == [(key, "exists"), (key, "exists")]


def _renamed(start: Any, key: str) -> Any:
    return type(start)(**{**{n: getattr(start, n) for n in start.__slots__}, "key": key})


async def _claimed(world: World, key: str) -> bool:
    return await world.records.key("piece", key) is not None


async def _results(world: World, name: str, count: int) -> list[tuple[str, str]]:
    links = await rows(world, name, "order", "link")
    found = [
        (row["data"]["key"], row["data"]["result"]) for row in links if "result" in row["data"]
    ]
    return found if len(found) >= count else []


# --- messages -------------------------------------------------------------------------------


async def test_a_message_opens_the_case_and_twenty_keep_their_order(talkers: World) -> None:
    async with working(talkers):
        handle = await order(talkers, "M-1", 20)
        await send(handle, "report", id="r")
        receiver = talkers.client.get_workflow_handle(talkers.case("M-1", "book"))
        view = await eventually(lambda: _with_lines(receiver, 20), 40)
        assert [line["line"] for line in view["data"]["lines"]] == [*range(1, 13), *range(14, 21)]
        assert view["origin"] == talkers.case("M-1", "order")
        # An instant travels as an instant.
        sent = (await talkers.journal("M-1", "order"))[1]
        assert {line["on"] for line in view["data"]["lines"]} == {sent["at"]}
        assert await eventually(lambda: trouble(handle)) == "guard_refused"
        assert await shown(handle, "CaseProblem", None)
        assert await shown(receiver, "CaseProblem", None)
    opened = (await talkers.journal("M-1", "book"))[0]
    assert (opened["actor"], opened["roles"]) == (talkers.case("M-1", "order"), ["system"])
    [refused] = await rows(talkers, "M-1", "book", "refused")
    [undelivered] = await rows(talkers, "M-1", "order", "undelivered")
    assert refused["data"]["from"] == talkers.case("M-1", "order")
    assert refused["event_id"] + "/undelivered" == undelivered["event_id"]
    assert (undelivered["data"]["link"], undelivered["data"]["code"]) == ("lines", "guard_refused")


async def _with_lines(handle: WorkflowHandle[Any, Any], count: int) -> dict[str, Any]:
    """The book once it has taken or refused so many lines."""
    view = await view_of(handle)
    return view if view and view["seq"] >= count + 1 else {}


async def test_a_message_that_is_sent_twice_is_taken_once(talkers: World) -> None:
    tell = Tell(
        key=f"{talkers.case('M-2', 'order')}/1/7",
        process="book",
        business_key=talkers.key("M-2"),
        event="add",
        data={"line": 1, "what": "x"},
        origin=talkers.case("M-2", "order"),
        seq=7,
        at=talkers.arguments("M-2", "order", data={"book": "b"})["args"][0].occurred_at,
        start={"name": "B"},
    )
    reaching = preparing(talkers.catalogue, talkers.records, talkers.task_queue, False)
    links = LinkActivities(talkers.client, talkers.records, reaching)
    async with working(talkers):
        run = ActivityEnvironment().run
        assert await run(links.tell_case, tell, tell.at) == {"result": "accepted"}
        assert (await run(links.tell_case, tell, tell.at))["result"] in ("accepted", "duplicate")
        receiver = talkers.client.get_workflow_handle(tell.target)
        assert len((await view_of(receiver))["data"]["lines"]) == 1
        await send(receiver, "shut")
        await receiver.result()
        # Long after: the case has ended, and it had taken it.
        assert await _later().run(links.tell_case, tell, tell.at) == {"result": "duplicate"}
    assert len(await rows(talkers, "M-2", "book", "undelivered")) == 0


def _later() -> ActivityEnvironment:
    """Of another activity: the same one asks for the same update, whose answer is kept."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, activity_id="later")
    return environment


def _line(world: World, name: str, line: int) -> Tell:
    """An order's line for the book of its name."""
    return Tell(
        key=f"{world.case(name, 'order')}/1/7",
        process="book",
        business_key=world.key(name),
        event="add",
        data={"line": line},
        origin=world.case(name, "order"),
        seq=7,
        at=world.arguments(name, "order", data={"book": "b"})["args"][0].occurred_at,
    )


def _links(world: World) -> LinkActivities:
    reaching = preparing(world.catalogue, world.records, world.task_queue, False)
    return LinkActivities(world.client, world.records, reaching)


async def test_a_message_is_told_again_if_the_decision_that_took_it_was_lost(
    talkers: World,
) -> None:
    tell = _line(talkers, "M-8", 1)
    async with working(talkers):
        receiver = await book(talkers, "M-8")
        assert await eventually(lambda: talkers.journal("M-8", "book"))
        shown = await view_of(receiver)
        del shown["problems"]
        now = shown["at"]
        # A worker wrote that the line was taken and the book shut, and died before Temporal knew.
        lost = (
            Row(2, "event", "add", now, now, event_id=tell.key, actor=tell.origin, state="open"),
            Row(3, "event", "shut", now, now, event_id="s", state="shut", previous="open"),
            Row(4, "ended", "book", now, now, state="shut"),
        )
        view = adapter(CaseView).validate_python(shown)
        view = replace(view, seq=4, state="shut", ended=now, next_wakeup=None)
        await talkers.records.write(Batch(view.case, lost, (), view), 1)
        told = await ActivityEnvironment().run(_links(talkers).tell_case, tell, tell.at)
        assert told == {"result": "accepted"}
        assert [line["line"] for line in (await view_of(receiver))["data"]["lines"]] == [1]


async def test_a_refusal_of_which_nobody_heard_stands_when_the_case_has_ended(
    talkers: World,
) -> None:
    tell = _line(talkers, "M-9", 13)
    links = _links(talkers)
    async with working(talkers):
        receiver = await book(talkers, "M-9")
        first = await ActivityEnvironment().run(links.tell_case, tell, tell.at)
        assert (first["result"], first["code"]) == ("refused", "guard_refused")
        await send(receiver, "shut")
        await receiver.result()
        assert await _later().run(links.tell_case, tell, tell.at) == first
    heard = [r for r in await talkers.journal("M-9", "book") if r["event_id"] == tell.key]
    assert [row["kind"] for row in heard] == ["refused"]


async def test_what_a_case_that_has_ended_is_told_stands_in_both_journals(talkers: World) -> None:
    async with working(talkers):
        receiver = await book(talkers, "M-3")
        await send(receiver, "shut")
        await receiver.result()
        handle = await order(talkers, "M-3")
        await send(handle, "remind", id="m")
        assert await eventually(lambda: trouble(handle)) == "case_ended"
        assert await shown(handle, "CaseProblem", None)
    [there] = await rows(talkers, "M-3", "book", "undelivered")
    assert (there["name"], there["data"]["from"]) == ("add", talkers.case("M-3", "order"))
    [here] = await rows(talkers, "M-3", "order", "undelivered")
    assert (here["data"]["code"], here["data"]["event"]) == ("case_ended", "add")
    [told] = [r for r in await talkers.journal("M-3", "order") if r["name"] == "not_taken"]
    assert told["data"]["target"] == talkers.case("M-3", "book")


async def test_what_comes_after_a_lapse_is_late(talkers: World) -> None:
    async with working(talkers):
        now = talkers.arguments("M-4", "book", data={"name": "B"})["args"][0].occurred_at
        receiver = await book(talkers, "M-4", occurred_at=now - 30 * 86_400)
        await receiver.result()
        handle = await order(talkers, "M-4")
        await send(handle, "remind", id="m")
        assert await eventually(lambda: trouble(handle)) == "case_ended"
    [late] = await rows(talkers, "M-4", "book", "late_rejected")
    assert (late["name"], late["clock"], late["state"]) == ("add", "kept_open", "lapsed")


async def test_a_message_to_nobody_is_a_problem_that_can_be_tried_again(talkers: World) -> None:
    async with working(talkers):
        handle = await order(talkers, "M-5", limits=SMALL)
        await send(handle, "report_one", id="m", data={"line": 4})
        await eventually(lambda: shown(handle, "CaseProblem", "link"))
        # What was given up goes on into the next run.
        first = (await handle.describe()).run_id
        for number in range(8):
            await send(handle, "remark", id=f"r{number}", data={"note": "x"})
        await eventually(lambda: went_on(handle, first))
        assert await shown(handle, "CaseProblem", "link")
        assert await outcomes(handle) == [(talkers.case("M-5", "book"), "undelivered")]
        receiver = await book(talkers, "M-5")
        assert (await send(handle, "retry_failed"))["retried"] == 1
        view = await eventually(lambda: _with_lines(receiver, 1))
        assert [line["line"] for line in view["data"]["lines"]] == [4]
        await eventually(lambda: shown(handle, "CaseProblem", None))
        assert await eventually(lambda: _arrived(handle))
    [row] = await rows(talkers, "M-5", "order", "undelivered")
    assert row["data"]["code"] == "unknown_case"


async def test_an_outage_costs_no_message(talkers: World, monkeypatch: pytest.MonkeyPatch) -> None:
    quickly = RetryPolicy(timedelta(milliseconds=50), backoff_coefficient=1.0)
    monkeypatch.setattr(requesting, "_REACHING", replace(quickly, maximum_attempts=2))
    monkeypatch.setattr(requesting, "_PATIENTLY", quickly)
    whole = talkers.records.key

    async def away(process: str, key: str) -> Any:
        raise RecordsUnavailable("the records are away")

    async with working(talkers):
        handle = await order(talkers, "M-7")
        await book(talkers, "M-7")
        monkeypatch.setattr(talkers.records, "key", away)
        await send(handle, "report_one", id="m", data={"line": 7})
        await send(handle, "finish", id="f")
        # Long after the first tries the case, which has ended, waits and says what for.
        assert await eventually(lambda: shown(handle, "CaseProblem", "unreachable"))
        monkeypatch.setattr(talkers.records, "key", whole)
        await handle.result()
    told = await rows(talkers, "M-7", "book", "event")
    assert [row["data"]["line"] for row in told].count(7) == 1
    assert not await rows(talkers, "M-7", "order", "undelivered")


async def outcomes(handle: WorkflowHandle[Any, Any]) -> list[tuple[str, str]]:
    """The cases that a case has opened or told, and whether something did not arrive there."""
    return [(one["case"], one["outcome"]) for one in (await view_of(handle))["links"]]


async def _arrived(handle: WorkflowHandle[Any, Any]) -> bool:
    return not any(outcome for _, outcome in await outcomes(handle))


async def test_a_message_that_says_too_much_is_refused_with_its_code(talkers: World) -> None:
    tell = Tell(
        key=f"{talkers.case('M-6', 'order')}/1/7",
        process="book",
        business_key=talkers.key("M-6"),
        event="add",
        data={"line": 1, "what": "x" * 300_000},
        origin=talkers.case("M-6", "order"),
        seq=7,
        at=0,
        start={"name": "B"},
    )
    reaching = preparing(talkers.catalogue, talkers.records, talkers.task_queue, False)
    links = LinkActivities(talkers.client, talkers.records, reaching)
    result = await ActivityEnvironment().run(links.tell_case, tell, 0)
    assert (result["result"], result["code"]) == ("refused", "payload_too_large")
    assert await talkers.records.key("book", talkers.key("M-6")) is None


async def test_only_the_case_itself_is_told_by_a_case(talkers: World) -> None:
    async with working(talkers):
        receiver = await book(talkers, "M-7")
        who = {"id": "order:x", "roles": ["process:piece"]}
        answer = await send(receiver, "add", by=who, id="a", data={"line": 1})
        assert answer["status"] == "refused"
        assert answer["refused"]["code"] == "role_not_allowed"
        again = await send(receiver, "add", by=who, id="a", data={"line": 1})
        assert again["refused"] == answer["refused"]
        assert await shown(receiver, "CaseProblem", None)
    assert len(await rows(talkers, "M-7", "book", "refused")) == 1


async def test_a_worker_killed_between_messages_loses_none(
    talkers: World, server: Embedded
) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.shell.talking_worker",
        server.address,
        str(talkers.folder),
        talkers.task_queue,
    ]

    async def begun() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(*command, cwd=ROOT)

    worker = await begun()
    try:
        handle = await order(talkers, "K-1", 12)
        await send(handle, "split", id="s")
        await send(handle, "report", id="r")
        receiver = talkers.client.get_workflow_handle(talkers.case("K-1", "book"))
        await eventually(lambda: _written(talkers, "K-1", 3), 40)
        worker.kill()
        await worker.wait()
        worker = await begun()
        view = await eventually(lambda: _with_lines(receiver, 12), 60)
        assert [line["line"] for line in view["data"]["lines"]] == list(range(1, 13))
    finally:
        worker.kill()
        await worker.wait()
    made = [
        await talkers.records.key("piece", f"{talkers.key('K-1')}-{number}")
        for number in range(1, 13)
    ]
    assert all(one is not None for one in made)
    assert len(await rows(talkers, "K-1", "book", "event")) == 12


async def _written(world: World, name: str, count: int) -> bool:
    return len(await world.journal(name, "book")) >= count


async def test_what_a_child_and_a_message_cost(talkers: World) -> None:
    async with working(talkers):
        handle = await order(talkers, "Z-1", 1)
        await send(handle, "remark", id="r", data={"note": "x"})
        before = await history(handle)
        await send(handle, "split", id="s")
        await eventually(lambda: _idle(handle))
        child = await history(handle)
        await send(handle, "report", id="t")
        await eventually(lambda: _idle(handle))
        told = await history(handle)
    assert (child - before).total() <= 16
    assert (told - child).total() <= 14


async def _idle(handle: WorkflowHandle[Any, Any]) -> bool:
    raw = (await handle.describe()).raw_description
    return not raw.pending_activities and not raw.HasField("pending_workflow_task")
