"""Every `curl` of `docs/http.md` is played, and answers with the status that stands above it."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest
from httpx2 import URL

from tests.gateway.conftest import TOKENS, Gate
from tests.shell.world import eventually

PAGE = Path(__file__).parents[2] / "docs" / "http.md"
ONE = re.compile(r"^# (\d{3})\n(curl .*?)(?=^# \d{3}$|\Z)", re.M | re.S)


class Command(NamedTuple):
    method: str
    url: str
    headers: dict[str, str]
    body: str | None


def read(text: str, gate: str, key: str) -> Command:
    """One command as curl would read it, of the options that the page uses."""
    words = iter(shlex.split(text.replace("\\\n", " ").replace("$GATE", gate).replace("$KEY", key)))
    assert next(words) == "curl"
    method, url, body = "GET", "", None
    headers: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    for word in words:
        match word:
            case "-X":
                method = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                body = next(words)
            case "-G":
                method = "GET"
            case "--data-urlencode":
                name, _, value = next(words).partition("=")
                query.append((name, value))
            case _:
                assert not word.startswith("-"), word
                url = word
    return Command(method, str(URL(url, params=query) if query else url), headers, body)


@pytest.mark.asyncio(loop_scope="session")
async def test_what_the_page_says_is_so(gate: Gate) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    found = [one for block in blocks for one in ONE.findall(block)]
    assert len(found) == PAGE.read_text(encoding="utf-8").count("\ncurl ")
    for status, text in found:
        told = read(text, gate.url, TOKENS["crm"])

        said: list[str] = []

        async def answered(
            told: Command = told, status: str = status, said: list[str] = said
        ) -> bool:
            # What was just sent is in the records a moment later.
            response = await gate.http.request(
                told.method, told.url, content=told.body, headers=told.headers
            )
            said.append(f"{told.method} {told.url} {response.status_code} {response.text}")
            return response.status_code == int(status)

        try:
            await eventually(answered, 8.0)
        except AssertionError:
            pytest.fail(f"not {status}: {said[-1]}")
