"""How a cycle stands still: the stretches that pause it, and the phase they give it.

What it is: small changes of one cycle value, and the pauses that a new cycle finds.
What it is not: events; `pauses` begins and ends the stretches.
Who may import it: the core.
"""

from dataclasses import replace

from definitions.model import Clock
from workflows.core.case import Cycle, Phase, Span
from workflows.core.turn import Turn


def with_pauses(turn: Turn, spec: Clock, cycle: Cycle) -> Cycle:
    """A new cycle, standing still where the states and holds since its anchor pause it."""
    spans: list[Span] = []
    for index, visit in enumerate(turn.visits if spec.pause.states else ()):
        if visit.state in spec.pause.states:
            until = turn.visits[index + 1].at if index + 1 < len(turn.visits) else None
            spans.append(Span(visit.at, until, "state"))
    if spec.pause.holds:
        spans += turn.past_holds
        spans += [] if turn.hold is None else [Span(turn.hold.start, None, "hold")]
    if not spans:
        return cycle
    kept = tuple(
        replace(span, start=max(span.start, cycle.anchor))
        for span in spans
        if span.end is None or span.end > max(span.start, cycle.anchor)
    )
    return phased(replace(cycle, pauses=kept))


def present_pauses(turn: Turn, spec: Clock) -> list[Span]:
    """The pauses that are on at the turn's instant."""
    spans = []
    if turn.state in spec.pause.states:
        spans.append(Span(turn.at, None, "state"))
    if turn.hold is not None and spec.pause.holds:
        spans.append(Span(turn.at, None, "hold"))
    return spans


def phased(cycle: Cycle) -> Cycle:
    """The cycle with the phase that its pauses give it."""
    if not cycle.open:
        return cycle
    phase: Phase = "paused" if any(span.end is None for span in cycle.pauses) else "running"
    return cycle if cycle.phase == phase else replace(cycle, phase=phase)


def awake_at(cycle: Cycle, at: int) -> Cycle:
    """The cycle with its pauses ended at an instant."""
    if not cycle.pauses or all(span.end is not None for span in cycle.pauses):
        return cycle
    pauses = tuple(
        replace(span, end=max(at, span.start)) if span.end is None else span
        for span in cycle.pauses
    )
    return replace(cycle, pauses=pauses)
