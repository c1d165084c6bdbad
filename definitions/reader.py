"""From bytes to a plain tree with places: YAML 1.2, its core schema, and nothing beyond.

`read` decodes the bytes, lets ruamel.yaml's pure-Python parser turn the text into events, and
builds dicts, lists and scalars from them, remembering where each stood. It does not know what a
definition means: the next steps do. Every problem that leaves the text readable is collected; only
a limit or a break of YAML's own rules ends the reading early.

How scalars are read. Quoted and block scalars are text. A plain scalar is null (`null`, `~` or
nothing), a boolean (`true`, `false`), a whole number (`10`, `0x1F`, `0o17`), a decimal number
(`1.5`, `2e3`), or else text: `yes`, `on`, `09:00`, `2026-10-01`, `2026-11-10T09:30+08:00`, `1_000`,
`.inf` and `.nan` are text. So is a number with a leading zero (`010`): as a number an area code or
a telephone number would silently lose its zero. That is the one place where this is narrower than
the core schema, beside the infinities.

Nothing here recurses, so depth costs no stack. Only `definitions` need import this module.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from definitions.problems import DefinitionError, Path, Problem, path_text

Value: TypeAlias = "dict[str, Value] | list[Value] | str | int | float | bool | None"
Place = tuple[int, int]
"""Line and column, both from 1."""

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_SCALAR_BYTES = 64 * 1024
MAX_NODES = 20_000
MAX_NUMBER_LENGTH = 40
MAX_CHARACTER_PROBLEMS = 20

_CONSTANTS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# The base of int() for each way of writing a whole number; 0 is a decimal number.
_NUMBERS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"[-+]?(?:0|[1-9][0-9]*)"), 10),
    (re.compile(r"0x[0-9a-fA-F]+"), 16),
    (re.compile(r"0o[0-7]+"), 8),
    (re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), 0),
)
# Controls except tab and line ends, DEL and C1, surrogates, non-characters, and what some readers
# take for the end of a line or for nothing at all (NEL, LS, PS, a byte-order mark inside the text).
_UNUSABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)
_OPENING_RUN = re.compile(rf"(?:[\[{{]\s*+){{{MAX_DEPTH + 1}}}")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_FULL_WIDTH_COLON = re.compile(r"\s*(?:- +)?\w+：")

_NAME_IT = "name a form, a ladder or a table and refer to it by that name"
_ONE = "a file holds exactly one document"
_NO_KEYS: Mapping[str, tuple[str, str, str]] = {
    "<<": ("E005", "merge key <<", _NAME_IT),
    "": ("E010", "a key is missing before ':'", "write the key"),
}

# What the parser says (a fragment of it) → what we say, and a hint. The first that fits counts.
_SYNTAX: tuple[tuple[str, str, str], ...] = (
    ("undefined tag handle", "tags are refused", "remove it, or quote the text"),
    ("found character '\\t'", "a tab where a value should begin", "indent with spaces"),
    ("that cannot start any token", "a text cannot begin with this sign", "quote it"),
    ("mapping values are not", "a ':' where no value can begin", "quote it, or mend the indent"),
    (
        "not find expected",
        "neither a key with ':' nor text of the line above",
        "write `key: value`",
    ),
    ("unexpected end of", "a quotation mark that is never closed", "close it"),
    ("unexpected document", "a quotation mark that is never closed", "close it"),
    ("unknown escape", "an unknown escape after '\\'", "double the '\\'"),
    ("escape sequence of", "an escape with too few hexadecimal digits", "complete it"),
    ("sequence entries are not", "a '-' where no list can begin", "begin the list on a new line"),
    ("expected <block end>", "this does not line up with what stands above", "mend the indent"),
    ("expected ',' or ']'", "a list in [ ] lacks a ',' or its ']'", "close it"),
    ("expected ',' or '}'", "a mapping in { } lacks a ',' or its '}'", "close it"),
    ("expected the node content", "a value is missing or cannot begin like this", "quote it"),
    ("expected alphabetic or numeric", "a text cannot begin with '&', '*' or '%'", "quote it"),
    ("'<document start>'", "text after the end of the document", "remove it"),
)
_UNREADABLE = "this cannot be read as YAML"
# For these the parser notices late: the place where the thing began is the one to mend.
_BLAME_THE_BEGINNING = ("not find expected", "unexpected end of", "unexpected document")
# Whatever a parser written for trusted files may raise besides its own error on broken text.
_RAISED = (YAMLError, ArithmeticError, AssertionError, AttributeError, LookupError, ValueError)


@dataclass(frozen=True, slots=True)
class Document:
    """A file as a plain tree. `file` is the name under which its problems are reported."""

    file: str
    value: Value
    places: Mapping[Path, Place] = field(repr=False)

    def position(self, path: Path) -> Place:
        """Line and column (from 1) of the key or item at `path`, or of its nearest ancestor."""
        while path not in self.places and path:
            path = path[:-1]
        return self.places.get(path, (1, 1))


def read(data: bytes, file: str) -> Document:
    """Read one definition file. Raises `DefinitionError` with every problem found."""
    problems = _Problems(file)
    if len(data) > MAX_BYTES:
        problems.stop("E002", (1, 1), f"the file is over {MAX_BYTES // 1024} KiB", "split it up")
    text = _checked(_decoded(data, problems), problems)
    composer = _Composer(problems)
    _compose(text, composer, problems)
    if problems.found:
        raise DefinitionError(problems.found)
    return Document(file, composer.root, composer.places)


class _Problems:
    """The findings of one reading."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Problem] = []

    def add(self, code: str, place: Place, message: str, hint: str = "", path: Path = ()) -> None:
        self.found.append(Problem(code, self.file, *place, path_text(path), message, hint))

    def stop(self, code: str, place: Place, message: str, hint: str, path: Path = ()) -> NoReturn:
        self.add(code, place, message, hint, path)
        raise DefinitionError(self.found)


