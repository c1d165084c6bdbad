"""Webhooks against a real receiver and real databases: nothing is lost, each case keeps its order,
and what fails waits, is given up, and can be sent again."""

import asyncio
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from activities.feed.courier import Courier, Pace
from activities.feed.sending import Sender, wait_of
from activities.notices.channels.web import http_clients
from activities.records import LeaseLost, Outbox, Outcome, Records, Standing
from tests.feed.post import (
    CLIENTS,
    PACE,
    WELL,
    Answer,
    Desk,
    Hours,
    courier,
    keep_rules,
    subscription,
    until,
    write,
)

A, B = "complaint:C-1", "complaint:C-2"
HOUR = 3600


async def nothing_left(records: Records) -> None:
    """Until everything written was noted as delivered."""

    async def empty() -> bool:
        ((_, numbers),) = await Outbox(records.database).standings()
        return not any(numbers.values())

    await until(empty)


async def test_every_row_arrives_signed_and_in_order(records: Records) -> None:
    hours = Hours()
    for case in (A, B):
        await write(records, case, *range(1, 6))
    async with Desk().open() as desk, courier(records, subscription(desk.url), hours):
        await until(lambda: len(desk.got) == 10)
        await write(records, A, 6)
        await until(lambda: len(desk.got) == 11)
        await nothing_left(records)
    assert desk.of(A) == [1, 2, 3, 4, 5, 6]
    assert desk.of(B) == [1, 2, 3, 4, 5]
    for one in desk.got:
        stamp = one.headers["x-duecourse-timestamp"]
        assert stamp == str(hours.at)
        signed = hmac.new(b"shared", f"{stamp}.".encode() + one.body, hashlib.sha256).hexdigest()
        assert one.headers["x-duecourse-signature"] == f"sha256={signed}"
        assert one.headers["content-type"] == "application/cloudevents+json; charset=utf-8"


async def test_a_row_is_a_cloud_event_without_personal_fields(records: Records) -> None:
    said = {"description": "漏油", "contact_name": "李明", "apology_given": True}
    await write(records, A, 1, data=said)
    await keep_rules(records, "complaint")
    async with (
        Desk().open() as desk,
        courier(records, subscription(desk.url)),
        courier(records, subscription(desk.url, "own", personal=True), owner="worker-2"),
    ):
        await until(lambda: len(desk.got) == 2)
    events = sorted((one.event for one in desk.got), key=lambda one: "masked" not in one["data"])
    event, whole = events
    assert {name: event[name] for name in event if name != "data"} == {
        "specversion": "1.0",
        "id": "complaint:C-1/1/1/0",
        "source": "/duecourse",
        "type": "duecourse.case.event",
        "subject": A,
        "time": "2026-11-10T01:30:01Z",
        "datacontenttype": "application/json",
        "partitionkey": A,
    }
    assert event["data"]["data"] == {**said, "contact_name": "***"}
    assert event["data"]["masked"] == ["contact_name"]
    assert event["data"]["organisation"] == "east"
    assert event["data"]["recorded"] == "2026-11-10T01:30:01Z"
    assert whole["data"]["data"] == said


async def test_without_rules_all_data_are_taken_out(records: Records) -> None:
    await write(records, A, 1)
    async with Desk().open() as desk, courier(records, subscription(desk.url)):
        await until(lambda: len(desk.got) == 1)
    assert desk.got[0].event["data"]["data"] == {"apology_given": "***"}
    assert desk.got[0].event["data"]["masked"] == ["apology_given"]


async def test_a_case_that_fails_holds_back_only_itself(records: Records) -> None:
    broken = True

    def judge(event: dict[str, Any]) -> Answer:
        bad = broken and event["subject"] == A and event["data"]["seq"] == 2
        return (500, {}) if bad else WELL

    hours = Hours()
    await write(records, A, 1, 2, 3)
    async with Desk(judge).open() as desk, courier(records, subscription(desk.url), hours):
        await write(records, B, 1, 2)
        await until(lambda: len(desk.of(B)) == 2)
        await write(records, A, 4)
        await write(records, B, 3)
        await until(lambda: len(desk.of(B)) == 3)
        assert desk.of(A) == [1]
        await until(lambda: Outbox(records.database).undelivered("crm", "held"))
        broken = False
        hours.at += 5
        await until(lambda: len(desk.of(A)) == 4)
        await nothing_left(records)
    assert desk.of(A) == [1, 2, 3, 4]
    assert desk.of(B) == [1, 2, 3]


