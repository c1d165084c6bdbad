"""`GET /v1/cases/{process}/{key}…`: one case, its journal, dossier, deadlines and documents.

What it is: reading from the records. What it is not: a query of workflows, unless the records do
not have the case yet. Who may import it: `app`.
"""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response

from surfaces.cli_documents import file_names
from surfaces.dossier import dated_dossier, dossier
from surfaces.errors import NothingFound
from surfaces.explained import explained_json, explanations
from surfaces.gateway.access import Reader, needs
from surfaces.gateway.bodies import CaseTold, DocumentList, Dossier, Explained, JournalPage
from surfaces.gateway.cases import KeyPath, ProcessPath, href
from surfaces.gateway.family import pruned
from surfaces.gateway.keys import Caller
from surfaces.gateway.language import LangQuery, language
from surfaces.gateway.problems import responses
from surfaces.gateway.requests import StrictRoute
from surfaces.gateway.seeing import told_rows, told_whole, visible
from surfaces.gateway.services import Serving
from surfaces.instants import dated
from surfaces.ledger import replayed

router = APIRouter(
    prefix="/v1/cases/{process}/{key}",
    tags=["one case"],
    route_class=StrictRoute,
    responses=responses(404),
)


@router.get("", summary="A case", response_model=CaseTold)
async def case(
    process: ProcessPath, key: KeyPath, services: Serving, calling: Reader
) -> dict[str, Any]:
    """What it waits for, who owes it, until when, and what is possible now."""
    view = await visible(services, calling, f"{process}:{key}")
    shown = await told_whole(services, calling, view)
    return shown | {"ui": services.cases.places.link(view["case"]) or None}


@router.get("/journal", summary="Its journal", response_model=JournalPage)
async def journal(
    process: ProcessPath,
    key: KeyPath,
    services: Serving,
    calling: Reader,
    after: Annotated[int, Query(ge=-1, le=2**31)] = -1,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:
    """Every event, breach, reminder and lapse in its order, behind the row `after`."""
    view = await visible(services, calling, f"{process}:{key}")
    read = services.records.read
    rows = await read.journal(view["case"], view["number"], after, limit=limit)
    return {
        "case": view["case"],
        "rows": await told_rows(services, calling, view, rows),
        "after": rows[-1]["seq"] if len(rows) == limit else None,
    }


@router.get("/dossier", summary="The cases that belong to it", response_model=Dossier)
async def family(
    process: ProcessPath, key: KeyPath, services: Serving, calling: Reader
) -> dict[str, Any]:
    """The tree of cases that opened or told one another."""
    view = await visible(services, calling, f"{process}:{key}")
    found = await dossier(services.records, view["case"], services.now())
    if found is None:
        found = await services.records.read.dossier(view["case"], services.now())
    return dated_dossier(await pruned(services.records, calling, found))


@router.get("/explain", summary="Its deadlines explained", response_model=Explained)
async def explain(
    process: ProcessPath,
    key: KeyPath,
    services: Serving,
    calling: Reader,
    request: Request,
    lang: LangQuery = None,
) -> dict[str, Any]:
    """How each deadline came about, interval by interval."""
    return await _explained(f"{process}:{key}", None, services, calling, request)


@router.get("/explain/{clock}", summary="A deadline explained", response_model=Explained)
async def explain_clock(
    process: ProcessPath,
    key: KeyPath,
    clock: str,
    services: Serving,
    calling: Reader,
    request: Request,
    lang: LangQuery = None,
) -> dict[str, Any]:
    """How the deadlines of one clock came about, interval by interval."""
    return await _explained(f"{process}:{key}", clock, services, calling, request)


async def _explained(
    case: str, clock: str | None, services: Serving, calling: Caller, request: Request
) -> dict[str, Any]:
    await visible(services, calling, case)
    program, found = replayed(await services.cases.ledger(case))
    lang = language(request)
    clocks = [
        _in_language(explained_json(one, program), lang)
        for one in explanations(program, found, clock)
    ]
    return {"case": found.id, "lang": lang, "clocks": clocks}


def _in_language(told: dict[str, Any], lang: str) -> dict[str, Any]:
    stretches = [
        {name: value for name, value in one.items() if name not in ("zh", "en")}
        | {"said": one[lang]}
        for one in told["stretches"]
    ]
    return told | {"title": told["title"][lang], "stretches": stretches}


@router.get("/documents", summary="What it has printed", response_model=DocumentList)
async def documents(
    process: ProcessPath, key: KeyPath, services: Serving, calling: Reader
) -> dict[str, Any]:
    """The documents without their contents, in the order of printing."""
    view = await visible(services, calling, f"{process}:{key}")
    found = await services.records.read.documents(view["case"])
    where = f"{href(process, key)}/documents"
    listed = [
        {name: value for name, value in dated(one, view["zone"]).items() if name != "key"}
        | {"href": f"{where}/{one['number']}/{one['seq']}.pdf"}
        for one in found
    ]
    return {"case": view["case"], "documents": listed}


@router.get(
    "/documents/{number}/{seq}.pdf",
    summary="A document",
    response_class=Response,
    responses=responses(404)
    | {200: {"description": "The PDF.", "content": {"application/pdf": {}}}},
)
async def document(
    process: ProcessPath,
    key: KeyPath,
    number: int,
    seq: int,
    services: Serving,
    calling: Annotated[Caller, Depends(needs("read", "personal"))],
) -> Response:
    """The PDF as it was printed. Paper shows what lists hide, so it needs the right `personal`."""
    view = await visible(services, calling, f"{process}:{key}")
    listed = await services.records.read.documents(view["case"])
    names = file_names(listed)
    for one, name in zip(listed, names, strict=True):
        if (one["number"], one["seq"]) == (number, seq):
            content = await services.records.read.document(one["key"])
            disposition = f"inline; filename*=UTF-8''{quote(name)}"
            return Response(
                content,
                media_type="application/pdf",
                headers={"Content-Disposition": disposition, "ETag": f'"{one["digest"]}"'},
            )
    raise NothingFound(f"the case has no document {number}/{seq}")
