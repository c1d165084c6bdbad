"""`starter.py webhooks` against real records and a real receiver."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from activities.records import Outbox, Records
from surfaces.cli import main
from tests.feed.post import Answer, Desk, Hours, courier, subscription, until, write

Out = pytest.CaptureFixture[str]
A = "complaint:C-1"
ROW = "complaint:C-1/1/1/0"


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Records and a file of subscriptions that the command finds."""
    url = f"sqlite:///{tmp_path / 'records.db'}"
    monkeypatch.setenv("DUECOURSE_DATABASE_URL", url)
    monkeypatch.setenv("DUECOURSE_WEBHOOKS", str(tmp_path / "webhooks.yaml"))
    monkeypatch.setenv("HOOK", "shared")
    declare(tmp_path, "http://127.0.0.1:9/hook")
    return url


def declare(folder: Path, receiver: str) -> None:
    text = f"subscriptions:\n  crm: {{url: '{receiver}', secret: {{env: HOOK}}}}\n"
    (folder / "webhooks.yaml").write_text(text, encoding="utf-8")


def within(url: str, work: Callable[[Records], Coroutine[Any, Any, None]]) -> None:
    async def opened() -> None:
        async with Records.open(url) as records:
            await records.migrate()
            await work(records)

    asyncio.run(opened())


async def poisoned(records: Records) -> None:
    """One row is given up, the next arrives."""
    hours = Hours()
    await write(records, A, 1, 2)

    def bad(event: dict[str, Any]) -> Answer:
        return (400 if event["data"]["seq"] == 1 else 204, {})

    async with (
        Desk(bad).open() as desk,
        courier(records, subscription(desk.url, give_up_hours=1), hours),
    ):
        await until(lambda: Outbox(records.database).undelivered("crm", "held"))
        hours.at += 3601
        await until(lambda: desk.of(A) == [2])
        await until(lambda: Outbox(records.database).undelivered("crm", "dead"))


def told(capsys: Out) -> Any:
    return json.loads(capsys.readouterr().out)


def test_list_dead_and_resend(url: str, capsys: Out) -> None:
    within(url, poisoned)
    capsys.readouterr()
    assert main(["webhooks", "--json"]) == 1
    (one,) = told(capsys)["subscriptions"]
    assert (one["subscription"], one["sent"], one["dead"], one["behind"]) == ("crm", 1, 1, 0)
    assert main(["webhooks", "--dead", "--json"]) == 1
    (dead,) = told(capsys)["dead"]
    assert (dead["event"], dead["attempts"], dead["error"]) == (ROW, 2, "HTTP 400")
    assert main(["webhooks", "--dead"]) == 1
    assert "放弃于 GIVEN UP" in capsys.readouterr().out
    assert main(["webhooks", "--resend-all", "--json"]) == 0
    assert told(capsys) == {"again": 1}
    assert main(["webhooks", "--list"]) == 0
    assert "some cases wait" not in capsys.readouterr().out
    assert main(["webhooks", "--dead"]) == 0
    assert "没有被放弃的行" in capsys.readouterr().out
    assert main(["webhooks", "--resend", "complaint:C-1/1/2/0", "--to", "crm"]) == 0

    async def both(records: Records) -> None:
        async with (
            Desk().open() as desk,
            courier(records, subscription(desk.url), Hours(4_000_000_000)),
        ):
            await until(lambda: sorted(desk.accepted) == [ROW, "complaint:C-1/1/2/0"])

    within(url, both)


def test_a_row_or_subscription_that_is_not_there(url: str, capsys: Out) -> None:
    within(url, poisoned)
    assert main(["webhooks", "--resend", "complaint:C-9/1/1/0"]) == 1
    assert "error nothing_found" in capsys.readouterr().err
    assert main(["webhooks", "--list", "--to", "crn"]) == 2
    assert "did you mean 'crm'" in capsys.readouterr().err
    assert main(["webhooks", "--dead", "--test"]) == 2


def test_stopped_and_resumed(url: str, capsys: Out) -> None:
    async def gone(records: Records) -> None:
        await write(records, A, 1)
        async with (
            Desk(lambda _: (410, {})).open() as desk,
            courier(records, subscription(desk.url)),
        ):

            async def stopped() -> bool:
                found = await Outbox(records.database).standing("crm")
                return found is not None and found.stopped is not None

            await until(stopped)

    within(url, gone)
    assert main(["webhooks"]) == 1
    assert "已停止 stopped" in capsys.readouterr().out
    assert main(["webhooks", "--resume", "--json"]) == 0
    assert told(capsys) == {"resumed": ["crm"]}
    assert main(["webhooks", "--list"]) == 0


def test_nobody_is_subscribed(url: str, tmp_path: Path, capsys: Out) -> None:
    async def nothing(_: Records) -> None:
        pass

    within(url, nothing)
    (tmp_path / "webhooks.yaml").write_text("subscriptions: {}\n", encoding="utf-8")
    assert main(["webhooks"]) == 0
    assert "没有订阅" in capsys.readouterr().out


async def test_the_test_event(url: str, tmp_path: Path, capsys: Out) -> None:
    async with Desk().open() as desk:
        declare(tmp_path, desk.url)
        assert await asyncio.to_thread(main, ["webhooks", "--test", "--json"]) == 0
    assert told(capsys) == {"tests": [{"subscription": "crm", "ok": True, "error": ""}]}
    assert desk.got[0].event["type"] == "duecourse.test"
    assert await asyncio.to_thread(main, ["webhooks", "--test"]) == 1
    assert "crm: 未接受 refused: no connection" in capsys.readouterr().out
