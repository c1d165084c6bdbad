"""Closed cases as inquiries read them: the same from the database as from the cases at hand."""

import asyncio
from dataclasses import replace
from typing import Any

from activities.case_inquiries import RecordedCases
from activities.computations import COMPUTATIONS
from activities.computations.cases import Given
from activities.records import Closed, Records
from surfaces.rehearse import rehearse
from surfaces.rehearse_core import CoreRunner
from surfaces.rehearse_inquiries import closed_case
from tests.records.build import HOUR, T0, batch, clock, view
from tests.surfaces.play import RULES, scenario
from workflows.core.effects import Batch
from workflows.core.view import view_of


async def keep(records: Records, case: str, number: int = 1, **more: Any) -> None:
    await records.write(batch(case, view=view(case, number=number, **more)), number)


async def names(records: Records, **asked: Any) -> list[str]:
    return [one.case for one in await records.read.closed(Closed(**asked))]


async def test_a_case_counts_by_its_closing(records: Records) -> None:
    await keep(records, "job:B", closed=T0 + 2)
    await keep(records, "job:A", closed=T0 + 2)
    await keep(records, "job:C", closed=T0 + 1, organisation="west")
    await keep(records, "job:open")
    await keep(records, "job:A", number=2, closed=T0 + 9)
    assert await names(records) == ["job:C", "job:A", "job:B", "job:A"]
    assert await names(records, since=T0 + 2, until=T0 + 9) == ["job:A", "job:B"]
    assert await names(records, organisation="west") == ["job:C"]
    assert await names(records, organisation="we") == []
    assert await names(records, besides="job:A") == ["job:C", "job:B"]
    assert await names(records, expired=T0 + 10**9) == []


async def test_a_file_that_need_not_be_kept(records: Records) -> None:
    # Beyond 2038: instants have more than 32 bits.
    for name, until in (("A", T0 + 5), ("B", T0 + 6), ("C", 5_000_000_000), ("D", None)):
        await keep(records, f"job:{name}", closed=T0, keep_until=until)
    await keep(records, "job:E", keep_until=T0)
    assert await names(records, expired=T0 + 6) == ["job:A"]
    assert await names(records, expired=5_000_000_001, besides="job:B") == ["job:A", "job:C"]
    found = {one.case: one.keep_until for one in await records.read.closed(Closed())}
    assert found == {
        "job:A": T0 + 5,
        "job:B": T0 + 6,
        "job:C": 5_000_000_000,
        "job:D": None,
    }


async def test_its_clocks_come_with_it(records: Records) -> None:
    first = clock("answer", kind="response", phase="met", ended=T0 + 60, due=T0 + HOUR)
    await keep(records, "job:A", clocks=(first, clock("answer", cycle=2)))
    # A later view shows the latest cycle alone; the earlier ones stay as they ended.
    second = replace(clock("answer", cycle=2), phase="cancelled", ended=T0 + 70)
    await keep(records, "job:A", closed=T0 + 70, clocks=(second,))
    await keep(records, "job:B", closed=T0 + 71, clocks=())
    found = await records.read.closed(Closed())
    assert [[(c.clock, c.cycle, c.phase, c.ended) for c in one.clocks] for one in found] == [
        [("answer", 1, "met", T0 + 60), ("answer", 2, "cancelled", T0 + 70)],
        [],
    ]
    assert (found[0].clocks[0].due, found[0].clocks[0].kind) == (T0 + HOUR, "response")
    assert (found[0].title, found[0].owner) == (("投诉", "Complaint"), "zhang")
    assert found[0].keep_until is None


STEPS = """\
  - {at: +1h, send: pack, by: CLERK, data: {weight: 3}}
  - {at: +1h, send: split, by: CLERK}
  - {at: +2h, send: fetch, by: {id: c, roles: [customer]}}
  - {at: +9d}
"""


async def test_the_records_and_a_rehearsal_give_the_same_answers(records: Records) -> None:
    runner = CoreRunner(RULES)
    await rehearse(scenario(STEPS), RULES, runner)
    lives = [(RULES["parcel"], runner.case(name)) for name in ("parcel:P-1", "parcel:P-1-b")]
    for program, case in lives:
        shown = view_of(program, case, runner.world.now)
        await records.write(Batch(case=case.id, rows=(), notices=(), view=shown), 1)
    played = [closed_case(program, case, runner.world.now) for program, case in lives]
    at_hand = [one for one in played if one is not None]
    assert at_hand
    assert list(await records.read.closed(Closed())) == Given(at_hand).closed("", 0, 2**40)
    asked = {"organisation": "", "month": "2026-11"}
    cases = RecordedCases(records, "tally:T-1", asyncio.get_running_loop())
    for name in ("service_figures", "filing_of_month", "sample_of_closed_cases"):
        given = asked | ({"share_percent": 50.0} if "sample" in name else {})
        told = await asyncio.to_thread(COMPUTATIONS.run, name, given, cases)
        assert told == COMPUTATIONS.run(name, given, Given(at_hand))
        assert told["closed"] >= 1