def _decoded(data: bytes, problems: _Problems) -> str:
    """The text, line ends made alike (so that places count as editors do), without its mark."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or 0 in data[:2]:
        problems.stop("E001", (1, 1), "the file is UTF-16 or UTF-32", "save it as UTF-8")
    try:
        # Surrogates pass here so that the check of characters can name and place them.
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as broken:
        place = _place(_plain_lines(data[: broken.start].decode("utf-8", "surrogatepass")))
        message = f"byte 0x{data[broken.start]:02X} is not UTF-8"
        if _looks_like_gb18030(data):
            message += "; the file reads as GB18030 (GBK)"
        problems.stop("E001", place, message, "save the file as UTF-8")
    return _plain_lines(text)


def _plain_lines(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _looks_like_gb18030(data: bytes) -> bool:
    try:
        return _CHINESE.search(data.decode("gb18030")) is not None
    except UnicodeDecodeError:
        return False


def _checked(text: str, problems: _Problems) -> str:
    """The text with every unusable character reported and replaced, one for one."""
    for found in list(_UNUSABLE.finditer(text))[:MAX_CHARACTER_PROBLEMS]:
        place = _place(text[: found.start()])
        problems.add("E009", place, f"{_named(found[0])} in the text", "remove it")
    if deep := _OPENING_RUN.search(text):
        _too_deep(problems, _place(text[: deep.end()].rstrip()[:-1]))
    return _UNUSABLE.sub("\ufffd", text)


def _place(before: str) -> Place:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _named(character: str) -> str:
    kind = "lone surrogate" if "\ud800" <= character <= "\udfff" else "unusable character"
    return f"{kind} U+{ord(character):04X}"


def _too_deep(problems: _Problems, place: Place, path: Path = ()) -> NoReturn:
    problems.stop("E004", place, f"nested more than {MAX_DEPTH} deep", "make it flatter", path)


def _compose(text: str, composer: "_Composer", problems: _Problems) -> None:
    """Feed the parser's events to the composer until the document ends."""
    stream = YAML(typ="safe", pure=True).parse(text)
    documents = 0
    reached = (1, 1)
    while True:
        try:
            event = next(stream, None)
        except _RAISED as broken:
            _broken(text, broken, reached, problems)
        match event:
            case None:
                break
            case events.DocumentStartEvent():
                documents += 1
                if documents > 1:
                    problems.stop("E008", _mark(event), "a second document begins here", _ONE)
                _check_directives(event, problems)
            case events.CollectionStartEvent():
                composer.open(event)
            case events.CollectionEndEvent():
                composer.close()
            case events.AliasEvent():
                composer.alias(event)
            case events.ScalarEvent():
                composer.scalar(event)
            case _:
                pass  # The stream's and the document's ends carry nothing.
        reached = _at(event.end_mark)
    if documents == 0 or composer.empty:
        problems.add("E008", (1, 1), "the file is empty", _ONE)


