"""Which case asked which: a table beside the journal, filled from the rows that are there."""

import sqlalchemy as sa
from alembic import op

from activities.records.columns import Name, Words

revision = "v0003"
down_revision = "v0002"
branch_labels = None
depends_on = None

# What a row of the journal says of a link: the key of the other case, the link, and the event.
SAYS = {
    "postgresql": "data->>'{}'",
    "sqlite": "json_extract(data, '$.{}')",
}

# Of a row that was decided anew the last holds. A row without a link's name says what became of
# one; it is no link of its own.
FILL = """
    INSERT INTO case_link (source, number, seq, target, link, event)
    SELECT case_id, number, seq, name || ':' || ({key}), {link}, {event}
    FROM journal
    WHERE kind = 'link' AND ({key}) IS NOT NULL AND ({link}) IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM journal later
        WHERE later.case_id = journal.case_id AND later.number = journal.number
        AND later.seq = journal.seq AND later.revision > journal.revision
    )
"""


def upgrade() -> None:
    op.create_table(
        "case_link",
        sa.Column("source", Name(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("target", Name(), nullable=False),
        sa.Column("link", Words(), nullable=False),
        sa.Column("event", Words(), nullable=True),
        sa.PrimaryKeyConstraint("source", "number", "seq", name=op.f("pk_case_link")),
    )
    op.create_index("ix_case_link_target", "case_link", ["target"], unique=False)
    says = SAYS[op.get_bind().dialect.name]
    said = {name: says.format(name) for name in ("key", "link", "event")}
    op.execute(FILL.format(**said))
