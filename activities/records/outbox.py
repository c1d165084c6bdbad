"""What is sent to other systems, as the records keep it.

What it is: `Outbox`, which gives a sender its next work and keeps what became of it, under a lease
that one sender at a time has. Nothing is lost: the cursor of a subscription passes a row only in
the transaction that says what became of it. Each case keeps its order: of a row that did not arrive
the place is held, and the case's later rows wait behind it.
What it is not: the sending (`activities.feed`), or a way to change a row.
Who may import it: the records; everybody else has it from `activities.records`.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from activities.records.engine import Database
from activities.records.feed import (
    BEGINNING,
    FeedFilter,
    Place,
    as_item,
    filtered,
    newest,
    read_feed,
    rows_between,
    with_case,
)
from activities.records.outbox_rows import (
    NEW,
    Item,
    LeaseLost,
    Outcome,
    Standing,
    Strand,
    Undelivered,
    Work,
    begun,
    count_between,
    delivery_of,
    held_by,
    held_cases,
    row_at,
    row_of,
    standing_of,
    undelivered_of,
)
from activities.records.outbox_schema import WebhookCursor, WebhookDelivery
from activities.records.schema import Journal

DEEP = 20
"""Rows of one held case that one round sends at most."""


class Outbox:
    """The subscriptions of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = sqlite.insert if database.dialect == "sqlite" else postgresql.insert

    # --- a sender's round

    async def open(self, subscription: str, *, whole: bool) -> None:
        """Begin a subscription that is not there: with the whole journal, or with what comes."""

        def work(connection: Connection) -> None:
            place = BEGINNING if whole else newest(connection)
            made = self._insert(WebhookCursor).on_conflict_do_nothing()
            connection.execute(made, [begun(subscription, place)])

        if await self.standing(subscription) is None:
            await self._database.write(work)

    async def lease(self, subscription: str, owner: str, now: int, seconds: int) -> Standing | None:
        """Take or renew the lease; None if somebody else has it."""
        standing = await self.standing(subscription)
        free = standing is None or standing.owner in ("", owner) or standing.until <= now
        if standing is None or not free:
            return None
        if standing.owner == owner and standing.until - now > seconds // 2:
            return standing
        taken = (
            update(WebhookCursor)
            .where(
                WebhookCursor.subscription == subscription,
                or_(WebhookCursor.owner.in_(("", owner)), WebhookCursor.until <= now),
            )
            .values(owner=owner, until=now + seconds)
        )
        count = await self._database.write(lambda at: at.execute(taken).rowcount)
        return await self.standing(subscription) if count == 1 else None

    async def leave(self, subscription: str, owner: str) -> None:
        """Give the lease up, so that the next sender need not wait for its end."""
        left = update(WebhookCursor).values(owner="")
        left = left.where(held_by(subscription, owner))
        await self._database.write(lambda at: at.execute(left))

    async def work(self, subscription: str, wanted: FeedFilter, now: int, limit: int) -> Work:
        """What is to be sent now: what did not arrive and is due, then new rows, `limit` in all
        (a held case's later rows come on top)."""

        def work(connection: Connection) -> Work:
            place = Place(*connection.execute(_PLACE, {"name": subscription}).one())
            old = self._due(connection, subscription, place, wanted, now, limit)
            if len(old) >= limit:
                return Work(tuple(old), str(place))
            page = read_feed(connection, place, limit - len(old), wanted)
            new: dict[str, list[Item]] = {}
            for item in page.items:
                new.setdefault(item["case"], []).append(item)
            for case in held_cases(connection, subscription, list(new)):
                del new[case]
            fresh = (Strand("fresh", tuple(rows)) for rows in new.values())
            return Work((*old, *fresh), page.cursor)

        return await self._database.read(work)

    def _due(
        self,
        connection: Connection,
        subscription: str,
        place: Place,
        wanted: FeedFilter,
        now: int,
        limit: int,
    ) -> list[Strand]:
        due = (
            select(WebhookDelivery.__table__)
            .where(
                WebhookDelivery.subscription == subscription,
                WebhookDelivery.status != "dead",
                WebhookDelivery.next <= now,
            )
            .order_by(WebhookDelivery.next, WebhookDelivery.xact, WebhookDelivery.position)
            .limit(limit)
        )
        found = []
        asked = set()
        for one in connection.execute(due).mappings():
            here, lane = Place(one["xact"], one["position"]), one["status"]
            if lane == "again" and one["case_id"] in asked:
                continue  # Two of one case: the later one has its turn in the next round.
            asked.add(one["case_id"])
            first = connection.execute(row_at(here)).mappings().one()
            rows = [as_item(first)]
            if lane == "held":
                of_case = [*filtered(wanted), Journal.case_id == one["case_id"]]
                more = rows_between(connection, here, place, DEEP - 1, of_case)
                rows += map(as_item, more)
            found.append(Strand(lane, tuple(rows), one["attempts"], one["first"]))
        return found

    async def note(
        self,
        subscription: str,
        owner: str,
        wanted: FeedFilter,
        now: int,
        cursor: str,
        outcomes: Sequence[Outcome],
        *,
        quiet: int | None = None,
        stopped: str = "",
    ) -> None:
        """Keep what became of a round and move the cursor. Raises `LeaseLost`, and keeps nothing,
        if another sender has the subscription by now."""
        place = Place.read(cursor)
        sent = sum(one.sent for one in outcomes)
        problem = next((one.error for one in reversed(outcomes) if one.error), "")
        values: dict[str, Any] = {
            "xact": place.xact,
            "position": place.position,
            "sent": WebhookCursor.sent + sent,
            "quiet": quiet,
        }
        if sent or problem or stopped:
            values["problem"] = stopped or problem
        if sent:
            values["last"] = now
        if stopped:
            values["stopped"] = now
        moved = update(WebhookCursor).where(held_by(subscription, owner)).values(values)

        def work(connection: Connection) -> None:
            if connection.execute(moved).rowcount != 1:
                raise LeaseLost(f"'{subscription}' has another sender by now")
            for outcome in outcomes:
                self._settle(connection, subscription, wanted, now, place, outcome)

        await self._database.write(work)

    def _settle(
        self,
        connection: Connection,
        subscription: str,
        wanted: FeedFilter,
        now: int,
        place: Place,
        outcome: Outcome,
    ) -> None:
        """What did not arrive of a strand, and where its case is held from now on."""
        strand, sent = outcome.strand, outcome.sent
        if strand.lane != "fresh":
            gone = delivery_of(subscription, strand.rows[0]["id"])
            gone = and_(gone, WebhookDelivery.status == strand.lane)
            connection.execute(delete(WebhookDelivery).where(gone))
        left = strand.rows[sent] if sent < len(strand.rows) else None
        if left is not None:
            old = (strand.attempts, strand.first) if sent == 0 else (0, None)
            tried = bool(outcome.error)
            status = "dead" if outcome.dead else "again" if strand.lane == "again" else "held"
            values = {
                **row_of(subscription, left),
                "status": status,
                "attempts": old[0] + tried,
                "first": old[1] if old[1] is not None else now if tried else None,
                "next": now if outcome.dead else outcome.next,
                "error": outcome.error,
            }
            self._keep(connection, values)
        done = left is None and strand.lane == "held"
        if not (done or (outcome.dead and strand.lane != "again")):
            return
        # The case goes on behind what is settled, up to where the cursor is now.
        here = Place.read((left or strand.rows[-1])["cursor"])
        of_case = [*filtered(wanted), Journal.case_id == strand.rows[0]["case"]]
        for row in rows_between(connection, here, place, 1, of_case):
            item = as_item(row)
            self._keep(connection, {**row_of(subscription, item), **NEW, "next": now})

    def _keep(self, connection: Connection, values: dict[str, Any]) -> None:
        made = self._insert(WebhookDelivery)
        connection.execute(
            made.on_conflict_do_update(
                index_elements=["subscription", "event"],
                set_={name: made.excluded[name] for name in (*NEW, "next")},
            ),
            [values],
        )

    # --- what people ask

    async def standing(self, subscription: str) -> Standing | None:
        """How a subscription stands; None if it never began."""
        wanted = select(WebhookCursor.__table__)
        wanted = wanted.where(WebhookCursor.subscription == subscription)
        found = await self._database.read(lambda at: at.execute(wanted).mappings().first())
        return None if found is None else standing_of(found)

    async def standings(self) -> tuple[tuple[Standing, dict[str, int]], ...]:
        """All subscriptions by name, each with the number of its rows `held`, `again`, `dead` and
        `behind` the cursor (not looked at, filters aside; at most 1,000)."""
        counts = select(WebhookDelivery.subscription, WebhookDelivery.status, func.count())
        counts = counts.group_by(WebhookDelivery.subscription, WebhookDelivery.status)
        wanted = select(WebhookCursor.__table__).order_by(WebhookCursor.subscription)

        def work(connection: Connection) -> tuple[tuple[Standing, dict[str, int]], ...]:
            counted: dict[str, dict[str, int]] = {}
            for name, status, count in connection.execute(counts):
                counted.setdefault(name, {})[status] = count
            end = newest(connection)
            found = []
            for row in connection.execute(wanted).mappings():
                place = Place(row["xact"], row["position"])
                behind = count_between(connection, place, end)
                numbers = {"held": 0, "again": 0, "dead": 0, "behind": behind}
                numbers |= counted.get(row["subscription"], {})
                found.append((standing_of(row), numbers))
            return tuple(found)

        return await self._database.read(work)

    async def undelivered(
        self, subscription: str | None = None, status: str | None = None, limit: int = 200
    ) -> tuple[Undelivered, ...]:
        """Rows that did not arrive, in the order of the feed."""
        wanted = select(WebhookDelivery.__table__)
        if subscription is not None:
            wanted = wanted.where(WebhookDelivery.subscription == subscription)
        if status is not None:
            wanted = wanted.where(WebhookDelivery.status == status)
        order = (WebhookDelivery.xact, WebhookDelivery.position, WebhookDelivery.subscription)
        wanted = wanted.order_by(*order).limit(limit)
        found = await self._database.read(lambda at: at.execute(wanted).mappings().all())
        return tuple(map(undelivered_of, found))

    async def again(self, event: str, subscriptions: Sequence[str], now: int) -> bool:
        """Send a row once more to these subscriptions, outside the order; False if there is no
        such row. One that is held is tried at once."""
        try:
            case, number, seq, revision = event.rsplit("/", 3)
            row = (Journal.number == int(number), Journal.seq == int(seq))
            asked = with_case().where(Journal.case_id == case, *row)
            asked = asked.where(Journal.revision == int(revision))
        except ValueError:
            return False

        def work(connection: Connection) -> bool:
            found = connection.execute(asked).mappings().first()
            if found is None:
                return False
            for one in subscriptions:
                values = {**row_of(one, as_item(found)), **NEW, "next": now}
                made = self._insert(WebhookDelivery).on_conflict_do_nothing()
                connection.execute(made, [{**values, "status": "again"}])
                self._revive(connection, delivery_of(one, event), now)
            return True

        return await self._database.write(work)

    async def again_all(self, subscriptions: Sequence[str], now: int) -> int:
        """Send all dead rows of these subscriptions once more; how many."""
        which = WebhookDelivery.subscription.in_(list(subscriptions))
        return await self._database.write(lambda at: self._revive(at, which, now, only="dead"))

    def _revive(
        self, connection: Connection, which: ColumnElement[bool], now: int, only: str = ""
    ) -> int:
        dead = update(WebhookDelivery).where(which, WebhookDelivery.status == "dead")
        again = {"status": "again", "attempts": 0, "first": None, "next": now}
        count = connection.execute(dead.values(again)).rowcount
        if not only:
            connection.execute(update(WebhookDelivery).where(which).values(next=now))
        return count

    async def resume(self, subscription: str) -> bool:
        """Go on with a subscription that was stopped; whether it was."""
        was = (WebhookCursor.subscription == subscription, WebhookCursor.stopped.is_not(None))
        goes_on = update(WebhookCursor).where(*was).values(stopped=None, problem="", quiet=None)
        return await self._database.write(lambda at: at.execute(goes_on).rowcount) == 1


_PLACE = select(WebhookCursor.xact, WebhookCursor.position).where(
    WebhookCursor.subscription == bindparam("name")
)
