"""What comes first: at one instant, within one event, and when something is looked at late."""

import pytest

from tests.core.world import World, process, said_to, t

BODY = """
clocks:
  answer: {{title: Answer, kind: resolution, budget: {budget}, start: opened, stop: close,
            ladder: plan, pause: {{states: [waiting]}} {more}}}
states:
  working: {{title: Working, on: {{close: {{to: done}}, ask: {{to: waiting}},
             seen: {{acknowledges: [answer]}}}}}}
  waiting: {{title: Waiting, on: {{reply: {{to: working}}, close: {{to: done}}}}}}
  done: {{title: Done, closed: true}}
  lapsed: {{title: Lapsed, closed: true}}
"""


def running(budget: str, more: str = "", rest: str = "") -> World:
    world = World(process(BODY.format(budget=budget, more=more) + rest))
    world.start("9 10:00")
    return world


def test_an_event_at_an_inclusive_deadline_is_in_time() -> None:
    world = running("2 hours")
    world.look("9 12:00", over=False)
    world.send("9 12:00", "close")
    assert (world.phase(), world.breached()) == ("met", None)
    assert world.rungs() == [("remind", "11-09 11:30")]


def test_an_inclusive_deadline_passes_when_its_second_is_over() -> None:
    world = running("2 hours")
    world.look("9 12:00")
    assert world.breached() == "11-09 12:00"
    assert world.rungs()[-1] == ("superior", "11-09 12:00")


def test_an_event_at_midnight_misses_a_day_that_ended() -> None:
    world = running("1 days")
    world.send("11 00:00", "close")
    assert (world.phase(), world.breached()) == ("met", "11-11 00:00")
    # the breach comes before the event, the rung at due would come after it
    assert [name for name, _ in world.rungs()] == ["remind"]
    assert world.kinds("breach", "event") == ["breach", "event"]


def test_a_second_before_midnight_is_in_time() -> None:
    world = running("1 days")
    world.send("10 23:59:59", "close")
    assert world.breached() is None


def test_a_timer_for_an_inclusive_instant_rings_a_second_later() -> None:
    world = running("2 hours")
    assert world.decisions[-1].view.next_wakeup == t("9 11:30:01")
    world.look("9 11:30:01", over=False)
    assert world.rungs() == [("remind", "11-09 11:30")]
    day = running("1 days", rest="ladders: {plan: {}}\n")
    assert day.decisions[-1].view.next_wakeup == t("11 00:00")


TWO = """
clocks:
  b_answer: {title: B, kind: resolution, budget: 2 hours, start: opened, stop: close, ladder: plan}
  a_answer: {title: A, kind: resolution, budget: 2 hours, start: opened, stop: close, ladder: plan}
states:
  working: {title: Working, on: {close: {to: done}}}
  done: {title: Done, closed: true}
"""


def test_at_one_instant_the_order_is_by_name() -> None:
    world = World(process(TWO))
    world.start("9 10:00")
    world.look("9 12:00")
    assert [(row.kind, row.clock) for row in world.rows if row.at == t("9 12:00")] == [
        ("breach", "a_answer"),
        ("rung", "a_answer"),
        ("breach", "b_answer"),
        ("rung", "b_answer"),
    ]


def test_the_rungs_at_due_fire_before_an_inclusive_lapse() -> None:
    world = running("2 hours", ", lapse: {to: lapsed}")
    world.look("9 12:00")
    at_due = [row.kind for row in world.rows if row.at == t("9 12:00")]
    assert at_due == ["breach", "rung", "lapse"]
    assert (world.phase(), world.case.state) == ("lapsed", "lapsed")


SIX = """
clocks:
  stopped: {title: A, kind: reply, budget: 2 hours, start: opened, stop: go, start: [opened, go]}
  started: {title: B, kind: reply, budget: 2 hours, start: go, stop: go, cancel: go}
  resetting: {title: C, kind: reply, budget: 2 hours, start: opened, reset: go, cancel: go}
  halted: {title: D, kind: reply, budget: 2 hours, start: [go, opened], pause: {states: [waiting]}}
states:
  working: {title: Working, on: {go: {to: waiting}}}
  waiting: {title: Waiting, on: {go: {to: working}}}
"""


