"""The tables of the records, typed.

What it is: what is kept beside Temporal and outlives its retention. `case_key` is the authority
over business keys, `journal` the append-only truth of what happened, `rules` what a case is judged
by; `notice` and `delivery` are the ledger of what was sent, `document` the archive of what was
printed; `case_state`, `case_subject`, `clock`, `task` and `problem` are projections for lists and
reports, derived anew with each turn.
What it is not: the way to make them. Databases are made by the migrations; a test holds the two
together.
Who may import it: the records and their migrations.

A case is named by its id (`process:key`) and its number, which counts re-openings from 1; `seq`
begins anew with each number.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from activities.records.columns import Instant, Name, Words

# Not JSONB, which forgets the order of keys: what people read comes back as it was written.
Json = JSON(none_as_null=True)
Big = BigInteger().with_variant(Integer, "sqlite")

EVENT_KINDS = ("event", "opened", "late_rejected")
"""Kinds of journal rows that use up an event id."""
HEARD_KINDS = (*EVENT_KINDS, "refused", "undelivered")
"""Kinds of journal rows that tell what became of what another case said."""
_ONE_EVENT = text(
    "event_id <> '' AND revision = 0 AND kind IN ('event', 'opened', 'late_rejected')"
)
_OPEN = text("ended IS NULL")
_RUNNING = text("phase = 'running'")
_KEPT = text("keep_until IS NOT NULL")
_UNCLEARED = text("cleared IS NULL")
_UNDELIVERED = text("status = 'undeliverable'")


class Base(DeclarativeBase):
    """Root of the tables; every constraint has a name that a migration can say."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {str: Words, dict[str, Any]: Json, list[str]: Json}  # noqa: RUF012


