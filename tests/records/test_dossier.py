"""The cases that belong together: which stand in the tree, where, and how far it goes."""

import json
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from activities.records import CaseFilter, Records, dossier
from activities.records.migrations import upgrade
from tests.records.build import HOUR, T0, batch, clock, row, view
from workflows.core.effects import Row

DUE = T0 + 72 * HOUR


def link(seq: int, target: str, name: str, event: str = "") -> Row:
    """The row of a case that asks for another one, or tells it something."""
    process, _, key = target.partition(":")
    said = {"key": key, "link": name} | ({"event": event} if event else {})
    return row(seq, "link", name=process, data=said)


async def keep(
    records: Records, case: str, *links: Row, origin: str = "", number: int = 1, **more: Any
) -> None:
    """A case that was opened by `origin` and has written these links."""
    process, _, key = case.partition(":")
    await records.claim_key(process, key, number, case, "rules", origin, T0, claimant="run")
    shown = view(case, len(links) + 1, origin=origin, number=number, **more)
    rows = (row(0, "opened", event_id="opened"), *links)
    await records.write(batch(case, rows=rows, view=shown), number)


def drawn(node: dict[str, Any], deep: int = 0) -> list[str]:
    """The tree, a line for each case."""
    through = ",".join(one["event"] or one["link"] for one in node["through"])
    mark = "*" if node["asked"] else ""
    line = f"{'  ' * deep}{mark}{node['case']} {node['how']} {through}".rstrip()
    return [line, *(found for child in node["children"] for found in drawn(child, deep + 1))]


async def tree(records: Records, case: str) -> list[str]:
    told = await records.read.dossier(case)
    assert json.loads(json.dumps(told)) == told
    lines = drawn(told["tree"])
    assert told["count"] == len(lines)
    return lines


@pytest.fixture
async def chain(records: Records) -> Records:
    """A consultation with its repair, which has two parts and tells a settlement, as does a
    second repair; the settlement tells them something back."""
    await keep(records, "consultation:Z-1", link(1, "repair:R-1", "to_repair"))
    await keep(
        records,
        "repair:R-1",
        link(1, "settlement:LY01-2026-11", "note", "note_service"),
        link(2, "part:R-1-1", "parts"),
        link(3, "part:R-1-2", "parts"),
        link(4, "settlement:LY01-2026-11", "lines", "add_lines"),
        origin="consultation:Z-1",
    )
    await keep(records, "part:R-1-1", link(1, "settlement:LY01-2026-11", "result", "part_result"))
    await keep(records, "repair:R-2", link(1, "settlement:LY01-2026-11", "note", "note_service"))
    await keep(
        records,
        "settlement:LY01-2026-11",
        link(1, "repair:R-1", "submitted", "list_submitted"),
        link(2, "repair:R-2", "submitted", "list_submitted"),
        link(3, "part:R-1-1", "closed", "review_closed"),
        origin="repair:R-1",
    )
    return records


async def test_the_tree_begins_with_the_topmost_case(chain: Records) -> None:
    # The first part of R-1 says itself that the repair opened it; the other is not known yet.
    await chain.claim_key("part", "R-1-2", 1, "part:R-1-2", "rules", "repair:R-1", T0)
    assert await tree(chain, "repair:R-1") == [
        "consultation:Z-1",
        "  *repair:R-1 opened to_repair",
        "    settlement:LY01-2026-11 opened note_service,add_lines",
        "      repair:R-2 told list_submitted",
        "    part:R-1-1 asked parts",
        "    part:R-1-2 opened parts",
    ]
    assert (await tree(chain, "consultation:Z-1"))[0] == "*consultation:Z-1"


async def test_what_is_told_by_many_is_not_spread_out_below_one(chain: Records) -> None:
    assert await tree(chain, "repair:R-2") == [
        "*repair:R-2",
        "  settlement:LY01-2026-11 told note_service",
    ]
    # Seen from beside it, nothing below the settlement is shown, though the repair opened it.
    await keep(chain, "part:R-1-3", origin="repair:R-1")
    lines = await tree(chain, "part:R-1-3")
    assert "    *part:R-1-3 opened" in lines
    assert "    settlement:LY01-2026-11 opened note_service,add_lines" in lines
    assert not [line for line in lines if "repair:R-2" in line]


