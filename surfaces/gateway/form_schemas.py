"""Forms as JSON Schema 2020-12, so that another system can draw and check them.

What it is: the fields of the start or of an event with titles in the caller's language (both in
`x-title`), enum labels as `oneOf` of `const` and `title`, and money as decimal text of yuan.
What it is not: the judge. `definitions.forms.check` is; guards and checks are not in a schema.
Who may import it: the routers of the gateway.
"""

from collections.abc import Mapping
from typing import Any, Final

from definitions.model import Item
from definitions.text import Lang, Text
from definitions.values import YUAN

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TYPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "text": {"type": "string"},
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "number": {"type": "number"},
    "money": {"type": "string", "pattern": f"^{YUAN.pattern}$", "x-type": "money", "x-unit": "CNY"},
    "date": {"type": "string", "format": "date"},
    "instant": {"type": "string", "format": "date-time"},
    "enum": {"type": "string"},
    "list": {"type": "array"},
}
_LIMITED: Final = frozenset({"int", "number"})


def form_schema(items: Mapping[str, Item], title: Text, lang: Lang) -> dict[str, Any]:
    """A form of its own."""
    return {"$schema": DIALECT, **_titled(title, lang), **_object(items, lang)}


def _object(items: Mapping[str, Item], lang: Lang) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: _field(item, lang) for name, item in items.items()},
        "required": [name for name, item in items.items() if item.required],
        "additionalProperties": False,
    }


def _titled(title: Text | None, lang: Lang) -> dict[str, Any]:
    return {} if title is None else {"title": title.pick(lang), "x-title": title.model_dump()}


def _field(item: Item, lang: Lang) -> dict[str, Any]:
    schema = {**_TYPES[item.type], **_titled(item.title, lang)}
    limits = {"minimum": item.min, "maximum": item.max}
    held = {word: limit for word, limit in limits.items() if limit is not None}
    if item.type in _LIMITED:
        schema |= held
    elif held:
        # The keywords of numbers judge no text.
        schema |= {f"x-{word}": limit for word, limit in held.items()}
    if item.type == "text":
        schema["maxLength"] = item.max_length
    if item.type == "enum":
        schema["oneOf"] = [_choice(item, value, lang) for value in item.choices]
    if item.type == "list":
        schema |= {"maxItems": item.max_items, "items": _entry(item, lang)}
    if item.unit is not None:
        schema["x-unit"] = item.unit
    if item.personal:
        schema["x-personal"] = True
    return schema


def _choice(item: Item, value: str, lang: Lang) -> dict[str, Any]:
    label = item.values.get(value) if isinstance(item.values, dict) else None
    return {"const": value, **_titled(label, lang)}


def _entry(item: Item, lang: Lang) -> dict[str, Any]:
    if item.fields is not None:
        return _object(item.fields, lang)
    if item.of == "int":
        return {"type": "integer"}
    return {"type": "string", "maxLength": item.max_length}
