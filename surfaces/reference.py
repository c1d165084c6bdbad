"""The reference of the language, kept true by the models: `python -m surfaces.reference`.

What it is: `docs/reference.md` is written by hand between marks, and what stands inside
`<!-- generated: NAME -->` and `<!-- end -->` is made here, from the models, the tables of codes and
the arithmetic itself. A test fails when the page differs from what the code says.
What it is not: the JSON Schema of a file (`definitions.schema`).
Only its test imports it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from definitions import model
from definitions.budget import Budget, parse_budget, parse_rung_at
from definitions.calendar import Calendar
from definitions.expression_types import FUNCTIONS
from definitions.loader import FOLDER
from definitions.reader import read
from definitions.scope import case_scope
from definitions.shape import shaped
from definitions.text import Text
from surfaces import scenario
from surfaces.codes import CODES
from surfaces.instants import parse_instant, short
from surfaces.reference_meanings import MEANINGS, SCENARIO_MEANINGS
from workflows.core.case import Cycle
from workflows.core.deadlines import Ruler, deadline
from workflows.core.errors import REFUSALS
from workflows.core.rungs import rung_instant
from workflows.core.worktime import Always, Worktime

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reference.md"
_BLOCK: Final = re.compile(r"(<!-- generated: (\S+) -->\n).*?(<!-- end -->)", re.S)

# What a type is called; the first that fits counts.
_WORDS: Final[tuple[tuple[Any, str], ...]] = (
    (model.Name, "name"),
    (model.Expr, "expression"),
    (model.Norms, "rule or list of rules"),
    (model.Names, "name or list of names"),
    (model.BudgetText, "budget"),
    (model.SpanOfMonths, "months"),
    (model.SpanText, "length"),
    (model.RungAtText, "instant of a rung"),
    (model.Triggers, "trigger or list of triggers"),
    (model.Scalar, "value"),
    (model.Given, "value or [table's answer](#answer-of-a-table)"),
    (model.Move.__annotations__["open"], "name or list of names"),
    (model.Cell, "cell"),
    (model.FormField, "`required` · `optional` · [field](#field)"),
    (model.Rung.__annotations__["to"], "role, list of roles or list of [recipients](#recipients)"),
    (scenario.Instant, "instant"),
    (scenario.Time, "instant or offset"),
    (scenario.Length, "length"),
    (scenario.CaseId, "`process:key`"),
    (scenario.Clocks, "clocks"),
    (Text, "text `{zh, en}`"),
    (str, "text"),
    (bool, "true or false"),
    (int, "whole number"),
    (float, "number"),
    (date, "date"),
    (Any, "value"),
)
# How the page calls a model that is not called as its class, and the heading with its keys.
_SECTIONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "definitions.fields.Item": ("field", "field"),
        "definitions.fields.DataField": ("field of the case", "fields"),
        "definitions.moves.CaseEvent": ("event", "event"),
        "definitions.promises.BudgetFromTable": ("budget from a table", "budget-from-a-table"),
        "definitions.promises.BudgetUntil": ("promised instant", "promised-instant"),
        "definitions.outward.FromTable": ("table's answer", "answer-of-a-table"),
        "definitions.calendar.Calendar": ("calendar", "calendars"),
        "definitions.calendar.Week": ("week", "calendars"),
        "surfaces.scenario.Start": ("start", "scenario-start"),
        "surfaces.scenario.ClockExpect": ("clock", "clock-expected"),
        "surfaces.scenario.RetractedExpect": ("retraction", "retracted-expected"),
        "surfaces.scenario.NoticeExpect": ("notice", "notice-expected"),
        "surfaces.scenario.CaseExpect": ("case", "case-expected"),
        "surfaces.scenario.DocumentExpect": ("document", "document-expected"),
    }
)
# What builds on these does not say their keys again.
_BASES: Final = (model.Item, model.Move, model.Event)


def refreshed(text: str) -> str:
    """The page with every generated block made anew. Raises KeyError for a block that is unknown,
    and for a key that has no meaning or a meaning that has no key."""
    return _BLOCK.sub(lambda found: f"{found[1]}{_made(found[2])}{found[3]}", text)


def _made(name: str) -> str:
    kind, _, rest = name.partition(":")
    if kind == "keys":
        return _keys(getattr(model, rest, None) or Calendar, MEANINGS[rest])
    if kind == "scenario":
        return _keys(getattr(scenario, rest), SCENARIO_MEANINGS[rest])
    return _TABLES[name]()


def _rows(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


# --- keys of models -------------------------------------------------------------------------


def _keys(kind: type[BaseModel], meanings: Mapping[str, str]) -> str:
    hints = get_type_hints(kind, include_extras=True)
    own = kind.__annotations__ if kind.__base__ in _BASES else kind.model_fields
    fields = {kind.model_fields[name].alias or name: name for name in own}
    if odd := set(fields) ^ set(meanings):
        raise KeyError(f"{kind.__name__}: key without a meaning or the reverse: {sorted(odd)}")
    return _rows(
        ("key", "type", "default", "meaning"),
        (
            (f"`{key}`", _type(hints[name]), _default(kind.model_fields[name]), meanings[key])
            for key, name in fields.items()
        ),
    )


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "**needed**"
    value = info.get_default(call_default_factory=True)
    if value in (None, "", (), {}) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, bool):
        return "" if value is False else "`true`"
    return f"`{value}`"


def _type(hint: Any) -> str:
    for known, word in _WORDS:
        if hint is known or (get_origin(hint) is not None and hint == known):
            return word
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _type(inner[0])
    if origin is Literal:
        return " · ".join(f"`{value}`" for value in inner)
    if origin in (Union, UnionType):
        kept = tuple(one for one in inner if one not in (NoneType, tuple[()]))
        if kept == get_args(model.Scalar):
            return "value"
        return " · ".join(dict.fromkeys(map(_type, kept)))
    if origin is tuple:
        return f"list of {_type(inner[0])}"
    if origin is dict:
        return f"mapping to {_type(inner[1])}"
    word, heading = _SECTIONS.get(
        f"{hint.__module__}.{hint.__name__}", (hint.__name__.lower(), hint.__name__.lower())
    )
    return f"[{word}](#{heading})"


# --- tables made of the arithmetic ----------------------------------------------------------

_MONDAY: Final = "2026-11-09T15:00+08:00"
_BUDGETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "30 minutes": "wall-clock time",
        "2 hours": "wall-clock time",
        "30 working_minutes": "time in which the calendar is open",
        "8 working_hours": "time in which the calendar is open",
        "3 days": "ends of days; the starting day is not counted",
        "1 working_day": "ends of working days",
        "7 working_days": "ends of working days",
        "1 working_day same_time": "the same time of day, inclusive",
        "3 months": "the end of the day of the same number, or of the month's last",
        "day 5 of month": "the end of the first such day after the start",
        "day 5 of next month": "the end of that day in the month after the start's",
    }
)
_RUNGS: Final[tuple[tuple[str, str], ...]] = (
    ("2 hours", "75%"),
    ("2 hours", "due"),
    ("2 hours", "30 minutes before due"),
    ("2 hours", "30 minutes after start"),
    ("2 hours", "1 hour after due"),
    ("2 hours", "50% after due, at least 1 hour, at most 24 hours"),
    ("72 hours", "50% after due, at least 1 hour, at most 24 hours"),
    ("30 working_minutes", "1 working_hour after due"),
    ("3 working_days", "09:00 on the last working day before due"),
    ("3 working_days", "09:00 on the 2nd last working day before due"),
    ("3 working_days", "09:00 on the due day"),
    ("3 working_days", "due"),
    ("3 working_days", "1 working_day after due"),
)


def _worktime() -> Worktime:
    path = FOLDER / "calendars" / "cn.yaml"
    calendar, problems = shaped(Calendar, read(path.read_bytes(), path.name))
    assert calendar is not None, problems
    return Worktime(calendar)


def _ruler(budget: Budget, days: Worktime) -> Ruler:
    return Ruler(budget, days if budget.working else Always(str(days.zone)), days)


def _cycle(budget: str) -> Cycle:
    start = parse_instant(_MONDAY)
    return Cycle("example", 1, start, start, "running", budget=budget)


def _budgets() -> str:
    days, rows = _worktime(), []
    for text, meaning in _BUDGETS.items():
        due = deadline(_ruler(parse_budget(text), days), _cycle(text))
        assert due is not None
        shown = short(due.at, str(days.zone), due.exclusive)
        rows.append((f"`{text}`", meaning, shown))
    return _rows(("budget", "counts", "from Mon 2026-11-09 15:00, due"), rows)


def _rungs() -> str:
    days, rows = _worktime(), []
    for text, at in _RUNGS:
        ruler, cycle = _ruler(parse_budget(text), days), _cycle(text)
        due = deadline(ruler, cycle)
        assert due is not None
        stands = rung_instant(ruler, cycle, due, parse_rung_at(at))
        assert stands is not None
        zone = str(days.zone)
        ends_day = due.exclusive and _is_midnight(stands, zone)
        shown = short(stands, zone, ends_day)
        rows.append((f"`{at}`", f"`{text}`", short(due.at, zone, due.exclusive), shown))
    return _rows(("rung", "budget", "due", "stands at"), rows)


def _is_midnight(instant: int, zone: str) -> bool:
    return "00:00" in short(instant, zone)


def _names() -> str:
    bare = model.Process.model_construct(states={}, data={}, clocks={}, anywhere={})
    known = {**case_scope(bare, {}).variables}
    rows = [
        (f"`{name}`", str(model_type), _NAMES[name]) for name, model_type in sorted(known.items())
    ]
    rows += [(f"`{name}`", kind, meaning) for name, (kind, meaning) in _OPEN_NAMES.items()]
    return _rows(("name", "type", "value"), rows)


_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "case.process": "the id of its process",
        "case.key": "the case's key",
        "case.state": "its present state",
        "case.opened_at": "when it was opened",
        "case.closed": "whether it is closed for the customer",
        "case.number": "1, and one more for each later case of the same key",
        "actor.id": "who sends the event",
        "actor.roles": "the roles in which the sender acts",
        "owner.id": "who is responsible",
        "now": "the instant for which the event stands",
        "tasks.done": "tasks of the present state that are done",
        "tasks.open": "tasks of the present state that are not",
        "event.at": "when the event occurred",
        "event.name": "the event's name",
    }
)
_OPEN_NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "data.FIELD": ("the field's", "a field of the case; a record in a list is `x.column`"),
        "event.FIELD": ("the field's", "a field of the event's form"),
        "item.COLUMN": ("the column's", "of the present record, where a list is worked through"),
        "item.index": ("int", "its place in the list, from 1"),
        "schedule.at": ("instant", "in a schedule: the instant of the opening"),
        "schedule.month": ("text", "its month, `2026-11`"),
        "schedule.organisation": ("text", "the organisation, with `each: organisation`"),
        "clocks.CLOCK.running": ("bool", "whether a cycle of it is open (paused ones too)"),
        "clocks.CLOCK.breached": ("bool", "whether its latest cycle was missed"),
    }
)
_FUNCTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "local_date": "the local date, as text `2026-11-09`",
        "local_hour": "the local hour, 0 to 23",
        "is_working_day": "whether the local date is a working day",
        "in_working_hours": "whether the calendar is open then",
        "working_days_between": "working days after the earlier date up to the later one",
        "local_month": "the local month, as text `2026-11`",
        "month_start": "00:00 of the month's first day; `2026-11` is a month",
        "month_end": "the month's last day",
        "months_after": "the same day so many months on, or that month's last day",
        "days_after": "the date so many days on",
        "date_start": "00:00 of that day",
        "at_time": "the instant of a local time such as `'09:30'` on that day",
        "days_between": "days from the first date to the second; negative if that is earlier",
        "month_of": "the month's number, 1 to 12",
        "year_of": "the year",
        "working_day_from": "the day itself if it is a working day, else the next one",
        "working_days_after": "the n-th working day after it (before it, for a negative n)",
        "sum": "the sum of whole numbers, such as `data.lines.map(x, x.amount)`; 0 of none",
    }
)


def _functions() -> str:
    rows = []
    for name, signature in FUNCTIONS.items():
        takes = ", ".join(parameter.value for parameter in signature.parameters)
        rows.append((f"`{name}({takes})`", signature.result.value, _FUNCTIONS[name]))
    return _rows(("function", "gives", "meaning"), rows)


def _refusals() -> str:
    return _rows(
        ("code", "中文", "English"),
        ((f"`{code}`", text.zh, text.en) for code, text in REFUSALS.items()),
    )


def _codes() -> str:
    return _rows(
        ("code", "含义", "meaning", "怎么办", "what to do"),
        (
            (f"`{code}`", known.means.zh, known.means.en, known.do.zh, known.do.en)
            for code, known in CODES.items()
        ),
    )


def _scenario_codes() -> str:
    return _rows(
        ("code", "problem", "meaning"),
        ((code, title, meaning) for code, (title, meaning) in scenario.CODES.items()),
    )


_TABLES: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "budgets": _budgets,
        "rungs": _rungs,
        "names": _names,
        "functions": _functions,
        "refusals": _refusals,
        "codes": _codes,
        "scenario-codes": _scenario_codes,
    }
)


def main() -> None:
    """Write the page."""
    PAGE.write_text(refreshed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
