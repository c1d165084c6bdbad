"""Every type of value as it stands on paper, and text that people can write."""

from typing import Any

import pytest

from activities.documents.values import MAX_SIGNS, clean, shown
from tests.documents.forms import KINDS, ZONE, at

VISIT = at("2026-11-23 15:22")


@pytest.mark.parametrize(
    ("item", "value", "text"),
    [
        ({"type": "money"}, 238000, "2,380.00"),
        ({"type": "money"}, 0, "0.00"),
        ({"type": "money"}, 5, "0.05"),
        ({"type": "money"}, -123456789, "-1,234,567.89"),
        ({"type": "money"}, -5, "-0.05"),
        ({"type": "instant"}, VISIT, "2026-11-23 15:22"),
        ({"type": "instant"}, VISIT + 7, "2026-11-23 15:22:07"),
        ({"type": "instant"}, 0, "1970-01-01 08:00"),
        ({"type": "date"}, "2026-03-08", "2026-03-08"),
        ({"type": "bool"}, True, "是"),
        ({"type": "bool"}, False, "否"),
        ({"type": "int"}, 1846, "1846"),
        ({"type": "int"}, 0, "0"),
        ({"type": "int", "unit": "km"}, 86, "86 km"),
        ({"type": "int", "unit": "km"}, None, "—"),
        ({"type": "number"}, 1.1, "1.1"),
        ({"type": "enum", "choices": KINDS}, "loader", "装载机"),
        ({"type": "enum", "choices": KINDS}, "crane", "crane"),
        ({"type": "enum"}, "loader", "loader"),
        ({"type": "text"}, "龍鑫淼", "龍鑫淼"),
        ({"type": "text"}, "", "—"),
        ({"type": "text"}, None, "—"),
        ({"type": "list"}, ["驻车制动", "轮胎"], "驻车制动、轮胎"),
        ({"type": "list"}, [1, 2], "1、2"),
        ({"type": "list"}, [], "—"),
        ({"type": "list"}, [{"a": "油封", "b": 2}, {"a": "阀"}], "油封，2；阀"),
        ({"type": "money"}, "many", "many"),
        ({"type": "instant"}, True, "是"),
    ],
)
def test_a_value_stands_as_its_type_says(item: dict[str, Any], value: Any, text: str) -> None:
    assert shown(item, value, ZONE) == text


def test_an_instant_stands_in_the_zone_of_the_document() -> None:
    assert shown({"type": "instant"}, VISIT, "Europe/Berlin") == "2026-11-23 08:22"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\tb\u00a0c\u3000d", "a b c\u3000d"),
        ("a\0b\x1bc", "a〓b〓c"),
        ("李\u202e明\u200b", "李明"),
        ("好🎉", "好〓"),
        ("❤\ufe0f", "〓"),
        ("\ud83d", "〓"),
        ("𠮷野家", "〓野家"),
        ("cafe\u0301", "café"),
        ("\u3000，、。《》（）【】“”‘’…—￥％℃①", "\u3000，、。《》（）【】“”‘’…—￥％℃①"),
    ],
)
def test_text_is_put_in_signs_that_can_be_shown(written: str, text: str) -> None:
    assert clean(written) == text


def test_all_of_gb2312_can_be_shown() -> None:
    signs = []
    for first in range(0xA1, 0xF8):
        for second in range(0xA1, 0xFF):
            try:
                signs.append(bytes((first, second)).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    assert len(signs) > 7000
    text = "".join(signs)
    assert clean(text) == text


def test_a_text_beyond_any_field_is_cut() -> None:
    assert clean("长" * MAX_SIGNS) == "长" * MAX_SIGNS
    assert clean("长" * (MAX_SIGNS + 1)) == "长" * (MAX_SIGNS - 1) + "…"
