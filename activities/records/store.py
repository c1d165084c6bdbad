"""What is written to the records, each call one transaction that may be repeated at will.

What it is: `Records`, which keeps what a case's turns decide (journal, notices, projections), who
owns a key, what was sent, what is wrong, and the rules. It implements `activities.ledger`.
What it is not: reading for people (`queries`) or judgement: it never decides whether an event is
in time or a case is stuck.
Who may import it: the activities and their composition.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    and_,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy import case as when
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

from activities.ledger import Delivery
from activities.records import rows as made
from activities.records.columns import clean_name
from activities.records.engine import Database, RecordsConflict
from activities.records.queries import Queries
from activities.records.schema import (
    CaseKey,
    CaseProblem,
    CaseState,
    Clock,
    DeliveryMark,
    Journal,
    Notice,
    Rules,
    Task,
)
from workflows.core.effects import Batch, Notify

Insert = sqlite.Insert | postgresql.Insert


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """Who owns a key. `mine` tells whether this claim (or an earlier one of the same claimant) won;
    the rest is the owner's."""

    mine: bool
    case: str
    number: int
    digest: str
    origin: str
    claimant: str
    claimed_at: int
    ended: int | None


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
        self._add_row = self._insert(Journal).on_conflict_do_nothing()
        self._add_notice = self._insert(Notice).on_conflict_do_nothing()

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
        case = batch.case
        # First the projection: its row is what two writers of one case wait at.
        newest = self._write_view(connection, batch, number)
        if batch.rows:
            self._write_rows(connection, batch, number)
        if batch.notices:
            connection.execute(
                self._add_notice, [made.notice(note, number) for note in batch.notices]
            )
        if newest:
            self._set_problems(connection, case, number, batch.problems, batch.view.at)
            if batch.view.ended is not None:
                connection.execute(
                    update(CaseKey)
                    .where(CaseKey.case_id == case, CaseKey.number == number)
                    .values(ended=batch.view.ended)
                )

    def _write_view(self, connection: Connection, batch: Batch, number: int) -> bool:
        view = batch.view
        if not _inserted(connection, self._save_case, made.case_state(view, number)):
            return False
        if view.clocks:
            connection.execute(
                self._save_clock, [made.clock(item, batch.case, number) for item in view.clocks]
            )
        connection.execute(
            delete(Task).where(
                Task.case_id == batch.case, Task.number == number, Task.done.is_(None)
            )
        )
        if view.tasks:
            connection.execute(
                self._save_task, [made.task(item, batch.case, number) for item in view.tasks]
            )
        return True

    def _write_rows(self, connection: Connection, batch: Batch, number: int) -> None:
        offered = {row.seq: made.journal(row, batch.case, number) for row in batch.rows}
        if _inserted(connection, self._add_row, list(offered.values())) == len(offered):
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
            added = _inserted(
                connection,
                self._insert(CaseKey).on_conflict_do_nothing(),
                {
                    "process": process,
                    "key": key,
                    "number": number,
                    "case_id": case_id,
                    "digest": digest,
                    "origin": origin,
                    "claimant": claimant,
                    "claimed_at": at,
                    "ended": None,
                },
            )
            owner = _owner(
                connection,
                (CaseKey.process == process) & (CaseKey.key == key) & (CaseKey.number == number),
            )
            return added == 1, owner

        added, owner = await self.database.write(work)
        if owner is None:
            raise RecordsConflict(f"{case_id} {number} belongs to another process or key")
        mine = added or (claimant != "" and owner["claimant"] == claimant)
        return KeyClaim(mine=mine, **owner)

    async def key(self, process: str, key: str, number: int | None = None) -> KeyClaim | None:
        """Who owns the key (its newest number, or that one); None if nobody ever did."""
        where = (CaseKey.process == process) & (CaseKey.key == key)
        if number is not None:
            where &= CaseKey.number == number
        owner = await self.database.read(lambda connection: _owner(connection, where))
        return None if owner is None else KeyClaim(mine=False, **owner)

    # -- the ledger of notices

    async def claim(self, notice: Notify, deliveries: Sequence[Delivery]) -> tuple[Delivery, ...]:
        """Keep the notice and its deliveries where absent; return all of its deliveries."""

        def work(connection: Connection) -> tuple[Delivery, ...]:
            connection.execute(self._add_notice, made.notice(notice, notice.number))
            if deliveries:
                connection.execute(
                    self._insert(DeliveryMark).on_conflict_do_nothing(),
                    [made.delivery(notice.key, item) for item in deliveries],
                )
            marks = connection.execute(
                select(DeliveryMark.__table__)
                .where(DeliveryMark.notice_key == notice.key)
                .order_by(DeliveryMark.channel, DeliveryMark.recipient)
            )
            return tuple(made.as_delivery(mark) for mark in marks.mappings())

        return await self.database.write(work)

    async def mark(self, key: str, delivery: Delivery) -> None:
        """Keep how far a delivery got. What arrived stays so: a late word of a failed twin does
        not undo it."""
        settled = DeliveryMark.status.in_(("sent", "merged"))
        statement = self._upsert(
            DeliveryMark, lambda new: or_(~settled, new.status.in_(("sent", "merged")))
        )
        values = made.delivery(key, delivery)
        await self.database.write(lambda connection: connection.execute(statement, values))

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
        gone = update(CaseProblem).where(
            CaseProblem.case_id == case,
            CaseProblem.number == number,
            CaseProblem.cleared.is_(None),
        )
        if found:
            gone = gone.where(CaseProblem.code.not_in(list(found)))
        connection.execute(gone.values(cleared=at))
        if found:
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
            connection.execute(
                statement,
                [
                    {
                        "case_id": case,
                        "number": number,
                        "code": code,
                        "detail": detail,
                        "since": at,
                        "cleared": None,
                    }
                    for code, detail in found.items()
                ],
            )

    # -- rules

    async def save_rules(
        self, digest: str, content: bytes, *, process: str = "", version: int = 0
    ) -> None:
        """Keep pinned rules for ever; a digest that is there stays as it is."""
        values = {"digest": digest, "process": process, "version": version, "content": content}
        statement = self._insert(Rules).on_conflict_do_nothing()
        await self.database.write(lambda connection: connection.execute(statement, values))

    async def rules(self, digest: str) -> bytes | None:
        """The pinned rules with that digest, or None."""
        wanted = select(Rules.content).where(Rules.digest == digest)
        return await self.database.read(lambda connection: connection.scalar(wanted))

    # -- statements

    def _upsert(self, table: type[DeclarativeBase], where: Any = None) -> Executable:
        """Insert, or replace all but the key, where `where(new)` holds."""
        statement = self._insert(table)
        keys = _keys(table)
        return statement.on_conflict_do_update(
            index_elements=keys,
            set_={
                column.name: statement.excluded[column.name]
                for column in table.__table__.columns
                if column.name not in keys
            },
            where=None if where is None else where(statement.excluded),
        )


def _newer(new: Any) -> ColumnElement[bool]:
    return or_(new.seq > CaseState.seq, and_(new.seq == CaseState.seq, new.at >= CaseState.at))


def _keys(table: type[DeclarativeBase]) -> list[str]:
    return [column.name for column in table.__table__.primary_key]


def _inserted(connection: Connection, statement: Executable, values: Any) -> int:
    """How many rows it inserted or replaced; without the option the drivers do not agree."""
    done = connection.execute(statement, values, execution_options={"preserve_rowcount": True})
    return done.rowcount


def _owner(connection: Connection, where: ColumnElement[bool]) -> Mapping[str, Any] | None:
    newest = (
        select(
            CaseKey.case_id.label("case"),
            CaseKey.number,
            CaseKey.digest,
            CaseKey.origin,
            CaseKey.claimant,
            CaseKey.claimed_at,
            CaseKey.ended,
        )
        .where(where)
        .order_by(CaseKey.number.desc())
        .limit(1)
    )
    found = connection.execute(newest).mappings().one_or_none()
    return None if found is None else dict(found)
