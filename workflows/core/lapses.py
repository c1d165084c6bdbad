"""A right that lapses, and the lapse that an event in time takes back; a timer that goes off.

What it is: the move that a case makes by itself at a missed deadline, the mark by which it can be
undone for a while, and the undoing. A timer may leave the case where it is, and may repeat.
What it is not: when; that is `settle`.
Who may import it: the core.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workflows.core.case import Case, Cycle, Incoming, LapseMark, Told
from workflows.core.clocks import act
from workflows.core.cycles import end, onward
from workflows.core.errors import IllegalEvent
from workflows.core.machine import LAPSE
from workflows.core.outward import flush
from workflows.core.plan import plan
from workflows.core.program import Program
from workflows.core.speech import notify
from workflows.core.turn import Turn


def lapse(turn: Turn, cycle: Cycle) -> None:
    """A right is forfeited: the case moves by itself, and can be restored for a while. Time cannot
    be refused: where the move cannot be made, the right lapses all the same and the row says why
    the case stays."""
    before = turn.done(turn.at)
    rows, notices, requests = len(turn.rows), len(turn.notices), len(turn.requests)
    try:
        _move(turn, cycle, before)
    except IllegalEvent as error:
        del turn.rows[rows:], turn.notices[notices:], turn.requests[requests:]
        turn.seq = before.seq
        turn.links, turn.links_gone = before.links, before.links_gone
        turn.restore(before)
        turn.begin(turn.at)
        end(turn, turn.cycle(cycle.clock, cycle.n), "lapsed")
        failed = {**_period(turn, cycle), "failed": error.code, "detail": str(error)}
        turn.row("lapse", cycle.clock, clock=cycle.clock, cycle=cycle.n, data=failed)
        _repeat(turn, cycle)
        return
    if not turn.entered:
        _outlast(turn, cycle, before)
    elif turn.closed is not None:
        told = tuple(Told(notice.key, notice.to) for notice in turn.notices[notices:])
        turn.lapse = _marked(turn, cycle, before, told)


def _move(turn: Turn, cycle: Cycle, before: Case) -> None:
    end(turn, cycle, "lapsed")
    turn.fire(LAPSE + cycle.clock)
    turn.run_automatic()
    turn.row(
        "lapse",
        cycle.clock,
        clock=cycle.clock,
        cycle=cycle.n,
        previous=before.state if turn.entered else "",
        data=_period(turn, cycle),
    )
    spec = turn.program.clocks[cycle.clock]
    closing = turn.closed is not None and before.closed is None
    following = onward(turn.program, cycle)
    if spec.repeat is not None and (spec.outlives or not closing):
        # Open while clocks are acted on: what it does may end its series, and does not start it.
        turn.put(following or cycle)
    act(turn)
    last = turn.cycle(cycle.clock, cycle.n)
    if following is None and last.open:
        end(turn, last, "lapsed")
    flush(turn, "lapse")


def pass_over(turn: Turn, cycle: Cycle) -> None:
    """A timer that repeats lets one of its instants go by, by its law for what was missed."""
    end(turn, cycle, "lapsed")
    about = _period(turn, cycle)
    turn.row("skipped", cycle.clock, clock=cycle.clock, cycle=cycle.n, data=about)
    _repeat(turn, cycle)


def _repeat(turn: Turn, cycle: Cycle) -> None:
    """Go on to the next period, if there is one. What has just happened may end it."""
    following = onward(turn.program, cycle)
    if following is not None:
        turn.put(following)


def _period(turn: Turn, cycle: Cycle) -> dict[str, Any]:
    repeats = turn.program.clocks[cycle.clock].repeat is not None
    return {"period": cycle.period} if repeats else {}


def _outlast(turn: Turn, cycle: Cycle, before: Case) -> None:
    """What a timer does where the case stays is not done again when an earlier lapse is undone."""
    outlast(turn, before.data)
    if turn.lapse is None:
        return
    mark = turn.lapse.before
    mine = (cycle.clock, cycle.n)
    present = turn.cycle(*mine)
    cycles = tuple(present if (c.clock, c.n) == mine else c for c in mark.cycles)
    turn.lapse = replace(turn.lapse, before=replace(mark, cycles=cycles))


def outlast(turn: Turn, before: Mapping[str, Any]) -> None:
    """What is recorded while a lapse can still be undone outlasts its undoing."""
    mark = turn.lapse
    if mark is None:
        return
    said = {k: v for k, v in turn.data.items() if k not in before or before[k] is not v}
    still = {k: v for k, v in mark.before.data.items() if k in turn.data or k not in before}
    turn.lapse = replace(mark, before=replace(mark.before, data={**still, **said}))


def _marked(turn: Turn, cycle: Cycle, before: Case, told: tuple[Told, ...]) -> LapseMark:
    due = plan(turn.program, cycle).forfeit
    return LapseMark(
        clock=cycle.clock,
        cycle=cycle.n,
        at=turn.at,
        inclusive=due is None or not due.exclusive,
        until=turn.at + turn.program.tolerance,
        before=replace(before, seen=(), links=(), links_gone=0),
        told=told,
    )


def undo(turn: Turn, incoming: Incoming, at: int) -> bool:
    """Undo the lapses that an event occurred before. True if it came after them and is written
    down as rejected for being late; an event of the present state is simply judged."""
    mark = turn.lapse
    assert mark is not None
    undone = []
    earlier: LapseMark | None = mark
    while earlier is not None and turn.now < earlier.until and _in_time(earlier, at):
        undone.append(earlier)
        earlier = earlier.before.lapse
    if undone:
        turn.begin(at, incoming.name, incoming.actor)
        turn.event_id = incoming.id
        for lapsed in undone:
            _restore(turn, lapsed)
        return False
    if incoming.name in turn.program.events(turn.state) or not _was_possible(turn, incoming, mark):
        return False
    turn.begin(at, incoming.name, incoming.actor)
    turn.row(
        "late_rejected",
        incoming.name,
        event_id=incoming.id,
        actor=incoming.actor.id,
        roles=incoming.actor.roles,
        data=dict(incoming.data),
        clock=mark.clock,
        cycle=mark.cycle,
    )
    return True


def _was_possible(turn: Turn, incoming: Incoming, mark: LapseMark) -> bool:
    tasks = {task.task for task in mark.before.tasks if task.done is None}
    return incoming.name in tasks or incoming.name in turn.program.events(mark.before.state)


def too_late(program: Program, case: Case, event: str) -> Cycle | None:
    """The cycle whose lapse ended the case, if this event was possible before it and is no more."""
    found = next((c for c in case.cycles if c.phase == "lapsed" and _led(program, case, c)), None)
    if found is None or case.ended is None or event in program.events(case.state):
        return None
    entered = next(i for i, visit in enumerate(case.visits) if visit.at == found.ended)
    before = case.visits[max(entered - 1, 0)].state
    if before not in program.process.states:  # the rules have changed since
        return None
    known = event in program.events(before) or event in program.process.states[before].tasks
    return found if known else None


def _led(program: Program, case: Case, cycle: Cycle) -> bool:
    """Whether the case came to its last state when this right lapsed."""
    lapse = program.clocks[cycle.clock].lapse
    return lapse is not None and lapse.to is not None and case.visits[-1].at == cycle.ended


def _in_time(mark: LapseMark, at: int) -> bool:
    return at <= mark.at if mark.inclusive else at < mark.at


def _restore(turn: Turn, mark: LapseMark) -> None:
    """Go back to the case before the lapse; those who were told of it are told again."""
    turn.restore(mark.before)
    # Its answer may have come meanwhile, when nobody waited for it.
    turn.renewing = turn.calling != ""
    turn.row("restored", mark.clock, clock=mark.clock, cycle=mark.cycle, data={"lapsed": mark.at})
    for told in mark.told:
        notify(
            turn,
            key=f"{told.key}/retraction",
            kind="retraction",
            to=told.to,
            title=turn.program.clocks[mark.clock].title,
            clock=mark.clock,
            cycle=mark.cycle,
            due=mark.at,
        )
