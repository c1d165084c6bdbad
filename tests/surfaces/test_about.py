"""`dossier KIND VALUE`: every case about one thing, printed, as JSON, and refused."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from activities.records import Records
from surfaces.cli import main
from tests.records.build import HOUR, T0, batch, clock, row, view

Out = pytest.CaptureFixture[str]
KEPT = (
    "│   关闭 closed Tue 2026-11-10 10:30 · 结束 ended Tue 2026-11-10 11:30 · "
    "保存至 kept until Tue 2026-11-10 24:00"
)
MACHINE = {"machine": "LG855N-0417"}


@pytest.fixture
async def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Records with three cases about a machine, of two processes."""
    url = f"sqlite:///{tmp_path / 'records.db'}"
    monkeypatch.setenv("DUECOURSE_DATABASE_URL", url)
    async with Records.open(url) as records:
        await records.migrate()
        await keep(
            records,
            "repair:R-1",
            title={"zh": "维修", "en": "Repair"},
            state_title={"zh": "已关闭", "en": "Closed"},
            clocks=(),
            closed=T0 + HOUR,
            ended=T0 + 2 * HOUR,
            keep_until=T0 + 14 * HOUR + 1800,
        )
        await keep(
            records,
            "complaint:C-1",
            opened=T0 + HOUR,
            clocks=(clock(due=T0, breached=T0), clock("later", due=T0 + 900_000_000)),
            level="L2",
            overdue=True,
        )
        await keep(records, "visit:V-1", opened=T0 + 2 * HOUR, origin="complaint:C-1", clocks=())
    return url


async def keep(records: Records, case: str, **more: Any) -> None:
    rows = (row(0, "opened", event_id="opened", actor="王工", roles=("service_engineer",)), row(1))
    shown = view(case, 1, **{"subjects": MACHINE, **more})
    await records.write(batch(case, rows=rows, view=shown), 1)


async def called(capsys: Out, *arguments: str) -> tuple[int, str, str]:
    code = await _in_thread(main, list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.usefixtures("url")
async def test_the_cases_are_told_one_after_the_other(capsys: Out) -> None:
    code, out, _ = await called(capsys, "dossier", "machine", "lg855n-0417")
    assert code == 0
    assert [line.rstrip() for line in out.splitlines() if line.strip()] == [
        "档案 dossier: machine LG855N-0417 · 3 件 cases · 已超时 overdue 1",
        "├── 维修 R-1 · Repair  已关闭 Closed",
        "│   开立 opened Tue 2026-11-10 09:30 · 由 by 王工 (service_engineer)",
        KEPT,
        "├── 投诉 C-1 · Complaint  已响应 Acknowledged  已超时 overdue",
        "│   开立 opened Tue 2026-11-10 10:30 · 由 by 王工 (service_engineer) · 级别 level L2",
        "│   解决时限 Solution: 截止 due Tue 2026-11-10 09:30 已超时 overdue",
        "│   解决时限 Solution: 截止 due Wed 2055-05-19 01:30",
        "└── 投诉 V-1 · Complaint  已响应 Acknowledged",
        "    开立 opened Tue 2026-11-10 11:30 · 由 by complaint:C-1",
    ]


@pytest.mark.usefixtures("url")
async def test_as_json_page_by_page(capsys: Out) -> None:
    seen: list[str] = []
    cursor: list[str] = []
    for _ in range(3):
        _, out, _ = await called(
            capsys, "dossier", "machine", "LG855N-0417", "--limit", "1", "--json", *cursor
        )
        told = json.loads(out)
        seen += [one["case"] for one in told["cases"]]
        if len(seen) == 1:
            assert told["cases"][0]["keep_until"] == "2026-11-11T00:00:00+08:00"
            assert told["cases"][0]["opened"] == "2026-11-10T09:30:00+08:00"
        cursor = ["--cursor", told["cursor"]] if told["cursor"] else []
    assert seen == ["repair:R-1", "complaint:C-1", "visit:V-1"]
    assert cursor == []


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize(
    ("asked", "code", "said", "ends"),
    [
        (("mashine", "LG855N-0417"), "unknown_subject", "did you mean 'machine'?", 2),
        (("machine", "0417"), "nothing_found", "there are: LG855N-0417", 1),
        (("machine", "第一矿山"), "nothing_found", "list --text", 1),
        (("machine", "LG855N-0417", "--limit", "0"), "bad_input", "at least 1", 2),
        (("machine", "LG855N-0417", "--cursor", "x"), "bad_cursor", "cursor", 2),
    ],
)
async def test_what_is_not_there_is_said(
    capsys: Out, asked: tuple[str, ...], code: str, said: str, ends: int
) -> None:
    done, out, err = await called(capsys, "dossier", *asked)
    assert (done, out) == (ends, "")
    assert err.startswith(f"error {code}: ")
    assert said in err
    done, _, err = await called(capsys, "dossier", *asked, "--json")
    assert (done, json.loads(err)["error"]["code"]) == (ends, code)


@pytest.mark.usefixtures("url")
async def test_show_says_what_it_is_about_and_how_long_it_is_kept(capsys: Out) -> None:
    code, out, _ = await called(capsys, "show", "repair:R-1")
    assert code == 0
    words = [" ".join(line.split()) for line in out.splitlines()]
    assert "保存至 kept until Tue 2026-11-10 24:00" in words
    assert "涉及 about machine LG855N-0417" in words
    _, out, _ = await called(capsys, "show", "repair:R-1", "--json")
    assert json.loads(out)["view"]["keep_until"] == "2026-11-11T00:00:00+08:00"


async def test_a_list_of_files_whose_time_is_over(url: str, capsys: Out) -> None:
    past, future = 1_600_000_000, 10_000_000_000  # 2020 and 2286
    async with Records.open(url) as records:
        for case, until in (("repair:R-8", past), ("repair:R-9", future)):
            await keep(records, case, clocks=(), closed=T0, ended=T0, keep_until=until)
    code, out, _ = await called(capsys, "list", "--expired", "--json")
    found = [one["case"] for one in json.loads(out)["cases"]]
    assert code == 0
    assert "repair:R-8" in found
    assert not {"repair:R-9", "complaint:C-1"} & set(found)


async def _in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    """A command makes an event loop of its own."""
    return await asyncio.to_thread(work, *arguments)
