"""The tables of what is sent to other systems, typed.

What it is: how far each subscription has read the feed and who sends for it, and the rows that it
could not send yet.
What it is not: the rows themselves; those are in the journal.
Who may import it: the records and their migrations.
"""

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from activities.records.columns import Instant, Name
from activities.records.schema import Base, Big

_WAITING = text("status <> 'dead'")


class WebhookCursor(Base):
    """One row a subscription: what lies at or before its place was sent, or is in
    `webhook_delivery`. Who holds the lease (`owner`, until `until`) sends, and nobody else."""

    __tablename__ = "webhook_cursor"

    subscription: Mapped[str] = mapped_column(Name, primary_key=True)
    xact: Mapped[int] = mapped_column(Big)
    position: Mapped[int] = mapped_column(Big)
    owner: Mapped[str]
    until: Mapped[int] = mapped_column(Instant)
    quiet: Mapped[int | None] = mapped_column(Instant)
    """Until when the receiver asked to be left alone."""
    stopped: Mapped[int | None] = mapped_column(Instant)
    problem: Mapped[str]
    """Why it was stopped, or what went wrong last; empty once something arrived."""
    sent: Mapped[int] = mapped_column(Big)
    last: Mapped[int | None] = mapped_column(Instant)
    """When something arrived last."""


class WebhookDelivery(Base):
    """A row of the journal that did not arrive yet.

    `held`: the first such row of its case, at most one a case; the later ones wait behind it and
    are found in the journal. `again`: asked to be sent once more, outside the order. `dead`: given
    up.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index(
            "ix_webhook_delivery_next",
            "subscription",
            "next",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        CheckConstraint("status IN ('held', 'again', 'dead')", name="status"),
        CheckConstraint("attempts >= 0", name="attempts"),
    )

    subscription: Mapped[str] = mapped_column(
        Name, ForeignKey("webhook_cursor.subscription"), primary_key=True
    )
    event: Mapped[str] = mapped_column(Name, primary_key=True)
    case_id: Mapped[str] = mapped_column(Name)
    xact: Mapped[int] = mapped_column(Big)
    position: Mapped[int] = mapped_column(Big)
    status: Mapped[str]
    attempts: Mapped[int]
    first: Mapped[int | None] = mapped_column(Instant)
    """When it was tried first."""
    next: Mapped[int] = mapped_column(Instant)
    """When it is tried next; of a dead one, when it was given up."""
    error: Mapped[str]
