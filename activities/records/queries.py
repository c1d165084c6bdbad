"""What is read from the records: cases, their journals and notices, and the outbound feed.

What it is: `Queries`, one read-only transaction a call; answers are JSON-ready dicts and frozen
pages of them. Instants are whole seconds since the epoch, UTC.
What it is not: a place that changes anything, or that knows the time: `now` is an argument.
Who may import it: the records; everybody else has it as `Records.read`.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    exists,
    or_,
    select,
)
from sqlalchemy import Row as SqlRow
from sqlalchemy import tuple_ as tuple_of
from sqlalchemy.orm import aliased

from activities.computations.cases import ClosedCase
from activities.records import documents
from activities.records.closed import Closed, closed_cases
from activities.records.dossier import dossier_of, links_of
from activities.records.engine import Database
from activities.records.feed import EVERYTHING, BadCursor, FeedFilter, FeedPage, Place, read_feed
from activities.records.filters import CaseFilter, conditions
from activities.records.rows import as_row
from activities.records.schema import (
    EVENT_KINDS,
    CaseProblem,
    CaseState,
    DeliveryMark,
    Journal,
    Notice,
)
from activities.records.stuck import StuckCase, find_stuck
from activities.records.subjects import about
from activities.records.watching import organisations_of, overslept

MOST = 1000
"""Items that one page holds at most."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some items and the cursor that goes on behind them; None when there are no more."""

    items: tuple[dict[str, Any], ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class AboutPage(Page):
    """Cases about one thing. Where there is none: the kinds that there are, and values that are
    like the one asked for."""

    kinds: tuple[str, ...] = ()
    near: tuple[str, ...] = ()


class Queries:
    """Read-only questions to one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_cases(
        self, filters: CaseFilter | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> Page:
        """Cases, the latest opened first, each as its view with its open `problems`."""
        limit = max(1, min(limit, MOST))
        wanted = select(CaseState.view, CaseState.opened, CaseState.case_id, CaseState.number)
        for condition in conditions(filters or CaseFilter()):
            wanted = wanted.where(condition)
        if cursor is not None:
            opened, case, number = _unpack(cursor)
            wanted = wanted.where(
                or_(
                    CaseState.opened < opened,
                    and_(
                        CaseState.opened == opened,
                        tuple_of(CaseState.case_id, CaseState.number) > (case, number),
                    ),
                )
            )
        wanted = wanted.order_by(
            CaseState.opened.desc(), CaseState.case_id, CaseState.number
        ).limit(limit + 1)

        def work(connection: Connection) -> Page:
            found = connection.execute(wanted).all()
            items = tuple(_with_problems(connection, found[:limit]))
            last = found[limit - 1] if len(found) > limit else None
            behind = None if last is None else _pack(last.opened, last.case_id, last.number)
            return Page(items, behind)

        return await self._database.read(work)

    async def case(self, case_id: str, number: int | None = None) -> dict[str, Any] | None:
        """The newest view of a case (its latest number unless said) with its open `problems`;
        None if there is none."""
        wanted = select(CaseState.view, CaseState.case_id, CaseState.number)
        wanted = wanted.where(CaseState.case_id == case_id)
        if number is not None:
            wanted = wanted.where(CaseState.number == number)
        wanted = wanted.order_by(CaseState.number.desc()).limit(1)
        return await self._database.read(
            lambda connection: next(
                _with_problems(connection, connection.execute(wanted).all()), None
            )
        )

    async def journal(
        self, case_id: str, number: int, after_seq: int = -1, *, limit: int = MOST
    ) -> tuple[dict[str, Any], ...]:
        """A case's journal in order, as it holds: of a row that was decided anew, the last."""
        wanted = (
            select(Journal.__table__)
            .where(Journal.case_id == case_id, Journal.number == number, Journal.seq > after_seq)
            .where(holds())
            .order_by(Journal.seq)
            .limit(max(1, min(limit, MOST)))
        )
        return tuple(map(as_row, await self._all(wanted)))

    async def event(
        self,
        case_id: str,
        event_id: str,
        number: int | None = None,
        kinds: Sequence[str] = EVENT_KINDS,
    ) -> dict[str, Any] | None:
        """The journal row that an event id led to, in the latest number that knows it."""
        if not event_id:
            return None
        wanted = select(Journal.__table__).where(
            Journal.case_id == case_id,
            Journal.event_id == event_id,
            Journal.kind.in_(kinds),
            holds(),
        )
        if number is not None:
            wanted = wanted.where(Journal.number == number)
        wanted = wanted.order_by(Journal.number.desc(), Journal.seq).limit(1)
        return next(map(as_row, await self._all(wanted)), None)

    async def feed(
        self, after: str = "", *, limit: int = 200, wanted: FeedFilter = EVERYTHING
    ) -> FeedPage:
        """All journal rows of all cases behind a cursor, revisions included.

        No row ever appears before a cursor already given; positions may have gaps. Transaction
        numbers belong to one server: after a dump is restored into another, readers begin anew.
        """
        behind, most = Place.read(after), max(1, min(limit, MOST))
        return await self._database.read(lambda at: read_feed(at, behind, most, wanted))

    async def notices(
        self,
        case_id: str | None = None,
        *,
        number: int | None = None,
        role: str | None = None,
        since: int | None = None,
        limit: int = MOST,
    ) -> tuple[dict[str, Any], ...]:
        """Notices by instant, each as it was decided, with its `number` and `deliveries`."""
        wanted = select(Notice.key, Notice.number, Notice.payload)
        for condition in (
            None if case_id is None else Notice.case_id == case_id,
            None if number is None else Notice.number == number,
            None if role is None else Notice.role == role,
            None if since is None else Notice.at >= since,
        ):
            if condition is not None:
                wanted = wanted.where(condition)
        wanted = wanted.order_by(Notice.at, Notice.key).limit(max(1, min(limit, MOST)))

        def work(connection: Connection) -> tuple[dict[str, Any], ...]:
            found = connection.execute(wanted).all()
            deliveries = _deliveries(connection, [row.key for row in found])
            return tuple(
                {**row.payload, "number": row.number, "deliveries": deliveries.get(row.key, [])}
                for row in found
            )

        return await self._database.read(work)

    async def documents(
        self, case_id: str, number: int | None = None
    ) -> tuple[dict[str, Any], ...]:
        """What is known of a case's documents without their contents, in the order of printing."""
        return tuple(map(documents.as_facts, await self._all(documents.listing(case_id, number))))

    async def document(
        self, key: str = "", *, case: str = "", document: str = "", printed: str = ""
    ) -> bytes | None:
        """The document with that key, or the newest of a case with that name and number on it."""
        if key:
            wanted = documents.content_of(key)
        else:
            wanted = documents.newest_content(case, document, printed)
        return await self._database.read(lambda connection: connection.scalar(wanted))

    async def links(self, case_id: str) -> dict[str, list[dict[str, Any]]]:
        """What a case asked of others (`outgoing`) and others of it (`incoming`), by link."""
        return await self._database.read(lambda connection: links_of(connection, case_id))

    async def dossier(self, case_id: str, now: int | None = None) -> dict[str, Any]:
        """The tree of the cases that belong together with this one."""
        return await self._database.read(lambda connection: dossier_of(connection, case_id, now))

    async def about(
        self,
        kind: str,
        value: str,
        now: int | None = None,
        *,
        limit: int = MOST,
        cursor: str | None = None,
        organisations: Sequence[str] | None = None,
    ) -> AboutPage:
        """Every case of any process about a thing, such as a machine, the earliest opened first.

        Each as a case of a dossier is told, with `owner`, `level`, `origin`, `subjects`,
        `keep_until` and `opened_by` (`{actor, roles}`). Case and width of the letters do not
        matter. `organisations`: only those of one of them.
        """
        limit = max(1, min(limit, MOST))
        after = None if cursor is None else _unpack(cursor)
        told = await self._database.read(
            lambda connection: about(connection, kind, value, now, limit, after, organisations)
        )
        last = told.items[-1] if told.more else None
        behind = None if last is None else _pack(last["opened"], last["case"], last["number"])
        return AboutPage(told.items, behind, told.kinds, told.near)

    async def overslept(self, now: int) -> tuple[int, int] | None:
        """The earliest wake-up before `now` that no open case has settled, and how many wait so."""
        return await self._database.read(lambda connection: overslept(connection, now))

    async def organisations(self, cases: Sequence[str]) -> dict[str, str]:
        """The organisation of each of these cases that is known."""
        return await self._database.read(lambda connection: organisations_of(connection, cases))

    async def stuck(self, now: int) -> tuple[StuckCase, ...]:
        """The open cases that need somebody, each with every reason; the longest late first."""
        return await self._database.read(lambda connection: find_stuck(connection, now))

    async def closed(self, wanted: Closed) -> tuple[ClosedCase, ...]:
        """Closed cases with all that is known of their clocks, in the order of closing."""
        return await self._database.read(lambda connection: closed_cases(connection, wanted))

    async def _all(self, wanted: Select[Any]) -> Sequence[RowMapping]:
        return await self._database.read(
            lambda connection: connection.execute(wanted).mappings().all()
        )


def holds() -> ColumnElement[bool]:
    """Of a row of the journal: nothing else was written under its number later."""
    later = aliased(Journal)
    return ~exists().where(
        later.case_id == Journal.case_id,
        later.number == Journal.number,
        later.seq == Journal.seq,
        later.revision > Journal.revision,
    )


def _with_problems(
    connection: Connection, cases: Sequence[SqlRow[Any]]
) -> Iterator[dict[str, Any]]:
    """The cases' views, each with its open problems."""
    names = [(row.case_id, row.number) for row in cases]
    wanted = (
        select(CaseProblem.__table__)
        .where(CaseProblem.cleared.is_(None))
        .where(tuple_of(CaseProblem.case_id, CaseProblem.number).in_(names))
        .order_by(CaseProblem.since, CaseProblem.code)
    )
    found: dict[tuple[str, int], list[dict[str, Any]]] = {name: [] for name in names}
    for row in connection.execute(wanted).mappings() if names else ():
        found[row["case_id"], row["number"]].append(
            {"code": row["code"], "detail": row["detail"], "since": row["since"]}
        )
    return ({**row.view, "problems": found[row.case_id, row.number]} for row in cases)


def _deliveries(connection: Connection, keys: list[str]) -> dict[str, list[dict[str, Any]]]:
    wanted = (
        select(DeliveryMark.__table__)
        .where(DeliveryMark.notice_key.in_(keys))
        .order_by(DeliveryMark.channel, DeliveryMark.recipient)
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for mark in connection.execute(wanted).mappings():
        values = dict(mark)
        found.setdefault(values.pop("notice_key"), []).append(values)
    return found


def _pack(*values: Any) -> str:
    return urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _unpack(cursor: str) -> tuple[int, str, int]:
    try:
        match json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))):
            case [int(opened), str(case), int(number)]:
                return opened, case, number
    except ValueError as error:
        raise BadCursor(cursor) from error
    raise BadCursor(cursor)
