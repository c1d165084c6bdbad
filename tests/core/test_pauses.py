"""What remains of a clock that stands still: by state and by hold, in hours and in days."""

import pytest

from tests.core.world import World, process, t

BODY = """
clocks:
  answer: {{title: Answer, kind: resolution, budget: {budget}, start: opened, stop: close,
            ladder: plan, pause: {{states: [waiting], holds: true}}}}
  firm: {{title: Firm, kind: response, budget: 2 hours, start: opened, stop: close}}
data: {{day: {{type: date}}, reply_at: {{type: instant}}, until: {{type: instant}}}}
states:
  working:
    title: Working
    on:
      ask: {{to: waiting}}
      close: {{to: done}}
      suspend: {{hold: {{max: 2 days}}}}
      suspend_until:
        form: {{until: required}}
        hold: {{max: 2 days, until: data.until}}
      resume: {{release: true}}
      begin: {{}}
  waiting: {{title: Waiting, on: {{reply: {{to: working}}, close: {{to: done}},
             suspend: {{hold: {{max: 2 days}}}}, resume: {{release: true}}}}}}
  done: {{title: Done, closed: true}}
"""


def running(budget: str, at: str = "9 10:00", **data: str) -> World:
    world = World(process(BODY.format(budget=budget)))
    world.start(at, **data)
    return world


def test_a_clock_stands_still_only_where_the_definition_says_so() -> None:
    world = running("2 hours")
    world.send("9 11:00", "ask")
    assert (world.phase(), world.phase("firm")) == ("paused", "running")
    assert world.due() is None
    world.look("9 15:00")
    assert (world.breached(), world.breached("firm")) == (None, "11-09 12:00")
    assert world.rungs() == []
    world.send("9 15:00", "reply")
    assert world.due() == "11-09 16:00"


def test_offsets_after_due_stand_still_too() -> None:
    world = running("2 hours")
    world.look("9 12:30")
    world.send("9 12:30", "ask")
    world.look("9 20:00")
    assert world.rungs()[-1] == ("superior", "11-09 12:00")
    world.send("9 20:00", "reply")
    assert world.standing()["next"] == "11-09 20:30"
    assert world.breached() == "11-09 12:00"


def test_day_offsets_after_due_stand_still_too() -> None:
    world = running("1 days")  # due Tuesday's end, told again at Wednesday's
    world.look("11 10:00")
    world.send("11 10:00", "ask")
    world.send("13 10:00", "reply")  # a Friday
    assert world.standing()["next"] == "11-17 00:00"
    world.look("14 10:00")
    assert [name for name, _ in world.rungs()] == ["remind", "superior"]


def test_a_pause_at_the_very_deadline_comes_before_it() -> None:
    world = running("2 hours")
    world.send("9 12:00", "ask")
    world.look("9 14:00")
    assert world.breached() is None
    world.send("9 15:00", "reply")
    assert world.due() == "11-09 15:00"
    world.look("9 15:00")
    assert world.breached() == "11-09 15:00"


def test_a_pause_after_closing_time_does_not_undo_a_breach() -> None:
    world = running("8 working_hours", "13 10:00")  # due Friday 18:00
    world.look("14 10:00")
    assert world.breached() == "11-13 18:00"
    world.send("14 10:00", "ask")
    world.send("16 10:00", "reply")
    assert (world.due(), world.breached()) == ("11-13 18:00", "11-13 18:00")


@pytest.mark.parametrize(
    ("paused", "resumed", "due"),
    [
        ("10 10:00", "10 16:00", "11-13 00:00"),  # on one local day: nothing changes
        ("10 10:00", "11 10:00", "11-15 00:00"),  # Tuesday had not ended: three left from Thursday
        ("10 23:59", "11 00:00", "11-15 00:00"),
        ("9 11:00", "20 10:00", "11-24 00:00"),
        ("12 23:59:59", "20 10:00", "11-22 00:00"),  # one left
    ],
)
def test_days_not_yet_ended_are_kept(paused: str, resumed: str, due: str) -> None:
    world = running("3 days")
    world.send(paused, "ask")
    world.look(resumed, over=False)
    world.send(resumed, "reply")
    assert world.due() == due


