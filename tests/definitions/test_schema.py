"""The JSON Schema for editors: up to date, and never stricter than the model."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from definitions.calendar import Calendar
from definitions.model import Fragment, Library, Process
from definitions.schema import SCHEMA_FILE, json_schema, keys_at, schema_text
from definitions.shape import GRAMMARS


def test_the_schema_file_is_up_to_date() -> None:
    """`python -m definitions.schema` writes it."""
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()


def test_every_reference_leads_somewhere() -> None:
    schema = json.loads(schema_text())
    references = {found for key, found in _walk(schema) if key == "$ref"}
    assert references
    assert references <= {f"#/$defs/{name}" for name in schema["$defs"]}


def test_what_may_be_written_short_may_be_so_in_the_schema() -> None:
    events = json_schema(Process)["$defs"]["Event"]["properties"]
    assert {"type": "null"} in events["by"]["anyOf"]
    assert "string" in [choice.get("type") for choice in events["by"]["anyOf"]]
    start = json_schema(Process)["$defs"]["Clock"]["properties"]["start"]["anyOf"]
    trigger = {"$ref": "#/$defs/Trigger"}
    assert start == [
        {"type": "string"},
        trigger,
        {"type": "array", "items": {"anyOf": [{"type": "string"}, trigger]}},
    ]


@pytest.mark.parametrize("model", [Process, Fragment, Library, Calendar])
def test_every_pattern_is_explained_in_words(model: type[BaseModel]) -> None:
    """A text outside its pattern is never answered with a regular expression."""
    patterns = {found for key, found in _walk(json_schema(model)) if key == "pattern"}
    own = {pattern for pattern in patterns if "\\d{4}" not in pattern and "24:00" not in pattern}
    assert own <= set(GRAMMARS)


def test_keys_at_a_path() -> None:
    assert keys_at(Process, ())[:3] == ("process", "version", "title")
    assert keys_at(Process, ("ladders", "plain", "hours", 0)) == (
        "id",
        "level",
        "at",
        "to",
        "text",
        "urgent",
        "unless_acknowledged",
    )
    assert keys_at(Process, ("clocks", "answer", "start", 1)) == ("on", "when")
    assert keys_at(Process, ("clocks", "answer", "budget")) == ("table", "until", "otherwise")
    assert keys_at(Process, ("states",)) == ()


def _walk(node: Any) -> list[tuple[str, str]]:
    """Every text in the schema with its key."""
    if isinstance(node, list):
        return [found for below in node for found in _walk(below)]
    if not isinstance(node, dict):
        return []
    here = [(key, value) for key, value in node.items() if isinstance(value, str)]
    return here + [found for below in node.values() for found in _walk(below)]
