"""Working time at its edges: zero, boundary, lunch, night, holiday, make-up day, summer time."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from definitions.calendar import Calendar
from tests.core.calendars import HOUR, WORKTIMES, source
from workflows.core.worktime import Always, AnyWorktime, Worktime


def at(worktime: AnyWorktime, text: str) -> int:
    return worktime.at(date.fromisoformat(text[:10]), time.fromisoformat(text[11:]))


def shown(worktime: AnyWorktime, t: int) -> str:
    return worktime.local(t).strftime("%Y-%m-%d %H:%M" + (":%S" if t % 60 else ""))


ADDITIONS = [
    # calendar, start, minutes, due
    ("office", "2026-05-13 10:00", 0, "2026-05-13 10:00"),
    ("office", "2026-05-16 10:00", 0, "2026-05-16 10:00"),
    ("office", "2026-05-13 10:00", 480, "2026-05-13 18:00"),
    ("office", "2026-05-13 10:00", 481, "2026-05-14 09:01"),
    ("office", "2026-05-13 18:00", 1, "2026-05-14 09:01"),
    ("office", "2026-05-13 08:59", 540, "2026-05-13 18:00"),
    ("office", "2026-05-15 17:00", 120, "2026-05-18 10:00"),
    ("office", "2026-09-19 10:00", 480, "2026-09-20 17:00"),
    ("office", "2026-09-20 16:00", 120, "2026-09-21 10:00"),
    ("office", "2026-09-30 17:00", 120, "2026-10-08 10:00"),
    ("office", "2026-10-10 11:30", 60, "2026-10-10 13:30"),
    ("office", "2026-10-10 23:00", 60, "2026-10-11 00:00"),
    ("office", "2026-10-10 23:00", 61, "2026-10-12 09:01"),
    ("office", "2026-02-13 18:00", 540 + 1, "2026-02-24 09:01"),
    ("office", "2026-02-27 18:00", 540, "2026-02-28 18:00"),
    ("office", "2026-12-31 17:50", 30, "2027-01-01 09:20"),
    ("office", "2023-12-29 17:00", 120, "2024-01-01 10:00"),
    ("lunch", "2025-05-14 11:00", 60, "2025-05-14 12:00"),
    ("lunch", "2025-05-14 11:00", 61, "2025-05-14 13:01"),
    ("lunch", "2025-05-14 12:30", 30, "2025-05-14 13:30"),
    ("lunch", "2025-05-16 17:30", 60, "2025-05-17 10:30"),
    # Beyond the horizon there is no Saturday shift.
    ("lunch", "2026-05-15 17:30", 60, "2026-05-18 09:30"),
    ("night", "2026-05-13 21:00", 120, "2026-05-14 00:00"),
    ("night", "2026-05-13 23:00", 420, "2026-05-14 06:00"),
    ("night", "2026-05-13 23:00", 421, "2026-05-14 06:01"),
    ("night", "2026-05-15 23:00", 60, "2026-05-16 00:00"),
    ("night", "2026-05-15 23:00", 61, "2026-05-16 12:01"),
    ("night", "2026-05-16 12:00", 1440, "2026-05-17 12:00"),
    # The shift that began on the eve of a day off runs to its end.
    ("night", "2026-09-30 23:00", 420, "2026-10-01 06:00"),
    ("night", "2026-09-30 23:00", 421, "2026-10-08 06:01"),
    # 2026-03-29: 02:00-03:00 is skipped, so Saturday's end of 02:30 is 03:30.
    ("berlin", "2026-03-28 23:00", 60, "2026-03-29 00:00"),
    ("berlin", "2026-03-28 23:00", 180, "2026-03-29 03:00"),
    ("berlin", "2026-03-28 23:00", 210, "2026-03-29 03:30"),
    ("berlin", "2026-03-28 23:00", 300, "2026-03-29 05:00"),
    # 2026-10-25: 02:00-03:00 comes twice; 02:30, 02:35 and 02:50 are the first ones.
    ("berlin", "2026-10-24 23:00", 210, "2026-10-25 02:30"),
    ("berlin", "2026-10-24 23:00", 225, "2026-10-25 02:50"),
    ("berlin", "2026-10-24 23:00", 226, "2026-10-25 03:01"),
    # A Sunday of 23 hours, one of 25 hours.
    ("new_york", "2026-03-08 00:00", 23 * 60, "2026-03-09 00:00"),
    ("new_york", "2026-11-01 00:00", 25 * 60, "2026-11-02 00:00"),
]


@pytest.mark.parametrize(("name", "start", "minutes", "due"), ADDITIONS)
def test_add(name: str, start: str, minutes: int, due: str) -> None:
    worktime = WORKTIMES[name]
    found = worktime.add(at(worktime, start), minutes * 60)
    assert shown(worktime, found) == due
    assert worktime.between(at(worktime, start), found) == minutes * 60


BETWEENS = [
    # calendar, from, to, minutes
    ("office", "2026-05-13 10:00", "2026-05-13 10:00", 0),
    ("office", "2026-05-13 11:00", "2026-05-13 10:00", 0),
    ("office", "2026-05-13 08:00", "2026-05-13 09:00", 0),
    ("office", "2026-05-13 08:00", "2026-05-13 09:01", 1),
    ("office", "2026-05-13 17:59", "2026-05-14 09:00", 1),
    ("office", "2026-05-16 00:00", "2026-05-18 00:00", 0),
    ("office", "2026-10-01 00:00", "2026-10-08 09:00", 0),
    ("office", "2026-09-19 00:00", "2026-09-21 00:00", 480),
    ("office", "2026-10-10 00:00", "2026-10-12 00:00", 900),
    ("lunch", "2025-05-14 11:30", "2025-05-14 13:30", 60),
    ("night", "2026-05-13 12:00", "2026-05-14 12:00", 480 + 75),
    ("berlin", "2026-03-28 12:00", "2026-03-29 12:00", 360),
    ("berlin", "2026-10-24 12:00", "2026-10-25 12:00", 270 + 15 + 120),
    ("new_york", "2026-03-07 00:00", "2026-03-10 00:00", 71 * 60),
    ("new_york", "2026-10-31 00:00", "2026-11-03 00:00", 73 * 60),
]


@pytest.mark.parametrize(("name", "start", "end", "minutes"), BETWEENS)
def test_between(name: str, start: str, end: str, minutes: int) -> None:
    worktime = WORKTIMES[name]
    assert worktime.between(at(worktime, start), at(worktime, end)) == minutes * 60


OPENINGS = [
    # calendar, instant, next opening (the instant itself where open)
    ("office", "2026-05-13 08:59:59", "2026-05-13 09:00"),
    ("office", "2026-05-13 09:00", "2026-05-13 09:00"),
    ("office", "2026-05-13 17:59:59", "2026-05-13 17:59:59"),
    ("office", "2026-05-13 18:00", "2026-05-14 09:00"),
    ("office", "2026-05-15 18:00", "2026-05-18 09:00"),
    ("office", "2026-09-18 18:00", "2026-09-20 09:00"),
    ("office", "2026-09-30 18:00", "2026-10-08 09:00"),
    ("lunch", "2025-05-14 12:00", "2025-05-14 13:00"),
    ("night", "2026-05-13 05:59:59", "2026-05-13 05:59:59"),
    ("night", "2026-05-13 06:00", "2026-05-13 06:00"),
    ("night", "2026-05-13 07:15", "2026-05-13 22:00"),
    ("night", "2026-05-16 00:00", "2026-05-16 12:00"),
]


@pytest.mark.parametrize(("name", "instant", "opening"), OPENINGS)
def test_opening(name: str, instant: str, opening: str) -> None:
    worktime = WORKTIMES[name]
    t = at(worktime, instant)
    assert shown(worktime, worktime.opening(t)) == opening
    assert worktime.is_open(t) == (instant == opening)


INTERVALS = [
    # calendar, day, intervals as local times
    ("lunch", "2025-05-14", ["05-14 09:00-05-14 12:00", "05-14 13:00-05-14 18:00"]),
    ("lunch", "2025-05-18", []),
    ("office", "2026-10-10", ["10-10 08:00-10-10 12:00", "10-10 13:00-10-11 00:00"]),
    ("office", "2026-10-01", []),
    ("night", "2026-05-13", ["05-13 06:00-05-13 07:15", "05-13 22:00-05-14 06:00"]),
    ("night", "2026-05-16", ["05-16 12:00-05-17 12:00"]),
    ("berlin", "2026-03-28", ["03-28 22:00-03-29 03:30"]),
    # 02:35-02:50 became 03:35-03:50, within 03:00-05:00; what Saturday holds is not repeated.
    ("berlin", "2026-03-29", ["03-29 03:30-03-29 05:00", "03-29 23:00-03-30 00:00"]),
    (
        "berlin",
        "2026-10-25",
        ["10-25 02:35-10-25 02:50", "10-25 03:00-10-25 05:00", "10-25 23:00-10-26 00:00"],
    ),
]


@pytest.mark.parametrize(("name", "day", "expected"), INTERVALS)
def test_intervals(name: str, day: str, expected: list[str]) -> None:
    worktime = WORKTIMES[name]
    found = [
        "-".join(worktime.local(t).strftime("%m-%d %H:%M") for t in interval)
        for interval in worktime.intervals(date.fromisoformat(day))
    ]
    assert found == expected


LOCAL_TIMES = [
    # zone, local time, UTC
    ("Asia/Shanghai", "2026-05-13 09:00", "2026-05-13 01:00"),
    ("Europe/Berlin", "2026-03-29 01:59", "2026-03-29 00:59"),
    ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:30"),
    ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00"),
    ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),
    ("Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00"),
    ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:30"),
    ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30"),
    ("America/Havana", "2026-03-08 00:00", "2026-03-08 05:00"),
    ("America/Havana", "2026-11-01 00:00", "2026-11-01 04:00"),
]


@pytest.mark.parametrize(("zone", "local", "utc"), LOCAL_TIMES)
def test_local_time_to_instant(zone: str, local: str, utc: str) -> None:
    found = at(Always(zone), local)
    assert datetime.fromtimestamp(found, UTC).strftime("%Y-%m-%d %H:%M") == utc


def test_the_first_of_an_ambiguous_time_whatever_the_fold_says() -> None:
    berlin = WORKTIMES["berlin"]
    day = date(2026, 10, 25)
    assert berlin.at(day, time(2, 30, 15, 999_999, fold=1)) == berlin.at(day, time(2, 30, 15))


def test_days_of_23_and_25_hours() -> None:
    berlin = WORKTIMES["berlin"]
    lengths = [
        (berlin.day_end(day) - berlin.day_start(day)) // HOUR
        for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25))
    ]
    assert lengths == [24, 23, 25]


def test_an_end_moved_over_midnight_is_not_counted_twice() -> None:
    """Toronto skipped 23:30-00:30 once: Saturday's 24 hours until 23:45 end on Monday 00:45."""
    week = {"sat": ["23:45-23:45"], "mon": ["00:30-01:00"]}
    toronto = Worktime(
        Calendar.model_validate(source(zone="America/Toronto", week=week, **{"from": "1919-01-01"}))
    )
    saturday, monday = date(1919, 3, 29), date(1919, 3, 31)
    ((start, end),) = toronto.intervals(saturday)
    assert (end - start, shown(toronto, end)) == (24 * HOUR, "1919-03-31 00:45")
    assert toronto.intervals(monday) == ((end, at(toronto, "1919-03-31 01:00")),)
    assert toronto.between(start, end + HOUR) == 24 * HOUR + 15 * 60


