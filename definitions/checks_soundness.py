"""Soundness of the machine: every state is reached, an end is near, nothing waits for ever (E4xx).

What it is: judgements over `checks_graph`, each with a witness. Guards are not evaluated.
What it is not: the soundness of single clocks; see `checks_clocks`.
Who may import it: the verifier.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from definitions.checks_fields import choices_by_name
from definitions.checks_finding import Finding
from definitions.checks_graph import Graph, said
from definitions.checks_sites import JOINS, EventSite, events
from definitions.model import Branch, Form, Item, Process, State
from definitions.problems import Path
from definitions.scope import CALL_EVENTS, form_items

_IS_VALUE = re.compile(
    r"""\s*(?P<name>[a-z]+\.[a-z][a-z0-9_]*)\s*==\s*['"](?P<value>[^'"]*)['"]\s*"""
)


def check_soundness(process: Process, graph: Graph) -> list[Finding]:
    """Everything unsound about states and branches."""
    shape = list(chain(_automatic(process), _circles(process), _gateways(process), _joins(process)))
    if any(found.code == "E409" for found in shape):
        return shape  # The graph leaves circles out, so what it says of reach would mislead.
    return [*shape, *_reach(process, graph), *_waiting(process, graph)]


# ---- Branches ----


def _automatic(process: Process) -> Iterator[Finding]:
    for name, state in process.states.items():
        if not state.auto:
            continue
        path: Path = ("states", name, "auto")
        for index, branch in enumerate(state.auto):
            if branch.to is None:
                message = "a branch of an automatic state says where it leads"
                yield Finding("E408", (*path, index), message, "add `to: STATE`")
        if all(branch.when is not None for branch in state.auto):
            message = f"every branch of '{name}' may fail, and the case would stand still in it"
            yield Finding("E408", path, message, "end with a branch without `when`")
        yield from _behind_default(path, state.auto)


def _behind_default(path: Path, branches: Sequence[Branch]) -> Iterator[Finding]:
    default = next((i for i, branch in enumerate(branches) if branch.when is None), None)
    if default is not None and default < len(branches) - 1:
        message = f"branch {default + 1} has no `when`, so those after it are never taken"
        yield Finding("E408", (*path, default), message, "let the default flow be the last")


def _circles(process: Process) -> Iterator[Finding]:
    """Automatic states that lead to one another for ever; each circle once."""
    done: set[str] = set()
    for name, state in process.states.items():
        circle = _circle(process, (name,)) if state.auto and name not in done else ()
        if circle:
            done |= set(circle)
            message = f"automatic states lead in a circle: {said((*circle, circle[0]))}"
            path: Path = ("states", circle[0], "auto")
            yield Finding("E409", path, message, "let an event or a deadline break it")


def _circle(process: Process, way: tuple[str, ...]) -> tuple[str, ...]:
    for branch in process.states[way[-1]].auto:
        if branch.to == way[0]:
            return way
        if branch.to is not None and process.states[branch.to].auto and branch.to not in way:
            found = _circle(process, (*way, branch.to))
            if found:
                return found
    return ()


def _gateways(process: Process) -> Iterator[Finding]:
    for site in events(process):
        branches = site.event.branches
        yield from _behind_default((*site.path, "branches"), branches)
        may_fail = branches and all(branch.when is not None for branch in branches)
        if not may_fail or _exhaustive(process, site):
            continue
        if site.joins or site.event.refuse is None:
            message = f"every branch of '{site.name}' may fail, and nothing is said then"
            hint = "end with a branch without `when`" + ("" if site.joins else ", or add `refuse`")
            yield Finding("E410", (*site.path, "branches"), message, hint)


def _exhaustive(process: Process, site: EventSite) -> bool:
    """Whether the branches name every value of one required enum, one by one."""
    found = [_IS_VALUE.fullmatch(branch.when or "") for branch in site.event.branches]
    names = {match["name"] for match in found if match is not None}
    if None in found or len(names) != 1:
        return False
    name = names.pop()
    form = site.form or {}
    values = {match["value"] for match in found if match is not None}
    choices = choices_by_name(process, form_items(process, form)).get(name, ())
    return _required(process, form, name) and bool(choices) and values >= set(choices)


def _required(process: Process, form: Form, name: str) -> bool:
    """Whether the name has a value whenever the event is judged."""
    head, _, field = name.partition(".")
    entry = form.get(field)
    if entry == "required" or (head == "event" and isinstance(entry, Item) and entry.required):
        return True
    stored = process.data.get(field) if head == "data" else None
    return head == "case" or (stored is not None and stored.required)


def _joins(process: Process) -> Iterator[Finding]:
    for name, state in process.states.items():
        moves_on = any(join in state.on for join in JOINS) or _reads_tasks(state)
        if state.tasks and not moves_on:
            message = f"nothing happens when the tasks of '{name}' are done"
            hint = "add `all_done` or `any_done`, or an event whose `when` reads tasks.done"
            yield Finding("E417", ("states", name), message, hint)


def _reads_tasks(state: State) -> bool:
    guards = chain.from_iterable(
        (event.when, *(branch.when for branch in event.branches)) for event in state.on.values()
    )
    return any("tasks." in guard for guard in guards if guard)


# ---- Reach ----


def _reach(process: Process, graph: Graph) -> Iterator[Finding]:
    for name in process.states:
        if name not in graph.reached:
            message = f"nothing leads from '{graph.entry}' to '{name}'"
            yield Finding("E401", ("states", name), message, "lead an event to it, or remove it")
    ends = {name for name in graph.reached if process.states[name].closed}
    if not ends:
        message = "no closed state can be reached: the case never ends"
        yield Finding("E403", ("states",), message, "mark the last state `closed: true`")
        return
    ending = set(ends)
    steps = list(graph.feasible())
    while more := {s.source for s in steps if s.target in ending} - ending:
        ending |= more
    for name, way in graph.reached.items():
        if name not in ending and not process.states[name].auto:
            message = f"no closed state can be reached from '{name}' (after {said(way)})"
            yield Finding("E402", ("states", name), message, "add an event that leads on")


def _waiting(process: Process, graph: Graph) -> Iterator[Finding]:
    for name, way in graph.reached.items():
        state = process.states[name]
        if state.closed or state.auto or state.tasks or state.waits is not None:
            continue
        if state.call is not None and _answer_leads_on(state):
            continue  # Trying again is bounded, so an answer or a failure comes.
        if not any(_watched(process, graph, name)):
            message = f"a case may wait in '{name}' for ever (after {said(way)}): no clock runs"
            hint = "start a clock with a ladder on the way, or say why in `waits`"
            yield Finding("E404", ("states", name), message, hint)


def _answer_leads_on(state: State) -> bool:
    """Whether both answers to the state's call lead somewhere, whatever their branches say."""
    answers = [state.on[name] for name in CALL_EVENTS if name in state.on]
    return all(
        way.to is not None or event.to is not None
        for event in answers
        for way in event.branches or (event,)
    )


def _watched(process: Process, graph: Graph, state: str) -> Iterator[bool]:
    """For each clock: whether it may run here and somebody hears of it."""
    for name, clock in process.clocks.items():
        told = clock.ladder is not None or clock.lapse is not None
        yield told and (state, name) in graph.running and state not in clock.pause.states
