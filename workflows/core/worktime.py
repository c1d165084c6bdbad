"""Working time: what an instant, a day and an amount of open time mean on one calendar.

Pure arithmetic over a calendar: it knows no clocks, budgets in words or rungs. Instants are whole
seconds since the epoch, UTC. May be imported by the core, and by the edges that print times.

Every calendar answers the same questions, so callers never branch: `Worktime` for a calendar with
hours, `Always` for round the clock.

How it counts: open time is the union of the calendar's intervals, each `[start, end)` between two
local times turned into instants by `at`. The timeline is cut into blocks of 64 local days; each
block keeps its open pieces with running sums, is compiled when first asked for and never changes.
Counting looks into the two blocks at its ends and adds the totals of those in between.

Where daylight saving shifts a boundary, two intervals may come to overlap or one may vanish (hours
`02:30-03:00` on a day that skips 02:00-03:00). The union counts no second twice, and a vanished
interval counts nothing.
"""

from bisect import bisect_left, bisect_right
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

from definitions.calendar import Calendar

Interval = tuple[int, int]

_ONE_DAY = timedelta(days=1)
_DAY_SECONDS = 86_400
_DAY_MINUTES = 1_440
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_BLOCK_DAYS = 64
# Hours begin on their day and last at most 24 hours, so they end on the next day; a boundary that
# does not exist moves forward, at worst into the day after that.
_SPILL_DAYS = 2


