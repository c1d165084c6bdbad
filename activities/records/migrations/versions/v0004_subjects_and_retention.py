"""What a case is about, by value, and until when its file is kept. Cases that are there say
neither: the rules that they were opened under did not."""

import sqlalchemy as sa
from alembic import op

from activities.records.columns import Instant, Name, Words

revision = "v0004"
down_revision = "v0003"
branch_labels = None
depends_on = None

KEPT = sa.text("keep_until IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "case_subject",
        sa.Column("case_id", Name(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", Name(), nullable=False),
        sa.Column("value", Name(), nullable=False),
        sa.Column("written", Words(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "number", "kind", name=op.f("pk_case_subject")),
    )
    op.create_index("ix_case_subject_value", "case_subject", ["kind", "value"], unique=False)
    op.add_column("case_state", sa.Column("keep_until", Instant(), nullable=True))
    op.create_index(
        "ix_case_state_keep_until",
        "case_state",
        ["keep_until"],
        unique=False,
        sqlite_where=KEPT,
        postgresql_where=KEPT,
    )
