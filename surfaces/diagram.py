"""What a drawing of a process shows: states, ways between them, clocks at the states they start in.

What it is: read from the model and from the verifier's graph, so it shows what can happen. Ways of
one event out of many states are one way out of a group.
What it is not: layout or ink (`diagram_layout`, `diagram_svg`).
Who may import it: the surfaces.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from definitions.budget import Budget
from definitions.checks_graph import Graph
from definitions.checks_names import accepted_in
from definitions.model import AnyBudget, BudgetFromTable, BudgetUntil, Event, Process
from definitions.text import Text

FlowKind = Literal["event", "auto", "tasks", "lapse"]
GROUP = 3
"""From so many sources on, one event's ways are drawn as one."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A way from some states to another. An automatic one without words is the default."""

    sources: tuple[str, ...]
    target: str
    text: Text | None
    name: str
    kind: FlowKind

    @property
    def grouped(self) -> bool:
        """Whether it is drawn once for all of its sources."""
        return len(self.sources) >= GROUP


@dataclass(frozen=True, slots=True)
class ClockMark:
    """A clock that starts where it is drawn. `lapses`: it interrupts when it is missed."""

    title: Text
    budget: str
    lapses: bool


def flows(process: Process) -> list[Flow]:
    """Every way that changes the state, in the order of the file."""
    return [*_own(process), *_anywhere(process), *_lapses(process)]


def clocks(process: Process) -> dict[tuple[str, ...], tuple[ClockMark, ...]]:
    """The clocks that may start with coming to a state or while being there, tasks included. A
    clock that starts in many states stands once, at all of them together."""
    graph = Graph(process)
    states: dict[str, dict[str, None]] = {}
    for step in (*graph.openings, *graph.steps):
        if step.source and step.source not in graph.reached:
            continue
        for name, clock in process.clocks.items():
            if any(trigger.on in step.triggers for trigger in clock.start):
                states.setdefault(name, {})[step.target] = None
    found: dict[tuple[str, ...], list[ClockMark]] = {}
    for name, state in process.states.items():
        for task in state.tasks.values():
            mark = ClockMark(task.title, budget_text(process, task.budget), False)
            found.setdefault((name,), []).append(mark)
    for name, clock in process.clocks.items():
        lapses = clock.lapse is not None and clock.lapse.to is not None
        times = "" if clock.repeat is None else f" × {clock.repeat}"
        mark = ClockMark(clock.title, budget_text(process, clock.budget) + times, lapses)
        started = tuple(state for state in process.states if state in states.get(name, ()))
        for group in [started] if len(started) >= GROUP else [(state,) for state in started]:
            found.setdefault(group, []).append(mark)
    return {group: tuple(marks) for group, marks in found.items()}


def budget_text(process: Process, budget: AnyBudget) -> str:
    """A budget in a few words."""
    match budget:
        case Budget():
            return budget.text
        case BudgetFromTable():
            answers = dict.fromkeys(str(row.then) for row in process.tables[budget.table].rows)
            return " / ".join(answers) if len(answers) <= 3 else f"{budget.table} …"
        case BudgetUntil():
            return budget.until.removeprefix("data.")


def _own(process: Process) -> Iterator[Flow]:
    for name, state in process.states.items():
        for event, spec in state.on.items():
            kind: FlowKind = "tasks" if event in ("all_done", "any_done") else "event"
            for target in _targets(spec):
                yield Flow((name,), target, spec.title, event, kind)
        for branch in state.auto:
            if branch.to is not None:
                yield Flow((name,), branch.to, branch.title, branch.when or "", "auto")


def _anywhere(process: Process) -> Iterator[Flow]:
    for event, spec in process.anywhere.items():
        sources = tuple(accepted_in(process, spec))
        for target in _targets(spec):
            others = tuple(source for source in sources if source != target)
            if others:
                yield Flow(others, target, spec.title, event, "event")


def _lapses(process: Process) -> Iterator[Flow]:
    graph = Graph(process)
    for name, clock in process.clocks.items():
        if clock.lapse is None or clock.lapse.to is None:
            continue
        sources = tuple(
            state
            for state, spec in process.states.items()
            if (state, name) in graph.running and not spec.auto and state != clock.lapse.to
        )
        if sources:
            yield Flow(sources, clock.lapse.to, clock.lapse.title or clock.title, name, "lapse")


def _targets(event: Event) -> list[str]:
    named = [branch.to or event.to for branch in event.branches] or [event.to]
    return list(dict.fromkeys(target for target in named if target is not None))


# --- Mermaid --------------------------------------------------------------------------------


def mermaid(process: Process) -> str:
    """The text of a state diagram."""
    lines = ["stateDiagram-v2", f"  %% {process.title.zh} {process.title.en}"]
    marks = clocks(process)
    for name, state in process.states.items():
        shown = [f"{state.title.zh} {state.title.en}"]
        here = [mark for group, listed in marks.items() if name in group for mark in listed]
        shown += [f"⏱ {mark.title.zh} {mark.budget}" for mark in here]
        lines.append(f'  state "{_safe("<br/>".join(shown))}" as {name}')
    lines.append(f"  [*] --> {process.initial}")
    for flow in flows(process):
        said = _safe(_words(flow))
        lines += [f"  {source} --> {flow.target}: {said}" for source in flow.sources]
    lines += [f"  {name} --> [*]" for name, state in process.states.items() if state.closed]
    return "\n".join(lines) + "\n"


def _words(flow: Flow) -> str:
    said = flow.name if flow.text is None else f"{flow.text.zh} {flow.text.en}"
    return f"⏱ {said}" if flow.kind == "lapse" else said or "else"


def _safe(text: str) -> str:
    """Without what Mermaid would read as its own: quotes, colons, semicolons."""
    return text.replace('"', "'").replace(":", "：").replace(";", "；").replace("#", "＃")
