"""Cases that open by the calendar, on real Temporal: each once, none missed."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from rich.console import Console
from temporalio.client import Client

from activities.records import Records
from surfaces.cases import Cases
from surfaces.cli import main
from surfaces.cli_schedules import show_schedules
from surfaces.errors import BadInput
from surfaces.platform import find_stuck
from surfaces.schedules import Schedules, Shown, scheduling
from surfaces.server import Embedded
from surfaces.settings import Settings
from tests.shell.world import eventually
from tests.surfaces.conftest import DIRECTORY
from tests.surfaces.play import PROCESSES
from tests.surfaces.yard import Yard, month_ago

Out = pytest.CaptureFixture[str]


@pytest_asyncio.fixture(loop_scope="session")
async def yard(
    client: Client, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Yard]:
    folder = tmp_path / "definitions"
    shutil.copytree(PROCESSES / "calendars", folder / "calendars")
    (tmp_path / "directory.yaml").write_text(DIRECTORY, "utf-8")
    name = request.node.name.removeprefix("test_")[:40].strip("_")
    async with Records.open(f"sqlite:///{tmp_path / 'records.db'}") as records:
        await records.migrate()
        yard = Yard(client, records, tmp_path, name)
        await yard.write().remove()
        yield yard
        await yard.write().remove()


async def one(schedules: Schedules, now: int | None = None) -> Shown:
    moment = int(datetime.now(UTC).timestamp()) if now is None else now
    (found,) = await schedules.shown(moment)
    return found


@pytest.mark.asyncio(loop_scope="session")
async def test_installed_twice_is_one_schedule(yard: Yard) -> None:
    schedules, now = yard.write(), int(datetime.now(UTC).timestamp())
    before = await one(schedules, now)
    assert (before.installed, before.next) == (False, yard.occasions.coming(now, 3))
    for _ in range(2):
        await schedules.install(yard.organisations, now)
    shown = await one(schedules, now)
    assert (shown.installed, shown.current, shown.paused, shown.last) == (True, True, False, None)
    assert shown.next == before.next, "Temporal counts as we do"

    async def listed() -> bool:
        ids = [each.id async for each in await yard.client.list_schedules()]
        return ids.count(yard.id) == 1

    await eventually(listed)
    changed = yard.write(day=7, months=2)
    await yard.client.get_schedule_handle(yard.id).pause(note="盘点")
    assert not (await one(changed)).current
    await changed.install(yard.organisations, now)
    shown = await one(changed, now)
    assert (shown.current, shown.paused) == (True, True)
    assert shown.next == yard.occasions.coming(now, 3)
    await changed.remove()
    await changed.remove()
    assert not (await one(changed)).installed


@pytest.mark.asyncio(loop_scope="session")
async def test_every_occasion_opens_each_case_once(yard: Yard) -> None:
    schedules, now = yard.write(), int(datetime.now(UTC).timestamp())
    since = month_ago(now, 3)
    wanted = [instant for instant in yard.occasions.coming(since, 5) if instant <= now]
    assert len(wanted) >= 3
    await schedules.install(yard.organisations, now)
    # Nobody works: the runs wait. Some were asked for twice, and by hand.
    await schedules.make_up(since, now)
    await schedules.make_up(month_ago(now, 1), now)
    handle = yard.client.get_schedule_handle(yard.id)
    await handle.trigger()

    async def waiting() -> bool:
        return (await one(schedules)).running >= len(wanted)

    await eventually(waiting)
    assert await yard.opened() == []
    async with yard.working():
        await eventually(yard.idle)

        async def complete() -> bool:
            return len(await yard.opened()) >= len(wanted) * 2

        await eventually(complete)
        # A pause swallows what falls into it; to make up for it does no harm to what is there.
        await handle.pause()
        await schedules.make_up(since, now)
        await handle.unpause()
        await handle.trigger()
        await eventually(yard.idle)
    assert await yard.opened() == yard.expected(wanted)
    count = await yard.client.count_workflows(f"WorkflowType = '{yard.name}'")
    assert count.count == len(wanted) * 2
    shown = await one(schedules)
    assert shown.last is not None
    view = await yard.records.read.case(yard.expected(wanted)[0][0])
    assert view is not None
    assert (view["origin"], view["state"]) == ("", "due")
    assert view["data"]["planned_at"] == view["opened"]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_case_that_is_there_is_left_alone(yard: Yard) -> None:
    schedules, now = yard.write(), int(datetime.now(UTC).timestamp())
    instant = yard.occasions.last(now)
    arguments = yard.occasions.arguments(instant, "LY01", now)
    arguments["args"][0] = arguments["args"][0].__class__(
        key=arguments["args"][0].key, data={"place": "别处"}, event_id="by hand"
    )
    async with yard.working():
        await yard.client.start_workflow(**arguments, task_queue=yard.name)
        await schedules.install(yard.organisations, now)
        await schedules.make_up(instant - 60, now)
        await eventually(yard.idle)

        async def both() -> bool:
            return len(await yard.opened()) == 2

        await eventually(both)
    view = await yard.records.read.case(str(arguments["id"]))
    assert view is not None
    assert view["data"]["place"] == "别处"


@pytest.mark.asyncio(loop_scope="session")
async def test_one_that_fails_stops_no_other(yard: Yard) -> None:
    yard.organisations = ("a name that is no key", "LY01")
    schedules, now = yard.write(), int(datetime.now(UTC).timestamp())
    with pytest.raises(BadInput, match="a name that is no key: key_invalid") as refused:
        await schedules.install(yard.organisations, now)
    assert refused.value.code == "schedule_invalid"
    with pytest.raises(BadInput) as missing:
        await schedules.make_up(now - 60, now)
    assert missing.value.code == "schedule_missing"
    # The directory was changed after the installation.
    await schedules.install(("LY01",), now)
    handle = yard.client.get_schedule_handle(yard.id)
    async with yard.working():
        await handle.trigger()

        async def first() -> bool:
            return len(await yard.opened()) == 1

        await eventually(first)
        assert not await yard.idle()
        assert (await one(schedules)).running == 1
        settings = Settings(database_url=f"sqlite:///{yard.records.database.file}")
        async with Cases(settings, client=yard.client) as cases:
            later = int(datetime.now(UTC).timestamp()) + 700
            (trouble,) = [
                each
                for each in (await find_stuck(cases, later)).troubles
                if each.code == "schedule_waits"
            ]
            assert f"{yard.id}-" in trouble.en
    yard.organisations = ("LY01", "LY02")
    async with yard.working():
        await eventually(yard.idle)

        async def second() -> bool:
            return len(await yard.opened()) == 2

        await eventually(second)


@pytest.mark.asyncio(loop_scope="session")
async def test_an_organisation_is_needed(yard: Yard) -> None:
    schedules, now = yard.write(), int(datetime.now(UTC).timestamp())
    with pytest.raises(BadInput) as refused:
        await schedules.install((), now)
    assert refused.value.code == "organisations_missing"
    assert "DUECOURSE_DIRECTORY" in refused.value.hint
    assert not (await one(schedules)).installed
    nowhere = scheduling({}, (), yard.name)
    with pytest.raises(BadInput) as unknown:
        nowhere.occasion(yard.name, "monthly", now)
    assert unknown.value.code == "schedule_missing"


@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_declared_no_longer_is_shown_and_removed(yard: Yard) -> None:
    schedules, now = yard.write(), int(datetime.now(UTC).timestamp())
    await schedules.install(yard.organisations, now)
    bare = Schedules(yard.client, {}, yard.name)

    async def orphan() -> Any:
        return await bare.shown(now)

    (found,) = await eventually(orphan)
    assert (found.id, found.declared, found.installed) == (yard.id, False, True)
    assert await Schedules(yard.client, {}, "another queue").shown(now) == ()
    paper = StringIO()
    show_schedules(Console(file=paper, width=120), (found, *await schedules.shown(now)))
    assert "未再定义 declared no longer" in paper.getvalue()
    assert "Monthly round" in paper.getvalue()
    await bare.remove()
    assert not (await one(schedules)).installed


@pytest.mark.asyncio(loop_scope="session")
async def test_by_command(
    yard: Yard, server: Embedded, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    yard.write()
    directory = yard.folder / "directory.yaml"
    for name, value in (
        ("TEMPORAL_ADDRESS", server.address),
        ("DUECOURSE_DEFINITIONS", yard.folder / "definitions"),
        ("DUECOURSE_DIRECTORY", directory),
        ("DUECOURSE_TASK_QUEUE", yard.name),
    ):
        monkeypatch.setenv(name, str(value))

    async def say(*arguments: str) -> tuple[int, str, str]:
        code = await asyncio.to_thread(main, ["schedules", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    code, _, err = await say("--install", "--json")
    assert (code, json.loads(err)["error"]["code"]) == (2, "organisations_missing")
    directory.write_text(DIRECTORY + "organisations: {LY01: {}, LY02: {}}\n", "utf-8")
    code, out, _ = await say("--install", "--json")
    (told,) = json.loads(out)["schedules"]
    assert (code, told["id"], told["installed"], told["current"]) == (0, yard.id, True, True)
    assert all(moment.endswith("-03T09:30:00+08:00") for moment in told["next"])
    assert len(told["next"]) == 3
    yard.organisations = ("LY01", "LY02")
    recently = datetime.fromtimestamp(datetime.now(UTC).timestamp() - 40 * 86400, UTC)
    async with yard.working():
        due = yard.occasions.coming(int(recently.timestamp()), 3)
        wanted = [instant for instant in due if instant <= datetime.now(UTC).timestamp()]
        for _ in range(2):  # said twice, each case opens once
            assert (await say("--since", recently.isoformat(timespec="seconds")))[0] == 0
            await eventually(yard.idle)

        async def complete() -> bool:
            return len(await yard.opened()) >= 2 * len(wanted) > 0

        await eventually(complete)
    assert await yard.opened() == yard.expected(wanted)
    code, out, _ = await say()
    assert (code, "每月巡检" in out, "是 yes" in out) == (0, True, True)
    assert (await say("--since", "2020-01-01T00:00Z"))[0] == 2
    assert (await say("--since", "2026-01-01"))[0] == 2
    assert (await say("--remove", "--install"))[0] == 2
    code, out, _ = await say("--remove", "--json")
    assert (code, json.loads(out)["schedules"][0]["installed"]) == (0, False)
    monkeypatch.setenv("DUECOURSE_DEFINITIONS", str(PROCESSES))
    code, out, _ = await say()
    assert (code, "没有定义" in out) == (1, True)