def test_working_days_are_counted_from_the_day_after_resumption() -> None:
    world = running("3 working_days")  # due Thursday's end
    world.send("11 10:00", "ask")  # Wednesday: Tuesday has ended, two are left
    world.send("13 10:00", "reply")  # Friday: Monday and Tuesday
    assert world.due() == "11-18 00:00"


def test_two_pauses_add_up() -> None:
    world = running("3 working_days")
    world.send("11 10:00", "ask")
    world.send("13 10:00", "reply")
    world.send("17 10:00", "ask")  # Monday has ended, one is left
    world.send("18 10:00", "reply")
    assert world.due() == "11-20 00:00"


def test_months_and_days_of_the_month_are_kept_too() -> None:
    world = running("1 months")  # 9 December's end
    world.send("19 10:00", "ask")
    world.send("29 10:00", "reply")
    assert world.due() == "12-21 00:00"
    world = running("day 20 of month")
    world.send("19 10:00", "ask")
    world.send("29 10:00", "reply")
    assert world.due() == "12-02 00:00"


def test_a_promise_that_pauses_keeps_what_remained() -> None:
    world = running("{until: data.reply_at}", reply_at="2026-11-09T15:00:00+08:00")
    world.send("9 11:00", "ask")
    assert world.due() is None
    world.send("9 13:00", "reply")
    assert world.due() == "11-09 17:00"
    world = running("{until: data.day}", day="2026-11-12")
    world.send("10 11:00", "ask")
    world.send("11 13:00", "reply")
    assert world.due() == "11-15 00:00"


def test_a_rung_of_the_day_that_falls_into_a_pause_fires_at_its_end() -> None:
    world = running("1 days")
    world.look("10 08:00")
    world.send("10 08:30", "ask")
    world.look("10 09:20")
    assert [name for name, _ in world.rungs()] == []
    world.send("10 09:30", "reply")
    world.look("10 09:30")
    assert world.rungs() == [("remind", "11-10 09:30")]


class TestHolds:
    """An explicit hold is bounded and ends by itself."""

    def test_it_ends_by_itself(self) -> None:
        world = running("4 hours")
        world.send("9 11:00", "suspend")
        assert world.decisions[-1].view.hold_until == t("11 11:00")
        world.look("11 11:30")
        assert [(row.kind, row.name) for row in world.rows if row.at == t("11 11:00")] == [
            ("resume", "hold")
        ]
        assert (world.phase(), world.due()) == ("running", "11-11 14:00")

    def test_the_resumption_comes_before_an_event_at_that_instant(self) -> None:
        world = running("4 hours")
        world.send("9 11:00", "suspend")
        world.send("11 11:00", "ask")
        assert world.kinds("resume", "event") == ["event", "resume", "event"]

    def test_it_may_end_earlier_by_its_own_instant(self) -> None:
        world = running("4 hours")
        world.send("9 11:00", "suspend_until", until="2026-11-09T13:00:00+08:00")
        world.look("9 14:00")
        assert world.due() == "11-09 16:00"

    def test_it_cannot_end_before_it_begins(self) -> None:
        world = running("4 hours")
        refusal = world.refused("9 11:00", "suspend_until", until="2026-11-09T10:30:00+08:00")
        assert refusal.code == "hold_unbounded"

    def test_it_is_released_by_an_event(self) -> None:
        world = running("4 hours")
        world.send("9 11:00", "suspend")
        world.send("9 12:00", "resume")
        world.look("12 10:00")
        assert world.kinds("resume") == []
        assert world.due() == "11-09 15:00"

    def test_a_second_hold_prolongs_the_first(self) -> None:
        world = running("4 hours")
        world.send("9 11:00", "suspend")
        world.send("10 11:00", "suspend")
        world.look("12 11:00")
        assert world.kinds("resume") == ["resume"]
        assert world.due() == "11-12 14:00"

    def test_a_hold_and_a_pausing_state_overlap(self) -> None:
        world = running("4 hours")
        world.send("9 11:00", "suspend")
        world.send("9 12:00", "ask")
        world.send("9 13:00", "resume")
        assert world.phase() == "paused"
        world.send("9 14:00", "reply")
        assert world.due() == "11-09 17:00"


