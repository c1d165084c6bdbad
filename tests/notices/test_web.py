"""Robots and the webhook against real HTTP receivers."""

import base64
import hashlib
import hmac
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from activities.notices.channels.base import Message, Permanent, Retryable
from activities.notices.channels.robots import VERDICTS, Kind, Robot
from activities.notices.channels.web import http_clients
from activities.notices.channels.webhook import Webhook
from tests.notices.receivers import Say, receiver, refusing_port
from tests.notices.world import NOON, Time

CLIENTS = http_clients()
KEY = "73febdcb-secret-key"
MESSAGE = Message(
    key="投诉:C-1|room|desk",
    subject="【已到期 L1】C-1：给出方案",
    text="期限已到。\n请处理。",
    markdown="**【已到期 L1】C-1**\n期限已到。",
    recipient="desk",
    address="wangfang",
    refs={"case": "complaint:C-1"},
)
# How each kind says that all is well.
WELL = {"wecom": {"errcode": 0}, "dingtalk": {"errcode": 0}, "feishu": {"code": 0}}
CODE = {"wecom": "errcode", "dingtalk": "errcode", "feishu": "code"}


def robot(kind: Kind, url: str, secret: str = "", timeout: float = 5.0) -> Robot:
    return Robot(
        "room", kind, f"{url}/send?key={KEY}", CLIENTS, Time().clock, secret=secret, timeout=timeout
    )


async def test_wecom_says_markdown_and_mentions() -> None:
    async with receiver(Say({"errcode": 0, "errmsg": "ok"})) as got:
        receipt = await robot("wecom", got.url).send(MESSAGE)
    assert receipt.id == MESSAGE.id
    assert got.got[0].target == f"/send?key={KEY}"
    content = "**【已到期 L1】C-1**\n期限已到。\n<@wangfang>"
    assert got.got[0].json == {"msgtype": "markdown", "markdown": {"content": content}}


async def test_dingtalk_signs_the_stamp_with_the_secret() -> None:
    async with receiver(Say({"errcode": 0})) as got:
        await robot("dingtalk", got.url, "SEC1").send(MESSAGE)
    query = parse_qs(urlsplit(got.got[0].target).query)
    stamp = str(NOON * 1000)
    signed = hmac.new(b"SEC1", f"{stamp}\nSEC1".encode(), hashlib.sha256).digest()
    assert query == {
        "key": [KEY],
        "timestamp": [stamp],
        "sign": [base64.b64encode(signed).decode()],
    }
    said = got.got[0].json
    assert said["at"] == {"atUserIds": ["wangfang"], "isAtAll": False}
    assert said["markdown"]["text"].endswith("  \n@wangfang")
    assert said["markdown"]["title"] == MESSAGE.subject


async def test_feishu_signs_nothing_with_the_stamp_and_the_secret() -> None:
    async with receiver(Say({"code": 0, "msg": "success"})) as got:
        await robot("feishu", got.url, "SEC2").send(MESSAGE)
    said = got.got[0].json
    signed = hmac.new(f"{NOON}\nSEC2".encode(), b"", hashlib.sha256).digest()
    assert (said["timestamp"], said["sign"]) == (str(NOON), base64.b64encode(signed).decode())
    assert said["card"]["header"]["title"]["content"] == MESSAGE.subject
    assert "<at id=wangfang></at>" in said["card"]["elements"][0]["text"]["content"]


async def test_an_older_feishu_answer_is_read_too() -> None:
    async with receiver(Say({"StatusCode": 0, "StatusMessage": "success"})) as got:
        await robot("feishu", got.url).send(MESSAGE)
    assert len(got.got) == 1


@pytest.mark.parametrize(
    ("kind", "code", "verdict"),
    [(kind, code, what) for kind, table in VERDICTS.items() for code, what in table.items()],
)
async def test_two_hundred_with_a_code_is_no_success(kind: Kind, code: int, verdict: str) -> None:
    said = {CODE[kind]: code, "errmsg": "no", "msg": "no"}
    async with receiver(Say(said)) as got:
        with pytest.raises(Permanent if verdict == "never" else Retryable) as refused:
            await robot(kind, got.url).send(MESSAGE)
    assert str(code) in str(refused.value)
    assert getattr(refused.value, "limited", False) is (verdict == "wait")


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
async def test_an_unknown_code_is_tried_again(kind: Kind) -> None:
    async with receiver(Say({CODE[kind]: 777001, "errmsg": "?"})) as got:
        with pytest.raises(Retryable, match="777001") as refused:
            await robot(kind, got.url).send(MESSAGE)
    assert refused.value.limited is False


@pytest.mark.parametrize("body", [b"", b"<html>gateway</html>", b"[1]", b'{"ok": true}', b'"x"'])
async def test_an_answer_that_is_not_the_robots(body: bytes) -> None:
    async with receiver(Say(body)) as got:
        with pytest.raises(Retryable, match="not the robot's"):
            await robot("wecom", got.url).send(MESSAGE)


