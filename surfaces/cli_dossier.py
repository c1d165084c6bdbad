"""`dossier`: every case of any process about one thing, such as a machine, over the years.

What it is: the command. The cases come from the records (`activities.records.subjects`); each is
printed as in the tree of `show`.
Who may import it: `cli`.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from activities.records import AboutPage
from definitions.problems import suggest
from surfaces.arguments import at_least
from surfaces.cli_cases import run
from surfaces.cli_tree import show_cases
from surfaces.errors import BadInput, Exit, NothingFound
from surfaces.instants import dated
from surfaces.output import Json, plain, say


def dossier(
    kind: Annotated[str, Parameter(help="What it is, such as machine or customer.")],
    value: Annotated[str, Parameter(help="Its number or name, in any case and width of letters.")],
    *,
    limit: int = 200,
    cursor: str | None = None,
    json: Json = False,
) -> int:
    """Every case of any process about one thing, the earliest opened first. Exit code 1 if there is
    none."""
    at_least(1, limit, "--limit")
    now = int(time.time())
    page = run(lambda cases: cases.records.read.about(kind, value, now, limit=limit, cursor=cursor))
    if not page.items:
        _nothing(kind, value, page)
    result = {
        "kind": kind,
        "value": value,
        "cases": [dated(one, one["zone"]) for one in page.items],
        "cursor": page.cursor,
    }
    say(result, json, lambda console: show_about(console, kind, value, page.items, page.cursor))
    return Exit.DONE


def _nothing(kind: str, value: str, page: AboutPage) -> None:
    """Say what there would have been."""
    if page.kinds and kind not in page.kinds:
        raise BadInput(
            f"no case is about any {kind[:60]!r}",
            code="unknown_subject",
            hint=suggest(kind, page.kinds) or f"there are: {', '.join(page.kinds)}",
            facts={"kind": kind, "known": list(page.kinds)},
        )
    near = ", ".join(page.near)
    raise NothingFound(
        f"no case is about the {kind[:60]} {value[:100]!r}",
        hint=f"there are: {near}" if near else "",
        facts={"kind": kind, "value": value, "near": list(page.near)},
    )


def show_about(
    console: Console,
    kind: str,
    value: str,
    found: Sequence[Mapping[str, Any]],
    cursor: str | None,
) -> None:
    """The cases one below the other, each with its dates, its opener and its open clocks."""
    written = next((one["subjects"].get(kind) for one in found), None) or value
    late = sum(one["overdue"] for one in found)
    head = f"档案 dossier: {kind} {written} · {len(found)} 件 cases"
    show_cases(console, head + (f" · 已超时 overdue {late}" if late else ""), found)
    if cursor:
        console.print(plain(f"more: --cursor {cursor}"))
