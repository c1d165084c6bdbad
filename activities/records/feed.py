"""The outbound feed: every row of the journal in an order that never changes behind a reader.

What it is: pages of the feed behind a cursor, the rows of one case behind a place, and what may be
asked for (`FeedFilter`).
What it is not: who reads (`activities.feed`, the surfaces), or the hiding of personal fields.
Who may import it: the records; everybody else has it as `Records.read.feed`.

The order is (transaction, position). Positions are drawn before commits, so by position alone a
row could appear behind a reader; on PostgreSQL the feed therefore stops below the oldest
transaction in flight, of the whole server. SQLite has one writer at a time: there every
transaction is 0, and positions are the order of commits. Both keep each case in its own order,
since a case writes a turn only when the one before is committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    literal_column,
    or_,
    select,
)
from sqlalchemy import tuple_ as tuple_of
from sqlalchemy.orm import InstrumentedAttribute

from activities.records.rows import as_row
from activities.records.schema import CaseKey, CaseState, Journal
from definitions.problems import DuecourseError


class BadCursor(DuecourseError):
    """The caller's fault: a cursor that no page gave."""

    code = "bad_cursor"

    def __init__(self, cursor: str) -> None:
        super().__init__(
            f"no page ever gave the cursor {cursor[:80]!r}",
            hint="pass a page's cursor as it is, or none for the beginning",
        )


class Place(NamedTuple):
    """Where a row stands in the feed."""

    xact: int
    position: int

    def __str__(self) -> str:
        return "" if self.position < 0 else f"{self.xact}.{self.position}"

    @classmethod
    def read(cls, cursor: str) -> "Place":
        """The place that a cursor stands for; an empty one for the beginning. Raises
        `BadCursor`."""
        if not cursor:
            return BEGINNING
        xact, _, position = cursor.partition(".")
        numbers = [one for one in (xact, position) if one.isascii() and one.isdigit()]
        # A longer number is none that a database gave, nor one that it could read.
        if len(numbers) < 2 or max(map(len, numbers)) > _DIGITS:
            raise BadCursor(cursor)
        return cls(int(xact), int(position))


BEGINNING = Place(-1, -1)
_DIGITS = 18


@dataclass(frozen=True, slots=True)
class FeedFilter:
    """Which rows; what is left empty matters not. A row's organisation is that of its case now."""

    processes: Sequence[str] = ()
    organisations: Sequence[str] = ()
    kinds: Sequence[str] = ()


EVERYTHING = FeedFilter()


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Rows of the feed and the cursor behind them, to be asked with next time; the feed has no
    end, so there always is one. It also passes rows that the filter leaves out."""

    items: tuple[dict[str, Any], ...]
    cursor: str


def read_feed(
    connection: Connection, after: Place, limit: int, wanted: FeedFilter = EVERYTHING
) -> FeedPage:
    """The rows behind a place, with `limit` at most."""
    end = newest(connection)
    if end <= after:
        return FeedPage((), str(after))
    rows = rows_between(connection, after, end, limit, filtered(wanted))
    # Fewer than there was room for: everything up to the end has been looked at.
    behind = place_of(rows[-1]) if len(rows) == limit else end
    return FeedPage(tuple(map(as_item, rows)), str(behind))


def newest(connection: Connection) -> Place:
    """The last place before which no row will ever appear."""
    found = select(Journal.xact, Journal.position)
    if connection.dialect.name == "postgresql":
        oldest: ColumnElement[int] = literal_column(
            "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        )
        found = found.where(Journal.xact < oldest)
    last = connection.execute(
        found.order_by(Journal.xact.desc(), Journal.position.desc()).limit(1)
    ).first()
    return BEGINNING if last is None else Place(*last)


def rows_between(
    connection: Connection,
    after: Place,
    end: Place,
    limit: int,
    conditions: Sequence[ColumnElement[bool]],
) -> Sequence[RowMapping]:
    """Rows behind `after` up to `end`, in the order of the feed."""
    found = with_case().where(between(connection, after, end), *conditions).limit(limit)
    found = found.order_by(*_order(connection))
    return connection.execute(found).mappings().all()


def between(connection: Connection, after: Place, end: Place) -> ColumnElement[bool]:
    """Of a row: it stands behind `after` and not behind `end`."""
    if connection.dialect.name == "sqlite":
        # Every transaction is 0, and of a pair SQLite's indexes find the first half only.
        return and_(Journal.position > after.position, Journal.position <= end.position)
    place = tuple_of(Journal.xact, Journal.position)
    return and_(place > tuple(after), place <= tuple(end))


def _order(connection: Connection) -> tuple[InstrumentedAttribute[int], ...]:
    if connection.dialect.name == "sqlite":
        return (Journal.position,)
    return (Journal.xact, Journal.position)


def with_case() -> Select[Any]:
    """Rows of the journal with what they say nothing of: organisation and rules of their case."""
    of_state = and_(CaseState.case_id == Journal.case_id, CaseState.number == Journal.number)
    of_key = and_(CaseKey.case_id == Journal.case_id, CaseKey.number == Journal.number)
    return (
        select(Journal.__table__, CaseState.organisation, CaseKey.digest)
        .join(CaseState, of_state, isouter=True)
        .join(CaseKey, of_key, isouter=True)
    )


def filtered(wanted: FeedFilter) -> list[ColumnElement[bool]]:
    """The conditions that a row meets."""
    found: list[ColumnElement[bool]] = []
    if wanted.processes:
        ids = (Journal.case_id.startswith(f"{one}:", autoescape=True) for one in wanted.processes)
        found.append(or_(*ids))
    if wanted.organisations:
        found.append(CaseState.organisation.in_(wanted.organisations))
    if wanted.kinds:
        found.append(Journal.kind.in_(wanted.kinds))
    return found


def place_of(row: RowMapping) -> Place:
    """Where a row stands."""
    return Place(row["xact"], row["position"])


def as_item(row: RowMapping) -> dict[str, Any]:
    """A row of the feed for readers: a row of the journal with its `id`, which no other row ever
    has, its `cursor`, and `process`, `organisation` and `digest` of its case."""
    told = as_row(row)
    return {
        "id": f"{told['case']}/{told['number']}/{told['seq']}/{told['revision']}",
        "cursor": str(place_of(row)),
        "process": told["case"].partition(":")[0],
        "organisation": row["organisation"] or "",
        "digest": row["digest"] or "",
        **told,
    }