def test_the_local_day_of_an_instant() -> None:
    office = WORKTIMES["office"]
    midnight = int(datetime(2026, 5, 13, 16, tzinfo=UTC).timestamp())
    assert office.day_of(midnight - 1) == date(2026, 5, 13)
    assert office.day_of(midnight) == date(2026, 5, 14)
    assert office.day_start(date(2026, 5, 14)) == midnight == office.day_end(date(2026, 5, 13))
    assert office.local(midnight).utcoffset() == timedelta(hours=8)


WORKING_DAYS = [
    # day, n, after, before
    ("2026-05-13", 0, "2026-05-13", "2026-05-13"),
    ("2026-05-16", 0, "2026-05-16", "2026-05-16"),
    ("2026-05-13", 1, "2026-05-14", "2026-05-12"),
    ("2026-05-16", 1, "2026-05-18", "2026-05-15"),
    ("2026-05-13", 7, "2026-05-22", "2026-05-04"),
    ("2026-09-18", 1, "2026-09-20", "2026-09-17"),
    ("2026-09-21", 1, "2026-09-22", "2026-09-20"),
    ("2026-09-30", 3, "2026-10-10", "2026-09-24"),
    ("2026-12-31", 2, "2027-01-04", "2026-12-29"),
]


@pytest.mark.parametrize(("day", "n", "after", "before"), WORKING_DAYS)
def test_working_days(day: str, n: int, after: str, before: str) -> None:
    office = WORKTIMES["office"]
    assert office.working_day_after(date.fromisoformat(day), n) == date.fromisoformat(after)
    assert office.working_day_before(date.fromisoformat(day), n) == date.fromisoformat(before)


