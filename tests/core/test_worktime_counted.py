"""Working time against a count of single minutes, over all of 2024-2026.

The count is built from conversions UTC -> local only, never local -> UTC as the code under test
does it. Walking through UTC, the local wall clock is read; two rules define the changes:

- A boundary inside a gap (a wall time that is skipped) moves forward by the length of the gap:
  02:30 of a skipped 02:00-03:00 means 03:30.
- A boundary inside an overlap (a wall time that comes twice) is the first of the two. So during
  the repeated hour the wall clock is taken to stand still just before its end: what was passed
  stays passed, hours ending at 02:30 end once, and hours covering the overlap cover both passes.
"""

from array import array
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.calendars import HOUR, SOURCES, WEEKDAYS, WORKTIMES

FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)
ZERO_DAY = FIRST - timedelta(days=5)
DAY_MINUTES = 1440
QUARTER = 15  # Every change of these zones falls on a quarter of an hour.
BEGIN = int(datetime(FIRST.year, 1, 1, tzinfo=UTC).timestamp())
MINUTES = ((LAST - FIRST).days + 1) * DAY_MINUTES


def wall_reading(zone: ZoneInfo, t: int) -> int:
    """What the local wall clock shows, in minutes since ZERO_DAY 00:00."""
    seen = datetime.fromtimestamp(t, UTC).astimezone(zone)
    return (seen.date() - ZERO_DAY).days * DAY_MINUTES + seen.hour * 60 + seen.minute


def hours_of(values: dict[str, Any], day: date) -> list[str]:
    """The hours a calendar's text gives to one day, read naively."""
    week: dict[str, list[str]] = values["week"]
    normal = week["mon"]
    if not values["from"] <= day.isoformat() <= values["through"]:
        return normal if day.weekday() < 5 else []
    if day.isoformat() in values.get("work", {}):
        hours: list[str] | str = values["work"][day.isoformat()]
        return normal if isinstance(hours, str) or not hours else hours
    for entry in values.get("off", []):
        first, _, last = entry.partition("..")
        if first <= day.isoformat() <= (last or first):
            return []
    return week.get(WEEKDAYS[day.weekday()], [])


