"""What is said about a promise: rungs that fire, a breach that is set, a breach taken back.

What it is: the journal rows and notices of one cycle's reminders, escalations and breaches.
What it is not: when; that is `rungs` and `settle`. Nor to which people; a role is resolved later.
Who may import it: the core.
"""

from dataclasses import replace

from definitions.model import Rung
from workflows.core.case import Cycle, Fired, Retracted
from workflows.core.errors import IllegalEvent
from workflows.core.plan import plan
from workflows.core.speech import facts_of, notify
from workflows.core.turn import Turn


def fire(turn: Turn, cycle: Cycle, rung: Rung, at: int, sent: bool = True) -> Cycle:
    """Reach a rung: write it, and tell its roles unless it is only marked."""
    roles = addressed(turn, cycle, rung)
    before, turn.at = turn.at, at
    turn.row(
        "rung" if sent else "skipped",
        rung.id,
        clock=cycle.clock,
        cycle=cycle.n,
        level=rung.level,
        roles=roles,
    )
    cycle = turn.put(mark(cycle, rung, at, sent, roles))
    due = plan(turn.program, cycle).due
    fired = cycle.fired[-1]
    for role in roles if sent else ():
        notify(
            turn,
            key=_key(turn, cycle, fired, role),
            kind="rung",
            to=role,
            title=turn.program.clocks[cycle.clock].title,
            text=rung.text,
            clock=cycle.clock,
            cycle=cycle.n,
            rung=rung.id,
            level=rung.level,
            due=None if due is None else due.at,
            exclusive=due is not None and due.exclusive,
            urgent=rung.urgent,
            facts={**facts_of(turn, rung.text), "state": turn.state} if rung.text else {},
        )
    turn.at = before
    return cycle


def mark(
    cycle: Cycle, rung: Rung, at: int, sent: bool = False, roles: tuple[str, ...] = ()
) -> Cycle:
    """The cycle with a rung that is behind it."""
    fired = Fired(rung.id, rung.level, at, sent, roles, cycle.again)
    return replace(cycle, fired=(*cycle.fired, fired))


def breach(turn: Turn, cycle: Cycle, at: int) -> Cycle:
    """Set the flag at the deadline, whenever that is noticed."""
    before, turn.at = turn.at, at
    turn.row("breach", cycle.clock, clock=cycle.clock, cycle=cycle.n)
    turn.at = before
    return turn.put(replace(cycle, breached=at))


def retract(turn: Turn, cycle: Cycle) -> Cycle:
    """Take a breach back: the event had occurred in time. Those told of it are told again."""
    if cycle.breached is None:
        return cycle
    turn.row(
        "retraction",
        cycle.clock,
        clock=cycle.clock,
        cycle=cycle.n,
        data={"breached": cycle.breached},
    )
    note = Retracted(cycle.breached, turn.now, turn.event_id)
    fresh = unsay(turn, cycle, cycle.breached)
    return turn.put(replace(fresh, breached=None, retracted=note))


def unsay(turn: Turn, cycle: Cycle, since: int) -> Cycle:
    """Take back what was said from an instant on, after the deadline: it would not have been said
    if the event had been known. In a cycle that goes on it is open again; reminders stay."""
    if cycle.breached is None:
        return cycle
    since = max(since, cycle.breached)
    said = [fired for fired in cycle.fired if fired.sent and fired.at >= since]
    for fired in said:
        _take_back(turn, cycle, fired, cycle.breached)
    if not cycle.open:
        return cycle
    kept = tuple(fired for fired in cycle.fired if fired.at < since)
    return turn.put(replace(cycle, fired=kept, again=cycle.again + 1))


def _take_back(turn: Turn, cycle: Cycle, fired: Fired, due: int) -> None:
    urgent = any(r.urgent for r in turn.program.rungs(cycle) if r.id == fired.rung)
    for role in fired.to:
        notify(
            turn,
            key=_key(turn, cycle, fired, role) + "/retraction",
            kind="retraction",
            to=role,
            title=turn.program.clocks[cycle.clock].title,
            clock=cycle.clock,
            cycle=cycle.n,
            rung=fired.rung,
            level=fired.level,
            due=due,
            urgent=urgent,
        )


def _key(turn: Turn, cycle: Cycle, fired: Fired, role: str) -> str:
    """Case, clock, cycle, rung and role; a rung said again after a retraction is another notice."""
    again = f"@{fired.again}" if fired.again else ""
    return f"{turn.case.id}/{turn.case.number}/{cycle.clock}/{cycle.n}/{fired.rung}{again}/{role}"


def addressed(turn: Turn, cycle: Cycle, rung: Rung) -> tuple[str, ...]:
    """The roles that a rung tells, as the case is now."""
    for recipients in rung.to:
        if _holds(turn, recipients.when):
            found = [turn.role(role, cycle.assignee) for role in recipients.to]
            return tuple(dict.fromkeys(found))
    return (turn.owner_role,)


def _holds(turn: Turn, when: str | None) -> bool:
    """Time cannot be refused: a condition that cannot be computed does not hold."""
    try:
        return turn.program.holds(when, turn.lookup, None)
    except IllegalEvent:
        return False
