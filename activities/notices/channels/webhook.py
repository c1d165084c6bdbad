"""A signed webhook: any other system as a channel, such as the one that knows the customer.

What it is: one JSON body, signed with HMAC-SHA256 over `timestamp.body`, and an idempotency key by
which the receiver drops a twin. What it is not: merged into digests, since machines read it.
Who may import it: the channels' configuration.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass

from activities.notices.channels.base import Merge, Message, Receipt
from activities.notices.channels.web import HttpClients, check_status, post
from activities.notices.clock import Clock


@dataclass(frozen=True, slots=True)
class Webhook:
    """One receiver. `secret` is shared with it."""

    name: str
    url: str
    secret: str
    clients: HttpClients
    clock: Clock
    rate: int | None = 600
    timeout: float = 10.0
    merge: Merge = "never"
    limit: int = 64 * 1024

    async def send(self, message: Message) -> Receipt:
        """Any 2xx is success."""
        said = {
            "key": message.key,
            "recipient": message.recipient,
            "address": message.address,
            "language": message.language,
            "urgent": message.urgent,
            "subject": message.subject,
            "text": message.text,
            "refs": dict(message.refs),
        }
        body = json.dumps(said, ensure_ascii=False, sort_keys=True).encode()
        stamp = str(self.clock.now())
        headers = {
            "content-type": "application/json; charset=utf-8",
            "idempotency-key": message.id,
            "x-duecourse-timestamp": stamp,
            "x-duecourse-signature": f"sha256={sign(self.secret, stamp, body)}",
        }
        check_status(await post(self.clients, self.url, body, headers, self.timeout))
        return Receipt(message.id)


def sign(secret: str, stamp: str, body: bytes) -> str:
    """The signature that a receiver computes too: hexadecimal, over the stamp, a dot, the body."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
