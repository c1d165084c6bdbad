"""A turn is kept once, whole, in any order, and the journal for ever."""

import asyncio
import os
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from activities.records import Records, RecordsConflict
from tests.records.build import HOUR, T0, batch, clock, notify, row, task, view

CASE = "complaint:C-1"
ROOT = Path(__file__).parents[2]


async def everything(records: Records) -> object:
    """What the records hold, but for positions."""
    rows = await records.read.journal(CASE, 1)
    return (
        [{**item, "position": 0} for item in rows],
        await records.read.case(CASE),
        await records.read.notices(CASE),
    )


async def test_a_turn_is_read_as_it_was_written(records: Records) -> None:
    seen = view(
        clocks=(clock(breached=T0 + 5, retracted={"at": T0}), clock("response", due=None)),
        tasks=(task(), task("whole_machine", done=T0 + 9, actor="li")),
        dwell=HOUR,
        waiting_for=("service_manager",),
    )
    await records.write(batch(notices=(notify(),), view=seen), 1)

    found = await records.read.case(CASE)
    assert found is not None
    assert found.pop("problems") == []
    assert list(found) == list(asdict(seen)), "the order of keys is kept"
    assert found["clocks"] == [asdict(item) for item in seen.clocks]
    assert found["tasks"] == [asdict(item) for item in seen.tasks]
    assert found["waiting_for"] == ["service_manager"]
    (kept,) = await records.read.journal(CASE, 1)
    assert kept == {
        **asdict(row(1)),
        "roles": ["service_specialist"],
        "case": CASE,
        "number": 1,
        "revision": 0,
        "position": kept["position"],
    }
    (notice,) = await records.read.notices(CASE)
    assert notice == {**asdict(notify()), "number": 1, "deliveries": []}


async def test_writing_again_changes_nothing(records: Records) -> None:
    turn = batch(
        rows=(row(1), row(2, "rung", clock="solution", cycle=1, level="L1")),
        notices=(notify(),),
        view=view(seq=2, tasks=(task(),)),
        problems=("records: slow",),
    )
    await records.write(turn, 1)
    once = await everything(records)
    for _ in range(3):
        await records.write(turn, 1)
    assert await everything(records) == once
    assert len((await records.read.feed()).items) == 2


async def test_turns_out_of_order_end_in_the_newest(records: Records) -> None:
    turns = [batch(seq=seq, view=view(seq=seq, state=f"s{seq}")) for seq in (1, 2, 3, 4)]
    for turn in (turns[2], turns[0], turns[3], turns[1]):
        await records.write(turn, 1)
    found = await records.read.case(CASE)
    assert found is not None
    assert (found["state"], found["seq"]) == ("s4", 4)
    assert [item["seq"] for item in await records.read.journal(CASE, 1)] == [1, 2, 3, 4]
    assert [item["seq"] for item in await records.read.journal(CASE, 1, 2)] == [3, 4]


async def test_an_older_turn_leaves_clocks_tasks_and_problems_alone(
    records: Records, outside: Engine
) -> None:
    await records.write(
        batch(seq=5, view=view(seq=5, clocks=(clock(phase="met", ended=T0 + 5),))), 1
    )
    old = batch(seq=4, view=view(seq=4, tasks=(task(),)), problems=("undelivered",))
    await records.write(old, 1)
    with outside.connect() as connection:
        assert connection.scalar(text("SELECT phase FROM clock")) == "met"
        assert connection.scalar(text("SELECT count(*) FROM task")) == 0
        assert connection.scalar(text("SELECT count(*) FROM problem")) == 0


async def test_tasks_left_open_by_a_state_that_ended_go(records: Records, outside: Engine) -> None:
    await records.write(batch(view=view(tasks=(task(), task("whole_machine", done=T0)))), 1)
    await records.write(batch(seq=2, view=view(seq=2, tasks=())), 1)
    with outside.connect() as connection:
        assert connection.scalars(text("SELECT task FROM task")).all() == ["whole_machine"]


