"""Values of a case as they stand on paper, and text that any typeface can show.

What it is: pure. What people wrote is text and nothing else: it has no markup that could be obeyed.
What it is not: layout.
Who may import it: the documents package.
"""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from activities.documents.typefaces import MISSING, has

NOTHING = "—"
MAX_SIGNS = 20_000
"""Of one value; no field of a case is longer."""
RIGHT = frozenset({"money", "int", "number"})
CENTRED = frozenset({"date", "instant", "bool", "enum"})

_EMPTY: tuple[Any, ...] = (None, "", [], (), {})
_YES_NO = {True: "是", False: "否"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BREAKS = str.maketrans({"\r": "\n", "\v": "\n", "\f": "\n", "\x85": "\n", "\u2028": "\n"})
# Signs that show nothing by themselves: they direct or join others.
_SILENT = frozenset({"Cf", "Mn", "Me"})


def shown(item: Mapping[str, Any], value: Any, zone: str) -> str:
    """A value of a field or column, on as many lines as it has. A value that is not of its type
    is written as it stands, for an archive must not lose what a case holds."""
    text = _shown(item, value, zone)
    unit = item.get("unit")
    return clean(f"{text} {unit}" if unit and text != NOTHING else text)


def _shown(item: Mapping[str, Any], value: Any, zone: str) -> str:
    if value in _EMPTY:
        return NOTHING
    match item.get("type"), value:
        case _, bool():
            return _YES_NO[value]
        case "money", int():
            return money(value)
        case "number", float() if value.is_integer():
            return str(int(value))
        case "instant", int():
            return instant(value, zone)
        case "enum", str():
            return _word(item.get("choices"), value)
        case _, list() | tuple():
            parts = [_shown({**item, "type": item.get("of")}, one, zone) for one in value]
            return ("；" if any(isinstance(one, Mapping) for one in value) else "、").join(parts)
        case _, Mapping():
            return "，".join(_shown({}, one, zone) for one in value.values())
    return str(value)


def money(fen: int) -> str:
    """`2,380.00`; the amount is in hundredths."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def instant(at: int, zone: str) -> str:
    """`2026-11-23 15:22`, with seconds only where there are any."""
    there = local(at, zone)
    return there.strftime("%Y-%m-%d %H:%M:%S" if there.second else "%Y-%m-%d %H:%M")


def local(at: int, zone: str) -> datetime:
    """The instant in a zone."""
    return (_EPOCH + timedelta(seconds=at)).astimezone(ZoneInfo(zone))


def _word(choices: Any, value: str) -> str:
    found = choices.get(value) if isinstance(choices, Mapping) else None
    return str(found.get("zh") or value) if isinstance(found, Mapping) else value


def clean(text: str) -> str:
    """The text in signs that can be shown: a line break is one line feed, a tab a space, what only
    directs others is left out, and what no typeface has is `〓`."""
    if len(text) > MAX_SIGNS:
        text = text[: MAX_SIGNS - 1] + "…"
    text = text.replace("\r\n", "\n").translate(_BREAKS).replace("\u2029", "\n")
    # A letter with its accent is one sign where there is one. Not for all texts: it would also
    # exchange some ideographs for others.
    if not text.isascii() and any(map(unicodedata.combining, text)):
        text = unicodedata.normalize("NFC", text)
    return "".join(map(_sign, text))


@lru_cache(maxsize=8192)
def _sign(sign: str) -> str:
    if sign == "\n" or " " <= sign <= "~":
        return sign
    if sign == "\t" or unicodedata.category(sign) == "Zs":
        return "\u3000" if sign == "\u3000" else " "
    if unicodedata.category(sign) in _SILENT:
        return ""
    return sign if has(sign) else MISSING
