"""Instants at the edge: with an offset or refused, and 24:00 is the next day's beginning."""

import pytest

from surfaces.instants import dated, length, parse_instant, parse_offset, short, shown

ZONE = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-10T09:30+08:00", "2026-11-10T01:30:00Z"),
        ("2026-11-10 09:30:59.999+08:00", "2026-11-10T01:30:59Z"),
        ("2026-11-10T24:00+08:00", "2026-11-11T00:00+08:00"),
        ("2026-11-10T09:30+0800", "2026-11-10T01:30Z"),
    ],
)
def test_one_instant_written_twice(text: str, same: str) -> None:
    assert parse_instant(text) == parse_instant(same)


@pytest.mark.parametrize(
    "text",
    ["2026-11-10T09:30", "2026-11-10", "2026-13-10T09:30Z", "2026-11-10T24:30Z", "soon", ""],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"instant|offset"):
        parse_instant(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("+1h30m", 5400), ("+2d", 172_800), ("+90s", 90), ("-5m", -300), ("+0s", 0)],
)
def test_offsets(text: str, seconds: int) -> None:
    assert parse_offset(text) == seconds


@pytest.mark.parametrize("text", ["+", "1h", "+1x", "+30m1h", "2026-11-10T09:30Z"])
def test_what_is_no_offset(text: str) -> None:
    assert parse_offset(text) is None


def test_times_for_people() -> None:
    noon, midnight = (
        parse_instant("2026-11-10T12:00+08:00"),
        parse_instant("2026-11-11T00:00+08:00"),
    )
    assert shown(noon, ZONE) == "2026-11-10T12:00:00+08:00"
    assert short(noon, ZONE) == "Tue 2026-11-10 12:00"
    assert short(midnight, ZONE, exclusive=True) == "Tue 2026-11-10 24:00"
    assert short(noon + 5, ZONE) == "Tue 2026-11-10 12:00:05"
    assert [length(n) for n in (0, 5, 3600, -90)] == ["0 s", "5 s", "1 h", "-1 min 30 s"]


def test_case_data_keep_their_values() -> None:
    view = {"due": 0, "overdue": True, "data": {"due": 0}, "clocks": [{"at": 0, "cycle": 1}]}
    assert dated(view, "UTC") == {
        "due": "1970-01-01T00:00:00+00:00",
        "overdue": True,
        "data": {"due": 0},
        "clocks": [{"at": "1970-01-01T00:00:00+00:00", "cycle": 1}],
    }
