"""What the closed cases of a month tell, against straightforward counting."""

import hashlib
from datetime import datetime
from math import ceil
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.computations import COMPUTATIONS, InputInvalid
from activities.computations.cases import ClosedCase, ClosedClock, Given
from activities.computations.inquiries import MOST_LISTED, month_of

HOUR, DAY = 3600, 86_400


def at(text: str, zone: str = "Asia/Shanghai") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


NOON = at("2026-11-15 12:00")


def clock(kind: str = "response", **more: Any) -> ClosedClock:
    values: dict[str, Any] = {
        "clock": kind,
        "cycle": 1,
        "kind": kind,
        "phase": "met",
        "anchor": NOON - DAY,
        "due": NOON,
        "exclusive": False,
        "ended": NOON - DAY + 20 * 60,
        "breached": None,
    }
    return ClosedClock(**{**values, **more})


def case(name: str = "job:J-1", **more: Any) -> ClosedCase:
    values: dict[str, Any] = {
        "number": 1,
        "process": name.partition(":")[0],
        "title": ("工作", "Job"),
        "organisation": "east",
        "profile": "",
        "opened": NOON - DAY,
        "closed": NOON,
        "keep_until": None,
        "owner": "zhang",
        "clocks": (),
    }
    return ClosedCase(case=name, **{**values, **more})


def ask(name: str, cases: list[ClosedCase], zone: str = "Asia/Shanghai", **more: Any) -> Any:
    wanted = {"organisation": "east", "month": "2026-11"} | more
    return COMPUTATIONS.run(name, wanted, Given(cases, zone))


def test_a_month_is_a_local_one() -> None:
    first, last = at("2026-11-01 00:00"), at("2026-12-01 00:00")
    assert month_of("2026-11", "Asia/Shanghai") == (first, last)
    assert month_of("2026-12", "Asia/Shanghai").until == at("2027-01-01 00:00")
    moments = (first - 1, first, last - 1, last)
    cases = [case(f"job:J-{n}", closed=moment) for n, moment in enumerate(moments)]
    sample = ask("sample_of_closed_cases", cases, share_percent=100)
    assert (sorted(sample["cases"]), sample["closed"]) == (["job:J-1", "job:J-2"], 2)
    assert ask("service_figures", cases, zone="UTC")["closed"] == 2
    assert ask("filing_of_month", cases, month="2026-12")["closed"] == 1


def test_an_organisation_or_all_of_them() -> None:
    cases = [case("job:J-1"), case("job:J-2", organisation="west")]
    found = {
        of: ask("filing_of_month", cases, organisation=of)["closed"]
        for of in ("east", "west", "north", "")
    }
    assert found == {"east": 1, "west": 1, "north": 0, "": 2}


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "", "2026-11-01"])
def test_what_is_no_month_is_refused(month: str) -> None:
    with pytest.raises(InputInvalid, match="month"):
        ask("service_figures", [], month=month)


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(0, 60),
    share=st.sampled_from((0, 0.5, 1, 7, 10, 33.3, 50, 100)),
    least=st.integers(0, 12),
    seed=st.text(max_size=5),
)
def test_a_sample_is_drawn_by_digest(n: int, share: float, least: int, seed: str) -> None:
    cases = [case(f"job:J-{i}", closed=NOON + i * 977 % 5000) for i in range(n)]
    found = ask("sample_of_closed_cases", cases, share_percent=float(share), least=least, seed=seed)
    size = min(n, max(least, ceil(round(n * share / 100, 6))))
    lots = {
        one.case: hashlib.sha256((seed + one.case).encode("utf-8", "surrogatepass")).hexdigest()
        for one in cases
    }
    assert found == {"cases": sorted(lots, key=lots.__getitem__)[:size], "closed": n}
    assert found == ask(
        "sample_of_closed_cases", cases[::-1], share_percent=float(share), least=least, seed=seed
    )


