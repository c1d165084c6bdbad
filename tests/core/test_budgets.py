"""When a promise falls due: every form of budget, on the days where calendars bite.

Tables of (budget, start, deadline). A deadline at a day's end is written as the next day's 00:00
and is exclusive.
"""

import pytest

from tests.core.world import World, process, t

BODY = """
clocks:
  answer: {{title: Answer, kind: resolution, budget: {budget}, start: opened, stop: close,
            ladder: plan {more}}}
data: {{reply_at: {{type: instant}}, day: {{type: date}}, level: {{type: text}}}}
tables:
  by_level:
    inputs: {{level: data.level}}
    output: budget
    rows: [{{when: {{level: high}}, then: 30 working_minutes}}, {{then: 2 working_days}}]
states:
  working: {{title: Working, on: {{close: {{to: done}}}}}}
  done: {{title: Done, closed: true}}
"""


def promised(budget: str, start: str, more: str = "", **data: str) -> World:
    world = World(process(BODY.format(budget=budget, more=more)))
    world.start(start, **data)
    return world


# 2026-11-09 is a Monday; 10-01..07 is a holiday; Sunday 09-20 is a make-up day.
@pytest.mark.parametrize(
    ("budget", "start", "due"),
    [
        ("30 minutes", "9 23:50", "11-10 00:20"),
        ("2 hours", "14 17:00", "11-14 19:00"),
        ("90 seconds", "9 10:00", "11-09 10:01:30"),
        ("0 minutes", "9 10:00", "11-09 10:00"),
        ("30 working_minutes", "9 17:50", "11-10 09:20"),
        ("30 working_minutes", "9 17:30", "11-09 18:00"),  # ends at closing: due at closing
        ("9 working_hours", "9 09:00", "11-09 18:00"),
        ("1 working_hours", "9 03:00", "11-09 10:00"),
        ("1 working_hours", "13 18:00", "11-16 10:00"),  # at closing nobody works any more
        ("8 working_hours", "09-30 17:00", "10-08 16:00"),  # over the holiday
        ("8 working_hours", "09-19 12:00", "09-20 17:00"),  # a make-up day
    ],
)
def test_minutes_and_hours_are_inclusive(budget: str, start: str, due: str) -> None:
    world = promised(budget, start)
    found = world.deadline()
    assert world.due() == due
    assert found is not None
    assert not found.exclusive


@pytest.mark.parametrize(
    ("budget", "start", "due"),
    [
        ("1 days", "9 00:00", "11-11 00:00"),  # the starting day is not counted
        ("3 days", "13 15:00", "11-17 00:00"),
        ("1 working_day", "9 15:00", "11-11 00:00"),
        ("1 working_day", "13 15:00", "11-17 00:00"),  # Friday: Monday's end
        ("1 working_day", "14 15:00", "11-17 00:00"),  # Saturday: Monday's end
        ("1 working_day", "09-18 15:00", "09-21 00:00"),  # the make-up Sunday counts
        ("7 working_days", "09-28 10:00", "10-15 00:00"),
        ("1 months", "01-31 10:00", "03-01 00:00"),  # a month without that day: its last
        ("2 months", "01-31 10:00", "04-01 00:00"),
        ("3 months", "8 10:00", "2027-02-09 00:00"),
        ("day 5 of month", "9 10:00", "12-06 00:00"),
        ("day 5 of month", "4 10:00", "11-06 00:00"),
        ("day 5 of month", "5 00:00", "12-06 00:00"),  # its own day is not counted
        ("day 31 of month", "9 10:00", "12-01 00:00"),
        ("day 31 of month", "30 10:00", "2027-01-01 00:00"),
        ("day 5 of next month", "4 10:00", "12-06 00:00"),
        ("day 5 of next month", "12-30 10:00", "2027-01-06 00:00"),
        ("day 30 of next month", "01-15 10:00", "03-01 00:00"),
    ],
)
def test_days_and_months_end_at_midnight(budget: str, start: str, due: str) -> None:
    found = promised(budget, start).deadline()
    assert found is not None
    assert found.at == t(due)
    assert found.exclusive


@pytest.mark.parametrize(
    ("budget", "start", "due"),
    [
        ("1 working_day same_time", "13 15:00", "11-16 15:00"),
        ("1 working_day same_time", "14 15:00", "11-17 09:00"),  # outside: from Monday's opening
        ("1 working_day same_time", "9 20:00", "11-11 09:00"),
        ("2 days same_time", "14 15:00", "11-16 15:00"),
        ("1 months same_time", "01-31 15:00", "02-28 15:00"),
    ],
)
def test_same_time_is_inclusive(budget: str, start: str, due: str) -> None:
    found = promised(budget, start).deadline()
    assert found is not None
    assert found.at == t(due)
    assert not found.exclusive


UNTIL = "{until: data.reply_at, otherwise: 1 hours}"


def test_an_instant_from_the_data_is_inclusive() -> None:
    world = promised(UNTIL, "9 10:00", reply_at="2026-11-09T15:30:00+08:00")
    found = world.deadline()
    assert found is not None
    assert (found.at, found.exclusive) == (t("9 15:30"), False)
    assert world.standing()["remind"] == "11-09 14:07:30"  # three quarters of the way
    world.send("9 15:30", "close")
    assert world.breached() is None


def test_without_an_instant_the_other_budget_serves() -> None:
    assert promised(UNTIL, "9 10:00").due() == "11-09 11:00"


