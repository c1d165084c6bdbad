"""Service tasks on a real server: an answer, none, one that does not fit, one that is too late."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowHandle

from activities.computations import ComputationMismatch, Computations
from tests.shell.computing import BROKEN, EMPTY, GATE, PRICES, SLOW, T0, UNKNOWN
from tests.shell.world import TALKING, World, eventually, send, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")
_NUMBERS = iter(range(1, 1000))


@pytest_asyncio.fixture(loop_scope="session")
async def talkers(client: Client, tmp_path: Path) -> AsyncIterator[World]:
    async with World(client, tmp_path, f"calling-{next(_NUMBERS)}", TALKING) as opened:
        yield opened


async def order(world: World, name: str, **more: Any) -> WorkflowHandle[Any, Any]:
    arguments = world.arguments(name, "order", data={"book": "b"}, **more)
    return await world.client.start_workflow(**arguments)


async def back(handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    """The case once it waits for its clerk again."""
    view: dict[str, Any] = await handle.query("view")
    return view if view["state"] == "open" else {}


async def test_an_answer_is_taken_at_the_instant_of_the_call(talkers: World) -> None:
    async with talkers.working(computations=PRICES):
        handle = await order(talkers, "N-1")
        answer = await send(handle, "calculate", id="c", data={"amount": 1200})
        assert answer["state"] == "priced"
        view = await eventually(lambda: back(handle))
        assert view["data"]["total"] == 2400
    rows = await talkers.journal("N-1", "order")
    assert [row["kind"] for row in rows] == ["opened", "event", "call", "event"]
    call, done = rows[2], rows[3]
    assert (done["name"], done["event_id"]) == ("done", f"{talkers.case('N-1', 'order')}/1/3")
    assert done["at"] == call["at"]
    assert done["data"] == {"total": 2400, "priced_on": T0}


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (UNKNOWN, "computation_failed"),
        (BROKEN, "computation_failed"),
        (EMPTY, "output_invalid"),
    ],
)
async def test_no_answer_is_an_event_too(talkers: World, amount: int, code: str) -> None:
    async with talkers.working(computations=PRICES):
        handle = await order(talkers, "N-2")
        await send(handle, "calculate", id="c", data={"amount": amount})
        view = await eventually(lambda: back(handle))
        assert view["data"]["trouble"] == code
        assert await shown(handle, "CaseProblem", None)
    assert (await talkers.journal("N-2", "order"))[-1]["name"] == "failed"


async def test_a_computation_that_the_program_has_not_is_a_failure(
    talkers: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A case under rules that were pinned by a program that had it.
    nothing = Computations({})
    monkeypatch.setattr(nothing, "check", lambda processes: None)
    async with talkers.working(computations=nothing):
        handle = await order(talkers, "N-3")
        await send(handle, "calculate", id="c", data={"amount": 1})
        assert (await eventually(lambda: back(handle)))["data"]["trouble"] == "unknown_computation"


async def test_an_answer_for_which_nobody_waits_changes_nothing(talkers: World) -> None:
    GATE.clear()
    async with talkers.working(computations=PRICES):
        handle = await order(talkers, "N-4")
        try:
            await send(handle, "calculate", id="c", data={"amount": SLOW})
            assert (await send(handle, "withdraw", id="w"))["state"] == "finished"
        finally:
            GATE.set()
        # The case ends when what it asked for has come to an end.
        await handle.result()
    rows = await talkers.journal("N-4", "order")
    assert [row["kind"] for row in rows] == ["opened", "event", "call", "event", "ended"]


async def test_only_the_engine_answers(talkers: World) -> None:
    GATE.clear()
    async with talkers.working(computations=PRICES):
        handle = await order(talkers, "N-5")
        try:
            await send(handle, "calculate", id="c", data={"amount": SLOW})
            with pytest.raises(Exception, match="update failed"):
                await send(handle, "done", id="d", data={"total": 1})
        finally:
            GATE.set()
        assert (await eventually(lambda: back(handle)))["data"]["total"] == 2 * SLOW


async def test_a_worker_without_a_declared_computation_does_not_start(talkers: World) -> None:
    with pytest.raises(ComputationMismatch, match="order: there is no computation 'price'"):
        talkers.working()
