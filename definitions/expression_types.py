"""The types of an expression's values: how each is bound, what it is when absent, its CEL type.

Also the scope that an expression is checked against, the functions that it may call, and the two
errors. Nothing is compiled or evaluated here; `definitions.expressions` does that and is where
everybody else imports these names from.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from cel_expr_python import cel

from definitions.problems import DuecourseError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

UNUSABLE = re.compile("[\\0\ud800-\udfff]")
"""CEL's library cuts a text at NUL ("a\\0b" would equal "a") and cannot hold a lone surrogate."""


class ValueType(StrEnum):
    """The types of values. `duration` is a result and never a field's type."""

    TEXT = "text"
    BOOL = "bool"
    INT = "int"
    NUMBER = "number"
    """A double. CEL does not mix it with int: 200.0, not 200."""
    MONEY = "money"
    """Whole fen (cents)."""
    DATE = "date"
    """Text YYYY-MM-DD, which compares as dates do."""
    INSTANT = "instant"
    DURATION = "duration"
    ENUM = "enum"
    LIST_TEXT = "list_text"
    LIST_INT = "list_int"
    LIST_RECORD = "list_record"
    """Maps from text to anything plain."""

    # An enum's own hash is computed anew each time; a text keeps its.
    __hash__ = str.__hash__


class ExpressionError(DuecourseError):
    """The author's fault: this text is no expression here. `column` counts characters of the
    whole text from 1, line ends included."""

    code = "expression_invalid"

    def __init__(self, message: str, column: int = 1, hint: str = "") -> None:
        super().__init__(message, hint=hint, facts={"column": column})
        self.column = column


class EvaluationError(DuecourseError):
    """A checked expression has no value for these bindings: something needed is absent, a
    division by zero, an overflow."""

    code = "expression_failed"

    def __init__(self, source: str, message: str) -> None:
        super().__init__(message, facts={"source": source})
        self.source = source


