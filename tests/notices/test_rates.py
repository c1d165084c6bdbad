"""Rates: what is sent, what waits and what is merged, minute by minute."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from activities.notices.channels.base import Message, Permanent, Retryable
from activities.notices.rates import MAX_QUEUED, Outbox, Sent, Waiting, Window
from activities.notices.templates import digest
from tests.notices.world import Remembering, Time, settle


def message(n: int, address: str = "", urgent: bool = False) -> Message:
    subject = f"C-{n}：到期"
    return Message(
        f"k{n}", subject, subject, subject, "desk", address, urgent=urgent, refs={"case": f"C-{n}"}
    )


class Begun:
    """Sends that run beside the test; none is left behind."""

    def __init__(self) -> None:
        self._all: list[tuple[Outbox, asyncio.Task[Sent]]] = []

    def __call__(self, outbox: Outbox, *ones: Message) -> list[asyncio.Task[Sent]]:
        tasks = [asyncio.create_task(outbox.send(one)) for one in ones]
        self._all += [(outbox, task) for task in tasks]
        return tasks

    async def end(self) -> None:
        for outbox, _ in self._all:
            await outbox.aclose()
        await asyncio.gather(*(task for _, task in self._all), return_exceptions=True)


@pytest.fixture
async def begin() -> AsyncIterator[Begun]:
    begun = Begun()
    yield begun
    await begun.end()


def test_a_window_slides() -> None:
    time = Time(0)
    window = Window(2, time.clock.monotonic)
    window.take()
    time.at = 30
    window.take()
    assert window.delay() == 30
    time.at = 60
    assert window.delay() == 0
    window.take()
    assert window.delay() == 30
    assert Window(None, time.clock.monotonic).delay() == 0


async def test_what_exceeds_the_rate_goes_out_as_one_digest(begin: Begun) -> None:
    time, room = Time(), Remembering("room", rate=20)
    outbox = Outbox(room, time.clock, digest)
    tasks = begin(outbox, *(message(n) for n in range(50)))
    await settle()
    assert len(room.sent) == 20
    assert sum(task.done() for task in tasks) == 20
    await time.pass_by(59)
    assert len(room.sent) == 20
    await time.pass_by(1)
    assert len(room.sent) == 21
    for n in range(20, 50):
        assert f"C-{n}：" in room.sent[-1].markdown
    results = [await task for task in tasks]
    assert [one.merged for one in results] == [False] * 20 + [True] * 30
    assert {one.receipt.id for one in results[20:]} == {room.sent[-1].id}


async def test_one_that_waited_alone_is_no_digest(begin: Begun) -> None:
    time, room = Time(), Remembering("room", rate=1)
    outbox = Outbox(room, time.clock, digest)
    _, second = begin(outbox, message(1), message(2))
    await time.pass_by(60)
    assert (await second).merged is False
    assert room.sent[-1] == message(2)


async def test_urgent_ones_stand_first(begin: Begun) -> None:
    time, room = Time(), Remembering("room", rate=1)
    outbox = Outbox(room, time.clock, digest)
    begin(outbox, message(1), message(2), message(3, urgent=True))
    await time.pass_by(60)
    assert room.sent[-1].markdown.index("C-3") < room.sent[-1].markdown.index("C-2")
    assert room.sent[-1].urgent


async def test_by_address_only_ones_own_are_merged(begin: Begun) -> None:
    time, mail = Time(), Remembering("mail", rate=1, merge="address")
    outbox = Outbox(mail, time.clock, digest)
    begin(outbox, message(0, "a"), message(1, "a"), message(2, "b"), message(3, "a"))
    await time.pass_by(60)
    await time.pass_by(60)
    assert [(one.address, one.refs.get("cases", "")) for one in mail.sent] == [
        ("a", ""),
        ("a", "C-1 C-3"),
        ("b", ""),
    ]


async def test_a_machine_gets_no_digests(begin: Begun) -> None:
    time, crm = Time(), Remembering("crm", rate=1, merge="never")
    outbox = Outbox(crm, time.clock, digest)
    begin(outbox, message(0), message(1), message(2))
    await time.pass_by(60)
    await time.pass_by(60)
    assert [one.key for one in crm.sent] == ["k0", "k1", "k2"]


async def test_the_accounts_of_a_digest_are_all_mentioned(begin: Begun) -> None:
    time, room = Time(), Remembering("room", rate=1)
    outbox = Outbox(room, time.clock, digest)
    begin(outbox, message(0), message(1, "li"), message(2), message(3, "wang"), message(4, "li"))
    await time.pass_by(60)
    assert room.sent[-1].address == "li,wang"


async def test_too_many_said_by_the_receiver_closes_the_window(begin: Begun) -> None:
    time, room = Time(), Remembering("room", rate=20, failures=[Retryable("45009", limited=True)])
    outbox = Outbox(room, time.clock, digest)
    with pytest.raises(Retryable):
        await outbox.send(message(1))
    tasks = begin(outbox, message(2), message(3))
    await settle()
    assert room.sent == []
    await time.pass_by(60)
    assert [(await task).merged for task in tasks] == [True, True]


async def test_a_digest_that_is_refused_is_no_verdict_on_each(begin: Begun) -> None:
    time, room = Time(), Remembering("room", rate=1)
    outbox = Outbox(room, time.clock, digest)
    _, *tasks = begin(outbox, message(1), message(2), message(3))
    await settle()
    room.failures = [Permanent("unsuitable text")]
    await time.pass_by(60)
    for task in tasks:
        with pytest.raises(Retryable, match="digest refused"):
            await task


async def test_who_no_longer_waits_is_left_out(begin: Begun) -> None:
    time, room = Time(), Remembering("room", rate=1)
    outbox = Outbox(room, time.clock, digest)
    _, gone, stays = begin(outbox, message(1), message(2), message(3))
    await settle()
    gone.cancel()
    await time.pass_by(60)
    assert (await stays).merged is False
    assert room.sent[-1] == message(3)


async def test_nobody_waits_for_ever(begin: Begun) -> None:
    time, crm = Time(), Remembering("crm", rate=1, merge="never")
    outbox = Outbox(crm, time.clock, digest)
    tasks = begin(outbox, *(message(n) for n in range(6)))
    for _ in range(4):
        await time.pass_by(60)
    sent = [task for task in tasks if not isinstance(task.exception(), Waiting)]
    assert len(sent) == len(crm.sent) == 3
    assert all(task.done() for task in tasks)


async def test_a_full_queue_says_come_again(begin: Begun) -> None:
    time, room = Time(), Remembering("room", rate=1)
    outbox = Outbox(room, time.clock, digest)
    tasks = begin(outbox, *(message(n) for n in range(MAX_QUEUED + 2)))
    await settle()
    done = [task for task in tasks if task.done()]
    assert len(done) == 2
    with pytest.raises(Waiting) as full:
        await done[1]
    assert full.value.after == 60
    await outbox.aclose()
    assert all(task.done() for task in tasks)


async def test_closing_gives_back_what_waits(begin: Begun) -> None:
    time, room = Time(), Remembering("room", rate=1)
    outbox = Outbox(room, time.clock, digest)
    _, second = begin(outbox, message(1), message(2))
    await settle()
    await outbox.aclose()
    with pytest.raises(Waiting):
        await second
    assert len(room.sent) == 1
