"""Timers that repeat, over outages: the same on the core and on a real server."""

import asyncio

from surfaces.rehearse_stage import stage
from tests.surfaces.play import RULES, differing, scenario

HEAD = """\
scenario: a round with a worker that is down for two weeks
process: round
start: {at: 2026-11-02T09:00+08:00, key: M-1, data: {machine: 装载机}}
"""
OUTAGE = """\
  - at: 2026-11-10T00:30+08:00
    expect:
      state: watched
      data: {due_on: [2026-11-09]}
      clocks: {weekly: {phase: running, due: 2026-11-17T00:00+08:00, exclusive: true}}
      notices: [{kind: lapse, to: guard, at: 2026-11-10T00:00+08:00}]
      cases: [{process: parcel, key: M-1-2026-11-10, count: 1}]
  - at: 2026-11-12T10:00+08:00
    down: 13 days
    expect:
      state: watched
      data: {due_on: [2026-11-09, 2026-11-16, 2026-11-23]}
      notices:
        - {kind: lapse, to: guard, at: 2026-11-17T00:00+08:00}
        - {kind: lapse, to: guard, at: 2026-11-24T00:00+08:00}
      cases:
        - {process: parcel, key: M-1-2026-11-17, count: 1}
        - {process: parcel, key: M-1-2026-11-24, count: 1}
      clocks: {weekly: {phase: running, due: 2026-12-01T00:00+08:00, breached: null}}
"""
STOPPED = """\
  - at: 2026-11-27T10:00+08:00
    send: stop
    by: {id: wu, roles: [guard]}
    expect: {clocks: {weekly: met}}
  - at: 2026-12-02T10:00+08:00
    expect: {data: {due_on: [2026-11-09, 2026-11-16, 2026-11-23]}, notices: []}
  - at: 2026-12-02T11:00+08:00
    down: 40 days
    expect:
      data: {months: 2}
      clocks: {monthly: {phase: running, due: 2027-02-03T00:00+08:00}, watch: running}
  - at: 2027-03-03T10:00+08:00
    expect: {state: over, data: {months: 3}, clocks: {monthly: lapsed, watch: lapsed}}
"""


def test_each_missed_instant_happens_once_in_order() -> None:
    assert differing(OUTAGE + STOPPED, HEAD) == []


def test_the_same_on_a_real_server() -> None:
    async def played() -> list[str]:
        async with stage(RULES) as here:
            outcome = await here.play(scenario(OUTAGE + STOPPED, HEAD))
        return [str(difference) for step in outcome.steps for difference in step.differences]

    assert asyncio.run(played()) == []
