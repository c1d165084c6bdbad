"""Rules that change under a running clock: priority, re-opening, reset, periods, many at once."""

from typing import Any

import pytest

from tests.core.world import World, process, said, said_to, t

BODY = """
clocks:
  answer: {{title: Answer, kind: resolution, budget: {{table: by_level}}, start: opened,
            stop: close, ladder: plan, change: {law}, pause: {{states: [waiting]}}}}
data: {{level: {{type: int, default: 4}}}}
tables:
  by_level:
    inputs: {{level: data.level}}
    output: budget
    rows: [{{when: {{level: 1}}, then: 1 hours}}, {{when: {{level: 2}}, then: 2 hours}},
           {{when: {{level: 4}}, then: 4 hours}}, {{then: 8 hours}}]
ladders:
  plan:
    hours:
      - {{id: half, level: L0, at: 50%, to: agent}}
      - {{id: remind, level: L0, at: 75%, to: agent}}
      - {{id: superior, level: L1, at: due, to: boss}}
      - {{id: next, level: L2, at: 1 hours after due, to: team_a}}
states:
  working:
    title: Working
    on:
      level: {{form: {{level: required}}}}
      ask: {{to: waiting}}
      close: {{to: done}}
      note: {{}}
  waiting:
    title: Waiting
    on: {{level: {{form: {{level: required}}}}, reply: {{to: working}}}}
  done: {{title: Done, closed: true}}
"""


def running(law: str = "carry") -> World:
    world = World(process(BODY.format(law=law)))
    world.start("9 10:00")
    return world


class TestCarry:
    def test_of_the_rungs_now_past_only_the_last_before_due_fires(self) -> None:
        world = running()
        world.send("9 11:45", "level", level=2)
        assert world.due() == "11-09 12:00"
        assert world.rungs(kind="skipped") == [("half", "11-09 11:45")]
        assert world.rungs() == [("remind", "11-09 11:45")]

    def test_fired_rungs_stay_fired(self) -> None:
        world = running()
        world.look("9 12:30")
        world.send("9 12:40", "level", level=8)
        world.look("9 20:00")
        assert world.rungs()[:3] == [
            ("half", "11-09 12:00"),
            ("remind", "11-09 16:00"),
            ("superior", "11-09 18:00"),
        ]

    def test_a_deadline_left_behind_is_missed_at_the_change(self) -> None:
        world = running()
        world.send("9 11:30", "level", level=1)
        world.look("9 18:00")
        assert world.breached() == "11-09 11:30"
        assert world.rungs() == [("superior", "11-09 11:30"), ("next", "11-09 12:30")]
        assert [name for name, _ in world.rungs(kind="skipped")] == ["half", "remind"]

    def test_a_deadline_exactly_at_the_change_is_not_yet_missed(self) -> None:
        world = running()
        world.send("9 12:00", "level", level=2)
        assert world.due() == "11-09 12:00"
        world.send("9 12:00", "close")
        assert world.breached() is None

    def test_what_was_done_before_the_change_was_in_time(self) -> None:
        world = running()
        world.send("9 11:30", "level", level=1)
        assert world.cycle().changed == t("9 11:30")
        world.look("9 11:40")
        world.send("9 11:45", "close", occurred="9 11:20")
        assert (world.phase(), world.breached()) == ("met", None)

    def test_a_breach_stays_when_the_deadline_moves_on(self) -> None:
        world = running()
        world.look("9 14:10")
        world.send("9 14:20", "level", level=8)
        assert (world.due(), world.breached()) == ("11-09 18:00", "11-09 14:00")

    def test_a_change_while_paused_acts_when_the_clock_goes_on(self) -> None:
        world = running()
        world.send("9 11:30", "ask")
        world.send("9 12:00", "level", level=1)
        world.look("9 15:00")
        assert (world.breached(), world.rungs()) == (None, [])
        world.send("9 15:00", "reply")
        world.look("9 15:00")
        assert world.breached() == "11-09 15:00"
        assert world.rungs() == [("superior", "11-09 15:00")]
        world.look("9 16:00")
        assert world.rungs()[-1] == ("next", "11-09 16:00")

    def test_a_change_in_the_second_of_the_opening_counts(self) -> None:
        world = running()
        world.send("9 10:00", "level", level=1)
        assert world.due() == "11-09 11:00"

    def test_other_events_change_nothing(self) -> None:
        world = running()
        before = world.cycle()
        world.send("9 11:00", "note")
        assert world.cycle() == before


