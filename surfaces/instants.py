"""Instants at the edge: texts in, texts out.

What it is: the only place of the surfaces that turns `2026-11-10T09:30+08:00` or `+1h30m` into
whole seconds and back. A time without an offset is refused, never guessed.
What it is not: working time; that is the core's.
Who may import it: the surfaces.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from workflows.payloads import LATEST

_ISO: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?([Zz]|[+-]\d{2}:?\d{2})?"
)
_OFFSET: Final = re.compile(
    r"(?P<sign>[+-])(?:(?P<d>\d{1,4})d)?(?:(?P<h>\d{1,5})h)?(?:(?P<m>\d{1,6})m)?(?:(?P<s>\d{1,8})s)?"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EXAMPLE: Final = "'2026-11-10T09:30+08:00'"


def in_range(seconds: int) -> bool:
    """Whether an instant lies in the years 1970 to 2999, which any zone and any deadline that
    counts from it can write down."""
    return 0 <= seconds < LATEST


def parse_instant(text: str) -> int:
    """Seconds since the epoch; ValueError with what would have been right. Fractions are cut off,
    and 24:00 is the next day's first instant."""
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' is not an instant such as {EXAMPLE}")
    day, clock, zone = found.groups()
    if zone is None:
        raise ValueError(f"'{text}' has no offset; write it with one, such as {EXAMPLE}")
    late = clock.startswith("24:00")
    try:
        moment = datetime.fromisoformat(f"{day}T{'00:00' if late else clock}{zone.upper()}")
        seconds = (moment - _EPOCH) // timedelta(seconds=1)
    except (ValueError, OverflowError):
        raise ValueError(f"there is no instant '{text}'") from None
    if late and clock not in ("24:00", "24:00:00"):
        raise ValueError(f"there is no instant '{text}'")
    seconds += 86_400 if late else 0
    if not in_range(seconds):
        raise ValueError(f"the instant '{text}' is not of the years 1970 to 2999")
    return seconds


def parse_offset(text: str) -> int | None:
    """Seconds of `+1h30m`, `+2d`, `+90s` or `-5m`; None if it is not written as an offset."""
    found = _OFFSET.fullmatch(text)
    if found is None or len(text) == 1:
        return None
    days, hours, minutes, seconds = (int(found[unit] or 0) for unit in "dhms")
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return -total if found["sign"] == "-" else total


def shown(instant: int, zone: str) -> str:
    """ISO 8601 with the zone's offset: `2026-11-10T09:30:00+08:00`."""
    return datetime.fromtimestamp(instant, ZoneInfo(zone)).isoformat()


_FIELDS: Final = frozenset(
    {
        *("anchor", "at", "breached", "claimed_at", "closed", "done", "due", "ended", "hold_until"),
        *("keep_until", "next_due", "next_wakeup", "opened", "recorded", "since"),
    }
)
_AS_THEY_ARE: Final = frozenset({"data", "facts", "title", "text"})


def dated(values: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """A view, a row or a notice as plain values with its instants in ISO 8601; case data stay as
    they are."""
    return {name: _dated(name, value, zone) for name, value in values.items()}


def _dated(name: str, value: Any, zone: str) -> Any:
    if name in _AS_THEY_ARE:
        return value
    match value:
        case bool():
            return value
        case int() if name in _FIELDS:
            return shown(value, zone)
        case Mapping():
            return dated(value, zone)
        case list() | tuple():
            return [_dated(name, one, zone) for one in value]
    return value


def short(instant: int, zone: str, exclusive: bool = False) -> str:
    """For tables: `Tue 2026-11-10 09:30`; a day's end is 24:00 of that day."""
    if exclusive:
        day = datetime.fromtimestamp(instant - 1, ZoneInfo(zone))
        return f"{day:%a %Y-%m-%d} 24:00"
    moment = datetime.fromtimestamp(instant, ZoneInfo(zone))
    return f"{moment:%a %Y-%m-%d %H:%M:%S}".removesuffix(":00")


def length(seconds: int) -> str:
    """`2 h 30 min`, `45 s`, `-10 min`."""
    sign, rest = ("-", -seconds) if seconds < 0 else ("", seconds)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return sign + (" ".join(f"{amount} {unit}" for amount, unit in parts if amount) or "0 s")
