"""Statements that are made ready once and run with every turn.

What it is: `Prepared`, a statement without its values. On SQLite, whose driver costs next to
nothing, it goes to the driver as finished text, with what turns each value into the driver's found
once: finding both anew took most of a transaction's time. On PostgreSQL, where the way to the
server costs more, SQLAlchemy runs it.
What it is not: another way to say SQL; the statements are SQLAlchemy's.
Who may import it: the records.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Delete, Insert, Update
from sqlalchemy.exc import DBAPIError

Values = Mapping[str, Any]
Take = Callable[[Values], Any]


class Prepared:
    """One statement. All its rows have the same names; it holds no list of values (`in_`)."""

    def __init__(self, statement: Insert | Update | Delete) -> None:
        self._statement = statement
        self._ready: tuple[str, tuple[Take, ...]] | None = None

    def run(self, connection: Connection, rows: Sequence[Values]) -> int:
        """Run it for each row, at least one; how many rows it inserted, replaced or changed."""
        if connection.dialect.name != "sqlite":
            # Without the option the drivers do not agree on the number.
            counted = {"preserve_rowcount": True}
            return connection.execute(self._statement, rows, execution_options=counted).rowcount
        if self._ready is None:
            self._ready = self._made_ready(connection, rows[0])
        text, takes = self._ready
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        given = [[take(row) for take in takes] for row in rows]
        try:
            return driver.executemany(text, given).rowcount
        except sqlite3.Error as error:
            raise DBAPIError.instance(
                text, None, error, sqlite3.Error, dialect=connection.dialect
            ) from error

    def _made_ready(self, connection: Connection, row: Values) -> tuple[str, tuple[Take, ...]]:
        names = list(row) if isinstance(self._statement, Insert) else None
        compiled = self._statement.compile(dialect=connection.dialect, column_keys=names)
        takes: list[Take] = []
        for name in compiled.positiontup or ():
            bound = compiled.binds[name]
            process = bound.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
            if name not in row:
                fixed = bound.effective_value
                takes.append(_always(fixed if process is None else process(fixed)))
            else:
                takes.append(_taking(name, process))
        return str(compiled), tuple(takes)


def _always(value: Any) -> Take:
    return lambda _: value


def _taking(name: str, process: Callable[[Any], Any] | None) -> Take:
    if process is None:
        return lambda row: row[name]
    return lambda row: process(row[name])
