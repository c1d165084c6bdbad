"""The tables of a process's page: states, clocks, forms, decisions, links, papers, rules.

What it is: Markdown from the model, in Chinese and English side by side, in the order of the file.
What it is not: the page as a file (`process_pages`), or the drawing (`diagram_svg`).
Who may import it: the surfaces.
"""

from collections.abc import Iterable, Iterator, Mapping

from definitions.checks_names import accepted_in
from definitions.checks_sites import events
from definitions.forms import start_items
from definitions.model import (
    BudgetFromTable,
    BudgetUntil,
    CaseEvent,
    Clock,
    Event,
    Form,
    Item,
    Ladder,
    Link,
    Process,
    Recipients,
    Row,
    Rung,
    Table,
    Trigger,
)
from definitions.norms import NormBook
from definitions.scope import form_items
from definitions.text import Text
from surfaces.norms import namings

_FIELD = {
    "text": "文字 text",
    "bool": "是否 yes or no",
    "int": "整数 whole number",
    "number": "数 number",
    "money": "金额 money",
    "date": "日期 date",
    "instant": "时刻 instant",
    "enum": "选项 one of",
    "list": "列表 list",
}
_STAGE = {
    "acceptance": "受理 acceptance",
    "diagnosis": "诊断 diagnosis",
    "solution": "方案 solution",
    "execution": "执行 execution",
    "feedback": "反馈 feedback",
}
_KIND = {
    "explicit": "原文 stated",
    "interpreted": "解读 read so",
    "default": "缺省 chosen",
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; nothing if it has no rows."""
    head, body = list(head), [list(row) for row in rows]
    if not body:
        return ""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(_cell(one) for one in line) + " |" for line in lines) + "\n"


def both(text: Text | None, name: str = "") -> str:
    """Both languages, or the name."""
    return name if text is None else f"{text.zh} {text.en}"


def roles(process: Process, names: Iterable[str]) -> str:
    """Roles by their titles."""
    known = process.roles
    return ", ".join(both(known[name].title) if name in known else name for name in names)


def states(process: Process) -> str:
    """Every state, with who acts in it."""
    return table(
        ("状态 State", "阶段 Stage", "经办 Who acts", "等待 Waits for"),
        (
            (
                f"{both(state.title)} `{name}`",
                _STAGE.get(state.stage or "", ""),
                "自动 automatic"
                if state.auto
                else roles(process, () if state.actor is None else (state.actor,)),
                "结束 the end" if state.closed else both(state.waits),
            )
            for name, state in process.states.items()
        ),
    )


# --- clocks ---------------------------------------------------------------------------------


def clocks(process: Process) -> str:
    """Every clock, those of tasks included."""
    rows = [_clock(process, name, clock) for name, clock in process.clocks.items()]
    for name, state in process.states.items():
        for task, spec in state.tasks.items():
            budget = _budget(process, spec.budget)
            who = roles(process, (spec.role,))
            begins = f"进入 enter {both(process.states[name].title)}"
            rows.append((f"{both(spec.title)} `{task}`", budget, begins, task, who, spec.ladder))
    return table(
        (
            "时钟 Clock",
            "时限 Budget",
            "开始 Starts",
            "停止 Stops",
            "责任 Owed by",
            "升级 Ladder · 逾期 When missed",
        ),
        rows,
    )


def _clock(process: Process, name: str, clock: Clock) -> tuple[str, ...]:
    owed = roles(process, (clock.assignee,)) if clock.assignee else ""
    missed = [f"`{clock.ladder}`"] if clock.ladder else []
    if clock.lapse is not None:
        target = f" → `{clock.lapse.to}`" if clock.lapse.to else ""
        missed.append(f"{both(clock.lapse.title, '自动处理 by itself')}{target}")
    repeat = f" ×{clock.repeat}" if clock.repeat else ""
    return (
        f"{both(clock.title)} `{name}`",
        _budget(process, clock.budget) + repeat,
        _triggers(clock.start),
        _triggers((*clock.stop, *clock.cancel)),
        owed,
        " · ".join(missed),
    )


def _budget(process: Process, budget: object) -> str:
    match budget:
        case BudgetFromTable():
            answers = dict.fromkeys(str(row.then) for row in process.tables[budget.table].rows)
            return " / ".join(answers)
        case BudgetUntil():
            other = f" (否则 otherwise {budget.otherwise})" if budget.otherwise else ""
            return f"至 until `{budget.until}`{other}"
        case _:
            return str(budget)


def _triggers(triggers: Iterable[Trigger]) -> str:
    return ", ".join(f"{one.on}" + (f" (`{one.when}`)" if one.when else "") for one in triggers)


def ladders(process: Process) -> str:
    """Who is reminded and told, and when."""
    return table(
        ("升级表 Ladder", "级别 Level", "时刻 At", "通知 To"),
        (
            (
                f"{both(ladder.title, name)} `{name}`",
                rung.level,
                str(rung.at),
                _told(process, rung.to),
            )
            for name, ladder in process.ladders.items()
            for rung in _rungs(ladder)
        ),
    )


def _rungs(ladder: Ladder) -> Iterator[Rung]:
    yield from ladder.hours
    yield from ladder.days


def _told(process: Process, recipients: Iterable[Recipients]) -> str:
    return "; ".join(
        roles(process, one.to) + (f" (`{one.when}`)" if one.when else "") for one in recipients
    )


# --- forms ----------------------------------------------------------------------------------


def opening(process: Process) -> str:
    """What an opening carries."""
    return _fields(start_items(process))


def forms(process: Process) -> Iterator[tuple[str, str]]:
    """Every event that people, systems or other cases send: its heading, and its form."""
    for site in events(process):
        if site.form is None or site.answers:
            continue
        event = site.event
        parts = [_where(process, site.path[1] if site.path[0] == "states" else None, event)]
        parts += [f"- 否则拒绝 refused otherwise: {both(one)}" for one in _refusals(event)]
        yield (
            f"{both(event.title, site.name)} `{site.name}`",
            "\n".join(parts) + "\n\n" + _fields(_asked(process, site.form)),
        )


def _asked(process: Process, form: Form) -> dict[str, Item]:
    """The fields of a form; a form says itself what it requires of the case's own fields."""
    return {
        name: item
        if isinstance(form[name], Item)
        else item.model_copy(update={"required": form[name] == "required"})
        for name, item in form_items(process, form).items()
    }


def _where(process: Process, state: object, event: Event) -> str:
    by = roles(process, event.by or ())
    if event.from_:
        by = ", ".join(filter(None, (by, *(f"案件 case of `{one}`" for one in event.from_))))
    if isinstance(event, CaseEvent):
        held = ", ".join(process.states[one].title.zh for one in accepted_in(process, event))
    else:
        held = both(process.states[str(state)].title)
    targets = dict.fromkeys(
        one for one in (event.to, *(branch.to for branch in event.branches)) if one is not None
    )
    ways = ", ".join(both(process.states[one].title) for one in targets) or "状态不变 stays"
    return f"- {by or '任何人 anybody'} · 在 in: {held} → {ways}"


def _refusals(event: Event) -> Iterator[Text]:
    yield from (check.refuse for check in event.checks)
    if event.refuse is not None:
        yield event.refuse


def _fields(items: Mapping[str, Item]) -> str:
    return table(
        ("字段 Field", "类型 Type", "必填 Required"),
        (
            (f"{both(item.title)} `{name}`", _type(item), "✓" if item.required else "")
            for name, item in items.items()
        ),
    )


def _type(item: Item) -> str:
    said = _FIELD[item.type]
    if item.unit:
        said += f" ({item.unit})"
    if isinstance(item.values, Mapping):
        said += ": " + ", ".join(f"{both(text)} `{value}`" for value, text in item.values.items())
    elif item.values:
        said += ": " + ", ".join(f"`{value}`" for value in item.values)
    if item.fields:
        said += ": " + ", ".join(both(one.title, name) for name, one in item.fields.items())
    return said + (" · 个人信息 personal" if item.personal else "")


# --- decisions, links, papers, rules --------------------------------------------------------


def decisions(process: Process) -> Iterator[tuple[str, str]]:
    """Every decision table: its heading, and its rows."""
    for name, spec in process.tables.items():
        yield f"{both(spec.title, name)} `{name}`", _decision(spec)


def _decision(spec: Table) -> str:
    inputs = list(spec.inputs)
    return table(
        (*(f"{name} (`{spec.inputs[name]}`)" for name in inputs), "结果 Answer", "规则 Rule"),
        ((*_cells(inputs, row), f"**{row.then}**", ", ".join(row.norm)) for row in spec.rows),
    )


def _cells(inputs: Iterable[str], row: Row) -> Iterator[str]:
    for name in inputs:
        cell = row.when.get(name, "—")
        yield ", ".join(map(str, cell)) if isinstance(cell, tuple) else str(cell)


def links(process: Process) -> str:
    """What the process opens and tells."""
    return table(
        ("联系 Link", "对方 Other process", "方式 How", "条件 When"),
        (
            (
                both(link.title, name),
                f"[`{link.process}`]({link.process}.md)",
                _how(link),
                f"`{link.when}`" if link.when else "",
            )
            for name, link in process.links.items()
        ),
    )


def _how(link: Link) -> str:
    if link.tell is not None:
        absent = "" if link.start == "never" else "，没有则开立 opening it if absent"
        return f"告知 tells `{link.tell}`{absent}"
    child = "子案件 opens a child" if link.child else "开立 opens"
    return child + (f"，逐条 one for each of `{link.each}`" if link.each else "")


def heard(process: Process, others: Iterable[Process]) -> str:
    """Which processes open it or tell it something."""
    return table(
        ("来自 From", "联系 Link", "方式 How"),
        (
            (f"[`{other.process}`]({other.process}.md)", both(link.title, name), _how(link))
            for other in others
            for name, link in other.links.items()
            if link.process == process.process
        ),
    )


def papers(process: Process) -> str:
    """What is printed."""
    return table(
        ("文档 Document", "表号 Form", "份数 Copies"),
        (
            (both(one.title), one.form, ", ".join(both(copy) for copy in one.copies))
            for one in process.documents.values()
        ),
    )


def calendar(process: Process) -> str:
    """When cases open by themselves."""
    return table(
        ("日程 Schedule", "何时 When", "每个 For each"),
        (
            (
                both(one.title),
                f"每 every {one.months} 个月 months · {one.day} 日 day · {one.time}",
                "服务单位 organisation" if one.each else "",
            )
            for one in process.schedules.values()
        ),
    )


def rules(process: Process, book: NormBook) -> str:
    """The rules that it keeps, with their sources and the elements that do it."""
    named: dict[str, list[str]] = {}
    for one in namings(process):
        named.setdefault(one.rule, []).append(one.path or process.process)
    return table(
        ("规则 Rule", "类别 Kind", "内容 What it says", "出处 Source", "落实 Kept by"),
        (
            (
                rule,
                _KIND[entry.norm.kind],
                f"{entry.norm.text.zh} {entry.norm.text.en}",
                ", ".join(entry.norm.source),
                ", ".join(f"`{path}`" for path in named[rule][:4])
                + (" …" if len(named[rule]) > 4 else ""),
            )
            for rule, entry in book.rules.items()
            if rule in named
        ),
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
