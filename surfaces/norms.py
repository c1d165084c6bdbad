"""Which rules are named by which parts of the definitions.

What it is: a walk over a process's model; every element that has a `norm` is listed by its path.
What it is not: a judgement whether the rule is kept; scenarios show that.
Who may import it: the surfaces.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from definitions.model import Process
from definitions.problems import Path, path_text


@dataclass(frozen=True, slots=True)
class Naming:
    """One element that names a rule."""

    rule: str
    process: str
    path: str

    def to_json(self) -> dict[str, str]:
        """As plain values."""
        return {"rule": self.rule, "process": self.process, "path": self.path}


def namings(process: Process) -> list[Naming]:
    """Every naming of a process, by rule and path."""
    found = (
        Naming(rule, process.process, path_text(path))
        for path, value in _elements((), process)
        for rule in getattr(value, "norm", ())
    )
    return sorted(set(found), key=lambda one: (one.rule, one.path))


def _elements(path: Path, value: Any) -> Iterator[tuple[Path, BaseModel]]:
    if isinstance(value, BaseModel):
        yield path, value
        for name in type(value).model_fields:
            yield from _elements((*path, name), getattr(value, name))
    elif isinstance(value, Mapping):
        for name, below in value.items():
            yield from _elements((*path, str(name)), below)
    elif isinstance(value, tuple):
        for index, below in enumerate(value):
            yield from _elements((*path, index), below)
