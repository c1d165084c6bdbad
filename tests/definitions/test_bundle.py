"""A pinned process comes back equal, under the same digest, and nothing else is taken for one."""

import json
import lzma

import pytest

from definitions.bundle import (
    MAX_BYTES,
    BundleInvalid,
    bare,
    canonical,
    digest,
    digest_of,
    pin,
    unpin,
)
from definitions.loader import load_library
from definitions.model import Process

TITLE = {"zh": "门", "en": "Gate"}

TREE = {
    "process": "gate",
    "version": 1,
    "title": TITLE,
    "owner": "keeper",
    "tolerance": "3 days",
    "data": {
        "amount": {"type": "money", "min": 0},
        "grade": {"type": "enum", "values": {"b": TITLE, "a": TITLE}, "default": "b"},
        "sealed": {"type": "bool", "default": False},
        "count": {"type": "int", "default": 0, "min": 0.5},
    },
    "forms": {"short": {"amount": "required", "note": {"type": "text"}}},
    "tables": {
        "limit": {
            "inputs": {"amount": "case.amount"},
            "output": "budget",
            "rows": [
                {"when": {"amount": "<= 200"}, "then": "2 hours"},
                {"when": {"amount": [1, True, 1.0]}, "then": "1 day"},
            ],
        }
    },
    "clocks": {
        "answer": {
            "title": TITLE,
            "norm": "R-ABC-01",
            "kind": "reply",
            "budget": "30 working_minutes",
            "start": ["opened", {"on": "enter open", "when": "true"}],
            "stop": "finish",
            "reopen_budget": {"table": "limit"},
        },
        "promise": {
            "title": TITLE,
            "kind": "arrival",
            "budget": {"until": "case.promised", "otherwise": "5 working_days"},
            "start": {"on": "opened"},
            "pause": {"states": ["open"]},
        },
    },
    "states": {
        "open": {
            "title": TITLE,
            "on": {
                "finish": {
                    "by": "keeper",
                    "form": "short",
                    "to": "done",
                    "set": {"count": 0, "sealed": True},
                    "notify": [{"to": ["keeper"], "text": TITLE}],
                    "hold": {"max": "2 days"},
                }
            },
        },
        "done": {"title": TITLE, "closed": True},
    },
    "anywhere": {"leave": {"within": ["open"], "to": "done"}},
    "roles": {"keeper": {"title": TITLE}},
    "ladders": {
        "plain": {
            "hours": [
                {"id": "soon", "level": "L1", "at": "75%", "to": "keeper"},
                {
                    "id": "late",
                    "level": "L2",
                    "at": "due",
                    "to": [{"when": "true", "to": "keeper"}],
                },
            ]
        }
    },
    "calendars": {
        "cn": {
            "calendar": "cn",
            "title": TITLE,
            "zone": "Asia/Shanghai",
            "week": {"mon": ["09:00-18:00"]},
            "from": "2026-01-01",
            "through": "2026-12-31",
            "off": ["2026-10-01..2026-10-07"],
            "work": {"2026-10-10": "normal", "2026-10-11": ["10:00-12:00"]},
        }
    },
}


def process(tree: dict[str, object] = TREE) -> Process:
    return Process.model_validate_json(json.dumps(tree))


def test_a_pinned_process_comes_back_equal_under_the_same_digest() -> None:
    original = process()
    back = unpin(pin(original))
    assert back == bare(original)
    assert canonical(back) == canonical(original)
    assert digest(back) == digest(original) == digest_of(pin(original))


def test_labels_of_fields_are_no_rules() -> None:
    original = process()
    labelled = {
        name: field.model_copy(update={"title": None}) for name, field in original.data.items()
    }
    assert digest(original.model_copy(update={"data": labelled})) == digest(original)


