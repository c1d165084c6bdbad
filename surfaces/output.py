"""What a command says and how it ends: tables for people, JSON for tools, exit codes that mean
something.

| exit code | meaning                                                    |
|-----------|------------------------------------------------------------|
| 0         | done                                                       |
| 1         | an expectation failed, or nothing was found                |
| 2         | bad input: a definition, a scenario, data, or the usage    |
| 3         | something cannot be reached: Temporal, the database        |
| 4         | an event was refused; nothing has changed                  |
| 70        | a fault of the program itself                              |

Results go to stdout, errors to stderr: `error CODE: message` and a hint, or with `--json` one
object `{"error": {…}}`.

What it is not: commands. Who may import it: the surfaces.
"""

import json as jsonlib
import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Annotated, Any, NoReturn

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text as RichText

from definitions.problems import DuecourseError
from surfaces.codes import what_to_do
from surfaces.errors import Exit

Json = Annotated[
    bool, Parameter(name="--json", negative="", help="Print one JSON value instead of tables.")
]


def bear_anything() -> None:
    """What a stream's encoding cannot write is escaped: names of files and words of a command may
    hold any bytes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def console() -> Console:
    """Where tables go; as wide as a page if nobody watches."""
    width = None if sys.stdout.isatty() else 120
    return Console(width=width, highlight=False, soft_wrap=False)


def say(value: Any, json: bool, render: Callable[[Console], None]) -> None:
    """Print a result: as JSON, or as `render` shows it."""
    if json:
        sys.stdout.write(jsonlib.dumps(value, ensure_ascii=False, indent=2) + "\n")
    else:
        render(console())


def complain(error: DuecourseError, json: bool) -> None:
    """Print an error to stderr, with what to do about it; problems of a file have each their own
    hint."""
    hint = error.hint or ("" if "problems" in error.facts else what_to_do(error.code))
    if json:
        told = {"error": {**error.to_json(), "hint": hint}}
        text = jsonlib.dumps(told, ensure_ascii=False, indent=2)
    else:
        message = error.message if "\n" not in error.message else f"\n{error.message}"
        text = f"error {error.code}: {message}"
        if hint:
            text += f"\n  {hint}"
    sys.stderr.write(text + "\n")


def table(*columns: str) -> Table:
    """A plain table."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def plain(text: object, style: str = "") -> RichText:
    """A text that is shown as it stands, brackets included."""
    return RichText(str(text), style=style)


def leave(code: int) -> NoReturn:
    """Flush and go at once: a client library must not crash the interpreter on its way out."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or Exit.NOT_AS_EXPECTED
    os._exit(code)
