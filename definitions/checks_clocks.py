"""Soundness of clocks: each starts and stops, no way leads round a cut-off (E405 to E416, E419).

What it is: judgements over single clocks and the events that act on them.
What it is not: ladders and budgets; see `checks_ladders`.
Who may import it: the verifier.
"""

from collections.abc import Iterator
from itertools import chain

from definitions.budget import Budget
from definitions.checks_finding import Finding
from definitions.checks_graph import Graph, said
from definitions.checks_names import accepted_in
from definitions.checks_sites import EventSite, events
from definitions.model import AnyBudget, CaseEvent, Clock, Item, Lapse, Process
from definitions.problems import Path
from definitions.promises import TIMER

HOLD_FIELDS = ("reason", "evidence")
"""What an event that holds a case must bring."""
PROMISES_ONLY = ("ladder", "assignee", "fulfilled")
"""What a timer cannot have."""


def check_clocks(process: Process, graph: Graph) -> list[Finding]:
    """Everything unsound about clocks, re-opening and holds."""
    found: list[Finding] = []
    for name, clock in process.clocks.items():
        path: Path = ("clocks", name)
        found += _laws(path, clock)
        found += _life(process, graph, name, clock)
        if clock.kind == "cut_off":
            found += _cut_off(process, graph, name, clock)
    return [*found, *chain(_reopening(process), _holds(process))]


# ---- Laws of one clock ----


def _laws(path: Path, clock: Clock) -> Iterator[Finding]:
    if clock.lapse is not None and clock.lapse.to is None and clock.promise:
        message = "a lapse says where the case goes"
        yield Finding("E412", (*path, "lapse"), message, "add `to: STATE`")
    if clock.kind == "periodic" and (clock.repeat is None or not clock.stop):
        lacking = "`repeat`" if clock.repeat is None else "`stop`"
        message = f"a periodic clock needs {lacking}"
        yield Finding("E413", path, message, "say how often it repeats and what ends it")
    if (clock.kind == "periodic" or clock.repeat is not None) and not _repeatable(clock.budget):
        message = "a period is a plain budget, such as '1 months'"
        yield Finding("E413", (*path, "budget"), message, "each period is counted from the first")
    if clock.kind not in ("periodic", TIMER) and clock.repeat is not None:
        message = f"`repeat` goes with kind periodic or timer, not {clock.kind}"
        yield Finding("E413", (*path, "repeat"), message)
    if not clock.promise:
        yield from _timer(path, clock)
    if clock.each != (clock.pick is not None):
        message = "`each` and `pick` go together"
        hint = "`pick` gives the number of the cycle that an event means"
        yield Finding("E414", path, message, hint)
    if (clock.reopen == "new_budget") != (clock.reopen_budget is not None):
        message = "`reopen: new_budget` and `reopen_budget` go together"
        yield Finding("E415", path, message, "give the budget that counts from the re-opening")


def _timer(path: Path, clock: Clock) -> Iterator[Finding]:
    """Nobody owes a timer: there is nobody to remind, and nothing but its instant to wait for."""
    if clock.lapse is None:
        message = "a timer says in `lapse` what happens"
        yield Finding("E419", path, message, "add `lapse`, with `to: STATE` if the case moves")
    elif clock.lapse == Lapse(title=clock.lapse.title, roll=clock.lapse.roll):
        message = "nothing happens at this timer's instant"
        hint = "say `to`, or what it sets, notifies, opens or tells"
        yield Finding("E419", (*path, "lapse"), message, hint)
    for key in PROMISES_ONLY:
        if getattr(clock, key) is not None:
            message = f"`{key}` goes with a promise, and a timer is none"
            hint = "remove it, or give the clock another kind"
            yield Finding("E419", (*path, key), message, hint)
    unsteady = {
        "pause": bool(clock.pause.states or clock.pause.holds),
        "reopen": clock.reopen_law in ("resume", "new_budget"),
    }
    for key in [key for key, used in unsteady.items() if used and clock.repeat is not None]:
        message = f"a timer that repeats keeps to its schedule, and `{key}` would move it"
        yield Finding("E413", (*path, key), message, "remove it, or start it anew by an event")


def _repeatable(budget: AnyBudget) -> bool:
    return isinstance(budget, Budget) and budget.kind != "month_day"


