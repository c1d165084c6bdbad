"""Which names an expression of a process may use, and of which type: `data.*`, `case.*`, `event.*`…

What it is: the one place that says so, for the verifier, which compiles every expression ahead, and
for the core, which binds the values. Form fields marked `required` or `optional` are stored in the
case's data before any guard is evaluated, so `data.x` and `event.x` agree on them.
What it is not: values. It reads a definition and nothing else.
Who may import it: anybody.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import cast

from definitions.expressions import Scope, ValueType
from definitions.model import (
    Clock,
    Event,
    Form,
    FormField,
    Item,
    Process,
    Schedule,
    Task,
    Trigger,
)

RESERVED_EVENT_FIELDS = frozenset({"at", "name"})
"""Every event has these; a form must not bring its own."""

CALL_EVENTS = ("done", "failed")
"""The events of a state with `call` that the engine sends: the answer, or why there is none."""

FAILURE: Form = {"code": Item(type="text", required=True), "detail": Item(type="text")}
"""What `failed` says."""

UNUSABLE_WORDS = frozenset({"true", "false", "null", "in"})
"""Words that no expression can use as a name."""

_LISTS: Mapping[str | None, ValueType] = MappingProxyType(
    {
        "text": ValueType.LIST_TEXT,
        "int": ValueType.LIST_INT,
        "record": ValueType.LIST_RECORD,
    }
)
_COMMON: Mapping[str, ValueType] = MappingProxyType(
    {
        "case.process": ValueType.TEXT,
        "case.key": ValueType.TEXT,
        "case.state": ValueType.TEXT,
        "case.opened_at": ValueType.INSTANT,
        "case.closed": ValueType.BOOL,
        "case.number": ValueType.INT,
        "actor.id": ValueType.TEXT,
        "actor.roles": ValueType.LIST_TEXT,
        "owner.id": ValueType.TEXT,
        "now": ValueType.INSTANT,
        "tasks.done": ValueType.INT,
        "tasks.open": ValueType.INT,
    }
)


def value_type(item: Item) -> ValueType:
    """The type of a field's value in expressions."""
    if item.type == "list":
        return _LISTS.get(item.of, ValueType.LIST_TEXT)
    return ValueType(item.type)


def form_item(process: Process, name: str, field: FormField) -> Item | None:
    """The typed field that a form's entry means: its own, or the case's of that name if any."""
    return field if isinstance(field, Item) else process.data.get(name)


def form_items(process: Process, form: Form) -> dict[str, Item]:
    """The typed fields of a form; entries that name no case field are left out."""
    found = ((name, form_item(process, name, field)) for name, field in form.items())
    return {name: item for name, item in found if item is not None}


def tasks_by_name(process: Process) -> dict[str, Task]:
    """Every task of every state. A task has a clock and an event of its name."""
    return {name: task for state in process.states.values() for name, task in state.tasks.items()}


def clock_names(process: Process) -> tuple[str, ...]:
    """Every clock, those of tasks included."""
    return (*process.clocks, *(name for name in tasks_by_name(process)))


def columns(process: Process, name: str | None) -> Mapping[str, Item]:
    """The columns of the case's list of records of this name; none if it is no such list."""
    field = process.data.get(name) if name is not None else None
    return (field.fields or {}) if field is not None and field.of == "record" else {}


def case_scope(process: Process, form: Form | None = None, each: str | None = None) -> Scope:
    """The names known to an expression of this process; with a form, those of the event too.

    `form` None means that no event is at hand (a table's input, a ladder's recipients, an automatic
    branch); an empty one (the opening, a lapse) still has `event.at` and `event.name`. `each` names
    the list of records whose present one is `item`.
    """
    variables: dict[str, ValueType | str] = dict(_COMMON)
    variables.update(_fields("data", process.data))
    for clock in clock_names(process):
        if clock not in UNUSABLE_WORDS:
            variables[f"clocks.{clock}.running"] = ValueType.BOOL
            variables[f"clocks.{clock}.breached"] = ValueType.BOOL
    if form is not None:
        variables.update(_fields("event", form_items(process, form)))
        variables["event.at"] = ValueType.INSTANT
        variables["event.name"] = ValueType.TEXT
    if each is not None:
        variables.update(_fields("item", columns(process, each)))
        variables["item.index"] = ValueType.INT
    return Scope(variables)


