"""From files to trusted processes: read, check the shape, complete from what is shared, verify.

A folder of definitions holds one process a file (`*.yaml`), what processes share
(`shared/*.yaml`: roles and ladders; `fragments/*.yaml`: elements that many have alike) and working
calendars (`calendars/*.yaml`). A process that leaves here is complete: it carries its fragments and
every role, ladder and calendar that it names, so a running case needs nothing else. What it
declares itself wins over what is shared; a name found nowhere is left out for the verifier to
report. A fragment that no process uses is no problem, if it is well-formed.

Every problem of every file is reported at once, as one `DefinitionError`. This module decides
nothing about meaning: `verifier` does for one process, `checks_between` for what goes between them.

`activities`, `surfaces` and the composition at the edge may import it; the core never does, for it
touches files.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel

from definitions.bundle import pin
from definitions.calendar import Calendar
from definitions.checks_between import Known, check_between, neighbours_of
from definitions.checks_finding import Finding
from definitions.checks_fragments import check_fragments
from definitions.completion import Shared, brought_by, completed, united
from definitions.model import Fragment, Ladder, Library, Process, Role
from definitions.problems import (
    DefinitionError,
    DuecourseError,
    Path,
    Problem,
    path_text,
    suggest,
)
from definitions.reader import Document, Value, read
from definitions.shape import M, shaped
from definitions.verifier import verify

FOLDER: Final = FilePath(__file__).resolve().parent
"""The folder of the definitions that come with the program."""

MAX_RULES: Final = 20 * 1024
"""Bytes of a process as its cases carry it, compressed."""


class UnknownProcess(DuecourseError):
    """The caller's fault: no process has this id."""

    code = "unknown_process"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every process of a folder, by id, in the order of the ids."""

    processes: Mapping[str, Process]

    def get(self, name: str) -> Process | None:
        """The process of this id, or None."""
        return self.processes.get(name)

    def __getitem__(self, name: str) -> Process:
        """The process of this id; raises `UnknownProcess` with the nearest one."""
        if (process := self.processes.get(name)) is None:
            hint = suggest(name, self.processes) or f"there are {', '.join(self.processes)}"
            facts = {"process": name, "known": list(self.processes)}
            message = f"there is no process '{name}'"
            raise UnknownProcess(message, hint=hint, facts=facts)
        return process

    def __iter__(self) -> Iterator[str]:
        return iter(self.processes)


def load_library(folder: FilePath | None = None) -> Catalogue:
    """Load every process of a folder (by default those that come with the program).

    Raises `DefinitionError` with every problem of every file, shared ones included.
    """
    folder = FOLDER if folder is None else folder
    check_folder(folder)
    problems: list[Problem] = []
    shared = _shared(folder, problems)
    shared_is_whole = not problems
    drafts = [draft for path in _files(folder) if (draft := _draft(path, problems))]
    problems += _declared_twice((draft, draft.process_id, ("process",)) for draft in drafts)
    drawn = {name: draft.process for draft in drafts if (name := draft.process_id)}
    known = _united(drawn, shared)
    processes: dict[str, Process] = {}
    for draft in drafts:
        # With a shared part missing, the verifier would report names that are only unreadable.
        if draft.process is None or not shared_is_whole:
            continue
        process, found = _finished(draft.process, draft.document, shared, known)
        problems += found
        processes[process.process] = process
    if problems:
        raise DefinitionError(problems)
    return Catalogue(MappingProxyType(dict(sorted(processes.items()))))


def load_file(path: FilePath, catalogue_folder: FilePath | None = None) -> Process:
    """Load one process file, wherever it is, against the shared parts of a folder.

    Problems of the shared parts are reported too; those of other processes are not.
    """
    problems: list[Problem] = []
    data = _bytes(path, problems)
    if data is None:
        raise DefinitionError(problems)
    return load(data, str(path), catalogue_folder)


def load(data: bytes, file: str, catalogue_folder: FilePath | None = None) -> Process:
    """Load one process from bytes; `file` is the name under which its problems are reported."""
    folder = FOLDER if catalogue_folder is None else catalogue_folder
    problems: list[Problem] = []
    shared = _shared(folder, problems)
    draft = _drafted(data, file, problems)
    if draft is None or draft.process is None or problems:
        raise DefinitionError(problems)
    whole = united(draft.process, shared.fragments)
    neighbours = _united(_neighbours(folder, whole), shared)
    known = neighbours | {whole.process: whole}
    process, found = _finished(draft.process, draft.document, shared, known)
    if found:
        raise DefinitionError(found)
    return process


# --- files ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Draft:
    """A file that could be read. `process` is None if its shape is wrong."""

    document: Document
    process: Process | None

    @property
    def process_id(self) -> str | None:
        """The id as the file declares it, whatever else is wrong."""
        value = self.document.value
        name = value.get("process") if isinstance(value, dict) else None
        return name if isinstance(name, str) else None


def _files(folder: FilePath) -> list[FilePath]:
    return sorted(folder.glob("*.yaml"))


def _bytes(path: FilePath, problems: list[Problem]) -> bytes | None:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as broken:  # the latter for a path with NUL in it
        problems.append(_unreadable(path, getattr(broken, "strerror", None) or str(broken)))
        return None


def _unreadable(path: FilePath, said: str, what: str = "file") -> Problem:
    return Problem("E109", str(path), 1, 1, "", f"the {what} cannot be read: {said}")


def is_folder(path: FilePath) -> bool:
    """Whether this is a folder; a name that no path can have is none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def check_folder(path: FilePath) -> None:
    """Raises `DefinitionError` if there is no such folder: what is not there is not empty."""
    if not is_folder(path):
        raise DefinitionError([_unreadable(path, "there is no such folder", "folder")])


