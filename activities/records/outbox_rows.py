"""Values of the outbox, and the small statements about its tables.

What it is: what a sender is given and gives back (`Strand`, `Work`, `Outcome`), what people see
(`Standing`, `Undelivered`), and rows of the tables made of them.
What it is not: transactions (`outbox`).
Who may import it: the records; everybody else has the values from `activities.records`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from activities.records.feed import Place, between, with_case
from activities.records.outbox_schema import WebhookCursor, WebhookDelivery
from activities.records.schema import Journal
from definitions.problems import DuecourseError

Item = dict[str, Any]
Lane = Literal["fresh", "held", "again"]
MANY = 1000
"""Rows that are counted at most."""


class LeaseLost(DuecourseError):
    """Nobody's fault: another sender took the subscription over meanwhile."""

    code = "lease_lost"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subscription stands; instants are whole seconds."""

    subscription: str
    cursor: str
    owner: str
    until: int
    quiet: int | None
    stopped: int | None
    problem: str
    sent: int
    last: int | None


@dataclass(frozen=True, slots=True)
class Strand:
    """Rows of one case to be sent in their order. `attempts` and `first` are those of the first
    of them."""

    lane: Lane
    rows: tuple[Item, ...]
    attempts: int = 0
    first: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be sent now, and the cursor of the subscription when all is noted."""

    strands: tuple[Strand, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a strand: so many rows arrived. If some did not, `next` is when the first of
    these is tried again; with `error` it was tried, with `dead` it is given up."""

    strand: Strand
    sent: int
    next: int = 0
    error: str = ""
    dead: bool = False


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A row that did not arrive yet, or was given up."""

    subscription: str
    event: str
    status: str
    attempts: int
    first: int | None
    next: int
    error: str


NEW: dict[str, Any] = {"status": "held", "attempts": 0, "first": None, "error": ""}


def begun(subscription: str, place: Place) -> dict[str, Any]:
    return {
        "subscription": subscription,
        "xact": place.xact,
        "position": place.position,
        "owner": "",
        "until": 0,
        **dict.fromkeys(("quiet", "stopped", "last")),
        "problem": "",
        "sent": 0,
    }


def row_of(subscription: str, item: Item) -> dict[str, Any]:
    place = Place.read(item["cursor"])
    return {
        "subscription": subscription,
        "event": item["id"],
        "case_id": item["case"],
        "xact": place.xact,
        "position": place.position,
    }


def standing_of(row: Mapping[Any, Any]) -> Standing:
    names = (name for name in Standing.__dataclass_fields__ if name != "cursor")
    cursor = str(Place(row["xact"], row["position"]))
    return Standing(cursor=cursor, **{name: row[name] for name in names})


def undelivered_of(row: Mapping[Any, Any]) -> Undelivered:
    return Undelivered(**{name: row[name] for name in Undelivered.__dataclass_fields__})


def held_by(subscription: str, owner: str) -> ColumnElement[bool]:
    """Of a subscription: this sender has its lease, or had it last and nobody took it over."""
    return and_(WebhookCursor.subscription == subscription, WebhookCursor.owner == owner)


def delivery_of(subscription: str, event: str) -> ColumnElement[bool]:
    return and_(WebhookDelivery.subscription == subscription, WebhookDelivery.event == event)


def row_at(place: Place) -> Select[Any]:
    """The row of the journal that stands there."""
    return with_case().where(Journal.xact == place.xact, Journal.position == place.position)


def held_cases(connection: Connection, subscription: str, cases: Iterable[str]) -> set[str]:
    """Those of the cases whose rows wait behind one that did not arrive."""
    held = select(WebhookDelivery.case_id).where(
        WebhookDelivery.subscription == subscription,
        WebhookDelivery.status == "held",
        WebhookDelivery.case_id.in_(list(cases)),
    )
    return set(connection.scalars(held))


def count_between(connection: Connection, after: Place, end: Place) -> int:
    """The rows behind `after` up to `end`, or `MANY` if there are more."""
    some = select(Journal.position).where(between(connection, after, end)).limit(MANY)
    return connection.scalar(select(func.count()).select_from(some.subquery())) or 0
