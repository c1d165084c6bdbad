"""The activities of a case: records and notices behind the names that the shell calls.

What it is: glue. `record` keeps a turn (and with the first one claims the key and keeps the
rules), `send` delivers notices until nothing is pending, `write_and_send` does both once for a
turn that nobody waits for, `resolve_rules` finds the rules of a start that brought none.
What it is not: the order of rows, or what a case does when the world fails; the shell has that.
Who may import it: the composition.

The activities may run twice; records and notifier are idempotent.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ledger import NoticeLedger
from activities.notices.notifier import Notifier, Outcome
from activities.records import Records
from definitions.problems import DuecourseError
from workflows.core.effects import Batch, Notify

log = structlog.get_logger(__name__)


class CaseActivities:
    """Give `all` to the worker."""

    def __init__(self, records: Records, notifier: Notifier, rules: Callable[[str], bytes]) -> None:
        """`rules` gives the pinned rules of a process by its id, or raises `DuecourseError`."""
        self._records = records
        self._ledger: NoticeLedger = records
        self._notifier = notifier
        self._rules = rules
        self._kept: set[str] = set()

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Every activity."""
        return [self.record, self.write_and_send, self.send, self.resolve_rules]

    @activity.defn(name="record")
    async def record(
        self, batch: Batch, number: int, opening: dict[str, Any] | None, rules: bytes | None
    ) -> dict[str, Any]:
        """Keep a turn. `taken` in the answer: the key belongs to another case."""
        if opening is not None:
            claim = await self._records.claim_key(
                opening["process"],
                opening["key"],
                number,
                batch.case,
                opening["digest"],
                opening["origin"],
                opening["at"],
                claimant=opening["claimant"],
            )
            if not claim.mine:
                owner = {"case": claim.case, "number": claim.number, "ended": claim.ended}
                log.warning("case.key_taken", case=batch.case, owner=owner)
                return {"taken": owner}
            await self._keep_rules(opening, rules)
        await self._records.write(batch, number)
        return {}

    @activity.defn(name="write_and_send")
    async def write_and_send(
        self, batch: Batch, notices: tuple[Notify, ...], number: int
    ) -> dict[str, Any]:
        """Keep a turn, then try its notices once; `notices` is empty, but for what older programs
        asked for. `pending`: some are to be sent yet."""
        try:
            await self._records.write(batch, number)
        except DuecourseError as error:
            log.warning("records.write_failed", case=batch.case, error=error.message)
            return {"recorded": False, "pending": True, "undeliverable": {}}
        try:
            outcomes = await self._notifier.deliver(notices or batch.notices)
        except DuecourseError as error:
            log.warning("notices.deliver_failed", case=batch.case, error=error.message)
            return {"recorded": True, "pending": True, "undeliverable": {}}
        pending = any(not outcome.done for outcome in outcomes)
        return {"recorded": True, "pending": pending, "undeliverable": _failed(outcomes)}

    @activity.defn(name="send")
    async def send(self, notices: tuple[Notify, ...], again: bool) -> dict[str, Any]:
        """Deliver; comes again by itself while something is pending. With `again`, what was given
        up is tried anew."""
        # Only the first attempt re-opens what was given up, or nothing would ever be given up.
        if again and activity.info().attempt == 1:
            await self._reopen(notices)
        outcomes = await self._notifier.deliver(notices)
        waits = [one.retry_after for one in outcomes if one.retry_after is not None]
        if waits:
            raise ApplicationError(
                "; ".join(why for one in outcomes for why in one.pending)[:500],
                type="notices_pending",
                next_retry_delay=timedelta(seconds=max(1, min(waits))),
            )
        return {"undeliverable": _failed(outcomes)}

    @activity.defn(name="resolve_rules")
    async def resolve_rules(self, process: str) -> bytes:
        """The pinned rules of a process."""
        try:
            return self._rules(process)
        except DuecourseError as error:
            raise ApplicationError(
                error.message, error.to_json(), type=error.code, non_retryable=True
            ) from error

    async def _reopen(self, notices: Sequence[Notify]) -> None:
        for notice in notices:
            for delivery in await self._ledger.claim(notice, ()):
                if delivery.status == "undeliverable":
                    fresh = type(delivery)(
                        delivery.channel, delivery.recipient, fallback=delivery.fallback
                    )
                    await self._ledger.mark(notice.key, fresh)

    async def _keep_rules(self, opening: dict[str, Any], rules: bytes | None) -> None:
        digest = opening["digest"]
        if rules is None or digest in self._kept:
            return
        await self._records.save_rules(
            digest, rules, process=opening["process"], version=opening["version"]
        )
        self._kept.add(digest)


def _failed(outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {one.key: "; ".join(one.undeliverable)[:200] for one in outcomes if one.undeliverable}
