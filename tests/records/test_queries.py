"""Lists, the feed and what is stuck."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from activities.ledger import Delivery
from activities.records import BadCursor, CaseFilter, Records, StuckCase
from tests.records.build import HOUR, T0, batch, clock, notify, row, view

DUE = T0 + 72 * HOUR


async def keep(records: Records, case: str, problems: Sequence[str] = (), **more: Any) -> None:
    await records.write(
        batch(case, view=view(case, **more), problems=tuple(problems)), more.get("number", 1)
    )


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        (CaseFilter(), ["C-1", "C-2", "P-3"]),
        (CaseFilter(process="complaint"), ["C-1", "C-2"]),
        (CaseFilter(state="proposed"), ["C-2"]),
        (CaseFilter(organisation="west"), ["P-3"]),
        (CaseFilter(owner_role="clerk"), ["P-3"]),
        (CaseFilter(owner="zhang"), ["C-1", "C-2", "P-3"]),
        (CaseFilter(level="L2"), ["C-2"]),
        (CaseFilter(ended=True), ["P-3"]),
        (CaseFilter(ended=False), ["C-1", "C-2"]),
        (CaseFilter(overdue=True), ["C-2"]),
        (CaseFilter(overdue=False), ["C-1", "P-3"]),
        (CaseFilter(overdue=True, now=DUE + 1), ["C-1", "C-2"]),
        (CaseFilter(problem="records"), ["C-2"]),
        (CaseFilter(problem=True), ["C-2"]),
        (CaseFilter(problem=False), ["C-1", "P-3"]),
        (CaseFilter(text="王芳 complaint"), ["C-2"]),
        (CaseFilter(text="p-3"), ["P-3"]),
        (CaseFilter(text="100%_"), []),
        (CaseFilter(process="complaint", ended=True), []),
    ],
)
async def test_lists_by(records: Records, wanted: CaseFilter, keys: list[str]) -> None:
    await keep(records, "complaint:C-1")
    await keep(
        records,
        "complaint:C-2",
        ["records: queue"],
        state="proposed",
        level="L2",
        overdue=True,
        clocks=(clock(breached=DUE),),
        data={"customer": {"name": "王芳", "share": "100%"}},
    )
    await keep(
        records,
        "part:P-3",
        organisation="west",
        owner_role="clerk",
        ended=T0 + 9,
        clocks=(clock(phase="met", breached=DUE, ended=T0 + 9),),
    )
    page = await records.read.list_cases(wanted)
    assert sorted(item["key"] for item in page.items) == keys
    assert json.loads(json.dumps(page.items)) == list(page.items)


async def test_pages_hold_each_case_once_the_latest_first(records: Records) -> None:
    for count in range(23):
        await keep(records, f"complaint:C-{count:02}", opened=T0 + count // 5)
    seen: list[str] = []
    cursor = None
    for _ in range(5):
        page = await records.read.list_cases(limit=5, cursor=cursor)
        seen += [item["key"] for item in page.items]
        cursor = page.cursor
    assert cursor is None
    assert len(set(seen)) == len(seen) == 23
    assert seen[:4] == ["C-20", "C-21", "C-22", "C-15"]


@pytest.mark.parametrize("cursor", ["nonsense", "é", "W10", "1.x", ".", "²"])
async def test_a_cursor_that_no_page_gave_is_refused(records: Records, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await records.read.list_cases(cursor=cursor)
    with pytest.raises(BadCursor):
        await records.read.feed(cursor)


async def test_an_event_is_found_by_its_id(records: Records) -> None:
    rows = (row(1, "opened", event_id="e1"), row(2, "rung", event_id="e9"), row(3, event_id="e3"))
    await records.write(batch(rows=rows), 1)
    found = await records.read.event("complaint:C-1", "e3")
    assert found is not None
    assert found["seq"] == 3
    for unknown in ("", "e9", "e4"):
        assert await records.read.event("complaint:C-1", unknown) is None
    assert await records.read.event("complaint:C-2", "e3") is None
    assert await records.read.event("complaint:C-1", "e3", 2) is None


async def test_notices_by_case_role_and_instant(records: Records) -> None:
    await records.write(
        batch(notices=(notify("a"), notify("b", at=DUE, to="director"), notify("c", at=DUE))), 1
    )

    async def keys(**wanted: Any) -> list[str]:
        return [item["key"] for item in await records.read.notices(**wanted)]

    assert await keys() == ["a", "b", "c"]
    assert await keys(case_id="complaint:C-1", number=2) == []
    assert await keys(role="director") == ["b"]
    assert await keys(since=DUE) == ["b", "c"]
    assert await keys(role="service_manager", since=DUE) == ["c"]


# -- the feed


async def read_all(records: Records, cursor: str = "") -> tuple[list[tuple[str, int]], str]:
    seen = []
    while (page := await records.read.feed(cursor, limit=7)).items:
        seen += [(item["case"], item["seq"]) for item in page.items]
        cursor = page.cursor
    return seen, cursor


async def test_the_feed_gives_each_row_once_and_each_case_in_order(records: Records) -> None:
    cases = [f"complaint:C-{count}" for count in range(6)]

    async def live(case: str) -> None:
        for seq in range(1, 9):
            await records.write(batch(case, seq), 1)

    seen: list[tuple[str, int]] = []
    cursor = ""
    lives = asyncio.gather(*map(live, cases))
    while not lives.done():
        more, cursor = await read_all(records, cursor)
        seen += more
    await lives
    more, cursor = await read_all(records, cursor)
    seen += more
    assert len(seen) == len(set(seen)) == 48
    for case in cases:
        assert [seq for name, seq in seen if name == case] == list(range(1, 9))
    assert await read_all(records, cursor) == ([], cursor)


def draw(connection: Connection, case: str) -> None:
    """Another writer's row, not yet committed."""
    connection.execute(
        text(
            "INSERT INTO journal (case_id, number, seq, revision, kind, name, at, recorded,"
            " event_id, actor, roles, data, state, previous, clock, cycle, level)"
            " VALUES (:case, 1, 1, 0, 'event', 'x', '2026-11-10T01:30:00Z',"
            " '2026-11-10T01:30:00Z', '', '', '[]', '{}', '', '', '', 0, '')"
        ),
        {"case": case},
    )


