"""`schedules`: the cases that open by the calendar.

What it is: the command: arguments in, a table or JSON out. What it does is in `schedules`.
Who may import it: `cli`.
"""

import asyncio
import time
from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from activities.notices.directory import Directory
from definitions.loader import load_library
from surfaces.arguments import read_at
from surfaces.errors import BadInput, Exit
from surfaces.instants import short
from surfaces.instants import shown as iso
from surfaces.output import Json, plain, say, table
from surfaces.schedules import Schedules, Shown
from surfaces.settings import connect, load_settings, runtime


def schedules(
    *,
    install: Annotated[
        bool, Parameter(negative="", help="Make Temporal's schedules as they are declared.")
    ] = False,
    remove: Annotated[
        bool, Parameter(negative="", help="Remove them from Temporal; cases stay.")
    ] = False,
    since: Annotated[
        str,
        Parameter(help="Open too what was due since then, with offset; what is there stays."),
    ] = "",
    json: Json = False,
) -> int:
    """Show, install or remove the schedules by which cases open. Exit code 1 if there is none."""
    if remove and (install or since):
        raise BadInput("--remove goes with nothing else")
    begin = read_at(since)

    async def work() -> tuple[Shown, ...]:
        settings = load_settings()
        library = load_library(settings.definitions)
        client = await connect(runtime("OFF"))
        known = Schedules(client, library.processes, settings.task_queue)
        now = int(time.time())
        if install:
            directory = Directory.load(settings.directory)
            await known.install(tuple(directory.content.organisations), now)
        if begin is not None:
            await known.make_up(begin, now)
        if remove:
            await known.remove()
        return await known.shown(now)

    found = asyncio.run(work())
    result = {"schedules": [_plain(one) for one in found]}
    say(result, json, lambda console: show_schedules(console, found))
    return Exit.DONE if found else Exit.NOT_AS_EXPECTED


def _plain(one: Shown) -> dict[str, Any]:
    told = asdict(one) | {"next": [iso(at, one.zone) for at in one.next]}
    if one.last is not None:
        times = {name: iso(one.last[name], one.zone) for name in ("at", "started")}
        told["last"] = {**one.last, **times}
    return told


def show_schedules(console: Console, found: tuple[Shown, ...]) -> None:
    """A table of schedules."""
    if not found:
        console.print("没有定义按日历开立的案件 · no process opens cases by the calendar")
        return
    listed = table("计划 SCHEDULE", "名称 TITLE", "下次 NEXT", "上次 LAST", "已安装 INSTALLED")
    for one in found:
        listed.add_row(
            plain(one.id),
            plain(f"{one.title['zh']}\n{one.title['en']}" if one.declared else "—"),
            plain("\n".join(short(at, one.zone) for at in one.next) or "—"),
            plain("—" if one.last is None else short(one.last["at"], one.zone)),
            _standing(one),
        )
    console.print(listed)


def _standing(one: Shown) -> Any:
    said = [
        word
        for holds, word in (
            (one.installed and one.current, "是 yes"),
            (not one.installed, "否 no"),
            (one.installed and one.declared and not one.current, "已变更 changed: --install"),
            (not one.declared, "未再定义 declared no longer: --remove"),
            (one.paused, "已暂停 paused"),
            (one.running > 0, f"进行中 running {one.running}"),
            (one.missed > 0, f"错过 missed {one.missed}"),
        )
        if holds
    ]
    return plain("\n".join(said), "" if one.current and not one.paused else "yellow")
