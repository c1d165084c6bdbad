"""What a change of priority or profile does to running clocks: `carry`, `restart`, `stricter_wins`.

What it is: budgets from decision tables that follow the case data, and the ladder laid anew.
What it is not: a change of the definition; that is `amend`, which lays the ladder with the same
hand.
Who may import it: the core.
"""

from dataclasses import replace

from workflows.core.case import Cycle
from workflows.core.cycles import arm, end
from workflows.core.ladder import fire, retract
from workflows.core.plan import goal, plan
from workflows.core.standing import awake_at
from workflows.core.turn import Turn


def follow_rules(turn: Turn) -> None:
    """A budget from a table follows the case data, by the clock's law of change."""
    for cycle in turn.open_cycles():
        if not cycle.table or cycle.series is not None:
            continue
        text = str(turn.program.decide_table(cycle.table, turn.lookup))
        if text != cycle.budget:
            change(turn, cycle, text)


def change(turn: Turn, cycle: Cycle, budget: str) -> None:
    """Give an open cycle another budget."""
    law = turn.program.clocks[cycle.clock].change
    if law == "restart":
        end(turn, cycle, "superseded")
        arm(turn, cycle.clock)
        return
    fresh = replace(cycle, budget=budget)
    if law == "stricter_wins":
        # Two that stand still are compared as if both went on now.
        old = plan(turn.program, awake_at(cycle, turn.at)).due
        new = plan(turn.program, awake_at(fresh, turn.at)).due
        if old is None or new is None or old.at <= new.at:
            return
    before = goal(turn.program, awake_at(cycle, turn.at))
    fresh = turn.put(fresh)
    if before is not None and before.kept_by(turn.at):
        # The change occurred before the breach and was reported after it.
        fresh = retract(turn, fresh)
    project(turn, fresh, passed=turn.at)


def project(turn: Turn, cycle: Cycle, passed: int) -> None:
    """Lay the rungs of a changed cycle anew. Of the unfired ones before `passed`, only the last
    fires, now; if the deadline itself lies before it, it is missed now, only the rung at due fires,
    and later rungs count from now."""
    ahead = plan(turn.program, cycle)
    if ahead.due is None or cycle.phase != "running":
        return
    late = cycle.breached is None and not ahead.due.provisional and not ahead.due.kept_by(passed)
    done = {fired.rung for fired in cycle.fired}
    behind = [
        (at, rung)
        for rung, at in ahead.rungs
        if at is not None and at < passed and rung.id not in done
        if not rung.at.is_after_due or cycle.breached is not None
    ]
    behind.sort(key=lambda pair: (pair[0], pair[1].id))
    for index, (_, rung) in enumerate(behind):
        last = index == len(behind) - 1 and not late
        cycle = fire(turn, cycle, rung, turn.at, sent=last)
    if late:
        turn.put(replace(cycle, changed=turn.at))
