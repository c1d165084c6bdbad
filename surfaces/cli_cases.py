"""`start`, `send`, `show`, `list`, `stuck`: cases that run on Temporal and stand in the records.

What it is: the commands: arguments in, tables or JSON out. What they do is in `cases`.
Who may import it: `cli`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal, TypeVar

from cyclopts import Parameter
from rich.console import Console

from activities.records import CaseFilter
from activities.records.stuck import Reason, StuckCase
from surfaces.arguments import at_least, read_at, read_by, read_data
from surfaces.cases import Cases
from surfaces.cli_show import show_case
from surfaces.dossier import dated_dossier, dossier
from surfaces.errors import Exit
from surfaces.instants import dated, length, short
from surfaces.output import Json, plain, say, table
from surfaces.platform import Stuck, Trouble, find_stuck
from surfaces.settings import load_settings

T = TypeVar("T")
Data = Annotated[
    str, Parameter(help="JSON, @file with JSON, or - for stdin.", allow_leading_hyphen=True)
]
By = Annotated[str, Parameter(help="Who sends: id:role,role.")]
Id = Annotated[str, Parameter(name="--id", help="The event's id; the same id is done once.")]
At = Annotated[str, Parameter(help="When it occurred, with offset; now, if not said.")]


def run(work: Callable[[Cases], Awaitable[T]]) -> T:
    """Work with the cases as the settings say where they are."""

    async def within() -> T:
        async with Cases(load_settings()) as cases:
            return await work(cases)

    return asyncio.run(within())


def start(
    process: str,
    *,
    key: Annotated[str, Parameter(help="The business key: one case for each.")],
    data: Data = "{}",
    by: By = "starter:system",
    id: Id = "",  # noqa: A002
    at: At = "",
    json: Json = False,
) -> int:
    """Open a case; one that exists under the key is returned as it is."""
    sender, payload, occurred = read_by(by), read_data(data), read_at(at)

    async def work(cases: Cases) -> dict[str, Any]:
        done = await cases.start(process, key, payload, sender, event_id=id, occurred_at=occurred)
        return done | {"ui": cases.places.link(done["case"]) or None}

    answer = run(work)
    say(answer, json, lambda console: _pairs(console, answer))
    return Exit.DONE


def send(
    case: str,
    event: str,
    *,
    data: Data = "{}",
    by: By = "starter:system",
    id: Id = "",  # noqa: A002
    at: At = "",
    json: Json = False,
) -> int:
    """Send an event to a case (process:key) and print its answer.

    'queued' means that no worker took it within 5 seconds: it waits, and is not done.
    """
    sender, payload, occurred = read_by(by), read_data(data), read_at(at)
    answer = run(
        lambda cases: cases.send(case, event, payload, sender, event_id=id, occurred_at=occurred)
    )
    say(answer, json, lambda console: _pairs(console, answer))
    return Exit.DONE


def show(
    case: str,
    *,
    tail: Annotated[int, Parameter(help="Lines of the journal.")] = 10,
    json: Json = False,
) -> int:
    """Show a case: what it waits for, who owes it, until when, what happened, and the cases that
    belong together with it."""

    async def work(cases: Cases) -> dict[str, Any]:
        view = await cases.case(case)
        journal = await cases.records.read.journal(case, view["number"])
        notices = await cases.records.read.notices(case, number=view["number"])
        return {
            "view": view,
            "journal": journal,
            "notices": notices,
            "linked": linked(view, journal),
            "dossier": await dossier(cases.records, case, int(time.time())),
            "ui": cases.places.link(case) or None,
        }

    at_least(0, tail, "--tail")
    told = run(work)
    zone = told["view"]["zone"]
    family = told["dossier"]
    result = dated(told, zone) | {"dossier": family and dated_dossier(family)}
    say(result, json, lambda console: show_case(console, told, tail))
    return Exit.DONE


def linked(view: Mapping[str, Any], journal: Any) -> list[str]:
    """Cases that this one was opened by, or has opened."""
    others = [view["origin"]] if view.get("origin") else []
    others += [f"{row['name']}:{row['data']['key']}" for row in journal if row["kind"] == "link"]
    return list(dict.fromkeys(others))


def list_(
    *,
    process: str | None = None,
    state: str | None = None,
    owner: str | None = None,
    role: Annotated[str | None, Parameter(help="The role that owns it.")] = None,
    organisation: str | None = None,
    level: str | None = None,
    overdue: Annotated[bool, Parameter(negative="")] = False,
    problem: Annotated[bool, Parameter(negative="", help="With a technical problem.")] = False,
    status: Annotated[Literal["open", "ended", "all"], Parameter()] = "open",
    text: Annotated[str | None, Parameter(help="Words in key, owner, titles and data.")] = None,
    expired: Annotated[
        bool, Parameter(negative="", help="Ended, and their files need be kept no longer.")
    ] = False,
    limit: int = 50,
    cursor: str | None = None,
    json: Json = False,
) -> int:
    """List cases, the latest opened first. Exit code 1 if there is none."""
    at_least(1, limit, "--limit")
    now = int(time.time())
    ended = {"open": False, "ended": True, "all": None}[status]
    wanted = CaseFilter(
        process=process,
        state=state,
        organisation=organisation,
        owner=owner,
        owner_role=role,
        level=level,
        overdue=True if overdue else None,
        ended=True if expired else ended,
        problem=True if problem else None,
        text=text,
        kept_until=now if expired else None,
        now=now,
    )
    page = run(lambda cases: cases.records.read.list_cases(wanted, limit=limit, cursor=cursor))
    items = [dated(view, view["zone"]) for view in page.items]
    result = {"cases": items, "cursor": page.cursor}
    say(result, json, lambda console: show_list(console, page.items, page.cursor))
    return Exit.DONE if items else Exit.NOT_AS_EXPECTED


def show_list(console: Console, views: Any, cursor: str | None) -> None:
    """A table of views as the records give them."""
    shown = table("CASE", "STATE", "OWNER", "WAITS FOR", "DUE", "LEVEL", "")
    for view in views:
        due = "—"
        if view["next_due"] is not None:
            due = short(view["next_due"], view["zone"], view["next_due_exclusive"])
        flags = [word for word in ("overdue", "ended") if view[word]]
        flags += [problem["code"] for problem in view["problems"]]
        waits = view["waiting_title"].get("zh") or ", ".join(view["waiting_for"])
        shown.add_row(
            plain(view["case"]),
            f"{view['state_title']['zh']} {view['state']}",
            plain(view["owner"] or "—"),
            waits,
            due,
            view["level"],
            plain(" ".join(flags), "red"),
        )
    console.print(shown)
    if cursor:
        console.print(plain(f"more: --cursor {cursor}"))


def stuck(*, json: Json = False) -> int:
    """Cases that need somebody, each with every reason and its page in Temporal's UI."""
    now = int(time.time())

    async def work(cases: Cases) -> tuple[Stuck, list[str]]:
        found = await find_stuck(cases, now)
        return found, [cases.places.link(one.case) for one in found.cases]

    told, links = run(work)
    found = told.cases
    listed = [
        {
            "case": one.case,
            "number": one.number,
            "reasons": [
                {"kind": reason.kind, **dated(reason.facts, one.view["zone"])}
                for reason in one.reasons
            ],
            "view": dated(one.view, one.view["zone"]),
            "ui": link or None,
        }
        for one, link in zip(found, links, strict=True)
    ]
    result = {"cases": listed, "troubles": [asdict(one) for one in told.troubles]}
    say(result, json, lambda console: show_stuck(console, found, links, told.troubles))
    return Exit.DONE