def test_stop_comes_before_start_and_pause_within_one_event() -> None:
    body = SIX.replace("start: opened, stop: go, ", "stop: go, ")
    world = World(process(body))
    world.start("9 10:00")
    world.send("9 11:00", "go")
    cycles = {(c.clock, c.n): c.phase for c in world.case.cycles}
    assert cycles[("stopped", 1)] == "met"
    assert cycles[("stopped", 2)] == "running"  # stopped first, then started anew
    assert cycles[("started", 1)] == "running"
    assert cycles[("resetting", 1)] == "cancelled"  # cancelled first, then reset starts anew
    assert cycles[("resetting", 2)] == "running"
    assert cycles[("halted", 1)] == "paused"
    world.send("9 12:00", "go")
    assert world.due("halted") == "11-09 13:00"


class TestCatchingUp:
    """A worker that was down for three rungs."""

    def test_in_order(self) -> None:
        world = running("2 hours")
        world.look("9 18:00")
        assert [row.at for row in world.rows] == sorted(row.at for row in world.rows)
        assert said_to(world.notices) == [
            ("remind", "agent"),
            ("superior", "boss"),
            ("next", "team_a"),
        ]
        assert all(row.recorded == t("9 18:00") for row in world.rows[1:])

    def test_collapse_sends_only_the_last(self) -> None:
        world = running("2 hours", ", catch_up: collapse")
        world.look("9 18:00")
        assert world.rungs(kind="skipped") == [
            ("remind", "11-09 11:30"),
            ("superior", "11-09 12:00"),
        ]
        assert said_to(world.notices) == [("next", "team_a")]
        assert world.breached() == "11-09 12:00"

    def test_skip_sends_none_that_is_late(self) -> None:
        world = running("2 hours", ", catch_up: skip")
        world.look("9 11:30:30")
        world.look("9 18:00")
        assert said_to(world.notices) == [("remind", "agent")]
        assert [name for name, _ in world.rungs(kind="skipped")] == ["superior", "next"]


def test_nothing_fires_for_a_promise_already_kept() -> None:
    world = running("2 hours")
    world.send("9 11:00", "close")
    world.look("20 10:00")
    assert world.notices == []
    assert world.case.ended == t("9 11:00")


def test_late_and_kept_late_are_two_things() -> None:
    world = running("2 hours")
    world.send("9 14:00", "close")
    assert (world.phase(), world.breached()) == ("met", "11-09 12:00")


QUIET = """
ladders:
  plan:
    hours:
      - {id: first, level: L1, at: due, to: boss}
      - {id: always, level: L2, at: 1 hours after due, to: boss}
      - {id: unless, level: L3, at: 1 hours after due, to: boss, unless_acknowledged: true}
"""


@pytest.mark.parametrize("acknowledged", [True, False])
def test_an_acknowledgement_stops_only_what_the_ladder_says(acknowledged: bool) -> None:
    world = running("2 hours", rest=QUIET)
    world.look("9 12:30")
    if acknowledged:
        world.send("9 12:40", "seen")
    world.look("9 14:00")
    sent = [notice.rung for notice in world.notices]
    assert sent == ["first", "always"] + ([] if acknowledged else ["unless"])
    assert world.rungs(kind="skipped") == ([("unless", "11-09 13:00")] if acknowledged else [])
    assert world.phase() == "running"


LADDER = """
ladders:
  plan:
    hours:
      - {id: chosen, level: L0, at: 50%, to: [{when: data.big, to: boss}, {to: [owner, team_b]}]}
      - {id: nobody, level: L1, at: due, to: [{when: data.big, to: boss}]}
data: {big: {type: bool}}
"""


def test_the_first_recipients_that_hold_are_told() -> None:
    world = World(process(BODY.format(budget="2 hours", more="") + LADDER))
    world.start("9 10:00")
    world.look("9 12:00")
    # where no condition holds, the owner is told: a rung is never dropped
    assert said_to(world.notices) == [
        ("chosen", "agent"),
        ("chosen", "team_b"),
        ("nobody", "agent"),
    ]
    keys = [notice.key for notice in world.notices]
    assert keys[0] == "sample:K-1/1/answer/1/chosen/agent"
    assert len(set(keys)) == 3
