"""The archive of printed documents."""

import sqlalchemy as sa
from alembic import op

from activities.records.columns import Instant, Name, Words

revision = "v0002"
down_revision = "v0001"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("key", Name(), nullable=False),
        sa.Column("case_id", Name(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("document", Words(), nullable=False),
        sa.Column("title", JSON, nullable=False),
        sa.Column("printed", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("digest", Words(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("size >= 0", name=op.f("ck_document_size")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_document")),
    )
    op.create_index("ix_document_case_id", "document", ["case_id", "number", "seq"], unique=False)