def test_restart_supersedes_and_counts_from_the_change() -> None:
    world = running("restart")
    world.send("9 13:30", "level", level=2)
    assert world.cycle(n=1).phase == "superseded"
    assert (world.cycle().n, world.due()) == (2, "11-09 15:30")


@pytest.mark.parametrize(("level", "due"), [(8, "11-09 14:00"), (2, "11-09 12:00")])
def test_the_stricter_wins(level: int, due: str) -> None:
    world = running("stricter_wins")
    world.send("9 11:00", "level", level=level)
    assert world.due() == due
    world.send("9 11:10", "note")
    assert world.due() == due


def test_the_stricter_wins_while_paused() -> None:
    world = running("stricter_wins")
    world.send("9 10:30", "ask")
    world.send("9 11:00", "level", level=2)
    world.send("9 12:00", "reply")
    assert world.due() == "11-09 13:30"


REOPENED = """
clocks:
  answer: {{title: Answer, kind: {kind}, budget: 8 hours, start: opened, stop: close,
            ladder: plan, pause: {{states: [waiting]}} {law}}}
  window: {{title: Window, kind: reply, budget: 30 days, start: closed, stop: reopen,
            lapse: {{to: over}}}}
states:
  working: {{title: Working, on: {{close: {{to: done}}, ask: {{to: waiting}}, drop: {{to: done}},
             note: {{}}}}}}
  waiting: {{title: Waiting, on: {{reply: {{to: working}}}}}}
  done: {{title: Done, closed: true, on: {{reopen: {{to: working, reopens: true}},
          reopen_waiting: {{to: waiting, reopens: true}}}}}}
  over: {{title: Over, closed: true}}
tables:
  other: {{inputs: {{k: case.key}}, output: budget, rows: [{{then: 5 hours}}]}}
"""


def closed(
    kind: str = "resolution", law: str = "", at: str = "9 15:00", how: str = "close"
) -> World:
    world = World(process(REOPENED.format(kind=kind, law=law)))
    world.start("9 10:00")
    world.send(at, how)
    return world


