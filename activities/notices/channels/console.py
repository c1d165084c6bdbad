"""The console as a channel: a line in the log, and on request one in a file.

What it is: what the demo uses, and a way out where no other is set up yet. The file is
append-only, one JSON object a line. What it is not: a message to anybody by itself.
Who may import it: the channels' configuration.
"""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path

import structlog

from activities.notices.channels.base import Merge, Message, Permanent, Receipt, Retryable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Console:
    """Writes each message down."""

    name: str
    file: Path | None = None
    rate: int | None = None
    merge: Merge = "never"
    limit: int = 64 * 1024

    async def send(self, message: Message) -> Receipt:
        """Log the subject, and append the whole message to the file if there is one."""
        if self.file is not None:
            try:
                await asyncio.to_thread(_append, self.file, self._line(message))
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as broken:
                raise Permanent(f"{self.file.name}: {broken.strerror}") from broken
            except OSError as broken:
                raise Retryable(f"{self.file.name}: {broken.strerror}") from broken
        await log.ainfo(
            "notice.console", channel=self.name, to=message.recipient, subject=message.subject
        )
        return Receipt(message.id)

    def _line(self, message: Message) -> bytes:
        said = {
            "id": message.id,
            "channel": self.name,
            "to": message.recipient,
            "language": message.language,
            "urgent": message.urgent,
            "subject": message.subject,
            "text": message.text,
            "refs": dict(message.refs),
        }
        return json.dumps(said, ensure_ascii=False).encode() + b"\n"


def _append(file: Path, line: bytes) -> None:
    # One write to a file opened for appending: lines of several processes do not mix.
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)
