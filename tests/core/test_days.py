"""What expressions ask a calendar, against a walk from day to day over the calendar's text."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.calendars import SOURCES, WORKTIMES
from tests.core.test_worktime_counted import hours_of, wall_reading
from workflows.core.days import MOST_DAYS, functions
from workflows.core.worktime import Always

ONE = timedelta(days=1)
# Known from 2024 to 2026 (one of them to 2025), so that days on both sides are projected.
DAYS = st.dates(date(2023, 6, 1), date(2027, 6, 30))
NAMES = st.sampled_from(sorted(SOURCES))


def ask(name: str, function: str, *arguments: Any) -> Any:
    return functions(WORKTIMES[name])[function](*arguments)


def walked(name: str, day: date, n: int) -> date:
    step = ONE if n > 0 else -ONE
    for _ in range(abs(n)):
        day += step
        while not hours_of(SOURCES[name], day):
            day += step
    return day


@settings(max_examples=150, deadline=None)
@given(name=NAMES, day=DAYS, n=st.integers(-60, 60))
def test_working_days_are_those_of_the_calendars_text(name: str, day: date, n: int) -> None:
    assert ask(name, "working_days_after", day.isoformat(), n) == walked(name, day, n).isoformat()
    first = day if hours_of(SOURCES[name], day) else walked(name, day, 1)
    assert ask(name, "working_day_from", day.isoformat()) == first.isoformat()


@settings(max_examples=100, deadline=None)
@given(name=NAMES, day=DAYS, minute=st.integers(0, 1439))
def test_a_local_time_is_the_first_instant_that_shows_it(name: str, day: date, minute: int) -> None:
    clock = f"{minute // 60:02}:{minute % 60:02}"
    zone = ZoneInfo(SOURCES[name]["zone"])
    at = ask(name, "at_time", day.isoformat(), clock)
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    minutes = range(midnight - 15 * 3600, midnight + 40 * 3600, 60)
    shown = [
        t
        for t in minutes
        if datetime.fromtimestamp(t, zone).strftime("%Y-%m-%d %H:%M") == f"{day} {clock}"
    ]
    if not shown:  # it is skipped, and moves forward by the length of the gap
        wanted = wall_reading(ZoneInfo("UTC"), midnight) + minute
        after = next(t for t in minutes if wall_reading(zone, t) > wanted)
        shown = [after + 60 * (wanted - wall_reading(zone, after - 60) - 1)]
    assert at == shown[0]


@given(a=st.dates(), b=st.dates())
def test_dates_are_counted_and_taken_apart(a: date, b: date) -> None:
    between = ask("office", "days_between", a.isoformat(), b.isoformat())
    assert ask("office", "days_after", a.isoformat(), between) == b.isoformat()
    assert ask("office", "days_between", b.isoformat(), a.isoformat()) == -between
    parts = ask("office", "year_of", a.isoformat()), ask("office", "month_of", a.isoformat())
    assert parts == (a.year, a.month)


def test_beyond_the_horizon_mondays_to_fridays_are_projected() -> None:
    # 2030-10-01 is a Tuesday of a year nobody knows the holidays of.
    assert ask("office", "working_day_from", "2030-10-01") == "2030-10-01"
    assert ask("office", "working_day_from", "2030-10-05") == "2030-10-07"
    assert ask("office", "working_days_after", "2030-10-04", MOST_DAYS) == "2046-02-02"


def test_round_the_clock_every_day_is_a_working_day() -> None:
    asked = functions(Always("Asia/Shanghai"))
    assert asked["working_day_from"]("2026-10-03") == "2026-10-03"
    assert asked["working_days_after"]("2026-10-03", 3) == "2026-10-06"
    assert asked["working_days_after"]("2026-10-03", -3) == "2026-09-30"
    with pytest.raises(ValueError, match="more than"):
        asked["working_days_after"]("2026-10-03", MOST_DAYS + 1)