class LocalDays:
    """Instants and local days of one time zone: the part all calendars share."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)

    def local(self, t: int) -> datetime:
        """The aware local time of an instant."""
        return datetime.fromtimestamp(t, self.zone)

    def day_of(self, t: int) -> date:
        """The local date of an instant."""
        return self.local(t).date()

    def at(self, day: date, clock: time) -> int:
        """The instant of a local time; fractions of a second are cut off.

        A time that does not exist moves forward by the length of the gap (02:30 in a gap of one
        hour is 03:30); an ambiguous one is the first.
        """
        return _instant(self.zone, day, clock)

    def day_start(self, day: date) -> int:
        """00:00 local."""
        return self.at(day, time.min)

    def day_end(self, day: date) -> int:
        """24:00 local, exclusive: the start of the next day."""
        return self.day_start(day + _ONE_DAY)


@lru_cache(maxsize=10_000)
def _instant(zone: ZoneInfo, day: date, clock: time) -> int:
    """Kept, since all cases of a day ask for the same few."""
    return int(datetime.combine(day, clock.replace(microsecond=0, fold=0), zone).timestamp())


class _Block(NamedTuple):
    """Open time within 64 local days: piece i is `[opens[i], closes[i])`, sums[i] lies before."""

    start: int
    end: int
    opens: tuple[int, ...]
    closes: tuple[int, ...]
    sums: tuple[int, ...]
    total: int

    def before(self, t: int) -> int:
        """Open seconds of this block before t, which lies in it."""
        i = bisect_right(self.opens, t) - 1
        return 0 if i < 0 else self.sums[i] + min(t, self.closes[i]) - self.opens[i]


class Worktime(LocalDays):
    """Working-time arithmetic on one calendar. Immutable but for caches, safe between threads.

    Days outside the calendar's known dates are projected: Monday to Friday with Monday's hours.
    Raises ValueError for a calendar that is never open.
    """

    def __init__(self, calendar: Calendar) -> None:
        super().__init__(calendar.zone)
        self.calendar = calendar
        self._plan = calendar.plan()
        # Filled with immutable values only: a race computes the same value twice, no more.
        self._instants: dict[date, tuple[Interval, ...]] = {}
        self._blocks: dict[int, _Block] = {}

    def is_working_day(self, day: date) -> bool:
        """Whether the calendar gives hours to this local day."""
        return bool(self._plan.on(day))

    def working_day_after(self, day: date, n: int) -> date:
        """The n-th working day after `day`, which is not counted; `day` itself for n = 0."""
        return self._step(day, n, _ONE_DAY)

    def working_day_before(self, day: date, n: int) -> date:
        """The n-th working day before `day`, which is not counted; `day` itself for n = 0."""
        return self._step(day, n, -_ONE_DAY)

    def intervals(self, day: date) -> tuple[Interval, ...]:
        """Open intervals that begin on this local day, in order, half-open, never overlapping."""
        covered = max(
            (
                end
                for back in range(1, _SPILL_DAYS + 1)
                for _, end in self._boundaries(day - back * _ONE_DAY)
            ),
            default=None,
        )
        result: list[Interval] = []
        for start, end in self._boundaries(day):
            opens = start if covered is None else max(start, covered)
            if opens < end:
                result.append((opens, end))
                covered = end
        return tuple(result)

    def is_open(self, t: int) -> bool:
        """Whether working time runs at this instant; at closing time it does not."""
        return self.opening(t) == t

    def opening(self, t: int) -> int:
        """The instant itself if open, else the next opening."""
        key = self._key(t)
        block = self._block(key)
        i = bisect_right(block.opens, t) - 1
        if i >= 0 and t < block.closes[i]:
            return t
        i += 1
        while i >= len(block.opens):
            key, i = key + 1, 0
            block = self._block(key)
        return block.opens[i]

    def between(self, a: int, b: int) -> int:
        """Open seconds in `[a, b)`; 0 where b is not after a."""
        if b <= a:
            return 0
        first, last = self._key(a), self._key(b)
        passed = sum(self._block(key).total for key in range(first, last))
        return passed + self._block(last).before(b) - self._block(first).before(a)

    def add(self, start: int, seconds: int) -> int:
        """The earliest instant t from start on with `between(start, t) == seconds`.

        A budget that ends exactly at closing time is due at closing time; one of zero at `start`.
        Raises ValueError for a negative budget.
        """
        if seconds < 0:
            raise ValueError(f"working time to add must not be negative: {seconds}")
        if seconds == 0:
            return start
        key = self._key(start)
        block = self._block(key)
        rest = seconds + block.before(start)
        while rest > block.total:
            rest -= block.total
            key += 1
            block = self._block(key)
        i = bisect_left(block.sums, rest) - 1
        return block.opens[i] + rest - block.sums[i]

    def provisional(self, t: int) -> bool:
        """Whether the local day of t lies beyond the horizon; for an exclusive end pass t - 1."""
        return self.unknown(self.day_of(t))

    def unknown(self, day: date) -> bool:
        """Whether a local day lies beyond the horizon."""
        return day > self.calendar.through

    def _step(self, day: date, n: int, step: timedelta) -> date:
        if n < 0:
            raise ValueError(f"number of working days must not be negative: {n}")
        on = self._plan.on
        while n > 0:
            day += step
            n -= bool(on(day))
        return day

    def _boundaries(self, day: date) -> tuple[Interval, ...]:
        """The day's hours as instants, in order, without what daylight saving made vanish."""
        found = self._instants.get(day)
        if found is None:
            pairs = ((self._minute(day, a), self._minute(day, b)) for a, b in self._plan.on(day))
            found = tuple(sorted((a, b) for a, b in pairs if a < b))
            self._instants[day] = found
        return found

    def _minute(self, day: date, minute: int) -> int:
        days, within = divmod(minute, _DAY_MINUTES)
        return self.at(day + days * _ONE_DAY, time(*divmod(within, 60)))

    def _key(self, t: int) -> int:
        """The block an instant lies in: guessed from its UTC day, then set right."""
        key = (t // _DAY_SECONDS + _EPOCH_ORDINAL) // _BLOCK_DAYS
        block = self._block(key)
        if t < block.start:
            return key - 1
        return key + 1 if t >= block.end else key

    def _block(self, key: int) -> _Block:
        found = self._blocks.get(key)
        if found is None:
            found = self._blocks[key] = self._compiled(key)
        return found

    def _compiled(self, key: int) -> _Block:
        first = key * _BLOCK_DAYS
        start = self.day_start(date.fromordinal(first))
        end = self.day_start(date.fromordinal(first + _BLOCK_DAYS))
        pieces = [
            (max(opens, start), min(closes, end))
            for ordinal in range(first - _SPILL_DAYS, first + _BLOCK_DAYS)
            for opens, closes in self.intervals(date.fromordinal(ordinal))
            if opens < end and closes > start
        ]
        sums = tuple(accumulate((closes - opens for opens, closes in pieces), initial=0))
        return _Block(
            start=start,
            end=end,
            opens=tuple(opens for opens, _ in pieces),
            closes=tuple(closes for _, closes in pieces),
            sums=sums[:-1],
            total=sums[-1],
        )


class Always(LocalDays):
    """The calendar that is open 24 hours on 7 days: every day counts, nothing is provisional."""

    def is_working_day(self, day: date) -> bool:
        """Every day is one."""
        return True

    def working_day_after(self, day: date, n: int) -> date:
        """The n-th day after `day`."""
        return self._step(day, n, _ONE_DAY)

    def working_day_before(self, day: date, n: int) -> date:
        """The n-th day before `day`."""
        return self._step(day, n, -_ONE_DAY)

    def intervals(self, day: date) -> tuple[Interval, ...]:
        """The whole day, 23 or 25 hours long where daylight saving changes."""
        start, end = self.day_start(day), self.day_end(day)
        return ((start, end),) if start < end else ()

    def is_open(self, t: int) -> bool:
        """Always."""
        return True

    def opening(self, t: int) -> int:
        """The instant itself."""
        return t

    def between(self, a: int, b: int) -> int:
        """Seconds in `[a, b)`; 0 where b is not after a."""
        return max(0, b - a)

    def add(self, start: int, seconds: int) -> int:
        """The instant so many seconds later. Raises ValueError for a negative budget."""
        if seconds < 0:
            raise ValueError(f"working time to add must not be negative: {seconds}")
        return start + seconds

    def provisional(self, t: int) -> bool:
        """Never: there is no horizon."""
        return False

    def unknown(self, day: date) -> bool:
        """Never."""
        return False

    def _step(self, day: date, n: int, step: timedelta) -> date:
        if n < 0:
            raise ValueError(f"number of working days must not be negative: {n}")
        return day + n * step


AnyWorktime = Worktime | Always
