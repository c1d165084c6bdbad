"""Readers follow the feed while many write, some of whom think better of it: nothing is skipped,
nothing comes twice, and each case keeps its order."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from activities.records import BadCursor, FeedFilter, Records
from activities.records.feed import Place
from tests.records.build import batch, row, view

_EXAMPLE = iter(range(1_000_000))


@pytest.fixture(scope="module")
def server(postgres: str) -> Iterator[str]:
    """A database of this module's own."""
    url = make_url(postgres).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE following"))
    own = url.set(drivername="postgresql", database="following")
    shown = own.render_as_string(hide_password=False)

    async def made() -> None:
        async with Records.open(shown) as records:
            await records.migrate()

    asyncio.run(made())
    yield shown
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE following WITH (FORCE)"))
    engine.dispose()


Turns = list[tuple[int, bool]]
PLANS = st.lists(
    st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=6),
    min_size=2,
    max_size=6,
)
"""For each case its turns: how many rows, and whether a try was undone before it."""


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=PLANS, limit=st.integers(1, 5))
def test_nothing_is_skipped_on_postgresql(server: str, plan: list[Turns], limit: int) -> None:
    asyncio.run(followed(server, plan, limit))


async def followed(url: str, plan: list[Turns], limit: int) -> None:
    example = next(_EXAMPLE)
    written: dict[str, list[tuple[int, int]]] = {}

    async with Records.open(url) as records:
        begin = await records.read.feed(limit=1000)
        while begin.items:
            begin = await records.read.feed(begin.cursor, limit=1000)

        async def live(case: str, turns: Turns) -> None:
            seq = 0
            for count, undone in turns:
                rows = tuple(row(seq + 1 + at) for at in range(count))
                seq += count
                turn = batch(case, seq, rows=rows, view=view(case, seq))
                if undone:
                    with pytest.raises(ZeroDivisionError):
                        await records.database.write(
                            lambda at, turn=turn: _undone(records, at, turn)  # type: ignore[misc]
                        )
                await records.write(turn, 1)
            # Two say something at once to a case that has ended.
            late = [row(0, "undelivered", event_id=f"late-{one}") for one in range(2)]
            await asyncio.gather(*(records.late_rejected(one, case, 1) for one in late))
            written[case] = [(1, one) for one in range(1, seq + 3)]

        async def read(lives: asyncio.Future[list[None]], most: int) -> list[tuple[str, int]]:
            seen: list[tuple[str, int]] = []
            cursor = begin.cursor
            while True:
                over = lives.done()
                page = await records.read.feed(cursor, limit=most)
                seen += [(item["case"], item["seq"]) for item in page.items]
                assert Place.read(page.cursor) >= Place.read(cursor)
                cursor = page.cursor
                if over and not page.items:
                    return seen

        lives = asyncio.gather(
            *(live(f"complaint:E{example}-{n}", turns) for n, turns in enumerate(plan))
        )
        readers = await asyncio.gather(read(lives, limit), read(lives, 1000))
        await lives
    for seen in readers:
        assert len(seen) == len(set(seen)) == sum(map(len, written.values()))
        for case, rows in written.items():
            assert [seq for name, seq in seen if name == case] == [seq for _, seq in rows]


def _undone(records: Records, connection: Connection, turn: object) -> None:
    records._write(connection, turn, 1)  # type: ignore[arg-type]
    raise ZeroDivisionError


async def test_a_filter_passes_what_it_leaves_out(records: Records) -> None:
    for seq in range(1, 4):
        await records.write(batch("complaint:C-1", seq), 1)
        west = view("parcel:P-1", seq, organisation="west")
        await records.write(batch("parcel:P-1", seq, view=west), 1)

    async def found(after: str = "", limit: int = 9, **said: object) -> tuple[list[str], str]:
        wanted = FeedFilter(**said)  # type: ignore[arg-type]
        page = await records.read.feed(after, limit=limit, wanted=wanted)
        return [item["id"] for item in page.items], page.cursor

    last = (await found())[1]
    rows, cursor = await found(processes=("parcel",))
    assert rows == ["parcel:P-1/1/1/0", "parcel:P-1/1/2/0", "parcel:P-1/1/3/0"]
    assert cursor == last
    assert await found(organisations=("nowhere",)) == ([], last)
    assert await found(kinds=("opened",)) == ([], last)
    first, cursor = await found(limit=1, organisations=("west",))
    second, _ = await found(cursor, limit=1, organisations=("west",))
    assert first + second == ["parcel:P-1/1/1/0", "parcel:P-1/1/2/0"]
    assert (await found(processes=("parce",)))[0] == []
    both = await found(processes=("parcel", "complaint"), organisations=("east",))
    assert [one[:13] for one in both[0]] == ["complaint:C-1"] * 3


@pytest.mark.parametrize("cursor", ["x", "1", "1.", ".1", "1.2.3", "-1.2", "１.2", "1." + "9" * 40])
async def test_a_cursor_that_no_page_gave(records: Records, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await records.read.feed(cursor)
