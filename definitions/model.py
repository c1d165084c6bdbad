"""The trusted model: one process definition as frozen values, and the schema of its YAML file.

What it is: the shape of everything a definition can say, field by field. A file that validates
here is well-formed; `verifier.py` proves that it is sound. The same model, dumped without its
defaults, is what a running case carries as its rules. Its smallest parts are in `basics`, fields
and forms in `fields`, what leaves a case in `outward`; all are to be had from here.
What it is not: behaviour. The core gives these words their meaning.
Who may import it: anybody.

Terms are BPMN's for processes and the service desk's for clocks. Expressions are CEL text.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from definitions.basics import (
    NAMES_SCHEMA,
    BudgetText,
    Expr,
    Model,
    Name,
    Names,
    NormId,
    Norms,
    RungAtText,
    Scalar,
    SpanText,
    as_tuple,
    span_seconds,
)
from definitions.budget import parse_budget
from definitions.calendar import Calendar
from definitions.fields import DataField, FieldType, Form, FormField, Item
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
    "Role",
    "Row",
    "Rung",
    "RungAtText",
    "Scalar",
    "Schedule",
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


# --- moves ----------------------------------------------------------------------------------


class Notice(Model):
    """A message to people. `to`: a role, `assignee`, `owner` or `customer`."""

    to: Names
    text: Text
    when: Expr | None = None
    urgent: bool = False
    norm: Norms = ()


class Move(Model):
    """What happens when an event is accepted, a branch is taken or a right lapses."""

    to: Name | None = None
    clear: tuple[Name, ...] = ()
    """Case fields that have no value any more."""
    set: dict[Name, Given] = {}
    append: dict[Name, dict[Name, Given]] = {}
    extend: dict[Name, Expr] = {}
    """Lists that take on the entries of another one: a list of this event or of the case."""
    update: dict[Name, Update] = {}
    owner: Expr | None = None
    notify: tuple[Notice, ...] = ()
    open: Annotated[tuple[Name, ...], BeforeValidator(as_tuple), NAMES_SCHEMA] = ()
    """Links whose cases are opened."""
    tell: Annotated[tuple[Name, ...], BeforeValidator(as_tuple), NAMES_SCHEMA] = ()
    """Links whose cases are told."""
    document: Annotated[tuple[Name, ...], BeforeValidator(as_tuple), NAMES_SCHEMA] = ()
    """Documents that are filled in and archived."""
    norm: Norms = ()


class Branch(Move):
    """One way out of an exclusive gateway; the one without `when` is the default flow."""

    when: Expr | None = None
    title: Text | None = None


class Hold(Model):
    """Pause of the clocks that declare `pause.holds`, for at most `max` of wall time; `until`
    may end it earlier. The event's form must carry `reason` and `evidence`."""

    max: SpanText
    until: Expr | None = None


class Check(Model):
    """A condition that an event must meet, with the words of the refusal if it does not."""

    when: Expr
    refuse: Text
    norm: Norms = ()


class Event(Move):
    """Something that happens to the case. Without `to` and `branches` it only records.

    `by` says which roles may send it, `from` which processes: with `from` alone only their cases
    can (a message); with neither, everybody.
    """

    title: Text | None = None
    by: Names | None = None
    from_: Names | None = Field(default=None, alias="from")
    form: Form | Name = {}
    checks: tuple[Check, ...] = ()
    """Judged in their order before `when`; the first that does not hold refuses."""
    when: Expr | None = None
    refuse: Text | None = None
    branches: tuple[Branch, ...] = ()
    reopens: bool = False
    hold: Hold | None = None
    release: bool = False
    acknowledges: tuple[Name, ...] = ()
    tolerance: SpanText | None = None


class CaseEvent(Event):
    """An event accepted in many states: in every open one unless `within` says otherwise."""

    within: Literal["open", "closed", "any"] | Names = "open"
    unless: tuple[Name, ...] = ()


class Forbid(Model):
    """A prohibition checked before every event, whatever the state."""

    when: Expr
    refuse: Text
    unless: tuple[Name, ...] = ()
    norm: Norms = ()


# --- clocks ---------------------------------------------------------------------------------


class Trigger(Model):
    """`on`: an event's name, `opened`, `closed`, `reopened`, `enter STATE` or `leave STATE`."""

    on: Annotated[str, Field(pattern=r"^((enter|leave) )?[a-z][a-z0-9_]{0,39}$")]
    when: Expr | None = None


