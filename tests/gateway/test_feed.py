"""The feed over HTTP: pages and streams of a real server, for keys with rights and without."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from activities.records import Records
from surfaces.cases import Cases
from surfaces.cli_serve import Server, configured
from surfaces.gateway import feed
from surfaces.gateway.app import create_app
from surfaces.gateway.keys import Keys, KeysFile, digest_of
from surfaces.gateway.services import Services
from surfaces.settings import Settings
from tests.feed.post import keep_rules, until
from tests.records.build import batch, row, view

ALL, EAST, NONE = "key-of-all", "key-of-the-east", "key-without-rights"
KEYS = Keys.of(
    KeysFile.model_validate(
        {
            "keys": {
                "all": {"sha256": digest_of(ALL), "rights": ["read", "personal"]},
                "east": {"sha256": digest_of(EAST), "organisations": ["east"]},
                "none": {"sha256": digest_of(NONE), "rights": ["start"]},
            }
        }
    )
)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[tuple[Server, httpx2.AsyncClient]]:
    server = Server(configured(app, "127.0.0.1", 0))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            yield server, client
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    async with Records.open(f"sqlite:///{tmp_path / 'records.db'}") as opened:
        await opened.migrate()
        yield opened


@pytest.fixture
async def app(records: Records, tmp_path: Path) -> AsyncIterator[FastAPI]:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'records.db'}")
    async with Cases(settings) as cases:
        yield create_app(Services(cases, KEYS, lambda: int(time.time())), (feed.router,))


async def write(records: Records, case: str, *seqs: int, organisation: str = "east") -> None:
    for seq in seqs:
        rows = (row(seq, data={"contact_name": "李明", "apology_given": True}),)
        seen = view(case, seq, organisation=organisation)
        await records.write(batch(case, seq, rows=rows, view=seen), 1)


def by(key: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", **more}


async def test_pages(records: Records, app: FastAPI) -> None:
    await keep_rules(records, "complaint")
    await write(records, "complaint:C-1", 1, 2, 3)
    await write(records, "complaint:C-2", 1, organisation="west")
    async with serving(app) as (_, client):

        async def ask(key: str, **params: Any) -> Any:
            answer = await client.get("/v1/journal", params=params, headers=by(key))
            return answer.json() if answer.status_code == 200 else answer

        page = await ask(ALL, limit=3)
        assert [one["seq"] for one in page["items"]] == [1, 2, 3]
        assert page["items"][0]["at"] == "2026-11-10T01:30:01Z"
        assert page["items"][0]["data"]["contact_name"] == "李明"
        assert "masked" not in page["items"][0]
        page = await ask(ALL, after=page["cursor"], limit=3)
        assert [one["case"] for one in page["items"]] == ["complaint:C-2"]
        assert await ask(ALL, after=page["cursor"]) == {"items": [], "cursor": page["cursor"]}
        masked = await ask(EAST)
        assert {one["case"] for one in masked["items"]} == {"complaint:C-1"}
        assert masked["items"][0]["data"] == {"contact_name": "***", "apology_given": True}
        assert masked["items"][0]["masked"] == ["contact_name"]
        west = await ask(ALL, organisation="west")
        assert [one["organisation"] for one in west["items"]] == ["west"]
        assert (await ask(ALL, process="parcel"))["items"] == []
        assert (await ask(ALL, kind="breach"))["items"] == []
        for key, params, status, code in (
            (EAST, {"organisation": "west"}, 403, "not_permitted"),
            (NONE, {}, 403, "not_permitted"),
            ("nobody", {}, 401, "key_required"),
            (ALL, {"after": "x"}, 400, "bad_cursor"),
            (ALL, {"limit": 0}, 422, "bad_input"),
            (ALL, {"kind": "opend"}, 422, "bad_input"),
        ):
            refused = await ask(key, **params)
            assert (refused.status_code, refused.json()["code"]) == (status, code)


class Stream:
    """What a reader of a stream has: rows, and the id to go on with."""

    def __init__(self, response: httpx2.Response) -> None:
        self._lines = response.aiter_lines()
        self.id = ""

    async def rows(self, count: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        async with asyncio.timeout(20):
            while len(found) < count:
                line = await anext(self._lines)
                name, _, value = line.partition(": ")
                if name == "id":
                    self.id = value
                if name == "data":
                    found.append(json.loads(value))
        return found

    async def rest(self) -> list[str]:
        async with asyncio.timeout(20):
            return [line async for line in self._lines]


async def test_a_stream_goes_on_where_it_was_left(records: Records, app: FastAPI) -> None:
    await write(records, "complaint:C-1", 1, 2)
    async with serving(app) as (_, client):
        headers = by(ALL, Accept=feed.STREAM)
        async with client.stream("GET", "/v1/journal", headers=headers) as response:
            assert response.headers["content-type"].startswith(feed.STREAM)
            stream = Stream(response)
            assert [one["seq"] for one in await stream.rows(2)] == [1, 2]
            await write(records, "complaint:C-1", 3)
            assert [one["seq"] for one in await stream.rows(1)] == [3]
            left = stream.id
        await write(records, "complaint:C-1", 4)
        headers["Last-Event-ID"] = left
        async with client.stream("GET", "/v1/journal?after=", headers=headers) as response:
            assert [one["seq"] for one in await Stream(response).rows(1)] == [4]
        headers["Last-Event-ID"] = "nonsense"
        refused = await client.get("/v1/journal", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (400, "bad_cursor")


async def test_a_quiet_stream_gives_signs_of_life_that_carry_the_cursor(
    records: Records, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "HEARTBEAT", 0.05)
    monkeypatch.setattr(feed, "POLL", 0.02)
    await write(records, "complaint:C-1", 1)
    last = (await records.read.feed()).cursor
    async with serving(app) as (_, client):
        headers = by(ALL, Accept=feed.STREAM)
        address = "/v1/journal?process=parcel"
        async with client.stream("GET", address, headers=headers) as response:
            lines = response.aiter_lines()
            async with asyncio.timeout(20):
                assert await anext(lines) == "retry: 3000"
                assert await anext(lines) == ""
                assert (await anext(lines)).startswith(": 20")
                assert await anext(lines) == f"id: {last}"
                assert await anext(lines) == ""


async def test_streams_end_when_the_server_stops(records: Records, app: FastAPI) -> None:
    await write(records, "complaint:C-1", 1)
    async with serving(app) as (server, client):
        headers = by(ALL, Accept=feed.STREAM)
        async with client.stream("GET", "/v1/journal", headers=headers) as response:
            stream = Stream(response)
            await stream.rows(1)
            begun = time.monotonic()
            server.should_exit = True
            assert await stream.rest() == [""]
            assert time.monotonic() - begun < 10
