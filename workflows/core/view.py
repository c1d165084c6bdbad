"""A case as people see it, and the short answer to a sender.

What it is: a projection of a case, derived anew with every decision; nothing in it is truth.
What it is not: rendering; cards, tables and attributes are made from it elsewhere.
Who may import it: the core and the shells.
"""

from collections.abc import Sequence
from typing import Any

from definitions.text import Text
from workflows.core.case import OPEN_PHASES, Case, Cycle
from workflows.core.deadlines import consumed
from workflows.core.effects import CaseView, ClockView, EventView, LinkView, TaskView
from workflows.core.filing import keep_until, subjects_of
from workflows.core.ladder import addressed
from workflows.core.plan import ahead, next_wakeup
from workflows.core.program import Program
from workflows.core.turn import Turn

MAX_ANSWER_EVENTS = 24


def view_of(program: Program, case: Case, now: int) -> CaseView:
    """The case at `now`."""
    process = program.process
    spec = process.states[case.state]
    turn = Turn(program, case, now)
    clocks = tuple([clock_view(turn, cycle) for cycle in _shown(case)])
    going = [clock for clock in clocks if clock.phase in OPEN_PHASES]
    owed = [clock for clock in going if clock.promise]
    running = [clock for clock in owed if clock.phase == "running" and clock.due is not None]
    nearest = min(running, key=lambda clock: (clock.due or 0, clock.clock), default=None)
    waiting = _waiting_for(program, case)
    attributes = process.attributes
    titles = [process.roles[role].title for role in waiting if role in process.roles]
    public = program.public_fields
    return CaseView(
        case=case.id,
        process=case.process,
        key=case.key,
        number=case.number,
        version=case.version,
        title=_plain(process.title),
        state=case.state,
        state_title=_plain(spec.title),
        opened=case.opened,
        at=now,
        seq=case.seq,
        owner=case.owner,
        owner_role=case.owner_role,
        organisation=_shown_value(case, attributes.organisation),
        region=_shown_value(case, attributes.region),
        priority=_shown_value(case, attributes.priority),
        profile=_shown_value(case, attributes.profile),
        waiting_for=waiting,
        waiting_title={
            "zh": "、".join(title.zh for title in titles),
            "en": ", ".join(title.en for title in titles),
        },
        since=case.progressed,
        dwell=_dwell(program, case, going),
        closed=case.closed,
        ended=case.ended,
        next_wakeup=next_wakeup(program, case),
        next_due=None if nearest is None else nearest.due,
        next_due_clock="" if nearest is None else nearest.clock,
        next_due_exclusive=nearest is not None and nearest.exclusive,
        overdue=any(clock.breached is not None for clock in owed),
        level=max([clock.level for clock in going], default=""),
        hold_until=None if case.hold is None else case.hold.until,
        zone=program.zone,
        origin=case.origin,
        subjects=subjects_of(turn),
        keep_until=keep_until(turn),
        data={name: value for name, value in case.data.items() if name in public},
        clocks=clocks,
        tasks=_tasks(program, case),
        events=_events(program, case),
        links=_links(program, case) if case.links else (),
        links_gone=case.links_gone,
    )


def clock_view(turn: Turn, cycle: Cycle) -> ClockView:
    """One cycle now; one that is over looks the same for ever."""
    if cycle.ended is None:
        return _clock_view(turn, cycle, turn.now)
    over = turn.program.over
    return over.get(cycle) or over.keep(cycle, _clock_view(turn, cycle, cycle.ended))


def _clock_view(turn: Turn, cycle: Cycle, now: int) -> ClockView:
    program = turn.program
    spec = program.clocks[cycle.clock]
    found = ahead(program, cycle)
    due, following = found.plan.due, found.rung
    ruler = program.ruler(cycle)
    remaining: int | None = None
    if ruler.seconds is not None:
        remaining = ruler.seconds - consumed(ruler, cycle, now)
    elif due is not None:
        remaining = due.at - now
    retracted = cycle.retracted
    return ClockView(
        clock=cycle.clock,
        cycle=cycle.n,
        title=_plain(spec.title),
        kind=spec.kind,
        party=spec.party,
        phase=cycle.phase,
        anchor=cycle.anchor,
        due=None if due is None else due.at,
        exclusive=due is not None and due.exclusive,
        provisional=due is not None and due.provisional,
        breached=cycle.breached,
        retracted=None
        if retracted is None
        else {"breached": retracted.breached, "at": retracted.at, "by_event": retracted.by_event},
        ended=cycle.ended,
        remaining=remaining,
        assignee=cycle.assignee,
        level=max([fired.level for fired in cycle.fired if fired.sent], default=""),
        next_rung=None
        if following is None
        else {
            "rung": following[1].id,
            "level": following[1].level,
            "at": following[0],
            "to": addressed(turn, cycle, following[1]),
        },
    )