class TestReopening:
    def test_closed_is_not_ended(self) -> None:
        world = closed()
        assert (world.case.closed, world.case.ended) == (t("9 15:00"), None)
        world.look("12-10 00:00")
        assert (world.case.state, world.case.ended) == ("over", None)  # the lapse can be undone
        world.look("12-17 00:00")
        assert said(world.case.ended) == "12-17 00:00"

    def test_a_resolution_resumes_and_says_nothing_twice(self) -> None:
        world = closed(at="9 17:00")  # remind stood at 16:00
        world.send("11 10:00", "reopen")
        world.look("11 10:30")
        assert world.due() == "11-11 11:00"
        assert world.rungs() == [("remind", "11-09 16:00")]
        world.look("11 11:00")
        assert world.rungs()[-1] == ("superior", "11-11 11:00")
        assert world.cycle(n=1).breached is None

    def test_nothing_left_is_missed_at_the_re_opening(self) -> None:
        world = closed(at="9 20:00")
        assert world.breached() == "11-09 18:00"
        world.send("11 10:00", "reopen")
        assert world.cycle(n=1).breached == t("9 18:00")
        world.look("11 12:00")
        assert world.breached() == "11-11 10:00"
        assert [r for r in world.rungs() if r[1] is not None and r[1] > "11-10"] == [
            ("superior", "11-11 10:00")
        ]

    def test_it_is_paused_in_a_pausing_state(self) -> None:
        world = closed()
        world.send("11 10:00", "reopen_waiting")
        assert (world.phase(), world.due()) == ("paused", None)
        world.send("11 12:00", "reply")
        assert world.due() == "11-11 15:00"

    def test_a_response_restarts(self) -> None:
        world = closed("response")
        world.send("11 10:00", "reopen")
        assert (world.due(), world.cycle().n) == ("11-11 18:00", 2)

    @pytest.mark.parametrize(
        ("law", "due"),
        [("2 hours", "11-11 12:00"), ("{table: other}", "11-11 15:00")],
    )
    def test_a_new_budget_is_kept(self, law: str, due: str) -> None:
        world = closed(law=f", reopen: new_budget, reopen_budget: {law}")
        world.send("11 10:00", "reopen")
        assert world.due() == due
        world.send("11 10:30", "note")
        assert world.due() == due

    def test_a_new_budget_is_not_overruled_by_the_table_of_the_first(self) -> None:
        body = REOPENED.format(
            kind="resolution", law=", reopen: new_budget, reopen_budget: 2 hours"
        ).replace("budget: 8 hours", "budget: {table: other}")
        world = World(process(body))
        world.start("9 10:00")
        world.send("9 11:00", "close")
        world.send("11 10:00", "reopen")
        world.send("11 10:30", "note")
        assert world.due() == "11-11 12:00"

    def test_none_stays_closed(self) -> None:
        world = closed(law=", reopen: none")
        world.send("11 10:00", "reopen")
        assert (world.phase(), world.cycle().n) == ("met", 1)

    def test_a_clock_that_was_cancelled_at_closing_resumes_too(self) -> None:
        world = closed(how="drop")
        assert world.phase() == "cancelled"
        world.send("11 10:00", "reopen")
        assert world.due() == "11-11 13:00"


MORE = """
clocks:
  promise: {title: Promise, kind: reply, budget: {until: data.reply_at, otherwise: 2 hours},
            start: promise, stop: kept, reset: change, ladder: plan}
  monthly: {title: Monthly, kind: periodic, budget: 1 months, start: opened, stop: called,
            repeat: 3, ladder: plan, pause: {states: [waiting]}}
  picked_up: {title: Picked, kind: response, budget: 20 minutes, start: opened,
              fulfilled: data.by_phone}
  visit: {title: Visit, kind: reply, budget: 3 hours, start: visit, stop: arrived, each: true,
          pick: event.number}
data: {reply_at: {type: instant}, by_phone: {type: bool}}
states:
  working:
    title: Working
    on:
      promise: {form: {reply_at: optional}}
      change: {form: {reply_at: required}}
      kept: {}
      called: {}
      visit: {}
      wait: {to: waiting}
      arrived: {form: {number: {type: int, required: true}}}
  waiting: {title: Waiting, on: {go_on: {to: working}}}
"""


def more(at: str = "01-31 10:00", **data: Any) -> World:
    world = World(process(MORE))
    world.start(at, **data)
    return world


def test_a_reset_supersedes_with_a_fresh_budget() -> None:
    world = more("9 10:00")
    world.send("9 10:30", "promise")
    assert world.due("promise") == "11-09 12:30"
    world.send("9 11:00", "change", reply_at="2026-11-09T16:00:00+08:00")
    assert [(c.n, c.phase) for c in world.case.cycles if c.clock == "promise"] == [
        (1, "superseded"),
        (2, "running"),
    ]
    assert world.due("promise") == "11-09 16:00"
    world.look("9 13:00")
    assert world.rungs("promise") == []  # nothing of the old one fires


def test_a_reset_starts_a_clock_that_does_not_run() -> None:
    world = more("9 10:00")
    world.send("9 11:00", "change", reply_at="2026-11-09T16:00:00+08:00")
    assert world.due("promise") == "11-09 16:00"


