"""The shipped calendar of China against two independent packages, day by day."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path

import chinese_calendar
import holidays
import pytest
from ruamel.yaml import YAML

from definitions.calendar import Calendar
from workflows.core.worktime import Worktime

FILE = Path(__file__).parents[2] / "definitions" / "calendars" / "cn.yaml"
YEARS = (2024, 2025, 2026)
NOTICE_2026_OFF = (
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
)
NOTICE_2026_WORK = (
    ("2026-01-04", "Sunday"),
    ("2026-02-14", "Saturday"),
    ("2026-02-28", "Saturday"),
    ("2026-05-09", "Saturday"),
    ("2026-09-20", "Sunday"),
    ("2026-10-10", "Saturday"),
)


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return Calendar.model_validate(YAML(typ="safe").load(FILE))


@pytest.fixture(scope="module")
def worktime(calendar: Calendar) -> Worktime:
    return Worktime(calendar)


def days_from(first: date, last: date) -> Iterator[date]:
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)


@pytest.mark.parametrize("year", YEARS)
def test_working_days_agree_with_chinesecalendar(worktime: Worktime, year: int) -> None:
    differing = [
        day
        for day in days_from(date(year, 1, 1), date(year, 12, 31))
        if worktime.is_working_day(day) != chinese_calendar.is_workday(day)
    ]
    assert differing == []


@pytest.mark.parametrize("year", YEARS)
def test_working_days_agree_with_holidays(worktime: Worktime, year: int) -> None:
    china = holidays.country_holidays("CN", years=year)
    differing = [
        day
        for day in days_from(date(year, 1, 1), date(year, 12, 31))
        if worktime.is_working_day(day) != china.is_working_day(day)
    ]
    assert differing == []


@pytest.mark.parametrize(("first", "last"), NOTICE_2026_OFF)
def test_days_off_of_the_2026_notice(worktime: Worktime, first: str, last: str) -> None:
    for day in days_from(date.fromisoformat(first), date.fromisoformat(last)):
        assert not worktime.is_working_day(day), day


@pytest.mark.parametrize(("text", "weekday"), NOTICE_2026_WORK)
def test_make_up_days_of_the_2026_notice(worktime: Worktime, text: str, weekday: str) -> None:
    day = date.fromisoformat(text)
    assert day.strftime("%A") == weekday
    assert worktime.intervals(day) == ((worktime.at(day, time(9)), worktime.at(day, time(18))),)


def test_every_listed_day_says_something(calendar: Calendar, worktime: Worktime) -> None:
    """Make-up days fall on weekends, and each range of days off frees at least one weekday."""
    assert [day for day in calendar.work if day.weekday() < 5] == []
    for text in calendar.off:
        first, _, last = text.partition("..")
        covered = days_from(date.fromisoformat(first), date.fromisoformat(last or first))
        assert any(day.weekday() < 5 for day in covered), text


def test_the_horizon_is_the_last_loaded_year(worktime: Worktime) -> None:
    assert worktime.calendar.from_ == date(2024, 1, 1)
    end = worktime.day_end(date(2026, 12, 31))
    assert not worktime.provisional(end - 1)
    assert worktime.provisional(end)
    # Not known yet, so a plain Friday, although New Year's Day will be a holiday.
    assert worktime.is_working_day(date(2027, 1, 1))


def test_it_is_small_enough_to_pin(calendar: Calendar) -> None:
    dumped = calendar.model_dump_json(by_alias=True, exclude_defaults=True)
    assert len(dumped) < 2000
    assert Calendar.model_validate_json(dumped) == calendar


def test_national_day_2026(worktime: Worktime) -> None:
    """Seven days off between two make-up days: the longest break a deadline has to cross."""
    assert worktime.working_day_after(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert worktime.working_day_after(date(2026, 9, 30), 3) == date(2026, 10, 10)
    assert worktime.working_day_before(date(2026, 10, 8), 1) == date(2026, 9, 30)
    start = worktime.at(date(2026, 9, 30), time(17))
    assert worktime.add(start, 2 * 3600) == worktime.at(date(2026, 10, 8), time(10))
    assert worktime.between(start, start + int(timedelta(days=7).total_seconds())) == 3600
