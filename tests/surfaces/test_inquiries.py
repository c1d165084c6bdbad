"""A case that asks for closed cases: the same answers on the core and from real records."""

import asyncio

from surfaces.rehearse_stage import stage
from tests.surfaces.play import RULES, differing, scenario

HEAD = """\
scenario: a tally of parcels
process: parcel
start: {at: 2026-11-10T09:00+08:00, key: P-1, data: {what: 灯}}
"""
STEPS = """\
  - {at: +3h, send: pack, by: CLERK, data: {weight: 3}}
  - {at: +3h, send: split, by: CLERK}
  - {at: +4h, send: fetch, by: {id: c, roles: [customer]}, expect: {closed: true}}
  - at: 2026-11-12T10:00+08:00
    case: parcel:P-1-b
    send: pack
    by: CLERK
    data: {weight: 3}
  - {at: 2026-11-20T10:00+08:00, case: parcel:P-1-b, expect: {state: returned}}
  - at: 2026-12-01T00:30+08:00
    start: {process: tally, key: T-1, data: {month: 2026-11}}
  - at: 2026-12-01T00:40+08:00
    case: tally:T-1
    expect:
      state: counted
      data:
        closed: 2
        soon: 1
        missed: 3
        hours: 46
        drawn: [parcel:P-1-b, parcel:P-1]
        lines: ['parcel: 2']
  - at: 2026-12-01T01:00+08:00
    start: {process: tally, key: T-2, data: {month: 2026-12}}
  - at: 2026-12-01T01:10+08:00
    case: tally:T-2
    expect: {state: counted, data: {closed: 1, lines: ['tally: 1'], drawn: [tally:T-1]}}
"""


def test_a_rehearsal_knows_the_cases_it_plays() -> None:
    assert differing(STEPS, HEAD) == []


def test_a_worker_asks_the_records() -> None:
    async def played() -> list[str]:
        async with stage(RULES) as here:
            outcome = await here.play(scenario(STEPS, HEAD))
        return [str(difference) for step in outcome.steps for difference in step.differences]

    assert asyncio.run(played()) == []
