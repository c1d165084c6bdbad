"""What happens by itself as time passes: rungs, breaches, lapses, resumptions, the end.

What it is: the one place where time acts on a case. Items are taken strictly in the order of the
semantics, each at its own instant, so that a late look gives exactly what punctual looks give.
What it is not: the reading of a clock; `limit` is an argument.
Who may import it: the core.
"""

from dataclasses import replace

from workflows.core.case import Cycle, LapseMark
from workflows.core.clocks import act, breach, end, fire, release
from workflows.core.machine import LAPSE
from workflows.core.plan import FIRST, Item, case_items, plan
from workflows.core.turn import Turn

LATE = 60
"""Seconds after which a rung counts as missed for a ladder that skips missed rungs."""


def settle(turn: Turn, limit: int, whole_second: bool = False) -> None:
    """Decide everything that is due by `limit`.

    Day ends and resumptions at `limit` itself are included; rungs and inclusive deadlines at
    `limit` only when its second is over (`whole_second`), since an event may still come.
    """
    while True:
        item = min(case_items(turn.program, turn.done(0)), default=None)
        if item is None or not _is_due(item, limit, whole_second):
            return
        _happen(turn, item, limit)
        finish(turn)


def _is_due(item: Item, limit: int, whole_second: bool) -> bool:
    if item.at == limit:
        return whole_second or item.group == FIRST
    return item.at < limit


def _happen(turn: Turn, item: Item, limit: int) -> None:
    turn.begin(item.at)
    match item.kind:
        case "resume":
            turn.row("resume", "hold")
            release(turn)
        case "tolerance":
            turn.lapse = None
        case "breach":
            breach(turn, _cycle(turn, item), item.at)
        case "rung":
            _rung(turn, _cycle(turn, item), item, limit)
        case "lapse":
            _lapse(turn, _cycle(turn, item))


def _cycle(turn: Turn, item: Item) -> Cycle:
    return next(c for c in turn.cycles if c.clock == item.clock and c.n == item.cycle)


def _rung(turn: Turn, cycle: Cycle, item: Item, limit: int) -> None:
    rung = next(rung for rung in turn.program.rungs(cycle) if rung.id == item.rung)
    law = turn.program.clocks[cycle.clock].catch_up
    sent = item.at >= cycle.anchor and not (rung.unless_acknowledged and cycle.acknowledged)
    if sent and law == "skip":
        sent = limit - item.at <= LATE
    if sent and law == "collapse":
        done = {fired.rung for fired in cycle.fired}
        sent = not any(
            at is not None and item.at < at < limit and other.id not in done
            for other, at in plan(turn.program, cycle).rungs
        )
    fire(turn, cycle, rung, item.at, sent)


def _lapse(turn: Turn, cycle: Cycle) -> None:
    """A right is forfeited: the case moves by itself, and can be restored for a while."""
    before = turn.done(turn.at)
    cycle = end(turn, cycle, "lapsed")
    if not turn.fire(LAPSE + cycle.clock):
        turn.row("lapse", cycle.clock, clock=cycle.clock, cycle=cycle.n)
        return
    turn.run_automatic()
    row = turn.row("lapse", cycle.clock, clock=cycle.clock, cycle=cycle.n, previous=before.state)
    act(turn)
    turn.flush("lapse")
    if turn.closed is not None:
        due = plan(turn.program, cycle).forfeit
        tolerance = turn.program.tolerance
        turn.lapse = LapseMark(
            clock=cycle.clock,
            cycle=cycle.n,
            at=row.at,
            inclusive=due is None or not due.exclusive,
            until=row.at + tolerance,
            before=replace(before, seen=(), lapse=None),
        )


def finish(turn: Turn) -> None:
    """End the case when it is closed and nothing of it is open."""
    if turn.closed is None or turn.case.ended is not None or turn.ended is not None:
        return
    if turn.open_cycles() or turn.lapse is not None or any(t.done is None for t in turn.tasks):
        return
    turn.ended = turn.at
    turn.row("ended", turn.case.process)
