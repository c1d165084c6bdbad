"""A process as a running case carries it: canonical JSON, compressed, known by its digest.

The canonical form is made here and not by pydantic's serialiser, so that a release of a library
cannot change a digest: every field that differs from its default, under the name it has in a file,
in the order of the model; names of an author's own in the order of the file, since the first state
is the initial one; budgets and instants of rungs as their text. It holds what rules a case, and so
not the labels of its fields, except for values that its documents print.

LZMA compresses it: of JSON of 7, 21 and 59 KB it makes 1.9, 4.2 and 9.7 KB in 1, 4 and 14 ms,
where zlib at level 9 makes 2.1, 5.0 and 12.1 KB in less than 3. A process is pinned once and lies
in the history of every case, so the smaller one is worth the time. The digest is that of the JSON,
so the compression may change without changing any name.

Reading it back trusts the process to be sound: its shape is checked, the verifier is not asked
again, so a case goes on under the rules it began with even where today's verifier knows more.

Anybody may import it.
"""

import json
import lzma
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from pydantic import BaseModel

from definitions.budget import Budget, RungAt
from definitions.model import Process
from definitions.problems import DuecourseError

MAX_BYTES: Final = 4 * 1024 * 1024
"""The most that a bundle may unfold to: sixteen times the largest definition file."""


class BundleInvalid(DuecourseError):
    """The bytes are not a process that `pin` made."""

    code = "bundle_invalid"


_MEMORY: Final = 16 * 1024 * 1024
# The dictionary is no larger than any definition, which makes compressing ten times as fast.
_FILTERS: Final = [
    {"id": lzma.FILTER_LZMA1, "preset": 9, "dict_size": 1 << 18, "lc": 4, "lp": 0, "pb": 0}
]


def pin(process: Process) -> bytes:
    """The process as compressed canonical JSON."""
    return lzma.compress(canonical(process), format=lzma.FORMAT_ALONE, filters=_FILTERS)


@lru_cache(maxsize=256)
def unpin(pinned: bytes) -> Process:
    """The process that was pinned; the same bytes give the same object.

    Raises `BundleInvalid` on anything else than what `pin` makes.
    """
    try:
        return Process.model_validate_json(_unfolded(pinned))
    except ValueError as broken:
        raise BundleInvalid(f"not a pinned process: {broken}") from broken


def digest(process: Process) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal: the name of these rules."""
    return sha256(canonical(process)).hexdigest()


@lru_cache(maxsize=256)
def digest_of(pinned: bytes) -> str:
    """The digest of what was pinned, without reading it."""
    return sha256(_unfolded(pinned)).hexdigest()


def canonical(process: Process) -> bytes:
    """The one JSON text of a process's rules, in UTF-8."""
    plain = _plain(bare(process))
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def bare(process: Process) -> Process:
    """The process without the labels of its case fields and of their values.

    They are words for whoever draws a form and no rules; a tenth of a bundle would be theirs. The
    values of a field that a document prints keep their words, for the case prints them.
    """
    blocks = [block for document in process.documents.values() for block in document.blocks]
    printed = {name for block in blocks for name in (*block.fields, *block.totals)}
    fields = {
        name: field.model_copy(
            update={
                "title": None,
                "values": field.values if name in printed else field.choices or None,
            }
        )
        for name, field in process.data.items()
    }
    # What it took over from fragments stands in it by now.
    return process.model_copy(update={"data": fields, "use": (), "about": None})


def _unfolded(pinned: bytes) -> bytes:
    try:
        unfolder = lzma.LZMADecompressor(format=lzma.FORMAT_ALONE, memlimit=_MEMORY)
        data = unfolder.decompress(pinned, MAX_BYTES)
    except lzma.LZMAError as broken:
        raise BundleInvalid(f"not compressed as a bundle: {broken}") from broken
    if not unfolder.eof or unfolder.unused_data:
        raise BundleInvalid(f"cut off, over {MAX_BYTES} bytes, or followed by something else")
    return data


def _plain(value: Any) -> Any:
    """A value as JSON holds it."""
    match value:
        case BaseModel():
            return _fields(value)
        case Budget() | RungAt():
            return value.text
        case date():
            return value.isoformat()
        case Mapping():
            return {_plain(key): _plain(below) for key, below in value.items()}
        case tuple() | list():
            return [_plain(below) for below in value]
        case _:
            return value


def _fields(value: BaseModel) -> dict[str, Any]:
    plain = {}
    for name, info in type(value).model_fields.items():
        held = getattr(value, name)
        default = info.get_default(call_default_factory=True)
        # The type counts too: 0 and false are equal to Python, and not to an author.
        if info.is_required() or type(held) is not type(default) or held != default:
            written = _plain(held)
            plain[info.alias or name] = written[0] if _is_alone(name, held) else written
    return plain


def _is_alone(name: str, held: Any) -> bool:
    """A move once opened one link at most; one alone is still written as then, so that rules of
    that time keep their digest."""
    return name == "open" and isinstance(held, tuple) and len(held) == 1