def _life(process: Process, graph: Graph, name: str, clock: Clock) -> Iterator[Finding]:
    """Whether it can start, and whether it can end once it has started."""
    path: Path = ("clocks", name)
    where = [state for state, running in graph.running if running == name]
    if not where:
        message = f"'{name}' never starts: {_listed(clock)} happens in no state that is reached"
        yield Finding("E405", (*path, "start"), message, "start it by an event that can happen")
        return
    if not clock.stop and clock.lapse is None:
        if clock.kind not in ("periodic", "cut_off", "timer"):
            message = f"'{name}' has no `stop`: nothing keeps this promise"
            yield Finding("E406", path, message, "name the event that keeps it")
        return
    for step in graph.feasible():
        if step.source in where:
            ends = "closed" in step.triggers and not clock.outlives
            if ends or step.lapse == name or graph.stops(clock, step):
                return
    way = said(graph.running[where[0], name])
    message = f"'{name}' runs after {way} and can never stop from there"
    yield Finding("E406", (*path, "stop"), message, "stop it by an event that can happen then")


def _listed(clock: Clock) -> str:
    return ", ".join(f"'{trigger.on}'" for trigger in clock.start)


# ---- Cut-offs ----


def _cut_off(process: Process, graph: Graph, name: str, clock: Clock) -> Iterator[Finding]:
    """A right that lapses does so for everybody: nothing postpones it, nothing brings it back."""
    path: Path = ("clocks", name)
    if clock.lapse is None:
        message = "a cut-off says in `lapse` what happens when it is missed"
        yield Finding("E411", path, message, "add `lapse: {to: STATE}`")
        return
    ways_out = {
        "reset": bool(clock.reset),
        "cancel": bool(clock.cancel),
        "pause": bool(clock.pause.states or clock.pause.holds),
        "change": clock.change == "restart",
        "reopen": clock.reopen_law != "none",
    }
    for key, is_open in ways_out.items():
        if is_open:
            message = f"`{key}` would be an escape from the cut-off '{name}'"
            yield Finding("E411", (*path, key), message, "only `stop` and `lapse` end a cut-off")
    if clock.lapse.to is None:
        return
    for state, way in graph.onward(clock.lapse.to, barred=name).items():
        if (state, name) in graph.running and not process.states[state].closed:
            after = said((f"lapse of {name}", *way))
            message = f"after {after} the case is in '{state}' again, where the right still stands"
            hint = "lead the lapse to states of its own"
            yield Finding("E411", (*path, "lapse", "to"), message, hint)
            return


# ---- Re-opening ----


def _homes(process: Process, site: EventSite) -> tuple[str, ...]:
    """The states in which an event is accepted."""
    if site.state is not None:
        return (site.state,)
    return accepted_in(process, site.event) if isinstance(site.event, CaseEvent) else ()


def _reopening(process: Process) -> Iterator[Finding]:
    laws = [name for name, clock in process.clocks.items() if clock.reopen not in (None, "none")]
    reopeners = [site for site in events(process) if site.event.reopens]
    for site in reopeners:
        homes = _homes(process, site)
        if not laws and not any(process.states[home].closed for home in homes):
            message = (
                f"'{site.name}' re-opens nothing: no state is closed and no clock says `reopen`"
            )
            yield Finding("E415", (*site.path, "reopens"), message, "remove it")
    for site in events(process):
        targets = {branch.to or site.event.to for branch in site.event.branches}
        targets |= {site.event.to} if not site.event.branches else set()
        leads_back = any(to and not process.states[to].closed for to in targets)
        from_end = any(process.states[home].closed for home in _homes(process, site))
        if leads_back and from_end and not site.event.reopens:
            message = f"'{site.name}' leads out of a closed state"
            yield Finding("E415", site.path, message, "say `reopens: true`")
    if laws and not reopeners:
        message = f"'{laws[0]}' says what a re-opening does, and no event re-opens"
        yield Finding("E415", ("clocks", laws[0], "reopen"), message, "mark one `reopens: true`")


# ---- Holds ----


def _holds(process: Process) -> Iterator[Finding]:
    holding = [site for site in events(process) if site.event.hold is not None]
    for site in holding:
        for name in HOLD_FIELDS:
            if not _requires(site, name):
                message = f"an event that holds a case requires '{name}' in its form"
                yield Finding("E416", (*site.path, "form"), message, f"add `{name}`, required")
    if holding and not any(clock.pause.holds for clock in process.clocks.values()):
        message = "no clock pauses under a hold, so this does nothing"
        yield Finding("E416", (*holding[0].path, "hold"), message, "say `pause: {holds: true}`")
    for site in events(process):
        if site.event.release and not holding:
            message = f"'{site.name}' releases a hold, and no event makes one"
            yield Finding("E416", (*site.path, "release"), message, "remove it")


def _requires(site: EventSite, name: str) -> bool:
    field = (site.form or {}).get(name)
    return field.required if isinstance(field, Item) else field == "required"
