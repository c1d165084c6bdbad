"""What the closed cases of a month tell: a sample to look at, a filing list, figures of service.

What it is: inquiries, that is computations that also ask `Cases`. A month is a local one of the
zone of the case that asks, and a case belongs to the month in which it was closed. The same records
give the same answers.
What it is not: judgement of a figure; processes do that. It knows no process.
Who may import it: the table of computations, and tests.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from math import ceil
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from activities.computations.cases import Cases, ClosedCase, ClosedClock

MOST_LISTED = 200
"""Entries of a list that goes back to a case; of more, the last one tells how many are left out."""
MINUTE, HOUR = 60, 3600
HANDLING = 72 * HOUR
"""What counts as handled soon."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class OfMonth(_Strict):
    """The cases of an organisation, or of all if it is empty, that were closed in a month."""

    organisation: str = ""
    month: str = Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")


class SampleWanted(OfMonth):
    """How much of them is looked at: a share of 100, and at least so many."""

    share_percent: float = Field(ge=0, le=100)
    least: int = Field(default=0, ge=0)
    seed: str = ""


class Sample(BaseModel):
    """The ids of the cases drawn, in the order of drawing, and how many there were to draw from."""

    cases: list[str]
    closed: int


class Filing(BaseModel):
    """What was closed, by process; what has no retention date; what need not be kept any more."""

    closed: int
    processes: list[str]
    without_retention: int
    expired: list[str]


class Figures(BaseModel):
    """Figures of a month. Absent are those that no case gives."""

    closed: int
    response_due: int
    response_on_time: int
    median_response_minutes: int | None
    p95_response_minutes: int | None
    handling_median_hours: int | None
    within_72h: int
    promises: int
    promises_kept: int
    breaches: int


class Month(NamedTuple):
    """From its first instant to that of the next month."""

    since: int
    until: int


def month_of(text: str, zone: str) -> Month:
    """The local month `2026-11`."""
    first = date.fromisoformat(f"{text}-01")
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return Month(_midnight(first, zone), _midnight(following, zone))


def _midnight(day: date, zone: str) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp())


def _closed(wanted: OfMonth, cases: Cases) -> Sequence[ClosedCase]:
    month = month_of(wanted.month, cases.zone)
    return cases.closed(wanted.organisation, month.since, month.until)


def sample_of_closed_cases(wanted: SampleWanted, cases: Cases) -> Sample:
    """A share of what was closed, rounded up, drawn by the digest of seed and case: nobody chooses,
    and anybody can draw it again. At most `MOST_LISTED`."""
    names = list(dict.fromkeys(case.case for case in _closed(wanted, cases)))
    share = ceil(Fraction(str(wanted.share_percent)) * len(names) / 100)
    size = min(len(names), max(wanted.least, share), MOST_LISTED)
    drawn = sorted(names, key=lambda name: (_lot(wanted.seed, name), name))
    return Sample(cases=drawn[:size], closed=len(names))


def _lot(seed: str, name: str) -> str:
    return hashlib.sha256((seed + name).encode("utf-8", "surrogatepass")).hexdigest()


def filing_of_month(wanted: OfMonth, cases: Cases) -> Filing:
    """What goes to the archive, and what may leave it."""
    found = _closed(wanted, cases)
    counted = Counter(case.process for case in found)
    before = month_of(wanted.month, cases.zone).until
    expired = dict.fromkeys(case.case for case in cases.expired(wanted.organisation, before))
    return Filing(
        closed=len(found),
        processes=_listed([f"{process}: {counted[process]}" for process in sorted(counted)]),
        without_retention=sum(case.keep_until is None for case in found),
        expired=_listed(list(expired)),
    )


def _listed(entries: list[str]) -> list[str]:
    """A list of bearable length, the rest told as a number."""
    if len(entries) <= MOST_LISTED:
        return entries
    left = len(entries) - (MOST_LISTED - 1)
    return [*entries[: MOST_LISTED - 1], f"… 另有 {left} 件未列 {left} more, not listed"]


def service_figures(wanted: OfMonth, cases: Cases) -> Figures:
    """How soon people were answered and helped, and how many promises were kept.

    A promise is judged when it was fulfilled, lapsed or was missed; one that became void is not.
    Times run on the wall and are rounded up, so that nothing looks better than it was; the 95th
    percentile is that of the nearest rank, the median of an even number lies in the middle of two.
    """
    found = _closed(wanted, cases)
    owed = [clock for case in found for clock in case.clocks if _judged(clock)]
    responses = [clock for clock in owed if clock.kind == "response"]
    waited = sorted(
        clock.ended - clock.anchor
        for clock in responses
        if clock.phase == "met" and clock.ended is not None
    )
    handled = sorted(case.closed - case.opened for case in found)
    promises = [clock for clock in owed if clock.kind == "reply"]
    return Figures(
        closed=len(found),
        response_due=len(responses),
        response_on_time=sum(clock.breached is None for clock in responses),
        median_response_minutes=_median(waited, MINUTE),
        p95_response_minutes=_nearest_rank(waited, 95, MINUTE),
        handling_median_hours=_median(handled, HOUR),
        within_72h=sum(seconds <= HANDLING for seconds in handled),
        promises=len(promises),
        promises_kept=sum(clock.breached is None for clock in promises),
        breaches=sum(clock.breached is not None for clock in owed),
    )


def _judged(clock: ClosedClock) -> bool:
    if clock.kind == "timer":
        return False
    return clock.breached is not None or clock.phase in ("met", "lapsed")


def _median(ordered: Sequence[int], unit: int) -> int | None:
    if not ordered:
        return None
    half = len(ordered) // 2
    return ceil(Fraction(ordered[half] + ordered[~half], 2 * unit))


def _nearest_rank(ordered: Sequence[int], percent: int, unit: int) -> int | None:
    if not ordered:
        return None
    return ceil(Fraction(ordered[ceil(Fraction(percent * len(ordered), 100)) - 1], unit))
