"""`GET /v1/journal`: every row of every case's journal behind a cursor, as JSON or as a stream.

What it is: the router of the feed: pages for those who ask now and then, server-sent events for
those who stay. The cursor of a page, and the id of each event, goes on behind it.
What it is not: one case's journal (`/v1/cases/…/journal`), or webhooks (`activities.feed`).
Who may import it: `app`, and the serving, which calls `end_streams` when it stops.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, FastAPI, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from activities.feed.events import iso, told
from activities.feed.personal import Mask
from activities.records import FeedFilter, FeedPage
from definitions.problems import DuecourseError
from surfaces.gateway.access import NotPermitted, Reader
from surfaces.gateway.keys import Caller
from surfaces.gateway.problems import responses
from surfaces.gateway.requests import StrictRoute
from surfaces.gateway.services import Services, Serving
from workflows.core.effects import RowKind

STREAM: Final = "text/event-stream"
POLL: Final = 1.0
HEARTBEAT: Final = 15.0
LONGEST: Final = 3600.0
"""Seconds between looks, between signs of life, and until a stream ends for its reader to begin
anew, by which a key that was withdrawn is withdrawn here too."""
_PAGE: Final = 200

router = APIRouter(prefix="/v1/journal", tags=["journal"], route_class=StrictRoute)
log = structlog.get_logger("gateway")


class FeedRow(BaseModel):
    """One row. `at` is the instant for which it stands, `recorded` when it was decided."""

    id: str = Field(examples=["complaint:C-1/1/3/0"], description="The same however often it comes")
    cursor: str
    case: str
    number: int
    seq: int
    revision: int = Field(description="Of rows with the same seq the highest holds.")
    process: str
    organisation: str
    kind: RowKind
    name: str
    at: str
    recorded: str
    event_id: str
    actor: str
    roles: list[str]
    state: str
    previous: str
    clock: str
    cycle: int
    level: str
    data: dict[str, Any]
    masked: list[str] | None = Field(
        default=None, description="Personal fields of `data` that the key may not see."
    )


class Feed(BaseModel):
    """Rows in the order of the feed, and the cursor behind them: ask with it next time. It has no
    end: a page without rows has a cursor too."""

    items: list[FeedRow]
    cursor: str


@router.get(
    "",
    summary="Every row of every journal",
    response_model=Feed,
    responses=responses(400, 401, 403) | {200: {"model": Feed, "content": {STREAM: {}}}},
)
async def journal(
    request: Request,
    services: Serving,
    calling: Reader,
    after: Annotated[str, Query(max_length=80, description="A cursor; none: from the start")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = _PAGE,
    process: Annotated[list[str] | None, Query(max_length=50)] = None,
    organisation: Annotated[list[str] | None, Query(max_length=50)] = None,
    kind: Annotated[list[RowKind] | None, Query(max_length=50)] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    last_event_id: Annotated[str, Header(description="Goes before `after`.")] = "",
) -> Response:
    """Rows behind a cursor, each case's in its order, none left out; some may come twice.

    With `Accept: text/event-stream` a stream: each event's `id` is a cursor, and `Last-Event-ID`
    goes on behind it.
    """
    wanted = FeedFilter(process or (), _organisations(calling, organisation or ()), kind or ())
    mask = None if calling.may("personal") else _mask(request.app, services)
    reader = _Reader(services, wanted, mask)
    if STREAM not in accept:
        page = await reader.page(after, limit)
        return JSONResponse({"items": page.items, "cursor": page.cursor}, headers=_FRESH)
    first = await reader.page(last_event_id or after, limit)
    body = _stream(reader, first, limit, _stopping(request.app))
    return StreamingResponse(body, media_type=STREAM, headers=_FRESH)


_FRESH: Final[Mapping[str, str]] = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def _organisations(calling: Caller, asked: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Those whose rows are shown; none means all. Raises `NotPermitted`."""
    foreign = [one for one in asked if not calling.sees(one)]
    if foreign:
        raise NotPermitted(
            f"the key '{calling.id}' does not see the organisation {foreign[0][:100]!r}",
            hint="leave it out: the key's own are shown",
        )
    return tuple(asked) or tuple(calling.organisations)


class _Reader:
    """Pages of what one caller may see."""

    def __init__(self, services: Services, wanted: FeedFilter, mask: Mask | None) -> None:
        self._services = services
        self._wanted = wanted
        self._mask = mask

    async def page(self, after: str, limit: int) -> FeedPage:
        found = await self._services.records.read.feed(after, limit=limit, wanted=self._wanted)
        rows = found.items if self._mask is None else await self._mask.hide(found.items)
        return FeedPage(tuple(map(told, rows)), found.cursor)

    def now(self) -> str:
        return iso(self._services.now())


async def _stream(
    reader: _Reader, page: FeedPage, limit: int, stopping: asyncio.Event
) -> AsyncIterator[str]:
    """The rows as they come, until the reader leaves, the server stops, or the time is over."""
    begun = heard = time.monotonic()
    yield "retry: 3000\n\n"
    while True:
        for item in page.items:
            text = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
            yield f"id: {item['cursor']}\ndata: {text}\n\n"
        now = time.monotonic()
        if page.items:
            heard = now
        elif now - heard >= HEARTBEAT:
            # An id without data is noted by the reader and told to nobody: rows that others want
            # are not looked through again.
            yield f": {reader.now()}\nid: {page.cursor}\n\n"
            heard = now
        if len(page.items) < limit:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await stopping.wait()
        if stopping.is_set() or now - begun >= LONGEST:
            return
        try:
            page = await reader.page(page.cursor, limit)
        except DuecourseError as away:
            log.warning("feed.ended", code=away.code)
            return


def _mask(app: FastAPI, services: Services) -> Mask:
    if not hasattr(app.state, "feed_mask"):
        app.state.feed_mask = Mask(services.records)
    mask: Mask = app.state.feed_mask
    return mask


def _stopping(app: FastAPI) -> asyncio.Event:
    if not hasattr(app.state, "feed_stopping"):
        app.state.feed_stopping = asyncio.Event()
    stopping: asyncio.Event = app.state.feed_stopping
    return stopping


def end_streams(app: FastAPI) -> None:
    """End all streams, now: a server that stops waits for its answers, and these have no end."""
    _stopping(app).set()
