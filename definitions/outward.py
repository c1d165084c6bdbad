"""What a process asks of the world: other cases, messages, computations, documents, schedules.

What it is: the schema of everything that leaves a case, beside notices.
What it is not: how it is done; the activities know that.
Who may import it: anybody; most take it from `definitions.model`.

Where a part works through a list of records (`each`, `where`), its expressions know the present
record as `item.<column>` and its place as `item.index`, which counts from 1.
"""

from typing import Annotated, Literal

from pydantic import Field

from definitions.basics import Expr, Model, Name, Norms, Scalar
from definitions.fields import Item
from definitions.text import Text


class Link(Model):
    """Another case: one that this process opens, or one that it tells something.

    Without `tell`, `open: NAME` in a move opens the case `process:key` with `data`. With `tell`,
    `tell: NAME` in a move sends that event with the data of `event` to the case, which is opened
    first with `data` if it is absent and `start` allows it. With `each` this is done for every
    record of a list for which `when` holds.
    """

    process: Name
    title: Text | None = None
    each: Name | None = None
    """A case field that is a list of records."""
    when: Expr | None = None
    key: Expr
    data: dict[Name, Expr] = {}
    child: bool = False
    """Opened as a child of this case's workflow, which Temporal's UI shows; it outlives it."""
    tell: Name | None = None
    """The event that the other case is told."""
    event: dict[Name, Expr] = {}
    start: Literal["if_absent", "never"] = "if_absent"
    undelivered: Name | None = None
    """The event of this process that the engine sends if the other case could not be opened, has
    ended or refuses: its form may have `target`, `code` and `detail`, all of them text."""
    planned: bool = False
    available: bool = True
    norm: Norms = ()


class Computation(Model):
    """A pure function outside the process, registered by this name, with what goes in and out."""

    title: Text | None = None
    norm: Norms = ()
    input: dict[Name, Item]
    output: dict[Name, Item] = Field(min_length=1)


class Call(Model):
    """A service task: on entering the state the computation runs once, and its answer comes as
    the state's event `done`, whose form is the computation's output; a failure as `failed`, whose
    form has `code` and `detail`. Nobody else sends these two."""

    computation: Name
    input: dict[Name, Expr] = {}


class Block(Model):
    """A part of a document: labelled fields, a table of records, a paragraph, or places to sign."""

    title: Text | None = None
    fields: dict[Name, Text] = {}
    """Case fields with the label that is printed, two in a line."""
    list: Name | None = None
    """A list of records, printed as a table with `columns`; only those for which `where` holds."""
    where: Expr | None = None
    columns: dict[Name, Text] = {}
    totals: dict[Name, Text] = {}
    """Case fields printed under the table, with their labels."""
    text: Text | None = None
    """A paragraph; a template like that of a notice."""
    signatures: tuple[Text, ...] = ()


class Document(Model):
    """A form filled in from the case, printed as PDF and archived when a move names it."""

    title: Text
    norm: Norms = ()
    form: str = Field(default="", max_length=20)
    """Its number in the register of forms, such as F-04."""
    number: Expr
    """The number printed on it."""
    landscape: bool = False
    copies: tuple[Text, ...] = ()
    """Who gets a copy; printed at the foot."""
    blocks: tuple[Block, ...] = Field(min_length=1)


class Schedule(Model):
    """Cases that open by the calendar, in the zone of the process's calendar: on `day` of every
    `months`-th month (counted from January) at `time`, once for each organisation that the
    installation names if `each` says so. A missed one is made up for, none is doubled.

    `key` and `data` know `schedule.at` (the instant), `schedule.month` ('2026-11') and
    `schedule.organisation`.
    """

    title: Text
    norm: Norms = ()
    months: int = Field(default=1, ge=1, le=12)
    day: int = Field(default=1, ge=1, le=28)
    time: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "00:00"
    each: Literal["organisation"] | None = None
    key: Expr
    data: dict[Name, Expr] = {}


class FromTable(Model):
    """The answer of a decision table."""

    table: Name


Given = Scalar | FromTable
"""A value written plainly, an expression (any text), or a table's answer."""


class Update(Model):
    """A change of the records of a list for which `where` holds (all without it)."""

    where: Expr | None = None
    set: dict[Name, Given] = Field(min_length=1)
    one: bool = False
    """Exactly one record must be meant, or the event is refused (`no_such_record`)."""
    norm: Norms = ()
