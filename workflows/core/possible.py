"""Which of the events that a state accepts would be taken now, whatever they said.

What it is: what menus list. An event is left out if it is refused without regard to its sender and
its data: its guard reads neither and does not hold, no cycle is open that it could pick, or the
case that it opens is of a process that is not there yet.
What it is not: judgement. What stays in may still be refused for what it says.
Who may import it: the shell.
"""

import re
from collections.abc import Mapping
from typing import Any

from definitions.model import Event, Form
from definitions.scope import event_forms
from workflows.core.case import Case
from workflows.core.effects import EventView
from workflows.core.errors import IllegalEvent
from workflows.core.program import Program
from workflows.core.turn import Turn

_SENT = re.compile(r"\b(?:event|actor)\b")
_PICKED = ("stop", "cancel", "reset")


def possible(
    program: Program, case: Case, now: int, listed: tuple[EventView, ...]
) -> tuple[EventView, ...]:
    """Those of the listed events that are possible now; tasks are."""
    turn = Turn(program, case, now)
    declared = program.events(case.state)
    return tuple(
        one for one in listed if one.name not in declared or _open(turn, one.name, declared)
    )


def needed(program: Program, case: Case) -> dict[str, tuple[str, ...]]:
    """The data that each event of the present state must bring."""
    tasks = {task.task: program.tasks[task.task].form for task in case.tasks if task.done is None}
    forms = {name: event.form for name, event in program.events(case.state).items()} | tasks
    return {
        name: tuple(field for field, item in program.items(form).items() if item.required)
        for name, form in forms.items()
    }


def public(program: Program, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """What is known not to be personal of data that were sent as an event."""
    forms = [program.items(form) for form in event_forms(program.process, name)]
    return {
        field: value
        for field, value in data.items()
        if any(field in items for items in forms)
        and not any(field in items and items[field].personal for items in forms)
    }


def _open(turn: Turn, name: str, declared: Mapping[str, Event]) -> bool:
    event = declared[name]
    form = turn.program.process.form_of(event.form)
    guards = [*(check.when for check in event.checks), *filter(None, [event.when])]
    return (
        _has_cycle(turn, name)
        and _has_target(turn, event)
        and all(_guard(turn, when, form) for when in guards)
    )


def _has_cycle(turn: Turn, name: str) -> bool:
    clocks = turn.program.process.clocks.items()
    picking = [
        clock
        for clock, spec in clocks
        if spec.pick is not None
        and any(t.on == name and t.when is None for act in _PICKED for t in getattr(spec, act))
    ]
    return all(turn.open_cycles(clock) for clock in picking)


def _has_target(turn: Turn, event: Event) -> bool:
    links = [turn.program.process.links[name] for name in (*event.open, *event.tell)]
    return all(
        link.available or not link.planned or link.when is not None or link.each is not None
        for link in links
    )


def _guard(turn: Turn, when: str, form: Form) -> bool:
    if _SENT.search(when):
        return True
    if any(re.search(rf"\bdata\.{re.escape(field)}\b", when) for field in form):
        return True
    try:
        return turn.holds(when, form)
    except IllegalEvent:
        return True
