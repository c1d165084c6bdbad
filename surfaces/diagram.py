"""A process as text for Mermaid: states, events and lapses.

What it is: generated from the model, so it shows what runs.
What it is not: layout; Mermaid or `diagram_svg` does that.
Who may import it: the surfaces.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from definitions.model import Event, Process
from definitions.text import Text

FlowKind = Literal["event", "auto", "tasks", "lapse"]


@dataclass(frozen=True, slots=True)
class Flow:
    """A way from one state to another; `source` None is the outside."""

    source: str
    target: str
    name: str
    title: Text | None
    kind: FlowKind


def flows(process: Process) -> Iterator[Flow]:
    """Every way that an event, a gateway or the end of tasks takes, in the order of the file."""
    for name, state in process.states.items():
        for event, spec in state.on.items():
            kind: FlowKind = "tasks" if event in ("all_done", "any_done") else "event"
            for target in _targets(spec):
                yield Flow(name, target, event, spec.title, kind)
        for branch in state.auto:
            if branch.to is not None:
                yield Flow(name, branch.to, branch.when or "", branch.title, "auto")


def anywhere(process: Process) -> Iterator[tuple[tuple[str, ...], Flow]]:
    """Ways that lead from many states: the states, and the way from the first of them."""
    for event, spec in process.anywhere.items():
        sources = tuple(_sources(process, spec.within, spec.unless))
        for target in _targets(spec):
            if sources:
                yield sources, Flow(sources[0], target, event, spec.title, "event")


def lapses(process: Process) -> Iterator[tuple[str, Text, str]]:
    """Clocks whose lapse moves the case: name, title, target."""
    for name, clock in process.clocks.items():
        if clock.lapse is not None and clock.lapse.to is not None:
            yield name, clock.lapse.title or clock.title, clock.lapse.to


def _sources(
    process: Process, within: str | tuple[str, ...], unless: tuple[str, ...]
) -> Iterator[str]:
    for name, state in process.states.items():
        if name in unless or state.auto:
            continue
        if isinstance(within, tuple):
            inside = name in within
        else:
            inside = within == "any" or state.closed == (within == "closed")
        if inside:
            yield name


def _targets(event: Event) -> list[str]:
    named = [branch.to or event.to for branch in event.branches] or [event.to]
    return list(dict.fromkeys(target for target in named if target is not None))


def mermaid(process: Process) -> str:
    """The text of a state diagram."""
    lines = ["stateDiagram-v2", f"  %% {process.title.zh} {process.title.en}", "  direction LR"]
    for name, state in process.states.items():
        lines.append(f'  state "{_quoted(state.title)}" as {name}')
    lines.append(f"  [*] --> {process.initial}")
    for flow in flows(process):
        said = _label(flow.name, flow.title) if flow.kind != "auto" else _condition(flow)
        lines.append(f"  {flow.source} --> {flow.target}: {said}")
    for sources, flow in anywhere(process):
        said = _label(flow.name, flow.title)
        lines += [f"  {source} --> {flow.target}: {said}" for source in sources]
    for clock, title, target in lapses(process):
        for name, state in process.states.items():
            if not state.closed and not state.auto and name != target:
                lines.append(f"  {name} --> {target}: ⏱ {_label(clock, title)}")
    lines += [f"  {name} --> [*]" for name, state in process.states.items() if state.closed]
    return "\n".join(lines) + "\n"


def _label(name: str, title: Text | None) -> str:
    said = name if title is None else f"{title.zh} {title.en}"
    return said.replace(":", "：").replace(";", "；")


def _condition(flow: Flow) -> str:
    if flow.title is not None:
        return _label("", flow.title)
    return _label(flow.name, None).replace('"', "'") or "else"


def _quoted(text: Text) -> str:
    return f"{text.zh} {text.en}".replace('"', "'")
