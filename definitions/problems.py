"""What can be wrong with a definition, and how it is said.

A `Problem` is one finding with a stable code, a place and a hint; `codes` has the table of every
code. `DuecourseError` is the root of every error that this program raises on purpose; who is to
blame is in the type, and the facts are attributes, not only words in a message.

This module finds nothing itself and depends on nothing but the standard library and that table.
Anybody may import it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any

from definitions.codes import CODES, CodeInfo

__all__ = [
    "CODES",
    "CodeInfo",
    "DefinitionError",
    "DuecourseError",
    "Path",
    "Problem",
    "path_text",
    "suggest",
]

Path = tuple[str | int, ...]
"""The way to a value: keys of mappings and indexes (from 0) of lists."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `line` and `column` count from 1; `path` is written as `path_text` writes it.

    >>> print(Problem("E104", "gate.yaml", 31, 7, "states.open.on.shut",
    ...     "unknown state 'closd'", "did you mean 'closed'?"))
    gate.yaml:31:7  states.open.on.shut  E104 unknown state 'closd'; did you mean 'closed'?
    """

    code: str
    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = [f"{self.file}:{self.line}:{self.column}"]
        if self.path:
            where.append(self.path)
        said = f"{self.message}; {self.hint}" if self.hint else self.message
        return "  ".join([*where, f"{self.code} {said}"])

    def to_json(self) -> dict[str, Any]:
        """The finding as plain values, keys as in this class."""
        return asdict(self)


class DuecourseError(Exception):
    """Root of the errors raised on purpose: a stable code, a message, a hint and the facts.

    Subclasses say by their type who is to blame, and set `code` once for the class or pass it.
    `facts` holds values that JSON can hold.
    """

    code: str = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str = "",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.message = message
        self.hint = hint
        self.facts: Mapping[str, Any] = dict(facts or {})

    def to_json(self) -> dict[str, Any]:
        """The error as plain values: code, message, hint, facts."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "facts": dict(self.facts),
        }


class DefinitionError(DuecourseError):
    """The author's fault: a definition cannot be used. Carries every problem found, in order of
    place. Its text is one line a problem."""

    code = "definition_invalid"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(
            sorted(problems, key=lambda found: (found.file, found.line, found.column, found.code))
        )
        super().__init__(
            "\n".join(map(str, self.problems)),
            facts={"problems": [found.to_json() for found in self.problems]},
        )


def path_text(path: Path) -> str:
    """A path as people read it: `states.open.on[0].to`; empty for the whole document."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def suggest(word: str, choices: Iterable[str]) -> str:
    """`did you mean 'closed'?` for the nearest of the choices, or an empty text if none is near."""
    # Comparing is quadratic in the length; no name that anybody means is longer than this.
    near = get_close_matches(word[:100], list(choices), n=1)
    return f"did you mean '{near[0]}'?" if near else ""
