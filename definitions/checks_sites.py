"""Where moves, events and forms stand in a process, with the scope that their expressions have.

What it is: one walk over a definition for all checks.
What it is not: a check.
Who may import it: the checks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from definitions.model import (
    CaseEvent,
    Event,
    Expr,
    Form,
    Given,
    Item,
    Move,
    Notice,
    Process,
    Task,
    Update,
)
from definitions.problems import Path
from definitions.scope import CALL_EVENTS, common_form, event_form, resolved_form

JOINS = ("all_done", "any_done")
"""Events of a state with tasks that happen by themselves."""

SYSTEM_EVENTS = ("opened", "closed", "reopened")
"""Triggers of clocks that no author declares."""


@dataclass(frozen=True, slots=True)
class EventSite:
    """An event with its place; `state` is None where it is accepted in many. `form` is None where
    it happens by itself."""

    path: Path
    name: str
    event: Event | CaseEvent
    state: str | None
    form: Form | None
    answers: bool = False
    """Whether it is the answer to the call of its state."""

    @property
    def joins(self) -> bool:
        """Whether it happens by itself when tasks are done."""
        return self.state is not None and self.name in JOINS


@dataclass(frozen=True, slots=True)
class MoveSite:
    """A move with its place. `form` None: no event is at hand in its expressions."""

    path: Path
    move: Move
    form: Form | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a move or a task stores: values by case field, records of lists by list."""

    path: Path
    form: Form | None
    set: Mapping[str, Given]
    append: Mapping[str, Mapping[str, Given]]
    clear: tuple[str, ...] = ()
    extend: Mapping[str, Expr] = field(default_factory=dict)
    update: Mapping[str, Update] = field(default_factory=dict)

    def given(self) -> Iterator[tuple[Path, Given]]:
        """Every value that is put somewhere, with its path."""
        yield from (((*self.path, "set", name), value) for name, value in self.set.items())
        for name, record in self.append.items():
            path = (*self.path, "append", name)
            yield from (((*path, column), value) for column, value in record.items())
        for name, update in self.update.items():
            path = (*self.path, "update", name, "set")
            yield from (((*path, column), value) for column, value in update.set.items())


def events(process: Process) -> Iterator[EventSite]:
    """Every declared event, in the order of the file."""
    for state, spec in process.states.items():
        for name, event in spec.on.items():
            form = None if name in JOINS else event_form(process, state, name)
            answers = spec.call is not None and name in CALL_EVENTS
            yield EventSite(("states", state, "on", name), name, event, state, form, answers)
    for name, case_event in process.anywhere.items():
        form = event_form(process, None, name)
        yield EventSite(("anywhere", name), name, case_event, None, form)


def tasks(process: Process) -> Iterator[tuple[Path, str, str, Task]]:
    """Path, state, name and task."""
    for state, spec in process.states.items():
        for name, task in spec.tasks.items():
            yield ("states", state, "tasks", name), state, name, task


def moves(process: Process) -> Iterator[MoveSite]:
    """Every move. The opening and a lapse are events without fields of their own; automatic
    branches and joins have no event."""
    yield MoveSite(("start",), process.start, {})
    for site in events(process):
        yield MoveSite(site.path, site.event, site.form)
        for index, branch in enumerate(site.event.branches):
            yield MoveSite((*site.path, "branches", index), branch, site.form)
    for name, state in process.states.items():
        for index, branch in enumerate(state.auto):
            yield MoveSite(("states", name, "auto", index), branch, None)
    for name, clock in process.clocks.items():
        if clock.lapse is not None:
            yield MoveSite(("clocks", name, "lapse"), clock.lapse, {})


def changes(process: Process) -> Iterator[Change]:
    """Everything that stores into the case."""
    for site in moves(process):
        move = site.move
        yield Change(
            site.path, site.form, move.set, move.append, move.clear, move.extend, move.update
        )
    for path, _, _, task in tasks(process):
        yield Change(path, resolved_form(process, task.form), task.set, task.append)


def link_form(process: Process, name: str) -> Form:
    """The event fields that a link's expressions may read: those of all moves that use it."""
    users = (s.form or {} for s in moves(process) if name in (*s.move.open, *s.move.tell))
    return common_form(process, users)


def notices(process: Process) -> Iterator[tuple[Path, Notice, Form | None]]:
    """Every notice with its path and the form of its event, if any."""
    for site in moves(process):
        for index, notice in enumerate(site.move.notify):
            yield (*site.path, "notify", index), notice, site.form
    for name, state in process.states.items():
        for index, notice in enumerate(state.notify):
            yield ("states", name, "notify", index), notice, None


def forms(process: Process) -> Iterator[tuple[Path, Form]]:
    """Every form: the named ones, those written in place, and those of answers to calls."""
    for name, form in process.forms.items():
        yield ("forms", name), form
    for site in events(process):
        if not isinstance(site.event.form, str):
            yield (*site.path, "form"), site.event.form
    for path, _, _, task in tasks(process):
        if not isinstance(task.form, str):
            yield (*path, "form"), task.form
    for name, computation in process.computations.items():
        yield ("computations", name, "output"), cast(Form, computation.output)


def items(process: Process) -> Iterator[tuple[Path, Item]]:
    """Every typed field: of the case, of forms and computations, and of the records in lists."""
    found: list[tuple[Path, Item]] = [(("data", n), item) for n, item in process.data.items()]
    for path, form in forms(process):
        found += [((*path, n), item) for n, item in form.items() if isinstance(item, Item)]
    for name, computation in process.computations.items():
        path = ("computations", name, "input")
        found += [((*path, n), item) for n, item in computation.input.items()]
    while found:
        path, item = found.pop(0)
        yield path, item
        inner = item.fields or {}
        found[:0] = [((*path, "fields", name), field) for name, field in inner.items()]
