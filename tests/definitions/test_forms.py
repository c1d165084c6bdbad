"""What a form takes, what it stores, and how it says no: all at once, in two languages."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.forms import (
    MAX_ERRORS,
    MAX_PAYLOAD_BYTES,
    DataInvalid,
    check,
    json_schema,
    resolve,
    start_items,
)
from definitions.model import Item, Process
from definitions.values import MESSAGES

TITLE = {"zh": "门", "en": "Gate"}


def item(**spec: Any) -> Item:
    return Item.model_validate_json(json.dumps(spec))


def codes(items: dict[str, Item], payload: object) -> list[tuple[str, str]]:
    """Field and code of every error; fails if the payload is taken."""
    with pytest.raises(DataInvalid) as refused:
        check(items, payload)
    return [(error.field, error.code) for error in refused.value.errors]


TAKEN: list[tuple[dict[str, Any], object, object]] = [
    ({"type": "text"}, "两\n行\tok 😀", "两\n行\tok 😀"),
    ({"type": "text"}, "e\u0301", "e\u0301"),
    ({"type": "text"}, "", ""),
    ({"type": "text", "max_length": 2}, "😀😀", "😀😀"),
    ({"type": "bool"}, False, False),
    ({"type": "int"}, 0, 0),
    ({"type": "int"}, 2**63 - 1, 2**63 - 1),
    ({"type": "int", "min": 1, "max": 3}, 3, 3),
    ({"type": "number"}, 2, 2.0),
    ({"type": "number"}, -0.5, -0.5),
    ({"type": "money"}, 238000, 238000),
    ({"type": "money"}, "2380.00", 238000),
    ({"type": "money"}, "2380", 238000),
    ({"type": "money"}, "2380.5", 238050),
    ({"type": "money"}, "0.01", 1),
    ({"type": "money"}, "24592.34", 2459234),
    ({"type": "money", "min": -500}, "-5.00", -500),
    ({"type": "money", "min": -500}, "-0.05", -5),
    ({"type": "date"}, "2028-02-29", "2028-02-29"),
    ({"type": "instant"}, "2026-11-10T09:30+08:00", 1794274200),
    ({"type": "instant"}, "2026-11-10T01:30:00Z", 1794274200),
    ({"type": "instant"}, "2026-11-10 01:30:00.999999999z", 1794274200),
    ({"type": "instant"}, "2026-11-10T09:30:00+0800", 1794274200),
    ({"type": "instant"}, "1969-12-31T23:59:59.9Z", -1),
    ({"type": "enum", "values": ["a", "b"]}, "b", "b"),
    ({"type": "enum", "values": {"a": TITLE}}, "a", "a"),
    ({"type": "list", "of": "text"}, ["x"], ["x"]),
    ({"type": "list", "of": "int"}, [], []),
    (
        {"type": "list", "fields": {"sum": {"type": "money", "required": True}}},
        [{"sum": "1.00"}, {"sum": 3}],
        [{"sum": 100}, {"sum": 3}],
    ),
]


@pytest.mark.parametrize(("spec", "sent", "stored"), TAKEN)
def test_taken(spec: dict[str, Any], sent: object, stored: object) -> None:
    clean = check({"it": item(**spec)}, {"it": sent})
    assert clean == {"it": stored}
    assert type(clean["it"]) is type(stored)


REFUSED: list[tuple[dict[str, Any], object, str]] = [
    ({"type": "text"}, 5, "not_text"),
    ({"type": "text"}, "a\x00b", "unusable_character"),
    ({"type": "text"}, "a\x7fb", "unusable_character"),
    ({"type": "text"}, "a\rb", "unusable_character"),
    ({"type": "text"}, "\ud800", "unusable_character"),
    ({"type": "text", "max_length": 2}, "abc", "too_long"),
    ({"type": "text", "required": True}, " \n\u3000", "empty"),
    ({"type": "bool"}, 1, "not_bool"),
    ({"type": "bool"}, "true", "not_bool"),
    ({"type": "int"}, True, "not_int"),
    ({"type": "int"}, 3.0, "not_int"),
    ({"type": "int"}, "3", "not_int"),
    ({"type": "int"}, 2**63, "out_of_range"),
    ({"type": "int", "min": 1}, 0, "too_small"),
    ({"type": "int", "max": 3}, 4, "too_big"),
    ({"type": "number"}, True, "not_number"),
    ({"type": "number"}, float("nan"), "out_of_range"),
    ({"type": "number"}, float("inf"), "out_of_range"),
    ({"type": "number"}, 10**400, "out_of_range"),
    ({"type": "number"}, "2.5", "not_number"),
    ({"type": "money"}, 2380.0, "not_money"),
    ({"type": "money"}, True, "not_money"),
    ({"type": "money"}, "2380.001", "too_precise"),
    ({"type": "money"}, "2,380.00", "not_money"),
    ({"type": "money"}, "１２", "not_money"),
    ({"type": "money"}, "¥5", "not_money"),
    ({"type": "money"}, "5\n", "not_money"),
    ({"type": "money"}, -1, "negative"),
    ({"type": "money"}, "-0.01", "negative"),
    ({"type": "money", "min": 0}, -1, "negative"),
    ({"type": "money", "min": -5}, -6, "too_small"),
    ({"type": "money", "max": 100}, "1.01", "too_big"),
    ({"type": "money"}, 10**19, "out_of_range"),
    ({"type": "date"}, "2027-02-29", "not_date"),
    ({"type": "date"}, "2026-1-1", "not_date"),
    ({"type": "date"}, "20260101", "not_date"),
    ({"type": "date"}, "2026-W01-1", "not_date"),
    ({"type": "date"}, "9999-12-31", "out_of_range"),
    ({"type": "instant"}, "2026-11-10T09:30:00", "no_offset"),
    ({"type": "instant"}, "2026-11-10", "not_instant"),
    ({"type": "instant"}, "2026-11-10T24:30:00Z", "not_instant"),
    ({"type": "instant"}, "2026-11-10T09:30:60Z", "not_instant"),
    ({"type": "instant"}, "2026-11-10T09:30:00+25:00", "not_instant"),
    ({"type": "instant"}, 1794274200, "not_instant"),
    ({"type": "instant"}, "0001-01-01T00:00:00+08:00", "out_of_range"),
    ({"type": "enum", "values": ["a"]}, "A", "not_a_choice"),
    ({"type": "enum", "values": ["1"]}, 1, "not_a_choice"),
    ({"type": "list", "of": "text"}, "x", "not_list"),
    ({"type": "list", "of": "text", "max_items": 1}, ["x", "y"], "too_many"),
]


@pytest.mark.parametrize(("spec", "sent", "code"), REFUSED)
def test_refused(spec: dict[str, Any], sent: object, code: str) -> None:
    assert codes({"it": item(**spec)}, {"it": sent}) == [("it", code)]


FORM = {
    "reason": item(type="text", required=True),
    "amount": item(type="money"),
    "lines": item(
        type="list", of="record", fields={"sum": {"type": "money", "required": True}}, max_items=5
    ),
    "counts": item(type="list", of="int"),
}


def test_all_errors_at_once_each_at_its_place() -> None:
    payload = {
        "amount": 1.5,
        "lines": [{"sum": 1}, {}, {"sum": "1.234"}, 7, {"sum": 2, "smu": 3}],
        "counts": [1, "2"],
        "reson": "late",
    }
    assert codes(FORM, payload) == [
        ("reason", "missing"),
        ("amount", "not_money"),
        ("lines[1].sum", "missing"),
        ("lines[2].sum", "too_precise"),
        ("lines[3]", "not_an_object"),
        ("lines[4].smu", "unknown"),
        ("counts[1]", "not_int"),
        ("reson", "unknown"),
    ]


def test_null_is_absent() -> None:
    assert check(FORM, {"reason": "ok", "amount": None}) == {"reason": "ok"}
    assert codes(FORM, {"reason": None}) == [("reason", "missing")]


def test_what_is_said_is_bilingual_and_suggests() -> None:
    with pytest.raises(DataInvalid) as refused:
        check(FORM, {"reson": "late"})
    error = refused.value
    assert error.code == "data_invalid"
    assert [found.message.zh for found in error.errors] == [
        "必填",
        "没有这个字段，是否应为 'reason'？",
    ]
    assert str(error) == (
        "reason: is required; reson: there is no such field; did you mean 'reason'?"
    )
    assert error.to_json()["facts"]["errors"][0] == {
        "field": "reason",
        "code": "missing",
        "message": {"zh": "必填", "en": "is required"},
    }


def test_every_message_has_been_said() -> None:
    """Each code of the table is reached by a case above or below: none is dead."""
    said = {code for _, _, code in REFUSED}
    said |= {"missing", "unknown", "not_an_object", "not_plain", "too_large"}
    assert said == set(MESSAGES)


@pytest.mark.parametrize("payload", [None, [], "x", 5])
def test_a_payload_is_an_object(payload: object) -> None:
    assert codes(FORM, payload) == [("", "not_an_object")]


def test_a_large_payload_has_its_own_code() -> None:
    fits = MAX_PAYLOAD_BYTES - len(json.dumps({"reason": ""}))
    assert codes(FORM, {"reason": "a" * fits}) == [("reason", "too_long")]
    with pytest.raises(DataInvalid) as refused:
        check(FORM, {"reason": "a" * (fits + 1)})
    assert refused.value.code == "data_too_large"
    with pytest.raises(DataInvalid) as refused:
        check(FORM, {"reason": "门" * (fits // 3 + 1)})
    assert refused.value.code == "data_too_large"


def test_what_json_cannot_hold_is_refused() -> None:
    circle: dict[str, object] = {}
    circle["reason"] = circle
    deep: object = "x"
    for _ in range(20_000):
        deep = [deep]
    for payload in (circle, {"reason": deep}, {"reason": {1, 2}}):
        assert codes(FORM, payload) == [("", "not_plain")]


def test_hostile_names_are_said_back_short_and_printable() -> None:
    with pytest.raises(DataInvalid) as refused:
        check(FORM, {"reason": "ok", "\ud800" + "x" * 1000: 1, "{zh}": 1})
    fields = [found.field for found in refused.value.errors]
    assert fields == ["\ufffd" + "x" * 39 + "…", "{zh}"]
    str(refused.value).encode()


def test_the_number_of_errors_is_bounded() -> None:
    assert len(codes(FORM, {f"x{n}": 1 for n in range(5000)})) == MAX_ERRORS


PROCESS = Process.model_validate_json(
    json.dumps(
        {
            "process": "gate",
            "version": 1,
            "title": TITLE,
            "owner": "keeper",
            "data": {
                "amount": {"type": "money", "required": True, "max": 100, "title": TITLE},
                "grade": {"type": "enum", "values": ["a"], "required": True, "default": "a"},
                "limit": {"type": "int", "required": True, "derive": "limits"},
                "total": {"type": "money", "internal": True},
            },
            "forms": {"short": {"amount": "optional", "note": {"type": "text"}}},
            "states": {"open": {"title": TITLE}},
        }
    )
)


def test_a_form_resolves_to_case_fields_and_its_own() -> None:
    named = resolve(PROCESS, "short")
    assert (named["amount"].required, named["amount"].max) == (False, 100)
    assert named["note"].type == "text"
    in_place = resolve(PROCESS, {"amount": "required"})
    assert in_place["amount"].required
    assert codes(in_place, {}) == [("amount", "missing")]
    assert check(named, {"amount": "1.00"}) == {"amount": 100}


def test_an_opening_need_not_carry_what_has_a_default_and_may_not_carry_internals() -> None:
    items = start_items(PROCESS)
    assert check(items, {"amount": 5}) == {"amount": 5}
    assert codes(items, {"total": 5}) == [("amount", "missing"), ("total", "unknown")]


def test_json_schema_of_a_form() -> None:
    assert json_schema(resolve(PROCESS, {"amount": "required"})) == {
        "type": "object",
        "properties": {
            "amount": {
                "title": "Gate",
                "x-title": TITLE,
                "description": "whole fen, or yuan as text such as '2380.00'",
                "anyOf": [
                    {"type": "integer"},
                    {"type": "string", "pattern": r"^(-?)([0-9]{1,15})(?:\.([0-9]{1,2}))?$"},
                ],
            }
        },
        "required": ["amount"],
        "additionalProperties": False,
    }
    lines = json_schema(FORM)["properties"]["lines"]
    assert (lines["type"], lines["maxItems"]) == ("array", 5)
    assert lines["items"]["required"] == ["sum"]
    bounds = json_schema({"n": item(type="int", min=0, max=9)})["properties"]["n"]
    assert bounds == {"type": "integer", "minimum": 0, "maximum": 9}


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h", "x"]), PLAIN))
def test_any_json_is_either_taken_clean_or_refused(payload: dict[str, Any]) -> None:
    """Never another error, and what is taken can be stored as UTF-8 JSON."""
    form = {
        "a": item(type="text"),
        "b": item(type="bool"),
        "c": item(type="int"),
        "d": item(type="number"),
        "e": item(type="money"),
        "f": item(type="instant"),
        "g": item(type="list", of="record", fields={"a": {"type": "int"}}),
        "h": item(type="enum", values=["p", "q"]),
    }
    try:
        clean = check(form, payload)
    except DataInvalid as refused:
        json.dumps(refused.to_json(), ensure_ascii=False).encode()
    else:
        assert set(clean) == {name for name, value in payload.items() if value is not None}
        json.dumps(clean, ensure_ascii=False, allow_nan=False).encode()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**14))
def test_yuan_as_text_is_exact(fen: int) -> None:
    text = f"{fen // 100}.{fen % 100:02d}"
    assert re.fullmatch(r"[0-9]+\.[0-9]{2}", text)
    assert check({"it": item(type="money")}, {"it": text}) == {"it": fen}
