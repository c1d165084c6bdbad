"""Calendars that the tests of working time share, as an author would write them."""

from typing import Any

from definitions.calendar import Calendar
from workflows.core.worktime import Worktime

TITLE = {"zh": "测试日历", "en": "test calendar"}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOUR = 3600


def weekly(hours: list[str], *names: str) -> dict[str, list[str]]:
    return dict.fromkeys(names or WEEKDAYS[:5], hours)


def source(**changes: Any) -> dict[str, Any]:
    return {
        "calendar": "office",
        "title": TITLE,
        "zone": "Asia/Shanghai",
        "week": weekly(["09:00-18:00"]),
        "from": "2024-01-01",
        "through": "2026-12-31",
    } | changes


NATIONAL = {
    "off": ["2026-02-15..2026-02-23", "2026-09-25..2026-09-27", "2026-10-01..2026-10-07"],
    "work": {
        "2026-02-14": "normal",
        "2026-02-28": [],
        "2026-09-20": ["09:00-17:00"],
        "2026-10-10": ["08:00-12:00", "13:00-24:00"],
    },
}
LUNCH = ["09:00-12:00", "13:00-18:00"]
SOURCES: dict[str, dict[str, Any]] = {
    "office": source(**NATIONAL),
    # Known for two years only, so the third is projected.
    "lunch": source(week=weekly(LUNCH) | weekly(["10:00-12:00"], "sat"), through="2025-12-31"),
    "night": source(
        week=weekly(["06:00-07:15", "22:00-06:00"], "mon", "tue", "wed", "thu")
        | weekly(["06:00-08:00", "20:00-24:00"], "fri")
        | weekly(["12:00-12:00"], "sat"),
        off=["2026-10-01..2026-10-07"],
        work={"2026-10-10": "normal"},
    ),
    "berlin": source(
        zone="Europe/Berlin",
        week=weekly(["09:00-17:30"])
        | weekly(["22:00-02:30"], "sat")
        | weekly(["02:35-02:50", "03:00-05:00", "23:00-24:00"], "sun"),
        off=["2025-12-24..2025-12-26"],
    ),
    "new_york": source(zone="America/New_York", week=weekly(["00:00-24:00"], "sat", "sun", "mon")),
    # Changes at midnight: 00:00 is skipped in spring, 00:00-01:00 comes twice in autumn.
    "havana": source(
        zone="America/Havana",
        week=weekly(["00:40-01:20", "22:00-00:30"]) | weekly(["22:00-00:30"], "sat", "sun"),
    ),
    # Changes by half an hour.
    "lord_howe": source(
        zone="Australia/Lord_Howe", week=weekly(["01:50-02:10", "02:20-09:00"], *WEEKDAYS)
    ),
}
WORKTIMES = {name: Worktime(Calendar.model_validate(values)) for name, values in SOURCES.items()}
