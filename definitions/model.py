"""The trusted model: one process definition as frozen values, and the schema of its YAML file.

What it is: the shape of everything a definition can say, field by field. A file that validates
here is well-formed; `verifier.py` proves that it is sound. The same model, dumped without its
defaults, is what a running case carries as its rules. Its parts are in `basics`, `fields`, `moves`,
`outward` and `promises`; all are to be had from here.
What it is not: behaviour. The core gives these words their meaning.
Who may import it: anybody.

Terms are BPMN's for processes and the service desk's for clocks. Expressions are CEL text.
"""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from definitions.basics import (
    BudgetText,
    Expr,
    Model,
    Name,
    Names,
    NormId,
    Norms,
    RungAtText,
    Scalar,
    SpanOfMonths,
    SpanText,
    span_seconds,
)
from definitions.budget import parse_budget
from definitions.calendar import Calendar
from definitions.fields import DataField, FieldType, Form, FormField, Item
from definitions.moves import Branch, CaseEvent, Check, Event, Forbid, Hold, Move, Notice
from definitions.outward import (
    Block,
    Call,
    Computation,
    Document,
    FromTable,
    Given,
    Link,
    Schedule,
    Update,
)
from definitions.promises import (
    AnyBudget,
    BudgetFromTable,
    BudgetUntil,
    Clock,
    ClockKind,
    Ladder,
    Lapse,
    Pause,
    Recipients,
    Rung,
    Trigger,
    Triggers,
)
from definitions.text import Text

__all__ = [
    "AnyBudget",
    "Attributes",
    "Block",
    "Branch",
    "BudgetFromTable",
    "BudgetText",
    "BudgetUntil",
    "Call",
    "CaseEvent",
    "Cell",
    "Check",
    "Clock",
    "ClockKind",
    "Computation",
    "DataField",
    "Document",
    "Event",
    "Expr",
    "FieldType",
    "Forbid",
    "Form",
    "FormField",
    "Fragment",
    "FromTable",
    "Given",
    "Hold",
    "Item",
    "Json",
    "Ladder",
    "Lapse",
    "Library",
    "Link",
    "Model",
    "Move",
    "Name",
    "Names",
    "NormId",
    "Norms",
    "Notice",
    "Pause",
    "Process",
    "Recipients",
    "Retention",
    "Role",
    "Row",
    "Rung",
    "RungAtText",
    "Scalar",
    "Schedule",
    "SpanOfMonths",
    "SpanText",
    "Stage",
    "Start",
    "State",
    "Table",
    "Task",
    "Trigger",
    "Triggers",
    "Update",
    "span_seconds",
]

# --- decisions ------------------------------------------------------------------------------


Cell = Scalar | tuple[Scalar, ...]


class Row(Model):
    """One row: cells by input; an input not named is 'any'. `then` is the row's answer."""

    when: dict[Name, Cell] = {}
    then: Scalar
    norm: Norms = ()


class Table(Model):
    """A DMN-like decision table. A cell is a value, a list of values, or text such as '<= 200',
    '> 200' or '200..300' (both ends included) for numbers."""

    title: Text | None = None
    norm: Norms = ()
    each: Name | None = None
    """A list of records that the inputs read as `item.<column>`: used by `update` on that list."""
    hit: Literal["first", "unique"] = "first"
    inputs: dict[Name, Expr] = Field(min_length=1)
    output: Literal["budget", "text", "bool", "int", "number"]
    rows: tuple[Row, ...] = Field(min_length=1)


# --- states ---------------------------------------------------------------------------------


class Task(Model):
    """Parallel work inside a state, with its own clock; done by an event of the task's name."""

    title: Text
    role: Name
    form: Form | Name = {}
    when: Expr | None = None
    budget: AnyBudget
    calendar: Name | None = None
    ladder: Name
    set: dict[Name, Given] = {}
    append: dict[Name, dict[Name, Given]] = {}
    norm: Norms = ()


Stage = Literal["acceptance", "diagnosis", "solution", "execution", "feedback"]


class State(Model):
    """A state of the machine: a human waits in it (`on`, `tasks`), or it decides by itself
    (`auto`), or it is the end (`closed`)."""

    title: Text
    norm: Norms = ()
    actor: Name | None = None
    stage: Stage | None = None
    on: dict[Name, Event] = {}
    tasks: dict[Name, Task] = {}
    auto: tuple[Branch, ...] = ()
    call: Call | None = None
    """A service task: the case waits for `done` or `failed`."""
    closed: bool = False
    notify: tuple[Notice, ...] = ()
    waits: Text | None = None
    """Why it may wait without a clock."""
    dwell: SpanText | None = None
    """How long a case is expected to stay without progress."""


