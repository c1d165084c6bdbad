"""Names: everything that a definition refers to exists, and no two things claim one name (E2xx).

What it is: a walk over every reference. What a name does is for the other checks.
Who may import it: the verifier.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from definitions.checks_finding import Finding, unknown
from definitions.checks_sites import (
    JOINS,
    SYSTEM_EVENTS,
    changes,
    events,
    forms,
    moves,
    notices,
    tasks,
)
from definitions.model import (
    AnyBudget,
    BudgetFromTable,
    CaseEvent,
    Clock,
    Event,
    FromTable,
    Item,
    Process,
    Trigger,
)
from definitions.problems import Path
from definitions.scope import RESERVED_EVENT_FIELDS, UNUSABLE_WORDS, clock_names, columns

RECIPIENTS = ("assignee", "owner", "customer")
"""Whom a notice or a rung may name beside roles."""

RESERVED_EVENTS = frozenset({*SYSTEM_EVENTS, *JOINS})


def check_names(process: Process) -> list[Finding]:
    """Every unknown, reserved or doubly used name."""
    checks = (
        _states,
        _roles,
        _ladders,
        _calendars,
        _tables,
        _forms,
        _clocks,
        _links,
        _fields,
        _triggers,
        _reserved,
        _clashes,
        _senders,
        _structure,
    )
    return list(chain.from_iterable(check(process) for check in checks))


def _each(
    code: str, kind: str, known: Iterable[str], used: Iterable[tuple[Path, str | None]]
) -> Iterator[Finding]:
    choices = tuple(known)
    for path, name in used:
        if name is not None and name not in choices:
            yield unknown(code, path, kind, name, choices)


def _indexed(path: Path, names: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """A list of names, or the one name that stands in its stead."""
    listed = tuple(names)
    for index, name in enumerate(listed):
        yield (path if len(listed) == 1 else (*path, index)), name


# ---- References ----


def _states(process: Process) -> Iterator[Finding]:
    used: list[tuple[Path, str | None]] = [
        ((*site.path, "to"), site.move.to) for site in moves(process)
    ]
    for name, event in process.anywhere.items():
        if isinstance(event.within, tuple):
            used += _indexed(("anywhere", name, "within"), event.within)
        used += (
            (("anywhere", name, "unless", index), state) for index, state in enumerate(event.unless)
        )
    for name, clock in process.clocks.items():
        place = ("clocks", name, "pause", "states")
        used += (((*place, index), state) for index, state in enumerate(clock.pause.states))
    for path, trigger in _all_triggers(process):
        if " " in trigger.on:
            used.append((path, trigger.on.split(" ")[1]))
    yield from _each("E201", "state", process.states, used)


def _roles(process: Process) -> Iterator[Finding]:
    used: list[tuple[Path, str | None]] = [(("owner",), process.owner)]
    used += _indexed(("start", "by"), process.start.by or ())
    for site in events(process):
        used += _indexed((*site.path, "by"), site.event.by or ())
    for name, state in process.states.items():
        used.append((("states", name, "actor"), state.actor))
    used += (((*path, "role"), task.role) for path, _, _, task in tasks(process))
    used += ((("clocks", name, "assignee"), c.assignee) for name, c in process.clocks.items())
    yield from _each("E202", "role", process.roles, used)
    told: list[tuple[Path, str | None]] = []
    for path, notice, _ in notices(process):
        told += _indexed((*path, "to"), notice.to)
    for name, ladder in process.ladders.items():
        for kind, rungs in (("hours", ladder.hours), ("days", ladder.days)):
            for index, rung in enumerate(rungs):
                for recipients in rung.to:
                    place = ("ladders", name, kind, index, "to")
                    told += [(place, role) for role in recipients.to]
    yield from _each("E202", "role", (*process.roles, *RECIPIENTS), told)


def _ladders(process: Process) -> Iterator[Finding]:
    used: list[tuple[Path, str | None]] = [
        (("clocks", name, "ladder"), clock.ladder) for name, clock in process.clocks.items()
    ]
    used += (((*path, "ladder"), task.ladder) for path, _, _, task in tasks(process))
    yield from _each("E216", "ladder", process.ladders, used)


def _calendars(process: Process) -> Iterator[Finding]:
    used: list[tuple[Path, str | None]] = [(("calendar",), process.calendar)]
    used += ((("clocks", name, "calendar"), c.calendar) for name, c in process.clocks.items())
    used += (((*path, "calendar"), task.calendar) for path, _, _, task in tasks(process))
    yield from _each("E217", "calendar", process.calendars, used)


def budgets(process: Process) -> Iterator[tuple[Path, AnyBudget, Clock | None]]:
    """Every budget; the clock is None for a task's."""
    for name, clock in process.clocks.items():
        yield ("clocks", name, "budget"), clock.budget, clock
        if clock.reopen_budget is not None:
            yield ("clocks", name, "reopen_budget"), clock.reopen_budget, clock
    for path, _, _, task in tasks(process):
        yield (*path, "budget"), task.budget, None


