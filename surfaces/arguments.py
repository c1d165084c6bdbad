"""What is said to a command about a case, read: data, sender, instant, numbers.

What it is: texts of the command line to values, each refused with what would have been right.
What it is not: judgement of the data; the case's own rules do that.
Who may import it: the surfaces.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from definitions.problems import DuecourseError
from surfaces.errors import BadInput
from surfaces.instants import EXAMPLE, parse_instant
from workflows.core.case import Actor

MAX_BYTES: Final = 1024 * 1024
"""More is not read: four times what an event may hold, so that the case says what is too much."""
_OBJECT: Final = 'write a JSON object, such as {"name": "value"}'
_FILE: Final = "write --data @FILE with a file that can be read, or --data - for stdin"


def read_data(text: str) -> dict[str, Any]:
    """The data of an event: JSON, `@file` with JSON, or `-` for stdin. Raises `BadInput`."""
    try:
        if text == "-":
            text = _decoded(_stdin())
        elif text.startswith("@"):
            with Path(text[1:]).open("rb") as file:
                text = _decoded(file.read(MAX_BYTES + 1))
    except (OSError, ValueError) as broken:
        if isinstance(broken, UnicodeDecodeError):
            raise _unusable("it is not UTF-8", "save it as UTF-8") from None
        raise _unusable(getattr(broken, "strerror", None) or str(broken), _FILE) from None
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise _unusable("it is nested too deep", _OBJECT) from None
    except ValueError as broken:
        raise _unusable(str(broken).partition(";")[0], _OBJECT) from None
    if not isinstance(value, dict):
        raise BadInput("--data must be a JSON object", hint='such as {"name": "value"}')
    return value


def read_by(text: str) -> Actor:
    """`id:role,role`. Raises `BadInput`."""
    who, _, roles = text.partition(":")
    if not who:
        raise BadInput(f"'{text}' names nobody", hint="write --by id:role,role")
    return Actor(who, tuple(filter(None, (role.strip() for role in roles.split(",")))))


def read_at(text: str) -> int | None:
    """An instant, if one is said. Raises `BadInput`."""
    try:
        return parse_instant(text) if text else None
    except ValueError as wrong:
        raise BadInput(str(wrong), hint=f"write --at with an offset, such as {EXAMPLE}") from None


def at_least(least: int, value: int, name: str) -> int:
    """The number, if it is not less. Raises `BadInput`."""
    if value < least:
        raise BadInput(f"{name} {value} is too small", hint=f"at least {least}")
    return value


def _stdin() -> bytes:
    binary = getattr(sys.stdin, "buffer", None)
    if binary is None:
        return sys.stdin.read(MAX_BYTES + 1).encode("utf-8", "surrogatepass")
    read: bytes = binary.read(MAX_BYTES + 1)
    return read


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise BadInput(
            f"--data is over {MAX_BYTES} bytes", code="payload_too_large", hint="send less"
        )
    return data.decode("utf-8-sig")


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; of a key that stands twice one value would silently be lost."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:80]!r} stands twice")
    return made


def _unusable(why: str, hint: str) -> DuecourseError:
    return BadInput(f"--data cannot be read: {why}", hint=hint)