def test_starting_a_running_clock_does_nothing() -> None:
    world = more("9 10:00")
    world.send("9 10:30", "promise")
    world.send("9 11:30", "promise")
    assert (world.cycle("promise").n, world.due("promise")) == (1, "11-09 12:30")


def test_a_clock_can_be_met_by_the_event_that_starts_it() -> None:
    assert more("9 10:00", by_phone=True).phase("picked_up") == "met"
    assert more("9 10:00").phase("picked_up") == "running"


class TestPeriods:
    def test_they_follow_the_schedule_without_drift(self) -> None:
        world = more()
        assert world.due("monthly") == "03-01 00:00"  # February's last day
        world.send("02-10 10:00", "called")
        assert world.due("monthly") == "04-01 00:00"
        world.send("04-03 10:00", "called")  # late
        assert world.cycle("monthly", 2).breached == t("04-01 00:00")
        assert world.due("monthly") == "05-01 00:00"
        world.send("04-10 10:00", "called")
        assert world.phase("monthly") == "met"
        assert len([c for c in world.case.cycles if c.clock == "monthly"]) == 3

    def test_rungs_belong_to_their_own_period(self) -> None:
        body = MORE.replace("budget: 1 months", "budget: 4 hours")
        world = World(process(body))
        world.start("9 10:00")
        world.send("9 10:10", "called")
        assert world.due("monthly") == "11-09 18:00"
        assert world.standing("monthly") == {
            "remind": "11-09 17:00",
            "superior": "11-09 18:00",
            "next": "11-09 20:00",
        }

    @pytest.mark.parametrize(
        ("budget", "dues"),
        [
            ("day 5 of month", ["02-06 00:00", "03-06 00:00", "04-06 00:00"]),
            ("day 31 of month", ["03-01 00:00", "04-01 00:00", "05-01 00:00"]),
            ("day 31 of next month", ["03-01 00:00", "04-01 00:00", "05-01 00:00"]),
            ("2 working_days", ["02-04 00:00", "02-06 00:00", "02-10 00:00"]),
            ("1 months same_time", ["02-28 10:00", "03-31 10:00", "04-30 10:00"]),
        ],
    )
    def test_every_form_of_period(self, budget: str, dues: list[str]) -> None:
        world = World(process(MORE.replace("budget: 1 months", f"budget: {budget}")))
        world.start("01-31 10:00")
        found = [world.due("monthly")]
        for _ in range(2):
            world.send("02-01 10:00", "called")
            found.append(world.due("monthly"))
        assert found == dues

    def test_a_period_that_begins_in_a_pausing_state_stands_still(self) -> None:
        body = MORE.replace("go_on: {to: working}", "go_on: {to: working}, called: {}")
        world = World(process(body))
        world.start("01-31 10:00")
        world.send("02-10 10:00", "wait")
        world.send("03-02 10:00", "called")
        assert world.phase("monthly") == "paused"


class TestMany:
    def test_each_start_has_its_own_cycle(self) -> None:
        world = more("9 10:00")
        world.send("9 10:00", "visit")
        world.send("9 11:00", "visit")
        world.send("9 12:30", "arrived", number=2)
        world.look("9 13:30")
        assert [
            (c.n, c.phase, said(c.breached)) for c in world.case.cycles if c.clock == "visit"
        ] == [
            (1, "running", "11-09 13:00"),
            (2, "met", None),
        ]

    def test_a_number_that_is_not_open_is_refused(self) -> None:
        world = more("9 10:00")
        world.send("9 10:00", "visit")
        refusal = world.refused("9 11:00", "arrived", number=7)
        assert refusal.code == "clock_choice"
        assert refusal.facts["open"] == [1]


def test_rungs_of_a_superseded_promise_are_not_retracted() -> None:
    world = more("9 10:00")
    world.send("9 10:30", "promise")
    world.look("9 12:40")
    world.send("9 13:00", "change", reply_at="2026-11-09T16:00:00+08:00")
    assert world.cycle("promise", 1).breached == t("9 12:30")
    assert said_to(world.notices) == [("remind", "agent"), ("superior", "boss")]
