"""What is sent to other systems: how far each subscription is, and what did not arrive yet."""

import sqlalchemy as sa
from alembic import op

from activities.records.columns import Instant, Name, Words

revision = "v0005"
down_revision = "v0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.text("status <> 'dead'")


def upgrade() -> None:
    op.create_table(
        "webhook_cursor",
        sa.Column("subscription", Name(), nullable=False),
        sa.Column("xact", BIG, nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("owner", Words(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("quiet", Instant(), nullable=True),
        sa.Column("stopped", Instant(), nullable=True),
        sa.Column("problem", Words(), nullable=False),
        sa.Column("sent", BIG, nullable=False),
        sa.Column("last", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("subscription", name=op.f("pk_webhook_cursor")),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("subscription", Name(), nullable=False),
        sa.Column("event", Name(), nullable=False),
        sa.Column("case_id", Name(), nullable=False),
        sa.Column("xact", BIG, nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("status", Words(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first", Instant(), nullable=True),
        sa.Column("next", Instant(), nullable=False),
        sa.Column("error", Words(), nullable=False),
        sa.CheckConstraint(
            "status IN ('held', 'again', 'dead')", name=op.f("ck_webhook_delivery_status")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_webhook_delivery_attempts")),
        sa.ForeignKeyConstraint(
            ["subscription"],
            ["webhook_cursor.subscription"],
            name=op.f("fk_webhook_delivery_subscription"),
        ),
        sa.PrimaryKeyConstraint("subscription", "event", name=op.f("pk_webhook_delivery")),
    )
    op.create_index(
        "ix_webhook_delivery_next",
        "webhook_delivery",
        ["subscription", "next"],
        unique=False,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
