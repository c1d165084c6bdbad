"""Typed fields: what a case knows, what a form asks, what a record of a list holds.

What it is: the schema of fields and forms.
What it is not: the checking of values; `values` and `forms` do that.
Who may import it: anybody; most take it from `definitions.model`.
"""

from typing import Literal

from pydantic import Field

from definitions.basics import Model, Name, Scalar
from definitions.text import Text

FieldType = Literal["text", "bool", "int", "number", "money", "date", "instant", "enum", "list"]


class Item(Model):
    """A typed field of a form or of a record in a list."""

    type: FieldType
    title: Text | None = None
    required: bool = False
    values: tuple[str, ...] | dict[str, Text] | None = None
    min: int | float | None = None
    max: int | float | None = None
    max_length: int = Field(default=2000, ge=1, le=20_000)
    max_items: int = Field(default=100, ge=1, le=1000)
    of: Literal["text", "int", "record"] | None = None
    fields: dict[Name, "Item"] | None = None
    personal: bool = False
    unit: str | None = None

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of an enum, in their order."""
        return tuple(self.values or ())


class DataField(Item):
    """A field of the case. `internal` ones are set by the process, never by a sender."""

    default: Scalar | None = None
    derive: Name | None = None
    """Name of a table that gives the value at the start if the sender gave none."""
    internal: bool = False


FormField = Literal["required", "optional"] | Item
"""In a form: `required` or `optional` names a case field of the same name, stored when the event
is accepted; anything else is a field of this event alone."""

Form = dict[Name, FormField]
