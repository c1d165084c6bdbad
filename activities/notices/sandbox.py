"""Templates that can do nothing: names, their parts, four filters and `if`.

What it is: jinja2 with everything else refused before it is compiled, so that the size of what a
template makes is bounded by what it is given. Parts are looked up in mappings only. An unknown
name is an error; a field that is not filled in is a dash, since loading has checked that the field
exists, and a notice must not be lost for an optional one.
What it is not: words. Who may import it: `templates`, and compositions that want to check a
process's texts (`problems_of`).
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, Template, TemplateError, Undefined, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from activities.notices.channels.base import Permanent, cut, reason
from activities.notices.wording import LABELS, WEEKDAYS
from definitions.text import Lang

MAX_SOURCE = 8 * 1024
MAX_OUTPUT = 8 * 1024
MAX_TOKENS = 40
MAX_BLOCKS = 40
# Everything that a template may be made of. Arithmetic, calls, loops and macros are not.
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Const,
    nodes.Filter,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Test,
)
_NOTHING = "—"
_TESTS = frozenset({"defined", "none"})


def local(instant: int, zone: str) -> datetime:
    """The instant in a zone."""
    return datetime.fromtimestamp(instant, ZoneInfo(zone))


def day_text(day: date, lang: Lang) -> str:
    """`2026-11-12（周四）` or `Thu 2026-11-12`."""
    weekday = WEEKDAYS[lang][day.weekday()]
    return f"{day.isoformat()}（{weekday}）" if lang == "zh" else f"{weekday} {day.isoformat()}"


def instant_text(instant: int, zone: str, lang: Lang) -> str:
    """Day and time in a zone, with seconds only where there are any."""
    there = local(instant, zone)
    blank = "" if lang == "zh" else " "
    return f"{day_text(there.date(), lang)}{blank}{_time(there)}"


def _time(there: datetime) -> str:
    return there.strftime("%H:%M:%S" if there.second else "%H:%M")


def _instant(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{type(value).__name__} is not an instant")
    return value


@pass_context
def _as_instant(context: Context, value: object) -> str:
    if value is None:
        return _NOTHING
    return instant_text(_instant(value), context["zone"], context["lang"])


@pass_context
def _as_date(context: Context, value: object) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, str):
        return day_text(date.fromisoformat(value), context["lang"])
    return day_text(local(_instant(value), context["zone"]).date(), context["lang"])


@pass_context
def _as_time(context: Context, value: object) -> str:
    if value is None:
        return _NOTHING
    return _time(local(_instant(value), context["zone"]))


def _as_money(value: object) -> str:
    if value is None:
        return _NOTHING
    fen = _instant(value)
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


@pass_context
def _final(context: Context, value: object) -> str:
    """How a value that no filter took stands in a text."""
    lang: Lang = context["lang"]
    match value:
        case Undefined():
            return str(value)  # Raises: it says which name is not there.
        case None:
            return _NOTHING
        case bool():
            return LABELS[lang]["yes" if value else "no"]
        case str() | int() | float():
            return str(value)
        case list() | tuple():
            words = [str(one) for one in value if isinstance(one, str | int | float)]
            if len(words) == len(value):
                return LABELS[lang]["list"].join(words)
        case Mapping() if isinstance(value.get(lang), str):
            return str(value[lang])
    raise TypeError("a record has no text of its own: name one of its fields")


class _Environment(ImmutableSandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        """A part of a mapping, None if it is not filled in; nothing else has parts, so that no
        method can be reached."""
        if isinstance(obj, Mapping):
            return obj.get(attribute)
        return self.undefined(obj=obj, name=attribute)


def _environment() -> _Environment:
    made = _Environment(
        undefined=StrictUndefined, finalize=_final, optimized=False, keep_trailing_newline=False
    )
    made.globals.clear()
    made.filters = {
        "instant": _as_instant,
        "date": _as_date,
        "time": _as_time,
        "money": _as_money,
    }
    made.tests = {name: made.tests[name] for name in _TESTS}
    return made


_ENVIRONMENT = _environment()


def problems_of(source: str) -> tuple[str, ...]:
    """What is refused in a template, or nothing."""
    if len(source.encode("utf-8", "replace")) > MAX_SOURCE:
        return (f"over {MAX_SOURCE} bytes",)
    try:
        if too_much := _too_much(source):
            return (too_much,)
        tree = _ENVIRONMENT.parse(source)
    except TemplateError as broken:
        return (reason(str(broken)),)
    return tuple(dict.fromkeys(_refused(tree)))


def _too_much(source: str) -> str:
    """Parsing and compiling recurse; reading tokens does not, and bounds how deep they can go."""
    tokens = blocks = 0
    for _, kind, _ in _ENVIRONMENT.lex(source):
        if kind in ("variable_begin", "block_begin"):
            tokens, blocks = 0, blocks + (kind == "block_begin")
        tokens += kind not in ("data", "whitespace")
        if tokens > MAX_TOKENS:
            return f"over {MAX_TOKENS} signs and names in one placeholder"
    return f"over {MAX_BLOCKS} blocks" if blocks > MAX_BLOCKS else ""


def _refused(tree: nodes.Template) -> Iterator[str]:
    for node in (tree, *tree.find_all(nodes.Node)):
        kind = type(node).__name__.lower()
        match node:
            case nodes.Filter() if node.name not in _ENVIRONMENT.filters:
                yield f"filter '{node.name}' is not one of {', '.join(_ENVIRONMENT.filters)}"
            case nodes.Filter() if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
                yield f"filter '{node.name}' takes nothing"
            case nodes.Test() if node.name not in _TESTS:
                yield f"test '{node.name}' is not one of {', '.join(sorted(_TESTS))}"
            case nodes.Getattr() if node.attr.startswith("_"):
                yield f"'{node.attr}' is not a field"
            case nodes.Name() if node.name.startswith("_") or node.ctx != "load":
                yield f"'{node.name}' cannot be used"
            case _ if not isinstance(node, _ALLOWED):
                yield f"'{kind}' is not allowed: only names, fields, filters and if"


@lru_cache(maxsize=512)
def _compiled(source: str) -> Template:
    if refused := problems_of(source):
        raise Permanent(reason(f"template: {refused[0]}"))
    return _ENVIRONMENT.from_string(source)


def render(source: str, values: Mapping[str, Any], lang: Lang, zone: str) -> str:
    """The text, at most `MAX_OUTPUT` bytes. Raises `Permanent` for whatever goes wrong: the same
    template over the same values will never do better."""
    try:
        pieces: list[str] = []
        size = 0
        for piece in _compiled(source).generate({**values, "lang": lang, "zone": zone}):
            pieces.append(piece)
            size += len(piece.encode("utf-8", "replace"))
            if size > MAX_OUTPUT:
                break
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, OSError) as broken:
        raise Permanent(reason(f"template: {broken}")) from broken
    text = "".join(pieces).encode("utf-8", "replace").decode()
    return cut(text, MAX_OUTPUT)
