"""The examples by which the clock semantics are known, G1 to G18, as written there.

Calendar Mon-Fri 09:00-18:00, Asia/Shanghai, unless said.
"""

from typing import Any

from tests.core.world import World, process, t

ANSWER = """
clocks:
  answer: {{title: Answer, kind: resolution, budget: {budget}, start: opened, stop: close,
            ladder: plan, pause: {{states: [waiting], holds: true}} {more}}}
  window: {{title: Window, kind: cut_off, budget: 30 days, start: closed, stop: reopen,
            lapse: {{to: over}}}}
states:
  working:
    title: Working
    on:
      ask: {{to: waiting}}
      close: {{to: done}}
      suspend:
        form: {{reason: {{type: text, required: true}}, evidence: {{type: text, required: true}}}}
        hold: {{max: 30 days}}
      resume: {{release: true}}
      urgent: {{set: {{level: "'high'"}}}}
  waiting: {{title: Waiting, on: {{reply: {{to: working}}}}}}
  done: {{title: Done, closed: true, on: {{reopen: {{to: working, reopens: true}}}}}}
  over: {{title: Over, closed: true}}
data: {{level: {{type: text}}}}
"""
HELD: dict[str, Any] = {"reason": "parts", "evidence": "order 5"}


def answer(budget: str, more: str = "", rest: str = "") -> World:
    return World(process(ANSWER.format(budget=budget, more=more) + rest))


def test_g1_a_pause_within_working_hours() -> None:
    world = answer("4 working_hours")
    world.start("9 10:00")
    world.send("9 11:00", "ask")
    assert world.due() is None
    world.send("9 15:00", "reply")
    assert world.due() == "11-09 18:00"


def test_g2_a_pause_over_the_weekend() -> None:
    world = answer("4 working_hours")
    world.start("13 15:00")  # a Friday
    world.send("13 17:00", "ask")
    world.send("16 10:00", "reply")
    assert world.due() == "11-16 12:00"


def test_g3_a_make_up_day() -> None:
    world = answer("8 working_hours")
    world.start("09-19 10:00")  # a Saturday
    assert world.due() == "09-20 17:00"


def test_g5_one_working_day_same_time() -> None:
    world = answer("1 working_day same_time")
    world.start("9 15:00")  # a Monday
    assert world.due() == "11-10 15:00"
    world.look("10 15:00", over=False)
    assert world.breached() is None
    world.look("10 15:00")
    assert world.breached() == "11-10 15:00"


LEVELS = """
tables:
  by_level:
    inputs: {level: data.level}
    output: budget
    rows: [{when: {level: high}, then: 2 hours}, {then: 3 hours}]
"""


def test_g6_a_priority_raised_carries_what_was_consumed() -> None:
    world = answer("{table: by_level}", rest=LEVELS)
    world.start("9 10:00")
    assert world.due() == "11-09 13:00"
    world.send("9 11:00", "urgent")
    assert world.due() == "11-09 12:00"


def test_g8_round_the_clock() -> None:
    world = answer("3 hours", ", calendar: always")
    world.start("9 23:00")
    assert world.due() == "11-10 02:00"
    assert answer("3 working_hours", ", calendar: always").start("9 23:00").view.clocks[0].due == t(
        "10 02:00"
    )


def test_g9_down_over_the_weekend() -> None:
    world = answer("4 hours")
    world.start("13 14:00")
    world.look("16 09:00")
    assert world.rungs() == [
        ("remind", "11-13 17:00"),
        ("superior", "11-13 18:00"),
        ("next", "11-13 20:00"),
    ]
    assert world.breached() == "11-13 18:00"
    world.look("16 10:00")
    assert len(world.notices) == 3


def test_g10_in_time_and_the_timer_has_not_run() -> None:
    world = answer("2 hours")
    world.start("9 10:00")
    world.send("9 12:00:03", "close", occurred="9 11:59:59")
    assert world.phase() == "met"
    assert world.breached() is None
    assert world.cycle().retracted is None
    assert world.kinds("breach", "retraction") == []


def test_g10_in_time_but_the_timer_has_run() -> None:
    world = answer("2 hours")
    world.start("9 10:00")
    world.look("9 12:00:01")
    assert world.breached() == "11-09 12:00"
    decision = world.send("9 12:00:03", "close", occurred="9 11:59:59")
    assert world.breached() is None
    retracted = world.cycle().retracted
    assert retracted is not None
    assert (retracted.breached, retracted.at) == (t("9 12:00"), t("9 12:00:03"))
    assert retracted.by_event == "e1"
    assert [(n.kind, n.to, n.rung) for n in decision.notices] == [
        ("retraction", "boss", "superior")
    ]


def test_g12_a_re_opening_resumes_what_was_left() -> None:
    world = answer("8 working_hours")
    world.start("9 09:00")
    world.send("9 14:00", "close")
    world.send("11 10:00", "reopen")
    assert world.due() == "11-11 13:00"
    assert world.cycle().n == 2
    assert world.cycle(n=1).phase == "met"


def test_g13_held_for_ten_days() -> None:
    world = answer("4 working_days")
    world.start("2 10:00")  # a Monday: due Friday's end
    world.send("5 10:00", "suspend", **HELD)  # Tuesday and Wednesday have ended
    world.look("15 10:00")
    before = len(world.notices)
    world.send("15 10:00", "resume")  # a Sunday
    assert world.due() == "11-18 00:00"
    assert len(world.notices) == before
    assert world.standing()["before"] == "11-16 09:00"


def test_g18_a_clock_attached_late_stood_still_before() -> None:
    body = ANSWER.format(budget="8 hours", more="").replace(
        "start: opened", "start: urgent, anchor: case.opened_at"
    )
    world = World(process(body))
    world.start("9 09:00")
    world.send("9 10:00", "ask")
    world.send("9 11:00", "reply")
    world.send("9 12:00", "urgent")
    assert world.view().remaining == 6 * 3600
    assert world.due() == "11-09 18:00"
