"""What a played scenario used of the definitions.

What it is: from the trace of a scenario, the elements that had a part in it. An event was sent,
accepted or refused; a state was entered, a clock ran, a right lapsed, somebody was told;
a link, document or computation was asked for; a rung fired, a prohibition or a check refused.
A table, row, branch, form or field leaves no trace of its own: it counts as its nearest ancestor
does, in the end as the process, which is used if a case of it was there.
What it is not: a proof that the element matters; the test of removal gives that.
Who may import it: the surfaces and the tests.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from definitions.model import Event, Move, Process
from definitions.problems import Path
from definitions.text import Text
from surfaces.rehearse import Outcome
from surfaces.trace import Trace
from workflows.core.effects import Row

Use = tuple[str, Path]
"""An element: process and path."""


@dataclass(frozen=True, slots=True)
class Words:
    """Elements of a process that leave a trace, and those that are known by the text they say."""

    process: Process
    places: frozenset[Path]
    by_text: Mapping[tuple[str, str], tuple[Path, ...]]


Known = Mapping[str, Words]
"""By process id."""


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario and what it used."""

    name: str
    used: frozenset[Use]
    known: Known

    def uses(self, process: str, path: Path) -> bool:
        """Whether an element had a part in it."""
        if process not in self.known:
            return False
        while path not in self.known[process].places:
            path = path[:-1]
        return (process, path) in self.used


def played(name: str, outcome: Outcome, known: Known) -> Played:
    """What an outcome used."""
    return Played(
        name, frozenset(use for step in outcome.steps for use in _step(step, known)), known
    )


def words(processes: Iterable[Process]) -> Known:
    """What is needed to read the traces of these processes."""
    return {process.process: _words(process) for process in processes}


# --- what leaves a trace --------------------------------------------------------------------


def _words(process: Process) -> Words:
    places: set[Path] = {()}
    texts: dict[tuple[str, str], tuple[Path, ...]] = {}
    for path, text in _elements(process):
        places.add(path)
        if text is not None:
            key = (text.zh, text.en)
            texts[key] = (*texts.get(key, ()), path)
    return Words(process, frozenset(places), texts)


def _elements(process: Process) -> Iterator[tuple[Path, Text | None]]:
    for name, state in process.states.items():
        yield ("states", name), None
        for index, notice in enumerate(state.notify):
            yield ("states", name, "notify", index), notice.text
        for task in state.tasks:
            yield ("states", name, "tasks", task), None
    for path, move in process.moves():
        if isinstance(move, Event) or path == ("start",) or path[-1:] == ("lapse",):
            yield path, None
        yield from _said(path, move)
        for index, check in enumerate(getattr(move, "checks", ())):
            yield (*path, "checks", index), check.refuse
    for index, rule in enumerate(process.forbid):
        yield ("forbid", index), rule.refuse
    for part in ("clocks", "links", "documents", "computations", "ladders"):
        for name in getattr(process, part):
            yield (part, name), None


def _said(path: Path, move: Move) -> Iterator[tuple[Path, Text]]:
    for index, notice in enumerate(move.notify):
        yield (*path, "notify", index), notice.text


# --- traces ---------------------------------------------------------------------------------


def _step(step: Trace, known: Known) -> Iterator[Use]:
    for case, row in step.rows:
        process = case.partition(":")[0]
        if process in known:
            yield from ((process, path) for path in _row(row, known[process].process))
    for view in (step.seen.view, *step.seen.opened):
        if view is not None and view.process in known:
            for clock in view.clocks:
                yield view.process, _clock(clock.clock, known[view.process].process)
    for notice in step.seen.notices:
        if notice.text is not None:
            yield from _by_text(notice.process, notice.text, known)
    yield from _refused(step, known)


def _row(row: Row, process: Process) -> Iterator[Path]:
    yield ()
    if row.kind == "opened":
        yield ("start",)
    if row.state:
        yield ("states", row.state)
    if row.kind in ("event", "refused", "late_rejected"):
        yield from _event(row.name, row.previous or row.state, process)
    if row.clock:
        yield _clock(row.clock, process)
    if row.kind == "lapse":
        yield ("clocks", row.clock, "lapse")
    if row.kind == "rung" and (clock := process.clocks.get(row.clock)) and clock.ladder:
        yield ("ladders", clock.ladder)
    if row.kind in ("link", "undelivered"):
        yield ("links", str(row.data.get("link", "")))
    if row.kind == "document":
        yield ("documents", row.name)
    if row.kind == "call":
        yield ("computations", row.name)


def _event(name: str, state: str, process: Process) -> Iterator[Path]:
    here = process.states.get(state)
    if here is not None and name in here.on:
        yield ("states", state, "on", name)
    elif here is not None and name in here.tasks:
        yield ("states", state, "tasks", name)
    elif name in process.anywhere:
        yield ("anywhere", name)


def _clock(clock: str, process: Process) -> Path:
    """The task whose clock this is, or the clock."""
    for name, state in process.states.items():
        if clock in state.tasks:
            return ("states", name, "tasks", clock)
    return ("clocks", clock)


def _refused(step: Trace, known: Known) -> Iterator[Use]:
    view = step.seen.view
    process = step.seen.case.partition(":")[0]
    if step.refusal is None or step.event is None or process not in known:
        return
    if view is None:
        yield process, ("start",)
    else:
        for path in _event(step.event.name, view.state, known[process].process):
            yield process, path
    yield from _by_text(process, step.refusal.get("facts", {}), known)


def _by_text(process: str, text: Mapping[str, str], known: Known) -> Iterator[Use]:
    if process in known:
        said = (text.get("zh", ""), text.get("en", ""))
        yield from ((process, path) for path in known[process].by_text.get(said, ()))