class Unfit(Exception):
    """A value that is not of its declared type; carries what was wanted."""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return _usable(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise Unfit("text")


def _usable(text: str) -> str:
    if UNUSABLE.search(text):
        raise Unfit("usable text: it holds NUL or half of a surrogate pair")
    return text


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unfit("true or false")
    return value


def _int(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unfit("a whole number")
    if not -(2**63) <= value < 2**63:
        raise Unfit("a whole number of 64 bits")
    return value


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Unfit("a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Unfit("a finite number")
    return number


def _instant(value: Any) -> datetime:
    try:
        return EPOCH + timedelta(seconds=_int(value))
    except OverflowError:
        raise Unfit("an instant in the years 1 to 9999") from None


def _duration(value: Any) -> timedelta:
    try:
        return timedelta(seconds=_int(value))
    except OverflowError:
        raise Unfit("a duration that can be held") from None


def _list_of(element: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    def bind(value: Any) -> list[Any]:
        if isinstance(value, set | frozenset):
            value = sorted(value)  # the same binding gives the same result
        if not isinstance(value, list | tuple):
            raise Unfit("a list")
        return [element(item) for item in value]

    return bind


def _record(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise Unfit("a list of records")
    return _plain(value)


def _plain(value: Any) -> Any:
    """Frozen containers thawed, as the library knows only lists and dicts."""
    if isinstance(value, Mapping):
        return {_text(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return _usable(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _int(value)
    if value is None or isinstance(value, bool | float):
        return value
    raise Unfit("plain data")


UNBOUND = object()


class Kind(NamedTuple):
    """How a type of the language stands in CEL."""

    cel_type: Any
    bind: Callable[[Any], Any]
    absent: Any
    results: tuple[str, ...]
    """Beginnings of the names of the static types that an expression of this type may have."""
    python: type
    element: type = object


_STRING = Kind(cel.Type.STRING, _text, "", ("STRING",), str)
_INT = Kind(cel.Type.INT, _int, UNBOUND, ("INT",), int)
_RECORDS = cel.Type.List(cel.Type.Map(cel.Type.STRING, cel.Type.DYN))
_STRINGS = cel.Type.List(cel.Type.STRING)
_INTS = cel.Type.List(cel.Type.INT)

_texts, _ints, _records = _list_of(_text), _list_of(_int), _list_of(_record)

KINDS: Mapping[ValueType, Kind] = MappingProxyType(
    {
        ValueType.TEXT: _STRING,
        ValueType.ENUM: _STRING,
        ValueType.DATE: _STRING,
        ValueType.BOOL: Kind(cel.Type.BOOL, _bool, False, ("BOOL",), bool),
        ValueType.INT: _INT,
        ValueType.MONEY: _INT,
        ValueType.NUMBER: Kind(cel.Type.DOUBLE, _number, UNBOUND, ("DOUBLE", "INT"), float),
        ValueType.INSTANT: Kind(cel.Type.TIMESTAMP, _instant, UNBOUND, ("TIMESTAMP",), datetime),
        ValueType.DURATION: Kind(cel.Type.DURATION, _duration, UNBOUND, ("DURATION",), timedelta),
        ValueType.LIST_TEXT: Kind(_STRINGS, _texts, [], ("LIST<STRING>", "LIST<DYN>"), list, str),
        ValueType.LIST_INT: Kind(_INTS, _ints, [], ("LIST<INT>", "LIST<DYN>"), list, int),
        ValueType.LIST_RECORD: Kind(_RECORDS, _records, [], ("LIST<MAP<", "LIST<DYN>"), list, dict),
    }
)


def cel_type(value_type: ValueType) -> Any:
    """The library's type for a type of the language."""
    return KINDS[value_type].cel_type


class Signature(NamedTuple):
    """What a function of ours takes and gives."""

    parameters: tuple[ValueType, ...]
    result: ValueType


_AT = (ValueType.INSTANT,)
_STEP = (ValueType.DATE, ValueType.INT)
FUNCTIONS: Mapping[str, Signature] = MappingProxyType(
    {
        "local_date": Signature(_AT, ValueType.DATE),
        "local_hour": Signature(_AT, ValueType.INT),
        "is_working_day": Signature(_AT, ValueType.BOOL),
        "in_working_hours": Signature(_AT, ValueType.BOOL),
        "working_days_between": Signature((*_AT, *_AT), ValueType.INT),
        "local_month": Signature(_AT, ValueType.TEXT),
        "month_start": Signature((ValueType.TEXT,), ValueType.INSTANT),
        "month_end": Signature((ValueType.TEXT,), ValueType.DATE),
        "months_after": Signature(_STEP, ValueType.DATE),
        "days_after": Signature(_STEP, ValueType.DATE),
        "date_start": Signature((ValueType.DATE,), ValueType.INSTANT),
        "at_time": Signature((ValueType.DATE, ValueType.TEXT), ValueType.INSTANT),
        "days_between": Signature((ValueType.DATE, ValueType.DATE), ValueType.INT),
        "month_of": Signature((ValueType.DATE,), ValueType.INT),
        "year_of": Signature((ValueType.DATE,), ValueType.INT),
        "working_day_from": Signature((ValueType.DATE,), ValueType.DATE),
        "working_days_after": Signature(_STEP, ValueType.DATE),
        "sum": Signature((ValueType.LIST_INT,), ValueType.INT),
    }
)
"""Every expression may call these; the caller brings what they do. They take and give plain
values: an instant as epoch seconds, a date as its text, a list as a list."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
WORDS = frozenset({"true", "false", "null", "in"})


@dataclass(frozen=True)
class Scope:
    """The names that an expression may use, dotted as written (`data.amount`, `now`)."""

    variables: Mapping[str, ValueType | str] = field(compare=False)
    _items: tuple[tuple[str, ValueType], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        items = tuple(sorted((name, ValueType(kind)) for name, kind in self.variables.items()))
        for name, _ in items:
            parts = name.split(".")
            if not _NAME.fullmatch(name) or parts[0] == "has" or not WORDS.isdisjoint(parts):
                raise ValueError(f"not a name for expressions: {name!r}")
        object.__setattr__(self, "_items", items)
        object.__setattr__(self, "variables", MappingProxyType(dict(items)))

    def type_of(self, name: str) -> ValueType:
        """The type of a declared name; KeyError for another."""
        return ValueType(self.variables[name])
