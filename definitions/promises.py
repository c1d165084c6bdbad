"""Promises: clocks, what starts and stops them, their budgets and their ladders.

What it is: the schema of clocks and ladders.
What it is not: arithmetic; the core counts.
Who may import it: anybody; most take it from `definitions.model`.
"""

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from definitions.basics import BudgetText, Expr, Model, Name, Names, Norms, RungAtText
from definitions.moves import Move
from definitions.text import Text


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
    """What a missed deadline does by itself (a boundary timer). That of a timer may have no `to`:
    then it interrupts nothing. `roll` moves the instant to the end of the next working day if the
    deadline's day is none."""

    title: Text | None = None
    roll: Literal["none", "next_working_day"] = "none"


ClockKind = Literal[
    "response", "reply", "resolution", "arrival", "escalation", "cut_off", "periodic", "timer"
]
TIMER: Final = "timer"
"""Time that passes and is owed by nobody (BPMN's boundary timer): at its instant `lapse` happens,
with `repeat` at the end of each period, and nothing is missed."""


class Clock(Model):
    """One promise, or a timer. A case runs cycles of it."""

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
    """For `periodic` and `timer`: how many periods, one after the other without drift."""
    each: bool = False
    """Several cycles may run at once: one for each start. `pick` tells which one is meant."""
    pick: Expr | None = None
    outlives: bool = False
    """Runs on when the case is closed for the customer."""
    catch_up: Literal["in_order", "collapse", "skip"] = "in_order"

    @property
    def promise(self) -> bool:
        """Whether somebody owes it, so that it can be missed."""
        return self.kind != TIMER

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
