"""Service tasks: a state that asks for a computation and waits for its answer, and for no other."""

from dataclasses import replace
from typing import Any

import pytest

from activities.computations.computation import ComputationFailed
from surfaces import world as surfaces_world
from surfaces.rehearse import Outcome, rehearse_with
from surfaces.rehearse_core import CoreRunner
from surfaces.rules import Rules
from surfaces.scenario import parse_scenario
from tests.core.world import World, model, process, t
from workflows.core.amend import amend
from workflows.core.case import Actor, Incoming, engine
from workflows.core.decide import Decision, decide
from workflows.core.effects import Compute
from workflows.core.errors import IllegalEvent
from workflows.core.messages import answer, failure
from workflows.core.possible import needed, possible

PRICED = """
data:
  lines: {type: list, of: record, fields: {qty: {type: int}, price: {type: money}}}
  total: {type: money, internal: true}
  day: {type: instant, internal: true}
  why: {type: text, internal: true}
computations:
  price:
    input: {lines: {type: list, of: record, fields: {qty: {type: int}}}, note: {type: text}}
    output:
      total: {type: money, required: true}
      day: {type: instant}
      lines: {type: list, of: record, fields: {qty: {type: int}, price: {type: money}}}
clocks:
  pricing: {title: Pricing, kind: reply, budget: 1 hours, start: enter priced, stop: done,
            cancel: failed}
  claim: {title: Claim, kind: cut_off, budget: 5 hours, start: opened, stop: ask,
          cancel: withdraw, lapse: {to: lost}}
states:
  open:
    title: Open
    on: {ask: {to: priced}, withdraw: {to: gone}, early: {to: hurried}}
  priced:
    title: Priced
    call: {computation: price, input: {lines: data.lines, note: data.why}}
    on:
      done:
        clear: [lines]
        set: {total: event.total}
        extend: {lines: event.lines}
        branches: [{when: event.total > 900, set: {day: event.day}, to: high}, {to: fair}]
      failed: {set: {why: "event.code + ': ' + event.detail"}, to: broken}
      again: {to: priced}
      note: {form: {why: required}}
      stop: {to: gone}
  hurried:
    title: Hurried
    call: {computation: price, input: {lines: data.lines}}
    on: {done: {to: fair}, failed: {to: broken}}
  broken: {title: Broken, on: {again: {to: priced}}}
  fair: {title: Fair, closed: true}
  high: {title: High, closed: true}
  gone: {title: Gone, closed: true, on: {back: {to: open, reopens: true}}}
  lost:
    title: Lost
    closed: true
    call: {computation: price, input: {lines: data.lines}}
    on: {done: {set: {total: event.total}}, failed: {set: {why: event.code}}}
"""
LINES = [{"qty": 3}]
BOSS = Actor("boss1", ("boss",))
OUTPUT = {"total": 300, "lines": [{"qty": 3, "price": 100}]}


def world(*, asked: bool = True) -> World:
    made = World(process(PRICED))
    made.start("9 10:00", lines=LINES)
    if asked:
        made.send("9 11:00", "ask")
    return made


def call(case: World) -> Compute:
    """The last computation that was asked for."""
    return [one for one in case.requests if isinstance(one, Compute)][-1]


def tell(case: World, told: Incoming, at: str = "9 11:01") -> Decision:
    return case._keep(decide(case.program, case.case, told, t(at)))


def test_entering_the_state_asks_once_and_the_answer_leads_on() -> None:
    case = world()
    asked = call(case)
    row = case.rows[-1]
    assert (row.kind, row.name, asked.key) == ("call", "price", f"sample:K-1/1/{row.seq}")
    assert asked.input == {"lines": LINES}
    assert case.case.calling == asked.key
    case.send("9 11:00", "note", why="soon")
    assert case.case.calling == asked.key
    tell(case, answer(case.program, asked, OUTPUT))
    assert (case.case.state, case.case.calling) == ("fair", "")
    assert case.case.data == {"lines": OUTPUT["lines"], "total": 300, "why": "soon"}
    assert case.phase("pricing") == "met"
    assert case.case.ended is not None
    assert len([one for one in case.requests if isinstance(one, Compute)]) == 1


