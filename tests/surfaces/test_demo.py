"""The demo as a person runs it, with its worker and its server killed in the middle.

Both are started again by the demo; the cases end as if nothing had happened: children opened and
messages between cases delivered once, every notice claimed once and delivered, every paper printed,
and the amount right to the fen.
"""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 420.0
KILLED = (
    ("升级 escalation", "worker"),
    # The repair has just opened two children and told the settlement.
    ("整机正常 Machine normal", "temporal"),
    ("提交记录 Submit the record", "worker"),
    ("⚙ 计算 computes", "temporal"),
)
"""What is read, and who is killed then; in this order."""
PAPERS = {
    "XC-20261123-001-work_order.pdf",
    "XC-20261123-001-site_record.pdf",
    "XC-20261123-001-1-tag.pdf",
    "XM01-2026-11-cost_list.pdf",
    "XM01-2026-11-return_list.pdf",
    "XM01-2026-11_1-review_result.pdf",
}


def test_the_demo_survives_the_killing_of_its_worker_and_of_its_server(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [sys.executable, str(ROOT / "starter.py"), "demo", "--once"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
    )
    watchdog = threading.Timer(PATIENCE, demo.kill)
    watchdog.start()
    lines: list[str] = []
    pids: dict[str, list[int]] = {"temporal": [], "worker": []}
    left = list(KILLED)
    assert demo.stdout is not None
    try:
        for line in demo.stdout:
            lines.append(line)
            if found := re.search(r"(temporal|worker) \(pid (\d+)\)", line):
                pids[found[1]].append(int(found[2]))
            if left and left[0][0] in line:
                os.kill(pids[left.pop(0)[1]][-1], signal.SIGKILL)
        code = demo.wait()
    finally:
        watchdog.cancel()
        demo.kill()
        demo.stdout.close()
        demo.wait()
    said = "".join(lines)
    assert code == 0, said
    assert not left
    assert len(pids["worker"]) >= 3
    assert len(pids["temporal"]) >= 3
    for kind in (
        *("提醒 reminder", "升级 escalation", "✗ 拒绝 refused", "■ 结束 ended"),
        *("→ 开立 opens", "→ 开立子案 opens as a child", "→ 告知 tells", "来自 from"),
        *("⚙ 计算 computes", "▤ 打印 prints F-04", "2 667.50 元 CNY", "linked cases (8)"),
    ):
        assert kind in said, kind
    folder = tmp_path / ".duecourse" / "demo"
    _assert_delivered(folder / "records.db")
    files = {file.name: file.read_bytes() for file in (folder / "documents").iterdir()}
    assert files.keys() >= PAPERS
    assert all(content.startswith(b"%PDF-") for content in files.values())


def _assert_delivered(database: Path) -> None:
    with sqlite3.connect(database) as records:
        keys = [key for (key,) in records.execute("SELECT key FROM notice")]
        states = Counter(state for (state,) in records.execute("SELECT status FROM delivery"))
        journal = list(
            records.execute("SELECT case_id, seq FROM journal WHERE revision = 0 ORDER BY 1, 2")
        )
    assert keys
    assert len(keys) == len(set(keys))
    assert set(states) == {"sent"}, json.dumps(states)
    by_case: dict[str, list[int]] = {}
    for case, seq in journal:
        by_case.setdefault(case, []).append(seq)
    assert len(by_case) == 8
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_case.values())