async def test_the_wait_doubles_up_to_a_limit(records: Records) -> None:
    hours, tries = Hours(), list[int]()
    await write(records, A, 1)
    outbox = Outbox(records.database)

    def judge(_: dict[str, Any]) -> Answer:
        tries.append(hours.at - 1_800_000_000)
        return (500, {}) if len(tries) < 6 else WELL

    async def waits() -> int | None:
        """When it is tried next, once the last try is noted."""
        found = await outbox.undelivered("crm")
        noted = found and found[0].attempts == len(tries) and found[0].next > hours.at
        return found[0].next if noted else None

    pace = replace(PACE, most=40)
    async with (
        Desk(judge).open() as desk,
        courier(records, subscription(desk.url), hours, pace=pace),
    ):
        for _ in range(5):
            hours.at = await until(waits)
        await until(lambda: desk.accepted)
    assert tries == [0, 5, 15, 35, 75, 115]


def test_waits_differ_by_chance() -> None:
    pace = Pace()
    assert [pace.wait(attempts, 1.0) for attempts in (0, 1, 2, 3, 20, 999)] == [
        5,
        10,
        20,
        40,
        900,
        900,
    ]
    assert (pace.wait(3, 0.0), pace.wait(3, 0.5)) == (20, 30)
    assert pace.span + 30 < pace.lease / 2


async def test_a_receiver_that_asks_for_rest_gets_it(records: Records) -> None:
    hours, rest = Hours(), ["600"]
    await write(records, A, 1)

    def judge(_: dict[str, Any]) -> Answer:
        return (503, {"retry-after": rest.pop()}) if rest else WELL

    async with Desk(judge).open() as desk, courier(records, subscription(desk.url), hours):

        async def resting() -> bool:
            found = await Outbox(records.database).standing("crm")
            return found is not None and found.quiet == hours.at + 600

        await until(resting)
        await write(records, B, 1)
        hours.at += 599
        for _ in range(30):
            await asyncio.sleep(0.01)
        assert len(desk.got) == 1
        hours.at += 1
        await until(lambda: len(desk.accepted) == 2)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        ("999999999999", 24 * HOUR),
        ("Fri, 15 Jan 2027 08:02:00 GMT", 120),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-1", None),
    ],
)
def test_how_long_to_wait(header: str, seconds: int | None) -> None:
    assert wait_of(header, 1_800_000_000) == seconds


async def test_gone_stops_the_subscription_until_it_is_resumed(records: Records) -> None:
    gone = True
    await write(records, A, 1, 2)
    outbox = Outbox(records.database)
    async with (
        Desk(lambda _: (410, {}) if gone else WELL).open() as desk,
        courier(records, subscription(desk.url)),
    ):

        async def stopped() -> Standing | None:
            found = await outbox.standing("crm")
            return found if found is not None and found.stopped else None

        assert (await until(stopped)).problem == "HTTP 410"
        await write(records, B, 1)
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert len(desk.got) == 1
        gone = False
        assert await outbox.resume("crm") is True
        assert await outbox.resume("crm") is False
        await until(lambda: len(desk.accepted) == 3)
    assert desk.of(A) == [1, 2]


