"""Timers that repeat: each instant at its own time, none doubled, none lost, without drift."""

from calendar import monthrange
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.world import ZONE, World, process, said, t
from workflows.core.decide import wakeup
from workflows.core.effects import Row

BEATS = """
data:
  beats: {type: list, of: text, max_items: 1000}
  level: {type: int, default: 1}
links:
  visit: {process: sample, key: "case.key + '-' + local_date(event.at)", data: {}, planned: false}
clocks:
  beat:
    title: Beat
    kind: timer
    budget: 1 days
    repeat: 4
    start: opened
    stop: end_it
    cancel: enter resting
    lapse:
      set: {beats: "data.beats + [local_date(event.at) + (now == event.at ? '' : '!')]"}
      notify: [{to: agent, text: {zh: 到时, en: It is time}}]
      open: visit
  window: {title: Window, kind: reply, budget: 20 days, start: closed, stop: over, ladder: plan}
states:
  working:
    title: Working
    on: {end_it: {}, rest: {to: resting}, close: {to: done}, talk: {}}
  resting: {title: Resting, on: {wake: {to: working}}}
  done: {title: Done, closed: true, on: {over: {}}}
"""


def world(body: str = BEATS, at: str = "2 10:00", **start: Any) -> World:
    made = World(process(body))
    made.start(at, **start)
    return made


def instants(case: World, kind: str = "lapse") -> list[str | None]:
    return [said(row.at) for row in case.rows if row.kind == kind and row.clock == "beat"]


def ledger(case: World) -> list[tuple[Any, ...]]:
    """What was decided, whenever that was."""
    told = [(n.key, n.at, n.to, n.kind) for n in case.notices]
    asked = [(asked.key, asked.at) for asked in case.opened]
    rows = [(row.seq, row.kind, row.name, row.at, row.state, dict(row.data)) for row in case.rows]
    return [*rows, *told, *asked]


DAYS = ["11-04 00:00", "11-05 00:00", "11-06 00:00", "11-07 00:00"]


def test_it_goes_off_at_the_end_of_each_period_and_the_case_stays() -> None:
    case = world()
    case.punctual("12 10:00")
    assert instants(case) == DAYS
    assert case.case.state == "working"
    assert case.case.data["beats"] == [f"2026-{day[:5]}" for day in DAYS]
    assert [(said(notice.at), notice.to, notice.kind) for notice in case.notices] == [
        (day, "agent", "lapse") for day in DAYS
    ]
    assert [asked.business_key for asked in case.opened] == [f"K-1-2026-{day[:5]}" for day in DAYS]
    assert len({notice.key for notice in case.notices}) == 4
    assert [row.data for row in case.rows if row.kind == "lapse"] == [
        {"period": n} for n in (1, 2, 3, 4)
    ]
    assert [visit.state for visit in case.case.visits] == ["working"]
    assert (case.phase("beat"), case.cycle("beat").n, len(case.case.cycles)) == ("lapsed", 1, 1)


def test_between_two_instants_it_runs_on() -> None:
    case = world()
    case.look("4 12:00")
    assert (case.phase("beat"), case.due("beat"), case.cycle("beat").ended) == (
        "running",
        "11-05 00:00",
        None,
    )
    view = case.decisions[-1].view
    assert (view.next_due, view.overdue, view.next_wakeup) == (None, False, t("5 00:00"))


@pytest.mark.parametrize("back", ["4 00:00", "5 17:00", "7 00:00", "20 10:00"])
def test_after_an_outage_each_missed_instant_happens_in_order(back: str) -> None:
    late, punctual = world(), world()
    late.look(back)
    late.look("20 10:00")
    punctual.punctual("20 10:00")
    assert ledger(late) == ledger(punctual)
    assert late.case == punctual.case


def test_an_event_in_the_outage_comes_between() -> None:
    case = world()
    case.send("10 10:00", "end_it", occurred="5 12:00", backlog=True)
    case.look("10 10:00")
    assert instants(case) == DAYS[:2]
    assert case.phase("beat") == "met"


