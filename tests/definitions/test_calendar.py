"""A calendar as text: what is read, what is refused, and that it dumps back to itself."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from definitions.calendar import Calendar, days, span
from definitions.text import Text
from tests.core.calendars import LUNCH, SOURCES, source, weekly


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_calendar_dumps_back_to_what_it_was(name: str) -> None:
    calendar = Calendar.model_validate(SOURCES[name])
    dumped = calendar.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    assert Calendar.model_validate(json.loads(json.dumps(dumped))) == calendar
    assert len(dumped.get("off", [])) == len(SOURCES[name].get("off", []))


def test_dates_may_come_as_dates_or_as_text() -> None:
    from_yaml = source(
        **{"from": date(2024, 1, 1), "through": date(2026, 12, 31)},
        off=[date(2026, 10, 1), "2026-10-02..2026-10-07"],
        work={date(2026, 10, 10): []},
    )
    as_text = source(off=["2026-10-01", "2026-10-02..2026-10-07"], work={"2026-10-10": "normal"})
    assert Calendar.model_validate(from_yaml) == Calendar.model_validate(as_text)


def test_hours_are_kept_in_order() -> None:
    calendar = Calendar.model_validate(source(week={"mon": list(reversed(LUNCH))}))
    assert calendar.week.mon == tuple(LUNCH)


REFUSED = [
    ({"calendar": "Office"}, "should match pattern"),
    ({"title": {"zh": "日历"}}, "Field required"),
    ({"title": {"zh": " ", "en": "x"}}, "at least 1 character"),
    ({"title": {"zh": "字" * 401, "en": "x"}}, "at most 400 characters"),
    ({"zone": "Asia/Beijing"}, "unknown time zone 'Asia/Beijing'"),
    ({"zone": "right/Asia/Shanghai"}, "unknown time zone"),
    ({"zone": "../etc/passwd"}, "unknown time zone"),
    ({"zone": ""}, "unknown time zone"),
    ({"hours": []}, "Extra inputs are not permitted"),
    ({"week": {"monday": ["09:00-18:00"]}}, "Extra inputs are not permitted"),
    ({"week": {}}, "'office' is never open: no weekday has hours"),
    ({"week": {"mon": []}, "work": {"2026-10-10": ["09:00-12:00"]}}, "is never open"),
    ({"week": {"mon": "09:00-18:00"}}, "valid tuple"),
    ({"week": {"mon": ["9:00-18:00"]}}, "hours '9:00-18:00' must read HH:MM-HH:MM"),
    ({"week": {"mon": ["09:00-25:00"]}}, "must read HH:MM-HH:MM"),
    ({"week": {"mon": ["24:00-08:00"]}}, "must read HH:MM-HH:MM"),
    ({"week": {"mon": ["09:00-12:60"]}}, "must read HH:MM-HH:MM"),
    ({"week": {"mon": ["09:00-18:00\n"]}}, "must read HH:MM-HH:MM"),
    ({"week": {"mon": ["09:00-12:00", "11:59-13:00"]}}, "09:00-12:00 and 11:59-13:00 of the same"),
    ({"week": {"mon": ["22:00-06:00"], "tue": ["05:59-07:00"]}}, "mon and tue overlap after"),
    ({"week": {"sun": ["22:00-06:00"], "mon": ["05:00-07:00"]}}, "sun and mon overlap after"),
    ({"week": {"mon": ["05:00-07:00", "22:00-06:00"]}}, "projected days overlap"),
    (
        {
            "week": weekly(["08:00-18:00"]),
            "work": {"2026-10-10": ["20:00-24:00", "18:00-18:01"], "2026-10-11": ["22:00-08:01"]},
        },
        "hours of 2026-10-11 and 2026-10-12 overlap",
    ),
    (
        {"week": weekly(["22:00-07:00"]), "work": {"2026-05-16": ["06:59-08:00"]}},
        "hours of 2026-05-15 and 2026-05-16 overlap",
    ),
    (
        {
            "week": weekly(["05:00-09:00"], "mon", "tue", "wed", "thu", "fri")
            | weekly(["22:00-06:00"], "sun")
            | weekly([], "mon"),
            "through": "2026-05-17",
        },
        "hours of 2026-05-17 and 2026-05-18 overlap",
    ),
    ({"from": 20240101}, "20240101 is not a date; write it YYYY-MM-DD"),
    ({"from": "1704067200"}, "is not a date"),
    ({"from": datetime(2024, 1, 1, tzinfo=UTC)}, "is not a date"),
    ({"from": "2027-01-01"}, "through 2026-12-31 lies before from 2027-01-01"),
    ({"off": ["2026-02-30"]}, "there is no day 2026-02-30"),
    ({"off": ["2026-10-07..2026-10-01"]}, "end before they begin"),
    ({"off": ["1 October"]}, "must read YYYY-MM-DD or"),
    ({"off": ["2026-10-01..2026-10-07", "2026-10-07"]}, "2026-10-07 is listed under off twice"),
    ({"off": ["2026-12-31..2027-01-01"]}, "off 2026-12-31..2027-01-01 lies outside"),
    ({"work": {"2023-12-31": []}}, "work 2023-12-31 lies outside from 2024-01-01"),
    (
        {"off": ["2026-10-01..2026-10-10"], "work": {"2026-10-10": "normal"}},
        "2026-10-10 is listed both under off and under work",
    ),
    ({"work": {"2026-10-10": "usual"}}, "'normal'"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_a_wrong_calendar_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Calendar.model_validate(source(**changes))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("09:00-18:00", (540, 1080)),
        ("13:00-24:00", (780, 1440)),
        ("22:00-06:00", (1320, 1800)),
        ("22:00-00:00", (1320, 1440)),
        ("00:00-24:00", (0, 1440)),
        ("08:00-08:00", (480, 1920)),
    ],
)
def test_hours_in_minutes(text: str, minutes: tuple[int, int]) -> None:
    assert span(text) == minutes


def test_days_of_a_range() -> None:
    assert days("2026-10-01") == (date(2026, 10, 1), date(2026, 10, 1))
    assert days("2026-10-01..2026-10-07") == (date(2026, 10, 1), date(2026, 10, 7))


def test_a_text_in_either_language() -> None:
    text = Text(zh="  日历\n", en="calendar")
    assert (text.pick("zh"), text.pick("en")) == ("日历", "calendar")
