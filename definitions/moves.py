"""What happens to a case: moves, the events that make them, and what stands in their way.

What it is: the schema of events, branches, notices and prohibitions.
What it is not: what they do; the core gives these words their meaning.
Who may import it: anybody; most take it from `definitions.model`.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from definitions.basics import NAMES_SCHEMA, Expr, Model, Name, Names, Norms, SpanText, as_tuple
from definitions.fields import Form
from definitions.outward import Given, Update
from definitions.text import Text


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
