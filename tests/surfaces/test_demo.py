"""The demo as a person runs it, with its worker and its server killed in the middle.

Both are started again by the demo; the cases end as if nothing had happened: every notice claimed
once, delivered, and no message twice unless the kill fell between the receiver's acceptance and
our mark, and then with the same id.
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
PATIENCE = 240.0


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
    killed: list[str] = []
    assert demo.stdout is not None
    try:
        for line in demo.stdout:
            lines.append(line)
            if found := re.search(r"(temporal|worker) \(pid (\d+)\)", line):
                pids[found[1]].append(int(found[2]))
            if "升级 escalation" in line and not killed:
                os.kill(pids["worker"][-1], signal.SIGKILL)
                killed.append("worker")
            if "提出方案" in line and killed == ["worker"]:
                os.kill(pids["temporal"][-1], signal.SIGKILL)
                killed.append("temporal")
        code = demo.wait()
    finally:
        watchdog.cancel()
        demo.kill()
        demo.stdout.close()
        demo.wait()
    said = "".join(lines)
    assert code == 0, said
    assert killed == ["worker", "temporal"]
    assert len(pids["worker"]) >= 2
    assert len(pids["temporal"]) >= 2
    for kind in ("提醒 reminder", "升级 escalation", "拒绝 refused", "■ 结束 ended"):
        assert kind in said
    _assert_delivered(tmp_path / ".duecourse" / "demo" / "records.db")


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
    assert len(by_case) == 2
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_case.values())