async def test_what_many_told_is_the_topmost_of_its_own_tree(chain: Records) -> None:
    await keep(chain, "repair:R-3", link(1, "settlement:LY01-2026-11", "note", "note_service"))
    assert await tree(chain, "settlement:LY01-2026-11") == [
        "*settlement:LY01-2026-11",
        "  repair:R-1 told list_submitted",
        "  repair:R-3 tells note_service",
        "  repair:R-2 told list_submitted",
        "  part:R-1-1 told review_closed",
    ]


async def test_a_case_is_told_with_its_clocks_and_problems(records: Records) -> None:
    paused = clock("report", phase="paused", due=None, remaining=HOUR)
    met = clock("response", phase="met", ended=T0)
    await keep(records, "repair:R-1", clocks=(clock(), paused, met))
    await records.problems("repair:R-1", 1, ["link: part away"], T0)
    told = (await records.read.dossier("repair:R-1", now=DUE))["tree"]
    assert (told["known"], told["overdue"], told["digest"]) == (True, False, "rules")
    assert [one["clock"] for one in told["clocks"]] == ["solution", "report"]
    assert told["problems"] == [{"code": "link", "detail": "part away", "since": T0}]
    late = (await records.read.dossier("repair:R-1", now=DUE + 1))["tree"]
    assert late["overdue"]
    assert [one["overdue"] for one in late["clocks"]] == [True, False]


async def test_a_timer_is_listed_and_never_late(records: Records) -> None:
    await keep(records, "repair:R-1", clocks=(clock(), clock("month", kind="timer")))
    late = (await records.read.dossier("repair:R-1", now=DUE + 1))["tree"]
    assert [(one["clock"], one["overdue"]) for one in late["clocks"]] == [
        ("solution", True),
        ("month", False),
    ]
    await keep(records, "repair:R-2", clocks=(clock("month", kind="timer"),))
    assert not (await records.read.dossier("repair:R-2", now=DUE + 1))["tree"]["overdue"]
    page = await records.read.list_cases(CaseFilter(overdue=True, now=DUE + 1))
    assert [item["key"] for item in page.items] == ["R-1"]
    stuck = await records.read.stuck(DUE + 1)
    late_ones = [
        (one.case, reason.facts["clock"])
        for one in stuck
        for reason in one.reasons
        if reason.kind == "late"
    ]
    assert late_ones == [("repair:R-1", "solution")]


async def test_a_case_that_was_never_opened_is_shown_as_unknown(records: Records) -> None:
    await keep(records, "repair:R-1", link(1, "part:R-1-1", "parts"))
    (part,) = (await records.read.dossier("repair:R-1"))["tree"]["children"]
    assert (part["known"], part["state"], part["process"]) == (False, "", "part")
    nobody = await records.read.dossier("repair:R-9")
    assert (nobody["count"], nobody["tree"]["known"]) == (1, False)


async def test_a_case_opened_again_keeps_its_place(records: Records) -> None:
    await keep(records, "repair:R-1", link(1, "part:R-1-1", "parts"))
    await keep(records, "part:R-1-1", origin="repair:R-1")
    await keep(records, "part:R-1-1", number=2, state="reopened")
    lines = await tree(records, "part:R-1-1")
    assert lines == ["repair:R-1", "  *part:R-1-1 opened parts"]
    (part,) = (await records.read.dossier("part:R-1-1"))["tree"]["children"]
    assert (part["number"], part["state"]) == (2, "reopened")


async def test_circles_end(records: Records) -> None:
    await keep(records, "repair:R-1", link(1, "repair:R-2", "again"), origin="repair:R-2")
    await keep(records, "repair:R-2", link(1, "repair:R-1", "again"), origin="repair:R-1")
    await keep(records, "repair:R-3", link(1, "repair:R-3", "itself"), origin="repair:R-3")
    assert await tree(records, "repair:R-1") == ["repair:R-2", "  *repair:R-1 opened again"]
    assert await tree(records, "repair:R-3") == ["*repair:R-3"]