async def test_given_up_set_aside_and_sent_again(records: Records) -> None:
    poison = True

    def judge(event: dict[str, Any]) -> Answer:
        bad = poison and event["data"]["seq"] == 1
        return (400, {}) if bad else WELL

    hours, outbox = Hours(), Outbox(records.database)
    await write(records, A, 1, 2, 3)
    async with (
        Desk(judge).open() as desk,
        courier(records, subscription(desk.url, give_up_hours=1), hours),
    ):
        await until(lambda: outbox.undelivered("crm", "held"))
        hours.at += HOUR + 1
        await until(lambda: desk.of(A) == [2, 3])
        (dead,) = await outbox.undelivered("crm", "dead")
        assert (dead.event, dead.attempts, dead.error) == ("complaint:C-1/1/1/0", 2, "HTTP 400")
        poison = False
        assert await outbox.again_all(["crm"], hours.at) == 1
        await until(lambda: desk.of(A) == [2, 3, 1])
        await nothing_left(records)
        assert await outbox.again("complaint:C-1/1/2/0", ["crm"], hours.at) is True
        await until(lambda: desk.of(A) == [2, 3, 1, 2])
        await nothing_left(records)
        for absent in ("complaint:C-1/1/9/0", "nothing", "complaint:C-1/1/x/0"):
            assert await outbox.again(absent, ["crm"], hours.at) is False
    ids = {one.event["id"] for one in desk.got if one.event["data"]["seq"] == 2}
    assert ids == {"complaint:C-1/1/2/0"}


async def test_a_receiver_that_was_away_gets_everything(records: Records) -> None:
    hours, desk = Hours(), Desk()
    async with desk.open():
        pass
    wanted = subscription(desk.url)
    async with courier(records, wanted, hours):
        await write(records, A, 1, 2)
        await write(records, B, 1)
        outbox = Outbox(records.database)

        async def both() -> bool:
            return len(await outbox.undelivered("crm", "held")) == 2

        await until(both)
        async with desk.open():
            await write(records, A, 3)
            hours.at += 900
            await until(lambda: len(desk.accepted) == 4)
            await nothing_left(records)
    assert (desk.of(A), desk.of(B)) == ([1, 2, 3], [1])


async def test_a_slow_receiver_is_left_in_time(records: Records) -> None:
    slow = True
    hours = Hours()
    await write(records, A, 1)
    await write(records, B, 1)

    def judge(event: dict[str, Any]) -> Answer | None:
        return None if slow and event["subject"] == A else WELL

    async with (
        Desk(judge).open() as desk,
        courier(records, subscription(desk.url, timeout=0.2), hours),
    ):
        await until(lambda: desk.of(B) == [1])
        outbox = Outbox(records.database)
        found = await until(lambda: outbox.undelivered("crm"))
        assert found[0].error == "no answer within 0.2 s"
        slow = False
        hours.at += 5
        await until(lambda: desk.of(A) == [1])


async def test_redirects_are_not_followed(records: Records) -> None:
    await write(records, A, 1)
    async with Desk().open() as other:
        there = {"location": other.url}
        async with (
            Desk(lambda _: (307, there)).open() as desk,
            courier(records, subscription(desk.url)),
        ):
            await until(lambda: len(desk.got) == 1)
        (found,) = await Outbox(records.database).undelivered("crm")
        assert found.error == "HTTP 307, and redirects are not followed"
    assert other.got == []


async def test_only_what_is_wanted_is_sent(records: Records) -> None:
    await write(records, A, 1)
    await write(records, A, 2, kind="breach")
    await write(records, "parcel:P-1", 1)
    async with (
        Desk().open() as some,
        Desk().open() as none,
        courier(records, subscription(some.url, processes=("complaint",), kinds=("breach",))),
        courier(records, subscription(none.url, "west", organisations=("west",)), owner="w"),
    ):
        await until(lambda: len(some.got) == 1)

        async def all_passed() -> bool:
            standings = await Outbox(records.database).standings()
            return len(standings) == 2 and not any(n["behind"] for _, n in standings)

        await until(all_passed)
    assert some.accepted == ["complaint:C-1/1/2/0"]
    assert none.got == []


async def test_a_new_subscription_begins_with_what_comes(records: Records) -> None:
    await write(records, A, 1)
    async with Desk().open() as desk, courier(records, subscription(desk.url, begin="now")):
        outbox = Outbox(records.database)
        await until(lambda: outbox.standing("crm"))
        await write(records, A, 2)
        await until(lambda: len(desk.got) == 1)
    assert desk.of(A) == [2]


