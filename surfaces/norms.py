"""Which rules are named by which parts of the definitions, and which scenarios used those parts.

What it is: a walk over a process's model, where every element that has a `norm` is listed by its
path; and the catalogue's rules beside it: named by an element, kept by conduct alone, or neither.
What it is not: a judgement whether a rule is kept; the test of removal shows that.
Who may import it: the surfaces and the tests.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from definitions.model import Process
from definitions.norms import Entry, NormBook
from definitions.problems import Path, path_text
from surfaces.played import Played

Status = Literal["named", "conduct", "neither"]
STATUSES: tuple[Status, ...] = ("named", "conduct", "neither")


@dataclass(frozen=True, slots=True)
class Naming:
    """One element that names a rule."""

    rule: str
    process: str
    at: Path

    @property
    def path(self) -> str:
        """The path as people read it; empty for the process itself."""
        return path_text(self.at)

    def to_json(self) -> dict[str, str]:
        """As plain values."""
        return {"rule": self.rule, "process": self.process, "path": self.path}


@dataclass(frozen=True, slots=True)
class Covered:
    """A rule, the elements that name it, and the scenarios in which one of them was used. `entry`
    is None for a rule that no catalogue has."""

    rule: str
    entry: Entry | None
    namings: tuple[Naming, ...]
    scenarios: tuple[str, ...]

    @property
    def status(self) -> Status:
        """Named comes first: a rule of conduct may have a tick on a form."""
        if self.namings:
            return "named"
        return "conduct" if self.entry is not None and self.entry.norm.conduct else "neither"

    @property
    def missing(self) -> bool:
        """A rule that must be named or be conduct, and is neither."""
        return self.status == "neither" and self.entry is not None and self.entry.held

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        entry = self.entry
        said: dict[str, Any] = {}
        if entry is not None:
            said = {
                **entry.norm.model_dump(mode="json", exclude={"process"}),
                "family": entry.family,
                "processes": list(entry.processes),
                "held": entry.held,
            }
        return {
            "status": self.status,
            **said,
            "elements": [{"process": one.process, "path": one.path} for one in self.namings],
            "scenarios": list(self.scenarios),
        }


def namings(process: Process) -> list[Naming]:
    """Every naming of a process, by rule and path."""
    found = (
        Naming(rule, process.process, path)
        for path, value in elements(process)
        for rule in getattr(value, "norm", ())
    )
    return sorted(set(found), key=lambda one: (one.rule, one.path))


def elements(process: Process) -> Iterator[tuple[Path, BaseModel]]:
    """Every part of a process with its path, the process itself first."""
    return _below((), process)


def _below(path: Path, value: Any) -> Iterator[tuple[Path, BaseModel]]:
    if isinstance(value, BaseModel):
        yield path, value
        for name in type(value).model_fields:
            yield from _below((*path, name), getattr(value, name))
    elif isinstance(value, Mapping):
        for name, below in value.items():
            yield from _below((*path, str(name)), below)
    elif isinstance(value, tuple):
        for index, below in enumerate(value):
            yield from _below((*path, index), below)


def coverage(
    book: NormBook | None, processes: Iterable[Process], played: Sequence[Played] = ()
) -> list[Covered]:
    """Every rule of the catalogue, and every other one that is named, in this order."""
    named: dict[str, list[Naming]] = {}
    for process in processes:
        for one in namings(process):
            named.setdefault(one.rule, []).append(one)
    entries = {} if book is None else book.rules
    return [
        Covered(rule, entries.get(rule), tuple(found := named.get(rule, [])), _users(found, played))
        for rule in [*entries, *sorted(named.keys() - entries.keys())]
    ]


def _users(found: Iterable[Naming], played: Sequence[Played]) -> tuple[str, ...]:
    wanted = [(one.process, one.at) for one in found]
    return tuple(one.name for one in played if any(one.uses(*element) for element in wanted))


def counts(covered: Iterable[Covered]) -> dict[str, int]:
    """How many rules are named, conduct, or neither; and `missing`, those of the last that must
    not be."""
    listed = list(covered)
    found: dict[str, int] = {
        status: sum(one.status == status for one in listed) for status in STATUSES
    }
    return {**found, "missing": sum(one.missing for one in listed)}
