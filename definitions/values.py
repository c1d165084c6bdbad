"""One value of a form: what a sender may write, and what a case stores of it.

| type    | a sender writes                                  | a case stores           |
|---------|--------------------------------------------------|-------------------------|
| text    | text                                             | the same text           |
| bool    | true, false                                      | bool                    |
| int     | a whole number                                   | int                     |
| number  | a number                                         | float                   |
| money   | `238000` in fen, or '2380.00' in yuan, as a text | int, fen                |
| date    | '2026-10-01'                                     | the same text           |
| instant | '2026-10-01T09:30:00+08:00' (offset or Z needed) | int, seconds since 1970 |
| enum    | one of the values                                | the same text           |
| list    | a list of texts, whole numbers or records        | list                    |

`min` and `max` of money are in fen.

A value that its field does not take raises `Refused` with a code of `MESSAGES`. Lists and whole
forms are checked in `forms`, which is what others import.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from definitions.model import Item
from definitions.text import Text

MAX_INT: Final = 2**63 - 1
FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2999, 12, 31)

# Controls except newline and tab, and lone surrogates, which no database would take.
_UNUSABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
YUAN = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,2}))?")
_OVER_PRECISE = re.compile(r"-?[0-9]{1,15}\.[0-9]{3,}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:[.,][0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
N = TypeVar("N", int, float)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# Every message, by its code. Each is filled in with the facts of the case.
MESSAGES: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("必填", "is required"),
    "unknown": ("没有这个字段{hint_zh}", "there is no such field{hint_en}"),
    "not_an_object": ("应为键值对象", "must be an object of names and values"),
    "not_plain": ("含有无法用 JSON 表示的值", "holds something that JSON cannot"),
    "too_large": ("数据超过 {kib} KiB", "the data are over {kib} KiB"),
    "not_text": ("应为文本", "must be text"),
    "unusable_character": (
        "含有不可用的字符 {character}",
        "holds the unusable character {character}",
    ),
    "empty": ("不能为空", "must not be empty"),
    "too_long": ("不能超过 {max} 个字符", "must have at most {max} characters"),
    "not_bool": ("应为 true 或 false", "must be true or false"),
    "not_int": ("应为整数", "must be a whole number"),
    "not_number": ("应为数字", "must be a number"),
    "out_of_range": ("数值超出可保存的范围", "is beyond what can be stored"),
    "too_small": ("不能小于 {min}", "must be {min} or more"),
    "too_big": ("不能大于 {max}", "must be {max} or less"),
    "not_money": (
        "应为以分为单位的整数，或以元为单位的文本，如 '2380.00'",
        "must be a whole number of fen, or yuan as text such as '2380.00'",
    ),
    "too_precise": ("最多两位小数", "must have at most two decimals"),
    "negative": ("不能为负数", "must not be negative"),
    "not_date": ("应为日期，如 '2026-10-01'", "must be a date such as '2026-10-01'"),
    "not_instant": (
        "应为时间，如 '2026-10-01T09:30:00+08:00'",
        "must be an instant such as '2026-10-01T09:30:00+08:00'",
    ),
    "no_offset": (
        "时间须带时区，如 '+08:00' 或 'Z'",
        "an instant needs its offset, such as '+08:00' or 'Z'",
    ),
    "not_a_choice": ("应为以下之一：{choices_zh}{hint_zh}", "must be one of {choices_en}{hint_en}"),
    "not_list": ("应为列表", "must be a list"),
    "too_many": ("最多 {max} 项", "must have at most {max} items"),
}


class Refused(Exception):
    """A value that its field does not take."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def check_text(item: Item, value: object) -> str:
    """The text, unchanged."""
    if not isinstance(value, str):
        raise Refused("not_text")
    if found := _UNUSABLE.search(value):
        raise Refused("unusable_character", character=f"U+{ord(found[0]):04X}")
    if len(value) > item.max_length:
        raise Refused("too_long", max=item.max_length)
    if item.required and not value.strip():
        raise Refused("empty")
    return value


def _bool(_: Item, value: object) -> bool:
    if not isinstance(value, bool):
        raise Refused("not_bool")
    return value


def check_int(item: Item, value: object) -> int:
    """The number, of 64 bits."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused("not_int")
    return _bounded(item, value)


def _number(item: Item, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Refused("not_number")
    # The size first: a whole number of 400 digits is no float at all.
    if abs(value) > MAX_INT or not math.isfinite(value):
        raise Refused("out_of_range")
    return float(_bounded(item, value))


def _money(item: Item, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        fen = value
    elif isinstance(value, str) and (found := YUAN.fullmatch(value)):
        fen = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
        fen = -fen if found[1] else fen
    elif isinstance(value, str) and _OVER_PRECISE.fullmatch(value):
        raise Refused("too_precise")
    else:
        raise Refused("not_money")
    if fen < 0 and not (item.min is not None and item.min < 0):
        raise Refused("negative")
    return _bounded(item, fen)


def _bounded(item: Item, value: N) -> N:
    if abs(value) > MAX_INT:
        raise Refused("out_of_range")
    if item.min is not None and value < item.min:
        raise Refused("too_small", min=item.min)
    if item.max is not None and value > item.max:
        raise Refused("too_big", max=item.max)
    return value


def _date(_: Item, value: object) -> str:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise Refused("not_date") from None
        if not FIRST_DAY <= day <= LAST_DAY:
            raise Refused("out_of_range")
        return value
    raise Refused("not_date")


def _instant(_: Item, value: object) -> int:
    if not isinstance(value, str) or not (found := _INSTANT.fullmatch(value)):
        raise Refused("not_instant")
    if found[2] is None:
        raise Refused("no_offset")
    try:
        # The fraction of a second is left out: instants are whole seconds, cut off.
        moment = datetime.fromisoformat((found[1] + found[2]).upper())
    except ValueError:
        raise Refused("not_instant") from None
    if not FIRST_DAY <= moment.date() <= LAST_DAY:
        raise Refused("out_of_range")
    return (moment - _EPOCH) // timedelta(seconds=1)


def _enum(item: Item, value: object) -> str:
    if not isinstance(value, str) or value not in item.choices:
        shown = item.choices[:12] + (("…",) if len(item.choices) > 12 else ())
        facts = {"choices_zh": "、".join(shown), "choices_en": ", ".join(shown)}
        word = shown_word(value) if isinstance(value, str) else ""
        raise Refused("not_a_choice", **facts, **hints(word, item.choices))
    return value


SCALARS: Final[Mapping[str, Callable[[Item, object], Any]]] = {
    "text": check_text,
    "bool": _bool,
    "int": check_int,
    "number": _number,
    "money": _money,
    "date": _date,
    "instant": _instant,
    "enum": _enum,
}


def shown_word(name: str) -> str:
    """A sender's word, short and printable enough to be said back."""
    short = name if len(name) <= 40 else f"{name[:40]}…"
    return _UNUSABLE.sub("\ufffd", short).strip() or "''"


def hints(word: str, choices: Iterable[str]) -> dict[str, str]:
    near = get_close_matches(word, list(choices), n=1)
    return {
        "hint_zh": f"，是否应为 '{near[0]}'？" if near else "",
        "hint_en": f"; did you mean '{near[0]}'?" if near else "",
    }


def said(refused: Refused) -> Text:
    """The message of a refusal, in both languages, within what a `Text` holds."""
    zh, en = MESSAGES[refused.code]
    return Text(zh=zh.format(**refused.facts)[:400], en=en.format(**refused.facts)[:400])