def _check_directives(event: events.DocumentStartEvent, problems: _Problems) -> None:
    if event.tags:
        problems.add("E006", _mark(event), "a %TAG directive; tags are refused", "remove it")
    if event.version not in (None, (1, 2)):
        problems.add("E003", _mark(event), "a %YAML directive other than 1.2", "remove it")


def _broken(text: str, broken: Exception, reached: Place, problems: _Problems) -> NoReturn:
    """Say in an author's words what stopped the parser."""
    said, mark, begun = "", None, None
    if isinstance(broken, MarkedYAMLError):
        said = str(broken.problem or broken.context)
        mark, begun = broken.problem_mark or broken.context_mark, broken.context_mark
    fits = (row for row in _SYNTAX if row[0] in said)
    fragment, message, hint = next(fits, ("", ": ".join(filter(None, (_UNREADABLE, said))), ""))
    mark = begun if begun and fragment in _BLAME_THE_BEGINNING else mark
    place = _at(mark) if mark else reached
    # Such a line is a text to the parser, which then stumbles over it or over the next line.
    if any(map(_FULL_WIDTH_COLON.match, text.split("\n")[max(place[0] - 2, 0) : place[0]])):
        hint = "write ': ' (half width, then a blank) instead of '：'"
    problems.stop("E006" if "tag handle" in said else "E003", place, message, hint)


def _at(mark: Any) -> Place:
    return mark.line + 1, mark.column + 1


def _mark(event: Any) -> Place:
    return _at(event.start_mark)


@dataclass(slots=True)
class _Frame:
    """An open list or mapping. `key` is the key whose value comes next; None if it is unusable."""

    path: Path
    items: dict[str, Value] | list[Value]
    wants_key: bool = False
    key: str | None = None
    keeps: bool = True
    first_lines: dict[str, int] = field(default_factory=dict)