async def test_the_feed_never_passes_a_row_in_flight(records: Records, outside: Engine) -> None:
    await records.write(batch("complaint:C-0"), 1)
    if outside.dialect.name == "sqlite":
        # One writer at a time: who draws a position first also commits first.
        with outside.connect() as connection:
            draw(connection, "complaint:C-1")
            later = asyncio.create_task(records.write(batch("complaint:C-2"), 1))
            seen, cursor = await read_all(records)
            assert seen == [("complaint:C-0", 1)]
            connection.commit()
        await later
        assert (await read_all(records, cursor))[0] == [("complaint:C-1", 1), ("complaint:C-2", 1)]
        return
    with outside.connect() as first, outside.connect() as second:
        # The first begins to write; the second draws the lower position and commits.
        first.execute(text("SELECT pg_current_xact_id()"))
        draw(second, "complaint:C-1")
        draw(first, "complaint:C-2")
        second.commit()
        await records.write(batch("complaint:C-3"), 1)
        seen, cursor = await read_all(records)
        assert seen == [("complaint:C-0", 1)], "what is committed waits for what is not"
        first.commit()
    more, _ = await read_all(records, cursor)
    assert more == [("complaint:C-2", 1), ("complaint:C-1", 1), ("complaint:C-3", 1)]


async def test_a_late_low_position_is_not_lost(records: Records, outside: Engine) -> None:
    if outside.dialect.name == "sqlite":
        with outside.connect() as connection:
            draw(connection, "complaint:C-1")
            connection.rollback()
        await records.write(batch("complaint:C-2"), 1)
        assert (await read_all(records))[0] == [("complaint:C-2", 1)]
        return
    with outside.connect() as early, outside.connect() as late:
        # The later transaction draws the lower position; the earlier one is shown before it ends.
        early.execute(text("SELECT pg_current_xact_id()"))
        draw(late, "complaint:C-1")
        draw(early, "complaint:C-2")
        early.commit()
        seen, cursor = await read_all(records)
        assert seen == [("complaint:C-2", 1)]
        late.commit()
    assert (await read_all(records, cursor))[0] == [("complaint:C-1", 1)]


# -- stuck


