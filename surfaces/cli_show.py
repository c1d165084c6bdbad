"""A case as `show` prints it.

What it is: tables of one view, its journal and its notices. Who may import it: `cli_cases`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from surfaces.cli_tree import show_dossier
from surfaces.instants import length, short
from surfaces.output import plain, table
from workflows.card import phase_said


def show_case(console: Console, told: Mapping[str, Any], tail: int) -> None:
    """Head, clocks, tasks, events, problems, the end of the journal, and the linked cases."""
    view = told["view"]
    _head(console, view, told)
    _clocks(console, view)
    _tasks(console, view)
    _events(console, view["events"])
    for problem in view["problems"]:
        console.print(plain(f"问题 problem {problem['code']}: {problem['detail']}", "red"))
    _journal(console, told["journal"], view["zone"], tail)
    if told.get("dossier") is not None:
        console.print()
        show_dossier(console, told["dossier"])


def _head(console: Console, view: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    zone = view["zone"]
    title = view["title"]
    console.print(plain(f"{title['zh']} {view['key']} · {title['en']}", "bold"))
    number = "" if view["number"] == 1 else f" (no. {view['number']})"
    state = view["state_title"]
    waits = " ".join(filter(None, view["waiting_title"].values())) or ", ".join(view["waiting_for"])
    due = ""
    if view["next_due"] is not None:
        due = short(view["next_due"], zone, view["next_due_exclusive"])
        due += f" {view['next_due_clock']}" + (" 已超时 overdue" if view["overdue"] else "")
    ended = {
        name: "" if view[name] is None else short(view[name], zone)
        for name in ("closed", "ended", "hold_until", "next_wakeup")
    }
    rows = (
        ("case", f"{view['case']}{number}"),
        ("状态 state", f"{state['zh']} {state['en']} ({view['state']})"),
        ("等待 waits for", "" if view["ended"] is not None else waits),
        ("负责人 owner", f"{view['owner']} {view['owner_role']}".strip()),
        ("进展 since", short(view["since"], zone)),
        ("截止 due", due),
        ("下次 next look", ended["next_wakeup"]),
        ("暂停至 held until", ended["hold_until"]),
        ("关闭 closed", ended["closed"]),
        ("结束 ended", ended["ended"]),
        ("保存至 kept until", _kept(view)),
        ("涉及 about", _about(view)),
        ("关联 linked", ", ".join(told["linked"])),
        ("截至 as at", f"{short(view['at'], zone)} #{view['seq']}"),
        ("UI", told["ui"] or ""),
    )
    shown = table("", "")
    shown.show_header = False
    for name, value in rows:
        if value:
            shown.add_row(name, plain(value))
    console.print(shown)
    console.print()


def _kept(view: Mapping[str, Any]) -> str:
    """Views of long ago say nothing of it."""
    until = view.get("keep_until")
    return "" if until is None else short(until, view["zone"], exclusive=True)


def _about(view: Mapping[str, Any]) -> str:
    return ", ".join(f"{kind} {value}" for kind, value in view.get("subjects", {}).items())


def _clocks(console: Console, view: Mapping[str, Any]) -> None:
    if not view["clocks"]:
        return
    zone = view["zone"]
    shown = table("时限 CLOCK", "阶段 PHASE", "截止 DUE", "剩余 LEFT", "超时 BREACHED", "LEVEL")
    for clock in view["clocks"]:
        due = "—" if clock["due"] is None else short(clock["due"], zone, clock["exclusive"])
        left = clock["remaining"]
        open_ = clock["phase"] in ("running", "paused")
        breached = "" if clock["breached"] is None else short(clock["breached"], zone)
        if clock["retracted"]:
            breached = "已撤回 retracted"
        shown.add_row(
            plain(f"{clock['title']['zh']} {clock['clock']}" + _cycle(clock["cycle"])),
            phase_said(clock["phase"], clock["kind"]),
            due + (" 暂定" if clock["provisional"] else ""),
            length(left) if open_ and left is not None else "",
            plain(breached, "red"),
            clock["level"],
        )
    console.print(shown)
    console.print()


def _cycle(number: int) -> str:
    return "" if number == 1 else f" #{number}"


def _tasks(console: Console, view: Mapping[str, Any]) -> None:
    if not view["tasks"]:
        return
    shown = table("任务 TASK", "角色 ROLE", "完成 DONE")
    for task in view["tasks"]:
        done = "—"
        if task["done"] is not None:
            done = f"{short(task['done'], view['zone'])} {task['actor']}"
        shown.add_row(plain(f"{task['title']['zh']} {task['task']}"), task["role"], plain(done))
    console.print(shown)
    console.print()


def _events(console: Console, events: Sequence[Mapping[str, Any]]) -> None:
    if not events:
        return
    shown = table("可进行 EVENT", "", "谁 BY")
    for event in events:
        titles = dict.fromkeys((event["title"]["zh"], event["title"]["en"]))
        shown.add_row(event["name"], plain(" ".join(titles)), ", ".join(event["by"]))
    console.print(shown)
    console.print()


def _journal(console: Console, journal: Sequence[Mapping[str, Any]], zone: str, tail: int) -> None:
    if not journal or not tail:
        return
    shown = table("#", "时间 AT", "记录 WHAT", "谁 WHO", "状态 STATE")
    for row in journal[-tail:]:
        what = f"{row['kind']} {row['name']}"
        if row["kind"] in ("rung", "skipped"):
            what = f"{row['kind']} {row['level']} {row['clock']}"
        who = row["actor"] if row["kind"] != "rung" else ", ".join(row["roles"])
        shown.add_row(
            str(row["seq"]), short(row["at"], zone), plain(what), plain(who), row["state"]
        )
    console.print(shown)
