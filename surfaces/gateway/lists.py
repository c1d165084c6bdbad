"""`GET /v1/cases`, `/v1/stuck` and `/v1/subjects/…`: many cases at once.

What it is: the questions of the command line's `list`, `stuck` and `dossier`, for the organisations
of the caller's key. Who may import it: `app`.
"""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query

from activities.records import CaseFilter
from definitions.problems import suggest
from surfaces.errors import BadInput, NothingFound
from surfaces.gateway.access import Reader
from surfaces.gateway.bodies import AboutList, CaseList, StuckList
from surfaces.gateway.problems import responses
from surfaces.gateway.requests import StrictRoute
from surfaces.gateway.seeing import told
from surfaces.gateway.services import Serving
from surfaces.instants import dated
from surfaces.platform import find_stuck

router = APIRouter(prefix="/v1", tags=["many cases"], route_class=StrictRoute)
Word = Annotated[str | None, Query(max_length=200)]
Cursor = Annotated[str | None, Query(max_length=1000, description="Of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/cases", summary="List and search", response_model=CaseList)
async def list_(
    services: Serving,
    calling: Reader,
    process: Word = None,
    state: Word = None,
    owner: Word = None,
    role: Word = None,
    organisation: Word = None,
    level: Word = None,
    overdue: bool = False,
    problem: Annotated[bool, Query(description="With a technical problem.")] = False,
    status: Literal["open", "ended", "all"] = "open",
    text: Annotated[
        str | None, Query(max_length=200, description="Words in key, owner, titles and data.")
    ] = None,
    expired: Annotated[
        bool, Query(description="Ended, and their files need be kept no longer.")
    ] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Cases, the latest opened first."""
    now = services.now()
    ended = {"open": False, "ended": True, "all": None}[status]
    wanted = CaseFilter(
        process=process,
        state=state,
        organisation=organisation,
        organisations=calling.organisations or None,
        owner=owner,
        owner_role=role,
        level=level,
        overdue=True if overdue else None,
        ended=True if expired else ended,
        problem=True if problem else None,
        text=text,
        kept_until=now if expired else None,
        now=now,
    )
    page = await services.records.read.list_cases(wanted, limit=limit, cursor=cursor)
    cases = [told(services, calling, view) for view in page.items]
    return {"cases": cases, "cursor": page.cursor}


@router.get("/stuck", summary="What needs somebody", response_model=StuckList)
async def stuck(services: Serving, calling: Reader) -> dict[str, Any]:
    """Open cases that are late, escalated, silent, undelivered or in trouble, with every reason."""
    found = await find_stuck(services.cases, services.now())
    listed = [
        {
            "case": one.case,
            "number": one.number,
            "reasons": [
                {"kind": reason.kind, **dated(_facts(reason.facts, calling), one.view["zone"])}
                for reason in one.reasons
            ],
            "view": told(services, calling, {"data": {}, **one.view}),
            "ui": services.cases.places.link(one.case) or None,
        }
        for one in found.cases
        if calling.sees(one.view.get("organisation", ""))
    ]
    return {"cases": listed, "troubles": [asdict(one) for one in found.troubles]}


def _facts(facts: dict[str, Any], calling: Reader) -> dict[str, Any]:
    """A recipient is a telephone number or an address."""
    hidden = () if calling.may("personal") else ("recipient",)
    return {name: value for name, value in facts.items() if name not in hidden}


@router.get(
    "/subjects/{kind}/{value:path}",
    summary="Everything about one thing",
    response_model=AboutList,
    responses=responses(404),
)
async def about(
    kind: Annotated[str, Path(max_length=100, examples=["machine"])],
    value: Annotated[str, Path(max_length=200, examples=["XE215-0458"])],
    services: Serving,
    calling: Reader,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Every case of any process about a machine, a customer, over the years; in any case and width
    of letters."""
    page = await services.records.read.about(
        kind,
        value,
        services.now(),
        limit=limit,
        cursor=cursor,
        organisations=calling.organisations or None,
    )
    if not page.items and cursor is None:
        if page.kinds and kind not in page.kinds:
            hint = suggest(kind, page.kinds) or f"there are: {', '.join(page.kinds)}"
            raise BadInput(
                f"no case is about any {kind[:60]!r}",
                code="unknown_subject",
                hint=hint,
                facts={"known": list(page.kinds)},
            )
        near = [] if calling.organisations else list(page.near)
        raise NothingFound(
            f"no case is about the {kind[:60]} {value[:100]!r}", facts={"near": near}
        )
    cases = [dated(one, one["zone"]) for one in page.items]
    return {"kind": kind, "value": value, "cases": cases, "cursor": page.cursor}
