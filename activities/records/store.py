"""What is written to the records, each call one transaction that may be repeated at will.

What it is: `Records`, which keeps what a case's turns decide (journal, notices, projections), who
owns a key, what was sent, what is wrong, and the rules. It implements `activities.ledger`.
What it is not: reading for people (`queries`) or judgement: it never decides whether an event is
in time or a case is stuck.
Who may import it: the activities and their composition.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy import case as when
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

from activities.ledger import Delivery
from activities.records import documents
from activities.records import rows as made
from activities.records.columns import clean_name
from activities.records.engine import Database, RecordsConflict
from activities.records.keys import NEWEST_OWNER, OWNER, KeyClaim
from activities.records.keys import owner as owner_of
from activities.records.links import LinkKeeper
from activities.records.queries import Queries, holds
from activities.records.schema import (
    EVENT_KINDS,
    CaseKey,
    CaseLink,
    CaseProblem,
    CaseState,
    CaseSubject,
    Clock,
    DeliveryMark,
    DocumentFile,
    Journal,
    Notice,
    Rules,
    Task,
)
from activities.records.statements import Prepared
from activities.records.subjects import SubjectKeeper
from workflows.core.effects import Batch, Fill, Notify, Row

Insert = sqlite.Insert | postgresql.Insert


class Records:
    """The records of one database. `read` holds the queries."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.read = Queries(database)
        dialect = database.dialect
        self._insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
        self._save_case = self._upsert(CaseState, _newer)
        self._save_clock = self._upsert(Clock)
        self._save_task = self._upsert(Task)
        self._drop_tasks = Prepared(delete(Task).where(_of(Task), Task.done.is_(None)))
        self._add_row = self._add(Journal)
        self._links = LinkKeeper(self._add(CaseLink), self._upsert(CaseLink))
        self._subjects = SubjectKeeper(
            Prepared(delete(CaseSubject).where(_of(CaseSubject))), self._upsert(CaseSubject)
        )
        self._add_notice = self._add(Notice)
        self._add_delivery = self._add(DeliveryMark)
        self._mark = self._upsert(DeliveryMark, _not_undone)
        self._add_key = self._add(CaseKey)
        ends = update(CaseKey).where(_of(CaseKey)).values(ended=bindparam("at"))
        self._end_key = Prepared(ends)
        # A case may go on: it was told that its last word came to nothing, or its end was lost.
        self._unend_key = Prepared(ends.values(ended=None).where(CaseKey.ended.is_not(None)))
        self._clear = update(CaseProblem).where(_of(CaseProblem), CaseProblem.cleared.is_(None))
        self._clear = self._clear.values(cleared=bindparam("now"))
        self._clear_all = Prepared(self._clear)
        self._say_problem = self._problem()

    @classmethod
    def open(cls, url: str) -> Self:
        """Records at `sqlite:///path` or `postgresql://…`; connects when first used."""
        return cls(Database(url))

    async def migrate(self) -> None:
        """Make the tables or bring them up to date."""
        await self.database.migrate()

    async def check(self) -> None:
        """Raise `RecordsUnavailable` or `RecordsOutdated` unless all is ready."""
        await self.database.check()

    async def close(self) -> None:
        await self.database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- a case's turns

    async def write(self, batch: Batch, number: int) -> None:
        """Keep what one turn decided. Any number of times and in any order of turns: rows and
        notices that are there stay as they are, and an older view never replaces a newer one."""
        await self.database.write(lambda connection: self._write(connection, batch, number))

    def _write(self, connection: Connection, batch: Batch, number: int) -> None:
        case, view = batch.case, batch.view
        # First the projection: its row is what two writers of one case wait at.
        newest = self._write_view(connection, batch, number)
        if batch.rows:
            self._write_rows(connection, batch, number)
        if batch.notices:
            self._add_notice.run(connection, [made.notice(note, number) for note in batch.notices])
        if newest:
            self._set_problems(connection, case, number, batch.problems, view.at)
            if view.ended is None:
                self._unend_key.run(connection, [_named(case, number)])
            else:
                self._end_key.run(connection, [{**_named(case, number), "at": view.ended}])

    def _write_view(self, connection: Connection, batch: Batch, number: int) -> bool:
        case, view = batch.case, batch.view
        if not self._save_case.run(connection, [made.case_state(view, number)]):
            return False
        self._subjects.keep(connection, view, number)
        if view.clocks:
            clocks = [made.clock(item, case, number) for item in view.clocks]
            self._save_clock.run(connection, clocks)
        self._drop_tasks.run(connection, [_named(case, number)])
        if view.tasks:
            self._save_task.run(connection, [made.task(item, case, number) for item in view.tasks])
        return True

    def _write_rows(self, connection: Connection, batch: Batch, number: int) -> None:
        offered = {row.seq: made.journal(row, batch.case, number) for row in batch.rows}
        if self._add_row.run(connection, list(offered.values())) == len(offered):
            self._links.keep(connection, offered.values())
            return
        # Some were there. The same again is a repetition; another fact under the same number (or
        # the same event under another) is what the case decided anew after a crash: it is kept as
        # a later revision, for the case's own history is the truth.
        found = connection.execute(
            select(Journal.__table__).where(
                Journal.case_id == batch.case,
                Journal.number == number,
                Journal.seq.in_(offered),
            )
        )
        revisions: dict[int, int] = {}
        for kept in found.mappings():
            seq = kept["seq"]
            revisions[seq] = max(revisions.get(seq, 0), kept["revision"])
            if seq in offered and made.same_row(kept, offered[seq]):
                del offered[seq]
        anew = [
            {**row, "revision": revisions.get(seq, 0) + 1} for seq, row in sorted(offered.items())
        ]
        if anew:
            connection.execute(insert(Journal), anew)
        self._links.settle(connection, batch.case, number, [row.seq for row in batch.rows])

    async def late_rejected(self, row: Row, case: str, number: int) -> int:
        """Write down an event that came after the end of its case, as the next row of the journal;
        its number. The same event again is the row that is there."""

        def work(connection: Connection) -> int:
            # The projection's row is what two writers of one case wait at.
            of_case = (CaseState.case_id == case) & (CaseState.number == number)
            connection.execute(select(CaseState.seq).where(of_case).with_for_update())
            of_case = (Journal.case_id == case) & (Journal.number == number)
            kinds = (*EVENT_KINDS, row.kind)
            same = of_case & (Journal.event_id == row.event_id) & Journal.kind.in_(kinds)
            known = connection.scalar(select(Journal.seq).where(same, holds()).limit(1))
            if known is not None:
                return int(known)
            # The id may be that of a row which no longer holds; this one is of a later revision.
            before = connection.scalar(select(func.max(Journal.revision)).where(same))
            last = connection.scalar(select(func.max(Journal.seq)).where(of_case))
            late = replace(row, seq=(last or 0) + 1)
            revision = 0 if before is None else before + 1
            rows = [{**made.journal(late, case, number), "revision": revision}]
            connection.execute(insert(Journal), rows)
            self._links.keep(connection, rows)
            return late.seq

        return await self.database.write(work)

    # -- keys

    async def claim_key(
        self,
        process: str,
        key: str,
        number: int,
        case_id: str,
        digest: str,
        origin: str,
        at: int,
        *,
        claimant: str = "",
    ) -> KeyClaim:
        """Claim a key and number for a case, once for all callers together.

        `claimant` is whoever can ask again after a crash (a run's id); without one a repeated
        claim is somebody else's.
        """
        if clean_name(case_id) != case_id or clean_name(key) != key:
            raise RecordsConflict(
                "this key cannot be kept as it is",
                code="key_unusable",
                hint="keys are short text without NUL and without halves of surrogate pairs",
            )

        def work(connection: Connection) -> tuple[bool, Mapping[str, Any] | None]:
            values = {
                "process": process,
                "key": key,
                "number": number,
                "case_id": case_id,
                "digest": digest,
                "origin": origin,
                "claimant": claimant,
                "claimed_at": at,
                "ended": None,
            }
            added = self._add_key.run(connection, [values])
            return added == 1, owner_of(connection, OWNER, values)

        added, owner = await self.database.write(work)
        if owner is None:
            raise RecordsConflict(f"{case_id} {number} belongs to another process or key")
        mine = added or (claimant != "" and owner["claimant"] == claimant)
        return KeyClaim(mine=mine, **owner)

    async def key(self, process: str, key: str, number: int | None = None) -> KeyClaim | None:
        """Who owns the key (its newest number, or that one); None if nobody ever did."""
        values = {"process": process, "key": key, "number": number}
        wanted = NEWEST_OWNER if number is None else OWNER
        owner = await self.database.read(lambda connection: owner_of(connection, wanted, values))
        return None if owner is None else KeyClaim(mine=False, **owner)

    # -- the ledger of notices

    async def claim(self, notice: Notify, deliveries: Sequence[Delivery]) -> tuple[Delivery, ...]:
        """Keep the notice and its deliveries where absent; return all of its deliveries."""

        def work(connection: Connection) -> tuple[Delivery, ...]:
            self._add_notice.run(connection, [made.notice(notice, notice.number)])
            if deliveries:
                wanted = [made.delivery(notice.key, item) for item in deliveries]
                self._add_delivery.run(connection, wanted)
            marks = connection.execute(_MARKS, {"of_notice": notice.key})
            return tuple(made.as_delivery(mark) for mark in marks.mappings())

        return await self.database.write(work)

    async def mark(self, key: str, delivery: Delivery) -> None:
        """Keep how far a delivery got. What arrived stays so: a late word of a failed twin does
        not undo it."""
        values = made.delivery(key, delivery)
        await self.database.write(lambda connection: self._mark.run(connection, [values]))

    # -- problems

    async def problems(self, case: str, number: int, codes: Sequence[str], at: int) -> None:
        """Say all that is wrong with a case now, each as `code` or `code: detail`. What is not
        named is cleared at `at`; what goes on keeps its first instant."""
        await self.database.write(
            lambda connection: self._set_problems(connection, case, number, codes, at)
        )

    def _set_problems(
        self, connection: Connection, case: str, number: int, codes: Sequence[str], at: int
    ) -> None:
        found = {
            code.strip(): detail.strip()
            for code, _, detail in (entry.partition(":") for entry in codes)
        }
        cleared = {**_named(case, number), "now": at}
        if not found:
            self._clear_all.run(connection, [cleared])
            return
        connection.execute(self._clear.where(CaseProblem.code.not_in(list(found))), cleared)
        said = {"case_id": case, "number": number, "since": at, "cleared": None}
        rows = [{**said, "code": code, "detail": detail} for code, detail in found.items()]
        self._say_problem.run(connection, rows)

    def _problem(self) -> Prepared:
        new = self._insert(CaseProblem)
        again = CaseProblem.cleared.is_not(None)
        statement = new.on_conflict_do_update(
            index_elements=_keys(CaseProblem),
            set_={
                "detail": new.excluded.detail,
                "since": when((again, new.excluded.since), else_=CaseProblem.since),
                "cleared": None,
            },
        )
        return Prepared(statement)

    # -- rules

    async def save_rules(
        self, digest: str, content: bytes, *, process: str = "", version: int = 0
    ) -> None:
        """Keep pinned rules for ever; a digest that is there stays as it is."""
        values = {"digest": digest, "process": process, "version": version, "content": content}
        statement = self._add(Rules)
        await self.database.write(lambda connection: statement.run(connection, [values]))

    async def rules(self, digest: str) -> bytes | None:
        """The pinned rules with that digest, or None."""
        wanted = select(Rules.content).where(Rules.digest == digest)
        return await self.database.read(lambda connection: connection.scalar(wanted))

    async def rules_of(self, process: str) -> dict[str, bytes]:
        """All pinned rules of a process by digest."""
        wanted = select(Rules.digest, Rules.content).where(Rules.process == process)
        return await self.database.read(
            lambda connection: {row.digest: row.content for row in connection.execute(wanted)}
        )

    async def save_document(self, fill: Fill, content: bytes) -> bool:
        """Archive a document, once for its key, and say whether it was new; one that is there
        stays as it is."""
        values, statement = documents.as_values(fill, content), self._add(DocumentFile)
        return await self.database.write(lambda at: statement.run(at, [values])) == 1

    async def has_document(self, key: str) -> bool:
        """Whether a document is archived under the key."""
        wanted = select(DocumentFile.key).where(DocumentFile.key == key)
        return await self.database.read(lambda at: at.scalar(wanted)) is not None

    # -- statements

    def _add(self, table: type[DeclarativeBase]) -> Prepared:
        """Insert what is not there."""
        return Prepared(self._insert(table).on_conflict_do_nothing())

    def _upsert(self, table: type[DeclarativeBase], where: Any = None) -> Prepared:
        """Insert, or replace all but the key, where `where(new)` holds."""
        statement = self._insert(table)
        keys = _keys(table)
        replaced = statement.on_conflict_do_update(
            index_elements=keys,
            set_={
                column.name: statement.excluded[column.name]
                for column in table.__table__.columns
                if column.name not in keys
            },
            where=None if where is None else where(statement.excluded),
        )
        return Prepared(replaced)


def _newer(new: Any) -> ColumnElement[bool]:
    return or_(new.seq > CaseState.seq, and_(new.seq == CaseState.seq, new.at >= CaseState.at))


def _keys(table: type[DeclarativeBase]) -> list[str]:
    return [column.name for column in table.__table__.primary_key]


def _of(table: type[CaseKey | CaseProblem | CaseSubject | Task]) -> ColumnElement[bool]:
    return and_(table.case_id == bindparam("of_case"), table.number == bindparam("of_number"))


def _named(case: str, number: int) -> dict[str, Any]:
    return {"of_case": case, "of_number": number}


def _not_undone(new: Any) -> ColumnElement[bool]:
    return or_(~_arrived(DeliveryMark.status), _arrived(new.status))


def _arrived(status: Any) -> ColumnElement[bool]:
    return or_(status == "sent", status == "merged")


_MARKS = (
    select(DeliveryMark.__table__)
    .where(DeliveryMark.notice_key == bindparam("of_notice"))
    .order_by(DeliveryMark.channel, DeliveryMark.recipient)
)
