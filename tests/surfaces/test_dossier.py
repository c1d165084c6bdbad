"""The cases that belong together, as `show` prints and tells them."""

import asyncio
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from activities.records import Records
from definitions.bundle import digest, pin
from definitions.loader import load_file
from definitions.model import Process
from surfaces.cli import main
from surfaces.cli_tree import MOST_BELOW, show_dossier
from surfaces.dossier import dossier
from tests.records.build import HOUR, T0, batch, clock, row, view
from tests.surfaces.play import PROCESSES
from workflows.core.effects import Row

Out = pytest.CaptureFixture[str]


def words(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def link(seq: int, key: str, name: str = "second", event: str = "") -> Row:
    said = {"key": key, "link": name} | ({"event": event} if event else {})
    return row(seq, "link", name="parcel", data=said)


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """A parcel whose second one is opened as a child, by a link with a title."""
    text = (PROCESSES / "parcel.yaml").read_text("utf-8")
    titled = "  second:\n    title: {zh: 分装, en: Second parcel}\n    child: true\n"
    path = tmp_path / "parcel.yaml"
    path.write_text(text.replace("  second:\n", titled), "utf-8")
    return load_file(path, PROCESSES)


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    monkeypatch.setenv("DUECOURSE_DATABASE_URL", url)
    return url


async def keep(records: Records, process: Process, key: str, *links: Row, **more: Any) -> None:
    case, origin = f"parcel:{key}", more.get("origin", "")
    known = digest(process)
    await records.save_rules(known, pin(process))
    await records.claim_key("parcel", key, 1, case, known, origin, T0, claimant="run")
    shown = view(case, len(links) + 1, **{"title": words("包裹", "Parcel"), **more})
    rows = (row(0, "opened", event_id="opened"), *links)
    await records.write(batch(case, rows=rows, view=shown), 1)


async def chain(url: str, process: Process) -> None:
    """A parcel, its second one, and a heap that both are told to."""
    async with Records.open(url) as records:
        await records.migrate()
        await keep(
            records,
            process,
            "P-1",
            link(1, "P-1-b"),
            link(2, "堆", "heap", "add"),
            state_title=words("已打包，待客户领取", "Packed"),
        )
        await keep(
            records,
            process,
            "P-1-b",
            link(1, "P-9"),
            origin="parcel:P-1",
            state_title=words("已收", "Received"),
            clocks=(
                clock("later", title=words("领取时限", "Time to fetch"), due=T0 + 15 * HOUR - 1800),
                clock("late", title=words("打包时限", "Time to pack"), due=T0, breached=T0),
            ),
        )
        await keep(records, process, "堆", closed=T0 + HOUR, clocks=())
        await keep(records, process, "alone", clocks=())
        await records.problems("parcel:P-1-b", 1, ["link: [bad] 地址"], T0)


def printed(capsys: Out, case: str) -> list[str]:
    assert main(["show", case, "--tail", "0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [at for at, line in enumerate(lines) if line.startswith("关联案件 linked cases")]
    return [line.rstrip() for line in lines[heads[0] :] if line.strip()] if heads else []


async def looked(url: str, case: str, width: int = 200) -> list[str]:
    async with Records.open(url) as records:
        told = await dossier(records, case, T0)
    assert told is not None
    paper = StringIO()
    show_dossier(Console(file=paper, width=width), told)
    return [line.rstrip() for line in paper.getvalue().splitlines() if line.strip()]


async def test_the_tree_tells_each_case_and_how_it_is_linked(url: str, process: Process) -> None:
    await chain(url, process)
    assert await looked(url, "parcel:P-1-b") == [
        "关联案件 linked cases (4)",
        "└── 包裹 P-1 · Parcel  已打包，待客户领取 Packed",
        "    自 since Tue 2026-11-10 09:30",
        "    解决时限 Solution: 截止 due Fri 2026-11-13 09:30",
        "    ├── 包裹 P-1-b · Parcel  已收 Received  已超时 overdue  ← 本案 this case",
        "    │   子案 opened as a child: 分装 Second parcel · 自 since Tue 2026-11-10 09:30",
        "    │   打包时限 Time to pack: 截止 due Tue 2026-11-10 09:30 已超时 overdue",
        "    │   领取时限 Time to fetch: 截止 due Wed 2026-11-11 00:00",
        "    │   问题 problem link: [bad] 地址",
        "    │   └── parcel:P-9  尚未开立 not opened, or not yet",
        "    │       请求开立 asked for: 分装 Second parcel",
        "    └── 包裹 堆 · Parcel  已响应 Acknowledged",
        "        告知 told: add · 自 since Tue 2026-11-10 09:30 · 关闭 closed Tue 2026-11-10 10:30",
    ]


async def test_wide_letters_leave_the_branches_where_they_are(url: str, process: Process) -> None:
    await chain(url, process)
    lines = await looked(url, "parcel:P-1-b", width=44)
    assert max(map(cell_len, lines)) <= 44
    second = next(at for at, line in enumerate(lines) if "├── 包裹 P-1-b" in line)
    last = next(at for at, line in enumerate(lines) if "└── 包裹 堆" in line)
    assert last - second > 6, "nothing was folded"
    assert {line[4] for line in lines[second + 1 : last]} == {"│"}


async def test_show_prints_the_tree_below_the_case(url: str, process: Process, capsys: Out) -> None:
    await chain(url, process)
    lines = await _in_thread(printed, capsys, "parcel:P-1-b")
    assert lines[1].startswith("└── 包裹 P-1 · Parcel")
    assert await _in_thread(printed, capsys, "parcel:alone") == []


async def test_show_tells_the_tree_as_json(url: str, process: Process, capsys: Out) -> None:
    await chain(url, process)
    assert await _in_thread(main, ["show", "parcel:P-1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["dossier"]
    assert (told["case"], told["top"], told["count"], told["cut"]) == (
        "parcel:P-1",
        "parcel:P-1",
        4,
        False,
    )
    second, heap = told["tree"]["children"]
    assert (second["how"], second["child"], second["since"]) == (
        "opened",
        True,
        "2026-11-10T09:30:00+08:00",
    )
    assert second["through"][0]["title"] == words("分装", "Second parcel")
    assert second["clocks"][1]["due"] == "2026-11-10T09:30:00+08:00"
    assert (heap["how"], heap["child"], heap["through"][0]["event"]) == ("told", False, "add")
    assert await _in_thread(main, ["show", "parcel:alone", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dossier"] is None


async def test_many_cases_below_one_are_counted(url: str, process: Process) -> None:
    count = MOST_BELOW + 3
    async with Records.open(url) as records:
        await records.migrate()
        links = [link(seq, f"P-{seq:02}", "heap", "add") for seq in range(1, count + 1)]
        await keep(records, process, "P-0", *links)
    lines = await looked(url, "parcel:P-0")
    assert lines[-1].endswith("另有 3 件 · 3 more, see --json")
    assert sum("not opened" in line for line in lines) == MOST_BELOW


async def test_links_without_their_rules_are_called_by_their_names(
    url: str, process: Process
) -> None:
    await chain(url, process)
    async with Records.open(url) as records:
        await records.save_rules("torn", b"torn")
        await records.claim_key("parcel", "P-5", 1, "parcel:P-5", "torn", "", T0)
        rows = (row(0, "opened", event_id="opened"), link(1, "P-6"))
        await records.write(batch("parcel:P-5", rows=rows, view=view("parcel:P-5", 2)), 1)
    assert (await looked(url, "parcel:P-5"))[-1].endswith("请求开立 asked for: second")


async def _in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    """A command makes an event loop of its own."""
    return await asyncio.to_thread(work, *arguments)
