"""`webhooks`: who is sent the rows of the journal, how far each is, and what did not arrive.

What it is: the command. The state is in the records; a worker sends (`activities.feed`).
Who may import it: `cli`.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

from cyclopts import Parameter
from rich.console import Console

from activities.feed.events import iso, trial_event
from activities.feed.sending import Reply, Sender
from activities.feed.settings import SubscriptionSettings, read_file, subscriptions
from activities.notices.channels.web import http_clients
from activities.notices.clock import SYSTEM
from activities.records import Outbox, Records, Standing, Undelivered
from definitions.problems import suggest
from surfaces.errors import BadInput, Exit, NothingFound
from surfaces.output import Json, plain, say, table
from surfaces.settings import Settings, load_settings

T = TypeVar("T")
Known = dict[str, SubscriptionSettings]


def webhooks(
    *,
    list_: Annotated[
        bool, Parameter(name="--list", negative="", help="Each subscription and how it stands.")
    ] = False,
    dead: Annotated[bool, Parameter(negative="", help="The rows that were given up.")] = False,
    resend: Annotated[
        str, Parameter(help="Send a row once more: CASE/NUMBER/SEQ/REVISION, as events call it.")
    ] = "",
    resend_all: Annotated[
        bool, Parameter(negative="", help="Send all rows once more that were given up.")
    ] = False,
    resume: Annotated[
        bool, Parameter(negative="", help="Go on with what its receiver has stopped (410).")
    ] = False,
    test: Annotated[
        bool, Parameter(negative="", help="Send each receiver an event that means nothing.")
    ] = False,
    to: Annotated[str, Parameter(help="Only this subscription.")] = "",
    json: Json = False,
) -> int:
    """Who is sent the journal. Exit code 1 if a subscription is stopped, a row was given up, or a
    receiver did not take the test."""
    asked = [list_, dead, bool(resend), resend_all, resume, test]
    if sum(asked) > 1:
        raise BadInput("these go with nothing else but --to", code="usage")
    settings = load_settings()
    known: Known = dict(read_file(settings.webhooks).subscriptions)
    if to and to not in known:
        raise BadInput(
            f"there is no subscription {to[:60]!r}",
            code="unknown_subscription",
            hint=suggest(to, known) or f"there are: {', '.join(known) or 'none'}",
            facts={"known": list(known)},
        )
    names = [to] if to else list(known)
    now = int(time.time())
    if test:
        return _test(settings, names if to else [one for one in names if known[one].active], json)
    if dead:
        return _dead(settings, to or None, json)
    if resend or resend_all:
        return _resend(settings, resend, names, now, json)
    if resume:
        return _resume(settings, names, json)
    return _list(settings, known, names, json)


def _with(settings: Settings, work: Callable[[Outbox], Awaitable[T]]) -> T:
    async def within() -> T:
        async with Records.open(settings.database_url) as records:
            await records.check()
            return await work(Outbox(records.database))

    return asyncio.run(within())


# --- looking


def _list(settings: Settings, known: Known, names: Sequence[str], json: bool) -> int:
    found = {one.subscription: (one, n) for one, n in _with(settings, lambda at: at.standings())}
    # Those that the file names no longer are shown too, unless one was asked for.
    every = names if len(names) < len(known) else [*names, *(n for n in found if n not in known)]
    listed = [_told(name, known.get(name), found.get(name)) for name in every]
    say({"subscriptions": listed}, json, lambda console: show_list(console, listed))
    wrong = any(one["stopped"] or one["dead"] for one in listed)
    return Exit.NOT_AS_EXPECTED if wrong else Exit.DONE


def _told(
    name: str, said: SubscriptionSettings | None, found: tuple[Standing, dict[str, int]] | None
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "subscription": name,
        "url": said.url if said is not None else "",
        "active": said is not None and said.active,
        "declared": said is not None,
        "begun": found is not None,
    }
    if found is None:
        empty = dict.fromkeys(("cursor", "quiet", "stopped", "last"))
        return {**told, **empty, "problem": "", "sent": 0} | dict.fromkeys(_NUMBERS, 0)
    standing, numbers = found
    instants = {
        one: None if (at := getattr(standing, one)) is None else iso(at)
        for one in ("quiet", "stopped", "last")
    }
    about = {"cursor": standing.cursor, "problem": standing.problem, "sent": standing.sent}
    return {**told, **about, **instants, **numbers}


_NUMBERS = ("held", "again", "dead", "behind")


def show_list(console: Console, listed: Sequence[dict[str, Any]]) -> None:
    """A table of subscriptions."""
    if not listed:
        console.print("没有订阅 · there is no subscription")
        return
    columns = ("订阅 SUBSCRIPTION", "状态 STANDING", "已送达 SENT", "待发 BEHIND", "受阻 HELD")
    shown = table(*columns, "放弃 DEAD", "最近送达 LAST", "问题 PROBLEM")
    for one in listed:
        shown.add_row(
            plain(f"{one['subscription']}\n{one['url']}"),
            _standing(one),
            plain(one["sent"]),
            plain("1000+" if one["behind"] >= 1000 else one["behind"]),
            plain(one["held"] + one["again"]),
            plain(one["dead"], "red" if one["dead"] else ""),
            plain(one["last"] or "—"),
            plain(one["problem"] or "—", "yellow" if one["problem"] else ""),
        )
    console.print(shown)


def _standing(one: dict[str, Any]) -> Any:
    for holds, words, style in (
        (not one["declared"], "文件中已无 no longer in the file", "yellow"),
        (one["stopped"], f"已停止 stopped {one['stopped']}: --resume", "red"),
        (not one["active"], "未启用 not active", "yellow"),
        (not one["begun"], "尚未开始 not begun", "yellow"),
        (one["quiet"], f"对方要求等待 asked to wait until {one['quiet']}", "yellow"),
        (one["held"], "部分案件受阻 some cases wait", "yellow"),
    ):
        if holds:
            return plain(words, style)
    return plain("正常 delivering")


def _dead(settings: Settings, name: str | None, json: bool) -> int:
    found = _with(settings, lambda at: at.undelivered(name, "dead", 1000))
    result = [
        {**asdict(one), "first": None if one.first is None else iso(one.first)}
        | {"given_up": iso(one.next)}
        for one in found
    ]
    say({"dead": result}, json, lambda console: show_dead(console, found))
    return Exit.NOT_AS_EXPECTED if found else Exit.DONE


def show_dead(console: Console, found: Sequence[Undelivered]) -> None:
    """A table of rows that were given up."""
    if not found:
        console.print("没有被放弃的行 · no row was given up")
        return
    shown = table("订阅 SUBSCRIPTION", "行 ROW", "次数 TRIES", "放弃于 GIVEN UP", "原因 WHY")
    for one in found:
        shown.add_row(
            *map(plain, (one.subscription, one.event, one.attempts, iso(one.next), one.error))
        )
    console.print(shown)


# --- doing


def _resend(settings: Settings, event: str, names: Sequence[str], now: int, json: bool) -> int:
    async def work(outbox: Outbox) -> int:
        begun = {one.subscription for one, _ in await outbox.standings()}
        able = [name for name in names if name in begun]
        if not event:
            return await outbox.again_all(able, now)
        if not able:
            raise NothingFound("no subscription has begun", hint="run a worker that delivers")
        if not await outbox.again(event, able, now):
            raise NothingFound(
                f"the journal has no row {event[:200]!r}",
                hint="write CASE/NUMBER/SEQ/REVISION, such as complaint:C-1/1/3/0",
            )
        return len(able)

    count = _with(settings, work)
    words = f"将重新发送 {count} 行 · {count} to be sent once more by a worker"
    say({"again": count}, json, lambda console: console.print(plain(words)))
    return Exit.DONE


def _resume(settings: Settings, names: Sequence[str], json: bool) -> int:
    async def work(outbox: Outbox) -> list[str]:
        return [name for name in names if await outbox.resume(name)]

    done = _with(settings, work)
    words = f"已恢复 resumed: {', '.join(done)}" if done else "没有已停止的订阅 · none was stopped"
    say({"resumed": done}, json, lambda console: console.print(plain(words)))
    return Exit.DONE


def _test(settings: Settings, names: Sequence[str], json: bool) -> int:
    async def one(name: str) -> Reply:
        (wanted,) = subscriptions(settings.webhooks, os.environ, name)
        async with http_clients()() as client:
            body = trial_event(wanted.source, name, SYSTEM.now())
            return await Sender(wanted, client, SYSTEM).send(body)

    async def work() -> dict[str, str]:
        return {name: (await one(name)).error for name in names}

    tried = asyncio.run(work())
    result = [{"subscription": name, "ok": not why, "error": why} for name, why in tried.items()]

    def show(console: Console) -> None:
        for name, why in tried.items():
            words = f"{name}: 未接受 refused: {why}" if why else f"{name}: 已接受 accepted"
            console.print(plain(words, "red" if why else ""))
        if not tried:
            console.print("没有启用的订阅 · no subscription is active")

    say({"tests": result}, json, show)
    return Exit.NOT_AS_EXPECTED if any(tried.values()) else Exit.DONE