def _tables(process: Process) -> Iterator[Finding]:
    used: list[tuple[Path, str | None]] = [
        ((*path, "table"), budget.table)
        for path, budget, _ in budgets(process)
        if isinstance(budget, BudgetFromTable)
    ]
    used += ((("data", name, "derive"), field.derive) for name, field in process.data.items())
    for change in changes(process):
        for path, value in change.given():
            if isinstance(value, FromTable):
                used.append(((*path, "table"), value.table))
    yield from _each("E205", "table", process.tables, used)


def _forms(process: Process) -> Iterator[Finding]:
    given = [(site.path, site.event.form) for site in events(process)]
    given += [(path, task.form) for path, _, _, task in tasks(process)]
    used = [((*path, "form"), form) for path, form in given if isinstance(form, str)]
    yield from _each("E206", "form", process.forms, used)


def _clocks(process: Process) -> Iterator[Finding]:
    used = [
        ((*site.path, "acknowledges", index), name)
        for site in events(process)
        for index, name in enumerate(site.event.acknowledges)
    ]
    yield from _each("E207", "clock", clock_names(process), used)


def _links(process: Process) -> Iterator[Finding]:
    used: list[tuple[Path, str | None]] = []
    for site in moves(process):
        used += _indexed((*site.path, "open"), site.move.open)
        used += _indexed((*site.path, "tell"), site.move.tell)
    yield from _each("E208", "link", process.links, used)


def _fields(process: Process) -> Iterator[Finding]:
    used: list[tuple[Path, str | None]] = []
    for change in changes(process):
        used += (((*change.path, "set", name), name) for name in change.set)
        used += (((*change.path, "append", name), name) for name in change.append)
        used += (((*change.path, "extend", name), name) for name in change.extend)
        used += (((*change.path, "update", name), name) for name in change.update)
        used += _indexed((*change.path, "clear"), change.clear)
    for path, form in forms(process):
        used += (((*path, name), name) for name, f in form.items() if not isinstance(f, Item))
    for name, field in process.attributes.model_dump().items():
        used.append((("attributes", name), field))
    yield from _each("E209", "field of the case", process.data, used)
    for change in changes(process):
        updated = {name: update.set for name, update in change.update.items()}
        for kind, below, records in (("append", (), change.append), ("update", ("set",), updated)):
            for name, record in records.items():
                if known := columns(process, name):
                    place = (*change.path, kind, name, *below)
                    inner = (((*place, key), key) for key in record)
                    yield from _each("E209", "field of the record", known, inner)


# ---- Triggers ----


def triggers(clock: Clock) -> Iterator[tuple[str, int, Trigger]]:
    """Every trigger of a clock with its list's name and its index."""
    for kind in ("start", "stop", "cancel", "reset"):
        for index, trigger in enumerate(getattr(clock, kind)):
            yield kind, index, trigger


def _all_triggers(process: Process) -> Iterator[tuple[Path, Trigger]]:
    for name, clock in process.clocks.items():
        for kind, index, trigger in triggers(clock):
            alone = len(getattr(clock, kind)) == 1
            place: Path = ("clocks", name, kind)
            yield (place if alone else (*place, index)), trigger


def event_names(process: Process) -> tuple[str, ...]:
    """Every event that somebody may send, tasks included, without repetition."""
    own = (site.name for site in events(process) if not site.joins)
    return tuple(dict.fromkeys((*own, *(name for _, _, name, _ in tasks(process)))))


def _triggers(process: Process) -> Iterator[Finding]:
    known = event_names(process)
    used = [(path, trigger.on) for path, trigger in _all_triggers(process) if " " not in trigger.on]
    yield from _each("E210", "event", (*known, *SYSTEM_EVENTS), used)
    for index, forbid in enumerate(process.forbid):
        names = (((*("forbid", index, "unless"), at), n) for at, n in enumerate(forbid.unless))
        yield from _each("E210", "event", known, names)


# ---- Reserved names, and names used twice ----