def test_only_the_last_or_none_of_what_was_missed() -> None:
    collapse = world(BEATS.replace("repeat: 4", "repeat: 9\n    catch_up: collapse"))
    collapse.look("6 10:00")
    assert (instants(collapse, "skipped"), instants(collapse)) == (DAYS[:2], DAYS[2:3])
    assert collapse.case.data["beats"] == ["2026-11-06"]
    collapse.look("7 00:00")
    assert instants(collapse) == DAYS[2:]
    skip = world(BEATS.replace("repeat: 4", "repeat: 9\n    catch_up: skip"))
    skip.look("6 10:00")
    assert (instants(skip, "skipped"), instants(skip)) == (DAYS[:3], [])
    skip.look("7 00:00:30")
    assert instants(skip) == DAYS[3:]
    assert skip.cycle("beat").period == 5


@pytest.mark.parametrize("law", ["collapse", "skip"])
def test_what_is_seen_in_time_is_not_passed_over(law: str) -> None:
    case = world(BEATS.replace("repeat: 4", f"repeat: 4\n    catch_up: {law}"))
    case.punctual("12 10:00")
    assert (instants(case, "skipped"), instants(case)) == ([], DAYS)
    assert case.phase("beat") == "lapsed"


def test_after_the_last_one_missed_nothing_is_left() -> None:
    case = world(BEATS.replace("repeat: 4", "repeat: 4\n    catch_up: skip"))
    case.look("20 10:00")
    assert (instants(case, "skipped"), instants(case)) == (DAYS, [])
    assert (case.phase("beat"), wakeup(case.program, case.case)) == ("lapsed", None)


@pytest.mark.parametrize(
    ("event", "phase"), [("end_it", "met"), ("rest", "cancelled"), ("close", "cancelled")]
)
def test_a_stop_a_cancellation_and_closing_end_the_series(event: str, phase: str) -> None:
    case = world()
    case.look("4 12:00")
    case.send("4 12:30", event)
    case.look("12 10:00")
    assert instants(case) == DAYS[:1]
    assert case.phase("beat") == phase
    assert case.kinds("breach", "retraction") == []


def test_what_it_does_may_end_its_own_series() -> None:
    third = "lapse:\n      to: resting"
    case = world(BEATS.replace("lapse:", third))
    case.look("12 10:00")
    assert (instants(case), case.case.state, case.phase("beat")) == (
        DAYS[:1],
        "resting",
        "cancelled",
    )


def test_a_move_to_the_state_where_it_runs_does_not_start_it_anew() -> None:
    again = BEATS.replace("start: opened", "start: enter working").replace(
        "lapse:", "lapse:\n      to: working"
    )
    case = world(again)
    case.look("12 10:00")
    assert instants(case) == DAYS
    assert (case.cycle("beat").n, case.phase("beat")) == (1, "lapsed")
    assert [said(visit.at) for visit in case.case.visits] == ["11-02 10:00", *DAYS]


def test_a_move_that_closes_the_case_ends_it_and_can_be_taken_back() -> None:
    case = world(BEATS.replace("lapse:", "lapse:\n      to: done"))
    case.look("4 10:00")
    assert (case.case.state, case.phase("beat"), instants(case)) == ("done", "lapsed", DAYS[:1])
    case.send("4 11:00", "end_it", occurred="3 10:00")
    assert (case.case.state, case.phase("beat")) == ("working", "met")


def test_it_goes_on_after_closing_if_it_outlives_that() -> None:
    body = BEATS.replace("start: opened", "start: closed\n    outlives: true")
    case = world(body)
    case.send("2 11:00", "close")
    case.send("2 11:30", "over")
    case.look("12 10:00")
    assert instants(case) == DAYS
    assert (case.case.lapse, said(case.case.ended)) == (None, DAYS[-1])


def test_undoing_a_lapse_does_not_double_what_happened_since() -> None:
    body = BEATS.replace("stop: end_it", "outlives: true").replace(
        "  window:",
        "  right: {title: Right, kind: cut_off, budget: 30 hours, start: opened, stop: talk,\n"
        "          lapse: {to: done}}\n  window:",
    )
    case = world(body)
    case.look("5 12:00")  # the right lapsed on the 3rd, and the timer went off twice since
    assert (case.case.state, instants(case)) == ("done", DAYS[:2])
    case.send("5 12:30", "talk", occurred="3 12:00")
    assert case.case.state == "working"
    case.look("12 10:00")
    assert instants(case) == DAYS
    assert case.case.data["beats"] == [f"2026-{day[:5]}" for day in DAYS]