def schedule_scope(schedule: Schedule) -> Scope:
    """The names known to the key and the data of a case that opens by the calendar."""
    variables: dict[str, ValueType | str] = {
        "schedule.at": ValueType.INSTANT,
        "schedule.month": ValueType.TEXT,
    }
    if schedule.each == "organisation":
        variables["schedule.organisation"] = ValueType.TEXT
    return Scope(variables)


def personal_names(
    process: Process, form: Form | None = None, each: str | None = None
) -> frozenset[str]:
    """The names of that scope whose values are personal and may stand in no expression."""
    known: Mapping[str, Mapping[str, Item]] = {
        "data": process.data,
        "event": form_items(process, form or {}),
        "item": columns(process, each),
    }
    return frozenset(
        f"{prefix}.{name}"
        for prefix, items in known.items()
        for name, item in items.items()
        if item.personal
    )


def _fields(prefix: str, items: Mapping[str, Item]) -> dict[str, ValueType | str]:
    return {
        f"{prefix}.{name}": value_type(item)
        for name, item in items.items()
        if name not in UNUSABLE_WORDS
    }


# ---- Events as clocks see them: by name, wherever they are declared ----


def resolved_form(process: Process, form: Form | str) -> Form:
    """A form given in place or by name; empty if the name is unknown."""
    return process.forms.get(form, {}) if isinstance(form, str) else form


def event_form(process: Process, state: str | None, name: str) -> Form:
    """The form of the event or task of this name in this state; `state` None means `anywhere`.

    That of an answer to a call is implied. Empty if there is no such event. The same event gives
    the same object, so that what is made of it can be remembered.
    """
    if state is None:
        found: Event | Task | None = process.anywhere.get(name)
    else:
        here = process.states[state]
        if here.call is not None and name in CALL_EVENTS:
            return _answer_form(process, here.call.computation, name)
        found = here.on.get(name) or here.tasks.get(name)
    return {} if found is None else resolved_form(process, found.form)


def _answer_form(process: Process, computation: str, name: str) -> Form:
    if name != "done":
        return FAILURE
    known = process.computations.get(computation)
    return cast(Form, known.output) if known is not None else {}


def event_forms(process: Process, name: str) -> tuple[Form, ...]:
    """The form of every event and task of this name, in the order of the file."""
    homes: list[str | None] = [
        state for state, spec in process.states.items() if name in spec.on or name in spec.tasks
    ]
    homes += [None] if name in process.anywhere else []
    return tuple(event_form(process, home, name) for home in homes)


def trigger_form(process: Process, triggers: Iterable[Trigger]) -> Form:
    """The event fields that are there whichever of these triggers fires.

    An event may be declared in several states with different forms, and `opened`, `enter X` and
    their like come with no field of their own: only what all have in common can be relied on.
    """
    found = (form for trigger in triggers for form in event_forms(process, trigger.on) or ({},))
    return common_form(process, found)


def common_form(process: Process, forms: Iterable[Form]) -> Form:
    """The fields that all of these forms have, with the same type."""
    shared: dict[str, Item] | None = None
    for form in forms:
        items = form_items(process, form)
        if shared is None:
            shared = items
            continue
        shared = {
            name: item
            for name, item in shared.items()
            if name in items and value_type(items[name]) is value_type(item)
        }
    return dict(shared or {})


def clock_scope(process: Process, clock: Clock) -> Scope:
    """The scope of a clock's own expressions, evaluated when it starts: `when`, `anchor`, `until`,
    `fulfilled`."""
    return case_scope(process, trigger_form(process, clock.start))


def pick_scope(process: Process, clock: Clock) -> Scope:
    """The scope of `pick`, evaluated when an event stops, cancels or resets one of many cycles."""
    return case_scope(process, trigger_form(process, (*clock.stop, *clock.cancel, *clock.reset)))
