"""The demo as a person reads it: each step, what it meant for the promises, and who was told.

What it is: rendering of a rehearsal's traces in Chinese and English.
What it is not: playing or judging. Who may import it: the demo.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from surfaces.demonstration.inbox import Arrived
from surfaces.output import plain
from surfaces.rules import Rules
from surfaces.trace import Trace
from workflows.card import local_time
from workflows.core.effects import CaseView, Notify, Row

WEEKDAYS = "一二三四五六日"
PHASES = {
    "met": ("已履约", "met", "green"),
    "cancelled": ("已取消", "cancelled", "dim"),
    "superseded": ("已替代", "superseded", "dim"),
    "lapsed": ("已失权", "lapsed", "red"),
}
KINDS = {
    "rung": ("提醒", "reminder", "yellow"),
    "event": ("通知", "notice", "cyan"),
    "retraction": ("撤回", "retraction", "green"),
    "lapse": ("失权", "lapse", "red"),
}


class Teller:
    """Prints steps as they come."""

    def __init__(self, console: Console, rules: Rules) -> None:
        self._console, self._rules = console, rules

    def step(self, trace: Trace) -> None:
        """One step: what was done, then what it did, in the order of the journal."""
        view = trace.seen.view
        if view is None:
            return
        for case, row in trace.rows:
            self._row(case, row, trace)
        for notice in trace.seen.notices:
            if notice.kind == "event":
                self._notice(notice)
        if trace.refusal is not None and trace.event is not None:
            self._refusal(trace, view)
        for difference in trace.differences:
            self._console.print(plain(f"      ✗ {difference}", "bold red"))

    def _row(self, case: str, row: Row, trace: Trace) -> None:
        process, key = case.split(":", 1)
        model = self._rules[process].process
        title = model.title
        when = instant(row.at, trace.zone)
        match row.kind:
            case "opened" | "event":
                name = self._event_title(process, row)
                state = model.states[row.state].title
                line = plain(f"{when}  ", "bold") + plain(f"{title.zh} {key}  ")
                line += plain(name, "bold") + plain(f"  → {state.zh} {state.en}", "blue")
                self._console.print(line + plain(f"  ({row.actor})" if row.actor else "", "dim"))
                if trace.seen.view is not None and case == trace.seen.case:
                    self._clocks(trace.seen.view, trace.answer)
            case "breach":
                clock = self._rules[process].clocks[row.clock].title
                self._console.print(
                    plain(f"{when}  ", "bold")
                    + plain(f"{title.zh} {key}  ")
                    + plain(f"⚠ 超时 breached: {clock.zh} {clock.en}", "bold red")
                )
            case "rung":
                clock = self._rules[process].clocks[row.clock].title
                word, style = ("提醒 reminder", "yellow")
                if row.level >= "L1":
                    word, style = ("升级 escalation", "bold red")
                roles = "、".join(self._role(process, role) for role in row.roles)
                self._console.print(
                    plain(f"{when}  ", "bold")
                    + plain(f"{title.zh} {key}  ")
                    + plain(f"✉ {word} {row.level}: {clock.zh} → {roles}", style)
                )
            case "ended":
                self._console.print(
                    plain(f"{when}  ", "bold")
                    + plain(f"{title.zh} {key}  ")
                    + plain("■ 结束 ended", "green")
                )

    def _clocks(self, view: CaseView, answer: Mapping[str, Any]) -> None:
        """The clocks that this step started or stopped."""
        changed = answer.get("clocks")
        if changed is None:
            changed = {clock.clock for clock in view.clocks}
        for clock in view.clocks:
            if clock.clock not in changed:
                continue
            title = f"{clock.title['zh']} {clock.title['en']}"
            if clock.phase in PHASES:
                zh, en, style = PHASES[clock.phase]
                late = "，超时 late" if clock.breached is not None else ""
                self._console.print(plain(f"      ⏱ {title}: {zh} {en}{late}", style))
            elif clock.due is not None:
                due = local_time(clock.due, view.zone, clock.exclusive)
                self._console.print(plain(f"      ⏱ {title}: 截止 due {due}", "dim"))

    def _notice(self, notice: Notify) -> None:
        zh, en, style = KINDS[notice.kind]
        role = self._role(notice.process, notice.to)
        text = (notice.text or {}).get("zh", "")
        self._console.print(
            plain(f"      ✉ {zh} {en} → {role}", style) + plain(f"  {text[:60]}", "dim")
        )

    def _refusal(self, trace: Trace, view: CaseView) -> None:
        assert trace.refusal is not None
        assert trace.event is not None
        facts = trace.refusal.get("facts") or {}
        process, key = view.case.split(":", 1)
        row = Row(0, "event", trace.event.name, trace.at, trace.at, state=view.state)
        self._console.print(
            plain(f"{instant(trace.at, trace.zone)}  ", "bold")
            + plain(f"{self._rules[process].process.title.zh} {key}  ")
            + plain(f"✗ 拒绝 refused: {self._event_title(process, row)}", "bold magenta")
            + plain(
                f"  {facts.get('zh', '')} {facts.get('en', trace.refusal['message'])}", "magenta"
            )
        )

    def _event_title(self, process: str, row: Row) -> str:
        if row.kind == "opened":
            return "受理 opened"
        for state in (row.previous, row.state):
            event = self._rules[process].events(state).get(row.name) if state else None
            if event is not None and event.title is not None:
                return f"{event.title.zh} {event.title.en}"
        task = self._rules[process].tasks.get(row.name)
        return row.name if task is None else f"{task.title.zh} {task.title.en}"

    def _role(self, process: str, role: str) -> str:
        known = self._rules[process].process.roles.get(role)
        return role if known is None else f"{known.title.zh} {known.title.en}"


def instant(at: int, zone: str) -> str:
    """`周五 11-20 16:20`."""
    local = datetime.fromtimestamp(at, ZoneInfo(zone))
    return f"周{WEEKDAYS[local.weekday()]} {local:%m-%d %H:%M}"


def inbox_table(arrived: Iterable[Arrived]) -> Table:
    """What really arrived."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    made.add_column("通道 channel")
    made.add_column("收件人 to")
    made.add_column("主题 subject", overflow="fold")
    for one in arrived:
        made.add_row(plain(one.channel), plain(one.to), plain(one.subject))
    return made


def panel(title: str, lines: Iterable[str]) -> Panel:
    """A box of lines."""
    return Panel("\n".join(lines), title=title, title_align="left", expand=False, padding=(0, 1))
