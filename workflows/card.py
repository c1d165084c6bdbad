"""What a person sees of a case in the Temporal UI: the card, the timer's words, the event menu.

What it is: pure functions of a case's view and its problems, in Chinese with English beside it.
What it is not: stored. The card is an answer to a query and vanishes while no worker runs; what
must survive stands in search attributes and in the timer's summary.
Who may import it: the shell and the surfaces.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from workflows.attributes import cut
from workflows.core.effects import CaseView, ClockView

MAX_SUMMARY = 400
MAX_CARD = 20_000

PHASES: Mapping[str, str] = {
    "running": "计时中 running",
    "paused": "暂停 paused",
    "met": "已兑现 met",
    "lapsed": "已失效 lapsed",
    "cancelled": "已取消 cancelled",
    "superseded": "已替换 superseded",
}
PROBLEMS: Mapping[str, str] = {
    "records": "记录库暂不可写，稍后自动补记 · the records cannot be written; rows wait and follow",
    "undeliverable": "通知未能送达 · a notice could not be delivered",
    "link": "关联案件未能开立 · another case could not be opened",
    "refused_signal": "有异步事件被拒绝 · an event sent as a signal was refused",
}
RETRY = "retry_failed"
"""The admin's event: what was given up is tried again, and refused signals are acknowledged."""


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local_time(at: int, zone: str, exclusive: bool = False, short: bool = False) -> str:
    """An instant in local time; the end of a day is 24:00 of that day."""
    moment = datetime.fromtimestamp(at, _zone(zone))
    day = "%m-%d" if short else "%Y-%m-%d"
    if exclusive and (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return (moment - timedelta(days=1)).strftime(f"{day} 24:00")
    return moment.strftime(f"{day} %H:%M" if moment.second == 0 else f"{day} %H:%M:%S")


def timer_summary(view: CaseView, roles: Mapping[str, Mapping[str, str]], rings: int) -> str:
    """A dated statement for the pending timer, at most 400 bytes: the timer may outlive it."""
    zone = view.zone
    as_at = f"as at {local_time(view.at, zone, short=True)} #{view.seq}"
    said = [f"{as_at}: 待 {view.state_title['zh']}/{view.state_title['en']}"]
    if view.waiting_title.get("zh"):
        said.append(f"{view.waiting_title['zh']}/{view.waiting_title['en']}")
    if view.next_due is not None:
        due = local_time(view.next_due, zone, view.next_due_exclusive, short=True)
        said.append(f"截止 due {due}")
    said.append(
        f"届时 next {local_time(rings, zone, short=True)} {_next_step(view, roles)}".strip()
    )
    return cut(" · ".join(said), MAX_SUMMARY)


def _next_step(view: CaseView, roles: Mapping[str, Mapping[str, str]]) -> str:
    clock = _next_clock(view)
    if clock is None or clock.next_rung is None:
        return ""
    to = clock.next_rung.get("to") or ()
    named = "、".join(roles.get(role, {}).get("zh", role) for role in to)
    return f"{clock.next_rung['level']} → {named}" if named else str(clock.next_rung["level"])


def _next_clock(view: CaseView) -> ClockView | None:
    ahead = [c for c in view.clocks if c.next_rung is not None and c.phase == "running"]
    return min(ahead, key=lambda c: (c.next_rung or {}).get("at", 0), default=None)


def card(
    view: CaseView, problems: Mapping[str, str], roles: Mapping[str, Mapping[str, str]]
) -> str:
    """The case in Markdown: what it waits for, who owes it, until when, and what comes next."""
    parts = [*_head(view, roles), *_clocks(view), *_events(view), *_problems(problems)]
    return cut("\n".join(parts), MAX_CARD)


def _head(view: CaseView, roles: Mapping[str, Mapping[str, str]]) -> list[str]:
    zone = view.zone
    lines = [
        f"## {view.title['zh']} {view.key} · {view.title['en']}",
        "",
        f"- **当前 state**: {view.state_title['zh']} · {view.state_title['en']}",
    ]
    if view.ended is not None:
        return [*lines, f"- **已结束 ended**: {local_time(view.ended, zone)}"]
    owed = _both(view.waiting_title) or ", ".join(view.waiting_for) or "—"
    lines += [
        f"- **等待 waits for**: {owed}",
        f"- **自 since**: {local_time(view.since, zone)}",
    ]
    if view.next_due is not None:
        due = local_time(view.next_due, zone, view.next_due_exclusive)
        late = " **已超时 overdue**" if view.overdue else ""
        lines.append(f"- **截止 until**: {due} ({view.next_due_clock}){late}")
    clock = _next_clock(view)
    if clock is not None and clock.next_rung is not None:
        at = local_time(clock.next_rung["at"], zone)
        lines.append(f"- **届时 next**: {at} {_next_step(view, roles)} ({clock.clock})")
    if view.hold_until is not None:
        lines.append(f"- **暂停至 held until**: {local_time(view.hold_until, zone)}")
    if view.origin:
        lines.append(f"- **来自 opened by**: `{view.origin}`")
    return [*lines, f"- **截至 as at**: {local_time(view.at, zone)} #{view.seq}"]


def _clocks(view: CaseView) -> list[str]:
    if not view.clocks:
        return []
    lines = [
        "",
        "| 时限 clock | 截止 due | 状态 phase | 超时 breached |",
        "|---|---|---|---|",
    ]
    for clock in view.clocks:
        due = "—" if clock.due is None else local_time(clock.due, view.zone, clock.exclusive)
        breached = "" if clock.breached is None else local_time(clock.breached, view.zone)
        unsure = " (暂定 provisional)" if clock.provisional else ""
        title = f"{_both(clock.title)} #{clock.cycle}"
        lines.append(f"| {title} | {due}{unsure} | {PHASES[clock.phase]} | {breached} |")
    return lines


def _events(view: CaseView) -> list[str]:
    if not view.events:
        return []
    lines = ["", "**可进行 possible**", ""]
    for event in view.events:
        by = f" ({', '.join(event.by)})" if event.by else ""
        lines.append(f"- `{event.name}` {_both(event.title)}{by}")
    return lines


def _problems(problems: Mapping[str, str]) -> list[str]:
    if not problems:
        return []
    lines = ["", "**问题 problems**", ""]
    for code, detail in sorted(problems.items()):
        said = PROBLEMS.get(code, code)
        lines.append(f"- `{code}` {said}" + (f": {detail}" if detail else ""))
    return lines


def menu(
    view: CaseView, problems: Mapping[str, str], roles: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """The answer to Temporal's own metadata query: the UI's menus hold the events that are legal
    now, and its current details are the card."""
    possible = [
        {"name": event.name, "description": f"{_both(event.title)} · {', '.join(event.by)}"}
        for event in view.events
    ]
    if set(problems) & {"undeliverable", "link", "refused_signal"}:
        possible.append({"name": RETRY, "description": "重试失败的通知和关联 · try again"})
    return {
        "definition": {
            "type": view.process,
            "updateDefinitions": possible,
            "signalDefinitions": possible,
            "queryDefinitions": [{"name": "view", "description": "本案概况 · the case as JSON"}],
        },
        "currentDetails": card(view, problems, roles),
    }


def _both(text: Mapping[str, str]) -> str:
    zh, en = text.get("zh", ""), text.get("en", "")
    return zh if zh == en else f"{zh} · {en}"
