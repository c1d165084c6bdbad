"""One POST to one address, and what its failures mean.

What it is: HTTP for the robots and the webhook: explicit time-outs, no redirects, a bounded answer,
and errors that never show the address (a robot's address is its key).
What it is not: a body's meaning. Who may import it: the channels.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import httpx2

from activities.notices.channels.base import Permanent, Retryable, reason

MAX_ANSWER = 64 * 1024
MAX_RETRY_AFTER = 3600
# These say that another time may do; any other 4xx says that this message never will.
_LATER = frozenset({408, 425, 429})
_LIMITED = 429

HttpClients = Callable[[], AbstractAsyncContextManager[httpx2.AsyncClient]]
"""A client for one request: a new one, or one that is kept."""


def http_clients() -> HttpClients:
    """Clients that share one TLS context, which is dear to make."""
    context = ssl.create_default_context()
    return lambda: httpx2.AsyncClient(verify=context, follow_redirects=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers that matter and at most `MAX_ANSWER` bytes of body."""

    status: int
    body: bytes
    retry_after: str = ""


def secrets_of(url: str, *more: str) -> tuple[str, ...]:
    """What in an address is nobody's business: its query values and the end of its path."""
    parts = urlsplit(url)
    values = (value for _, value in parse_qsl(parts.query))
    return (url, parts.query, *values, parts.path.rpartition("/")[2], *more)


async def post(
    clients: HttpClients, url: str, body: bytes, headers: Mapping[str, str], patience: float
) -> Answer:
    """The receiver's answer, whatever its status. Raises `Retryable` where there is none within
    `patience` seconds."""
    try:
        # The client's own time-outs are for each read; a receiver that drips needs one for all.
        async with (
            asyncio.timeout(patience),
            clients() as client,
            client.stream(
                "POST", url, content=body, headers=dict(headers), timeout=patience
            ) as got,
        ):
            read = bytearray()
            async for chunk in got.aiter_bytes():
                read += chunk
                if len(read) > MAX_ANSWER:
                    break
            after = got.headers.get("retry-after", "")
            return Answer(got.status_code, bytes(read[:MAX_ANSWER]), after)
    except (TimeoutError, httpx2.TimeoutException) as broken:
        raise Retryable(f"no answer within {patience:g} s") from broken
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as broken:
        raise Permanent("the address is not one of HTTP") from broken
    except (httpx2.HTTPError, OSError) as broken:
        # Only the kind: the text may hold the address.
        raise Retryable(f"no connection ({type(broken).__name__})") from broken


def check_status(answer: Answer) -> None:
    """Raise for every status that is not success."""
    if 200 <= answer.status < 300:
        return
    said = f"HTTP {answer.status}"
    if answer.status >= 500 or answer.status in _LATER:
        limited = answer.status == _LIMITED
        raise Retryable(said, limited=limited, after=_seconds(answer.retry_after))
    if 300 <= answer.status < 400:
        said += ", and redirects are not followed"
    raise Permanent(reason(said))


def _seconds(retry_after: str) -> float | None:
    # The other form of this header, a date, is rare and only makes the wait our own.
    return min(float(retry_after), MAX_RETRY_AFTER) if retry_after.isdecimal() else None