async def test_feishus_code_in_a_bad_request_decides() -> None:
    async with receiver(Say({"code": 11232, "msg": "frequency limited"}, status=400)) as got:
        with pytest.raises(Retryable) as refused:
            await robot("feishu", got.url).send(MESSAGE)
    assert refused.value.limited


async def test_an_unknown_code_in_a_bad_request_is_that_of_the_request() -> None:
    async with receiver(Say({"code": 777001, "msg": "?"}, status=400)) as got:
        with pytest.raises(Permanent, match="400"):
            await robot("feishu", got.url).send(MESSAGE)


async def test_errors_show_neither_key_nor_secret() -> None:
    said = {"errcode": 93000, "errmsg": f"invalid webhook url key={KEY} SEC3, hint"}
    async with receiver(Say(said)) as got:
        with pytest.raises(Permanent) as refused:
            await robot("wecom", got.url, "SEC3").send(MESSAGE)
    assert KEY not in str(refused.value)
    assert "SEC3" not in str(refused.value)
    with pytest.raises(Retryable) as gone:
        await robot("wecom", f"http://127.0.0.1:{await refusing_port()}").send(MESSAGE)
    assert KEY not in str(gone.value)


async def test_a_long_text_is_cut_to_what_the_robot_takes() -> None:
    many = ",".join(f"account{n}" for n in range(200))
    long = replace(MESSAGE, markdown="长" * 5000, address=many)
    async with receiver(Say({"errcode": 0})) as got:
        await robot("wecom", got.url).send(long)
    content = got.got[0].json["markdown"]["content"]
    assert len(content.encode()) <= 4096
    assert "长…\n<@account0>\n<@account1>" in content


def webhook(url: str, timeout: float = 5.0) -> Webhook:
    return Webhook("crm", f"{url}/hook", "shared", CLIENTS, Time().clock, timeout=timeout)


async def test_the_webhook_signs_stamp_and_body_and_repeats_its_key() -> None:
    async with receiver(Say(b"", status=204)) as got:
        await webhook(got.url).send(MESSAGE)
        await webhook(got.url).send(MESSAGE)
    first, again = got.got
    stamp = first.headers["x-duecourse-timestamp"]
    signed = hmac.new(b"shared", stamp.encode() + b"." + first.body, hashlib.sha256).hexdigest()
    assert first.headers["x-duecourse-signature"] == f"sha256={signed}"
    assert first.headers["idempotency-key"] == again.headers["idempotency-key"] == MESSAGE.id
    assert first.json["key"] == MESSAGE.key
    assert first.json["text"] == MESSAGE.text
    assert first.json["refs"] == {"case": "complaint:C-1"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Permanent),
        (400, Permanent),
        (401, Permanent),
        (404, Permanent),
        (410, Permanent),
        (408, Retryable),
        (425, Retryable),
        (429, Retryable),
        (500, Retryable),
        (503, Retryable),
    ],
)
async def test_what_a_status_means(status: int, kind: type[Exception]) -> None:
    async with receiver(Say(b"no", status=status, headers={"location": "http://x/"})) as got:
        with pytest.raises(kind, match=str(status)):
            await webhook(got.url).send(MESSAGE)
    assert len(got.got) == 1


@pytest.mark.parametrize(
    ("header", "after"), [("30", 30.0), ("999999", 3600.0), ("Wed, 21 Oct", None), ("-1", None)]
)
async def test_retry_after_is_kept_within_reason(header: str, after: float | None) -> None:
    async with receiver(Say(b"", status=429, headers={"retry-after": header})) as got:
        with pytest.raises(Retryable) as refused:
            await webhook(got.url).send(MESSAGE)
    assert refused.value.after == after
    assert refused.value.limited


@pytest.mark.parametrize("slow", [Say(hang=True), Say(b"{", drip=True)])
async def test_a_slow_receiver_is_left_in_time(slow: Say) -> None:
    async with receiver(slow) as got:
        with pytest.raises(Retryable, match=r"no answer within 0\.05 s"):
            await webhook(got.url, timeout=0.05).send(MESSAGE)
        with pytest.raises(Retryable, match=r"no answer within 0\.05 s"):
            await robot("wecom", got.url, timeout=0.05).send(MESSAGE)
    assert len(got.got) == 2


async def test_nobody_listens() -> None:
    with pytest.raises(Retryable, match="no connection"):
        await webhook(f"http://127.0.0.1:{await refusing_port()}").send(MESSAGE)


async def test_an_address_that_is_none() -> None:
    with pytest.raises(Permanent, match="not one of HTTP"):
        await webhook("ftp://127.0.0.1").send(MESSAGE)