async def test_a_dossier_is_cut_where_it_grows_too_large(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dossier, "MOST_CASES", 5)
    several = [link(seq, f"part:P-{seq}", "parts") for seq in range(1, 9)]
    await keep(records, "repair:R-1", *several, link(9, "repair:R-2", "more"))
    for seq in range(1, 9):
        await keep(records, f"part:P-{seq}", origin="repair:R-1")
    await keep(records, "repair:R-2", link(1, "repair:R-3", "more"), origin="repair:R-1")
    await keep(records, "repair:R-3", origin="repair:R-2")
    told = await records.read.dossier("repair:R-3")
    assert (told["count"], told["cut"]) == (5, True)
    assert "    *repair:R-3 opened more" in drawn(told["tree"]), "who asks is always there"
    assert (await records.read.dossier("part:P-1"))["cut"]


async def test_a_dossier_is_cut_where_it_grows_too_deep(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dossier, "MOST_DEEP", 3)
    for step in range(6):
        origin = f"repair:R-{step - 1}" if step else ""
        await keep(
            records, f"repair:R-{step}", link(1, f"repair:R-{step + 1}", "next"), origin=origin
        )
    for asked, count in (("repair:R-0", 4), ("repair:R-5", 4)):
        told = await records.read.dossier(asked)
        assert (told["count"], told["cut"]) == (count, True), asked


async def test_links_go_both_ways_and_are_written_once(chain: Records) -> None:
    await keep(chain, "repair:R-2", link(1, "settlement:LY01-2026-11", "note", "note_service"))
    found = await chain.read.links("settlement:LY01-2026-11")
    assert [one["target"] for one in found["outgoing"]] == [
        "repair:R-1",
        "repair:R-2",
        "part:R-1-1",
    ]
    assert [(one["source"], one["event"]) for one in found["incoming"]] == [
        ("part:R-1-1", "part_result"),
        ("repair:R-1", "note_service"),
        ("repair:R-1", "add_lines"),
        ("repair:R-2", "note_service"),
    ]


async def test_a_row_decided_anew_takes_its_link_with_it(records: Records) -> None:
    first = link(1, "part:R-1-1", "parts")
    await keep(records, "repair:R-1", first, link(2, "part:R-1-2", "parts"))
    anew = (row(1, "event"), link(2, "part:R-1-3", "parts"), link(3, "part:R-1-4", "parts"))
    await records.write(batch("repair:R-1", 3, rows=anew), 1)
    # The first decision comes once more, late: what holds stays.
    await records.write(batch("repair:R-1", 2, rows=(first,)), 1)
    found = (await records.read.links("repair:R-1"))["outgoing"]
    assert [(one["seq"], one["target"]) for one in found] == [(2, "part:R-1-3"), (3, "part:R-1-4")]


async def test_what_became_of_a_link_is_no_link(records: Records) -> None:
    became = row(2, "link", name="part", data={"key": "R-1-1", "result": "exists"})
    await keep(records, "repair:R-1", link(1, "part:R-1-1", "parts"), became)
    assert len((await records.read.links("repair:R-1"))["outgoing"]) == 1


async def test_the_migration_finds_the_links_of_old_rows(empty_url: str) -> None:
    async with Records.open(empty_url) as records:
        await records.migrate()
        await keep(records, "repair:R-1", link(1, "part:R-1-1", "parts"), link(2, "b:B", "x", "e"))
        await keep(
            records,
            "repair:R-2",
            row(1, "link", name="part", data={"key": "P", "result": "exists"}),
        )
        anew = (row(1, "event"), link(2, "b:B", "x", "f"))
        await records.write(batch("repair:R-1", 3, rows=anew), 1)
        before = await records.database.read(_links)

        def back(connection: Connection) -> None:
            connection.execute(text("DROP TABLE case_link"))
            connection.execute(text("UPDATE alembic_version SET version_num = 'v0002'"))
            upgrade(connection, "v0003")

        await records.database.write(back)
        assert await records.database.read(_links) == before
        assert before == [("repair:R-1", 1, 2, "b:B", "x", "f")]


def _links(connection: Connection) -> list[tuple[Any, ...]]:
    found = connection.execute(text("SELECT * FROM case_link ORDER BY source, number, seq"))
    return [tuple(one) for one in found]


async def test_a_reader_sees_rows_and_links_together(records: Records, outside: Engine) -> None:
    """They are written in one transaction: a link that cannot be kept undoes the rows."""
    with outside.begin() as connection:
        connection.execute(text("DROP TABLE case_link"))
    with pytest.raises(Exception, match="case_link"):
        await keep(records, "repair:R-1", link(1, "part:R-1-1", "parts"))
    assert await records.read.journal("repair:R-1", 1) == ()
