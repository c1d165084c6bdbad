"""A case goes on under other rules: what was consumed, fired and missed stays."""

import pytest

from tests.core.world import CALENDARS, World, process, said, t
from workflows.core.amend import amend
from workflows.core.case import Actor
from workflows.core.errors import IllegalEvent
from workflows.core.program import Program

BODY = """
clocks:
  answer: {title: Answer, kind: resolution, budget: BUDGET, start: opened, stop: close,
           ladder: plan, pause: {states: [waiting]}}
states:
  working: {title: Working, on: {close: {to: done}, ask: {to: waiting}, again: {}}}
  waiting: {title: Waiting, on: {reply: {to: working}}}
  done: {title: Done, closed: true}
"""
LONGER = CALENDARS.replace("through: 2026-12-31", "through: 2027-12-31")
BOSS = Actor("boss1", ("boss",))


def running(budget: str, at: str) -> World:
    world = World(process(BODY.replace("BUDGET", budget)))
    world.start(at)
    return world


def amended(world: World, new: Program, now: str, event_id: str = "a1") -> None:
    decision = amend(
        world.program, new, world.case, t(now), BOSS, "corrected", event_id, {"digest": "abc"}
    )
    world.decisions.append(decision)
    world.case, world.program = decision.case, new


def other(budget: str, calendars: str = CALENDARS, **changes: str) -> Program:
    body = BODY.replace("BUDGET", budget)
    for old, new in changes.items():
        body = body.replace(old, new)
    return process(body + "version: 2\n", calendars)


def test_g14_rungs_fire_once_over_an_amendment() -> None:
    world = running("8 hours", "9 10:00")
    world.look("9 16:30")
    before = world.standing()
    amended(world, other("8 hours"), "9 16:40")
    assert world.standing() == before
    world.look("9 18:00")
    assert world.rungs() == [("remind", "11-09 16:00"), ("superior", "11-09 18:00")]
    assert world.case.version == 2


def test_it_is_an_event_with_its_facts() -> None:
    world = running("8 hours", "9 10:00")
    amended(world, other("8 hours"), "9 11:00")
    row = world.rows[-1]
    assert (row.kind, row.actor, row.event_id) == ("amend", "boss1", "a1")
    assert row.data == {"reason": "corrected", "from": 1, "to": 2, "digest": "abc"}


def test_the_same_amendment_twice_is_one() -> None:
    world = running("8 hours", "9 10:00")
    old, new = world.program, other("8 hours")
    first = amend(old, new, world.case, t("9 11:00"), BOSS, "corrected", "a1")
    again = amend(old, new, first.case, t("9 12:00"), BOSS, "corrected", "a1")
    assert (again.status, again.case) == ("duplicate", first.case)


def test_another_budget_carries_what_was_consumed() -> None:
    world = running("8 hours", "9 10:00")
    amended(world, other("10 hours"), "9 12:00")
    assert world.due() == "11-09 20:00"


def test_a_deadline_left_behind_is_missed_at_the_amendment() -> None:
    world = running("8 hours", "9 10:00")
    amended(world, other("1 hours"), "9 12:00")
    world.look("9 13:30")
    assert world.breached() == "11-09 12:00"
    assert world.rungs() == [("superior", "11-09 12:00"), ("next", "11-09 13:00")]


def test_a_breach_stays() -> None:
    world = running("1 hours", "9 10:00")
    amended(world, other("8 hours"), "9 12:00")
    assert (world.due(), world.breached()) == ("11-09 18:00", "11-09 11:00")


HOLIDAY = CALENDARS.replace("off: [", "off: [2026-11-09..2026-11-10, ")


def test_consumed_hours_stay_under_another_calendar() -> None:
    world = running("12 working_hours", "9 09:00")
    amended(world, other("12 working_hours", HOLIDAY), "10 10:00")  # ten hours have run
    assert world.view().remaining == 2 * 3600
    assert world.due() == "11-11 11:00"  # today is no working day any more
    assert world.standing()["superior"] == "11-11 11:00"
    amended(world, other("12 working_hours"), "10 11:00", "a2")
    assert world.due() == "11-10 13:00"


