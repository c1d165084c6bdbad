"""An explained deadline: what the stretches count together is the budget, and they end at due."""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.loader import load
from workflows.core.case import Cycle, Span
from workflows.core.deadlines import deadline
from workflows.core.explain import WORDS, explain
from workflows.core.program import Program

PROCESS = b"""
process: errand
version: 1
title: {zh: \xe8\xb7\x91\xe8\x85\xbf, en: Errand}
owner: runner
roles: {runner: {title: {zh: \xe4\xba\xba, en: Runner}}}
ladders:
  one: {hours: [{id: late, level: L1, at: due, to: runner}]}
clocks:
  done_soon:
    title: {zh: \xe5\xae\x8c\xe6\x88\x90, en: Done}
    kind: resolution
    budget: 2 hours
    start: opened
    stop: finish
    ladder: one
states:
  open:
    title: {zh: \xe8\xbf\x9b\xe8\xa1\x8c\xe4\xb8\xad, en: Open}
    on: {finish: {by: runner, to: done}}
  done: {title: {zh: \xe5\xae\x8c\xe6\x88\x90, en: Done}, closed: true}
"""
PROGRAM = Program(load(PROCESS, "errand.yaml"))
BUDGETS = (
    "2 hours",
    "40 hours",
    "30 working_minutes",
    "8 working_hours",
    "30 working_hours",
    "1 day",
    "3 days",
    "3 days same_time",
    "1 working_day",
    "7 working_days",
    "2 working_days same_time",
    "1 months",
    "day 5 of next month",
)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text + "+08:00").timestamp())


def cycle(budget: str, anchor: int, *pauses: Span) -> Cycle:
    return Cycle("done_soon", 1, anchor, anchor, "running", budget, calendar="cn", pauses=pauses)


START = at("2026-09-14T00:00")
instants = st.integers(START, START + 40 * 86_400)
lengths = st.integers(0, 6 * 86_400)
spans = st.builds(
    lambda start, length, why: Span(start, start + length, why),
    instants,
    lengths,
    st.sampled_from(("state", "hold", "closed")),
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(BUDGETS), instants, st.lists(spans, max_size=4))
def test_the_stretches_are_the_deadline(budget: str, anchor: int, pauses: list[Span]) -> None:
    one = cycle(budget, anchor, *pauses)
    told = explain(PROGRAM, one)
    due = deadline(PROGRAM.ruler(one), one)
    assert due is not None
    assert told.due == due
    assert told.counted == told.total
    assert told.stretches[0].start == anchor
    assert told.stretches[-1].end == due.at
    assert all(before.end == after.start for before, after in pairwise(told.stretches))


@settings(max_examples=100, deadline=None)
@given(instants, st.integers(1, 9 * 86_400), st.booleans(), st.lists(spans, max_size=3))
def test_a_promise_moved_by_pauses(
    anchor: int, length: int, by_day: bool, pauses: list[Span]
) -> None:
    days = PROGRAM.days("cn")
    until = days.day_end(days.day_of(anchor + length)) if by_day else anchor + length
    one = Cycle(
        "done_soon",
        1,
        anchor,
        anchor,
        "running",
        until=until,
        exclusive=by_day,
        calendar="cn",
        pauses=tuple(pauses),
    )
    told = explain(PROGRAM, one)
    due = deadline(PROGRAM.ruler(one), one)
    assert due is not None
    assert told.counted == told.total
    assert told.stretches[-1].end == due.at


@pytest.mark.parametrize("budget", ["2 hours", "8 working_hours", "5 working_days"])
@pytest.mark.parametrize("spent", [0, 1, 3])
def test_amended_rules_keep_what_had_run(budget: str, spent: int) -> None:
    anchor, since = at("2026-09-21T10:00"), at("2026-09-23T15:00")
    one = replace(cycle(budget, anchor), since=since, spent=spent)
    told = explain(PROGRAM, one)
    due = deadline(PROGRAM.ruler(one), one)
    assert due is not None
    assert (told.stretches[0].why, told.stretches[0].counted) == ("amended", spent)
    assert told.counted == told.total
    assert told.stretches[-1].end == due.at