LATE = BODY.replace("start: opened, stop: close,\n", "start: begin, anchor: case.opened_at,\n", 1)


def test_a_clock_attached_late_knows_holds_that_are_over() -> None:
    body = LATE.format(budget="8 hours")
    world = World(process(body))
    world.start("9 09:00")
    world.send("9 10:00", "suspend")
    world.send("9 11:00", "resume")
    world.send("9 12:00", "begin")
    assert world.due() == "11-09 18:00"


class TestRetroactively:
    """The instant of a clock action is when the event occurred."""

    def test_an_answer_resumes_at_its_own_time(self) -> None:
        world = running("4 hours")
        world.send("9 11:00", "ask")
        world.send("9 15:00", "reply", occurred="9 13:00")
        assert world.due() == "11-09 16:00"

    def test_rungs_that_passed_meanwhile_fire_at_their_instants(self) -> None:
        world = running("4 hours")
        world.send("9 11:00", "ask")
        world.send("9 17:00", "reply", occurred="9 12:00")
        assert world.rungs() == [("remind", "11-09 14:00"), ("superior", "11-09 15:00")]
        assert world.breached() == "11-09 15:00"

    def test_a_pause_before_the_breach_takes_it_back(self) -> None:
        world = running("2 hours")
        world.look("9 12:30")
        assert world.breached() == "11-09 12:00"
        decision = world.send("9 12:40", "ask", occurred="9 11:45")
        assert (world.phase(), world.breached()) == ("paused", None)
        assert [(n.kind, n.rung) for n in decision.notices] == [("retraction", "superior")]

    def test_and_the_new_deadline_is_missed_like_any_other(self) -> None:
        world = running("2 hours")
        world.look("9 12:30")
        world.send("9 12:40", "ask", occurred="9 11:45")
        world.send("9 15:00", "reply")
        assert world.due() == "11-09 15:15"
        world.look("9 15:20")
        assert world.breached() == "11-09 15:15"
        assert world.rungs() == [
            ("remind", "11-09 11:30"),
            ("superior", "11-09 12:00"),
            ("superior", "11-09 15:15"),
        ]
        keys = [notice.key for notice in world.notices]
        assert len(set(keys)) == len(keys)

    def test_a_pause_after_the_breach_changes_nothing_of_it(self) -> None:
        world = running("2 hours")
        world.look("9 12:30")
        world.send("9 12:40", "ask", occurred="9 12:10")
        assert world.breached() == "11-09 12:00"
        world.send("9 14:00", "close")
        assert (world.phase(), world.breached()) == ("met", "11-09 12:00")

    def test_a_paused_clock_can_be_kept_before_its_pause(self) -> None:
        world = running("2 hours")
        world.look("9 12:30")
        world.send("9 12:40", "ask")
        world.send("9 13:00", "close", occurred="9 11:59")
        assert world.breached() is None
        assert world.cycle().retracted is not None

    def test_a_clock_started_in_the_past_has_run_since(self) -> None:
        body = LATE.format(budget="4 hours").replace(", anchor: case.opened_at", "")
        world = World(process(body))
        world.start("9 09:00")
        world.send("9 12:00", "begin", occurred="9 10:00")
        assert world.due() == "11-09 14:00"
        assert world.cycle().armed == t("9 10:00")