class CaseKey(Base):
    """One row a case ever opened. Who inserts it owns the key; `claimant` knows itself again."""

    __tablename__ = "case_key"
    __table_args__ = (
        UniqueConstraint("case_id", "number", name="uq_case_key_case_id"),
        CheckConstraint("number >= 1", name="number"),
    )

    process: Mapped[str] = mapped_column(Name, primary_key=True)
    key: Mapped[str] = mapped_column(Name, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    case_id: Mapped[str] = mapped_column(Name)
    digest: Mapped[str]
    origin: Mapped[str]
    claimant: Mapped[str]
    claimed_at: Mapped[int] = mapped_column(Instant)
    ended: Mapped[int | None] = mapped_column(Instant)


class Journal(Base):
    """One row each decision's fact; never changed, never removed (triggers refuse both).

    `revision` is 0 but for the rare row that says something else than one already written under
    its number: a worker can die after it wrote and before Temporal kept its decision, which is
    then taken again. The later revision holds; both stay.
    `xact` is the transaction that wrote the row (PostgreSQL; 0 on SQLite), set by the database:
    the feed reads in the order (xact, position).
    """

    __tablename__ = "journal"
    __table_args__ = (
        UniqueConstraint("case_id", "number", "seq", "revision", name="uq_journal_case_id"),
        Index(
            "uq_journal_event_id",
            "case_id",
            "number",
            "event_id",
            unique=True,
            sqlite_where=_ONE_EVENT,
            postgresql_where=_ONE_EVENT,
        ),
        Index("ix_journal_feed", "xact", "position"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("seq >= 0", name="seq"),
        CheckConstraint("revision >= 0", name="revision"),
        {"sqlite_autoincrement": True},
    )

    position: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    xact: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
    case_id: Mapped[str] = mapped_column(Name)
    number: Mapped[int]
    seq: Mapped[int]
    revision: Mapped[int]
    kind: Mapped[str]
    name: Mapped[str]
    at: Mapped[int] = mapped_column(Instant)
    recorded: Mapped[int] = mapped_column(Instant)
    event_id: Mapped[str] = mapped_column(Name)
    actor: Mapped[str]
    roles: Mapped[list[str]]
    data: Mapped[dict[str, Any]]
    state: Mapped[str]
    previous: Mapped[str]
    clock: Mapped[str]
    cycle: Mapped[int]
    level: Mapped[str]


class CaseState(Base):
    """The newest view of a case: the columns that lists filter by, and the whole of it."""

    __tablename__ = "case_state"
    __table_args__ = (
        Index("ix_case_state_opened", "opened", "case_id", "number"),
        Index("ix_case_state_open", "process", "state", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_case_state_keep_until", "keep_until", sqlite_where=_KEPT, postgresql_where=_KEPT),
        CheckConstraint("number >= 1", name="number"),
    )

    case_id: Mapped[str] = mapped_column(Name, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    process: Mapped[str] = mapped_column(Name)
    key: Mapped[str] = mapped_column(Name)
    state: Mapped[str] = mapped_column(Name)
    seq: Mapped[int]
    at: Mapped[int] = mapped_column(Instant)
    opened: Mapped[int] = mapped_column(Instant)
    since: Mapped[int] = mapped_column(Instant)
    silent_after: Mapped[int | None] = mapped_column(Instant)
    """Since when nothing was expected to take this long: `since` and the dwell."""
    closed: Mapped[int | None] = mapped_column(Instant)
    ended: Mapped[int | None] = mapped_column(Instant)
    hold_until: Mapped[int | None] = mapped_column(Instant)
    keep_until: Mapped[int | None] = mapped_column(Instant)
    next_wakeup: Mapped[int | None] = mapped_column(Instant)
    next_due: Mapped[int | None] = mapped_column(Instant)
    overdue: Mapped[bool]
    level: Mapped[str]
    owner: Mapped[str]
    owner_role: Mapped[str]
    organisation: Mapped[str]
    region: Mapped[str]
    priority: Mapped[str]
    profile: Mapped[str]
    origin: Mapped[str]
    search: Mapped[str]
    """What a search looks in: key, owner, titles and case data, case-folded."""
    view: Mapped[dict[str, Any]]


class CaseLink(Base):
    """A case was asked to be opened, or told something, by another: one row of the journal of that
    one. Not whether it came to it; who opened a case stands with the case itself."""

    __tablename__ = "case_link"
    __table_args__ = (Index("ix_case_link_target", "target"),)

    source: Mapped[str] = mapped_column(Name, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    target: Mapped[str] = mapped_column(Name)
    link: Mapped[str]
    event: Mapped[str | None]


class CaseSubject(Base):
    """What a case is about, one row for each kind: `value` folded for the search, `written` as the
    case has it."""

    __tablename__ = "case_subject"
    __table_args__ = (Index("ix_case_subject_value", "kind", "value"),)

    case_id: Mapped[str] = mapped_column(Name, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Name, primary_key=True)
    value: Mapped[str] = mapped_column(Name)
    written: Mapped[str]


class Clock(Base):
    """One cycle of a clock; cycles that a view no longer shows stay as they ended."""

    __tablename__ = "clock"
    __table_args__ = (
        Index("ix_clock_running", "due", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )

    case_id: Mapped[str] = mapped_column(Name, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    clock: Mapped[str] = mapped_column(Name, primary_key=True)
    cycle: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[dict[str, Any]]
    kind: Mapped[str]
    party: Mapped[str]
    phase: Mapped[str]
    anchor: Mapped[int] = mapped_column(Instant)
    due: Mapped[int | None] = mapped_column(Instant)
    exclusive: Mapped[bool]
    provisional: Mapped[bool]
    breached: Mapped[int | None] = mapped_column(Instant)
    retracted: Mapped[dict[str, Any] | None]
    ended: Mapped[int | None] = mapped_column(Instant)
    remaining: Mapped[int | None] = mapped_column(BigInteger)
    assignee: Mapped[str]
    level: Mapped[str]
    next_rung: Mapped[dict[str, Any] | None]


class Task(Base):
    """A task done, or open in the present state; one that was overtaken is in the journal only."""

    __tablename__ = "task"

    case_id: Mapped[str] = mapped_column(Name, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    task: Mapped[str] = mapped_column(Name, primary_key=True)
    opened: Mapped[int] = mapped_column(Instant, primary_key=True)
    title: Mapped[dict[str, Any]]
    role: Mapped[str]
    done: Mapped[int | None] = mapped_column(Instant)
    actor: Mapped[str]


class Notice(Base):
    """A notice decided; its row is the claim to send it."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_case_id", "case_id", "number", "at"),
        Index("ix_notice_role", "role", "at"),
    )

    key: Mapped[str] = mapped_column(Name, primary_key=True)
    case_id: Mapped[str] = mapped_column(Name)
    number: Mapped[int]
    seq: Mapped[int]
    process: Mapped[str]
    kind: Mapped[str]
    role: Mapped[str] = mapped_column(Name)
    at: Mapped[int] = mapped_column(Instant)
    due: Mapped[int | None] = mapped_column(Instant)
    clock: Mapped[str]
    cycle: Mapped[int]
    rung: Mapped[str]
    level: Mapped[str]
    payload: Mapped[dict[str, Any]]


class DeliveryMark(Base):
    """One way of one notice to one recipient, and how far it got."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index(
            "ix_delivery_undeliverable",
            "notice_key",
            sqlite_where=_UNDELIVERED,
            postgresql_where=_UNDELIVERED,
        ),
        CheckConstraint("status IN ('pending', 'sent', 'merged', 'undeliverable')", name="status"),
        CheckConstraint("attempts >= 0", name="attempts"),
    )

    notice_key: Mapped[str] = mapped_column(Name, ForeignKey("notice.key"), primary_key=True)
    channel: Mapped[str] = mapped_column(Name, primary_key=True)
    recipient: Mapped[str] = mapped_column(Name, primary_key=True)
    status: Mapped[str]
    attempts: Mapped[int]
    error: Mapped[str]
    receipt: Mapped[str]
    fallback: Mapped[bool]


class CaseProblem(Base):
    """What is wrong with a case beside its promises, since when, and when it was mended."""

    __tablename__ = "problem"
    __table_args__ = (
        Index("ix_problem_open", "code", sqlite_where=_UNCLEARED, postgresql_where=_UNCLEARED),
    )

    case_id: Mapped[str] = mapped_column(Name, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(Name, primary_key=True)
    detail: Mapped[str]
    since: Mapped[int] = mapped_column(Instant)
    cleared: Mapped[int | None] = mapped_column(Instant)


class Rules(Base):
    """The rules that cases were opened under, by digest, as they were pinned."""

    __tablename__ = "rules"

    digest: Mapped[str] = mapped_column(Name, primary_key=True)
    process: Mapped[str]
    version: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class DocumentFile(Base):
    """A document that was filled in, as it was printed; it never changes."""

    __tablename__ = "document"
    __table_args__ = (
        Index("ix_document_case_id", "case_id", "number", "seq"),
        CheckConstraint("size >= 0", name="size"),
    )

    key: Mapped[str] = mapped_column(Name, primary_key=True)
    case_id: Mapped[str] = mapped_column(Name)
    number: Mapped[int]
    seq: Mapped[int]
    document: Mapped[str]
    title: Mapped[dict[str, Any]]
    printed: Mapped[str]
    at: Mapped[int] = mapped_column(Instant)
    digest: Mapped[str]
    """SHA-256 of the content."""
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