def test_an_answer_may_have_instants() -> None:
    case = world()
    output = {"total": 1000, "lines": [], "day": t("10 08:00")}
    tell(case, answer(case.program, call(case), output))
    assert (case.case.state, case.case.data["day"]) == ("high", t("10 08:00"))


def test_nobody_else_gives_the_answer() -> None:
    case = world()
    asked = call(case)
    right = answer(case.program, asked, OUTPUT)
    for wrong in (
        replace(right, id="another"),
        replace(right, id=""),
        replace(right, id=f"{asked.key}/failed"),
        replace(right, actor=Actor("agent1", ("agent",))),
        replace(right, actor=Actor("agent1", ("system",))),
        replace(right, actor=Actor("sample:K-1", ("system", "agent"))),
        replace(right, name="failed", data={"code": "x"}, actor=engine("sample:K-2")),
    ):
        with pytest.raises(IllegalEvent) as refused:
            decide(case.program, case.case, wrong, t("9 11:01"))
        assert refused.value.code == "not_allowed_here"
        assert refused.value.facts["possible"] == ["again", "note", "stop"]
    events = case.decisions[-1].view.events
    assert [event.name for event in events] == ["again", "note", "stop"]
    assert possible(case.program, case.case, t("9 11:01"), events) == events
    assert needed(case.program, case.case)["note"] == ("why",)
    tell(case, right)
    assert decide(case.program, case.case, right, t("9 11:02")).status == "duplicate"


def test_a_failure_says_why() -> None:
    case = world()
    tell(case, failure(call(case), ComputationFailed("too many lines")))
    assert case.case.state == "broken"
    assert case.case.data["why"] == "computation_failed: too many lines"
    assert case.phase("pricing") == "cancelled"


@pytest.mark.parametrize(
    "output",
    [{}, {"total": "much"}, {"total": 3, "lines": [{"qty": "x"}]}, {"total": 3, "tip": 1}],
)
def test_an_output_that_was_not_declared_is_a_failure(output: dict[str, Any]) -> None:
    case = world()
    asked = call(case)
    told = answer(case.program, asked, output)
    tell(case, told)
    row = next(row for row in case.decisions[-1].rows if row.kind == "event")
    assert (row.name, row.event_id, row.data["code"]) == ("failed", asked.key, "output_invalid")
    assert case.case.state == "broken"
    assert case.case.data["why"].startswith("output_invalid: ")
    assert decide(case.program, case.case, told, t("9 12:00")).status == "duplicate"
    # The journal is played again with what the row says.
    again = world()
    tell(again, Incoming("failed", row.event_id, engine(row.actor), row.data))
    assert again.case.data == case.case.data


def test_whoever_leaves_waits_no_longer_and_whoever_comes_again_asks_again() -> None:
    case = world()
    first = call(case)
    case.send("9 11:02", "again")
    second = call(case)
    assert second.key != first.key
    with pytest.raises(IllegalEvent):
        decide(case.program, case.case, answer(case.program, first, OUTPUT), t("9 11:03"))
    case.send("9 11:03", "stop")
    assert case.case.calling == ""
    assert case.case.ended is not None
    case = world(asked=False)
    case.send("9 11:00", "early")
    assert case.case.calling == call(case).key


def test_a_closed_case_waits_for_its_answer() -> None:
    case = world(asked=False)
    case.look("9 15:00")
    assert case.case.state == "lost"
    asked = call(case)
    assert asked.at == t("9 15:00")
    tell(case, answer(case.program, asked, OUTPUT), "9 15:01")
    assert case.case.data["total"] == 300
    assert case.case.lapse is not None, "an answer is no progress after a lapse"
    case.look("30 10:00")
    assert case.case.ended is not None
    case = world(asked=False)
    case.look("30 10:00")
    assert case.case.lapse is None
    assert case.case.ended is None, "it waits"
    tell(case, answer(case.program, call(case), OUTPUT), "30 11:00")
    assert case.case.ended == t("30 11:00")


