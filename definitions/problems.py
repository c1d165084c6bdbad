"""What can be wrong with a definition, and how it is said.

A `Problem` is one finding with a stable code, a place and a hint. `CODES` is the table of every
code. `DuecourseError` is the root of every error that this program raises on purpose; who is to
blame is in the type, and the facts are attributes, not only words in a message.

This module finds nothing itself and depends on nothing but the standard library. Anybody may
import it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
"""The way to a value: keys of mappings and indexes (from 0) of lists."""


class CodeInfo(NamedTuple):
    """What a code is called and what it means to an author."""

    title: str
    meaning: str


# One literal, in the order of the codes. E0xx reading, E1xx shape, E2xx names, E3xx expressions
# and tables, E4xx soundness, E5xx calendars and ladders. A code, once released, keeps its meaning.
CODES: Mapping[str, CodeInfo] = MappingProxyType(
    {
        "E001": CodeInfo(
            "not UTF-8",
            "The file's bytes are not UTF-8 text. Other encodings (GB18030, UTF-16) are refused "
            "and never guessed at; a UTF-8 byte-order mark is accepted.",
        ),
        "E002": CodeInfo(
            "too large",
            "The file, one of its texts, one of its numbers or the count of its values is over "
            "the limit.",
        ),
        "E003": CodeInfo(
            "not valid YAML",
            "The text breaks the rules of YAML 1.2. Reading stops at the first such place.",
        ),
        "E004": CodeInfo(
            "nested too deep",
            "Lists and mappings stand inside one another beyond the limit.",
        ),
        "E005": CodeInfo(
            "alias or anchor",
            "Anchors (&name), aliases (*name) and merge keys (<<) are refused: what is used twice "
            "gets a name in the definition itself.",
        ),
        "E006": CodeInfo(
            "tag",
            "Tags (!name, !!type) are refused: a value's type follows from how it is written.",
        ),
        "E007": CodeInfo(
            "duplicate key",
            "A mapping has the same key twice, and so one of the two values would be lost.",
        ),
        "E008": CodeInfo(
            "not exactly one document",
            "The file is empty, or holds more than one YAML document.",
        ),
        "E009": CodeInfo(
            "unusable character",
            "The text holds a control character, a lone surrogate, or an invisible separator of "
            "lines, written as itself or as an escape.",
        ),
        "E010": CodeInfo(
            "key is not text",
            "A key is a number, true, false, null, a list or a mapping. Keys are text.",
        ),
        "E101": CodeInfo(
            "unknown key",
            "A mapping has a key that has no meaning there, often a slip of the pen.",
        ),
        "E102": CodeInfo(
            "wrong type",
            "A value is of another kind than what belongs there, such as a text for a number or "
            "nothing at all for a mapping.",
        ),
        "E103": CodeInfo("missing key", "A mapping lacks a key that it must have."),
        "E104": CodeInfo(
            "not one of the allowed values",
            "Only certain words can stand here, and this is none of them.",
        ),
        "E105": CodeInfo(
            "text outside its grammar",
            "A name, a rule's id, a budget, the instant of a rung, a trigger, a date, hours or a "
            "time zone is not written as such.",
        ),
        "E106": CodeInfo(
            "out of range",
            "A text or list is too long or too short, or a number too large or too small.",
        ),
        "E107": CodeInfo(
            "parts that contradict one another",
            "Each value is well written, but together they cannot be: a calendar that ends before "
            "it begins, a day that is both off and worked.",
        ),
        "E108": CodeInfo(
            "declared twice",
            "Two files of a folder declare the same process, or the same shared role, ladder or "
            "calendar.",
        ),
        "E109": CodeInfo(
            "file cannot be read",
            "The file is not there, is a folder, or may not be read.",
        ),
    }
)


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
