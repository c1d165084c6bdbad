"""What comes after the lapse that ended a case, when nobody lives who could be told: the sender
writes it down."""

import asyncio
import time

import pytest

from activities.records import Records
from definitions.bundle import digest_of, pin
from definitions.loader import load_library
from definitions.problems import DuecourseError
from surfaces.cases import Cases
from surfaces.ledger import replayed
from tests.surfaces.play import PROCESSES
from workflows.core.case import Actor, Incoming
from workflows.core.decide import Decision, decide, look, open_case
from workflows.core.effects import Batch
from workflows.core.program import Program

LI = Actor("li", ("clerk",))
KIM = Actor("kim", ("customer",))
DAY = 86_400
CASE = "parcel:L-1"
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def kept(records: Records, told: Decision) -> None:
    await records.write(Batch(CASE, told.rows, told.notices, told.view, ()), 1)


async def lapsed(records: Records, fetched: bool = False) -> int:
    """A parcel of forty days ago that was not fetched, in the records alone: Temporal has long
    forgotten it. When it lapsed."""
    process = load_library(PROCESSES)["parcel"]
    program, pinned = Program(process), pin(process)
    opened = int(time.time()) - 40 * DAY
    told = open_case(program, "L-1", Incoming("opened", "e-0", LI, {"what": "灯"}, opened), opened)
    digest = digest_of(pinned)
    await records.save_rules(digest, pinned, process="parcel", version=1)
    await records.claim_key("parcel", "L-1", 1, CASE, digest, "", opened)
    await kept(records, told)
    packed = Incoming("pack", "e-1", LI, {"weight": 3}, opened + 60)
    told = decide(program, told.case, packed, opened + 60)
    await kept(records, told)
    if fetched:
        told = decide(program, told.case, Incoming("fetch", "e-2", KIM, {}), opened + 120)
        await kept(records, told)
        return opened
    # Past the lapse, and past the time in which it could still be taken back.
    told = look(program, told.case, opened + 30 * DAY)
    await kept(records, told)
    assert told.case.ended is not None
    assert told.case.state == "returned"
    return next(row.at for row in told.rows if row.kind == "lapse")


async def test_what_comes_too_late_is_written_down_once(cases: Cases) -> None:
    lapse = await lapsed(cases.records)
    before = await cases.records.read.journal(CASE, 1)
    answer = await cases.send(CASE, "fetch", {}, KIM, event_id="late")
    assert (answer["status"], answer["state"], answer["ended"]) == (
        "late_rejected",
        "returned",
        True,
    )
    # One that occurred before the lapse is too late as well: nobody can restore the case.
    early = await cases.send(CASE, "fetch", {}, KIM, event_id="early", occurred_at=lapse - 60)
    again = await cases.send(CASE, "fetch", {}, KIM, event_id="late")
    assert (again["status"], again["seq"]) == ("duplicate", answer["seq"])
    journal = await cases.records.read.journal(CASE, 1)
    assert [(row["seq"], row["kind"], row["event_id"]) for row in journal[len(before) :]] == [
        (before[-1]["seq"] + 1, "late_rejected", "late"),
        (before[-1]["seq"] + 2, "late_rejected", "early"),
    ]
    assert (early["seq"], journal[-1]["at"]) == (journal[-1]["seq"], lapse - 60)
    assert journal[-1]["clock"] == "fetched"
    view = await cases.case(CASE)
    assert view["state"] == "returned"
    # The ledger still gives the case as it ended.
    _, case = replayed(await cases.ledger(CASE))
    assert (case.state, case.ended) == ("returned", view["ended"])


async def test_what_was_never_possible_is_refused(cases: Cases) -> None:
    await lapsed(cases.records)
    before = await cases.records.read.journal(CASE, 1)
    now = int(time.time())
    for event, data, actor, event_id, occurred, code in (
        ("note", {"text": "小心"}, LI, "a", None, "case_ended"),
        ("unheard_of", {}, LI, "b", None, "case_ended"),
        ("fetch", {}, KIM, "c", now + 3600, "from_the_future"),
        ("fetch", {}, KIM, "d", now - 50 * DAY, "before_case"),
        ("pack", {"weight": 4}, LI, "e-1", None, "event_id_conflict"),
        ("pack", {"weight": 3}, KIM, "e-1", None, "event_id_conflict"),
        ("fetch", {}, KIM, "e-1", None, "event_id_conflict"),
    ):
        with pytest.raises(DuecourseError) as refused:
            await cases.send(CASE, event, data, actor, event_id=event_id, occurred_at=occurred)
        assert refused.value.code == code
    known = await cases.send(CASE, "pack", {"weight": 3}, LI, event_id="e-1")
    assert known["status"] == "duplicate"
    assert await cases.records.read.journal(CASE, 1) == before


async def test_a_case_that_ended_otherwise_refuses(cases: Cases) -> None:
    await lapsed(cases.records, fetched=True)
    with pytest.raises(DuecourseError) as refused:
        await cases.send(CASE, "fetch", {}, KIM)
    assert refused.value.code == "case_ended"


async def test_two_senders_at_once_get_rows_of_their_own(cases: Cases) -> None:
    await lapsed(cases.records)
    sent = (cases.send(CASE, "fetch", {}, KIM, event_id=f"n-{n}") for n in range(8))
    answers = await asyncio.gather(*sent)
    assert len({answer["seq"] for answer in answers}) == 8
