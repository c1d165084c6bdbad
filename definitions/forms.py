"""What a sender may say: the payload of an event checked against its form.

A form is a mapping of names to typed fields. `check` returns clean values in the form in which a
case stores them, or raises `DataInvalid` with every error at once, in Chinese and English. It does
not judge whether the event may happen, and it sets no defaults: the core does.

The table of types stands in `values.py`. null means that the field is not there.

Anybody may import it.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from definitions.model import Form, Item, Process
from definitions.problems import DuecourseError
from definitions.text import Text
from definitions.values import (
    SCALARS,
    YUAN,
    Refused,
    check_int,
    check_text,
    hints,
    said,
    shown_word,
)

MAX_PAYLOAD_BYTES: Final = 256 * 1024
MAX_ERRORS: Final = 100
_JSON: Final = json.JSONEncoder(ensure_ascii=False)


class FieldError(NamedTuple):
    """One field that cannot be taken. `field` is its way in the payload: `lines[2].amount`."""

    field: str
    code: str
    message: Text

    def to_json(self) -> dict[str, Any]:
        """The error as plain values."""
        return {"field": self.field, "code": self.code, "message": self.message.model_dump()}


class DataInvalid(DuecourseError):
    """The caller's fault: a payload that its form does not allow. `errors` holds every error,
    up to `MAX_ERRORS`."""

    code = "data_invalid"

    def __init__(self, errors: tuple[FieldError, ...], *, code: str | None = None) -> None:
        self.errors = errors
        text = "; ".join(f"{error.field or 'data'}: {error.message.en}" for error in errors)
        super().__init__(text, code=code, facts={"errors": [error.to_json() for error in errors]})


class _Check:
    """One checking of a payload: the errors found so far."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def add(self, field: str, refused: Refused) -> None:
        self.errors.append(FieldError(field, refused.code, said(refused)))

    def record(
        self, items: Mapping[str, Item], payload: Mapping[Any, Any], at: str
    ) -> dict[str, Any]:
        """The clean values of one mapping, in the order of the form."""
        clean: dict[str, Any] = {}
        for name, item in items.items():
            value = payload.get(name)
            if value is None:
                if item.required:
                    self.add(at + name, Refused("missing"))
                continue
            try:
                clean[name] = self.value(item, value, at + name)
            except Refused as refused:
                self.add(at + name, refused)
            if len(self.errors) >= MAX_ERRORS:
                return clean
        for name in payload:
            if name not in items and len(self.errors) < MAX_ERRORS:
                shown = shown_word(str(name))
                self.add(at + shown, Refused("unknown", **hints(shown, items)))
        return clean

    def value(self, item: Item, value: object, at: str) -> Any:
        """One clean value; raises `Refused`, or notes errors of what lies within a list."""
        if item.type == "list":
            return self.entries(item, value, at)
        return SCALARS[item.type](item, value)

    def entries(self, item: Item, value: object, at: str) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise Refused("not_list")
        if len(value) > item.max_items:
            raise Refused("too_many", max=item.max_items)
        clean: list[Any] = []
        for index, entry in enumerate(value):
            try:
                clean.append(self.entry(item, entry, f"{at}[{index}]"))
            except Refused as refused:
                self.add(f"{at}[{index}]", refused)
            if len(self.errors) >= MAX_ERRORS:
                break
        return clean

    def entry(self, item: Item, entry: object, at: str) -> Any:
        match _of(item):
            case "record":
                if not isinstance(entry, Mapping):
                    raise Refused("not_an_object")
                return self.record(item.fields or {}, entry, f"{at}.")
            case "int":
                return check_int(item, entry)
            case "text":
                return check_text(item, entry)


def check(items: Mapping[str, Item], payload: object) -> dict[str, Any]:
    """The clean values of a payload, or `DataInvalid` with every error.

    `payload` is what JSON gives. A payload over `MAX_PAYLOAD_BYTES` has the code `data_too_large`.
    """
    checking = _Check()
    if not isinstance(payload, Mapping):
        checking.add("", Refused("not_an_object"))
        raise DataInvalid(tuple(checking.errors))
    try:
        size = len(_JSON.encode(payload).encode("utf-8", "surrogatepass"))
    except (TypeError, ValueError, RecursionError):
        checking.add("", Refused("not_plain"))
        raise DataInvalid(tuple(checking.errors)) from None
    if size > MAX_PAYLOAD_BYTES:
        checking.add("", Refused("too_large", kib=MAX_PAYLOAD_BYTES // 1024))
        raise DataInvalid(tuple(checking.errors), code="data_too_large")
    clean = checking.record(items, payload, "")
    if checking.errors:
        raise DataInvalid(tuple(checking.errors))
    return clean


def resolve(process: Process, form: Form | str) -> dict[str, Item]:
    """The fields of a form, given in place or by name: `required` and `optional` become the case
    field of that name with that requiredness. Every such field exists in a verified process."""
    return {
        name: field
        if isinstance(field, Item)
        else process.data[name].model_copy(update={"required": field == "required"})
        for name, field in process.form_of(form).items()
    }


def start_items(process: Process) -> dict[str, Item]:
    """The fields of the case that an opening may carry: all but internal ones. A field that has a
    default or is derived need not be sent."""
    return {
        name: field.model_copy(update={"required": False})
        if field.default is not None or field.derive is not None
        else field
        for name, field in process.data.items()
        if not field.internal
    }


def _of(item: Item) -> Literal["text", "int", "record"]:
    """What a list holds."""
    return item.of or ("record" if item.fields is not None else "text")


# --- the form as JSON Schema ----------------------------------------------------------------


_SCHEMAS: Final[Mapping[str, Mapping[str, Any]]] = {
    "text": {"type": "string"},
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "number": {"type": "number"},
    "money": {
        "description": "whole fen, or yuan as text such as '2380.00'",
        "anyOf": [{"type": "integer"}, {"type": "string", "pattern": f"^{YUAN.pattern}$"}],
    },
    "date": {"type": "string", "format": "date"},
    "instant": {"type": "string", "format": "date-time"},
    "enum": {"type": "string"},
    "list": {"type": "array"},
}


def json_schema(items: Mapping[str, Item]) -> dict[str, Any]:
    """What a form accepts, as JSON Schema 2020-12, for gateways and editors. `check` is the judge:
    the schema says nothing about null, the size of the whole or unusable characters."""
    return {
        "type": "object",
        "properties": {name: _item_schema(item) for name, item in items.items()},
        "required": [name for name, item in items.items() if item.required],
        "additionalProperties": False,
    }


def _item_schema(item: Item) -> dict[str, Any]:
    schema = dict(_SCHEMAS[item.type])
    if item.title is not None:
        schema |= {"title": item.title.en, "x-title": item.title.model_dump()}
    match item.type:
        case "text":
            schema["maxLength"] = item.max_length
        case "int" | "number":
            limits = {"minimum": item.min, "maximum": item.max}
            schema |= {word: limit for word, limit in limits.items() if limit is not None}
        case "enum":
            schema["enum"] = list(item.choices)
        case "list":
            schema |= {"maxItems": item.max_items, "items": _entry_schema(item)}
    return schema


def _entry_schema(item: Item) -> dict[str, Any]:
    match _of(item):
        case "record":
            return json_schema(item.fields or {})
        case "int":
            return {"type": "integer"}
        case "text":
            return {"type": "string", "maxLength": item.max_length}
