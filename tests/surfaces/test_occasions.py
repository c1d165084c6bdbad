"""When cases open by the calendar, under which keys and with which data."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from definitions.loader import load_library
from tests.surfaces.play import PROCESSES
from tests.surfaces.yard import MONTHLY, ROUND, at
from workflows.core.errors import IllegalEvent
from workflows.occasions import Occasions


@pytest.fixture
def occasions(tmp_path: Path) -> Callable[..., Occasions]:
    shutil.copytree(PROCESSES, tmp_path / "definitions")

    def make(**more: Any) -> Occasions:
        said = {"name": "tour", "day": 3, "months": 1, "key": MONTHLY, **more}
        (tmp_path / "definitions" / "tour.yaml").write_text(ROUND.format(**said), "utf-8")
        return Occasions(load_library(tmp_path / "definitions").processes["tour"], "monthly")

    return make


@pytest.mark.parametrize(
    ("months", "instant", "last", "coming"),
    [
        (1, "2026-11-10T09:30+08:00", "2026-11-03", ["2026-12-03", "2027-01-03"]),
        (1, "2026-11-03T09:30+08:00", "2026-11-03", ["2026-12-03", "2027-01-03"]),
        (1, "2026-11-03T09:29+08:00", "2026-10-03", ["2026-11-03", "2026-12-03"]),
        (1, "2026-01-01T00:00+08:00", "2025-12-03", ["2026-01-03", "2026-02-03"]),
        (2, "2026-12-10T00:00+08:00", "2026-11-03", ["2027-01-03", "2027-03-03"]),
        (5, "2026-12-10T00:00+08:00", "2026-11-03", ["2027-01-03", "2027-06-03"]),
        (12, "2026-12-10T00:00+08:00", "2026-01-03", ["2027-01-03", "2028-01-03"]),
    ],
)
def test_an_instant_stands_for_the_last_occasion(
    occasions: Callable[..., Occasions], months: int, instant: str, last: str, coming: list[str]
) -> None:
    made = occasions(months=months)
    assert made.last(at(instant)) == at(f"{last}T09:30+08:00")
    assert made.coming(at(instant), 2) == tuple(at(f"{day}T09:30+08:00") for day in coming)


def test_an_opening_leaves_out_what_has_no_value(occasions: Callable[..., Occasions]) -> None:
    instant = at("2026-11-03T09:30+08:00")
    opening = occasions().opening(instant, "LY01")
    assert (opening.key, opening.data) == (
        "LY01-2026-11",
        {"place": "LY01", "planned_at": instant},
    )
    started = occasions().arguments(instant, "LY01", instant + 86400)
    assert started["id"] == "tour:LY01-2026-11"
    assert started["args"][0].occurred_at == instant
    assert started["args"][0].event_id == "duecourse-tour-monthly/2026-11-03T01:30:00Z/LY01"
    assert started["args"][0].origin == ""
    with pytest.raises(IllegalEvent) as early:
        occasions().arguments(instant, "LY01", instant - 3600)
    assert early.value.code == "from_the_future"


def test_a_key_that_cannot_be_computed_is_said(occasions: Callable[..., Occasions]) -> None:
    made = occasions(key="string(month_start(schedule.organisation))")
    with pytest.raises(IllegalEvent) as failed:
        made.opening(0, "LY01")
    assert failed.value.code == "expression_failed"


@pytest.mark.parametrize(
    ("instant", "period"),
    [
        ("2026-01-01T00:00+08:00", "2026-02"),
        ("2026-11-01T00:00+08:00", "2026-12"),
        ("2027-01-01T00:00+08:00", "2027-02"),
    ],
)
def test_a_case_of_two_months_is_named_by_the_second(instant: str, period: str) -> None:
    made = Occasions(load_library().processes["survey_report"], "two_monthly")
    assert made.last(at(instant) + 40 * 86400) == at(instant)
    opening = made.opening(at(instant), "LY01")
    assert (opening.key, opening.data) == (f"LY01-{period}", {"centre": "LY01", "period": period})
    # A run that was asked for by hand, or comes twice, means the same case.
    first, second = (made.arguments(at(instant), "LY01", at(instant) + late) for late in (0, 999))
    assert (first["id"], first["args"][0].event_id) == (second["id"], second["args"][0].event_id)
