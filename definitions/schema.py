"""What the model says about itself: the JSON Schema of a process file, and the pages made of it.

`python -m definitions.schema` writes `definitions/process.schema.json`, which editors use, and
`docs/errors.md`; a test fails when either differs from what the code says. The schema is a help
while typing. It is not the judge of a file: that is the loader.

Only `definitions` need import it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema

from definitions.model import Process
from definitions.problems import CODES, Path

_ROOT = FilePath(__file__).resolve().parent.parent
SCHEMA_FILE = _ROOT / "definitions" / "process.schema.json"
ERRORS_FILE = _ROOT / "docs" / "errors.md"


class _Generator(GenerateJsonSchema):
    """Says of a list that may be written as its single entry that it may be."""

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        entries = _lenient_list(schema)
        if entries is None:
            return super().generate_inner(schema)
        array = super().generate_inner(entries)
        if array["items"].get("type") == "string":
            return {"anyOf": [array["items"], array]}
        entry = [{"type": "string"}, array["items"]]
        return {"anyOf": [*entry, {**array, "items": {"anyOf": entry}}]}


def _lenient_list(schema: Mapping[str, Any]) -> CoreSchema | None:
    """The list inside a validator that turns a single value into a list, if this is one."""
    lenient = False
    inner: Any = schema
    while inner.get("type") in ("function-before", "function-after"):
        lenient = lenient or inner["type"] == "function-before"
        inner = inner["schema"]
    return inner if lenient and inner.get("type") == "tuple" else None


@cache
def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The model's JSON Schema, made once; not to be changed by who receives it."""
    return model.model_json_schema(schema_generator=_Generator)


def keys_at(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """The keys that a mapping at `path` may have; none if they are names of the author's own."""
    nodes = _opened([json_schema(model)], model)
    for step in path:
        nodes = _opened((below for node in nodes for below in _below(node, step)), model)
    return tuple(dict.fromkeys(key for node in nodes for key in node.get("properties", {})))


def _opened(nodes: Iterable[Any], model: type[BaseModel]) -> list[dict[str, Any]]:
    """Schema nodes with references and unions opened."""
    found: list[dict[str, Any]] = []
    for node in nodes:
        if not isinstance(node, dict):
            continue
        if "$ref" in node:
            name = str(node["$ref"]).rsplit("/", 1)[-1]
            found += _opened([json_schema(model)["$defs"][name]], model)
        elif "anyOf" in node:
            found += _opened(node["anyOf"], model)
        else:
            found.append(node)
    return found


def _below(node: Mapping[str, Any], step: str | int) -> Iterator[Any]:
    if isinstance(step, int):
        yield node.get("items")
        yield from node.get("prefixItems", ())
    elif step in node.get("properties", {}):
        yield node["properties"][step]
    else:
        yield from node.get("patternProperties", {}).values()
        yield node.get("additionalProperties")


def schema_text() -> str:
    """The text of `process.schema.json`."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **json_schema(Process),
    }
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


# The first digit of a code says which step of loading found the problem.
_STEPS: Mapping[str, str] = {
    "E0": "Reading the text",
    "E1": "The shape of a definition",
    "E2": "Names",
    "E3": "Expressions and tables",
    "E4": "Soundness",
    "E5": "Calendars and ladders",
}


def errors_text() -> str:
    """The text of `docs/errors.md`."""
    lines = [
        "# Errors in a definition",
        "",
        "Every problem of a file is reported at once, each with its code, its line and column,",
        "the path in the file and, where there is one, a hint:",
        "",
        "```",
        "gate.yaml:31:7  states.open.on.shut.too  E101 unknown key 'too'; did you mean 'to'?",
        "```",
        "",
        "A code keeps its meaning for ever. This page is generated from the table of codes",
        "(`python -m definitions.schema`).",
    ]
    step = ""
    for code, info in CODES.items():
        if code[:2] != step:
            step = code[:2]
            lines += ["", f"## {_STEPS[step]}"]
        lines += ["", f"### {code} {info.title}", "", info.meaning]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write both files."""
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    ERRORS_FILE.parent.mkdir(exist_ok=True)
    ERRORS_FILE.write_text(errors_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
