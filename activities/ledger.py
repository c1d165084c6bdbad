"""The ledger of notices: what a notifier needs of the records, and no more.

What it is: a protocol and its values. A notice is claimed once (a unique row), then each of its
deliveries is tried until it is marked; a repeated claim returns the marks that exist.
What it is not: storage. `activities.records` implements it.
Who may import it: the activities and their composition.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from workflows.core.effects import Notify

DeliveryStatus = Literal["pending", "sent", "merged", "undeliverable"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One way of one notice to one recipient: `recipient` is a person's or group's id in the
    directory, never an address. `fallback` marks a role that nobody holds."""

    channel: str
    recipient: str
    status: DeliveryStatus = "pending"
    attempts: int = 0
    error: str = ""
    receipt: str = ""
    """Message-ID, idempotency key or the digest that carried it."""
    fallback: bool = False


class NoticeLedger(Protocol):
    """Durable marks of notices and their deliveries."""

    async def claim(self, notice: Notify, deliveries: Sequence[Delivery]) -> tuple[Delivery, ...]:
        """Insert the notice and its deliveries where absent; return all of its deliveries."""
        ...

    async def mark(self, key: str, delivery: Delivery) -> None:
        """Store the delivery's status, attempts, error and receipt for the notice `key`."""
        ...
