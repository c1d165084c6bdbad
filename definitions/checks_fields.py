"""Fields and the values given to them: declarations, defaults, scalars in `set` and `append`.

What it is: the check that a value fits its field (E305), that an enum's values are meant (E304) and
that a field says enough about itself (E307).
What it is not: expressions; `checks_expressions` compiles those.
Who may import it: the verifier and its checks.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime

from definitions.checks_finding import Finding, unknown
from definitions.checks_sites import items
from definitions.expressions import Scope, ValueType
from definitions.model import Form, Item, Process, Scalar
from definitions.problems import Path
from definitions.scope import form_items, value_type

_WHOLE = frozenset({ValueType.INT, ValueType.MONEY})
_QUOTED = re.compile(r"""\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*""")
_TEXT = r"""(?:"(?P<a>[^"\\]*)"|'(?P<b>[^'\\]*)')"""
_NAME = r"(?P<name>[a-z]+\.[a-z][a-z0-9_]*)(?![\w.])"
_COMPARED = (
    re.compile(rf"(?<![\w.]){_NAME}\s*[!=]=\s*{_TEXT}"),
    re.compile(rf"{_TEXT}\s*[!=]=\s*{_NAME}"),
)
_AMONG = re.compile(rf"(?<![\w.]){_NAME}\s+in\s*\[([^\]]*)\]")
_EACH = re.compile(_TEXT)


def check_fields(process: Process) -> list[Finding]:
    """Everything wrong with the fields themselves."""
    findings = [found for path, item in items(process) for found in _declared(path, item)]
    for name, field in process.data.items():
        if field.default is not None:
            said = misfit(field.default, field)
            if said is None and isinstance(field.default, str):
                said = _text_misfit(field.default, field)
            if said is not None:
                findings.append(Finding("E305", ("data", name, "default"), said))
    return findings


def _declared(path: Path, item: Item) -> Iterator[Finding]:
    if item.type == "enum" and not item.choices:
        yield Finding("E307", path, "an enum needs `values`")
    if item.type != "enum" and item.values is not None:
        yield Finding("E307", path, f"`values` go with an enum, not with a field of {item.type}")
    if item.type == "list" and item.of is None:
        yield Finding("E307", path, "a list says `of: text`, `of: int` or `of: record`")
    if item.type != "list" and item.of is not None:
        yield Finding("E307", path, f"`of` goes with a list, not with a field of {item.type}")
    if (item.of == "record") != bool(item.fields):
        yield Finding("E307", path, "`fields` and `of: record` go together")
    if item.min is not None and item.max is not None and item.min > item.max:
        yield Finding("E307", path, f"min {item.min} is more than max {item.max}")


def misfit(value: Scalar, item: Item) -> str | None:
    """Why a plain scalar of YAML cannot be this field's value; texts are not judged here."""
    kind = value_type(item)
    if isinstance(value, bool):
        return None if kind is ValueType.BOOL else f"true and false are no {kind.value}"
    if isinstance(value, int | float):
        if kind is not ValueType.NUMBER and (kind not in _WHOLE or isinstance(value, float)):
            return f"{value} is no {kind.value}"
        if item.min is not None and value < item.min:
            return f"{value} is less than the field's min {item.min}"
        if item.max is not None and value > item.max:
            return f"{value} is more than the field's max {item.max}"
    return None


def _text_misfit(value: str, item: Item) -> str | None:
    """Why a text cannot be the default of this field."""
    match value_type(item):
        case ValueType.TEXT:
            return None
        case ValueType.ENUM:
            known = ", ".join(item.choices)
            return None if value in item.choices else f"'{value}' is none of its values: {known}"
        case ValueType.DATE:
            return None if _is_date(value) else f"'{value}' is no date; write it YYYY-MM-DD"
        case ValueType.INSTANT:
            said = f"'{value}' is no instant; write it like 2026-11-10T09:30+08:00"
            return None if _is_instant(value) else said
    return f"a text is no {value_type(item).value}"


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_instant(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


# ---- Records that go from one list into another ----


def named_item(process: Process, form: Mapping[str, Item], source: str) -> Item | None:
    """The field behind an expression that is a name and nothing else."""
    head, _, name = source.strip().partition(".")
    known: Mapping[str, Mapping[str, Item]] = {"data": process.data, "event": form}
    return known.get(head, {}).get(name)


def columns_misfit(given: Item, wanted: Item, exact: bool) -> Iterator[str]:
    """Why records of one list cannot stand in another. `exact`: a column more is refused too."""
    source, target = given.fields or {}, wanted.fields or {}
    for name, item in target.items():
        if name not in source:
            if item.required:
                yield f"the records lack the required column '{name}'"
            continue
        have = source[name]
        if value_type(have) is not value_type(item):
            yield f"the column '{name}' is {have.type}, and {item.type} is wanted"
        elif item.type == "enum" and (strange := set(have.choices) - set(item.choices)):
            yield f"the column '{name}' may be '{min(strange)}', which is no value there"
        elif have.personal and not item.personal:
            yield f"the column '{name}' is personal, and would not be there"
    if exact:
        yield from (f"there is no column '{name}'" for name in source if name not in target)


# ---- Values of enums inside expressions ----


def literal_of(source: str) -> str | None:
    """The text if an expression is nothing but a text in quotes."""
    found = _QUOTED.fullmatch(source)
    return None if found is None else (found[1] if found[1] is not None else found[2])


def choices_by_name(
    process: Process,
    form: Mapping[str, Item] | None,
    record: Mapping[str, Item] | None = None,
) -> dict[str, tuple[str, ...]]:
    """What the text behind a dotted name can be, where that is known."""
    known = {f"data.{name}": item.choices for name, item in process.data.items() if item.choices}
    known |= {f"event.{name}": item.choices for name, item in (form or {}).items() if item.choices}
    known |= {f"item.{name}": item.choices for name, item in (record or {}).items() if item.choices}
    known["case.state"] = tuple(process.states)
    return known


def check_choices(
    process: Process,
    source: str,
    scope: Scope,
    items_: Mapping[str, Item],
    path: Path,
    record: Mapping[str, Item] | None = None,
) -> Iterator[Finding]:
    """Comparisons with a value that an enum does not have."""
    known = choices_by_name(process, items_, record)
    compared: list[tuple[str, str]] = []
    for pattern in _COMPARED:
        compared += (
            (found["name"], found["a"] or found["b"]) for found in pattern.finditer(source)
        )
    for found in _AMONG.finditer(source):
        compared += ((found["name"], each["a"] or each["b"]) for each in _EACH.finditer(found[2]))
    for name, text in dict.fromkeys(compared):
        # The empty text asks whether there is a value at all.
        if name in scope.variables and text and text not in known.get(name, (text,)):
            yield unknown("E304", path, f"value of {name}", text, known[name])


def asked(process: Process, form: Form) -> dict[str, Item]:
    """The typed fields of a form, each required or not as the form says. Unlike `forms.resolve`
    it takes a form that names fields which are not there."""
    return {
        name: item.model_copy(update={"required": form[name] == "required"})
        if isinstance(form[name], str)
        else item
        for name, item in form_items(process, form).items()
    }


def items_of(process: Process, form: object) -> dict[str, Item]:
    """The typed fields of a form, or none where there is no event."""
    return form_items(process, form) if isinstance(form, dict) else {}
