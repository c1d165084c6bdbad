"""Expressions over the records of a list, one after another: what they share is converted once.

What it is: `Round`, one pass over a list, whose lookups name the present record `item`; and
`Steady`, an expression made a second time for such passes. CEL converts a whole list each time it
is bound, so that a list that is read for each of its records costs the square of its length. An
activation keeps what it has converted; in it stands all that the records share, and the present
record comes in by calls.
What it is not: needed for a result. An expression gives the same by an ordinary lookup.
Who may import it: `definitions.expressions`, where everybody else finds `Round`.

Nothing is ever stale: before each evaluation the outer values are looked up again, and one that is
not the same as before makes a new activation. Lists of numbers and records are the same only if
they are the same object, which asks of all that nobody changes a list in place.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from cel_expr_python import cel

from definitions.expression_reading import Use
from definitions.expression_types import (
    KINDS,
    UNBOUND,
    EvaluationError,
    Kind,
    Scope,
    Unfit,
    cel_type,
)

ITEM = "item."
"""How the names of the present record begin."""

Look = Callable[[str], Any]
Names = tuple[tuple[str, Kind], ...]
Presences = tuple[tuple[str, str], ...]


class Round:
    """One pass over a list. It belongs to one thread and is given up when the pass is over."""

    __slots__ = ("held", "outer")

    def __init__(self, outer: Look) -> None:
        self.outer = outer
        self.held: dict[Steady, _Held] = {}

    def at(self, column: Look) -> "InRound":
        """The lookup whose `item.*` are these columns, and all else what the records share."""
        return InRound(self, column)


class InRound:
    """A lookup that knows the present record of a pass."""

    __slots__ = ("column", "round")

    def __init__(self, of: Round, column: Look) -> None:
        self.round, self.column = of, column

    def __call__(self, name: str) -> Any:
        if name.startswith(ITEM):
            return self.column(name[len(ITEM) :])
        return self.round.outer(name)


class _Held(NamedTuple):
    """An activation, and the values that were looked up for it."""

    values: tuple[Any, ...]
    activation: Any


def bindings(source: str, names: Names, presences: Presences, look: Look) -> dict[str, Any]:
    """The values of names as CEL takes them; EvaluationError if one is of another type."""
    data: dict[str, Any] = {key: look(name) is not None for name, key in presences}
    for name, kind in names:
        value = look(name)
        if value is None:
            if kind.absent is not UNBOUND:
                data[name] = kind.absent
            continue
        try:
            data[name] = kind.bind(value)
        except Unfit as error:
            raise EvaluationError(source, f"{name} is not {error}") from None
    return data


# ---- The present record, by calls ----


class _Here(threading.local):
    """The values of the present record in the evaluation that this thread is in."""

    values: Mapping[str, Any]


_here = _Here()


def _own(scope: Scope) -> list[tuple[str, str, Any]]:
    """What stands for each name of the present record: (name, function, type)."""
    found = [name for name in scope.variables if name.startswith(ITEM)]
    typed = [(name, cel_type(scope.type_of(name))) for name in found]
    typed += [(f"has.{name}", cel.Type.BOOL) for name in found]
    return [(name, f"present_{number}", of) for number, (name, of) in enumerate(typed)]


def calls(scope: Scope) -> list[Any]:
    """The functions that give the values of the present record."""
    return [
        cel.FunctionDecl(
            function,
            [
                cel.Overload(
                    function, return_type=of, parameters=[], is_member=False, impl=_given(name)
                )
            ],
        )
        for name, function, of in _own(scope)
    ]


def _given(name: str) -> Callable[[], Any]:
    def call() -> Any:
        try:
            return _here.values[name]
        except KeyError:
            raise LookupError(f"{name} has no value") from None

    return call


def by_calls(text: Iterable[str], uses: Iterable[Use], scope: Scope) -> str:
    """A text, already rewritten for CEL, in which each name of the present record is a call."""
    functions = {name: function for name, function, _ in _own(scope)}
    parts = list(text)
    for use in uses:
        if use.name in functions:
            blank = [""] * (use.end - use.start - 1)
            parts[use.start : use.end] = [f"{functions[use.name]}()", *blank]
    return "".join(parts)


# ---- The expression for a pass ----


@dataclass(frozen=True, eq=False)
class Steady:
    """An expression in which names of the present record are calls, and its other names."""

    source: str
    environment: Any
    program: Any
    watched: tuple[tuple[str, bool], ...]
    """Outer names, and whether equal values are the same; else only one object is."""
    outer: tuple[Names, Presences]
    own: tuple[Names, Presences]

    def activation(self, look: InRound) -> Any:
        """What to evaluate the program with for the present record."""
        values = tuple(look.round.outer(name) for name, _ in self.watched)
        held = look.round.held.get(self)
        if held is None or not self._same(held.values, values):
            shared = bindings(self.source, *self.outer, look.round.outer)
            held = _Held(values, self.environment.Activation(shared))
            look.round.held[self] = held
        _here.values = bindings(self.source, *self.own, look)
        return held.activation

    def _same(self, old: tuple[Any, ...], new: tuple[Any, ...]) -> bool:
        return all(
            was is now or (by_value and type(was) is type(now) and was == now)
            for (_, by_value), was, now in zip(self.watched, old, new, strict=True)
        )


def steady(
    source: str, environment: Any, program: Any, names: Names, presences: Presences, scope: Scope
) -> Steady:
    """What a pass needs to know of an expression that reads these names."""
    read = sorted({name for name, _ in names} | {name for name, _ in presences})
    return Steady(
        source=source,
        environment=environment,
        program=program,
        watched=tuple(
            (name, KINDS[scope.type_of(name)].element in (object, str))
            for name in read
            if not name.startswith(ITEM)
        ),
        outer=_of(names, presences, False),
        own=_of(names, presences, True),
    )


def _of(names: Names, presences: Presences, own: bool) -> tuple[Names, Presences]:
    return (
        tuple(one for one in names if one[0].startswith(ITEM) is own),
        tuple(one for one in presences if one[0].startswith(ITEM) is own),
    )