def _triggers(value: object) -> object:
    items = value if isinstance(value, list | tuple) else [value]
    return tuple({"on": item} if isinstance(item, str) else item for item in items)


Triggers = Annotated[
    tuple[Trigger, ...],
    BeforeValidator(_triggers),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"$ref": "#/$defs/Trigger"},
                {
                    "type": "array",
                    "items": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Trigger"}]},
                },
            ]
        }
    ),
]


class BudgetFromTable(Model):
    """The answer of a decision table whose output is `budget`."""

    table: Name


class BudgetUntil(Model):
    """An instant or a date from the case: a promise. `otherwise` serves when there is none."""

    until: Expr
    otherwise: BudgetText | None = None


AnyBudget = BudgetText | BudgetFromTable | BudgetUntil


class Pause(Model):
    """When a clock stands still: in these states, and under an explicit hold if `holds`."""

    states: tuple[Name, ...] = ()
    holds: bool = False


class Lapse(Move):
    """What a missed deadline does by itself (an interrupting boundary timer). `roll` moves the
    instant to the end of the next working day if the deadline's day is none."""

    title: Text | None = None
    roll: Literal["none", "next_working_day"] = "none"


ClockKind = Literal[
    "response", "reply", "resolution", "arrival", "escalation", "cut_off", "periodic"
]


class Clock(Model):
    """One promise. A case runs cycles of it."""

    title: Text
    norm: Norms = ()
    kind: ClockKind
    party: Literal["customer", "internal", "supplier"] = "customer"
    budget: AnyBudget
    calendar: Name | None = None
    start: Triggers
    stop: Triggers = ()
    cancel: Triggers = ()
    reset: Triggers = ()
    when: Expr | None = None
    anchor: Expr | None = None
    """Where the budget is counted from, if not from the instant of the trigger."""
    fulfilled: Expr | None = None
    """Met by the very event that starts it."""
    pause: Pause = Pause()
    change: Literal["carry", "restart", "stricter_wins"] = "carry"
    reopen: Literal["resume", "restart", "new_budget", "none"] | None = None
    reopen_budget: AnyBudget | None = None
    ladder: Name | None = None
    assignee: Name | None = None
    """The role that owes it; by default the one that acts in the state, else the case's owner."""
    lapse: Lapse | None = None
    repeat: int | None = Field(default=None, ge=1, le=600)
    """For `periodic`: how many periods, one after the other without drift."""
    each: bool = False
    """Several cycles may run at once: one for each start. `pick` tells which one is meant."""
    pick: Expr | None = None
    outlives: bool = False
    """Runs on when the case is closed for the customer."""
    catch_up: Literal["in_order", "collapse", "skip"] = "in_order"

    @property
    def reopen_law(self) -> str:
        """The declared law, or the default by kind."""
        defaults = {"resolution": "resume", "response": "restart"}
        return self.reopen or defaults.get(self.kind, "none")


class Recipients(Model):
    """Roles, if the condition holds; the first that holds is taken."""

    when: Expr | None = None
    to: Names


def _recipients(value: object) -> object:
    if isinstance(value, str):
        return ({"to": value},)
    if isinstance(value, list | tuple) and value and all(isinstance(v, str) for v in value):
        return ({"to": value},)
    return tuple(value) if isinstance(value, list) else value


class Rung(Model):
    """One reminder or escalation."""

    id: Name
    level: Annotated[str, Field(pattern=r"^L[0-9]$")]
    at: RungAtText
    to: Annotated[
        tuple[Recipients, ...],
        BeforeValidator(_recipients),
        Field(min_length=1),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "string"},
                    {"type": "array", "items": {"type": "string"}},
                    {"type": "array", "items": {"$ref": "#/$defs/Recipients"}},
                ]
            }
        ),
    ]
    text: Text | None = None
    urgent: bool = False
    unless_acknowledged: bool = False


class Ladder(Model):
    """Rungs for budgets of minutes and hours, and for budgets of days, months and dates."""

    title: Text | None = None
    norm: Norms = ()
    hours: tuple[Rung, ...] = ()
    days: tuple[Rung, ...] = ()


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


class Process(Model):
    """One process, complete: with the ladders, calendars and roles that it uses."""

    process: Name
    version: int = Field(ge=1, le=1_000_000)
    title: Text
    norm: Norms = ()
    calendar: Name = "cn"
    owner: Name
    tolerance: SpanText = parse_budget("7 days")
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


Json = dict[str, Any]