def test_what_a_lapse_asked_for_is_undone_with_it() -> None:
    case = world(asked=False)
    case.look("9 15:00")
    tell(case, answer(case.program, call(case), OUTPUT), "9 15:01")
    case.send("9 16:00", "withdraw", occurred="9 14:00")
    assert (case.case.state, case.case.data) == ("gone", {"lines": LINES})
    assert case.case.calling == ""


def test_an_answer_that_a_lapse_cut_off_is_asked_for_again() -> None:
    body = PRICED.replace("stop: ask,", "stop: [done, note],").replace("{to: lost}", "{to: gone}")
    case = World(process(body))
    case.start("9 10:00", lines=LINES)
    case.send("9 11:00", "ask")
    first = call(case)
    case.look("9 15:00")
    assert (case.case.state, case.case.calling) == ("gone", "")
    with pytest.raises(IllegalEvent):
        decide(case.program, case.case, Incoming("done", first.key, engine("sample:K-2")), 0)
    case.send("9 16:00", "note", occurred="9 14:00", why="late")
    assert case.case.state == "priced"
    second = call(case)
    assert second.key != first.key
    assert case.case.calling == second.key
    tell(case, answer(case.program, second, OUTPUT), "9 16:01")
    assert case.case.state == "fair"


def test_the_first_state_may_be_a_service_task() -> None:
    body = """
computations: {price: {input: {key: {type: text}}, output: {total: {type: int}}}}
states:
  asking:
    title: Asking
    call: {computation: price, input: {key: case.key}}
    on: {done: {to: end}, failed: {to: end}}
  end: {title: End, closed: true}
"""
    case = World(process(body))
    case.start("9 10:00")
    assert call(case).input == {"key": "K-1"}
    tell(case, answer(case.program, call(case), {}), "9 10:00")
    assert case.case.state == "end"


def test_under_other_rules_the_task_is_asked_for_again() -> None:
    case = world()
    first = call(case)
    same = amend(case.program, process(PRICED + "\n"), case.case, t("9 11:30"), BOSS, "x", "a1")
    assert (same.case.calling, same.requests) == (first.key, ())
    other = process(PRICED.replace("input: {lines: data.lines, note: data.why}", "input: {}"))
    changed = amend(case.program, other, case.case, t("9 11:30"), BOSS, "x", "a1")
    (asked,) = changed.requests
    assert isinstance(asked, Compute)
    assert (asked.input, changed.case.calling) == ({}, asked.key)
    assert asked.key != first.key
    gone = process(
        PRICED.replace("call: {computation: price, input: {lines: data.lines, note:", "#")
    )
    left = amend(case.program, gone, case.case, t("9 11:30"), BOSS, "x", "a1")
    assert (left.case.calling, left.requests) == ("", ())


def test_other_titles_are_no_other_task() -> None:
    case = world()
    titled = process(PRICED.replace("  price:\n    input", "  price:\n    title: Price\n    input"))
    same = amend(case.program, titled, case.case, t("9 11:30"), BOSS, "x", "a1")
    assert (same.case.calling, same.requests) == (case.case.calling, ())


CUT_OFF = PRICED.replace("stop: ask,", "stop: [done, note],").replace("{to: lost}", "{to: gone}")
CALL = "call: {computation: price, input: {lines: data.lines, note: data.why}}"


def cut_off(body: str) -> World:
    """A case whose right lapsed while it was in the state with the call."""
    case = World(process(body))
    case.start("9 10:00", lines=LINES)
    case.send("9 11:00", "ask")
    case.look("9 15:00")
    assert (case.case.state, case.case.calling) == ("gone", "")
    return case


