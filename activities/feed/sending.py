"""One event to one receiver, and what its answer means.

What it is: `Sender`: one signed POST over a connection that is kept, and `Reply`.
What it is not: trying again (`courier`).
Who may import it: the feed, the surfaces.
"""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx2

from activities.feed.events import headers
from activities.feed.settings import Subscription
from activities.notices.channels.base import ChannelFailure, reason
from activities.notices.channels.web import Answer, post
from activities.notices.clock import Clock

GONE = 410
BUSY = frozenset({429, 503})
"""By these a receiver speaks for itself and not of the row: what it asks for holds for all rows."""
LONGEST_WAIT = 24 * 3600
"""Seconds for which a receiver may ask to be left alone."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one sending; an empty `error` is success. `after`: the receiver asks for so
    many seconds of rest."""

    error: str = ""
    gone: bool = False
    after: int | None = None


class Sender:
    """The way to the receiver of one subscription."""

    def __init__(
        self, subscription: Subscription, client: httpx2.AsyncClient, clock: Clock
    ) -> None:
        self._subscription = subscription
        self._client = client
        self._clock = clock

    async def send(self, body: bytes) -> Reply:
        """Send it once; any 2xx is success, and redirects are none."""
        now, said = self._clock.now(), self._subscription.said
        signed = headers(self._subscription.secret, now, body)
        try:
            answer = await post(
                lambda: nullcontext(self._client), said.url, body, signed, said.timeout
            )
        except ChannelFailure as failure:
            return Reply(failure.message)
        return _meant(answer, now)


def _meant(answer: Answer, now: int) -> Reply:
    if 200 <= answer.status < 300:
        return Reply()
    words = f"HTTP {answer.status}"
    if 300 <= answer.status < 400:
        words += ", and redirects are not followed"
    after = wait_of(answer.retry_after, now) if answer.status in BUSY else None
    return Reply(reason(words), gone=answer.status == GONE, after=after)


def wait_of(retry_after: str, now: int) -> int | None:
    """The seconds that a `Retry-After` asks for, be it a number or a date."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    # A date without a zone is one in UTC.
    at = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0, min(int(at.timestamp()) - now, LONGEST_WAIT))
