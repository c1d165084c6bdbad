"""Schedules over outages, with a real server that is killed: a missed occasion is caught up, once.

The language's occasions are months apart, and nobody waits for one. So Temporal's schedule is made
as in production, with its action and its policy, and only its instants are replaced by three that
come soon. For one process each of them is an occasion of its own; for the other they all stand for
the last monthly one, as firing three times in one month would.
"""

import asyncio
import os
import shutil
import signal
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import (
    Client,
    ScheduleCalendarSpec,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from activities.records import Records
from surfaces.server import embedded_server, free_port
from surfaces.settings import connect, runtime
from tests.shell.world import eventually
from tests.surfaces.conftest import DIRECTORY
from tests.surfaces.play import PROCESSES
from tests.surfaces.yard import Yard
from workflows.occasions import Occasions

EACH, MONTHLY = "rounds_of_the_second", "rounds_of_the_month"
BY_SECOND = "schedule.organisation + '-' + string(int(schedule.at))"
OUTAGE = 8
"""Seconds from the first occasion, at which all is well, to the next, at which nothing runs."""


def exactly(instant: int) -> ScheduleCalendarSpec:
    utc = datetime.fromtimestamp(instant, UTC)

    def only(value: int) -> tuple[ScheduleRange, ...]:
        return (ScheduleRange(value),)

    return ScheduleCalendarSpec(
        second=only(utc.second),
        minute=only(utc.minute),
        hour=only(utc.hour),
        day_of_month=only(utc.day),
        month=only(utc.month),
        year=only(utc.year),
    )


async def due_at(yard: Yard, instants: list[int]) -> None:
    """Replace when the schedule is due, and nothing else of it."""

    def changed(held: ScheduleUpdateInput) -> ScheduleUpdate:
        spec = ScheduleSpec(calendars=[exactly(instant) for instant in instants])
        return ScheduleUpdate(replace(held.description.schedule, spec=spec))

    await yard.client.get_schedule_handle(yard.id).update(changed)


async def fired(yard: Yard) -> int:
    """How many runs of the schedule there are, under way or over."""
    return (await yard.client.count_workflows(f"TemporalScheduledById = '{yard.id}'")).count


class Site:
    """A server with a file, which is killed and started anew; two yards on it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.server = AsyncExitStack()
        self.pid = 0

    async def start(self) -> Client:
        running = embedded_server(self.folder / "temporal.db", port=self.port)
        embedded = await self.server.enter_async_context(running)
        self.pid = embedded.pid
        return await connect(runtime(), target_host=embedded.address, namespace="default")

    async def kill(self) -> None:
        """Without a warning."""
        os.kill(self.pid, signal.SIGKILL)
        await self.server.aclose()  # it is dead already, and is taken note of

    async def yard(self, stack: AsyncExitStack, client: Client, name: str) -> Yard:
        folder = self.folder / name
        shutil.copytree(PROCESSES / "calendars", folder / "definitions" / "calendars")
        (folder / "directory.yaml").write_text(DIRECTORY, "utf-8")
        opened = Records.open(f"sqlite:///{folder / 'records.db'}")
        records = await stack.enter_async_context(opened)
        await records.migrate()
        return Yard(client, records, folder, name)


async def installed(yard: Yard, instants: list[int]) -> None:
    schedules = yard.write(**({"key": BY_SECOND} if yard.name == EACH else {}))
    await schedules.install(yard.organisations, int(time.time()))
    await due_at(yard, instants)


def expected(yard: Yard, instants: list[int]) -> list[tuple[str, int, str]]:
    if yard.name == MONTHLY:
        return yard.expected([yard.occasions.last(instants[0])])
    return sorted(
        (
            f"{yard.name}:{place}-{at}",
            at,
            f"{yard.id}/{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}/{place}",
        )
        for at in instants
        for place in yard.organisations
    )


async def worked_off(yard: Yard) -> None:
    """Work until every run of the schedule is over and the records have what was opened."""
    async with yard.working():
        await eventually(yard.idle, 40)

        async def all_there() -> bool:
            running = f"WorkflowType = '{yard.name}'"
            return len(await yard.opened()) >= (await yard.client.count_workflows(running)).count

        await eventually(all_there)


async def test_what_was_missed_while_the_server_was_dead_is_opened_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monthly = Occasions.last

    def last(self: Occasions, at: int) -> int:
        return at if self.process.process == EACH else monthly(self, at)

    monkeypatch.setattr(Occasions, "last", last)
    site = Site(tmp_path)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(site.server.aclose)
        client = await site.start()
        yards = [await site.yard(stack, client, name) for name in (EACH, MONTHLY)]
        first = int(time.time()) + 4
        instants = [first, first + OUTAGE, first + OUTAGE + 1]
        for yard in yards:
            await installed(yard, instants)
        assert int(time.time()) < first, "a schedule makes up for nothing before it was made"
        for yard in yards:

            async def once(yard: Yard = yard) -> bool:
                return await fired(yard) == 1

            # Nobody works, so that the runs wait: an outage of the worker too.
            await eventually(once)
        await site.kill()
        assert int(time.time()) < instants[1], "the outage begins before the next occasion"

        async def over() -> bool:
            return time.time() > instants[-1] + 1

        await eventually(over, 2 * OUTAGE)
        client = await site.start()
        for yard in yards:
            yard.client = client

            async def caught_up(yard: Yard = yard) -> bool:
                return await fired(yard) == len(instants)

            await eventually(caught_up, 40)
            (shown,) = await yard.write().shown(int(time.time()))
            assert (shown.missed, shown.running) == (0, len(instants))
            assert await yard.opened() == []
        for yard in yards:
            await worked_off(yard)
            assert await yard.opened() == expected(yard, instants)
            # All of it is asked for once more, by hand, while the worker is away.
            await yard.write().make_up(first - 2, int(time.time()))

            async def again(yard: Yard = yard) -> bool:
                return await fired(yard) == 2 * len(instants)

            await eventually(again)
            await worked_off(yard)
            assert await yard.opened() == expected(yard, instants)
            cases = await client.count_workflows(f"WorkflowType = '{yard.name}'")
            assert cases.count == len(expected(yard, instants))
        await asyncio.gather(*(yard.write().remove() for yard in yards))
