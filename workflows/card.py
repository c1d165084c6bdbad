"""What a person sees of a case in the Temporal UI: the card, the timer's words, the event menu.

What it is: pure functions of a case's view and its problems, in Chinese with English beside it.
What it is not: stored. The card is an answer to a query and vanishes while no worker runs; what
must survive stands in search attributes and in the timer's summary.
Who may import it: the shell and the surfaces.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from definitions.promises import TIMER
from workflows.attributes import cut
from workflows.core.effects import CaseView, ClockView, EventView, LinkView

MAX_SUMMARY = 400
MAX_CARD = 20_000
MAX_DESCRIPTION = 300
MAX_LINKED = 12
MAX_NAMED = 200
PAGE = "/namespaces/{}/workflows/{}"

Titles = Mapping[str, Mapping[str, str]]
"""Titles of roles by name."""
Fields = Mapping[str, Sequence[str]]
"""The data that an event needs, by its name."""

PHASES: Mapping[str, str] = {
    "running": "计时中 running",
    "paused": "暂停 paused",
    "met": "已兑现 met",
    "lapsed": "已失效 lapsed",
    "cancelled": "已取消 cancelled",
    "superseded": "已替换 superseded",
}
ELAPSED = "已到时 lapsed"
HOW: Mapping[str, str] = {"opened": "开立 opened", "child": "子案 child", "told": "告知 told"}
PROBLEMS: Mapping[str, str] = {
    "records": "记录库暂不可写，稍后自动补记 · the records cannot be written; rows wait and follow",
    "undeliverable": "通知未能送达 · a notice could not be delivered",
    "link": "关联案件未能开立或告知 · another case could not be opened or told",
    "unreachable": "关联案件暂时联系不上，持续重试 · another case is out of reach, and tried for",
    "computation": "计算结果未能采用 · the answer of a computation could not be taken",
    "document": "单证未能生成归档 · a document could not be printed and archived",
    "refused_signal": "有异步事件被拒绝 · an event sent as a signal was refused",
}
RETRY = "retry_failed"
"""The admin's event: what was given up is tried again, and refused signals are acknowledged."""
RETRIED = frozenset({"undeliverable", "link", "computation", "document", "refused_signal"})
"""The problems that it helps with."""


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local_time(at: int, zone: str, exclusive: bool = False, short: bool = False) -> str:
    """An instant in local time, to the minute; the end of a day is 24:00 of that day."""
    moment = datetime.fromtimestamp(at, _zone(zone))
    day = "%m-%d" if short else "%Y-%m-%d"
    if exclusive and (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return (moment - timedelta(days=1)).strftime(f"{day} 24:00")
    return moment.strftime(f"{day} %H:%M")


# --- the timer --------------------------------------------------------------------------------


def timer_summary(view: CaseView, roles: Titles, rings: int) -> str:
    """What the pending timer says, at most 400 bytes: who owes what, until when, what then. It is
    dated, since the timer may outlive what it says."""
    zone = view.zone
    said = [f"as at {local_time(view.at, zone, short=True)} #{view.seq}: "]
    said[0] += f"待 {_line(view.state_title)}"
    if view.waiting_title.get("zh"):
        said[0] += f" ← {_line(view.waiting_title)}"
    if view.hold_until is not None:
        said.append(f"暂停至 held until {local_time(view.hold_until, zone, short=True)}")
    elif view.next_due is not None:
        due = local_time(view.next_due, zone, view.next_due_exclusive, short=True)
        said.append(f"截止 due {due}" + (" 已超时 overdue" if view.overdue else ""))
    at, what = _coming(view, roles, view.next_due_clock) or (rings, "")
    said.append(f"届时 then {local_time(at, zone, short=True)} {what}".rstrip())
    return cut(" · ".join(said), MAX_SUMMARY)


def _coming(view: CaseView, roles: Titles, unnamed: str = "") -> tuple[int, str] | None:
    """What happens next by itself, and when; the clock is named unless it is the `unnamed` one."""
    found: list[tuple[int, int, str]] = []
    for clock in view.clocks:
        if clock.phase != "running":
            continue
        named = "" if clock.clock == unnamed else f" ({_line(clock.title)})"
        if clock.next_rung is not None:
            level = clock.next_rung["level"]
            to = _titles(clock.next_rung.get("to") or (), roles)
            said = f"{level} → {to}{named}" if to else f"{level}{named}"
            found.append((clock.next_rung["at"], 0, said))
        if clock.due is not None and clock.breached is None and not clock.provisional:
            what = "超时 overdue" if clock.promise else "到时自动执行 goes off"
            found.append((clock.due, 1, f"{what}{named}"))
    if view.hold_until is not None:
        found.append((view.hold_until, 2, "恢复计时 the hold ends"))
    if not found:
        return None
    at, _, said = min(found)
    return at, said


# --- the card ---------------------------------------------------------------------------------


def card(
    view: CaseView,
    problems: Mapping[str, str],
    roles: Titles,
    needs: Fields | None = None,
    namespace: str = "default",
) -> str:
    """The case in Markdown: what it waits for, who owes it, until when, what comes next, and which
    other cases of the namespace belong to it."""
    parts = [
        f"## {view.title['zh']} {view.key} · {view.title['en']}",
        *_problems(problems),
        *_standing(view, roles),
        *_tasks(view, roles),
        *_clocks(view),
        *_links(view, namespace),
        *_events(view, roles, needs or {}),
    ]
    return cut("\n".join(parts), MAX_CARD)


def _standing(view: CaseView, roles: Titles) -> list[str]:
    zone = view.zone
    lines = ["", f"- **当前 state**: {_both(view.state_title)}"]
    if view.ended is not None:
        return [*lines, f"- **已结束 ended**: {local_time(view.ended, zone)}"]
    owed = _both(view.waiting_title) or ", ".join(view.waiting_for) or "—"
    owner = f" (`{view.owner}`)" if view.owner else ""
    lines += [
        f"- **等待 waits for**: {owed}{owner}",
        f"- **自 since**: {local_time(view.since, zone)}",
    ]
    if view.next_due is not None:
        due = local_time(view.next_due, zone, view.next_due_exclusive)
        titles = {clock.clock: clock.title for clock in view.clocks}
        named = _both(titles.get(view.next_due_clock, {})) or view.next_due_clock
        lines.append(f"- **截止 until**: {due} ({named})")
    if view.overdue:
        level = f" · 已升级 escalated {view.level}" if view.level else ""
        lines.append(f"- **已超时 overdue**{level}")
    if view.hold_until is not None:
        lines.append(f"- **暂停至 held until**: {local_time(view.hold_until, zone)}")
    if coming := _coming(view, roles):
        lines.append(f"- **届时 then**: {local_time(coming[0], zone)} {coming[1]}")
    return [*lines, f"- **截至 as at**: {local_time(view.at, zone)} #{view.seq}"]


def _tasks(view: CaseView, roles: Titles) -> list[str]:
    if not view.tasks:
        return []
    lines = ["", "**任务 tasks**", ""]
    for task in view.tasks:
        done = "待办 open" if task.done is None else f"完成 done {local_time(task.done, view.zone)}"
        lines.append(f"- {_both(task.title)}: {_titles((task.role,), roles)}, {done}")
    return lines


def _clocks(view: CaseView) -> list[str]:
    if not view.clocks:
        return []
    lines = ["", "| 时限 clock | 截止 due | 状态 status |", "|:---|:---|:---|"]
    for clock in view.clocks:
        due = "—"
        if clock.due is not None:
            due = local_time(clock.due, view.zone, clock.exclusive, short=True)
        unsure = " (暂定 provisional)" if clock.provisional else ""
        number = f" #{clock.cycle}" if clock.cycle > 1 else ""
        lines.append(f"| {_both(clock.title)}{number} | {due}{unsure} | {_status(view, clock)} |")
    return lines


def _status(view: CaseView, clock: ClockView) -> str:
    said = phase_said(clock.phase, clock.kind)
    if clock.breached is not None:
        at = local_time(clock.breached, view.zone, clock.exclusive, short=True)
        said += f", **超时 breached** {at}"
    return said + (f", {clock.level}" if clock.level else "")


def phase_said(phase: str, kind: str) -> str:
    """A phase in words; of a timer that went off, nothing was forfeited."""
    return ELAPSED if (phase, kind) == ("lapsed", TIMER) else PHASES[phase]


def _links(view: CaseView, namespace: str) -> list[str]:
    """The case that opened this one, then those that this one opened or told; what did not arrive
    comes first."""
    said: dict[str, list[str]] = {}
    if view.origin:
        said[view.origin] = ["来自 opened by"]
    for link in sorted(view.links, key=lambda link: link.outcome == ""):
        said.setdefault(link.case, []).append(_link(link))
    if not said:
        return []
    lines = [
        f"- {_page(case, namespace)}: {', '.join(words)}"
        for case, words in [*said.items()][:MAX_LINKED]
    ]
    more = len(said) - len(lines) + view.links_gone
    return [
        "",
        "**关联案件 · linked cases**",
        "",
        *lines,
        *([f"- … 另有 {more} 个 · {more} more"] if more else []),
    ]


def _link(link: LinkView) -> str:
    times = f" ×{link.times}" if link.times > 1 else ""
    lost = ", **未送达 undelivered**" if link.outcome else ""
    return f"{_line(link.title)} ({HOW[link.how]}{times}{lost})"


def _page(case: str, namespace: str) -> str:
    """A link to a case's page in Temporal's UI, wherever that is served."""
    named = f"`{cut(case.replace('`', ' '), MAX_NAMED)}`"
    where = (quote(part, safe="", errors="replace") for part in (namespace, case))
    return f"[{named}]({PAGE.format(*where)})"


def _events(view: CaseView, roles: Titles, needs: Fields) -> list[str]:
    if not view.events:
        return []
    head = ["", "| 可进行 possible | 由谁 by | 须填 data |", "|:---|:---|:---|"]
    rows = [
        f"| `{event.name}` {_both(event.title)} | {_titles(event.by, roles, '、')} "
        f"| {', '.join(f'`{name}`' for name in needs.get(event.name, ()))} |"
        for event in view.events
    ]
    how = '`{"by": {"id": "…", "roles": ["…"]}, "data": {…}}`'
    return [*head, *rows, "", f"更新的内容 an update takes {how}"]


def _problems(problems: Mapping[str, str]) -> list[str]:
    if not problems:
        return []
    lines = ["", "> **⚠ 问题 problems**", ">"]
    for code, detail in sorted(problems.items()):
        said = PROBLEMS.get(code, code)
        lines.append(f"> - `{code}` {said}" + (f": {detail}" if detail else ""))
    if RETRIED & problems.keys():
        lines.append(f"> - 修好后发送 `{RETRY}` · mend it, then send `{RETRY}`")
    return lines


# --- the menu ---------------------------------------------------------------------------------


def menu(
    view: CaseView,
    problems: Mapping[str, str],
    roles: Titles,
    needs: Fields | None = None,
    namespace: str = "default",
) -> dict[str, Any]:
    """The answer to Temporal's own metadata query: the UI's menus hold the events that are legal
    now, and its current details are the card."""
    possible = [
        {"name": event.name, "description": _description(event, roles, needs or {})}
        for event in view.events
    ]
    if RETRIED & problems.keys():
        possible.append({"name": RETRY, "description": "重试失败的通知和关联 · try again"})
    return {
        "definition": {
            "type": view.process,
            "updateDefinitions": possible,
            "signalDefinitions": possible,
            "queryDefinitions": [{"name": "view", "description": "本案概况 · the case as JSON"}],
        },
        "currentDetails": card(view, problems, roles, needs, namespace),
    }


def _description(event: EventView, roles: Titles, needs: Fields) -> str:
    said = [_both(event.title)]
    if event.by:
        said.append(_titles(event.by, roles))
    if fields := needs.get(event.name):
        said.append(f"须填 data: {', '.join(fields)}")
    return cut(" — ".join(said), MAX_DESCRIPTION)


def _titles(names: Iterable[str], roles: Titles, between: str = ", ") -> str:
    return between.join(_line(roles.get(name, {"zh": name, "en": name})) for name in names)


def _both(text: Mapping[str, str]) -> str:
    zh, en = text.get("zh", ""), text.get("en", "")
    return zh if zh == en else f"{zh} · {en}"


def _line(text: Mapping[str, str]) -> str:
    """Both languages where a dot already parts something else."""
    return _both(text).replace(" · ", " ")
