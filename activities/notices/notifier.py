"""The notifier: claim, then send, then mark.

What it is: for each notice the recipients are found and their deliveries claimed in the ledger
before anything leaves; then each delivery that is still pending is tried once, none held up by
another, and marked. Asked again for the same key it sends only what is still pending: claimed
exactly once, delivered at least once.
What it is not: repetition. Whoever calls comes again after `Outcome.retry_after` seconds; the
attempts are counted in the ledger, so that the bound holds over crashes and callers.
Who may import it: the notify activity and compositions.
"""

import asyncio
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from activities.ledger import Delivery, DeliveryStatus, NoticeLedger
from activities.notices.channels.base import Channel, Permanent, Retryable, reason
from activities.notices.channels.configuration import check_names
from activities.notices.clock import SYSTEM, Clock
from activities.notices.directory import Directory, Recipient
from activities.notices.rates import Outbox, Waiting
from activities.notices.templates import Places, compose, digest
from workflows.core.effects import Notify

MAX_ATTEMPTS = 8
FIRST_RETRY = 5
LAST_RETRY = 900
# Somebody else in this process holds the delivery: an attempt that outlived its activity.
_HELD_RETRY = 5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a notice stands. `retry_after`: seconds until it is worth while to deliver it again, None
    if nothing is pending. `pending` and `undeliverable` give a reason for each such delivery;
    `undeliverable` is a visible problem of the case."""

    key: str
    deliveries: tuple[Delivery, ...]
    retry_after: int | None = None
    pending: tuple[str, ...] = ()
    undeliverable: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Nothing is pending."""
        return self.retry_after is None


@dataclass(frozen=True, slots=True)
class _Tried:
    delivery: Delivery
    retry_after: int | None = None
    why: str = ""


