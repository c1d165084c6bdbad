"""What happens by itself as time passes: rungs, breaches, lapses, resumptions, the end.

What it is: the one place where time acts on a case. Items are taken strictly in the order of the
semantics, each at its own instant, so that a late look gives exactly what punctual looks give.
What it is not: the reading of a clock; `limit` is an argument.
Who may import it: the core.
"""

from workflows.core.case import Cycle
from workflows.core.cycles import onward
from workflows.core.ladder import breach, fire
from workflows.core.lapses import lapse, pass_over
from workflows.core.pauses import release
from workflows.core.plan import FIRST, LAST, Item, ahead, next_item, plan
from workflows.core.turn import Turn

LATE = 60
"""Seconds after which a rung, or an instant of a timer that repeats, counts as missed where what is
missed is skipped."""
Moment = tuple[int, int]
"""An instant, and the group of things that happen at it."""


def settle(turn: Turn, limit: int, whole_second: bool = False) -> None:
    """Decide everything that is due by `limit`.

    Day ends and resumptions at `limit` itself are included; rungs and inclusive deadlines at
    `limit` only when its second is over (`whole_second`), since an event may still come.
    """
    last = (limit, LAST if whole_second else FIRST)
    while True:
        item = next_item(turn.program, turn)
        if item is None or (item.at, item.group) > last:
            return
        _happen(turn, item, last)
        finish(turn)


def _happen(turn: Turn, item: Item, last: Moment) -> None:
    turn.begin(item.at)
    match item.kind:
        case "resume":
            turn.row("resume", "hold")
            release(turn)
        case "tolerance":
            turn.lapse = None
        case "breach":
            breach(turn, turn.cycle(item.clock, item.cycle), item.at)
        case "rung":
            _rung(turn, turn.cycle(item.clock, item.cycle), item, last[0])
        case "lapse":
            _lapse(turn, turn.cycle(item.clock, item.cycle), item, last)


def _rung(turn: Turn, cycle: Cycle, item: Item, limit: int) -> None:
    rung = next(rung for rung in turn.program.rungs(cycle) if rung.id == item.rung)
    law = turn.program.clocks[cycle.clock].catch_up
    sent = item.at >= cycle.anchor and not (rung.unless_acknowledged and cycle.acknowledged)
    if sent and law == "skip":
        sent = limit - item.at <= LATE
    if sent and law == "collapse":
        done = {fired.rung for fired in cycle.fired}
        sent = not any(
            at is not None and item.at < at <= limit and other.id not in done
            for other, at in plan(turn.program, cycle).rungs
        )
    fire(turn, cycle, rung, item.at, sent)


def _lapse(turn: Turn, cycle: Cycle, item: Item, last: Moment) -> None:
    """A right lapses, or a timer goes off. Of the instants of a timer that repeats, those that
    nobody looked at follow its law; a right is never passed over."""
    law, following = turn.program.clocks[cycle.clock].catch_up, onward(turn.program, cycle)
    passed = law == "skip" and cycle.series is not None and last[0] - item.at > LATE
    if law == "collapse" and following is not None:
        first = ahead(turn.program, following).first
        passed = first is not None and (first.at, first.group) <= last
    if passed:
        pass_over(turn, cycle)
    else:
        lapse(turn, cycle)


def finish(turn: Turn) -> None:
    """End the case when it is closed and nothing of it is open or awaited."""
    if turn.closed is None or turn.case.ended is not None or turn.ended is not None:
        return
    if turn.open_cycles() or turn.lapse is not None or turn.calling:
        return
    if any(task.done is None for task in turn.tasks):
        return
    turn.ended = turn.at
    turn.row("ended", turn.case.process)