def told(found: tuple[StuckCase, ...]) -> dict[str, list[str]]:
    return {item.case: [reason.kind for reason in item.reasons] for item in found}


@pytest.mark.parametrize(
    ("clocks", "at", "late"),
    [
        ((clock(),), DUE, False),
        ((clock(),), DUE + 1, True),
        ((clock(exclusive=True),), DUE - 1, False),
        ((clock(exclusive=True),), DUE, True),
        ((clock(provisional=True),), DUE + 1, False),
        ((clock(phase="paused"),), DUE + 1, False),
        ((clock(phase="met"),), DUE + 1, False),
        ((clock(due=None),), DUE + 1, False),
    ],
)
async def test_late_is_judged_by_the_deadline(
    records: Records, clocks: tuple[Any, ...], at: int, late: bool
) -> None:
    await keep(records, "complaint:C-1", clocks=clocks)
    found = await records.read.stuck(at)
    assert told(found) == ({"complaint:C-1": ["late"]} if late else {})
    if late:
        facts = found[0].reasons[0].facts
        assert (facts["clock"], facts["due"], facts["late_seconds"]) == ("solution", DUE, at - DUE)


async def test_every_reason_with_its_facts_the_longest_late_first(records: Records) -> None:
    await keep(
        records,
        "complaint:C-1",
        ["records: queue 3"],
        dwell=HOUR,
        clocks=(clock(level="L2"), clock("response", due=DUE - 60)),
    )
    await records.claim(notify(), (Delivery("mail", "zhang"),))
    lost = Delivery("mail", "zhang", status="undeliverable", attempts=5, error="550 no such user")
    await records.mark(notify().key, lost)
    await keep(records, "complaint:C-2", clocks=(clock(due=DUE - 90),))
    await keep(records, "complaint:C-3", ["records"], clocks=(clock(level="L3"),), ended=T0 + 9)
    await keep(records, "complaint:C-4", dwell=HOUR, hold_until=DUE + 9, clocks=())

    found = await records.read.stuck(DUE + 1)
    assert told(found) == {
        "complaint:C-2": ["late"],
        "complaint:C-1": ["late", "late", "escalated", "undeliverable", "silent", "technical"],
    }
    assert [item.case for item in found] == ["complaint:C-2", "complaint:C-1"]
    assert found[1].late_since == DUE - 60
    facts = [reason.facts for reason in found[1].reasons]
    assert [item["clock"] for item in facts[:2]] == ["response", "solution"]
    assert facts[2]["level"] == "L2"
    assert (facts[3]["error"], facts[3]["role"]) == ("550 no such user", "service_manager")
    assert (facts[4]["since"], facts[4]["silent_seconds"]) == (T0, 72 * HOUR + 1)
    assert (facts[5]["code"], facts[5]["detail"]) == ("records", "queue 3")
    json.dumps([item.reasons[0].facts for item in found])
    assert found[1].view["title"] == {"zh": "投诉", "en": "Complaint"}


@pytest.mark.parametrize(("after", "silent"), [(HOUR, False), (HOUR + 1, True)])
async def test_silence_begins_after_the_dwell(records: Records, after: int, silent: bool) -> None:
    await keep(records, "complaint:C-1", dwell=HOUR)
    assert told(await records.read.stuck(T0 + after)) == (
        {"complaint:C-1": ["silent"]} if silent else {}
    )


async def test_more_stuck_cases_than_one_question_holds(records: Records, outside: Engine) -> None:
    await keep(records, "complaint:C-0")
    with outside.begin() as connection:
        for table, names in (("case_state", ""), ("clock", "")):
            columns = [
                name
                for name in connection.execute(text(f"SELECT * FROM {table} LIMIT 0")).keys()  # noqa: SIM118
                if name != "case_id"
            ]
            joined = ", ".join(columns) + names
            for count in range(1, 1203):
                connection.execute(
                    text(
                        f"INSERT INTO {table} (case_id, {joined})"
                        f" SELECT :case, {joined} FROM {table} WHERE case_id = 'complaint:C-0'"
                    ),
                    {"case": f"complaint:C-{count}"},
                )
    found = await records.read.stuck(DUE + 1)
    assert len(found) == 1203
    assert len({item.case for item in found}) == 1203
