"""The first tables, and the triggers that keep the journal append-only."""

import sqlalchemy as sa
from alembic import op

from activities.records.columns import Instant, Name, Words

revision = "v0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True)
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# The transaction that writes a row, so that the feed can stop below the oldest one in flight.
# SQLite has one writer at a time: there the order of positions is the order of commits.
XACT = {"postgresql": "(pg_current_xact_id()::text::bigint)", "sqlite": "0"}

APPEND_ONLY = {
    "sqlite": (
        """CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
        """CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'restrict_violation';
        END $$""",
        """CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE ON journal
        FOR EACH ROW EXECUTE FUNCTION journal_append_only()""",
        """CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON journal
        FOR EACH STATEMENT EXECUTE FUNCTION journal_append_only()""",
    ),
}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    _keys_and_rules()
    _journal(sa.text(XACT[dialect]))
    _ledger()
    _projections()
    for statement in APPEND_ONLY[dialect]:
        op.execute(statement)


def _keys_and_rules() -> None:
    op.create_table(
        "rules",
        sa.Column("digest", Name(), nullable=False),
        sa.Column("process", Words(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_rules")),
    )
    op.create_table(
        "case_key",
        sa.Column("process", Name(), nullable=False),
        sa.Column("key", Name(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", Name(), nullable=False),
        sa.Column("digest", Words(), nullable=False),
        sa.Column("origin", Words(), nullable=False),
        sa.Column("claimant", Words(), nullable=False),
        sa.Column("claimed_at", Instant(), nullable=False),
        sa.Column("ended", Instant(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_case_key_number")),
        sa.PrimaryKeyConstraint("process", "key", "number", name=op.f("pk_case_key")),
        sa.UniqueConstraint("case_id", "number", name="uq_case_key_case_id"),
    )


def _journal(xact: sa.TextClause) -> None:
    op.create_table(
        "journal",
        sa.Column("position", BIG, autoincrement=True, nullable=False),
        sa.Column("xact", sa.BigInteger(), server_default=xact, nullable=False),
        sa.Column("case_id", Name(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("recorded", Instant(), nullable=False),
        sa.Column("event_id", Name(), nullable=False),
        sa.Column("actor", Words(), nullable=False),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("previous", Words(), nullable=False),
        sa.Column("clock", Words(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("level", Words(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_journal_number")),
        sa.CheckConstraint("revision >= 0", name=op.f("ck_journal_revision")),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_journal_seq")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_journal")),
        sa.UniqueConstraint("case_id", "number", "seq", "revision", name="uq_journal_case_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_journal_feed", "journal", ["xact", "position"], unique=False)
    op.create_index(
        "uq_journal_event_id",
        "journal",
        ["case_id", "number", "event_id"],
        unique=True,
        sqlite_where=sa.text(
            "event_id <> '' AND revision = 0 AND kind IN ('event', 'opened', 'late_rejected')"
        ),
        postgresql_where=sa.text(
            "event_id <> '' AND revision = 0 AND kind IN ('event', 'opened', 'late_rejected')"
        ),
    )


def _ledger() -> None:
    op.create_table(
        "notice",
        sa.Column("key", Name(), nullable=False),
        sa.Column("case_id", Name(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("process", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("role", Name(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("due", Instant(), nullable=True),
        sa.Column("clock", Words(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("rung", Words(), nullable=False),
        sa.Column("level", Words(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_case_id", "notice", ["case_id", "number", "at"], unique=False)
    op.create_index("ix_notice_role", "notice", ["role", "at"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("notice_key", Name(), nullable=False),
        sa.Column("channel", Name(), nullable=False),
        sa.Column("recipient", Name(), nullable=False),
        sa.Column("status", Words(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", Words(), nullable=False),
        sa.Column("receipt", Words(), nullable=False),
        sa.Column("fallback", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'sent', 'merged', 'undeliverable')",
            name=op.f("ck_delivery_status"),
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_delivery_attempts")),
        sa.ForeignKeyConstraint(
            ["notice_key"], ["notice.key"], name=op.f("fk_delivery_notice_key")
        ),
        sa.PrimaryKeyConstraint("notice_key", "channel", "recipient", name=op.f("pk_delivery")),
    )
    op.create_index(
        "ix_delivery_undeliverable",
        "delivery",
        ["notice_key"],
        unique=False,
        sqlite_where=sa.text("status = 'undeliverable'"),
        postgresql_where=sa.text("status = 'undeliverable'"),
    )


def _projections() -> None:
    op.create_table(
        "case_state",
        sa.Column("case_id", Name(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("process", Name(), nullable=False),
        sa.Column("key", Name(), nullable=False),
        sa.Column("state", Name(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("opened", Instant(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("silent_after", Instant(), nullable=True),
        sa.Column("closed", Instant(), nullable=True),
        sa.Column("ended", Instant(), nullable=True),
        sa.Column("hold_until", Instant(), nullable=True),
        sa.Column("next_wakeup", Instant(), nullable=True),
        sa.Column("next_due", Instant(), nullable=True),
        sa.Column("overdue", sa.Boolean(), nullable=False),
        sa.Column("level", Words(), nullable=False),
        sa.Column("owner", Words(), nullable=False),
        sa.Column("owner_role", Words(), nullable=False),
        sa.Column("organisation", Words(), nullable=False),
        sa.Column("region", Words(), nullable=False),
        sa.Column("priority", Words(), nullable=False),
        sa.Column("profile", Words(), nullable=False),
        sa.Column("origin", Words(), nullable=False),
        sa.Column("search", Words(), nullable=False),
        sa.Column("view", JSON, nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_case_state_number")),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_case_state")),
    )
    op.create_index(
        "ix_case_state_open",
        "case_state",
        ["process", "state"],
        unique=False,
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )
    op.create_index(
        "ix_case_state_opened", "case_state", ["opened", "case_id", "number"], unique=False
    )
    op.create_table(
        "clock",
        sa.Column("case_id", Name(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("clock", Name(), nullable=False),
        sa.Column("cycle", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", JSON, nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("party", Words(), nullable=False),
        sa.Column("phase", Words(), nullable=False),
        sa.Column("anchor", Instant(), nullable=False),
        sa.Column("due", Instant(), nullable=True),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("breached", Instant(), nullable=True),
        sa.Column("retracted", JSON, nullable=True),
        sa.Column("ended", Instant(), nullable=True),
        sa.Column("remaining", sa.BigInteger(), nullable=True),
        sa.Column("assignee", Words(), nullable=False),
        sa.Column("level", Words(), nullable=False),
        sa.Column("next_rung", JSON, nullable=True),
        sa.PrimaryKeyConstraint("case_id", "number", "clock", "cycle", name=op.f("pk_clock")),
    )
    op.create_index(
        "ix_clock_running",
        "clock",
        ["due"],
        unique=False,
        sqlite_where=sa.text("phase = 'running'"),
        postgresql_where=sa.text("phase = 'running'"),
    )
    op.create_table(
        "task",
        sa.Column("case_id", Name(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("task", Name(), nullable=False),
        sa.Column("opened", Instant(), nullable=False),
        sa.Column("title", JSON, nullable=False),
        sa.Column("role", Words(), nullable=False),
        sa.Column("done", Instant(), nullable=True),
        sa.Column("actor", Words(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "number", "task", "opened", name=op.f("pk_task")),
    )
    op.create_table(
        "problem",
        sa.Column("case_id", Name(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", Name(), nullable=False),
        sa.Column("detail", Words(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("cleared", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "number", "code", name=op.f("pk_problem")),
    )
    op.create_index(
        "ix_problem_open",
        "problem",
        ["code"],
        unique=False,
        sqlite_where=sa.text("cleared IS NULL"),
        postgresql_where=sa.text("cleared IS NULL"),
    )