def test_periods_that_were_over_before_it_started_do_not_happen() -> None:
    body = BEATS.replace("start: opened", "start: wake\n    anchor: case.opened_at").replace(
        "cancel: enter resting", ""
    )
    case = world(body)
    case.send("2 10:00", "rest")
    case.send("5 10:00", "wake")
    case.look("12 10:00")
    assert instants(case) == DAYS[2:]
    idle = world(body)
    idle.send("2 10:00", "rest")
    idle.send("9 10:00", "wake")
    assert idle.case.cycles == ()


def test_where_it_cannot_be_done_the_series_goes_on() -> None:
    full = BEATS.replace("max_items: 1000", "max_items: 2").replace(
        "set: {beats: \"data.beats + [local_date(event.at) + (now == event.at ? '' : '!')]\"}",
        "extend: {beats: '[local_date(event.at)]'}",
    )
    case = world(full)
    case.look("12 10:00")
    rows = [row for row in case.rows if row.kind == "lapse"]
    assert [row.data.get("failed") for row in rows] == [None, None, "list_full", "list_full"]
    assert [row.data["period"] for row in rows] == [1, 2, 3, 4]
    assert len(case.notices) == 2


def test_a_timer_that_does_not_repeat_may_leave_the_case_where_it_is() -> None:
    case = world(BEATS.replace("    repeat: 4\n", ""))
    case.look("12 10:00")
    assert (instants(case), case.case.state, case.phase("beat")) == (DAYS[:1], "working", "lapsed")
    assert [row.data for row in case.rows if row.kind == "lapse"] == [{}]
    assert case.refused("12 11:00", "wake").code == "not_allowed_here"


def test_an_ended_case_was_not_ended_by_a_timer_that_left_it_where_it_was() -> None:
    case = world(BEATS.replace("start: opened", "start: closed\n    outlives: true"))
    case.send("2 11:00", "close")
    case.send("2 11:30", "over")
    case.look("12 10:00")
    lapses: list[Row] = [row for row in case.rows if row.kind == "lapse"]
    assert {row.previous for row in lapses} == {""}


# --- against a list of instants -------------------------------------------------------------

STEPS = {"minutes": 60, "hours": 3600}


def expected(start: datetime, unit: str, amount: int, n: int) -> int:
    """The end of the n-th period, straightforwardly."""
    if unit in STEPS:
        return int(start.timestamp()) + n * amount * STEPS[unit]
    day = start.date()
    if unit == "days":
        day += timedelta(days=n * amount)
    else:
        year, month = divmod(day.year * 12 + day.month - 1 + n * amount, 12)
        last = monthrange(year, month + 1)[1]
        day = day.replace(year=year, month=month + 1, day=min(day.day, last))
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    return int((midnight + timedelta(days=1)).timestamp())


@settings(max_examples=60, deadline=None)
@given(
    seconds=st.integers(0, 730 * 86_400),
    unit=st.sampled_from(("minutes", "hours", "days", "months")),
    amount=st.integers(1, 40),
    repeat=st.integers(1, 24),
    looks=st.lists(st.floats(0, 1.1), max_size=6).map(sorted),
    talk=st.floats(0, 1),
)
def test_it_goes_off_at_each_instant_of_a_plain_list(
    seconds: int, unit: str, amount: int, repeat: int, looks: list[float], talk: float
) -> None:
    begin = datetime.fromtimestamp(t("2026-01-01 00:00") + seconds, ZONE)
    wanted = [expected(begin, unit, amount, n) for n in range(1, repeat + 1)]
    body = BEATS.replace("1 days", f"{amount} {unit}").replace("repeat: 4", f"repeat: {repeat}")
    case = World(process(body))
    text = begin.strftime("%Y-%m-%d %H:%M:%S")
    case.start(text)
    length = wanted[-1] - t(text)
    for share in looks:
        at = t(text) + int(length * share)
        if at >= case.case.settled:
            case.look(datetime.fromtimestamp(at, ZONE).strftime("%Y-%m-%d %H:%M:%S"))
    told = max(case.case.settled, t(text) + int(length * talk))
    case.send(datetime.fromtimestamp(told, ZONE).strftime("%Y-%m-%d %H:%M:%S"), "talk")
    end = max(wanted[-1], case.case.settled) + 5
    case.look(datetime.fromtimestamp(end, ZONE).strftime("%Y-%m-%d %H:%M:%S"))
    assert [row.at for row in case.rows if row.kind == "lapse"] == wanted
    assert [notice.at for notice in case.notices] == wanted
    assert case.phase("beat") == "lapsed"