def _reserved(process: Process) -> Iterator[Finding]:
    named = [(site.path, site.name) for site in events(process) if not site.joins]
    named += ((path, name) for path, _, name, _ in tasks(process))
    for path, name in named:
        if name in RESERVED_EVENTS or name.startswith("duecourse"):
            yield Finding("E211", path, f"'{name}' is a reserved name", "choose another")
    for path, form in forms(process):
        for name in form:
            if name in RESERVED_EVENT_FIELDS | UNUSABLE_WORDS:
                message = f"every event has '{name}' already"
                if name in UNUSABLE_WORDS:
                    message = f"no expression can use the name '{name}'"
                yield Finding("E211", (*path, name), message, "choose another")
    for name in process.data:
        if "index" in columns(process, name):
            message = "`item.index` is a record's place in its list already"
            yield Finding("E211", ("data", name, "fields", "index"), message, "choose another")
    for place in (*(("data", name) for name in process.data), *_clock_places(process)):
        if place[-1] in UNUSABLE_WORDS:
            message = f"no expression can use the name '{place[-1]}'"
            yield Finding("E211", place, message, "choose another")


def _clock_places(process: Process) -> Iterator[Path]:
    yield from (("clocks", name) for name in process.clocks)
    yield from (path for path, _, _, _ in tasks(process))


def accepted_in(process: Process, event: CaseEvent) -> tuple[str, ...]:
    """The states in which an event declared for many is accepted. Nobody waits in an automatic
    one."""

    def fits(name: str) -> bool:
        closed = process.states[name].closed
        if isinstance(event.within, tuple):
            return name in event.within
        return event.within == "any" or closed == (event.within == "closed")

    return tuple(
        name
        for name, state in process.states.items()
        if fits(name) and not state.auto and name not in event.unless
    )


def _clashes(process: Process) -> Iterator[Finding]:
    task_states: dict[str, str] = {}
    for path, state, name, _ in tasks(process):
        if name in task_states:
            said = f"the task '{name}' stands in '{task_states[name]}' already"
            yield Finding("E212", path, said, "a task's name is its clock's name: choose another")
        elif name in process.clocks:
            yield Finding("E212", path, f"a clock is called '{name}' already", "choose another")
        task_states.setdefault(name, state)
    for site in events(process):
        if site.name in task_states:
            said = f"a task of '{task_states[site.name]}' is called '{site.name}' already"
            yield Finding("E212", site.path, said, "a task is done by an event of its name")
    for name, event in process.anywhere.items():
        for state in accepted_in(process, event):
            if name in process.states[state].on:
                said = f"'{name}' is accepted in '{state}' from `anywhere` too"
                hint = f"add {state} to `unless` of anywhere.{name}, or remove one"
                yield Finding("E212", ("states", state, "on", name), said, hint)


# ---- Who sends, and what goes with what ----


def _senders(process: Process) -> Iterator[Finding]:
    for site in events(process):
        itself = site.joins or site.answers
        if not itself and not site.event.by and not site.event.from_:
            said = f"nobody may send '{site.name}'"
            yield Finding(
                "E213",
                site.path,
                said,
                "name the roles, or the processes: `by: ROLE`, `from: PROCESS`",
            )


def _structure(process: Process) -> Iterator[Finding]:
    if process.start.to is not None:
        said = "a case opens in the first state of the file"
        yield Finding("E214", ("start", "to"), said, "remove `to`, and let that state stand first")
    for name, state in process.states.items():
        path: Path = ("states", name)
        if state.auto and (state.on or state.tasks or state.closed):
            said = f"'{name}' decides by itself and so has no `on`, no `tasks` and no `closed`"
            yield Finding("E214", path, said, "split it into two states")
        elif state.closed and state.tasks:
            said = f"'{name}' is closed and so has no `tasks`"
            yield Finding("E214", path, said, "duties after closing are events with clocks")
    for site in events(process):
        if site.joins:
            yield from _join(process, site.path, site.name, site.state or "", site.event)


def _join(process: Process, path: Path, name: str, state: str, event: Event) -> Iterator[Finding]:
    if not process.states[state].tasks:
        said = f"'{name}' goes with `tasks`, and '{state}' has none"
        yield Finding("E214", path, said, "add tasks, or name an event")
    elif event.by or event.form or event.hold or event.release or event.refuse:
        said = f"'{name}' happens by itself: nobody sends it and it has no form"
        yield Finding("E214", path, said, "keep `when`, `branches` and what moves do")
