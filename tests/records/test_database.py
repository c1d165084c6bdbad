"""What is made, what is missing, and who is to blame."""

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, text

from activities.records import Records, RecordsOutdated, RecordsUnavailable
from activities.records.migrations import head
from activities.records.schema import Base
from tests.records.build import batch


def drift(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


async def test_the_migrations_make_what_the_models_say(records: Records) -> None:
    await records.check()
    assert await records.database.read(drift) == []


async def test_drift_is_seen(records: Records, outside: Engine) -> None:
    with outside.begin() as connection:
        connection.execute(text("ALTER TABLE task ADD COLUMN forgotten TEXT"))
    assert len(await records.database.read(drift)) == 1


async def test_tables_are_made_once_by_many_at_once(empty_url: str) -> None:
    several = [Records.open(empty_url) for _ in range(4)]
    await asyncio.gather(*(records.migrate() for records in several))
    await asyncio.gather(*(records.check() for records in several))
    await several[0].write(batch(), 1)
    await several[1].migrate()
    assert await several[2].read.case("complaint:C-1") is not None
    for records in several:
        await records.close()


async def test_a_database_without_tables_is_outdated(empty_url: str) -> None:
    if empty_url.startswith("sqlite"):
        create_engine(empty_url).connect().close()
    async with Records.open(empty_url) as records:
        with pytest.raises(RecordsOutdated) as outdated:
            await records.check()
        assert dict(outdated.value.facts)["expected"] == head()
        assert "start this program's worker" in outdated.value.hint
        with pytest.raises(RecordsOutdated):
            await records.write(batch(), 1)
        with pytest.raises(RecordsOutdated):
            await records.read.list_cases()


async def test_a_database_of_a_newer_program_is_left_alone(
    records: Records, outside: Engine
) -> None:
    with outside.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'v9999'"))
    for ask in (records.check, records.migrate):
        with pytest.raises(RecordsOutdated) as outdated:
            await ask()
        assert "newer program" in outdated.value.hint


async def test_a_file_that_is_not_there_is_unavailable_and_not_made(tmp_path: Path) -> None:
    file = tmp_path / "absent.db"
    async with Records.open(f"sqlite:///{file}") as records:
        for ask in (records.check(), records.write(batch(), 1), records.read.list_cases()):
            with pytest.raises(RecordsUnavailable) as unavailable:
                await ask
            assert "not there" in unavailable.value.hint
    assert not file.exists()


async def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    async with Records.open(f"sqlite:///{tmp_path}/absent/records.db") as records:
        with pytest.raises(RecordsUnavailable) as unavailable:
            await records.migrate()
    assert "folder" in unavailable.value.hint


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("不是数据库" * 200)
    async with Records.open(f"sqlite:///{file}") as records:
        with pytest.raises(RecordsUnavailable, match="not a database"):
            await records.check()


async def test_a_dead_port_is_unavailable_and_keeps_the_password(dead_port: int) -> None:
    url = f"postgresql://clerk:secret@127.0.0.1:{dead_port}/records"
    async with Records.open(url) as records:
        for ask in (records.check(), records.write(batch(), 1), records.migrate()):
            with pytest.raises(RecordsUnavailable) as unavailable:
                await ask
            assert "PostgreSQL" in unavailable.value.hint
            assert "secret" not in str(unavailable.value.to_json())


async def test_a_database_that_is_not_there_is_unavailable(postgres: str) -> None:
    async with Records.open(postgres.replace("/postgres?", "/nowhere?")) as records:
        with pytest.raises(RecordsUnavailable, match="nowhere"):
            await records.check()


@pytest.mark.parametrize("url", ["", "mysql://host/db", "sqlite://", "sqlite:///:memory:", "::"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(RecordsUnavailable) as unavailable:
        Records.open(url)
    assert "sqlite:///" in unavailable.value.hint


async def test_a_server_that_came_back_is_used_again(records: Records, outside: Engine) -> None:
    await records.write(batch(), 1)
    if outside.dialect.name == "postgresql":
        with outside.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
    await records.write(batch(seq=2), 1)
    assert len(await records.read.journal("complaint:C-1", 1)) == 2


async def test_a_locked_file_waits_its_turn(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    other = create_engine(url)
    async with Records.open(url) as records:
        await records.migrate()
        with other.connect() as connection:
            connection.execute(text("DELETE FROM task"))
            waiting = asyncio.create_task(records.write(batch(), 1))
            assert await records.read.case("complaint:C-1") is None, "readers do not wait"
            assert not waiting.done()
            connection.commit()
        await waiting
        assert await records.read.case("complaint:C-1") is not None
    other.dispose()