async def test_a_reopened_case_counts_anew(records: Records) -> None:
    await records.write(batch(view=view(ended=T0 + 1)), 1)
    await records.write(batch(rows=(row(1, event_id="e1", name="reopen"),), view=view(number=2)), 2)
    assert (await records.read.journal(CASE, 1))[0]["name"] == "acknowledge"
    assert (await records.read.journal(CASE, 2))[0]["name"] == "reopen"
    first, latest = await records.read.case(CASE, 1), await records.read.case(CASE)
    assert first is not None
    assert latest is not None
    assert (first["ended"], latest["ended"], latest["number"]) == (T0 + 1, None, 2)


async def test_a_fact_decided_anew_is_kept_beside_the_old(records: Records) -> None:
    # A worker wrote that e1 was number 1, and died before Temporal kept it; then e2 came first.
    await records.write(batch(rows=(row(1, event_id="e1", name="acknowledge"),)), 1)
    truth = batch(
        rows=(row(1, event_id="e2", name="withdraw"), row(2, event_id="e1")), view=view(seq=2)
    )
    for _ in range(2):
        await records.write(truth, 1)
    held = await records.read.journal(CASE, 1)
    assert [(item["seq"], item["event_id"]) for item in held] == [(1, "e2"), (2, "e1")]
    feed = (await records.read.feed()).items
    assert [(item["seq"], item["revision"], item["event_id"]) for item in feed] == [
        (1, 0, "e1"),
        (1, 1, "e2"),
        (2, 1, "e1"),
    ]
    found = await records.read.event(CASE, "e1")
    assert found is not None
    assert found["seq"] == 2


async def test_what_is_late_is_written_though_a_lost_row_has_its_id(records: Records) -> None:
    await records.write(batch(rows=(row(1, event_id="e1", name="acknowledge"),)), 1)
    ended = view(ended=T0 + 1)
    await records.write(batch(rows=(row(1, kind="ended", name="complaint"),), view=ended), 1)
    late = row(0, kind="late_rejected", event_id="e1", name="acknowledge")
    assert await records.late_rejected(late, CASE, 1) == 2
    assert await records.late_rejected(late, CASE, 1) == 2
    held = await records.read.journal(CASE, 1)
    assert [(item["seq"], item["kind"]) for item in held] == [(1, "ended"), (2, "late_rejected")]


async def test_a_case_whose_end_was_lost_or_taken_back_owns_its_key_as_one_that_lives(
    records: Records,
) -> None:
    await records.claim_key("complaint", "C-1", 1, CASE, "d", "", T0)
    for seq, ended in ((1, T0 + 1), (2, None), (3, T0 + 3)):
        await records.write(batch(seq=seq, view=view(seq=seq, ended=ended)), 1)
        owner = await records.key("complaint", "C-1")
        assert owner is not None
        assert owner.ended == ended


@pytest.mark.parametrize(
    "statement", ["UPDATE journal SET name = 'forged'", "DELETE FROM journal", "TRUNCATE journal"]
)
async def test_the_journal_is_append_only(
    records: Records, outside: Engine, statement: str
) -> None:
    await records.write(batch(), 1)
    if statement.startswith("TRUNCATE") and outside.dialect.name == "sqlite":
        statement = "DELETE FROM journal WHERE 1"  # what SQLite has for it
    with outside.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(statement))
    with pytest.raises(RecordsConflict, match="append-only"):
        await records.database.write(lambda connection: connection.execute(text(statement)))
    assert (await records.read.journal(CASE, 1))[0]["name"] == "acknowledge"


async def test_an_event_id_is_used_once(records: Records, outside: Engine) -> None:
    await records.write(batch(rows=(row(1, event_id="e1"),)), 1)
    copied = (
        "INSERT INTO journal (case_id, number, seq, revision, kind, name, at, recorded, event_id,"
        " actor, roles, data, state, previous, clock, cycle, level)"
        " SELECT case_id, number, 2, 0, kind, name, at, recorded, event_id,"
        " actor, roles, data, state, previous, clock, cycle, level FROM journal"
    )
    with outside.connect() as connection, pytest.raises(DBAPIError, match=r"(?i)unique"):
        connection.execute(text(copied))