def test_provisional_begins_with_the_day_after_the_horizon() -> None:
    lunch = WORKTIMES["lunch"]
    end = lunch.day_end(date(2025, 12, 31))
    assert [lunch.provisional(t) for t in (end - 1, end, end + 10**8)] == [False, True, True]


def test_a_night_of_the_last_known_day_may_end_beyond_the_horizon() -> None:
    night = WORKTIMES["night"]
    (_, (_, end)) = night.intervals(date(2026, 12, 31))
    assert shown(night, end) == "2027-01-01 06:00"
    assert night.provisional(end)


@pytest.mark.parametrize("worktime", [WORKTIMES["office"], Always("Asia/Shanghai")])
def test_negative_amounts_are_refused(worktime: AnyWorktime) -> None:
    with pytest.raises(ValueError, match="must not be negative: -1"):
        worktime.add(0, -1)
    with pytest.raises(ValueError, match="must not be negative: -1"):
        worktime.working_day_after(date(2026, 5, 13), -1)
    with pytest.raises(ValueError, match="must not be negative: -2"):
        worktime.working_day_before(date(2026, 5, 13), -2)


def test_always_open() -> None:
    always = Always("Europe/Berlin")
    start = at(always, "2026-10-24 23:00")
    assert shown(always, always.add(start, 4 * HOUR)) == "2026-10-25 02:00"
    assert always.between(start, start + 5) == 5
    assert always.between(start, start - 5) == 0
    assert always.opening(start) == start
    assert always.is_open(start)
    assert always.is_working_day(date(2026, 10, 25))
    assert not always.provisional(start + 10**10)
    assert always.working_day_after(date(2026, 10, 23), 2) == date(2026, 10, 25)
    assert always.working_day_before(date(2026, 10, 26), 2) == date(2026, 10, 24)
    ((opens, closes),) = always.intervals(date(2026, 10, 25))
    assert closes - opens == 25 * HOUR


def test_both_kinds_answer_the_same_questions() -> None:
    def questions(kind: type[AnyWorktime]) -> set[str]:
        return {name for name in dir(kind) if not name.startswith("_")}

    assert questions(Worktime) == questions(Always)


def test_a_calendar_never_open_is_refused_by_the_arithmetic_too() -> None:
    """Were it accepted, looking for the next opening would not end."""
    calendar = Calendar.model_validate(source())
    closed = calendar.model_copy(update={"week": type(calendar.week)()})
    with pytest.raises(ValueError, match="never open"):
        Worktime(closed)