def declared_twice(files: Iterable[FilePath]) -> list[Problem]:
    """A problem for each process that two of these files declare; what cannot be read is left to
    `load_file`."""
    drafts = [draft for path in files if (draft := _draft(path, [])) is not None]
    return _declared_twice((draft, draft.process_id, ("process",)) for draft in drafts)


@lru_cache(maxsize=64)
def _shaped(
    model: type[BaseModel], data: bytes, file: str
) -> tuple[Document, BaseModel | None, tuple[Problem, ...]]:
    """A file as a model; remembered by its bytes, since reading is the slow part of loading."""
    document = read(data, file)
    value, found = shaped(model, document)
    return document, value, tuple(found)


def _tried(
    model: type[M], data: bytes, file: str, problems: list[Problem]
) -> tuple[Document, M | None] | None:
    try:
        document, value, found = _shaped(model, data, file)
    except DefinitionError as unreadable:
        problems += unreadable.problems
        return None
    problems += found
    return document, value if isinstance(value, model) else None


def _draft(path: FilePath, problems: list[Problem]) -> _Draft | None:
    data = _bytes(path, problems)
    return None if data is None else _drafted(data, str(path), problems)


def _drafted(data: bytes, file: str, problems: list[Problem]) -> _Draft | None:
    tried = _tried(Process, data, file, problems)
    return None if tried is None else _Draft(*tried)


def _shared(folder: FilePath, problems: list[Problem]) -> Shared:
    """The shared roles, ladders, calendars and fragments of a folder."""
    roles: dict[str, Role] = {}
    ladders: dict[str, Ladder] = {}
    calendars: dict[str, Calendar] = {}
    fragments: dict[str, Fragment] = {}
    declared: list[tuple[_Draft, str | None, Path]] = []
    for document, library in _models(Library, folder / "shared", problems):
        here = _Draft(document, None)
        for part, found in (("roles", library.roles), ("ladders", library.ladders)):
            declared += [(here, name, (part, name)) for name in found]
        roles |= library.roles
        ladders |= library.ladders
    for document, calendar in _models(Calendar, folder / "calendars", problems):
        declared.append((_Draft(document, None), calendar.calendar, ("calendar",)))
        calendars[calendar.calendar] = calendar
    for document, fragment in _models(Fragment, folder / "fragments", problems):
        declared.append((_Draft(document, None), fragment.fragment, ("fragment",)))
        fragments[fragment.fragment] = fragment
    problems += _declared_twice(declared)
    return Shared(roles, ladders, calendars, fragments)


def _models(
    model: type[M], folder: FilePath, problems: list[Problem]
) -> Iterator[tuple[Document, M]]:
    for path in _files(folder):
        data = _bytes(path, problems)
        tried = None if data is None else _tried(model, data, str(path), problems)
        if tried is not None and tried[1] is not None:
            yield tried[0], tried[1]