async def test_one_of_two_couriers_sends_and_the_other_takes_over(records: Records) -> None:
    hours = Hours()
    await write(records, A, 1)
    outbox = Outbox(records.database)
    async with Desk().open() as desk:
        wanted = subscription(desk.url)
        async with courier(records, wanted, hours, owner="first"):
            await until(lambda: len(desk.got) == 1)
            async with courier(records, wanted, hours, owner="second"):
                await write(records, A, *range(2, 8))
                await until(lambda: len(desk.got) == 7)
                standing = await outbox.standing("crm")
                assert standing is not None
                assert standing.owner == "first"
        async with courier(records, wanted, hours, owner="second"):
            await write(records, A, 8)
            await until(lambda: len(desk.got) == 8)
    assert desk.of(A) == [*range(1, 9)]


async def test_killed_between_sending_and_noting(records: Records) -> None:
    """What was sent comes twice, nothing is lost, and the successor waits for the lease's end."""
    hours = Hours()
    await write(records, A, 1, 2, 3)
    async with Desk().open() as desk:
        wanted = subscription(desk.url)
        dying = Courier(wanted, records, CLIENTS, hours.clock, "dying", pace=PACE)
        outbox = dying._outbox
        await outbox.open("crm", whole=True)

        async def killed(*_: object, **__: object) -> None:
            raise asyncio.CancelledError

        outbox.note = killed  # type: ignore[method-assign]
        async with CLIENTS() as client:
            with pytest.raises(asyncio.CancelledError):
                await dying.round(Sender(wanted, client, hours.clock), asyncio.Event())
        assert desk.of(A) == [1, 2, 3]
        async with courier(records, wanted, hours, owner="heir"):
            for _ in range(20):
                await asyncio.sleep(0.01)
            assert len(desk.got) == 3
            hours.at += PACE.lease
            await until(lambda: len(desk.got) == 6)
            await nothing_left(records)
    assert desk.of(A) == [1, 2, 3, 1, 2, 3]


async def test_who_lost_the_lease_notes_nothing(records: Records) -> None:
    await write(records, A, 1)
    outbox, wanted = Outbox(records.database), subscription("http://localhost/x").wanted
    await outbox.open("crm", whole=True)
    assert await outbox.lease("crm", "first", 1000, 90) is not None
    assert await outbox.lease("crm", "second", 1089, 90) is None
    work = await outbox.work("crm", wanted, 1000, 10)
    assert await outbox.lease("crm", "second", 1090, 90) is not None
    outcomes = [Outcome(one, 1) for one in work.strands]
    with pytest.raises(LeaseLost):
        await outbox.note("crm", "first", wanted, 1090, work.cursor, outcomes)
    assert (await outbox.work("crm", wanted, 1090, 10)).strands == work.strands
    await outbox.leave("crm", "first")
    assert await outbox.lease("crm", "third", 1091, 90) is None
    await outbox.leave("crm", "second")
    assert await outbox.lease("crm", "third", 1091, 90) is not None


async def test_a_row_too_large_is_cut_and_says_so(records: Records) -> None:
    await write(records, A, 1, data={"apology_given": "很" * 200_000})
    async with (
        Desk().open() as desk,
        courier(records, subscription(desk.url, personal=True)),
    ):
        await until(lambda: len(desk.got) == 1)
    event = json.loads(desk.got[0].body)
    assert (event["data"]["data"], event["data"]["cut"]) == ({}, True)


async def test_a_stop_finishes_what_is_under_way(records: Records) -> None:
    """Nobody is sent twice what arrived before the stop."""
    await write(records, A, *range(1, 13))
    stopping = asyncio.Event()

    def judge(event: dict[str, Any]) -> Answer:
        if event["data"]["seq"] == 5:
            stopping.set()
        return WELL

    async with Desk(judge).open() as desk:
        wanted = subscription(desk.url)
        first = Courier(wanted, records, http_clients(), Hours().clock, "first", pace=PACE)
        await first.run(stopping)
        assert desk.of(A) == [1, 2, 3, 4, 5]
        async with courier(records, wanted, owner="second"):
            await until(lambda: len(desk.got) >= 12)
            await nothing_left(records)
    assert desk.of(A) == [*range(1, 13)]
