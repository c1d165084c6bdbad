"""The notifier as a whole: claimed once, delivered at least once, and seen when it cannot be."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from activities.ledger import Delivery
from activities.notices.channels.base import Permanent, Retryable
from activities.notices.channels.mail import Mail
from activities.notices.channels.robots import Robot
from activities.notices.channels.web import http_clients
from activities.notices.channels.webhook import Webhook
from activities.notices.directory import Directory
from activities.notices.notifier import Notifier, Outcome
from activities.notices.settings import SettingsError
from tests.notices.receivers import Say, post_office, receiver, refusing_port
from tests.notices.world import (
    NOON,
    Remembering,
    SqliteLedger,
    Time,
    directory,
    instant,
    notice,
    settle,
)


@dataclass
class World:
    """A notifier with channels that remember, over a ledger in a file."""

    folder: Path
    time: Time
    mail: Remembering
    room: Remembering
    crm: Remembering
    directory: Directory
    ledger: SqliteLedger

    def notifier(self, max_attempts: int = 8, **channels: Any) -> Notifier:
        known = {"mail": self.mail, "room": self.room, "crm": self.crm, **channels}
        return Notifier(
            self.directory, known, self.ledger, self.time.clock, max_attempts=max_attempts
        )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite3")
    mail, crm = Remembering("mail", merge="address"), Remembering("crm", merge="never")
    yield World(tmp_path, Time(), mail, Remembering("room"), crm, directory(tmp_path), ledger)
    ledger.close()


def statuses(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(one.channel, one.recipient, one.status) for one in outcome.deliveries]


async def test_everybody_who_is_meant_by_each_of_their_channels(world: World) -> None:
    (outcome,) = await world.notifier().deliver([notice(to="team")])
    assert outcome.done
    assert statuses(outcome) == [
        ("mail", "wang", "sent"),
        ("mail", "li", "sent"),
        ("room", "li", "sent"),
        ("room", "desk", "sent"),
    ]
    assert [one.address for one in world.mail.sent] == ["wang@example.com", "li@example.com"]
    assert [one.address for one in world.room.sent] == ["lina", ""]
    assert outcome.deliveries[0].receipt == world.mail.sent[0].id
    assert world.ledger.of("k") == outcome.deliveries


async def test_the_same_key_twice_sends_nothing_twice(world: World) -> None:
    notifier = world.notifier()
    first = await notifier.deliver([notice(to="team")])
    again = await notifier.deliver([notice(to="team")])
    elsewhere = await world.notifier().deliver([notice(to="team")])
    assert first == again == elsewhere
    assert len(world.mail.sent) + len(world.room.sent) == 4


async def test_claimed_before_anything_leaves(world: World) -> None:
    world.mail.gate = asyncio.Event()
    task = asyncio.create_task(world.notifier().deliver([notice(to="manager")]))
    await settle()
    assert world.ledger.of("k") == (Delivery("mail", "emma"),)
    world.mail.gate.set()
    await task


async def test_after_a_crash_between_claim_and_send_it_is_sent_once(world: World) -> None:
    world.mail.gate = asyncio.Event()
    dying = asyncio.create_task(world.notifier().deliver([notice(to="team")]))
    await settle()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    world.mail.gate = None
    assert world.mail.sent == []
    (outcome,) = await world.notifier().deliver([notice(to="team")])
    assert outcome.done
    assert len(world.mail.sent) == 2
    assert len(world.room.sent) == 2  # The room's were marked before the crash.


async def test_after_a_crash_between_send_and_mark_it_is_sent_again_with_the_same_id(
    world: World,
) -> None:
    world.ledger.broken_marks = 1
    with pytest.raises(ConnectionError):
        await world.notifier().deliver([notice(to="manager")])
    (outcome,) = await world.notifier().deliver([notice(to="manager")])
    assert outcome.done
    first, again = world.mail.sent
    assert first == again
    assert first.id == again.id


async def test_a_ledger_that_fails_for_one_does_not_keep_the_others_back(world: World) -> None:
    world.ledger.broken_marks = 1
    world.room.gate = asyncio.Event()
    task = asyncio.create_task(world.notifier().deliver([notice(to="team")]))
    await settle()
    assert not task.done()  # Its failure is not told before the others have had their turn.
    world.room.gate.set()
    with pytest.raises(ConnectionError):
        await task
    assert [one.status for one in world.ledger.of("k")] == ["pending", "sent", "sent", "sent"]


async def test_a_retryable_failure_stays_pending_and_counts(world: World) -> None:
    world.mail.failures = [Retryable("HTTP 503"), Retryable("HTTP 503")]
    notifier = world.notifier()
    (one,) = await notifier.deliver([notice(to="manager")])
    assert (one.done, one.retry_after) == (False, 5)
    assert one.pending == ("mail to emma: HTTP 503",)
    assert one.undeliverable == ()
    (two,) = await notifier.deliver([notice(to="manager")])
    assert two.retry_after == 10
    assert world.ledger.of("k")[0] == Delivery("mail", "emma", attempts=2, error="HTTP 503")
    (three,) = await notifier.deliver([notice(to="manager")])
    assert three.deliveries == (
        Delivery("mail", "emma", "sent", attempts=3, receipt=world.mail.sent[0].id),
    )


async def test_attempts_have_a_bound_that_outlives_the_process(world: World) -> None:
    world.mail.failures = [Retryable("no connection")] * 5
    for _ in range(2):
        (outcome,) = await world.notifier(max_attempts=3).deliver([notice(to="manager")])
        assert not outcome.done
    (outcome,) = await world.notifier(max_attempts=3).deliver([notice(to="manager")])
    assert outcome.done
    assert outcome.undeliverable == ("mail to emma: given up after 3 attempts: no connection",)
    await world.notifier(max_attempts=3).deliver([notice(to="manager")])
    assert len(world.mail.failures) == 2


async def test_one_that_fails_holds_up_nobody(world: World) -> None:
    world.mail.failures = [Permanent("550 unknown")]
    outcome, other = await world.notifier().deliver([notice(to="team"), notice("k2", "dispatcher")])
    assert statuses(outcome)[0] == ("mail", "wang", "undeliverable")
    assert outcome.undeliverable == ("mail to wang: 550 unknown",)
    assert [status for *_, status in statuses(outcome)[1:]] == ["sent"] * 3
    assert (outcome.done, other.done) == (True, True)


async def test_a_fault_of_ours_is_a_bounded_failure_and_tells_no_secret(world: World) -> None:
    world.mail.failures = [RuntimeError("https://x/?key=SECRET")] * 2
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            (outcome,) = await world.notifier(max_attempts=2).deliver([notice(to="manager")])
    assert outcome.undeliverable[0].startswith("mail to emma: given up after 2 attempts")
    assert "RuntimeError" in outcome.undeliverable[0]
    assert "SECRET" not in f"{outcome}{logs}"


async def test_a_text_that_cannot_be_made_is_a_problem_and_no_crash(world: World) -> None:
    bad = notice(to="customer", kind="event", text={"zh": "{{ 'a' * 10**9 }}", "en": "-"})
    (outcome,) = await world.notifier().deliver([bad])
    assert outcome.done
    assert "template" in outcome.undeliverable[0]
    assert world.crm.sent == []


async def test_an_unfilled_role_reaches_the_fallback_and_says_so(world: World) -> None:
    (outcome,) = await world.notifier().deliver([notice(to="auditor")])
    assert outcome.deliveries[0].fallback
    assert world.ledger.of("k")[0].fallback
    assert "角色“auditor”目前无人担任" in world.room.sent[0].text


async def test_what_was_claimed_as_unfilled_still_says_so_when_it_is_filled(world: World) -> None:
    world.room.failures = [Retryable("busy")]
    await world.notifier().deliver([notice(to="auditor")])
    content = world.directory.content
    roles = {**content.roles, "auditor": ("desk",)}
    world.directory = Directory(content.model_copy(update={"roles": roles}))
    await world.notifier().deliver([notice(to="auditor")])
    assert "目前无人担任" in world.room.sent[0].text


async def test_customers_by_their_organisations_way(world: World) -> None:
    one = notice(to="customer", kind="event", organisation="xiamen", text={"zh": "好", "en": "ok"})
    (outcome,) = await world.notifier().deliver([one])
    assert outcome.deliveries[0].recipient == "customer:organisation:xiamen"
    assert world.crm.sent[0].address == "xiamen"
    assert world.crm.sent[0].refs["case"] == "complaint:C-1"


async def test_quiet_hours_wait_for_the_opening_unless_urgent(world: World) -> None:
    world.time.at = instant("2026-11-12T23:00:00")
    notifier = world.notifier()
    (waits,) = await notifier.deliver([notice(to="night_shift")])
    assert waits.retry_after == instant("2026-11-13T07:30:00") - instant("2026-11-12T23:00:00")
    assert waits.deliveries == (Delivery("mail", "night"),)  # Waiting is no attempt.
    (urgent,) = await notifier.deliver([notice("k2", "night_shift", urgent=True)])
    assert urgent.done
    world.time.at += waits.retry_after
    (outcome,) = await notifier.deliver([notice(to="night_shift")])
    assert outcome.done
    assert len(world.mail.sent) == 2


async def test_a_receiver_that_asks_to_wait_costs_no_attempt(world: World) -> None:
    world.room.failures = [Retryable("code 45009", limited=True, after=90)]
    (outcome,) = await world.notifier().deliver([notice(to="auditor")])
    assert outcome.retry_after == 90
    assert outcome.deliveries[0].attempts == 0


async def test_what_exceeds_the_rate_is_merged_and_marked_so(world: World) -> None:
    world.room.rate = 20
    notifier = world.notifier()
    notices = [notice(f"k{n}", "auditor", case=f"complaint:C-{n:03}") for n in range(45)]
    task = asyncio.create_task(notifier.deliver(notices))
    await world.time.pass_by(60)
    outcomes = await task
    assert len(world.room.sent) == 21
    assert [one.deliveries[0].status for one in outcomes] == ["sent"] * 20 + ["merged"] * 25
    assert {one.deliveries[0].receipt for one in outcomes[20:]} == {world.room.sent[-1].id}
    for n in range(20, 45):
        assert f"complaint:C-{n:03}" in world.room.sent[-1].markdown
    assert await notifier.deliver(notices) == outcomes
    assert len(world.room.sent) == 21


async def test_an_attempt_that_outlived_its_activity_is_not_doubled(world: World) -> None:
    world.mail.gate = asyncio.Event()
    notifier = world.notifier()
    slow = asyncio.create_task(notifier.deliver([notice(to="manager")]))
    await settle()
    (meanwhile,) = await notifier.deliver([notice(to="manager")])
    assert meanwhile.pending == ("mail to emma: on its way already",)
    world.mail.gate.set()
    (outcome,) = await slow
    assert outcome.done
    assert len(world.mail.sent) == 1


async def test_closing_leaves_what_waits_pending(world: World) -> None:
    world.room.rate = 1
    notifier = world.notifier()
    task = asyncio.create_task(notifier.deliver([notice("a", "auditor"), notice("b", "auditor")]))
    await settle()
    await notifier.aclose()
    first, second = await task
    assert first.done
    assert second.retry_after is not None
    assert world.ledger.of("b")[0] == Delivery("room", "desk", fallback=True)


async def test_who_was_claimed_stays_the_recipient_when_the_directory_changes(world: World) -> None:
    world.mail.failures = [Retryable("HTTP 503")]
    await world.notifier().deliver([notice(to="manager")])
    content = world.directory.content
    roles = {**content.roles, "manager": ("desk",)}
    world.directory = Directory(content.model_copy(update={"roles": roles}))
    (outcome,) = await world.notifier().deliver([notice(to="manager")])
    assert ("mail", "emma", "sent") in statuses(outcome)
    people = {key: one for key, one in content.people.items() if key != "wang"}
    await world.ledger.claim(notice("gone", "manager"), [Delivery("mail", "wang")])
    world.directory = Directory(content.model_copy(update={"people": people}))
    (outcome,) = await world.notifier().deliver([notice("gone", "manager")])
    assert outcome.undeliverable == ("mail to wang: the recipient is no longer in the directory",)


def test_a_channel_that_is_not_set_up_is_found_at_once(world: World) -> None:
    with pytest.raises(SettingsError, match="'crm' is not set up"):
        Notifier(world.directory, {"mail": world.mail, "room": world.room}, world.ledger)


async def test_over_real_sockets_with_trouble_everywhere(world: World) -> None:
    clients, clock = http_clients(), world.time.clock
    robot_answers = [Say({"errcode": -1, "errmsg": "busy"}), Say({"errcode": 0})]
    crm_answers = [Say(hang=True), Say(b"", status=502), Say(b"", status=204)]
    async with (
        post_office(refuse={"wang@example.com": "550 unknown"}) as office,
        receiver(*robot_answers) as room,
        receiver(*crm_answers) as crm,
    ):
        sender = ("127.0.0.1", office.port, "duty@example.com", "example.com")
        notifier = world.notifier(
            mail=Mail("mail", *sender, clock, tls="none"),
            room=Robot("room", "wecom", f"{room.url}/?key=K", clients, clock),
            crm=Webhook("crm", crm.url, "s", clients, clock, timeout=0.1),
        )
        both = [
            notice("team", "team"),
            notice("cust", "customer", kind="event", text={"zh": "您好", "en": "hi"}),
        ]
        for _ in range(3):
            team, customer = await notifier.deliver(both)
    assert statuses(team) == [
        ("mail", "wang", "undeliverable"),
        ("mail", "li", "sent"),
        ("room", "li", "sent"),
        ("room", "desk", "sent"),
    ]
    assert team.done
    assert team.undeliverable == ("mail to wang: recipient refused (550): unknown",)
    assert statuses(customer) == [("crm", "customer", "sent")]
    assert customer.deliveries[0].attempts == 3
    assert office.to == ["li@example.com"]
    assert len({one.headers["idempotency-key"] for one in crm.got}) == 1
    assert json.loads(crm.got[-1].body)["text"] == "您好\n"


async def test_nobody_listens_anywhere(world: World) -> None:
    port, clients, clock = await refusing_port(), http_clients(), world.time.clock
    notifier = world.notifier(
        mail=Mail("mail", "127.0.0.1", port, "d@example.com", "example.com", clock, tls="none"),
        room=Robot("room", "feishu", f"http://127.0.0.1:{port}/hook/K", clients, clock),
    )
    (outcome,) = await notifier.deliver([notice(to="team")])
    assert outcome.retry_after == 5
    assert all(one.status == "pending" and one.attempts == 1 for one in outcome.deliveries)
    assert all("no connection" in why for why in outcome.pending)


async def test_deputies_are_those_of_the_notices_own_day(world: World) -> None:
    both = [notice("a", "dispatcher"), notice("b", "dispatcher", at=NOON + 2 * 86400)]
    early, later = await world.notifier().deliver(both)
    assert {one.recipient for one in early.deliveries} == {"li"}
    assert {one.recipient for one in later.deliveries} == {"zhao"}
    assert "您代 赵军 处理。" in world.room.sent[0].text
