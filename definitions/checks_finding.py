"""A finding of the verifier: a code, a path into the definition, a message and a hint.

What it is: the value that every check returns. The loader turns it into a `Problem` with file and
line. It depends on nothing that checks.
Who may import it: the verifier and its checks, the loader.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from definitions.problems import Path, path_text, suggest


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong at `path` of a definition; `code` stands in `problems.CODES`."""

    code: str
    path: Path
    message: str
    hint: str = ""

    def __str__(self) -> str:
        said = f"{self.message}; {self.hint}" if self.hint else self.message
        return f"{path_text(self.path)}  {self.code} {said}"


def unknown(code: str, path: Path, kind: str, name: str, known: Iterable[str]) -> Finding:
    """The finding for a name that nothing has, with the nearest one that something has."""
    choices = list(known)
    hint = suggest(name, choices)
    if not hint and 0 < len(choices) <= 12:
        hint = f"there are: {', '.join(choices)}"
    return Finding(code, path, f"unknown {kind} '{name}'", hint)
