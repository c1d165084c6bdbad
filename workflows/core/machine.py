"""The relation of states, events and guards, carried by `transitions`: one machine a definition.

What it is: the only place that knows the library. A shared `Machine` holds, for every state and
event, the ways out in their order; firing an event on a `Model` asks its guards and changes its
state. No text of a definition is ever handed to the library as a callback.
What it is not: clocks, data or effects; the model does those when a way is taken.
Who may import it: `workflows.core.program`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from transitions import EventData, Machine

from definitions.model import Branch, CaseEvent, Event, Form, Move, Process
from definitions.scope import CALL_EVENTS, event_form

AUTO = "<auto>"
LAPSE = "<lapse>"
ALL_DONE = "all_done"
ANY_DONE = "any_done"

ITS_INSTANT: Form = {}
"""What an expression of a lapse knows of an event: no fields, but when it happened."""


class Model(Protocol):
    """What moves through the relation."""

    state: str

    def holds(self, when: str, form: Form | None) -> bool: ...

    def take(self, moves: Sequence[Move], form: Form | None) -> None: ...


def legal_in(process: Process, event: CaseEvent, state: str) -> bool:
    """Whether an event declared for many states is accepted in this one."""
    if state in event.unless:
        return False
    if isinstance(event.within, tuple):
        return state in event.within
    closed = process.states[state].closed
    return event.within == "any" or closed == (event.within == "closed")


def events_of(process: Process, state: str) -> Iterator[tuple[str, Event]]:
    """Events declared for a state: its own, then those accepted in many states."""
    own = process.states[state].on
    for name, event in own.items():
        if name not in (ALL_DONE, ANY_DONE):
            yield name, _answering(process, state, name, event)
    for name, case_event in process.anywhere.items():
        if name not in own and legal_in(process, case_event, state):
            yield name, case_event


def _answering(process: Process, state: str, name: str, event: Event) -> Event:
    """An answer of a service task has the form that its computation implies."""
    if process.states[state].call is None or name not in CALL_EVENTS:
        return event
    return event.model_copy(update={"form": event_form(process, state, name)})


class Relation:
    """Built once a definition and shared by all its cases; it keeps no model."""

    def __init__(self, process: Process) -> None:
        self._machine = Machine(
            model=None,
            states=list(process.states),
            initial=process.initial,
            auto_transitions=False,
            send_event=True,
        )
        for name, state in process.states.items():
            for event, spec in events_of(process, name):
                self._event(process, name, event, spec)
            for pseudo in (ALL_DONE, ANY_DONE):
                if pseudo in state.on:
                    self._event(process, name, pseudo, state.on[pseudo])
            for branch in state.auto:
                self._way(name, AUTO, branch.to, [(branch.when, None)], [branch], None)
            self._lapses(process, name)

    def fire(self, event: str, model: Model) -> bool:
        """Try the ways out in order. False if every guard said no, or there is no such way."""
        found = self._machine.events.get(event)
        ways = () if found is None else found.transitions.get(model.state, ())
        # Tried here rather than by the library's own trigger, whose queue and hooks nobody uses.
        data = EventData(None, found, self._machine, model, (), {})
        return any(way.execute(data) for way in ways)

    def _lapses(self, process: Process, name: str) -> None:
        for clock, spec in process.clocks.items():
            if spec.lapse is not None:
                self._way(name, LAPSE + clock, spec.lapse.to, [], [spec.lapse], ITS_INSTANT)

    def _event(self, process: Process, state: str, name: str, event: Event) -> None:
        form = process.form_of(event.form)
        if not event.branches:
            self._way(state, name, event.to, [(event.when, form)], [event], form)
        for branch in event.branches:
            target = branch.to or event.to
            guards = [(event.when, form), (branch.when, form)]
            self._way(state, name, target, guards, [event, branch], form)

    def _way(
        self,
        source: str,
        trigger: str,
        target: str | None,
        guards: Sequence[tuple[str | None, Form | None]],
        moves: Sequence[Move | Branch],
        form: Form | None,
    ) -> None:
        self._machine.add_transition(
            trigger,
            source,
            target,
            conditions=[_guard(when, scope) for when, scope in guards if when is not None],
            before=[_taking(moves, form)],
        )


def _guard(when: str, form: Form | None) -> Callable[[EventData], bool]:
    def holds(data: EventData) -> bool:
        model: Any = data.model
        return bool(model.holds(when, form))

    return holds


def _taking(moves: Sequence[Move], form: Form | None) -> Callable[[EventData], None]:
    def take(data: EventData) -> None:
        model: Any = data.model
        model.take(moves, form)

    return take
