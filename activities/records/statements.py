"""Statements that are made ready once and run with every turn.

What it is: `Prepared`, a statement without its values. On SQLite, whose driver costs next to
nothing, it goes to the driver as finished text, with what turns each value into the driver's found
once: finding both anew took most of a transaction's time. On PostgreSQL, where the way to the
server costs more, SQLAlchemy runs it.
What it is not: another way to say SQL; the statements are SQLAlchemy's.
Who may import it: the records.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, Update

from activities.records.engine import driver_of

Values = Mapping[str, Any]
Process = Callable[[Any], Any]


class Prepared:
    """One statement. All its rows have the same names; it holds no list of values (`in_`)."""

    def __init__(self, statement: Insert | Update | Delete) -> None:
        self._statement = statement
        self._ready: _Ready | None = None

    def run(self, connection: Connection, rows: Sequence[Values]) -> int:
        """Run it for each row, at least one; how many rows it inserted, replaced or changed."""
        if connection.dialect.name != "sqlite":
            # Without the option the drivers do not agree on the number.
            counted = {"preserve_rowcount": True}
            return connection.execute(self._statement, rows, execution_options=counted).rowcount
        if self._ready is None:
            self._ready = _made_ready(self._statement, connection.dialect, rows[0])
        ready = self._ready
        given = [
            [value if to is None else to(value) for value, to in ready.of(row)] for row in rows
        ]
        with driver_of(connection) as driver:
            return driver.executemany(ready.text, given).rowcount


@dataclass(frozen=True, slots=True)
class _Ready:
    """The text, and for each of its places the name of its value and what makes it the driver's.
    `fixed` are values that the statement brings along."""

    text: str
    names: tuple[str, ...]
    processes: tuple[Process | None, ...]
    fixed: Values

    def of(self, row: Values) -> Iterator[tuple[Any, Process | None]]:
        values = {**self.fixed, **row} if self.fixed else row
        return zip(map(values.__getitem__, self.names), self.processes, strict=True)


def _made_ready(statement: Insert | Update | Delete, dialect: Dialect, row: Values) -> _Ready:
    names = list(row) if isinstance(statement, Insert) else None
    compiled = statement.compile(dialect=dialect, column_keys=names)
    places = tuple(compiled.positiontup or ())
    bound = [compiled.binds[name] for name in places]
    return _Ready(
        text=str(compiled),
        names=places,
        processes=tuple(one.type.dialect_impl(dialect).bind_processor(dialect) for one in bound),
        fixed={
            name: one.effective_value
            for name, one in zip(places, bound, strict=True)
            if name not in row
        },
    )