class Role(Model):
    """Who a role is. Ladders end at a `human` one."""

    title: Text
    kind: Literal["human", "customer", "system"] = "human"


class Start(Move):
    """The opening of a case."""

    by: Names | None = None
    checks: tuple[Check, ...] = ()
    when: Expr | None = None
    refuse: Text | None = None


class Attributes(Model):
    """Case fields shown in lists; none may be personal."""

    organisation: Name | None = None
    region: Name | None = None
    priority: Name | None = None
    profile: Name | None = None


class Retention(Model):
    """How long the file of a closed case is kept: `keep` (months), counted from the date `after`,
    or from the closing if that is later or there is no such date."""

    keep: SpanOfMonths
    after: Expr | None = None
    norm: Norms = ()


class Process(Model):
    """One process, complete: with the ladders, calendars and roles that it uses."""

    process: Name
    version: int = Field(ge=1, le=1_000_000)
    title: Text
    about: Text | None = None
    """What it is for, in a sentence or two."""
    norm: Norms = ()
    calendar: Name = "cn"
    owner: Name
    tolerance: SpanText = parse_budget("7 days")
    use: tuple[Name, ...] = ()
    """Fragments that the process takes over; what it declares itself wins."""
    subjects: dict[Name, Expr] = {}
    """What the case is about, such as a machine or a customer, as texts: every case of any process
    that names the same one is found by it. None may be personal."""
    retention: Retention | None = None
    start: Start = Start()
    attributes: Attributes = Attributes()
    data: dict[Name, DataField] = {}
    forms: dict[Name, Form] = {}
    tables: dict[Name, Table] = {}
    links: dict[Name, Link] = {}
    computations: dict[Name, Computation] = {}
    documents: dict[Name, Document] = {}
    schedules: dict[Name, Schedule] = {}
    clocks: dict[Name, Clock] = {}
    states: dict[Name, State] = Field(min_length=1)
    anywhere: dict[Name, CaseEvent] = {}
    forbid: tuple[Forbid, ...] = ()
    roles: dict[Name, Role] = {}
    ladders: dict[Name, Ladder] = {}
    calendars: dict[Name, Calendar] = {}

    @property
    def initial(self) -> str:
        """The first state of the file."""
        return next(iter(self.states))

    def form_of(self, form: Form | str) -> Form:
        """A form given in place, or the named one."""
        return self.forms[form] if isinstance(form, str) else form

    def moves(self) -> Iterator[tuple[tuple[str | int, ...], Move]]:
        """Every move of the process with its path in the file."""
        yield ("start",), self.start
        for name, state in self.states.items():
            for event, spec in state.on.items():
                yield from _event_moves(("states", name, "on", event), spec)
            for index, branch in enumerate(state.auto):
                yield ("states", name, "auto", index), branch
        for event, case_event in self.anywhere.items():
            yield from _event_moves(("anywhere", event), case_event)
        for name, clock in self.clocks.items():
            if clock.lapse is not None:
                yield ("clocks", name, "lapse"), clock.lapse


def _event_moves(
    path: tuple[str | int, ...], event: Event
) -> Iterator[tuple[tuple[str | int, ...], Move]]:
    yield path, event
    for index, branch in enumerate(event.branches):
        yield (*path, "branches", index), branch


class Library(Model):
    """What processes share: one file of roles and ladders."""

    roles: dict[Name, Role] = {}
    ladders: dict[Name, Ladder] = {}


class Fragment(Model):
    """Elements that many processes have alike, in one file; a process takes them over by `use`.

    An element is what stands under one name (a field, a table, an event, a state). One that the
    process declares itself wins as a whole.
    """

    fragment: Name
    title: Text | None = None
    subjects: dict[Name, Expr] = {}
    retention: Retention | None = None
    attributes: Attributes = Attributes()
    data: dict[Name, DataField] = {}
    forms: dict[Name, Form] = {}
    tables: dict[Name, Table] = {}
    links: dict[Name, Link] = {}
    computations: dict[Name, Computation] = {}
    documents: dict[Name, Document] = {}
    clocks: dict[Name, Clock] = {}
    states: dict[Name, State] = {}
    anywhere: dict[Name, CaseEvent] = {}
    forbid: tuple[Forbid, ...] = ()


Json = dict[str, Any]
