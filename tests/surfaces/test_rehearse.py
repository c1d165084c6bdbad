"""Rehearsal on the core: one time for all cases, and differences that say what is wrong."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from definitions.bundle import pin
from surfaces.ledger import Ledger, read_ledger, replayed
from tests.surfaces.play import RULES, differing, played

NOTE = "send: note, by: CLERK, data: {text: a}"
PACK = "send: pack, by: CLERK, data: {weight: 3}"


@pytest.mark.parametrize(
    "steps",
    [
        "- {at: +1h, "
        + PACK
        + ", expect: {state: packed, owner: li, clocks: {packed_in_time: met}}}",
        "- {at: +1h, " + PACK + ", twice: true, expect: {events: [fetch, split]}}",
        "- {at: +1h, send: fetch, refused: not_allowed_here}",
        "- {at: +1h, send: pack, by: {id: wu, roles: [chief]}, refused: role_not_allowed}",
        "- {at: +1h, send: pack, by: CLERK, data: {weight: 30}, refused: true}",
        "- {at: +1h, send: nonsense, refused: unknown_event}",
        "- {at: +1h, case: 'parcel:P-9', send: pack, refused: unknown_case}",
        "- {at: +1h, expect: {clocks: {fetched: null}, notices: [], cases: []}}",
        "- {at: +1h, expect: {data: {price: 1250}}}",
        "- {at: +1h, expect: {clocks: {packed_in_time: [{cycle: 1, phase: running}]}}}",
        "- {at: +1h, expect: {clocks: {packed_in_time: [running, {cycle: 1, level: ''}]}}}",
        "- {at: +1h, expect: {data: {price: '12.50'}}}",
        "- {at: +90m, expect: {notices: [{clock: packed_in_time, rung: L0, to: clerk}]}}",
        "- {at: +90m, send: note, by: CLERK, data: {text: 易碎}, expect: {notices: []}}",
        "- {at: +90m, " + NOTE + ", expect: {data: {notes: [{text: a}]}}}",
        "- {" + NOTE + ", expect: {data: {notes: [{noted_at: 2026-11-10T09:00+08:00}]}}}",
    ],
)
def test_as_expected(steps: str) -> None:
    assert differing(f"  {steps}\n") == []


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("- {at: +1h, expect: {state: packed}}", "state: expected packed, got received"),
        ("- {at: +1h, " + PACK + ", refused: true}", "refused: expected refused, got accepted"),
        (
            "- {at: +1h, send: fetch, refused: guard_refused}",
            "refused: expected guard_refused, got not_allowed_here",
        ),
        (
            "- {at: +3h, expect: {clocks: {packed_in_time: {breached: null}}}}",
            "clocks.packed_in_time.breached: expected nothing, got 2026-11-10T11:00:00+08:00",
        ),
        (
            "- {at: +1h, expect: {clocks: {packed_in_time: null}}}",
            "clocks.packed_in_time: expected never started, got running",
        ),
        (
            "- {at: +1h, expect: {clocks: {fetched: running}}}",
            "clocks.fetched: expected a clock that was started, got never started",
        ),
        (
            "- {at: +1h, expect: {clocks: {packed_in_time: [running, {cycle: 2}]}}}",
            "clocks.packed_in_time[1].cycle: expected 2, got 1",
        ),
        ("- {at: +90m, expect: {notices: []}}", "notices: expected none at all, got"),
        ("- {at: +1h, expect: {notices: [{rung: L1}]}}", "notices[0]: expected {rung: L1}"),
        ("- {at: +1h, expect: {cases: [{process: parcel}]}}", "cases[0]: expected"),
        ("- {at: +1h, expect: {data: {price: true}}}", "data.price: expected true, got 1250"),
        ("- {at: +1h, expect: {events: [fetch]}}", "events[0]: expected fetch"),
        ("- {at: +1h, expect: {closed: true}}", "closed: expected true, got false"),
        (
            "- {at: +1h, case: 'parcel:P-9', expect: {state: packed}}",
            "expected a case parcel:P-9, got there is none",
        ),
        ("- {at: +1h, " + PACK + ", expect: {answer: {seq: 9}}}", "answer.seq: expected 9, got 2"),
    ],
)
def test_what_is_not_as_expected_is_said(steps: str, said: str) -> None:
    found = differing(f"  {steps}\n")
    assert len(found) == 1
    assert found[0].startswith(said)


def test_an_opened_case_begins_at_the_instant_of_what_opened_it() -> None:
    head = "scenario: a\nprocess: parcel\nstart: {at: 2026-11-10T09:00+08:00, key: P-1, data: "
    head += "{what: 灯, wanted_at: '2026-11-20T10:00+08:00'}}\n"
    steps = f"""\
  - {{at: +1h, {PACK}}}
  - at: +1h
    send: split
    by: CLERK
    expect:
      cases:
        - process: parcel
          key: P-1-b
          count: 1
          state: received
          data: {{what: 灯, wanted_at: 2026-11-20T10:00+08:00}}
          clocks: {{packed_in_time: {{phase: running, due: 2026-11-10T13:00+08:00}}}}
  - {{at: +1h, send: split, by: CLERK, expect: {{cases: []}}}}
  - at: +1h
    case: parcel:P-1-b
    expect: {{notices: [{{rung: L1, at: 2026-11-10T13:00+08:00}}]}}
