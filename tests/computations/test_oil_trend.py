"""How a series of samples develops: by cases worked out by hand, and whatever the order."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.computations import InputInvalid, run

FIGURES = ("water", "acid", "contamination", "metals")


def trend(*samples: dict[str, Any], window: int = 5, threshold: int = 10) -> dict[str, Any]:
    return run("oil_trend", {"samples": list(samples), "window": window, "threshold": threshold})


def sample(day: str, hours: float | None = None, **figures: Any) -> dict[str, Any]:
    return {"taken_on": day, "oil_grade": "HM46", **figures} | (
        {} if hours is None else {"hours": hours}
    )


def test_one_sample_has_no_trend() -> None:
    assert trend(sample("2026-01-05", 100.0, acid=0.3))["trend"] == "first"


def test_another_grade_begins_anew() -> None:
    other = {**sample("2026-02-05", 200.0, acid=9.0), "oil_grade": "HM68"}
    assert trend(sample("2026-01-05", 100.0, acid=0.3), other)["trend"] == "first"


@pytest.mark.parametrize(
    ("acid", "said"),
    # Mean of 1.0 and the second; the limit itself counts.
    [(1.0, "stable"), (1.1, "stable"), (1.106, "worsening"), (0.9, "improving"), (0.91, "stable")],
)
def test_a_change_is_held_against_the_mean(acid: float, said: str) -> None:
    answer = trend(sample("2026-01-05", 100.0, acid=1.0), sample("2026-02-05", 200.0, acid=acid))
    assert answer["trend"] == said


def test_the_limit_itself_counts() -> None:
    # 0.95 and 1.05: mean 1, rise 0.1, 10 %. Binary numbers would miss it by a hair.
    first, last = sample("2026-01-05", 1.0, acid=0.95), sample("2026-01-06", 2.0, acid=1.05)
    assert trend(first, last) == {"trend": "worsening", "because": "酸值+10.0%", "order": [0, 1]}


def test_a_figure_that_gets_worse_outweighs_one_that_gets_better() -> None:
    first = sample("2026-01-05", 1.0, acid=1.0, metals=10.0, water=100.0)
    last = sample("2026-02-05", 2.0, acid=1.0, metals=20.0, water=10.0)
    assert trend(first, last) == {
        "trend": "worsening",
        "because": "磨损金属+66.7%",
        "order": [0, 1],
    }


@pytest.mark.parametrize("last", [40.0, 52.0])
def test_viscosity_drifts_both_ways(last: float) -> None:
    first = sample("2026-01-05", 1.0, viscosity=46.0)
    assert trend(first, sample("2026-02-05", 2.0, viscosity=last))["trend"] == "worsening"


def test_only_the_latest_samples_count() -> None:
    old = [sample(f"2026-01-{day:02}", float(day), metals=90.0 / day) for day in range(1, 9)]
    new = [sample(f"2026-02-{day:02}", 30.0 + day, metals=10.0) for day in range(1, 6)]
    assert trend(*old, *new)["trend"] == "stable"
    assert trend(*old, *new, window=12)["trend"] == "improving"


def test_without_hours_the_days_count() -> None:
    first, last = sample("2026-01-05", metals=10.0), sample("2026-03-05", 50.0, metals=20.0)
    assert trend(first, last)["trend"] == "worsening"


def test_hours_that_fall_are_no_measure() -> None:
    first = sample("2026-01-05", 900.0, metals=10.0)
    assert trend(first, sample("2026-03-05", 5.0, metals=20.0))["trend"] == "worsening"


def test_figures_of_nothing_are_stable() -> None:
    zeros = dict.fromkeys(FIGURES, 0.0)
    answer = trend(sample("2026-01-05", 1.0, **zeros), sample("2026-01-05", 1.0, **zeros))
    assert answer["trend"] == "stable"


@pytest.mark.parametrize("samples", [[], [{"taken_on": "2026-01-05", "acid": "1"}]])
def test_what_is_no_series_is_refused(samples: list[dict[str, Any]]) -> None:
    with pytest.raises(InputInvalid):
        trend(*samples)


@st.composite
def series(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Samples of distinct days and rising hours."""
    steps = draw(st.lists(st.integers(1, 60), min_size=2, max_size=12))
    figure = st.one_of(st.none(), st.integers(0, 500).map(lambda n: n / 10))
    day, hours, found = date(2026, 1, 1), 0.0, []
    for step in steps:
        day, hours = day + timedelta(days=step), hours + step
        known = {name: draw(figure) for name in (*FIGURES, "viscosity")}
        found.append(sample(day.isoformat(), hours, **known))
    return found


@settings(max_examples=60, deadline=None)
@given(series(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(found: list[dict[str, Any]], chance: Any) -> None:
    places = list(range(len(found)))
    chance.shuffle(places)
    mixed = trend(*[found[at] for at in places])
    plain = trend(*found)
    assert (mixed["trend"], mixed["because"]) == (plain["trend"], plain["because"])
    assert [places[at] for at in mixed["order"]] == plain["order"]
