"""Starting, sending and finding cases on real Temporal."""

from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from temporalio.worker import Worker

from definitions.problems import DuecourseError
from surfaces import cases as module
from surfaces.cases import Cases
from surfaces.cli_cases import linked, show_list, show_stuck
from surfaces.cli_show import show_case
from surfaces.errors import EventRefused, Exit, UnknownCase, exit_of
from surfaces.explained import explanations
from surfaces.ledger import replayed
from tests.shell.world import eventually
from workflows.core.case import Actor
from workflows.core.effects import Batch, CaseView, Row
from workflows.core.errors import IllegalEvent
from workflows.payloads import adapter

LI = Actor("li", ("clerk",))
DATA = {"what": "灯", "price": "12.50", "wanted_at": "2030-11-20T10:00:00+08:00"}
Working = Callable[[], Worker]
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def rows(cases: Cases, case: str, count: int) -> Any:
    """The journal, once it is so long."""

    async def look() -> Any:
        found = await cases.records.read.journal(case, 1)
        return found if len(found) >= count else None

    return await eventually(look)


async def test_a_case_from_start_to_explanation(cases: Cases, working: Working) -> None:
    async with working():
        opened = await cases.start("parcel", "A-1", DATA, LI)
        assert opened["status"] == "opened"
        answer = await cases.send("parcel:A-1", "pack", {"weight": 3}, LI, event_id="e-1")
        assert (answer["status"], answer["state"]) == ("accepted", "packed")
        again = await cases.send("parcel:A-1", "pack", {"weight": 3}, LI, event_id="e-1")
        assert again == answer
        with pytest.raises(EventRefused) as other:
            await cases.send("parcel:A-1", "pack", {"weight": 4}, LI, event_id="e-1")
        assert other.value.code == "event_id_conflict"
        await rows(cases, "parcel:A-1", 2)
    existing = await cases.start("parcel", "A-1", DATA, LI)
    assert existing["status"] == "existing"
    view = await cases.case("parcel:A-1")
    assert view["state"] == "packed"
    assert cases.places.link("parcel:A-1").endswith("/namespaces/default/workflows/parcel%3AA-1")
    program, case = replayed(await cases.ledger("parcel:A-1"))
    assert case.state == "packed"
    shown = {clock["clock"]: clock["due"] for clock in view["clocks"]}
    told = {one.clock: one for one in explanations(program, case, None)}
    assert told["fetched"].due is not None
    assert told["fetched"].due.at == shown["fetched"]


async def test_what_nobody_accepts_in_time_is_queued_and_done_once(
    cases: Cases, working: Working, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ACCEPT_SECONDS", 0.5)
    await cases.start("parcel", "B-1", DATA, LI)
    queued = await cases.send("parcel:B-1", "note", {"text": "小心"}, LI, event_id="e-1")
    assert queued == {"case": "parcel:B-1", "status": "queued", "event_id": "e-1"}
    async with working():
        journal = await rows(cases, "parcel:B-1", 2)
        monkeypatch.setattr(module, "ACCEPT_SECONDS", 20.0)
        answer = await cases.send("parcel:B-1", "note", {"text": "小心"}, LI, event_id="e-1")
        assert (answer["seq"], answer["status"]) == (2, "accepted")
    assert [row["event_id"] for row in journal if row["kind"] == "event"] == ["e-1"]


async def test_refusals_say_who_is_to_blame(cases: Cases, working: Working) -> None:
    async with working():
        await cases.start("parcel", "C-1", DATA, LI)
        for wrong, code, ends in (
            (cases.send("parcel:C-1", "fetch", {}, LI), "not_allowed_here", Exit.REFUSED),
            (cases.send("parcel:C-1", "pack", {"weight": 30}, LI), "guard_refused", Exit.REFUSED),
            (cases.send("parcel:C-1", "pack", {}, LI), "data_invalid", Exit.BAD_INPUT),
            (cases.send("parcel:C-9", "pack", {}, LI), "unknown_case", Exit.NOT_AS_EXPECTED),
        ):
            with pytest.raises(DuecourseError) as refused:
                await wrong
            assert (refused.value.code, exit_of(refused.value)) == (code, ends)
        await cases.send("parcel:C-1", "pack", {"weight": 3}, LI)
        await cases.send("parcel:C-1", "fetch", {}, Actor("kim", ("customer",)), event_id="last")

        async def ended() -> bool:
            claim = await cases.records.key("parcel", "C-1")
            view = await cases.records.read.case("parcel:C-1")
            return claim is not None and view is not None and view["ended"] is not None

        await eventually(ended)
        await (await cases.client()).get_workflow_handle("parcel:C-1").result()
    with pytest.raises(EventRefused, match="has ended"):
        await cases.send("parcel:C-1", "pack", {"weight": 3}, LI)
    known = await cases.send(
        "parcel:C-1", "fetch", {}, Actor("kim", ("customer",)), event_id="last"
    )
    assert known["status"] == "duplicate"


async def test_an_event_is_sent_again_if_the_decision_that_took_it_was_lost(
    cases: Cases, working: Working
) -> None:
    async with working():
        await cases.start("parcel", "G-1", DATA, LI)
        await rows(cases, "parcel:G-1", 1)
        handle = (await cases.client()).get_workflow_handle("parcel:G-1")
        shown = await handle.query("view")
        del shown["problems"]
        now = shown["at"]
        # A worker wrote that it ended the case, and died before Temporal kept that.
        lost = (
            Row(
                *(2, "event", "pack", now, now),
                event_id="e",
                actor="li",
                data={"weight": 3},
                state="packed",
            ),
            Row(3, "ended", "parcel", now, now, state="packed"),
        )
        view = replace(adapter(CaseView).validate_python(shown), seq=3, ended=now)
        await cases.records.write(Batch(view.case, lost, (), view), 1)
        answer = await cases.send("parcel:G-1", "pack", {"weight": 3}, LI, event_id="e")
        assert (answer["status"], answer["state"]) == ("accepted", "packed")


async def test_a_start_that_is_refused_leaves_nothing(cases: Cases) -> None:
    with pytest.raises(IllegalEvent) as refused:
        await cases.start("parcel", "D-1", {}, LI)
    assert refused.value.code == "data_invalid"
    with pytest.raises(UnknownCase):
        await cases.case("parcel:D-1")


async def test_what_people_see_of_a_late_case(cases: Cases, working: Working) -> None:
    async with working():
        await cases.start("parcel", "F-1", DATA, LI)
        await cases.send("parcel:F-1", "note", {"text": "小心"}, LI)
        journal = await rows(cases, "parcel:F-1", 2)
    view = await cases.case("parcel:F-1")
    clock = view["clocks"][0]
    found = await cases.records.read.stuck(clock["due"] + 3600)
    paper = Console(file=StringIO(), width=160)
    show_stuck(paper, found, [cases.places.link(one.case) for one in found])
    show_list(paper, [view], None)
    told = {"view": view, "journal": journal, "linked": linked(view, journal), "ui": None}
    show_case(paper, told, 10)
    said = paper.file.getvalue()  # type: ignore[attr-defined]
    assert "超时 late: 打包时限 packed_in_time" in said
    assert "late 1 h" in said
    assert "/namespaces/default/workflows/parcel%3AF-1" in said
    assert "计时中 running" in said
    assert "event note" in said