def _declared_twice(declared: Iterable[tuple[_Draft, str | None, Path]]) -> list[Problem]:
    """A problem for each id declared again, at its later place."""
    first: dict[tuple[str | int, str], str] = {}
    problems = []
    for draft, name, path in declared:
        if name is None:
            continue
        document = draft.document
        before = first.setdefault((path[0], name), document.file)
        if before != document.file:
            message = f"'{name}' is declared in {before} already"
            place = document.position(path)
            problems.append(Problem("E108", document.file, *place, path_text(path), message))
    return problems


def _neighbours(folder: FilePath, process: Process) -> dict[str, Process | None]:
    """The processes of a folder that this one links to or hears from; None for one whose shape is
    wrong."""
    wanted = neighbours_of(process)
    found: dict[str, Process | None] = {}
    for path in _files(folder) if wanted else ():
        data = _bytes(path, [])
        # Reading is slow, so only files that may declare one of the ids are read.
        if data is None or not any(_declares(data, name) for name in wanted):
            continue
        draft = _drafted(data, str(path), [])
        if draft is not None and draft.process_id in wanted:
            found[draft.process_id] = draft.process
    return found


def _declares(data: bytes, name: str) -> bool:
    return re.search(rb"\bprocess\b.{0,40}\b%s\b" % name.encode(), data) is not None


def _united(processes: Known, shared: Shared) -> dict[str, Process | None]:
    """Processes with what they take over from fragments."""
    return {
        name: None if process is None else united(process, shared.fragments)
        for name, process in processes.items()
    }


# --- completing and judging -----------------------------------------------------------------


def _finished(
    process: Process,
    document: Document,
    shared: Shared,
    known: Known,
) -> tuple[Process, list[Problem]]:
    """The process with its shared parts and its links resolved, and every problem of it."""
    complete = completed(united(process, shared.fragments), shared)
    links = {
        name: link.model_copy(update={"available": link.process in known})
        for name, link in complete.links.items()
    }
    complete = complete.model_copy(update={"links": links})
    findings = [
        *check_fragments(process, shared.fragments),
        *verify(complete),
        *check_between(complete, known),
        *_size_findings(complete),
    ]
    return complete, [
        _problem(finding, document, process, brought_by(process, shared.fragments, finding.path))
        for finding in findings
    ]


def _size_findings(process: Process) -> list[Finding]:
    """Every case carries its rules in its history, so they must stay small."""
    size = len(pin(process))
    if size <= MAX_RULES:
        return []
    said = f"a case would carry {size} bytes of rules; at most {MAX_RULES} are allowed"
    return [Finding("E110", ("process",), said, "shorten texts, or split the process in two")]


def _problem(
    finding: Finding, document: Document, process: Process, fragment: int | None
) -> Problem:
    """A finding at its line. What lies in a shared part stands at the place that names it;
    `fragment` is the place in `use` of the one in which it lies."""
    path, message = finding.path, finding.message
    if fragment is None:
        place = document.position(_naming(path, document))
    else:
        place = document.position(("use", fragment))
        message = f"{message} (in the fragment '{process.use[fragment]}')"
    return Problem(finding.code, document.file, *place, path_text(path), message, finding.hint)


# The keys under which a file names a part that may be shared.
_NAMING_KEYS: Mapping[str, tuple[str, ...]] = {
    "roles": ("owner", "by", "to", "actor", "role", "assignee"),
    "ladders": ("ladder",),
    "calendars": ("calendar",),
}


def _naming(path: Path, document: Document) -> Path:
    """The path itself if the file has it, else that of the first place that names the part."""
    if len(path) < 2 or path[0] not in _NAMING_KEYS:
        return path
    tree = document.value
    own = tree.get(str(path[0])) if isinstance(tree, dict) else None
    if isinstance(own, dict) and path[1] in own:
        return path
    keys = _NAMING_KEYS[str(path[0])]
    for named, value in _scalars((), tree):
        if value == path[1] and any(step in keys for step in named[-2:]):
            return named
    # The file's own clocks name none of it: a fragment's do.
    return ("use",) if path[0] == "ladders" else ()


def _scalars(path: Path, value: Value) -> Iterator[tuple[Path, Value]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _scalars((*path, key), below)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _scalars((*path, index), below)
    else:
        yield path, value
