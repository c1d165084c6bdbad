"""The closed cases of a rehearsal, as computations ask for them.

What it is: played cases as the records would have them.
What it is not: the records; nothing is kept.
Who may import it: the runner of the core.
"""

from activities.computations.cases import ClosedCase, ClosedClock
from workflows.core.case import Case
from workflows.core.effects import ClockView
from workflows.core.program import Program
from workflows.core.turn import Turn
from workflows.core.view import clock_view, view_of


def closed_case(program: Program, case: Case, now: int) -> ClosedCase | None:
    """A played case, if it is closed."""
    view = view_of(program, case, now)
    if view.closed is None:
        return None
    turn = Turn(program, case, now)
    clocks = sorted(
        (_clock(clock_view(turn, cycle)) for cycle in case.cycles),
        key=lambda clock: (clock.clock, clock.cycle),
    )
    return ClosedCase(
        case=view.case,
        number=view.number,
        process=view.process,
        title=(view.title["zh"], view.title["en"]),
        organisation=view.organisation,
        profile=view.profile,
        opened=view.opened,
        closed=view.closed,
        keep_until=view.keep_until,
        owner=view.owner,
        clocks=tuple(clocks),
    )


def _clock(clock: ClockView) -> ClosedClock:
    return ClosedClock(
        clock=clock.clock,
        cycle=clock.cycle,
        kind=clock.kind,
        phase=clock.phase,
        anchor=clock.anchor,
        due=clock.due,
        exclusive=clock.exclusive,
        ended=clock.ended,
        breached=clock.breached,
    )
