"""`POST /v1/cases` and `POST …/events`: what changes a case.

What it is: bodies to `surfaces.cases`, which both the command line and this use.
What it is not: judgement. Who may import it: `app`.
"""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Response

from surfaces.errors import BadInput
from surfaces.gateway.access import NotPermitted, needs, require, sender
from surfaces.gateway.bodies import Answered, EventBody, Opened, Queued, StartBody, occurred
from surfaces.gateway.keys import Caller
from surfaces.gateway.problems import responses
from surfaces.gateway.requests import StrictRoute
from surfaces.gateway.seeing import visible
from surfaces.gateway.services import Services, Serving
from workflows.core.case import Actor, Incoming
from workflows.core.decide import open_case
from workflows.core.errors import IllegalEvent
from workflows.payloads import case_id

router = APIRouter(prefix="/v1/cases", tags=["cases"], route_class=StrictRoute)
ProcessPath = Annotated[str, Path(max_length=200, examples=["complaint"])]
KeyPath = Annotated[str, Path(max_length=400, examples=["TS-2026-0001"])]


def href(process: str, key: str) -> str:
    """Where a case is."""
    return f"/v1/cases/{quote(process, safe='')}/{quote(key, safe='')}"


@router.post(
    "",
    status_code=201,
    summary="Open a case",
    response_model=Opened,
    responses=responses(404, 409, 413, 415)
    | {200: {"description": "The key has its case already.", "model": Opened}},
)
async def start(
    body: StartBody,
    services: Serving,
    calling: Annotated[Caller, Depends(needs("start"))],
    response: Response,
) -> dict[str, Any]:
    """Open a case, once for its business key; one that runs or has ended is answered as it is."""
    if body.imported:
        require(calling, "import")
        if body.occurred_at is None:
            raise BadInput("an imported case says when it began", hint="add `occurred_at`")
    by = sender(calling, body.by)
    program = services.catalogue[body.process]
    where = href(body.process, body.key)
    response.headers["Location"] = where
    existing = await _existing(services, calling, body)
    if existing is None:
        at = occurred(body.occurred_at)
        now = services.now()
        if at is not None and not body.imported and now - at > program.tolerance:
            raise IllegalEvent("too_old", at=at, tolerance=program.tolerance)
        _within(services, calling, body, by, at)
        existing = await services.cases.start(
            body.process,
            body.key,
            body.data,
            by,
            event_id=body.event_id,
            occurred_at=at,
            imported=body.imported,
        )
        if existing["status"] == "existing":
            # Opened by somebody else a moment ago.
            existing = await _existing(services, calling, body) or existing
    if existing["status"] == "existing":
        response.status_code = 200
    return existing | {"href": where}


async def _existing(services: Services, calling: Caller, body: StartBody) -> dict[str, Any] | None:
    """The answer for a key that has its case. Raises `NotPermitted` if that is none of theirs."""
    case = case_id(body.process, body.key)
    if await services.records.key(body.process, body.key) is None:
        return None
    if calling.organisations:
        view = await services.cases.case(case)
        if not calling.sees(view["organisation"]):
            raise NotPermitted(f"the key {body.key!r} belongs to another case", code="key_taken")
    return {"case": case, "status": "existing"}


def _within(
    services: Services, calling: Caller, body: StartBody, by: Actor, at: int | None
) -> None:
    """Whether the case that would be opened is of the key's organisations: asked of the core, since
    the process may set it. Raises `NotPermitted`, or what refuses the opening."""
    if not calling.organisations:
        return
    incoming = Incoming("opened", body.event_id, by, dict(body.data), at)
    program = services.catalogue[body.process]
    opened = open_case(program, body.key, incoming, services.now(), imported=body.imported)
    if not calling.sees(opened.view.organisation):
        raise NotPermitted(
            f"the key '{calling.id}' opens no cases of {opened.view.organisation[:100]!r}",
            hint=f"its organisations: {', '.join(calling.organisations)}",
        )


@router.post(
    "/{process}/{key}/events",
    summary="Send an event",
    response_model=Answered,
    responses=responses(404, 409, 413, 415, 504)
    | {202: {"description": "Queued: it waits, and is not done.", "model": Queued}},
)
async def send(
    process: ProcessPath,
    key: KeyPath,
    body: EventBody,
    services: Serving,
    calling: Annotated[Caller, Depends(needs("send"))],
    response: Response,
) -> Any:
    """Send an event, once for its id. An event of a later day may say when it occurred, within the
    tolerance of the process."""
    by = sender(calling, body.by)
    case = f"{process}:{key}"
    at = occurred(body.occurred_at)
    if calling.organisations:
        await visible(services, calling, case)
    answer = await services.cases.send(
        case, body.event, body.data, by, event_id=body.event_id, occurred_at=at
    )
    if answer["status"] == "queued":
        told = Queued.model_validate(answer).model_dump_json()
        return Response(told, 202, media_type="application/json")
    return answer
