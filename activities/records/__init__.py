"""The records: what outlives a case's run, in SQLite or PostgreSQL.

What it is: journal, keys, ledger of notices, rules and projections (`Records`), and the questions
to them (`Records.read`).
What it is not: the truth of a running case, which is its own history; records repeat what that
decided.
Who may import it: the activities and the surfaces, from here.
"""

from activities.records.closed import Closed
from activities.records.engine import RecordsConflict, RecordsOutdated, RecordsUnavailable
from activities.records.feed import BadCursor, FeedFilter, FeedPage
from activities.records.filters import CaseFilter
from activities.records.keys import KeyClaim
from activities.records.outbox import Outbox
from activities.records.outbox_rows import (
    LeaseLost,
    Outcome,
    Standing,
    Strand,
    Undelivered,
    Work,
)
from activities.records.queries import AboutPage, Page, Queries
from activities.records.store import Records
from activities.records.stuck import Reason, StuckCase

__all__ = [
    "AboutPage",
    "BadCursor",
    "CaseFilter",
    "Closed",
    "FeedFilter",
    "FeedPage",
    "KeyClaim",
    "LeaseLost",
    "Outbox",
    "Outcome",
    "Page",
    "Queries",
    "Reason",
    "Records",
    "RecordsConflict",
    "RecordsOutdated",
    "RecordsUnavailable",
    "Standing",
    "Strand",
    "StuckCase",
    "Undelivered",
    "Work",
]
