"""Decision tables: what a cell means, and which row answers.

What it is: `CompiledTable`, which evaluates, and the grammar of cells under it.
What it is not: a proof that a row always answers; that is `checks_tables`. Nor a guard against
absent values: an input without a value finds no row unless the cell is left out.
Who may import it: the checks, the core.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from definitions.budget import Budget, parse_budget
from definitions.expressions import (
    EvaluationError,
    Expression,
    ExpressionError,
    Scope,
    ValueType,
    compile_expression,
)
from definitions.model import Cell, Scalar, Table
from definitions.problems import DuecourseError

Lookup = Callable[[str], Any] | Mapping[str, Any]
Functions = Mapping[str, Callable[..., Any]]
Answer = Budget | str | bool | int | float
Test = Callable[[Any], bool]

NUMERIC = frozenset({ValueType.INT, ValueType.MONEY, ValueType.NUMBER})
TEXTUAL = frozenset({ValueType.TEXT, ValueType.ENUM, ValueType.DATE})
_NUMBER = r"-?\d{1,15}(?:\.\d{1,9})?"
_BOUND = re.compile(rf"(<=|>=|<|>) ?({_NUMBER})")
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})")
_BOUND_TESTS: Mapping[str, Callable[[float], Test]] = {
    "<=": lambda bound: lambda value: value <= bound,
    ">=": lambda bound: lambda value: value >= bound,
    "<": lambda bound: lambda value: value < bound,
    ">": lambda bound: lambda value: value > bound,
}


class TableError(DuecourseError):
    """No row answers, or more than one where the hit policy is `unique`."""

    code = "no_row_matches"


class CellError(ValueError):
    """The author's fault: this cell or answer does not fit. Its text says what would."""


# ---- Cells ----


@dataclass(frozen=True, slots=True)
class CompiledCell:
    test: Test
    points: tuple[Scalar, ...]
    """Where the meaning changes: boundaries, or the values themselves."""


def _number(text: str, kind: ValueType) -> int | float:
    if "." not in text:
        return int(text)
    if kind is not ValueType.NUMBER:
        raise CellError(f"{text} is not a whole number")
    return float(text)


def _numeric_cell(value: Scalar, kind: ValueType) -> CompiledCell:
    if isinstance(value, bool):
        raise CellError("true and false do not go with numbers")
    if isinstance(value, float) and kind is not ValueType.NUMBER:
        raise CellError(f"{value} is not a whole number")
    if not isinstance(value, str):
        exact = value
        return CompiledCell(lambda given: bool(given == exact), (value,))
    if found := _BOUND.fullmatch(value):
        bound = _number(found[2], kind)
        return CompiledCell(_BOUND_TESTS[found[1]](bound), (bound,))
    if found := _RANGE.fullmatch(value):
        low, high = _number(found[1], kind), _number(found[2], kind)
        if low > high:
            raise CellError(f"'{value}' is empty: {found[1]} is more than {found[2]}")
        return CompiledCell(lambda given: low <= given <= high, (low, high))
    raise CellError(f"'{value}' is no number; write 200, '<= 200', '> 200' or '200..300'")


def _exact_cell(value: Scalar, kind: ValueType, choices: tuple[str, ...]) -> CompiledCell:
    if kind is ValueType.BOOL and not isinstance(value, bool):
        raise CellError("write true or false")
    if kind in TEXTUAL and not isinstance(value, str):
        raise CellError(f"{value!r} is not a text; quote it")
    if choices and value not in choices:
        raise CellError(f"'{value}' is none of its values: {', '.join(choices)}")
    return CompiledCell(lambda given: bool(given == value), (value,))


