"""The language's expressions: CEL text, checked once, evaluated often.

`compile_expression` checks a text against a `Scope` (which names there are, of which type) and
gives an `Expression`; what is wrong with the text is an `ExpressionError` with a column and a hint.
`Expression.evaluate` binds only the names used and gives a plain Python value; whatever CEL calls
an error is an `EvaluationError`, so that no error value is ever taken for a truth.

Instants go in and come out as whole seconds since the epoch (UTC), durations come out as whole
seconds. An absent (None) text, enum or date is "", an absent bool false, an absent list []; an
absent int, number, money or instant stays unbound, and so `has(data.n) && data.n > 1` works.
`has(data.x)` means "a value was given", for every type.

This is not where scopes are made up or calendars are read: the caller brings both. It keeps no
state but a cache of checked environments, and may be used from several threads. Anybody may
import it; nobody else imports the CEL library.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_strings

from definitions.expression_reading import (
    MAX_DEPTH,
    MAX_LITERAL,
    MAX_SOURCE,
    MAX_USES,
    Reading,
    unknown_name,
)
from definitions.expression_rounds import (
    ITEM,
    InRound,
    Names,
    Presences,
    Round,
    Steady,
    bindings,
    by_calls,
    calls,
    steady,
)
from definitions.expression_types import (
    EPOCH,
    FUNCTIONS,
    KINDS,
    EvaluationError,
    ExpressionError,
    Kind,
    Scope,
    Signature,
    Unfit,
    ValueType,
    cel_type,
)

__all__ = [
    "FUNCTIONS",
    "MAX_DEPTH",
    "MAX_LITERAL",
    "MAX_SOURCE",
    "MAX_USES",
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "Round",
    "Scope",
    "Signature",
    "ValueType",
    "cel_type",
    "compile_expression",
]

_SECOND = timedelta(seconds=1)
_FOUND = re.compile(
    r"ERROR: <input>:(-?\d+):(-?\d+): (.*?)(?=\n \| |\nERROR: | \[[A-Z_]+\]|$)", re.S
)
_STATUS = re.compile(r"^[A-Z_]+: |\s*\[[A-Z_]+\]?$")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_OVERLOAD = re.compile(r"found no matching overload for '([^']*)' applied to '\((.*)\)'")
_UNREAD = re.compile(
    r"(?:mismatched|extraneous) input '(.*?)' expecting|recognition error at: '(.*)'"
)
_ABSENT = re.compile(r'No value with name "(.*)" found in Activation')
_NUMBERS = frozenset({"double, int", "int, double"})
_TYPE_WORDS: tuple[tuple[str, str], ...] = (
    ("google.protobuf.Timestamp", "instant"),
    ("google.protobuf.Duration", "duration"),
    ("string", "text"),
    ("double", "number"),
    ("TIMESTAMP", "instant"),
    ("STRING", "text"),
    ("DOUBLE", "number"),
)
_OTHER_LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "and": "write &&",
        "or": "write ||",
        "not": "write !",
        "=": "write == to compare",
        "&": "write &&",
        "|": "write ||",
    }
)


def _in_words(type_names: str) -> str:
    for cel_word, word in _TYPE_WORDS:
        type_names = type_names.replace(cel_word, word)
    return type_names.lower()


def _cleaned(text: str) -> str:
    return _STATUS.sub("", _STATUS.sub("", text.strip())).strip()


def _refusal(raw: str, reading: Reading) -> ExpressionError:
    """CEL's first objection in words for an author."""
    found = _FOUND.search(raw)
    if found is None or found[1].startswith("-"):
        if "recursion" in raw:
            return ExpressionError("nested too deep or chained too long", hint="split it up")
        return ExpressionError(_cleaned(raw))
    before = reading.source.split("\n")[: int(found[1]) - 1]
    offset = sum(len(line) + 1 for line in before) + int(found[2]) - 1
    message = _cleaned(found[3])
    if named := _UNDECLARED.search(message):
        chain = next((c for c in reading.chains if c.start <= offset <= c.end), None)
        start = chain.start if chain else offset
        return unknown_name(named[1], start + 1, reading.scope)
    if wrong := _OVERLOAD.search(message):
        operator = (
            wrong[1].strip("_@").replace("_", " ") if not wrong[1].isidentifier() else wrong[1]
        )
        hint = reading.number_hint(offset) if wrong[2] in _NUMBERS else ""
        return ExpressionError(
            f"'{operator}' does not take ({_in_words(wrong[2])})", offset + 1, hint
        )
    if unread := _UNREAD.search(message):
        what = (unread[1] or unread[2] or "").strip()
        if what[:1] in ("'", '"'):
            return ExpressionError("this text is not closed", offset + 1, f"end it with {what[0]}")
        message = "it ends too early" if what == "<EOF>" else f"'{what}' is not expected here"
        return ExpressionError(message, offset + 1, _OTHER_LANGUAGES.get(what, ""))
    message = message.removeprefix("Syntax error: ").replace("'<EOF>'", "the end")
    return ExpressionError(message, offset + 1)


