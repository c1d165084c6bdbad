"""Every case about one thing: found by its folded value, in the order of opening, page by page."""

import json
from typing import Any

import pytest
from sqlalchemy import Engine, text

from activities.records import BadCursor, CaseFilter, Records
from activities.records.migrations import head, upgrade
from activities.records.subjects import folded
from tests.records.build import HOUR, T0, batch, clock, row, view

YEAR = 365 * 24 * HOUR
DUE = T0 + 72 * HOUR


async def keep(
    records: Records, case: str, seq: int = 1, number: int = 1, by: str = "li", **more: Any
) -> None:
    """A case whose view has these."""
    rows = (row(0, "opened", event_id="opened", actor=by), row(seq))
    shown = view(case, seq, number=number, **more)
    await records.write(batch(case, rows=rows, view=shown), number)


async def found(records: Records, kind: str, value: str) -> list[str]:
    page = await records.read.about(kind, value)
    assert json.loads(json.dumps(page.items)) == list(page.items)
    return [one["case"] for one in page.items]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("LG855N-0417", "lg855n-0417"),
        ("ＬＧ８５５Ｎ－０４１７", "LG855N-0417"),
        ("第一  矿山", " 第一 矿山 "),
        ("Straße", "STRASSE"),
    ],
)
def test_values_are_alike_whatever_the_letters(written: str, asked: str) -> None:
    assert folded(written) == folded(asked)


async def test_every_case_about_a_machine_in_the_order_of_opening(records: Records) -> None:
    machine = {"machine": "LG855N-0417", "customer": "第一矿山"}
    await keep(records, "repair:R-2", opened=T0 + 2 * YEAR, subjects=machine)
    await keep(records, "repair:R-1", opened=T0, subjects=machine)
    await keep(records, "visit:V-1", opened=T0 + YEAR, subjects={"machine": "lg855n-0417"})
    await keep(records, "repair:R-3", opened=T0, subjects={"machine": "LG855N-0418"})
    await keep(records, "repair:R-4", opened=T0, subjects={"customer": "LG855N-0417"})
    assert await found(records, "machine", "LG855n-0417") == [
        "repair:R-1",
        "visit:V-1",
        "repair:R-2",
    ]
    assert await found(records, "customer", "第一矿山") == ["repair:R-1", "repair:R-2"]


async def test_a_case_is_about_what_its_newest_view_says(records: Records) -> None:
    await keep(records, "repair:R-1", 1, subjects={"machine": "M-1", "customer": "A"})
    await keep(records, "repair:R-1", 2, subjects={"machine": "M-2"})
    # The first one is written once more, after the second.
    await keep(records, "repair:R-1", 1, subjects={"machine": "M-1", "customer": "A"})
    assert await found(records, "machine", "M-1") == []
    assert await found(records, "customer", "A") == []
    assert await found(records, "machine", "M-2") == ["repair:R-1"]


async def test_a_case_opened_again_is_told_with_each_number(records: Records) -> None:
    for number in (1, 2):
        opened = T0 + number * HOUR
        await keep(records, "repair:R", number=number, opened=opened, subjects={"machine": "M"})
    page = await records.read.about("machine", "M")
    assert [(one["case"], one["number"]) for one in page.items] == [
        ("repair:R", 1),
        ("repair:R", 2),
    ]


async def test_what_is_told_of_a_case(records: Records) -> None:
    late = clock("report", phase="paused", due=None, remaining=HOUR)
    await keep(
        records,
        "repair:R-1",
        by="王工",
        subjects={"machine": "M-1"},
        clocks=(clock(), late, clock("response", phase="met", ended=T0)),
        level="L2",
        origin="complaint:C-9",
        keep_until=T0 + YEAR,
    )
    await records.problems("repair:R-1", 1, ["notice: unanswered"], T0)
    (told,) = (await records.read.about("machine", "m-1", DUE + 1)).items
    assert told["opened_by"] == {"actor": "王工", "roles": ["service_specialist"]}
    assert (told["origin"], told["level"], told["keep_until"]) == ("complaint:C-9", "L2", T0 + YEAR)
    assert told["title"] == {"zh": "投诉", "en": "Complaint"}
    assert told["overdue"] is True
    assert [(one["clock"], one["overdue"]) for one in told["clocks"]] == [
        ("solution", True),
        ("report", False),
    ]
    assert [one["code"] for one in told["problems"]] == ["notice"]
    (before,) = (await records.read.about("machine", "m-1", DUE)).items
    assert before["overdue"] is False


async def test_pages_follow_one_another(records: Records) -> None:
    for index in range(5):
        opened = T0 + index // 2
        await keep(records, f"repair:R-{index}", opened=opened, subjects={"machine": "M"})
    seen: list[str] = []
    cursor = None
    for size in (2, 2, 1):
        page = await records.read.about("machine", "M", limit=2, cursor=cursor)
        assert len(page.items) == size
        seen += [one["case"] for one in page.items]
        cursor = page.cursor
    assert cursor is None
    assert seen == [f"repair:R-{index}" for index in range(5)]
    with pytest.raises(BadCursor):
        await records.read.about("machine", "M", cursor="nonsense")


async def test_nothing_found_says_what_there_is(records: Records) -> None:
    empty = await records.read.about("machine", "M")
    assert (empty.items, empty.kinds, empty.near, empty.cursor) == ((), (), (), None)
    for index, machine in enumerate(("LG855N-0417", "lg855n-0417", "LG855N-0418", "50%_")):
        await keep(records, f"repair:R-{index}", subjects={"machine": machine, "customer": "A"})
    other = await records.read.about("mashine", "LG855N-0417")
    assert other.kinds == ("customer", "machine")
    part = await records.read.about("machine", "855n")
    assert [value.casefold() for value in part.near] == ["lg855n-0417", "lg855n-0418"]
    assert len((await records.read.about("machine", "LG855N-9999")).near) == 2
    assert (await records.read.about("machine", "%")).near == ("50%_",)
    assert (await records.read.about("machine", "")).near == ()


async def test_files_whose_time_is_over(records: Records) -> None:
    await keep(records, "repair:R-1", ended=T0, closed=T0, keep_until=T0 + YEAR)
    await keep(records, "repair:R-2", ended=T0, closed=T0, keep_until=T0 + 2 * YEAR)
    await keep(records, "repair:R-3")

    async def listed(until: int) -> list[str]:
        page = await records.read.list_cases(CaseFilter(kept_until=until))
        return [one["case"] for one in page.items]

    assert await listed(T0 + YEAR - 1) == []
    assert await listed(T0 + YEAR) == ["repair:R-1"]
    assert await listed(T0 + 2 * YEAR) == ["repair:R-1", "repair:R-2"]


async def test_records_of_an_earlier_program_take_it_up(records: Records, outside: Engine) -> None:
    await keep(records, "repair:R-1")
    with outside.begin() as connection:
        connection.execute(text("DROP TABLE case_subject"))
        connection.execute(text("DROP INDEX ix_case_state_keep_until"))
        connection.execute(text("ALTER TABLE case_state DROP COLUMN keep_until"))
        connection.execute(text("UPDATE alembic_version SET version_num = 'v0003'"))
        upgrade(connection, "v0004")
    assert head() >= "v0004"
    assert await records.read.case("repair:R-1") is not None
    await keep(records, "repair:R-1", 2, subjects={"machine": "M"}, keep_until=T0)
    assert await found(records, "machine", "M") == ["repair:R-1"]
