"""The smallest parts of the model: the frozen base, names, expressions, rule ids, lengths of time.

What it is: what every other part of the schema is made of.
What it is not: anything that a process says; `model` puts these together.
Who may import it: anybody; most take it from `definitions.model`.
"""

from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from definitions.budget import Budget, RungAt, parse_budget, parse_rung_at


class Model(BaseModel):
    """Frozen, and strict about unknown keys and types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


def as_tuple(value: object) -> object:
    """A list as a tuple, one thing as a tuple of it."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


NAMES_SCHEMA = WithJsonSchema(
    {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
)

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Expr = Annotated[str, Field(min_length=1, max_length=2000)]
"""A CEL expression, as text."""

NormId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*(-\d{1,3}[a-z]?)$")]
Norms = Annotated[
    tuple[NormId, ...],
    BeforeValidator(as_tuple),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""The rules that an element implements: one id or a list of ids."""

Names = Annotated[
    tuple[Name, ...],
    BeforeValidator(as_tuple),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


def _budget(value: object) -> object:
    if isinstance(value, Budget):
        return value
    if not isinstance(value, str):
        raise ValueError("a budget is text such as '2 hours'")
    return parse_budget(value)


def _rung_at(value: object) -> object:
    if isinstance(value, RungAt):
        return value
    if not isinstance(value, str):
        raise ValueError("the instant of a rung is text such as '75%' or 'due'")
    return parse_rung_at(value)


_AS_TEXT = PlainSerializer(str, return_type=str)
BudgetText = Annotated[
    Budget, BeforeValidator(_budget), _AS_TEXT, WithJsonSchema({"type": "string"})
]
RungAtText = Annotated[
    RungAt, BeforeValidator(_rung_at), _AS_TEXT, WithJsonSchema({"type": "string"})
]


def _span(value: Budget) -> Budget:
    if value.kind not in ("seconds", "days") or value.working or value.same_time:
        raise ValueError(f"'{value}' must be wall-clock minutes, hours or days")
    return value


SpanText = Annotated[BudgetText, AfterValidator(_span)]
"""A length of wall-clock time: minutes, hours or days."""


def _months(value: Budget) -> Budget:
    if value.kind != "months" or value.same_time:
        raise ValueError(f"'{value}' must be months, such as '60 months'")
    return value


SpanOfMonths = Annotated[BudgetText, AfterValidator(_months)]
"""A length of calendar months."""


def span_seconds(value: Budget) -> int:
    """Length of a `SpanText` in seconds; a day is 24 hours."""
    return value.amount if value.kind == "seconds" else value.amount * 86_400


Scalar = str | bool | int | float
"""A value written plainly in a file."""