@pytest.mark.parametrize("period", [2, 3])
def test_a_later_period_counts_from_the_schedule(period: int) -> None:
    series = at("2026-01-31T10:00")
    one = replace(cycle("1 months", at("2026-02-20T09:00")), series=series, period=period)
    told = explain(PROGRAM, one)
    due = deadline(PROGRAM.ruler(one), one)
    assert due is not None
    assert told.counted == told.total
    assert told.stretches[-1].end == due.at
    assert told.stretches[0].why == "earlier"


def test_a_timer_that_moves_on_from_a_day_off_says_so() -> None:
    # 2026-12-05 is a Saturday: the case moves at the end of Monday.
    text = PROCESS.decode()
    text = text.replace("kind: resolution", "kind: timer").replace("    ladder: one\n", "")
    text = text.replace("stop: finish", "lapse: {to: done, roll: next_working_day}")
    text = text.replace("budget: 2 hours", "budget: day 5 of next month")
    text = text[: text.index("ladders:")] + text[text.index("clocks:") :]
    told = explain(
        Program(load(text.encode(), "errand.yaml")),
        cycle("day 5 of next month", at("2026-11-10T10:00")),
    )
    assert told.due is not None
    assert (told.due.at, told.due.exclusive) == (at("2026-12-08T00:00"), True)
    assert [(s.counted, s.why) for s in told.stretches] == [
        (0, "start_day"),
        (25, "days"),
        (0, "rolled"),
    ]
    assert (told.stretches[-1].start, told.stretches[-1].end) == (
        at("2026-12-06T00:00"),
        told.due.at,
    )
    assert told.counted == told.total


@given(st.sampled_from(BUDGETS), instants)
def test_a_clock_that_stands_still_has_no_end(budget: str, anchor: int) -> None:
    told = explain(PROGRAM, cycle(budget, anchor, Span(anchor, None, "hold")))
    assert told.due is None
    assert told.stretches[-1].end is None
    assert told.stretches[-1].why == "hold"
    assert told.counted == 0


def test_lunch_free_office_hours_over_a_pause() -> None:
    # Opened 10:00, waiting for the customer 11:00-15:00: one hour before, three after.
    one = cycle(
        "4 working_hours",
        at("2026-11-10T10:00"),
        Span(at("2026-11-10T11:00"), at("2026-11-10T15:00"), "state"),
    )
    assert [(s.counted, s.why) for s in explain(PROGRAM, one).stretches] == [
        (3600, "working"),
        (0, "state"),
        (3 * 3600, "working"),
    ]


def test_a_holiday_and_a_make_up_day_are_named() -> None:
    # 8 working days from the notice of 23 September 2026: the holiday and the make-up Saturday.
    told = explain(PROGRAM, cycle("7 working_days", at("2026-09-23T10:15")))
    assert told.due is not None
    assert told.due.at == at("2026-10-11T00:00")
    assert [(s.counted, s.why) for s in told.stretches] == [
        (0, "start_day"),
        (1, "working_days"),
        (0, "holiday"),
        (3, "working_days"),
        (0, "holiday"),
        (3, "working_days"),
    ]


def test_a_make_up_sunday_counts_working_hours() -> None:
    told = explain(PROGRAM, cycle("4 working_hours", at("2026-09-19T10:00")))
    assert [s.why for s in told.stretches] == ["weekend", "make_up"]


def test_a_promise_is_one_stretch() -> None:
    anchor, until = at("2026-11-10T10:00"), at("2026-11-12T08:00")
    one = Cycle("done_soon", 1, anchor, anchor, "running", until=until, calendar="cn")
    told = explain(PROGRAM, one)
    assert [(s.end, s.counted, s.why) for s in told.stretches] == [
        (until, until - anchor, "promise")
    ]


@pytest.mark.parametrize("why", WORDS)
def test_every_reason_is_said_in_both_languages(why: str) -> None:
    text = WORDS[why]  # type: ignore[index]
    assert any("\u4e00" <= sign <= "\u9fff" for sign in text.zh)
    assert text.en.isascii()