def test_consumed_days_stay_under_another_calendar() -> None:
    world = running("3 working_days", "6 10:00")  # Friday: due Wednesday's end
    amended(world, other("3 working_days", HOLIDAY), "10 10:00")  # Monday has ended
    assert world.due() == "11-13 00:00"  # Wednesday and Thursday
    world.send("11 10:00", "ask")
    world.send("12 10:00", "reply")
    assert world.due() == "11-17 00:00"


def test_an_equal_calendar_changes_nothing() -> None:
    world = running("12 working_hours", "9 09:00")
    world.look("10 10:00")
    before = world.cycle()
    amended(world, other("12 working_hours"), "10 10:00")
    assert world.cycle() == before


class TestConfirmation:
    """A deadline beyond the horizon is confirmed by a longer calendar."""

    def test_it_is_counted_anew_beyond_the_old_horizon(self) -> None:
        world = running("4 working_days", "12-30 10:00")
        assert world.due() == "01-06 00:00"
        longer = LONGER.replace("off: [", "off: [2027-01-01..2027-01-04, ")
        amended(world, other("4 working_days", longer), "12-31 10:00")
        found = world.deadline()
        assert found is not None
        assert (said(found.at), found.provisional) == ("01-08 00:00", False)
        world.look("2027-01-08 00:00")
        assert world.breached() == "01-08 00:00"

    def test_a_confirmed_deadline_in_the_past_is_missed_at_its_own_instant(self) -> None:
        world = running("4 working_days", "12-30 10:00")
        world.look("2027-01-20 10:00")
        assert world.breached() is None
        amended(world, other("4 working_days", LONGER), "2027-01-20 11:00")
        assert world.breached() == "01-06 00:00"
        assert world.rungs()[-2:] == [("superior", "01-06 00:00"), ("next", "01-07 00:00")]

    def test_one_that_the_calendar_moved_is_missed_at_the_amendment(self) -> None:
        world = running("4 working_days", "12-30 10:00")
        world.look("2027-01-20 10:00")
        longer = LONGER.replace("off: [", "off: [2027-01-01..2027-01-04, ")
        amended(world, other("4 working_days", longer), "2027-01-20 11:00")
        assert world.breached() == "01-20 11:00"


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"working": "handling"}, "state 'working'"),
        ({"answer:": "solution:"}, "clock 'answer'"),
    ],
)
def test_what_the_case_uses_must_be_there(changes: dict[str, str], missing: str) -> None:
    world = running("8 hours", "9 10:00")
    with pytest.raises(IllegalEvent) as refusal:
        amended(world, other("8 hours", **changes), "9 12:00")
    assert refusal.value.code == "amend_impossible"
    assert refusal.value.facts["missing"] == [missing]


TASKS = """
clocks:
  claim: {title: Claim, kind: cut_off, budget: 5 hours, start: opened, stop: give_up, ladder: plan,
          lapse: {to: lost}}
states:
  open:
    title: Open
    tasks: {x: {title: X, role: agent, budget: 9 hours, ladder: plan}}
    on: {all_done: {to: fair}, give_up: {to: fair}}
  fair: {title: Fair, closed: true}
  lost: {title: Lost, closed: true}
"""


def test_what_an_undone_lapse_leads_back_to_must_be_there() -> None:
    world = World(process(TASKS))
    world.start("9 10:00")
    world.look("9 15:00")
    assert world.case.state == "lost"
    new = TASKS.replace("    tasks: {x:", "    tasks: {z:")
    with pytest.raises(IllegalEvent) as refusal:
        amended(world, process(new), "9 15:30")
    assert refusal.value.facts["missing"] == ["clock 'x'", "task 'x'"]


def test_an_ended_case_is_not_amended() -> None:
    world = running("8 hours", "9 10:00")
    world.send("9 11:00", "close")
    with pytest.raises(IllegalEvent, match="ended"):
        amended(world, other("8 hours"), "9 12:00")


def test_a_state_may_pause_from_now_on() -> None:
    world = running("8 hours", "9 10:00")
    new = process(
        BODY.replace("BUDGET", "8 hours").replace("[waiting]", "[waiting, working]")
        + "version: 2\n"
    )
    amended(world, new, "9 12:00")
    assert (world.phase(), world.due()) == ("paused", None)
