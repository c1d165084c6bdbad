"""The demo as a person reads it: each step, what it meant for the promises, who was told, and what
one case asked of another.

What it is: rendering of a rehearsal's traces in Chinese and English, a line for each thing that
happened, in the order of the journals.
What it is not: playing or judging; the end of the demo (`closing`). Who may import it: the demo.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text as RichText

from activities.notices.channels.base import Permanent
from activities.notices.sandbox import render
from definitions.text import Text
from surfaces.output import plain
from surfaces.rules import Rules
from surfaces.trace import Trace
from workflows.card import phase_said
from workflows.core.effects import CaseView, ClockView, Notify, Row

WEEKDAYS: Final = (
    "周一 Mon",
    "周二 Tue",
    "周三 Wed",
    "周四 Thu",
    "周五 Fri",
    "周六 Sat",
    "周日 Sun",
)
STYLES: Final = {"met": "green", "cancelled": "dim", "superseded": "dim", "lapsed": "red"}
"""Of clocks that run no more."""
KINDS: Final = {
    "event": ("通知 notice", "cyan"),
    "retraction": ("撤回 retraction", "green"),
    "lapse": ("期满 lapse", "red"),
}
COLOURS: Final = ("cyan", "magenta", "blue", "yellow", "green")
SHORT: Final = "✉ 通知"
"""A notice is shown as far as its line goes; it arrives whole."""
Line = tuple[str, RichText]
"""What stands in the margin, and what is told."""


class Teller:
    """Prints steps as they come."""

    def __init__(self, console: Console, rules: Rules) -> None:
        self._console, self._rules = console, rules
        self._day = ""
        self._colours: dict[str, str] = {}

    def step(self, trace: Trace) -> None:
        """One step: what was done, then what it did, in the order of the journals."""
        view = trace.seen.view
        if view is None:
            return
        lapsed = {(case, row.name) for case, row in trace.rows if row.kind == "lapse"}
        for case, row in trace.rows:
            # A right that lapses is told once, not as a promise that was missed as well.
            if row.kind == "breach" and (case, row.name) in lapsed:
                continue
            self._date(row.at, trace.zone)
            for line in self._row(case, row, trace):
                self._print(line)
        if trace.refusal is not None and trace.event is not None:
            self._date(trace.at, trace.zone)
            self._print(self._refusal(trace, view))
        for difference in trace.differences:
            self._console.print(plain(f"      ✗ {difference}", "bold red"))

    def _date(self, at: int, zone: str) -> None:
        """A heading for each new day."""
        if (day := _day(at, zone)) != self._day:
            self._day = day
            self._console.print()
            self._console.rule(plain(day, "bold"), align="left", style="dim")

    def _print(self, line: Line) -> None:
        """The margin, and beside it the text; a long one goes on below itself."""
        shown = Table.grid(padding=(0, 1, 0, 0))
        shown.add_column(width=5, no_wrap=True)
        shown.add_column(overflow="fold")
        if line[1].plain.startswith(SHORT):
            line[1].truncate(self._console.width - 6, overflow="ellipsis")
        shown.add_row(plain(line[0], "bold"), line[1])
        self._console.print(shown)

    # --- rows ---------------------------------------------------------------------------------

    def _row(self, case: str, row: Row, trace: Trace) -> Iterator[Line]:
        at = _time(row.at, trace.zone)
        process = self._rules[case.partition(":")[0]].process
        match row.kind:
            case "opened" | "event":
                yield at, self._event(case, row)
                yield from self._meant(case, row, trace)
            case "lapse":
                clock = process.clocks.get(row.name)
                what = "" if clock is None or clock.lapse is None else _both(clock.lapse.title)
                state = _both(process.states[row.state].title)
                where = f"{what} → {state}" if row.previous else what
                yield at, self._case(case).append(f"⌛ 期满 lapsed: {where}", "bold")
            case "breach":
                title = _both(self._rules[process.process].clocks[row.clock].title)
                yield at, self._case(case).append(f"⚠ 超时 breached: {title}", "bold red")
            case "rung":
                yield at, self._case(case).append_text(self._rung(process.process, row))
            case "refused" | "undelivered" | "late_rejected":
                why = row.data.get("message") or row.data.get("why") or ""
                word = "未送达 undelivered" if row.kind == "undelivered" else "拒绝 refused"
                said = f"✗ {word}: {row.data.get('event', row.name)} {why}"
                yield at, self._case(case).append(said, "bold magenta")
            case "ended":
                yield at, self._case(case).append("■ 结束 ended", "green")
            case "link" | "call" | "document":
                yield "", self._asked(process.process, row)

    def _event(self, case: str, row: Row) -> RichText:
        process = self._rules[case.partition(":")[0]].process
        line = self._case(case)
        if row.kind == "opened":
            line.append(f"受理 opened · {process.title.en}", "bold")
        else:
            line.append(self._event_title(process.process, row), "bold")
        line.append(f" → {_both(process.states[row.state].title)}", "blue")
        who = row.actor
        if ":" in who and who != case:
            who = f"来自 from {self._name(who)}"
        return line.append(f"  {who}" if who and who != case else "", "dim")

    def _meant(self, case: str, row: Row, trace: Trace) -> Iterator[Line]:
        """What an event meant: its figures, the clocks that it moved, and who was told."""
        process = self._rules[case.partition(":")[0]].process
        if row.name == "done" and (figures := _figures(process.data, row.data)):
            yield "", plain(f"＝ {figures}", "bold green")
        if clocks := _clocks(case, row, trace):
            line = plain("⏱ ", "dim")
            for number, clock in enumerate(clocks):
                line.append(" · " if number else "", "dim").append_text(_clock(clock, trace.zone))
            yield "", line
        told = [one for one in trace.seen.notices if one.case == case and one.seq == row.seq]
        for notice in told:
            yield "", self._notice(notice)

    def _rung(self, process: str, row: Row) -> RichText:
        clock = self._rules[process].clocks[row.clock].title
        roles = "、".join(self._role(process, role) for role in row.roles)
        word, style = ("提醒 reminder", "yellow")
        if row.level >= "L1":
            word, style = ("升级 escalation", "bold red")
        return plain(f"✉ {word} {row.level}: {_both(clock)} → {roles}", style)

    def _asked(self, process: str, row: Row) -> RichText:
        """What the case asks of others: of a case, of a computation, of the printer."""
        rules = self._rules[process].process
        if row.kind == "call":
            return plain(f"⚙ 计算 computes: {_both(rules.computations[row.name].title)}", "yellow")
        if row.kind == "document":
            paper = rules.documents[row.name]
            said = f"▤ 打印 prints {paper.form} {_both(paper.title)} {row.data['number']}"
            return plain(said, "yellow")
        link = rules.links.get(row.data["link"])
        target = self._rules[row.name].process
        name = f"{_both(target.title)} {row.data['key']}"
        if (event := row.data.get("event")) is not None:
            title = getattr(target.anywhere.get(event), "title", None)
            return plain(f"→ 告知 tells {name}: {_both(title) or event}", "bright_blue")
        how = "开立子案 opens as a child" if link is not None and link.child else "开立 opens"
        return plain(f"→ {how}: {name}", "bright_blue")

    def _notice(self, notice: Notify) -> RichText:
        word, style = KINDS[notice.kind]
        told = _words(notice).replace("\n", " ")
        line = plain(f"✉ {word} → {self._role(notice.process, notice.to)}", style)
        return line.append(f"  {told}", "dim")

    def _refusal(self, trace: Trace, view: CaseView) -> Line:
        assert trace.refusal is not None
        assert trace.event is not None
        facts = trace.refusal.get("facts") or {}
        why = f"{facts.get('zh', '')} {facts.get('en', trace.refusal['message'])}"
        row = Row(0, "event", trace.event.name, trace.at, trace.at, state=view.state)
        title = self._event_title(view.process, row)
        line = self._case(view.case).append(f"✗ 拒绝 refused: {title}", "bold magenta")
        line.append(f"  {why.strip()}", "magenta")
        return _time(trace.at, trace.zone), line.append(f"  {trace.event.actor.id}", "dim")

    # --- names --------------------------------------------------------------------------------

    def _name(self, case: str) -> str:
        process, _, key = case.partition(":")
        return f"{self._rules[process].process.title.zh} {key}"

    def _case(self, case: str) -> RichText:
        """The case's name, in its process's colour."""
        process = case.partition(":")[0]
        colour = self._colours.setdefault(process, COLOURS[len(self._colours) % len(COLOURS)])
        return RichText().append(self._name(case), colour).append("  ")

    def _event_title(self, process: str, row: Row) -> str:
        for state in (row.previous, row.state):
            event = self._rules[process].events(state).get(row.name) if state else None
            if event is not None and event.title is not None:
                return _both(event.title)
        task = self._rules[process].tasks.get(row.name)
        return row.name if task is None else _both(task.title)

    def _role(self, process: str, role: str) -> str:
        known = self._rules[process].process.roles.get(role)
        return role if known is None else _both(known.title)


def _both(text: Text | None) -> str:
    """Both languages; once if they are the same."""
    return "" if text is None else " ".join(dict.fromkeys((text.zh, text.en)))


def _clocks(case: str, row: Row, trace: Trace) -> list[ClockView]:
    """The clocks that this step started or stopped, or those of a case that it opened."""
    view = trace.seen.view
    if row.kind == "opened" and (view is None or case != view.case):
        opened = (one for one in trace.seen.opened if one.case == case)
        return [one for case in opened for one in case.clocks if one.phase in ("running", "met")]
    if view is None or case != view.case or trace.event is None or row.event_id != trace.event.id:
        return []
    changed = trace.answer.get("clocks")
    return [one for one in view.clocks if changed is None or one.clock in changed]


def _clock(clock: ClockView, zone: str) -> RichText:
    title = " ".join(dict.fromkeys(clock.title.values()))
    if clock.phase in STYLES:
        late = "，超时 late" if clock.breached is not None else ""
        style = "red" if late else STYLES[clock.phase] if clock.promise else "dim"
        return plain(f"{title} {phase_said(clock.phase, clock.kind)}{late}", style)
    word = "截止 due" if clock.promise else "到时 timer ends"
    return plain(f"{title} {word} {_due(clock, zone)}", "dim")


def _due(clock: ClockView, zone: str) -> str:
    """`11-23 15:40`; a day's end is 24:00 of that day; another year is said."""
    if clock.due is None:
        return "—"
    due = _local(clock.due - clock.exclusive, zone)
    year = "" if due.year == _local(clock.anchor, zone).year else f"{due:%Y}-"
    return f"{year}{due:%m-%d} 24:00" if clock.exclusive else f"{year}{due:%m-%d %H:%M}"


def _figures(items: Mapping[str, Any], output: Mapping[str, Any]) -> str:
    """The amounts that a computation answered, as far as the case has them."""
    return " · ".join(
        f"{_both(item.title)} {money(output[name])}"
        for name, item in items.items()
        if item.type == "money" and isinstance(output.get(name), int)
    )


def _words(notice: Notify) -> str:
    """What a notice says of itself, in Chinese."""
    if notice.text is None:
        return ""
    case = {"id": notice.case, "key": notice.case.partition(":")[2]}
    case |= notice.facts.get("case", {})
    facts = {"data": {}, "event": {}, **notice.facts, "case": case}
    try:
        return render(notice.text["zh"], facts, "zh", notice.zone).strip()
    except Permanent as broken:
        return str(broken)


def money(fen: int) -> str:
    """`2,667.50`."""
    return f"{fen // 100:,}.{fen % 100:02d}"


def _local(at: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at, ZoneInfo(zone))


def _day(at: int, zone: str) -> str:
    local = _local(at, zone)
    return f"{local:%Y-%m-%d} {WEEKDAYS[local.weekday()]}"


def _time(at: int, zone: str) -> str:
    return f"{_local(at, zone):%H:%M}"