"""
    outcome, runner = played(steps, head)
    assert [str(d) for step in outcome.steps for d in step.differences] == []
    assert runner.case("parcel:P-1-b").origin == "parcel:P-1"


def test_an_event_while_no_worker_runs_is_judged_by_when_it_occurred() -> None:
    down = "  - {at: 2026-11-10T10:50+08:00, down: 1 hours, " + PACK + ", expect: {clocks: "
    down += "{packed_in_time: {phase: met, breached: null}, fetched: "
    down += "{due: 2026-11-12T00:00+08:00, exclusive: true}}}}\n"
    assert differing(down) == []


def test_wake_ups_while_no_worker_runs_come_late_and_stand_at_their_instants() -> None:
    steps = """\
  - at: +1h
    down: 2 hours
    expect:
      clocks: {packed_in_time: {breached: 2026-11-10T11:00+08:00}}
      notices:
        - {rung: L0, at: 2026-11-10T10:30+08:00}
        - {rung: L1, at: 2026-11-10T11:00+08:00}
"""
    outcome, _ = played(steps)
    assert outcome.passed
    late = [row for _, row in outcome.steps[1].rows if row.kind == "breach"]
    assert [row.recorded - row.at for row in late] == [3600]


def test_a_step_without_an_event_sees_its_own_second_over() -> None:
    before = "  - {at: 2026-11-10T11:00+08:00, " + PACK + ", expect: {clocks: {packed_in_time: "
    assert differing(before + "{breached: null}}}}\n") == []
    looked = "  - {at: 2026-11-10T11:00+08:00, expect: {clocks: {packed_in_time: {breached: "
    assert differing(looked + "2026-11-10T11:00+08:00}}}}\n") == []


def test_another_case_may_be_started_and_a_start_refused() -> None:
    steps = """\
  - {at: +1h, start: {key: P-2, data: {what: 书}, expect: {state: received, notices: []}}}
  - {at: +1h, start: {key: P-3, data: {}}, refused: data_invalid}
  - {at: +0s, start: {key: P-1, data: {what: 灯}}, expect: {answer: {status: existing}}}
"""
    assert differing(steps) == []


def test_a_trace_tells_everything_as_plain_values() -> None:
    outcome, _ = played(f"  - {{at: +1h, {PACK}}}\n  - {{at: +1h, send: pack, refused: true}}\n")
    told = json.loads(json.dumps(outcome.to_json()))
    first, second, third = told["steps"]
    assert first["send"] == "start"
    assert first["clocks"][0]["due"] == "2026-11-10T11:00:00+08:00"
    assert second["answer"]["state"] == second["state"] == "packed"
    assert [row["kind"] for row in second["rows"]] == ["event"]
    assert third["refused"]["code"] == "not_allowed_here"
    assert third["answer"] is None


def test_a_ledger_alone_gives_the_same_clocks(tmp_path: Path) -> None:
    steps = f"  - {{at: +30m, send: note, by: CLERK, data: {{text: a}}}}\n  - {{at: +3h, {PACK}}}\n"
    outcome, runner = played(steps + "  - {at: +2d, expect: {state: returned}}\n")
    assert outcome.passed
    rows = tuple(asdict(row) for step in outcome.steps for _, row in step.rows)
    ledger = Ledger("parcel:P-1", 1, pin(RULES["parcel"].process), rows)
    file = tmp_path / "ledger.json"
    file.write_text(json.dumps(ledger.to_json()), encoding="utf-8")
    _, case = replayed(read_ledger(file))
    played_case = runner.case("parcel:P-1")
    assert case.cycles == played_case.cycles
    assert case.state == played_case.state
    assert case.seq == played_case.seq