def _implementation(
    name: str, signature: Signature, given: Callable[..., Any] | None
) -> Callable[..., Any]:
    gives_instant = signature.result is ValueType.INSTANT
    expected = int if gives_instant else KINDS[signature.result].python

    def call(*arguments: Any) -> Any:
        if given is None:
            raise LookupError(f"{name} is not available here")
        typed = zip(signature.parameters, arguments, strict=True)
        result = given(*(_argument(name, kind, argument) for kind, argument in typed))
        if type(result) is not expected:
            raise TypeError(f"{name} gave {type(result).__name__}, not {expected.__name__}")
        return KINDS[ValueType.INSTANT].bind(result) if gives_instant else result

    return call


def _argument(name: str, kind: ValueType, value: Any) -> Any:
    """What CEL hands over, as a plain value. Entries of a list are typed only now."""
    if kind is ValueType.INSTANT:
        return _seconds(value)
    element = KINDS[kind].element
    if element is not object and not all(type(item) is element for item in value):
        raise TypeError(f"{name} takes {kind.value}, and an entry is of another type")
    return value


@lru_cache(maxsize=128)
def _environment(
    scope: Scope, functions: frozenset[tuple[str, Callable[..., Any]]], by_call: bool = False
) -> Any:
    """`by_call`: the present record of a pass comes in by calls."""
    given = dict(functions)
    variables: dict[str, Any] = {}
    for name in scope.variables:
        if by_call and name.startswith(ITEM):
            continue
        variables[name] = cel_type(scope.type_of(name))
        variables[f"has.{name}"] = cel.Type.BOOL
    declared = [
        cel.FunctionDecl(
            name,
            [
                cel.Overload(
                    name,
                    return_type=cel_type(signature.result),
                    parameters=[cel_type(parameter) for parameter in signature.parameters],
                    is_member=False,
                    impl=_implementation(name, signature, given.get(name)),
                )
            ],
        )
        for name, signature in FUNCTIONS.items()
    ]
    declared += calls(scope) if by_call else []
    extensions = [ext_strings.ExtStrings(), ext_math.ExtMath()]
    return cel.NewEnv(variables=variables, extensions=extensions, functions=declared)