def test_values_that_a_document_prints_keep_their_words() -> None:
    document = {"title": TITLE, "number": "case.key"}
    blocks = [
        {"fields": {"grade": TITLE}},
        {"list": "lines", "columns": {"n": TITLE}, "totals": {"kind": TITLE}},
    ]
    words = {"a": TITLE, "b": TITLE}
    original = process(
        {
            **TREE,
            "data": {
                "grade": {"type": "enum", "values": words, "title": TITLE},
                "kind": {"type": "enum", "values": words},
                "other": {"type": "enum", "values": words},
            },
            "documents": {"slip": {**document, "blocks": blocks}},
        }
    )
    data = unpin(pin(original)).data
    assert data["grade"].values == data["kind"].values == original.data["grade"].values
    assert data["grade"].title is None
    assert data["other"].values == ("a", "b")
    assert digest(unpin(pin(original))) == digest(original)


def test_a_link_opened_alone_is_written_as_when_there_could_be_no_more() -> None:
    state = {"title": TITLE, "on": {"go": {"open": "a", "from": ["x", "y"]}, "on": {"tell": "b"}}}
    two = {"title": TITLE, "on": {"go": {"open": ["a", "b"], "document": ["d"]}}}
    text = canonical(process({**TREE, "states": {"open": state, "two": two}})).decode()
    assert '"go":{"open":"a","from":["x","y"]},"on":{"tell":["b"]}' in text
    assert '"go":{"open":["a","b"],"document":["d"]}' in text
    assert canonical(unpin(pin(Process.model_validate_json(text)))).decode() == text


@pytest.mark.parametrize(("name", "most"), [("complaint", 9216), ("consultation", 9216)])
def test_the_rules_of_a_case_stay_small_in_its_history(name: str, most: int) -> None:
    assert len(pin(load_library()[name])) <= most


def test_the_digest_is_the_name_of_these_rules_for_ever() -> None:
    """A literal: if this changes, running cases would seem to have other rules."""
    small = {
        "process": "gate",
        "version": 1,
        "title": TITLE,
        "owner": "keeper",
        "states": {"open": {"title": TITLE, "closed": True}},
    }
    assert canonical(process(small)).decode() == (
        '{"process":"gate","version":1,"title":{"zh":"门","en":"Gate"},"owner":"keeper",'
        '"states":{"open":{"title":{"zh":"门","en":"Gate"},"closed":true}}}'
    )
    name = "c51a98fec52f6ef13622d8e147d053a20f1627d0337df58f472785bc27fe6ea2"
    assert digest(process(small)) == name


def test_zero_and_false_are_kept_although_python_calls_them_equal() -> None:
    back = unpin(pin(process()))
    assert back.data["count"].default == 0
    assert type(back.data["count"].default) is int
    assert back.data["sealed"].default is False
    cell = back.tables["limit"].rows[1].when["amount"]
    assert isinstance(cell, tuple)
    assert [type(value) for value in cell] == [int, bool, float]


def test_the_order_of_states_and_of_choices_is_kept() -> None:
    turned = {**TREE, "states": dict(reversed(TREE["states"].items()))}  # type: ignore[attr-defined]
    assert unpin(pin(process(turned))).initial == "done"
    assert unpin(pin(process())).initial == "open"
    assert digest(process(turned)) != digest(process())
    assert unpin(pin(process())).data["grade"].choices == ("b", "a")


def test_the_same_bytes_give_the_same_object() -> None:
    pinned = pin(process())
    assert unpin(pinned) is unpin(bytes(bytearray(pinned)))


def _packed(data: bytes) -> bytes:
    return lzma.compress(data, format=lzma.FORMAT_ALONE)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not compressed",
        pin(process())[:-20],
        pin(process()) + b"more",
        _packed(b"not JSON"),
        _packed(b'{"process": "gate"}'),
        _packed(b" " * (MAX_BYTES + 1)),
    ],
    ids=["empty", "plain", "cut off", "trailing", "not JSON", "no process", "unfolds too far"],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(BundleInvalid):
        unpin(data)
