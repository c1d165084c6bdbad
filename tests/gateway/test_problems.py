"""Errors as problem details: each code has its status, and nothing else ever answers."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from fastapi import APIRouter
from pydantic import BaseModel

from definitions.problems import DuecourseError
from surfaces.cases import Cases
from surfaces.codes import CODES
from surfaces.gateway.app import ROUTERS, create_app
from surfaces.gateway.problems import MEDIA, STATUS, problem
from surfaces.gateway.requests import MAX_BODY, StrictRoute
from surfaces.gateway.services import Services
from surfaces.settings import Settings
from tests.surfaces.play import PROCESSES
from workflows.core.errors import IllegalEvent

router = APIRouter(prefix="/v1/tried", route_class=StrictRoute)


class Tried(BaseModel):
    text: str
    count: int = 0


@router.post("")
async def tried(body: Tried) -> Tried:
    if body.text == "fault":
        raise RuntimeError("postgresql://user:secret@host")
    if body.text == "away":
        raise DuecourseError("postgresql://user:secret@host", code="records_unavailable")
    return body


@pytest_asyncio.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'none.db'}", definitions=PROCESSES, task_queue="none"
    )
    async with Cases(settings) as cases:
        app = create_app(Services(cases, None, lambda: 0), (*ROUTERS, router))
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://gate") as made:
            yield made


def test_every_code_has_one_status_and_no_other_has() -> None:
    assert set(STATUS) == set(CODES)
    assert set(STATUS.values()) <= {400, 401, 403, 404, 405, 409, 413, 415, 422, 500, 503, 504}


BAD: tuple[tuple[bytes, str, int, str], ...] = (
    (b"", "application/json", 400, "bad_request"),
    (b"{", "application/json", 400, "bad_request"),
    (b'{"text": NaN}', "application/json", 400, "bad_request"),
    (b'{"text": "a", "text": "b"}', "application/json", 400, "bad_request"),
    (b"[" * 100_000, "application/json", 400, "bad_request"),
    (b'{"count": ' + b"9" * 5000 + b"}", "application/json", 400, "bad_request"),
    ('{"text": "灯"}'.encode("gb18030"), "application/json", 400, "bad_request"),
    (b'{"text": "a"}', "text/plain", 415, "media_type_unsupported"),
    (b'{"text": "a"}', "", 415, "media_type_unsupported"),
    (b'{"text": "' + b"a" * MAX_BODY + b'"}', "application/json", 413, "payload_too_large"),
    (b'{"text": "\\ud800"}', "application/json", 400, "bad_request"),
    (b"[]", "application/json", 422, "bad_input"),
    (b"null", "application/json", 422, "bad_input"),
    (b'{"count": 1}', "application/json", 422, "bad_input"),
    (b'{"text": "a", "count": "x"}', "application/json", 422, "bad_input"),
    (b'{"text": "fault"}', "application/json", 500, "fault"),
    (b'{"text": "away"}', "application/json", 503, "records_unavailable"),
)


@pytest.mark.parametrize(("body", "media", "status", "code"), BAD)
async def test_what_is_wrong_is_a_problem(
    http: httpx2.AsyncClient, body: bytes, media: str, status: int, code: str
) -> None:
    headers = {"Content-Type": media} if media else {}
    response = await http.post("/v1/tried", content=body, headers=headers)
    told = response.json()
    assert (response.status_code, told["status"], told["code"]) == (status, status, code)
    assert response.headers["content-type"] == MEDIA
    assert told["title"] == CODES[code].means.zh
    assert told["instance"] == "/v1/tried"
    assert "secret" not in response.text
    explained = (await http.get(told["type"])).json()
    assert (explained["code"], explained["status"]) == (code, status)


async def test_a_body_in_pieces_is_capped_too(http: httpx2.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 65_536

    headers = {"Content-Type": "application/json"}
    response = await http.post("/v1/tried", content=pieces(), headers=headers)
    assert response.status_code == 413


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/nothing", "/v1/tried/", "/v1/%00", "/v1/%2e%2e/%ed%a0%80"]
)
async def test_what_is_not_there(http: httpx2.AsyncClient, path: str) -> None:
    response = await http.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "unknown_route")


async def test_methods_and_addresses(http: httpx2.AsyncClient) -> None:
    response = await http.get("/v1/tried")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["allow"] == "POST"
    response = await http.get("/v1/problems?x=" + "a" * 9000)
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("header", "query", "zh"),
    [
        ("", "", True),
        ("en", "", False),
        ("en-GB,zh;q=0.5", "", False),
        ("zh-CN,zh;q=0.9,en;q=0.8", "", True),
        ("en;q=0.1, zh-TW;q=0.2", "", True),
        ("zh;q=0, en;q=0.1", "", False),
        ("fr, *;q=x", "", True),
        ("zh", "?lang=en", False),
        ("en", "?lang=zh", True),
    ],
)
async def test_the_language_is_the_callers(
    http: httpx2.AsyncClient, header: str, query: str, zh: bool
) -> None:
    response = await http.get(f"/v1/nothing{query}", headers={"Accept-Language": header})
    assert (response.json()["title"] == CODES["unknown_route"].means.zh) is zh


def test_a_refusal_says_what_was_possible() -> None:
    error = IllegalEvent("not_allowed_here", detail="a in b", state="b", possible=["c"], secret=1)
    told = problem(error, "zh", "/x")
    assert told["facts"] == {"state": "b", "possible": ["c"]}
    assert told["detail"] == "当前状态下不能进行此事件：a in b"
    listed = [{"field": "price", "code": "missing", "zh": "必填", "en": "is required"}]
    error = IllegalEvent("data_invalid", detail="price: is required", errors=listed)
    assert problem(error, "zh", "/x")["errors"] == [
        {"field": "price", "code": "missing", "detail": "必填"}
    ]
    assert problem(error, "en", "/x")["errors"][0]["detail"] == "is required"


async def test_the_description_is_open_api(http: httpx2.AsyncClient) -> None:
    told = (await http.get("/v1/openapi.json")).json()
    assert told["openapi"].startswith("3.1")
    assert "Problem" in told["components"]["schemas"]