def compile_expression(
    source: str,
    scope: Scope,
    expect: ValueType | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> "Expression":
    """Check a text; ExpressionError if it is not an expression of this type in this scope.

    `functions` holds what the names in `FUNCTIONS` do; one that is left out is still checked, and
    fails when it is evaluated. Environments are cached by scope and by the functions' identity, so
    pass the same callables for all expressions of a process.
    """
    if strange := set(functions or ()) - set(FUNCTIONS):
        raise ValueError(f"no such functions: {', '.join(sorted(strange))}")
    reading = Reading(source, scope)
    reading.read()
    given = frozenset((functions or {}).items())
    environment = _environment(scope, given)
    try:
        program = environment.compile("".join(reading.rewritten))
    except RuntimeError as error:
        raise _refusal(str(error), reading) from None
    for probe, start in reading.probes:
        value = environment.compile(probe).eval(data={})
        if value.type() == cel.Type.ERROR:
            raise ExpressionError(_cleaned(value.value()), start + 1)
    static = program.return_type().name()
    if expect is not None and static != "DYN" and not static.startswith(KINDS[expect].results):
        raise ExpressionError(f"gives {_in_words(static)}, but {expect.value} is wanted")
    bound = tuple((name, KINDS[scope.type_of(name)]) for name in sorted(reading.names))
    presences = tuple((name, f"has.{name}") for name in sorted(reading.presences))
    return Expression(
        source=source,
        expect=expect,
        names=frozenset(reading.names | reading.presences),
        _program=program,
        _bound=bound,
        _presences=presences,
        _bare=source.strip() in scope.variables,
        _checked=expect is not None and "DYN" in static,
        _steady=_steady(reading, given, bound, presences),
    )


def _steady(
    reading: Reading,
    functions: frozenset[tuple[str, Callable[..., Any]]],
    bound: Names,
    presences: Presences,
) -> Steady | None:
    """The expression once more for a pass over a list, if it reads a list for each record."""
    scope = reading.scope
    lists = any(kind.python is list for name, kind in bound if not name.startswith(ITEM))
    if not lists or f"{ITEM}index" not in scope.variables:
        return None
    environment = _environment(scope, functions, by_call=True)
    program = environment.compile(by_calls(reading.rewritten, reading.uses, scope))
    return steady(reading.source, environment, program, bound, presences, scope)


# ---- Evaluating ----


def _seconds(instant: datetime) -> int:
    return (instant - EPOCH) // _SECOND


def _result(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            if not math.isfinite(value):
                raise Unfit("a finite number")
            return value
        case datetime():
            return _seconds(value)
        case timedelta():
            return int(value / _SECOND)
        case list():
            return [_result(item) for item in value]
        case dict():
            return {_result(key): _result(item) for key, item in value.items()}
    raise Unfit("plain data")


@dataclass(frozen=True, eq=False)
class Expression:
    """A checked expression. Frozen, and free to be shared between threads."""

    source: str
    expect: ValueType | None
    names: frozenset[str]
    """Every declared name that it refers to, in has() too."""
    _program: Any = field(repr=False)
    _bound: Names = field(repr=False)
    _presences: Presences = field(repr=False)
    _bare: bool = field(repr=False)
    """Whether it is a name and nothing else, which needs no computing."""
    _checked: bool = field(repr=False)
    _steady: Steady | None = field(repr=False)

    def evaluate(self, lookup: Callable[[str], Any] | Mapping[str, Any]) -> Any:
        """The value for these bindings, as a plain Python value; EvaluationError if none.

        `lookup` gives the value of a name, or None where there is none. One of a `Round` spares
        converting lists for each record anew.
        """
        if self._steady is not None and isinstance(lookup, InRound) and not self._bare:
            shared = self._steady.activation(lookup)
            return self._answer(self._computed(self._steady.program, activation=shared))
        look = lookup if callable(lookup) else lookup.get
        data = bindings(self.source, self._bound, self._presences, look)
        if self._bare:
            return self._answer(self._named(data))
        return self._answer(self._computed(self._program, data=data))

    def _named(self, data: Mapping[str, Any]) -> Any:
        for value in data.values():
            return value
        raise EvaluationError(self.source, f"{self.source.strip()} has no value")

    def _computed(self, program: Any, **given: Any) -> Any:
        try:
            found = program.eval(**given)
            value = found.plain_value()
        except (RuntimeError, ValueError, OverflowError) as error:
            raise EvaluationError(self.source, _cleaned(str(error))) from None
        # A truth is no error, and most expressions are conditions.
        if type(value) is not bool and found.type() == cel.Type.ERROR:
            raise EvaluationError(self.source, _failure(str(value)))
        return value

    def _answer(self, value: Any) -> Any:
        if type(value) is bool and not self._checked:
            return value
        try:
            answer = _result(value)
            if self._checked and self.expect is not None:
                _check_result(value, KINDS[self.expect], self.expect)
        except Unfit as error:
            raise EvaluationError(self.source, f"the result is not {error}") from None
        return float(answer) if self.expect is ValueType.NUMBER else answer


def _failure(raw: str) -> str:
    if absent := _ABSENT.search(raw):
        return f"{absent[1]} has no value"
    return _cleaned(raw)


def _check_result(value: Any, kind: Kind, expect: ValueType) -> None:
    """What could not be checked before: the type of a record's field."""
    wanted = (int, float) if kind.python is float else kind.python
    items = value if isinstance(value, list) else []
    if (
        not isinstance(value, wanted)
        or (isinstance(value, bool) and kind.python is not bool)
        or not all(type(item) is kind.element for item in items)
    ):
        raise Unfit(expect.value)