class MinuteCount:
    """Every minute of 2024-2026 classified, with running sums."""

    def __init__(self, values: dict[str, Any]) -> None:
        zone = ZoneInfo(values["zone"])
        readings = [wall_reading(zone, BEGIN + q * QUARTER * 60) for q in range(MINUTES // QUARTER)]
        gaps = [
            (earlier + QUARTER, later)
            for earlier, later in pairwise(readings)
            if later > earlier + QUARTER
        ]
        wall = self._open_wall_minutes(values, gaps)
        self.open = bytearray(MINUTES)
        high = -1
        for q, reading in enumerate(readings):
            if reading > high:
                part = wall[reading : reading + QUARTER]
                high = reading + QUARTER - 1
            else:
                part = wall[high : high + 1] * QUARTER
            self.open[q * QUARTER : (q + 1) * QUARTER] = part
        self.sums = array("l", accumulate(self.open, initial=0))

    @staticmethod
    def _open_wall_minutes(values: dict[str, Any], gaps: list[tuple[int, int]]) -> bytearray:
        def moved(boundary: int) -> int:
            for start, end in gaps:
                if start <= boundary < end:
                    return boundary + end - start
            return boundary

        wall = bytearray(MINUTES + 12 * DAY_MINUTES)
        for n in range((LAST - ZERO_DAY).days + 3):
            for hours in hours_of(values, ZERO_DAY + timedelta(days=n)):
                start, end = (
                    int(h) * 60 + int(m) for h, m in (x.split(":") for x in hours.split("-"))
                )
                end += DAY_MINUTES if end <= start else 0
                start, end = moved(n * DAY_MINUTES + start), moved(n * DAY_MINUTES + end)
                wall[start:end] = b"\x01" * max(0, end - start)
        return wall

    def is_open(self, t: int) -> bool:
        return bool(self.open[(t - BEGIN) // 60])

    def until(self, t: int) -> int:
        """Open seconds from the beginning of 2024 (UTC) until t."""
        minute, second = divmod(t - BEGIN, 60)
        return self.sums[minute] * 60 + (second * self.open[minute] if second else 0)

    def opening(self, t: int) -> int:
        """t if open, else the next opening; the caller leaves room for one."""
        if self.is_open(t):
            return t
        minute = bisect_right(self.sums, self.sums[(t - BEGIN) // 60]) - 1
        return BEGIN + minute * 60


@cache
def counted(name: str) -> MinuteCount:
    return MinuteCount(SOURCES[name])


# fmt: off
EDGE_DAYS = (
    "2024-03-09", "2024-03-10", "2024-03-30", "2024-03-31", "2024-04-06", "2024-10-05",
    "2024-10-26", "2024-10-27", "2024-11-02", "2024-11-03", "2025-03-09", "2025-04-05",
    "2025-10-25", "2025-11-02", "2025-12-31", "2026-01-01", "2026-03-08", "2026-03-28",
    "2026-03-29", "2026-04-04", "2026-09-20", "2026-10-01", "2026-10-03", "2026-10-10",
    "2026-10-24", "2026-10-25", "2026-10-31", "2026-11-01",
)
# fmt: on
names = st.sampled_from(sorted(SOURCES))
instants = st.integers(BEGIN, BEGIN + MINUTES * 60)
# Near the changes of daylight saving and the turns of shifts.
edges = st.builds(
    lambda day, minute, shift: day + minute * 60 + shift,
    st.sampled_from(
        [int(datetime.fromisoformat(f"{text}T00:00:00+00:00").timestamp()) for text in EDGE_DAYS]
    ),
    st.sampled_from(range(0, DAY_MINUTES, 5)),
    st.sampled_from((-1, 0, 1)),
)
moments = instants | edges
examples = settings(max_examples=100, deadline=None)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_opening_and_closing_agrees_with_the_count(name: str) -> None:
    """All of 2024-2026: the intervals, joined, are exactly the runs of open minutes."""
    worktime, count = WORKTIMES[name], counted(name)
    painted = bytearray(MINUTES)
    for n in range(-3, (LAST - FIRST).days + 3):
        for start, end in worktime.intervals(FIRST + timedelta(days=n)):
            low, high = max(0, (start - BEGIN) // 60), min(MINUTES, (end - BEGIN) // 60)
            if low < high:
                assert not any(painted[low:high]), "intervals overlap"
                painted[low:high] = b"\x01" * (high - low)
    assert painted == count.open


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_hour_agrees_with_the_count(name: str) -> None:
    """Every hour of 2024-2026, so every seam of the code's own blocks and every closing."""
    worktime, count = WORKTIMES[name], counted(name)
    for t in range(BEGIN, BEGIN + MINUTES * 60 + 1, HOUR):
        passed = count.until(t)
        assert worktime.between(BEGIN, t) == passed
        if t > BEGIN and count.is_open(t - 1):
            assert worktime.add(BEGIN, passed) == t


@given(name=names, a=moments, b=moments)
@examples
def test_between_is_the_count(name: str, a: int, b: int) -> None:
    count = counted(name)
    assert WORKTIMES[name].between(a, b) == max(0, count.until(b) - count.until(a))


@given(name=names, start=moments, share=st.floats(0, 1), seconds=st.integers(0, 50 * HOUR))
@examples
def test_add_gives_what_was_asked_at_the_earliest(
    name: str, start: int, share: float, seconds: int
) -> None:
    worktime, count = WORKTIMES[name], counted(name)
    available = count.until(BEGIN + MINUTES * 60) - count.until(start)
    for budget in sorted({0, min(1, available), min(seconds, available), int(share * available)}):
        due = worktime.add(start, budget)
        assert worktime.between(start, due) == budget == count.until(due) - count.until(start)
        if budget == 0:
            assert due == start
        else:
            assert count.is_open(due - 1)
            assert worktime.between(start, due - 1) == budget - 1


@given(name=names, t=moments)
@examples
def test_opening_is_the_next_open_minute(name: str, t: int) -> None:
    worktime, count = WORKTIMES[name], counted(name)
    t = min(t, BEGIN + MINUTES * 60 - 10 * 86_400)
    assert worktime.is_open(t) == count.is_open(t)
    assert worktime.opening(t) == count.opening(t)


@given(name=names, start=moments, x=st.integers(0, 3000 * HOUR), y=st.integers(0, 3000 * HOUR))
@examples
def test_add_is_monotone_and_additive(name: str, start: int, x: int, y: int) -> None:
    worktime = WORKTIMES[name]
    once, both = worktime.add(start, x), worktime.add(start, x + y)
    assert start <= once <= both
    assert worktime.add(once, y) == both
    assert worktime.add(min(start + y, once), x) >= once


@given(name=names, points=st.lists(moments, min_size=3, max_size=3))
@examples
def test_between_is_additive_and_monotone(name: str, points: list[int]) -> None:
    worktime = WORKTIMES[name]
    a, b, c = sorted(points)
    assert worktime.between(a, b) + worktime.between(b, c) == worktime.between(a, c)
    assert 0 <= worktime.between(a, b) <= min(b - a, worktime.between(a, c))


@given(name=names, day=st.dates(FIRST, LAST), n=st.integers(1, 40))
@examples
def test_working_days_are_counted_one_by_one(name: str, day: date, n: int) -> None:
    worktime, values = WORKTIMES[name], SOURCES[name]
    for step, found in (
        (1, worktime.working_day_after(day, n)),
        (-1, worktime.working_day_before(day, n)),
    ):
        passed = range(1, (found - day).days * step + 1)
        working = [k for k in passed if hours_of(values, day + timedelta(days=k * step))]
        assert len(working) == n
        assert working[-1] == passed[-1]
