"""What every channel has in common: a message, a receipt, and the two ways to fail.

What it is: the protocol between the notifier and a channel, and the hiding of secrets in errors.
What it is not: a channel. Who may import it: the notices package and compositions.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from definitions.problems import DuecourseError
from definitions.text import Lang

MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class Message:
    """One text to one address. `key` is the same for each attempt and differs between recipients;
    in a room's robot `address` is the account to mention (several in a digest, with commas), or
    empty."""

    key: str
    subject: str
    text: str
    markdown: str
    recipient: str
    address: str = ""
    language: Lang = "zh"
    urgent: bool = False
    refs: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The key in a form that any header can carry: 64 hexadecimal digits."""
        return hashlib.sha256(self.key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the accepted message can be found by: its Message-ID or idempotency key."""

    id: str


class ChannelFailure(DuecourseError):
    """A message was not accepted. The message says why, without addresses, keys or secrets."""


class Retryable(ChannelFailure):
    """It may be accepted later. `limited`: the receiver only asks to wait, which is no failure;
    `after`: in so many seconds, if it said so."""

    code = "channel_retryable"

    def __init__(self, reason: str, *, limited: bool = False, after: float | None = None) -> None:
        super().__init__(reason)
        self.limited = limited
        self.after = after


class Permanent(ChannelFailure):
    """It will never be accepted as it is."""

    code = "channel_permanent"


Merge = Literal["room", "address", "never"]
"""What may be joined to one digest: all messages of a room, those to one address, or nothing."""


class Channel(Protocol):
    """One way out. `rate`: messages a minute, None without limit; `limit`: bytes of one text."""

    @property
    def name(self) -> str: ...
    @property
    def rate(self) -> int | None: ...
    @property
    def merge(self) -> Merge: ...
    @property
    def limit(self) -> int: ...

    async def send(self, message: Message) -> Receipt:
        """Send, or raise `Retryable` or `Permanent`. Time-outs are the channel's own."""
        ...


def reason(text: str, *secrets: str) -> str:
    """An error's text on one short line, with each of the secrets taken out."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "…")
    return cut(" ".join(text.split()), MAX_REASON)


def cut(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, never half a character, with an ellipsis if it was cut."""
    if len(text.encode()) <= limit:
        return text
    return text.encode()[: limit - 3].decode(errors="ignore") + "…"
