"""E-mail against a real SMTP server."""

from dataclasses import replace

import pytest

from activities.notices.channels.base import Message, Permanent, Retryable
from activities.notices.channels.mail import Mail, Tls
from tests.notices.receivers import post_office, refusing_port, silence
from tests.notices.world import Time

MESSAGE = Message(
    key="complaint:C-1/1/solution/1/L1/manager|mail|wang",
    subject="【已到期 L1】投诉 C-1：给出方案",
    text="期限已到。\n请处理。\n",
    markdown="",
    recipient="wang",
    address="wang@example.com",
    refs={"case": "complaint:C-1"},
)


def mail(
    port: int, tls: Tls = "none", username: str = "", password: str = "", timeout: float = 5.0
) -> Mail:
    return Mail(
        "mail",
        "127.0.0.1",
        port,
        "duty@example.com",
        "example.com",
        Time().clock,
        sender_name="客服中心",
        tls=tls,
        username=username,
        password=password,
        timeout=timeout,
    )


async def test_arrives_readable_with_the_same_message_id_each_time() -> None:
    async with post_office() as office:
        first = await mail(office.port).send(MESSAGE)
        again = await mail(office.port).send(MESSAGE)
    assert first == again
    assert [one["Message-ID"] for one in office.got] == [first.id, first.id]
    got = office.got[0]
    assert got["Subject"] == MESSAGE.subject
    assert got.get_content().replace("\r\n", "\n") == MESSAGE.text
    assert str(got["From"]) == "客服中心 <duty@example.com>"
    assert office.to == ["wang@example.com"] * 2
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"].datetime.isoformat() == "2026-11-12T04:00:00+00:00"


async def test_one_thread_a_case_and_one_id_a_recipient() -> None:
    other = replace(MESSAGE, key=MESSAGE.key.replace("wang", "li"), address="li@example.com")
    async with post_office() as office:
        await mail(office.port).send(MESSAGE)
        await mail(office.port).send(other)
    one, two = office.got
    assert one["References"] == two["References"]
    assert one["Message-ID"] != two["Message-ID"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("550 5.1.1 <wang@example.com> unknown", Permanent), ("450 4.2.1 later", Retryable)],
)
async def test_a_refused_recipient(answer: str, kind: type[Exception]) -> None:
    async with post_office(refuse={"wang@example.com": answer}) as office:
        with pytest.raises(kind) as refused:
            await mail(office.port).send(MESSAGE)
    assert answer[:3] in str(refused.value)
    assert "wang@example.com" not in str(refused.value)


@pytest.mark.parametrize(("answer", "kind"), [("554 no", Permanent), ("451 greylisted", Retryable)])
async def test_refused_data(answer: str, kind: type[Exception]) -> None:
    async with post_office(data_answer=answer) as office:
        with pytest.raises(kind, match=answer[:3]):
            await mail(office.port).send(MESSAGE)


async def test_log_in() -> None:
    async with post_office(login=("duty", "right")) as office:
        await mail(office.port, username="duty", password="right").send(MESSAGE)
        with pytest.raises(Retryable, match="log-in refused") as refused:
            await mail(office.port, username="duty", password="wrong").send(MESSAGE)
    assert len(office.got) == 1
    assert "wrong" not in str(refused.value)


async def test_nobody_listens() -> None:
    with pytest.raises(Retryable, match="no connection"):
        await mail(await refusing_port()).send(MESSAGE)


async def test_a_server_that_never_greets() -> None:
    async with silence() as port:
        with pytest.raises(Retryable, match="no connection"):
            await mail(port, timeout=0.05).send(MESSAGE)


async def test_a_server_without_the_encryption_that_is_asked_for() -> None:
    async with post_office() as office:
        with pytest.raises(Retryable, match="SMTPException"):
            await mail(office.port, tls="starttls").send(MESSAGE)
    assert office.got == []


@pytest.mark.parametrize("address", ["", "a@b\r\nBcc: c@d"])
async def test_an_address_that_is_none(address: str) -> None:
    async with post_office() as office:
        with pytest.raises(Permanent):
            await mail(office.port).send(replace(MESSAGE, address=address))
    assert office.got == []