def answer_of(turn: Turn, status: str) -> dict[str, Any]:
    """What a sender is told: number, state, clocks changed, events possible; under 1 KB."""
    old = {(c.clock, c.n): c for c in turn.before}
    # Most are the very same, which need not be compared field by field.
    changed = {
        c.clock: c.phase
        for c in turn.cycles
        if (was := old.get((c.clock, c.n))) is not c and was != c
    }
    answer: dict[str, Any] = {
        "case": turn.case.id,
        "seq": turn.seq,
        "status": status,
        "state": turn.state,
        "clocks": changed,
        "events": [] if turn.ended is not None else turn.possible()[:MAX_ANSWER_EVENTS],
    }
    if turn.ended is not None:
        answer["ended"] = True
    return answer


def _shown(case: Case) -> list[Cycle]:
    """The latest cycle of each clock, and every open one."""
    latest = {cycle.clock: cycle.n for cycle in case.cycles}
    return [c for c in case.cycles if c.open or latest[c.clock] == c.n]


def _waiting_for(program: Program, case: Case) -> tuple[str, ...]:
    if case.ended is not None:
        return ()
    open_tasks = [program.tasks[task.task].role for task in case.tasks if task.done is None]
    if open_tasks:
        return tuple(dict.fromkeys(open_tasks))
    spec = program.process.states[case.state]
    if spec.closed:
        clocks = program.clocks
        owing = [c.assignee for c in case.cycles if c.open and clocks[c.clock].promise]
        return tuple(dict.fromkeys(owing))
    return (spec.actor or case.owner_role,)


def _dwell(program: Program, case: Case, going: Sequence[ClockView]) -> int | None:
    """Declared, or the longest budget still running, since a state without progress beyond all
    of its promises and timers is silent."""
    spec = program.process.states[case.state]
    if spec.dwell is not None:
        return program.seconds(spec.dwell)
    spans = [clock.due - case.progressed for clock in going if clock.due is not None]
    return max(spans, default=None)


def _tasks(program: Program, case: Case) -> tuple[TaskView, ...]:
    return tuple(
        TaskView(
            task=task.task,
            title=_plain(program.tasks[task.task].title),
            role=program.tasks[task.task].role,
            opened=task.opened,
            done=task.done,
            actor=task.actor,
        )
        for task in case.tasks
    )


def _events(program: Program, case: Case) -> tuple[EventView, ...]:
    if case.ended is not None:
        return ()
    listed = [
        EventView(
            task.task, _plain(program.tasks[task.task].title), (program.tasks[task.task].role,)
        )
        for task in case.tasks
        if task.done is None
    ]
    return (*listed, *_declared(program, case.state))


def _declared(program: Program, state: str) -> tuple[EventView, ...]:
    """The events of a state, made once."""
    if state not in program.shown:
        program.shown[state] = tuple(
            EventView(name, _plain(event.title or Text(zh=name, en=name)), tuple(event.by or ()))
            for name, event in program.offered(state).items()
        )
    found: tuple[EventView, ...] = program.shown[state]
    return found


def _links(program: Program, case: Case) -> tuple[LinkView, ...]:
    """The name stands for a link that has no title, or that the rules no longer have."""
    links = program.process.links
    titles = {name: {"zh": name, "en": name} for name in {one.link for one in case.links}}
    titles |= {
        name: _plain(title)
        for name in titles
        if name in links and (title := links[name].title) is not None
    }
    return tuple(
        [
            LinkView(one.case, one.link, titles[one.link], one.how, one.times, one.seq, one.outcome)
            for one in case.links
        ]
    )


def _shown_value(case: Case, field: str | None) -> str:
    value = case.data.get(field or "")
    return "" if value is None else str(value)


def _plain(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