async def test_two_writers_of_one_case(records: Records, empty_url: str) -> None:
    async with Records.open(empty_url) as other:
        turns = [
            batch(seq=seq, notices=(notify(f"k{seq}"),), view=view(seq=seq)) for seq in range(1, 25)
        ]
        await asyncio.gather(
            *(records.write(turn, 1) for turn in turns),
            *(other.write(turn, 1) for turn in reversed(turns)),
        )
    rows = await records.read.journal(CASE, 1)
    assert [(item["seq"], item["revision"]) for item in rows] == [(n, 0) for n in range(1, 25)]
    found = await records.read.case(CASE)
    assert found is not None
    assert found["seq"] == 24
    assert len(await records.read.notices(CASE)) == 24
    assert len((await records.read.feed()).items) == 24


DIE = """
import asyncio, os, sys
from activities.records import Records
from tests.records.build import batch, notify

async def main():
    records = Records.open(sys.argv[1])

    def work(connection):
        records._write(connection, batch(notices=(notify(),)), 1)
        print("written", flush=True)
        os._exit(9)

    await records.database.write(work)

asyncio.run(main())
"""


async def test_a_crash_before_the_commit_leaves_nothing(records: Records, empty_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        DIE,
        empty_url,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert (said, process.returncode) == (b"written\n", 9)
    assert await records.read.case(CASE) is None
    assert await records.read.journal(CASE, 1) == ()
    assert await records.read.notices() == ()
    await records.write(batch(notices=(notify(),)), 1)
    assert len(await records.read.journal(CASE, 1)) == 1


async def test_text_comes_back_exactly(records: Records) -> None:
    words = {
        "zh": "三包外维修——𠮷田重工(第2次)",
        "emoji": "🚜👩🏽‍🔧",
        "sql": "'; DROP TABLE journal; --",
    }
    words |= {"escapes": "\\u0000 \t\r\n \\", "nested": [{"钥匙": [1, 2.5, None, True]}]}  # type: ignore[dict-item]
    await records.write(batch(rows=(row(1, data=words, actor="李明"),), view=view(data=words)), 1)
    (kept,) = await records.read.journal(CASE, 1)
    assert (kept["data"], kept["actor"]) == (words, "李明")
    found = await records.read.case(CASE)
    assert found is not None
    assert found["data"] == words


async def test_text_that_no_database_holds_is_kept_without_what_it_cannot_hold(
    records: Records,
) -> None:
    bad = {"half\ud83d": "a\0b", "list": ["\udfff", float("nan"), float("inf")]}
    turn = batch(
        rows=(row(1, data=bad, actor="x\0\ud83d", event_id="e\0"),),
        view=view(data=bad, owner="\ud83d"),
        notices=(notify("k\0", facts=bad),),
        problems=("records: \0",),
    )
    for _ in range(2):
        await records.write(turn, 1)
    (kept,) = await records.read.journal(CASE, 1)
    good = {"half\ufffd": "a\ufffdb", "list": ["\ufffd", None, None]}
    assert (kept["data"], kept["actor"], kept["event_id"]) == (good, "x\ufffd\ufffd", "e\ufffd")
    assert await records.read.event(CASE, "e\0") == kept
    assert len((await records.read.feed()).items) == 1


async def test_a_name_too_long_for_an_index_is_kept_by_its_digest(records: Records) -> None:
    long = "很" * 5000
    await records.write(batch(rows=(row(1, event_id=long), row(2, event_id=long + "x"))), 1)
    for name, seq in ((long, 1), (long + "x", 2)):
        found = await records.read.event(CASE, name)
        assert found is not None
        assert found["seq"] == seq


@pytest.mark.parametrize("instant", [0, -1, T0, 4_102_444_800, -62_135_596_800])
async def test_instants_are_exact(records: Records, instant: int) -> None:
    await records.write(batch(rows=(row(1, at=instant),)), 1)
    assert (await records.read.journal(CASE, 1))[0]["at"] == instant