def compile_cell(cell: Cell, kind: ValueType, choices: tuple[str, ...] = ()) -> CompiledCell:
    """What a cell means for an input of this type; CellError if nothing."""
    if isinstance(cell, tuple):
        if not cell:
            raise CellError("an empty list matches nothing")
        parts = [compile_cell(item, kind, choices) for item in cell]
        tests = [part.test for part in parts]
        return CompiledCell(
            lambda given: any(test(given) for test in tests),
            tuple(point for part in parts for point in part.points),
        )
    if kind in NUMERIC:
        return _numeric_cell(cell, kind)
    return _exact_cell(cell, kind, choices)


def typed_answer(then: Scalar, output: str) -> Answer:
    """A row's answer as a value of the table's output type."""
    wanted: Mapping[str, tuple[type, ...]] = {
        "budget": (str,),
        "text": (str,),
        "bool": (bool,),
        "int": (int,),
        "number": (int, float),
    }
    if not isinstance(then, wanted[output]) or (isinstance(then, bool) and output != "bool"):
        raise CellError(f"{then!r} is not of the output type {output}")
    if output == "budget":
        try:
            return parse_budget(str(then))
        except ValueError as error:
            raise CellError(str(error)) from None
    return float(then) if output == "number" else then


# ---- Inputs ----

# In this order: a whole number would pass as a number, and any text as a date.
_INPUT_TYPES = (ValueType.BOOL, ValueType.INT, ValueType.NUMBER, ValueType.TEXT)


def compile_input(
    source: str, scope: Scope, functions: Functions | None
) -> tuple[Expression, ValueType]:
    """An input's expression and type. ExpressionError if it is none, or of a type that no cell can
    be compared with."""
    if source.strip() in scope.variables:
        kind = scope.type_of(source.strip())
        if kind in NUMERIC | TEXTUAL | {ValueType.BOOL}:
            return compile_expression(source, scope, kind, functions), kind
        raise ExpressionError(
            f"a table cannot compare a value of type {kind.value}",
            hint="compare it in the input, so that it gives true or false",
        )
    compile_expression(source, scope, None, functions)
    for kind in _INPUT_TYPES:
        try:
            return compile_expression(source, scope, kind, functions), kind
        except ExpressionError:
            continue
    raise ExpressionError("an input of a table gives a text, a number, true or false")


@dataclass(frozen=True, slots=True)
class _Row:
    cells: Mapping[str, Test]
    answer: Answer

    def matches(self, values: Mapping[str, Any]) -> bool:
        return all(
            values[name] is not None and test(values[name]) for name, test in self.cells.items()
        )


class CompiledTable:
    """A table ready to answer.

    Raises ExpressionError for an input that is no expression, and CellError for a cell or an answer
    of the wrong type: faults that `check_table` reports with their places.
    """

    def __init__(self, table: Table, scope: Scope, functions: Functions | None = None) -> None:
        self._hit = table.hit
        compiled = {
            name: compile_input(source, scope, functions) for name, source in table.inputs.items()
        }
        self.names = frozenset().union(*(found.names for found, _ in compiled.values()))
        """Every declared name that an input reads."""
        self._inputs = {name: expression for name, (expression, _) in compiled.items()}
        self._rows = tuple(
            _Row(
                {
                    name: compile_cell(cell, compiled[name][1]).test
                    for name, cell in row.when.items()
                },
                typed_answer(row.then, table.output),
            )
            for row in table.rows
        )

    def decide(self, lookup: Lookup) -> Answer:
        """The answer for these bindings: a Budget where the output is `budget`."""
        values = {name: _value(expression, lookup) for name, expression in self._inputs.items()}
        found = [row.answer for row in self._rows if row.matches(values)]
        if not found:
            raise TableError("no row of the table matches", facts={"inputs": values})
        if self._hit == "unique" and len(found) > 1:
            raise TableError(
                "more than one row of the table matches",
                code="many_rows_match",
                facts={"inputs": values},
            )
        return found[0]


def _value(expression: Expression, lookup: Lookup) -> Any:
    """None where the input has no value: then only a row that leaves it out can match."""
    try:
        return expression.evaluate(lookup)
    except EvaluationError:
        return None
