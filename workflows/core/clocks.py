"""What events do to clocks: which ones they mean, and in which order things happen.

What it is: the clock actions of one turn, in the order of the semantics (stop, cancel, reset,
pause, resume, start), at the instant for which the event stands, which may lie in the past.
What it is not: what happens by itself as time passes; that is `settle`.
Who may import it: the core.
"""

from collections.abc import Iterator

from definitions.model import Clock
from workflows.core.case import Cycle
from workflows.core.changes import follow_rules
from workflows.core.cycles import arm, end, reopen, stop
from workflows.core.errors import IllegalEvent
from workflows.core.pauses import follow_state
from workflows.core.triggers import Action
from workflows.core.turn import Turn


def act(turn: Turn, reopens: bool = False) -> None:
    """The clock actions of what has just happened: `turn.triggers` says what it was."""
    _stops(turn)
    _cancels(turn)
    _resets(turn)
    if turn.entered:
        follow_state(turn)
    _starts(turn, reopens)
    follow_rules(turn)


def _stops(turn: Turn) -> None:
    for name, spec in _concerned(turn, "stop"):
        for cycle in _meant(turn, name, spec):
            stop(turn, cycle)
    for name in turn.triggers:
        if name in turn.program.tasks:
            for cycle in turn.open_cycles(name):
                stop(turn, cycle)


def _cancels(turn: Turn) -> None:
    process = turn.program.process
    for name, spec in _concerned(turn, "cancel"):
        for cycle in _meant(turn, name, spec):
            end(turn, cycle, "cancelled")
    dropped = {task for state in turn.left for task in process.states[state].tasks}
    closing = "closed" in turn.triggers
    for cycle in turn.open_cycles() if dropped or closing else ():
        outlives = cycle.clock in process.clocks and process.clocks[cycle.clock].outlives
        if cycle.clock in dropped or (closing and not outlives):
            end(turn, cycle, "cancelled")


def _resets(turn: Turn) -> None:
    for name, spec in _concerned(turn, "reset"):
        for cycle in _meant(turn, name, spec):
            end(turn, cycle, "superseded")
        arm(turn, name)


def _starts(turn: Turn, reopens: bool) -> None:
    for name, spec in turn.program.process.clocks.items() if reopens else ():
        if not any(trigger.on == "reopened" for trigger in spec.start):
            reopen(turn, name, spec)
    for name, spec in _concerned(turn, "start"):
        if spec.each or not turn.open_cycles(name):
            arm(turn, name)
    for task in turn.tasks if turn.entered else ():
        if task.done is None and not turn.open_cycles(task.task):
            arm(turn, task.task)


def _concerned(turn: Turn, action: Action) -> Iterator[tuple[str, Clock]]:
    """The clocks for which something that has happened means this action, in their order."""
    program, done = turn.program, ""
    for _, name, spec, trigger in program.concerned.by(action, tuple(turn.triggers)):
        if name != done and (
            trigger.when is None
            or program.holds(trigger.when, turn.lookup, program.trigger_form(trigger))
        ):
            done = name
            yield name, spec


def _meant(turn: Turn, name: str, spec: Clock) -> list[Cycle]:
    """The open cycles that a stop, cancel or reset means: all, or the one that is picked."""
    cycles = turn.open_cycles(name)
    if spec.pick is None:
        return cycles
    number = turn.program.pick(name, turn.lookup)
    chosen = [cycle for cycle in cycles if cycle.n == number]
    if not chosen:
        raise IllegalEvent(
            "clock_choice", detail=f"{name} {number}", open=[cycle.n for cycle in cycles]
        )
    return chosen
