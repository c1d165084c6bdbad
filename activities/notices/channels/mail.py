"""E-mail by SMTP.

What it is: one message to one address, with a Message-ID that is the same for each attempt, so
that a twin is recognised, and references by which a case's messages stand in one thread.
What it is not: a mailing list. Who may import it: the channels' configuration.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Literal

import aiosmtplib

from activities.notices.channels.base import Merge, Message, Permanent, Receipt, Retryable, reason
from activities.notices.clock import Clock

Tls = Literal["none", "starttls", "implicit"]


@dataclass(frozen=True, slots=True)
class Mail:
    """One SMTP server. `domain` is the right side of each Message-ID."""

    name: str
    host: str
    port: int
    sender: str
    domain: str
    clock: Clock
    sender_name: str = ""
    tls: Tls = "starttls"
    username: str = ""
    password: str = ""
    rate: int | None = 60
    timeout: float = 20.0
    merge: Merge = "address"
    limit: int = 64 * 1024

    async def send(self, message: Message) -> Receipt:
        """Accepted by the server for its one recipient."""
        if "@" not in message.address:
            raise Permanent("the recipient has no e-mail address")
        message_id = f"<{message.id}@{self.domain}>"
        hidden = (message.address, self.username, self.password)
        try:
            await aiosmtplib.send(
                self._mail(message, message_id),
                sender=self.sender,
                recipients=[message.address],
                hostname=self.host,
                port=self.port,
                username=self.username or None,
                password=self.password or None,
                use_tls=self.tls == "implicit",
                start_tls=self.tls == "starttls",
                timeout=self.timeout,
            )
        except aiosmtplib.SMTPAuthenticationError as broken:
            # The channel's trouble and not the message's: whoever mends it needs some attempts.
            raise Retryable(f"log-in refused ({broken.code})") from broken
        except aiosmtplib.SMTPRecipientsRefused as broken:
            refused = broken.recipients[0]
            raise _failure(refused.code, "recipient", refused.message, hidden) from broken
        except aiosmtplib.SMTPResponseException as broken:
            raise _failure(broken.code, "message", broken.message, hidden) from broken
        except (aiosmtplib.SMTPException, OSError) as broken:
            if isinstance(broken, aiosmtplib.SMTPNotSupported):
                raise Permanent(reason(f"the server cannot: {broken.message}", *hidden)) from broken
            raise Retryable(f"no connection ({type(broken).__name__})") from broken
        except ValueError as broken:
            raise Permanent(reason(f"not a mail: {broken}", *hidden)) from broken
        return Receipt(message_id)

    def _mail(self, message: Message, message_id: str) -> EmailMessage:
        mail = EmailMessage(policy=SMTP_POLICY)
        mail["From"] = Address(self.sender_name, addr_spec=self.sender)
        mail["To"] = message.address
        mail["Subject"] = message.subject
        mail["Date"] = datetime.fromtimestamp(self.clock.now(), UTC)
        mail["Message-ID"] = message_id
        mail["Auto-Submitted"] = "auto-generated"
        if case := message.refs.get("case"):
            thread = hashlib.sha256(case.encode()).hexdigest()
            mail["References"] = f"<{thread}@{self.domain}>"
        if message.urgent:
            mail["Importance"] = "high"
        mail.set_content(message.text)
        return mail


def _failure(code: int, what: str, said: str, hidden: tuple[str, ...]) -> Retryable | Permanent:
    text = reason(f"{what} refused ({code}): {said}", *hidden)
    return Permanent(text) if code >= 500 else Retryable(text)