def test_a_case_closed_twice_is_drawn_once() -> None:
    cases = [case(), case(number=2, closed=NOON + 5)]
    assert ask("sample_of_closed_cases", cases, share_percent=100) == {
        "cases": ["job:J-1"],
        "closed": 1,
    }


def test_a_filing_list() -> None:
    cases = [
        case("job:J-1", keep_until=NOON + 400 * DAY),
        case("job:J-2"),
        case("slip:S-1"),
        case("slip:S-0", closed=NOON - 900 * DAY, keep_until=at("2026-11-30 23:59:59")),
        case("slip:S-2", closed=NOON - 900 * DAY, keep_until=at("2026-12-01 00:00")),
    ]
    assert ask("filing_of_month", cases) == {
        "closed": 3,
        "processes": ["job: 2", "slip: 1"],
        "without_retention": 2,
        "expired": ["slip:S-0"],
    }


def test_long_lists_tell_how_much_is_left_out() -> None:
    old = {"closed": NOON - 900 * DAY, "keep_until": NOON}
    cases = [case(f"job:J-{n:03}", **old) for n in range(MOST_LISTED + 30)]
    expired = ask("filing_of_month", cases)["expired"]
    assert (len(expired), expired[0]) == (MOST_LISTED, "job:J-000")
    assert expired[-1] == "… 另有 31 件未列 31 more, not listed"
    assert len(ask("filing_of_month", cases[:MOST_LISTED])["expired"]) == MOST_LISTED
    now = [case(f"job:J-{n:03}") for n in range(MOST_LISTED + 30)]
    sample = ask("sample_of_closed_cases", now, share_percent=100)
    assert (len(sample["cases"]), sample["closed"]) == (MOST_LISTED, MOST_LISTED + 30)


def test_figures_of_nothing() -> None:
    assert ask("service_figures", []) == {
        "closed": 0,
        "response_due": 0,
        "response_on_time": 0,
        "within_72h": 0,
        "promises": 0,
        "promises_kept": 0,
        "breaches": 0,
    }


def test_figures_of_a_few_cases() -> None:
    late = clock(breached=NOON, ended=NOON - DAY + 90 * 60 + 1)
    void = clock(phase="superseded", ended=NOON)
    cases = [
        case("job:J-1", clocks=(clock(), clock("reply"), void)),
        case("job:J-2", opened=NOON - 72 * HOUR, clocks=(late, clock("reply", breached=NOON))),
        case("job:J-3", opened=NOON - 72 * HOUR - 1, clocks=(clock("resolution", breached=NOON),)),
        case("job:J-4", opened=NOON - 80 * HOUR, clocks=(clock("reply", phase="cancelled"),)),
        case("job:J-5", clocks=(clock("timer", phase="lapsed"), clock("cut_off", phase="lapsed"))),
    ]
    assert ask("service_figures", cases) == {
        "closed": 5,
        "response_due": 2,
        "response_on_time": 1,
        "median_response_minutes": 56,
        "p95_response_minutes": 91,
        "handling_median_hours": 72,
        "within_72h": 3,
        "promises": 2,
        "promises_kept": 1,
        "breaches": 3,
    }


@settings(max_examples=60, deadline=None)
@given(waits=st.lists(st.integers(0, 40 * HOUR), min_size=1, max_size=60))
def test_median_and_percentile(waits: list[int]) -> None:
    cases = [
        case(
            f"job:J-{n}",
            opened=NOON - wait,
            clocks=(clock(anchor=NOON - wait, ended=NOON),),
        )
        for n, wait in enumerate(waits)
    ]
    found = ask("service_figures", cases)
    ordered = sorted(waits)
    rank = next(w for n, w in enumerate(ordered, 1) if 100 * n >= 95 * len(ordered))
    assert found["median_response_minutes"] == ceil(median(waits) / 60)
    assert found["p95_response_minutes"] == ceil(rank / 60)
    assert found["handling_median_hours"] == ceil(median(waits) / HOUR)