class Notifier:
    """One for each process; its outboxes keep the channels' rates."""

    def __init__(
        self,
        directory: Directory,
        channels: Mapping[str, Channel],
        ledger: NoticeLedger,
        clock: Clock = SYSTEM,
        places: Places | None = None,
        max_attempts: int = MAX_ATTEMPTS,
    ) -> None:
        """Raises `SettingsError` if the directory uses a channel that is not set up."""
        check_names(directory.channels, channels)
        self._directory = directory
        self._ledger = ledger
        self._clock = clock
        self._places = places or Places()
        self._max_attempts = max_attempts
        self._outboxes = {name: Outbox(one, clock, digest) for name, one in channels.items()}
        self._held: set[tuple[str, str, str]] = set()

    async def deliver(self, notices: Sequence[Notify]) -> tuple[Outcome, ...]:
        """One attempt for each delivery of the notices that is still pending; never raises for a
        channel or a text, only for the ledger (then nothing is lost, and the caller comes again).
        """
        claimed = [await self._claim(notice) for notice in notices]
        return tuple(
            await asyncio.gather(
                *(self._attempt(notice, *one) for notice, one in zip(notices, claimed, strict=True))
            )
        )

    async def aclose(self) -> None:
        """Give back what waits for a rate; its deliveries stay pending."""
        await asyncio.gather(*(outbox.aclose() for outbox in self._outboxes.values()))

    async def _claim(self, notice: Notify) -> tuple[tuple[Delivery, ...], dict[str, Recipient]]:
        found = self._directory.resolve(
            notice.to, notice.organisation, notice.region, notice.at, notice.assignee
        )
        wanted = [
            Delivery(channel, one.contact.id, fallback=one.fallback)
            for one in found
            for channel, _ in one.contact.channels
        ]
        if any(one.fallback for one in found):
            log.warning("notice.unfilled", key=notice.key, role=notice.to)
        recipients = {one.contact.id: one for one in found}
        return await self._ledger.claim(notice, wanted), recipients

    async def _attempt(
        self,
        notice: Notify,
        deliveries: tuple[Delivery, ...],
        recipients: Mapping[str, Recipient],
    ) -> Outcome:
        results = await asyncio.gather(
            *(self._try(notice, one, recipients) for one in deliveries), return_exceptions=True
        )
        # What fails here is the ledger; the others have had their attempt all the same.
        tried: list[_Tried] = []
        for result in results:
            if isinstance(result, BaseException):
                raise result
            tried.append(result)
        waits = [one.retry_after for one in tried if one.retry_after is not None]
        return Outcome(
            key=notice.key,
            deliveries=tuple(one.delivery for one in tried),
            retry_after=min(waits, default=None),
            pending=tuple(
                _named(one.delivery, one.why) for one in tried if one.retry_after is not None
            ),
            undeliverable=tuple(
                _named(one.delivery, one.delivery.error)
                for one in tried
                if one.delivery.status == "undeliverable"
            ),
        )

    async def _try(
        self, notice: Notify, delivery: Delivery, recipients: Mapping[str, Recipient]
    ) -> _Tried:
        if delivery.status != "pending":
            return _Tried(delivery)
        held = (notice.key, delivery.channel, delivery.recipient)
        if held in self._held:
            return _Tried(delivery, _HELD_RETRY, "on its way already")
        self._held.add(held)
        try:
            tried = await self._send(notice, delivery, recipients.get(delivery.recipient))
            if tried.delivery != delivery:
                await self._ledger.mark(notice.key, tried.delivery)
        finally:
            self._held.discard(held)
        log.info(
            "notice.delivery",
            key=notice.key,
            channel=delivery.channel,
            recipient=delivery.recipient,
            status=tried.delivery.status,
            attempts=tried.delivery.attempts,
            why=tried.why or tried.delivery.error,
        )
        return tried

    async def _send(
        self, notice: Notify, delivery: Delivery, recipient: Recipient | None
    ) -> _Tried:
        try:
            recipient = self._recipient(delivery, recipient)
            if (wait := self._quiet(notice, recipient)) is not None:
                return _Tried(delivery, wait, "quiet hours")
            message = compose(notice, recipient, delivery.channel, self._places)
            sent = await self._outbox(delivery).send(message)
        except Waiting as waiting:
            return _Tried(delivery, _whole(waiting.after), waiting.message)
        except Permanent as refused:
            return _Tried(_marked(delivery, "undeliverable", refused.message))
        except Retryable as failed:
            return self._later(delivery, failed)
        except Exception as broken:  # noqa: BLE001 - one fault must not hang the case
            # Ours, then. Its text may hold a secret; its kind and place do not.
            where = traceback.extract_tb(broken.__traceback__)[-1]
            fault = f"{type(broken).__name__} at {where.name}:{where.lineno}"
            log.error("notice.fault", key=notice.key, channel=delivery.channel, fault=fault)
            return self._later(delivery, Retryable(f"internal fault ({fault})"))
        status: DeliveryStatus = "merged" if sent.merged else "sent"
        done = _marked(delivery, status)
        return _Tried(replace(done, receipt=sent.receipt.id))

    def _recipient(self, delivery: Delivery, recipient: Recipient | None) -> Recipient:
        """Who was claimed, even if the directory would now answer somebody else."""
        if recipient is not None:
            return replace(recipient, fallback=delivery.fallback)
        contact = self._directory.contact(delivery.recipient)
        if contact is None:
            raise Permanent("the recipient is no longer in the directory")
        return Recipient(contact, delivery.fallback)

    def _outbox(self, delivery: Delivery) -> Outbox:
        outbox = self._outboxes.get(delivery.channel)
        if outbox is None:
            raise Permanent("the channel is no longer set up")
        return outbox

    def _quiet(self, notice: Notify, recipient: Recipient) -> int | None:
        if notice.urgent:
            return None
        now = self._clock.now()
        opening = self._directory.quiet_until(recipient.contact, now)
        return None if opening is None else opening - now

    def _later(self, delivery: Delivery, failed: Retryable) -> _Tried:
        if failed.limited:
            return _Tried(delivery, _whole(failed.after or 60), failed.message)
        if delivery.attempts + 1 >= self._max_attempts:
            why = reason(f"given up after {delivery.attempts + 1} attempts: {failed.message}")
            return _Tried(_marked(delivery, "undeliverable", why))
        wait = min(FIRST_RETRY * 2**delivery.attempts, LAST_RETRY)
        if failed.after is not None:
            wait = max(wait, _whole(failed.after))
        return _Tried(_marked(delivery, "pending", failed.message), wait, failed.message)


def _marked(delivery: Delivery, status: DeliveryStatus, why: str = "") -> Delivery:
    return replace(delivery, status=status, attempts=delivery.attempts + 1, error=why)


def _whole(seconds: float) -> int:
    """Whole seconds, never too few."""
    return max(1, -int(-seconds // 1))


def _named(delivery: Delivery, why: str) -> str:
    return f"{delivery.channel} to {delivery.recipient}: {why}"
