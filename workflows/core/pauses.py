"""When clocks stand still: in states that pause them, and under an explicit hold.

What it is: the beginning and the end of a pause, at the instant for which an event stands.
What it is not: what remains; `deadlines` derives it from the stretches kept here.
Who may import it: the core.
"""

from dataclasses import replace
from typing import Literal

from workflows.core.case import Cycle, Hold, Span
from workflows.core.changes import project
from workflows.core.errors import IllegalEvent
from workflows.core.ladder import retract, unsay
from workflows.core.plan import plan
from workflows.core.standing import phased
from workflows.core.turn import Turn

Why = Literal["state", "hold"]


def follow_state(turn: Turn) -> None:
    """Pause the clocks that stand still in the new state, and resume the others."""
    for cycle in turn.open_cycles():
        spec = turn.program.clocks[cycle.clock]
        if turn.state in spec.pause.states:
            _pause(turn, cycle, "state")
        else:
            _resume(turn, cycle, "state")


def hold(turn: Turn, max_seconds: int, until: int | None) -> None:
    """Put the case on hold for the clocks that allow it, until an instant at the latest. A hold
    that is on is prolonged."""
    end_at = turn.at + max_seconds
    if until is not None:
        end_at = min(end_at, until)
    if end_at <= turn.at:
        raise IllegalEvent("hold_unbounded")
    start = turn.at if turn.hold is None else min(turn.hold.start, turn.at)
    turn.hold = Hold(start, end_at, turn.event_id)
    for cycle in turn.open_cycles():
        if turn.program.clocks[cycle.clock].pause.holds:
            _pause(turn, cycle, "hold")


def release(turn: Turn) -> None:
    """End the hold at the turn's instant."""
    if turn.hold is None:
        return
    turn.past_holds = [*turn.past_holds, Span(turn.hold.start, turn.at, "hold")]
    turn.hold = None
    for cycle in turn.open_cycles():
        _resume(turn, cycle, "hold")


def _stands(cycle: Cycle, why: Why) -> list[Span]:
    return [span for span in cycle.pauses if span.end is None and span.why == why]


def _pause(turn: Turn, cycle: Cycle, why: Why) -> None:
    if _stands(cycle, why):
        return
    span = Span(max(turn.at, cycle.anchor), None, why)
    _reconcile(turn, turn.put(phased(replace(cycle, pauses=(*cycle.pauses, span)))))


def _resume(turn: Turn, cycle: Cycle, why: Why) -> None:
    ending = _stands(cycle, why)
    if not ending:
        return
    spans = tuple(
        replace(span, end=max(turn.at, span.start)) if span in ending else span
        for span in cycle.pauses
    )
    cycle = turn.put(phased(replace(cycle, pauses=spans)))
    _reconcile(turn, cycle)
    # Rules that changed during the pause may have left something behind its beginning.
    project(turn, turn.cycle(cycle.clock, cycle.n), passed=min(span.start for span in ending))


def _reconcile(turn: Turn, cycle: Cycle) -> None:
    """A pause that began before the breach moves the deadline: then there was none. What was said
    after a later pause began is open again."""
    if cycle.breached is None:
        return
    due = plan(turn.program, cycle).due
    if due is None or due.at > cycle.breached:
        retract(turn, cycle)
    elif cycle.phase == "paused":
        unsay(turn, cycle, turn.at)