def show_stuck(
    console: Console,
    found: tuple[StuckCase, ...],
    links: list[str],
    troubles: tuple[Trouble, ...] = (),
) -> None:
    """What is wrong for all cases, and each case with its reasons and its page."""
    for trouble in troubles:
        console.print(plain(f"{trouble.zh} · {trouble.en}", "red"))
    if not found:
        console.print("没有滞留的案件 · nothing is stuck")
    for one, link in zip(found, links, strict=True):
        view = one.view
        waits = view["waiting_title"].get("zh") or ", ".join(view["waiting_for"])
        state = view["state_title"]
        console.print(plain(one.case, "bold") + plain(f"  {state['zh']} {state['en']}  待 {waits}"))
        for reason in one.reasons:
            console.print(plain(f"  {_why(reason, view['zone'])}"))
        if link:
            console.print(plain(f"  {link}"))


def _why(reason: Reason, zone: str) -> str:
    facts = reason.facts
    match reason.kind:
        case "late":
            due = short(facts["due"], zone, facts["exclusive"])
            late = length(facts["late_seconds"])
            return f"超时 late: {facts['title']['zh']} {facts['clock']} due {due}, late {late}"
        case "escalated":
            return f"已升级 escalated: {facts['clock']} {facts['level']}"
        case "undeliverable":
            to = f"{facts['role']} by {facts['channel']}"
            return f"通知未送达 undeliverable: {to}: {facts['error']}"
        case "silent":
            since = short(facts["since"], zone)
            return f"长时间无进展 silent: since {since} ({length(facts['silent_seconds'])})"
        case "technical":
            return f"技术问题 technical: {facts['code']}: {facts['detail']}"


def _pairs(console: Console, values: Mapping[str, Any]) -> None:
    shown = table("", "")
    shown.show_header = False
    for name, value in values.items():
        if value in (None, "", [], {}):
            continue
        if isinstance(value, Mapping):
            value = ", ".join(f"{key} {said}" for key, said in value.items())
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        shown.add_row(name, plain(value))
    console.print(shown)
