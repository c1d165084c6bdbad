"""What a definition is without a rule: each element that names it is taken away, part by part.

What it is: `without(process, rule)`, the process as often as something can be taken away, and a
stage on which scenarios are played on the core until one of them notices.
What it is not: a way to write definitions. The results are not verified; they are made so that they
still run: a clock never starts, a prohibition is gone, a guard always holds, a notice is not sent.

`python -m tests.norms.removal [RULE…]` lists what nobody notices.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path as FilePath
from typing import Any, Final

from pydantic import BaseModel

from definitions.loader import FOLDER, load_library
from definitions.model import (
    Branch,
    Check,
    Clock,
    Computation,
    Document,
    Event,
    Forbid,
    Form,
    Item,
    Ladder,
    Lapse,
    Link,
    Move,
    Notice,
    Process,
    Row,
    Start,
    State,
    Table,
    Task,
    Update,
)
from definitions.norms import NormBook, load_norms
from definitions.problems import DuecourseError, Path, path_text
from surfaces.norms import Naming, namings
from surfaces.played import Played, played, words
from surfaces.rehearse import rehearse_with
from surfaces.rehearse_core import CoreRunner
from surfaces.rules import Rules
from surfaces.scenario import Scenario, files, load_scenario
from workflows.core.program import Program

SCENARIOS: Final = FilePath(__file__).parents[1] / "scenarios"


@dataclass(frozen=True, slots=True)
class Removal:
    """A process without one part of an element that names a rule."""

    rule: str
    path: Path
    part: str
    process: Process = field(repr=False)

    def __str__(self) -> str:
        return f"{self.rule}  {self.process.process}  {path_text(self.path)}  without {self.part}"


def without(process: Process, rule: str) -> list[Process]:
    """The process as often as something that names the rule can be taken away."""
    return [removal.process for removal in removals(process, rule)]


def removals(process: Process, rule: str) -> list[Removal]:
    """The same with what was taken away."""
    return [
        Removal(rule, one.at, part, less)
        for one in namings(process)
        if one.rule == rule
        for part, less in _less(process, one)
    ]


# --- elements -------------------------------------------------------------------------------

Less = Iterator[tuple[str, Process]]


def _less(process: Process, naming: Naming) -> Less:
    element = _at(process, naming.at)
    for kind, take in _TAKE:
        if isinstance(element, kind):
            yield from take(process, naming.at, element)
            return
    raise AssertionError(f"nothing is known of {type(element).__name__}")


def _gone(process: Process, path: Path, element: Any) -> Less:
    """The element itself, which nothing else names."""
    yield "it", _put(process, path, None)


def _clock(process: Process, path: Path, clock: Clock) -> Less:
    """A clock that never starts: what asks whether it runs is told that it does not."""
    never = dict.fromkeys(("start", "reset", "stop", "cancel"), ())
    yield "it", _put(process, path, clock.model_copy(update={**never, "reopen": "none"}))


def _lapse(process: Process, path: Path, lapse: Lapse) -> Less:
    yield "it", _put(process, path[:-1], _at(process, path[:-1]).model_copy(update={"lapse": None}))


def _ladder(process: Process, path: Path, ladder: Ladder) -> Less:
    yield "its rungs", _put(process, path, ladder.model_copy(update={"hours": (), "days": ()}))


def _table(process: Process, path: Path, table: Table) -> Less:
    for index, _ in enumerate(table.rows):
        if len(table.rows) > 1:
            yield f"row {index + 1}", _put(process, (*path, "rows", index), None)


def _row(process: Process, path: Path, row: Row) -> Less:
    if len(_at(process, path[:-1])) > 1:
        yield "it", _put(process, path, None)


def _link(process: Process, path: Path, link: Link) -> Less:
    name = str(path[-1])
    less = process
    for where, move in process.moves():
        kept = {
            part: tuple(n for n in getattr(move, part) if n != name) for part in ("open", "tell")
        }
        less = _put(less, where, _at(less, where).model_copy(update=kept))
    yield "it", less


def _document(process: Process, path: Path, document: Document) -> Less:
    name = str(path[-1])
    less = process
    for where, move in process.moves():
        kept = tuple(n for n in move.document if n != name)
        less = _put(less, where, _at(less, where).model_copy(update={"document": kept}))
    yield "it", less


def _computation(process: Process, path: Path, computation: Computation) -> Less:
    less = process
    for name, state in process.states.items():
        if state.call is not None and state.call.computation == path[-1]:
            less = _put(less, ("states", name), state.model_copy(update={"call": None}))
    yield "it", less


def _task(process: Process, path: Path, task: Task) -> Less:
    yield "it", _put(process, path, None)
    yield from _fields(process, path, task)
    for part in ("set", "append"):
        if getattr(task, part):
            yield f"`{part}`", _put(process, path, task.model_copy(update={part: {}}))


def _state(process: Process, path: Path, state: State) -> Less:
    for part, none in (("tasks", {}), ("notify", ()), ("call", None), ("closed", False)):
        if getattr(state, part):
            yield f"`{part}`", _put(process, path, state.model_copy(update={part: none}))


_EFFECTS: Final[dict[str, Any]] = {
    **{part: {} for part in ("set", "append", "extend", "update")},
    **dict.fromkeys(("clear", "notify", "open", "tell", "document"), ()),
    "owner": None,
}
_GUARDS: Final[dict[str, Any]] = {
    "by": None,
    "when": None,
    "checks": (),
    "hold": None,
    "reopens": False,
    "acknowledges": (),
    "branches": (),
}


def _move(process: Process, path: Path, move: Move) -> Less:
    """Its guards, its required fields and its effects, one after the other; the whole event only if
    it has none of these, for then it is nothing but the way that it goes."""
    found = False
    for part, none in (_GUARDS | _EFFECTS).items():
        if _says_something(move, part, none):
            found = True
            less = {
                part: none,
                **({"from_": None} if part == "by" and isinstance(move, Event) else {}),
            }
            yield f"`{part}`", _put(process, path, move.model_copy(update=less))
    if isinstance(move, Event):
        fields = list(_fields(process, path, move))
        yield from fields
        found = found or bool(fields)
    if not found and not isinstance(move, Start):
        yield "it", _put(process, path, None)


def _says_something(move: Move, part: str, none: Any) -> bool:
    """Whether a part can be missed: `anyone` may be left out of `by`, and an event whose branches
    lead on has no other way."""
    said = getattr(move, part, none)
    if part == "branches" and move.to is None:
        return False
    return said != none and not (part == "by" and "anyone" in said)


def _branch(process: Process, path: Path, branch: Branch) -> Less:
    yield "it", _put(process, path, None)


def _fields(process: Process, path: Path, asking: Event | Task) -> Less:
    """A form that requires nothing."""
    form = process.form_of(asking.form)
    free: Form = {
        name: "optional"
        if spec == "required"
        else spec.model_copy(update={"required": False})
        if isinstance(spec, Item)
        else spec
        for name, spec in form.items()
    }
    if free != form:
        yield "required fields", _put(process, path, asking.model_copy(update={"form": free}))


def _nothing(process: Process, path: Path, element: Any) -> Less:
    """Of the process itself and of its schedules a case on the core shows nothing."""
    yield from ()


_TAKE: Final[tuple[tuple[type[BaseModel], Callable[[Process, Path, Any], Less]], ...]] = (
    (Check, _gone),
    (Forbid, _gone),
    (Notice, _gone),
    (Update, _gone),
    (Clock, _clock),
    (Lapse, _lapse),
    (Ladder, _ladder),
    (Table, _table),
    (Row, _row),
    (Link, _link),
    (Document, _document),
    (Computation, _computation),
    (Task, _task),
    (State, _state),
    (Branch, _branch),
    (Move, _move),
    (BaseModel, _nothing),
)
"""The first kind that an element is of counts."""


def _at(process: Process, path: Path) -> Any:
    found: Any = process
    for step in path:
        found = getattr(found, str(step)) if isinstance(found, BaseModel) else found[step]
    return found


def _put(whole: Any, path: Path, new: Any) -> Any:
    """The whole with something else at `path`; nothing stays there if it is None."""
    if not path:
        return new
    step, below = path[0], path[1:]
    if isinstance(whole, BaseModel):
        changed = _put(getattr(whole, str(step)), below, new)
        return whole.model_copy(update={str(step): changed})
    if isinstance(whole, Mapping):
        if not below and new is None:
            return {name: value for name, value in whole.items() if name != step}
        return {
            name: _put(value, below, new) if name == step else value
            for name, value in whole.items()
        }
    items = [_put(item, below, new) if at == step else item for at, item in enumerate(whole)]
    return tuple(item for at, item in enumerate(items) if below or new is not None or at != step)


# --- the stage ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stage:
    """The definitions and the scenarios that pass with them, each played once."""

    book: NormBook
    processes: Mapping[str, Process]
    rules: Rules
    scenarios: Mapping[str, Scenario]
    played: tuple[Played, ...]

    def named(self) -> list[str]:
        """Every rule that an element names."""
        return sorted({one.rule for process in self.processes.values() for one in namings(process)})

    def removals(self, rule: str) -> list[Removal]:
        """Everything that can be taken away of a rule."""
        return [one for process in self.processes.values() for one in removals(process, rule)]

    def noticed_by(self, removal: Removal) -> str | None:
        """The first scenario that goes wrong; those that used the element are asked first."""
        process = removal.process.process
        rules = _Changed(self.rules, removal.process)
        concerned = [one for one in self.played if one.uses(process, ())]
        concerned.sort(key=lambda one: not one.uses(process, removal.path))
        return next((one.name for one in concerned if self._fails(one.name, rules)), None)

    def _fails(self, name: str, rules: Rules) -> bool:
        """Something differs, or what the scenario speaks of is no longer there."""
        try:
            return not rehearse_with(self.scenarios[name], rules, CoreRunner(rules)).passed
        except DuecourseError:
            return True


@cache
def stage() -> Stage:
    """The stage of the definitions that come with the program."""
    book = load_norms(FOLDER)
    assert book is not None
    processes = dict(load_library().processes)
    rules, known = Rules.of([*processes.values()]), words(processes.values())
    scenarios: dict[str, Scenario] = {}
    found: list[Played] = []
    for path in files([SCENARIOS]):
        try:
            scenario = load_scenario(path)
            outcome = rehearse_with(scenario, rules, CoreRunner(rules))
        except DuecourseError:
            continue  # `tests/test_scenarios.py` fails for it
        if outcome.passed:
            scenarios[path.stem] = scenario
            found.append(played(path.stem, outcome, known))
    found.sort(key=lambda one: len(scenarios[one.name].moments))
    return Stage(book, processes, rules, scenarios, tuple(found))


class _Changed(Rules):
    """Rules of which one process is another; the rest stays compiled."""

    def __init__(self, rules: Rules, process: Process) -> None:
        super().__init__(rules.folder)
        self._rules, self._changed = rules, Program(process)

    def names(self) -> list[str]:
        return self._rules.names()

    def __getitem__(self, name: str) -> Program:
        return self._changed if name == self._changed.process.process else self._rules[name]


def main(rules: Iterable[str]) -> int:
    """List what nobody notices; returns how many rules have only such removals."""
    here = stage()
    unnoticed = 0
    for rule in [*rules] or here.named():
        tried = [(removal, here.noticed_by(removal)) for removal in here.removals(rule)]
        silent = [removal for removal, scenario in tried if scenario is None]
        lost = bool(tried) and len(silent) == len(tried)
        unnoticed += lost
        state = "UNNOTICED" if lost else "nothing to remove" if not tried else "noticed"
        sys.stdout.write(f"{rule}  {state}  {len(tried) - len(silent)} of {len(tried)}\n")
        sys.stdout.writelines(f"    nobody notices: {removal}\n" for removal in silent)
    return unnoticed


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
