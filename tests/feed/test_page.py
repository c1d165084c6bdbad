"""What `docs/feed.md` shows is true: its receiver verifies what a worker sends, its settings load,
and its names are those of the program."""

import ast
import asyncio
import os
import re
import sys
import time
from pathlib import Path

from activities.feed.events import headers, trial_event
from activities.feed.sending import Reply, Sender
from activities.feed.settings import KINDS, SubscriptionSettings, subscriptions
from activities.notices.channels.web import http_clients
from activities.notices.clock import SYSTEM
from activities.records import Records
from tests.docs.pages import ROOT, fences, text_of
from tests.feed.post import Hours, courier, subscription, write
from tests.notices.receivers import refusing_port

PAGE = text_of(ROOT / "docs" / "feed.md")
BLOCKS = {block.language: block.text for block in fences(PAGE)}


def test_settings(tmp_path: Path) -> None:
    path = tmp_path / "webhooks.yaml"
    path.write_text(BLOCKS["yaml"], encoding="utf-8")
    (crm,) = subscriptions(path, {"DUECOURSE_HOOK_CRM": "x"})
    assert crm.said.kinds == ("opened", "event", "breach", "ended")
    table = PAGE.split("| key | default | meaning |")[1].split("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.*?) \|", table, re.M))))
    assert named == set(SubscriptionSettings.model_fields)


def test_kinds() -> None:
    said = PAGE.split("`kind` is one of")[1].split("\n\n")[0]
    assert tuple(re.findall(r"`(\w+)`", said)) == KINDS


async def test_the_receiver_takes_what_is_signed_and_nothing_else(
    records: Records, tmp_path: Path
) -> None:
    code = tmp_path / "receiver.py"
    code.write_text(BLOCKS["python"], encoding="utf-8")
    assert len(ast.parse(BLOCKS["python"]).body) == 6
    port = await refusing_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-u",
        str(code),
        env={**os.environ, "DUECOURSE_HOOK_CRM": "shared", "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        await _listening(port)
        await write(records, "complaint:C-1", 1, 2)
        url = f"http://127.0.0.1:{port}/"
        now = int(time.time())
        async with courier(records, subscription(url), Hours(now)):
            async with asyncio.timeout(20):
                lines = [(await process.stdout.readline()).decode() for _ in range(2)]
        assert [line.split("{")[0] for line in lines] == ["duecourse.case.event complaint:C-1 "] * 2
        trial = subscription(url)
        async with http_clients()() as client:
            sender = Sender(trial, client, SYSTEM)
            assert await sender.send(trial_event("/duecourse", "crm", now)) == Reply()
            said = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
            assert said.startswith("duecourse.test test {")
            body = b'{"id": "x"}'
            for secret, stamp in (("other", now), ("shared", now - 400), ("shared", now + 400)):
                answer = await client.post(url, content=body, headers=headers(secret, stamp, body))
                assert answer.status_code == 401
    finally:
        process.kill()
        await process.wait()


async def _listening(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
