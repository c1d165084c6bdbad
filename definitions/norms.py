"""The catalogue of rules: what a definition's `norm` ids stand for.

What it is: the shape of `norms/*.yaml`, its reading with every problem at its line, and the check
that no file names a rule which is not there.
What it is not: a judgement whether a rule is kept; that is for scenarios.
Who may import it: the surfaces and the tests.

A folder of definitions without a folder `norms` has no catalogue, and any id may be named in it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Field

from definitions.basics import Model, Name, Names, NormId
from definitions.problems import DefinitionError, Path, Problem, path_text, suggest
from definitions.reader import Document, read
from definitions.shape import shaped
from definitions.text import Text

FOLDER: Final = "norms"
SOURCES: Final = "sources.yaml"

CODES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "N101": ("not of this family", "The rule's id does not begin with the id of its family."),
        "N102": ("rule twice", "Two places of the catalogue have a rule of this id."),
        "N103": ("unknown document", "The rule cites a document that `sources.yaml` has not."),
        "N104": ("without a clause", "A rule that a document states must cite the clause."),
        "N201": ("unknown rule", "A `norm` names a rule that the catalogue has not."),
    }
)
"""Every problem of a catalogue beside those of any file: what it is called and what it means."""

Clause = Annotated[str, Field(pattern=r"^\d{3}·\S{1,40}$")]
FamilyId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*$")]
Kind = Literal["explicit", "interpreted", "default"]
"""`explicit`: a document says it; `interpreted`: a reading of one; `default`: chosen here."""

Unit = Literal[
    "minutes",
    "working_minutes",
    "hours",
    "machine_hours",
    "hour_of_day",
    "days",
    "working_days",
    "day_of_month",
    "months",
    "percent",
    "yuan",
    "km",
    "attempts",
    "cases",
    "copies",
    "kinds",
    "lines",
    "opinions",
    "parties",
    "questions",
    "quotes",
    "rings",
    "signatures",
]


class Figure(Model):
    """A number of a rule. `default`: the documents leave it open, and it was chosen here."""

    value: int | float
    unit: Unit
    default: bool = False


class Norm(Model):
    """One rule. `conduct` says why no program can see whether it is kept, if that is so."""

    kind: Kind
    text: Text
    source: tuple[Clause, ...] = ()
    figure: dict[Name, Figure] = Field(default_factory=dict)
    process: Names | tuple[()] = ()
    """Processes that it concerns, if not those of its family."""
    conduct: Text | None = None


class Family(Model):
    """Rules that belong together. Each rule of a `held` family is named by a definition or is
    conduct; of the others the processes may not be there yet."""

    title: Text
    process: Names | tuple[()] = ()
    held: bool = False
    rules: dict[NormId, Norm] = Field(min_length=1)


class NormFile(Model):
    """A file of the catalogue."""

    families: dict[FamilyId, Family]


class SourcesFile(Model):
    """The documents that rules cite, by number."""

    documents: dict[Annotated[str, Field(pattern=r"^\d{3}$")], Text]


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule with what it takes from its family."""

    id: str
    family: str
    norm: Norm
    processes: tuple[str, ...]
    held: bool


@dataclass(frozen=True, slots=True)
class NormBook:
    """The catalogue: documents, families and rules, in the order of the files."""

    documents: Mapping[str, Text]
    families: Mapping[str, Family]
    rules: Mapping[str, Entry]


def load_norms(folder: FilePath) -> NormBook | None:
    """The catalogue of a folder of definitions; None if it has none.

    Raises `DefinitionError` with every problem of every file.
    """
    here = folder / FOLDER
    if not here.is_dir():
        return None
    problems: list[Problem] = []
    documents: dict[str, Text] = {}
    families: dict[str, Family] = {}
    rules: dict[str, Entry] = {}
    for path in sorted(here.glob("*.yaml"), key=lambda file: (file.name != SOURCES, file.name)):
        try:
            document = read(path.read_bytes(), str(path))
        except DefinitionError as unreadable:
            problems += unreadable.problems
            continue
        if path.name == SOURCES:
            sources, found = shaped(SourcesFile, document)
            problems += found
            documents |= {} if sources is None else sources.documents
            continue
        file, found = shaped(NormFile, document)
        problems += found
        for name, family in {} if file is None else file.families.items():
            families[name] = family
            problems += _judged(document, name, family, documents, rules)
    if problems:
        raise DefinitionError(problems)
    return NormBook(
        MappingProxyType(documents), MappingProxyType(families), MappingProxyType(rules)
    )


def _judged(
    document: Document,
    name: str,
    family: Family,
    documents: Mapping[str, Text],
    rules: dict[str, Entry],
) -> Iterator[Problem]:
    """The problems of a family; its rules are added to `rules`."""
    for rule, norm in family.rules.items():
        path: Path = ("families", name, "rules", rule)
        if rule.rpartition("-")[0] != name:
            said = f"'{rule}' is no rule of the family '{name}'"
            yield _problem(document, "N101", path, said)
        if rule in rules:
            yield _problem(document, "N102", path, f"the rule '{rule}' is there twice")
        if norm.kind == "explicit" and not norm.source:
            said = f"'{rule}' is explicit and cites no clause"
            yield _problem(document, "N104", path, said, "write `source: [NUMBER·CLAUSE]`")
        for index, clause in enumerate(norm.source):
            if (number := clause.partition("·")[0]) not in documents:
                said = f"there is no document '{number}'"
                hint = suggest(number, documents)
                yield _problem(document, "N103", (*path, "source", index), said, hint)
        rules[rule] = Entry(rule, name, norm, tuple(norm.process or family.process), family.held)


def named_in(folder: FilePath) -> list[FilePath]:
    """The files of a folder of definitions that may name rules."""
    return [
        file
        for place in (folder, folder / "shared", folder / "fragments")
        for file in sorted(place.glob("*.yaml"))
    ]


def unknown_rules(files: Iterable[FilePath], book: NormBook | None) -> list[Problem]:
    """A problem for each `norm` of these files that names a rule which the catalogue has not. What
    cannot be read is left to those who load it."""
    if book is None:
        return []
    return [problem for path in files for problem in _unknown_in(path, book)]


def _unknown_in(path: FilePath, book: NormBook) -> Iterator[Problem]:
    try:
        document = read(path.read_bytes(), str(path))
    except (OSError, DefinitionError):
        return
    for place, rule in _named((), document.value):
        if rule not in book.rules:
            hint = suggest(rule, book.rules)
            yield _problem(document, "N201", place, f"there is no rule '{rule}'", hint)


def _named(path: Path, value: object) -> Iterator[tuple[Path, str]]:
    """Every text that stands as `norm`, with its place. A field of a case may be called so too: its
    declaration is no text."""
    if isinstance(value, list):
        for index, below in enumerate(value):
            yield from _named((*path, index), below)
    if not isinstance(value, dict):
        return
    for name, below in value.items():
        if name != "norm":
            yield from _named((*path, name), below)
        elif isinstance(below, str):
            yield (*path, name), below
        elif isinstance(below, list):
            yield from (
                ((*path, name, index), rule)
                for index, rule in enumerate(below)
                if isinstance(rule, str)
            )


def _problem(document: Document, code: str, path: Path, message: str, hint: str = "") -> Problem:
    place = document.position(path)
    return Problem(code, document.file, *place, path_text(path), message, hint)