class _Composer:
    """Builds the tree from events, by a stack of open collections."""

    def __init__(self, problems: _Problems) -> None:
        self.problems = problems
        self.root: Value = None
        self.empty = False
        self.places: dict[Path, Place] = {}
        self.nodes = 0
        self.stack: list[_Frame] = []

    def open(self, event: events.CollectionStartEvent) -> None:
        items: dict[str, Value] | list[Value]
        items = [] if isinstance(event, events.SequenceStartEvent) else {}
        path = self._enter(event)
        if len(self.stack) == MAX_DEPTH:
            _too_deep(self.problems, _mark(event), path)
        if self._at_key():
            self.problems.add("E010", _mark(event), "a list or a mapping as a key", "", path)
            self._set_key(None)
        else:
            self._put(items)
        self.stack.append(_Frame(path, items, wants_key=isinstance(items, dict)))

    def close(self) -> None:
        self.stack.pop()

    def alias(self, event: events.AliasEvent) -> None:
        path = self._enter(event)
        self.problems.add("E005", _mark(event), f"alias *{event.anchor}", _NAME_IT, path)
        if self._at_key():
            self._set_key(None)
        else:
            self._put(None)

    def scalar(self, event: events.ScalarEvent) -> None:
        path = self._enter(event)
        text: str = event.value
        # Plain means that it was written without quotes; the parser says so in `style`.
        plain = event.style is None
        if len(text.encode("utf-8", "surrogatepass")) > MAX_SCALAR_BYTES:
            message = f"a text over {MAX_SCALAR_BYTES // 1024} KiB"
            self.problems.add("E002", _mark(event), message, "shorten it", path)
        if escaped := _UNUSABLE.search(text):
            message = f"{_named(escaped[0])} written as an escape"
            self.problems.add("E009", _mark(event), message, "remove it", path)
        if self._at_key():
            self._key(event, text, plain)
        elif plain:
            self._put(self._resolved(event, text, path))
            self.empty = not self.stack and not text
        else:
            self._put(text)

    def _enter(self, event: events.NodeEvent) -> Path:
        """What every node goes through; returns its path (a key's is that of its mapping)."""
        path: Path = ()
        if self.stack:
            frame = self.stack[-1]
            path = frame.path
            if isinstance(frame.items, list):
                path = (*path, len(frame.items))
            elif not frame.wants_key and frame.key is not None:
                path = (*path, frame.key)
        self.places.setdefault(path, _mark(event))
        self.nodes += 1
        if self.nodes > MAX_NODES:
            message = f"more than {MAX_NODES} values in one file"
            self.problems.stop("E002", _mark(event), message, "split it up", path)
        if event.anchor is not None and not isinstance(event, events.AliasEvent):
            self.problems.add("E005", _mark(event), f"anchor &{event.anchor}", _NAME_IT, path)
        if tag := getattr(event, "ctag", None):
            message = f"tag {tag.handle or ''}{tag.suffix or ''}"
            self.problems.add("E006", _mark(event), message, "remove it, or quote the text", path)
        return path

    def _at_key(self) -> bool:
        return bool(self.stack) and self.stack[-1].wants_key

    def _key(self, event: events.ScalarEvent, text: str, plain: bool) -> None:
        frame = self.stack[-1]
        path: Path = (*frame.path, text)
        if plain and text in ("<<", ""):
            code, said, hint = _NO_KEYS[text]
            self.problems.add(code, _mark(event), said, hint, frame.path)
            self._set_key(None)
            return
        if plain and not isinstance(self._resolved(event, text, path), str):
            said, hint = f"the key {text} is not text", f'write "{text}" in quotes'
            self.problems.add("E010", _mark(event), said, hint, path)
        line = _mark(event)[0]
        repeated = text in frame.first_lines
        first = frame.first_lines.setdefault(text, line)
        if repeated:
            message = f"the key '{text}' stands on line {first} and again on line {line}"
            self.problems.add("E007", _mark(event), message, "keep one of them", path)
        self.places.setdefault(path, _mark(event))
        self._set_key(text, keeps=not repeated)

    def _set_key(self, key: str | None, keeps: bool = True) -> None:
        frame = self.stack[-1]
        frame.wants_key, frame.key, frame.keeps = False, key, keeps

    def _put(self, value: Value) -> None:
        if not self.stack:
            self.root = value
            return
        frame = self.stack[-1]
        if isinstance(frame.items, list):
            frame.items.append(value)
            return
        if frame.key is not None and frame.keeps:
            frame.items[frame.key] = value
        frame.wants_key = True

    def _resolved(self, event: events.ScalarEvent, text: str, path: Path) -> Value:
        """The value of a plain scalar by the core schema."""
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        base = next((base for pattern, base in _NUMBERS if pattern.fullmatch(text)), None)
        if base is None:
            return text
        if len(text) <= MAX_NUMBER_LENGTH:
            number = int(text, base) if base else float(text)
            if math.isfinite(number):
                return number
        message = f"a number over {MAX_NUMBER_LENGTH} digits or beyond what a number can hold"
        self.problems.add("E002", _mark(event), message, "quote it if it is a text", path)
        return 0