def test_a_date_from_the_data_is_a_day_clock() -> None:
    world = promised("{until: data.day}", "9 10:00", day="2026-11-12")
    found = world.deadline()
    assert found is not None
    assert (found.at, found.exclusive) == (t("13 00:00"), True)
    assert world.standing() == {
        "before": "11-11 09:00",
        "remind": "11-12 09:00",
        "superior": "11-13 00:00",
        "next": "11-14 00:00",
    }


def test_a_promise_without_an_instant_cannot_be_made() -> None:
    from workflows.core.errors import IllegalEvent

    with pytest.raises(IllegalEvent, match=r"data\.day has no value"):
        promised("{until: data.day}", "9 10:00")


def test_a_budget_from_a_table() -> None:
    assert promised("{table: by_level}", "9 17:50", level="high").due() == "11-10 09:20"
    assert promised("{table: by_level}", "9 17:50").due() == "11-12 00:00"


@pytest.mark.parametrize(
    ("budget", "start", "rungs"),
    [
        # shares and clamps run on the clock's own calendar
        ("30 working_minutes", "9 17:20", ["9 17:42:30", "9 17:50", "10 09:50"]),
        ("72 hours", "9 10:00", ["11 16:00", "12 10:00", "13 10:00"]),  # at most 24 hours
        ("4 hours", "9 10:00", ["9 13:00", "9 14:00", "9 16:00"]),
        ("30 minutes", "9 10:00", ["9 10:22:30", "9 10:30", "9 11:30"]),  # at least 1 hour
    ],
)
def test_rungs_of_minutes_and_hours(budget: str, start: str, rungs: list[str]) -> None:
    standing = promised(budget, start).standing()
    assert list(standing.values()) == [_text(rung) for rung in rungs]


@pytest.mark.parametrize(
    ("budget", "start", "rungs"),
    [
        ("3 days", "9 10:00", ["11 09:00", "12 09:00", "13 00:00", "14 00:00"]),
        # due on a Saturday: reminded on Friday, not on the day, and told again on Monday's end
        ("5 days", "9 10:00", ["13 09:00", None, "15 00:00", "17 00:00"]),
        ("2 working_days", "12 10:00", ["13 09:00", "16 09:00", "17 00:00", "18 00:00"]),
    ],
)
def test_rungs_of_days(budget: str, start: str, rungs: list[str | None]) -> None:
    standing = promised(budget, start).standing()
    assert list(standing.values()) == [rung and _text(rung) for rung in rungs]


def _text(instant: str) -> str:
    day, clock = instant.split()
    return f"11-{day.zfill(2)} {clock}"


OFFSETS = """
ladders:
  plan:
    hours:
      - {id: early, level: L0, at: 2 hours before due, to: agent}
      - {id: begun, level: L0, at: 10 minutes after start, to: agent}
      - {id: late, level: L1, at: 30 working_minutes after due, to: boss}
"""


def test_offsets_from_start_and_due() -> None:
    world = World(process(BODY.format(budget="3 hours", more="") + OFFSETS))
    world.start("9 16:00")
    assert world.standing() == {
        "early": "11-09 17:00",
        "begun": "11-09 16:10",
        "late": "11-10 09:30",
    }


def test_a_rung_before_the_anchor_is_skipped_and_logged() -> None:
    world = World(process(BODY.format(budget="{table: by_level}", more="") + OFFSETS))
    world.start("9 10:00", level="high")
    world.look("9 10:20")
    assert world.rungs(kind="skipped") == [("early", "11-09 08:30")]
    assert world.rungs() == [("begun", "11-09 10:10")]
    assert [notice.rung for notice in world.notices] == ["begun"]


class TestBeyondTheHorizon:
    """The calendar is known to the end of 2026."""

    def test_a_deadline_is_projected_and_marked(self) -> None:
        world = promised("4 working_days", "12-30 10:00")
        found = world.deadline()
        assert found is not None
        assert (found.at, found.provisional) == (t("2027-01-06 00:00"), True)

    def test_it_reminds_and_neither_breaches_nor_escalates(self) -> None:
        world = promised("4 working_days", "12-30 10:00")
        world.look("2027-02-01 10:00")
        assert world.rungs() == [("before", "01-04 09:00"), ("remind", "01-05 09:00")]
        assert world.breached() is None
        assert world.case.ended is None

    def test_a_right_is_not_forfeited(self) -> None:
        more = ", lapse: {to: done}"
        world = promised("4 working_days", "12-30 10:00", more)
        world.look("2027-02-01 10:00")
        assert (world.phase(), world.case.state) == ("running", "working")

    def test_what_ends_with_the_last_known_hour_is_known(self) -> None:
        found = promised("9 working_hours", "12-31 09:00").deadline()
        assert found is not None
        assert (found.at, found.provisional) == (t("12-31 18:00"), False)
        known = promised("1 working_day", "12-30 09:00").deadline()
        assert known is not None
        assert (known.at, known.provisional) == (t("2027-01-01 00:00"), False)

    def test_calendar_days_need_no_calendar(self) -> None:
        found = promised("3 months", "12-30 10:00").deadline()
        assert found is not None
        assert not found.provisional

    def test_whether_a_right_rolls_is_unknown(self) -> None:
        more = ", lapse: {to: done, roll: next_working_day}"
        world = promised("10 days", "12-30 10:00", more)
        world.look("2027-02-01 10:00")
        assert world.breached() == "01-10 00:00"  # the target is a plain day
        assert (world.phase(), world.case.state) == ("running", "working")