def test_an_answer_that_undoes_a_lapse_is_the_answer() -> None:
    stays = CUT_OFF.replace("to: high}, {to: fair}]", "to: high}, {set: {total: event.total}}]")
    case = cut_off(stays)
    first = call(case)
    tell(case, replace(answer(case.program, first, OUTPUT), occurred=t("9 14:00")), "9 16:00")
    assert (case.case.state, case.case.data["total"], case.case.calling) == ("priced", 300, "")
    assert call(case) is first


@pytest.mark.parametrize(("before", "after"), [(CALL, ""), ("", CALL)])
def test_a_lapse_is_undone_under_the_rules_of_now(before: str, after: str) -> None:
    case = cut_off(CUT_OFF.replace(CALL, before))
    new = process(CUT_OFF.replace(CALL, after))
    amended = amend(case.program, new, case.case, t("9 15:30"), BOSS, "x", "a1").case
    note = Incoming("note", "n", Actor("agent1", ("agent",)), {"why": "late"}, t("9 14:00"))
    undone = decide(new, amended, note, t("9 16:00"))
    assert undone.case.state == "priced"
    asked = [one.key for one in undone.requests if isinstance(one, Compute)]
    assert asked == ([undone.case.calling] if after else [])
    assert bool(undone.case.calling) == bool(after)


def test_a_closed_case_that_need_not_wait_any_more_ends() -> None:
    case = world(asked=False)
    case.look("30 10:00")
    assert case.case.calling
    head, _, lost = PRICED.rpartition("    call:")
    assert lost.startswith(" {computation: price")
    amended = amend(case.program, process(head), case.case, t("30 11:00"), BOSS, "x", "a1")
    assert (amended.case.calling, amended.case.ended) == ("", t("30 11:00"))
    assert [row.kind for row in amended.rows] == ["amend", "ended"]


# --- rehearsed ------------------------------------------------------------------------------


def played(steps: str, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    def run(name: str, given: dict[str, Any], _: object) -> dict[str, Any]:
        assert name == "price"
        if len(given["lines"]) > 1:
            raise ComputationFailed("too many lines")
        return {"total": 100 * given["lines"][0]["qty"]}

    monkeypatch.setattr(surfaces_world, "run", run)
    rules = Rules.of([model(PRICED)])
    text = f"scenario: x\nprocess: sample\n{steps}"
    return rehearse_with(parse_scenario(text.encode(), "x.yaml"), rules, CoreRunner(rules))


def test_a_rehearsal_computes_in_the_same_second(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = played(
        """
start: {at: 2026-11-09T10:00+08:00, key: A, data: {lines: [{qty: 2}]}}
steps:
  - at: +1h
    send: ask
    expect: {state: fair, ended: true, data: {total: 200}, clocks: {pricing: met}}
""",
        monkeypatch,
    )
    assert outcome.passed, outcome.steps
    assert {row.at for _, row in outcome.steps[1].rows} == {t("9 11:00")}


def test_a_rehearsal_tells_of_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = played(
        """
start: {at: 2026-11-09T10:00+08:00, key: A, data: {lines: [{qty: 2}, {qty: 1}]}}
steps:
  - {at: +1h, send: ask, expect: {state: broken, data: {why: 'computation_failed: too many lines'}}}
  - {send: done, refused: not_allowed_here}
""",
        monkeypatch,
    )
    assert outcome.passed, outcome.steps


def test_a_rehearsal_answers_what_time_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = played(
        """
start: {at: 2026-11-09T10:00+08:00, key: A, data: {lines: [{qty: 2}]}}
steps:
  - {at: +6h, expect: {state: lost, data: {total: 200}, ended: false}}
  - {at: +10d, expect: {ended: true}}
""",
        monkeypatch,
    )
    assert outcome.passed, outcome.steps
