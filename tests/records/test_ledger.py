"""Keys are claimed once, notices are claimed once, and problems and rules are kept."""

import asyncio

import pytest

from activities.ledger import Delivery, NoticeLedger
from activities.records import KeyClaim, Records, RecordsConflict
from tests.records.build import T0, batch, notify, view

MAIL = Delivery(channel="mail", recipient="zhang")
ROBOT = Delivery(channel="wecom", recipient="east-group", fallback=True)


async def claim(records: Records, claimant: str, number: int = 1) -> KeyClaim:
    return await records.claim_key(
        "complaint", "C-1", number, "complaint:C-1", "d1", "", T0, claimant=claimant
    )


async def test_of_twenty_that_claim_a_key_one_has_it(records: Records, empty_url: str) -> None:
    async with Records.open(empty_url) as other:
        claims = await asyncio.gather(
            *(claim((records, other)[turn % 2], f"run-{turn}") for turn in range(20))
        )
    (winner,) = [item for item in claims if item.mine]
    assert {item.claimant for item in claims} == {winner.claimant}
    assert (winner.case, winner.number, winner.digest, winner.claimed_at, winner.ended) == (
        "complaint:C-1",
        1,
        "d1",
        T0,
        None,
    )


async def test_who_claims_again_after_a_crash_still_owns(records: Records) -> None:
    assert (await claim(records, "run-1")).mine
    assert (await claim(records, "run-1")).mine
    assert not (await claim(records, "run-2")).mine


async def test_a_claim_without_a_name_is_somebody_elses_the_second_time(records: Records) -> None:
    assert (await claim(records, "")).mine
    assert not (await claim(records, "")).mine


async def test_an_ended_case_shows_at_its_key_and_the_next_number_is_free(records: Records) -> None:
    assert await records.key("complaint", "C-1") is None
    await claim(records, "run-1")
    await records.write(batch(view=view(ended=T0 + 9)), 1)
    owner = await records.key("complaint", "C-1")
    assert owner is not None
    assert (owner.ended, owner.mine) == (T0 + 9, False)
    assert (await claim(records, "run-2", number=2)).mine
    latest, first = await records.key("complaint", "C-1"), await records.key("complaint", "C-1", 1)
    assert latest is not None
    assert first is not None
    assert (latest.number, latest.ended, first.ended) == (2, None, T0 + 9)


async def test_a_key_that_no_database_holds_is_refused(records: Records) -> None:
    for key in ("a\0", "\ud83d", "x" * 2000):
        with pytest.raises(RecordsConflict) as refused:
            await records.claim_key("complaint", key, 1, f"complaint:{key}", "d", "", T0)
        assert refused.value.code == "key_unusable"


async def test_a_notice_is_claimed_once_and_its_marks_stay(records: Records) -> None:
    ledger: NoticeLedger = records
    assert await ledger.claim(notify(), (MAIL, ROBOT)) == (MAIL, ROBOT)
    sent = Delivery(channel="mail", recipient="zhang", status="sent", attempts=1, receipt="<1@x>")
    await ledger.mark(notify().key, sent)
    again = await ledger.claim(notify(to="somebody_else"), (MAIL, ROBOT))
    assert again == (sent, ROBOT)
    (kept,) = await records.read.notices("complaint:C-1")
    assert kept["to"] == "service_manager"
    assert [item["status"] for item in kept["deliveries"]] == ["sent", "pending"]


async def test_a_recipient_who_comes_later_is_added(records: Records) -> None:
    await records.claim(notify(), (MAIL,))
    assert await records.claim(notify(), (ROBOT,)) == (MAIL, ROBOT)


async def test_the_notice_of_a_turn_is_the_one_that_is_claimed(records: Records) -> None:
    await records.write(batch(notices=(notify(),)), 1)
    assert await records.claim(notify(), (MAIL,)) == (MAIL,)
    assert len(await records.read.notices()) == 1


async def test_what_arrived_is_not_undone_by_a_late_twin(records: Records) -> None:
    await records.claim(notify(), (MAIL,))
    sent = Delivery(channel="mail", recipient="zhang", status="sent", attempts=2, receipt="<1@x>")
    late = Delivery(
        channel="mail", recipient="zhang", status="undeliverable", attempts=3, error="timed out"
    )
    await records.mark(notify().key, late)
    assert await records.claim(notify(), ()) == (late,)
    await records.mark(notify().key, sent)
    await records.mark(notify().key, late)
    assert await records.claim(notify(), ()) == (sent,)


async def test_a_mark_needs_its_notice(records: Records) -> None:
    with pytest.raises(RecordsConflict):
        await records.mark("never claimed", MAIL)


async def test_two_notifiers_at_once_claim_one_notice(records: Records, empty_url: str) -> None:
    async with Records.open(empty_url) as other:
        found = await asyncio.gather(
            *((records, other)[turn % 2].claim(notify(), (MAIL, ROBOT)) for turn in range(10))
        )
    assert set(found) == {(MAIL, ROBOT)}
    assert len(await records.read.notices()) == 1


async def test_problems_last_until_they_are_mended(records: Records) -> None:
    await records.write(batch(), 1)

    async def open_problems() -> list[tuple[str, str, int]]:
        found = await records.read.case("complaint:C-1")
        assert found is not None
        return [(item["code"], item["detail"], item["since"]) for item in found["problems"]]

    await records.problems("complaint:C-1", 1, ("records: queue 3", "undelivered"), T0)
    await records.problems("complaint:C-1", 1, ("records: queue 7",), T0 + 5)
    assert await open_problems() == [("records", "queue 7", T0)]
    await records.problems("complaint:C-1", 1, (), T0 + 6)
    assert await open_problems() == []
    await records.problems("complaint:C-1", 1, ("records",), T0 + 9)
    assert await open_problems() == [("records", "", T0 + 9)]


async def test_rules_are_kept_byte_for_byte(records: Records) -> None:
    content = bytes(range(256)) * 9
    assert await records.rules("d1") is None
    await records.save_rules("d1", content, process="complaint", version=3)
    await records.save_rules("d1", b"other")
    assert await records.rules("d1") == content
