"""A scenario file: a process owner's test of a definition, read into a frozen value.

What it is: the shape of the file and its reading, with every problem at its line at once. Times are
resolved here: after `load` each step knows its instant.
What it is not: the running (`rehearse`) or the judging (`matching`).
Who may import it: the surfaces and the tests.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from definitions.budget import parse_budget
from definitions.loader import is_folder
from definitions.model import Model, Name, Names, Norms, span_seconds
from definitions.problems import DefinitionError, DuecourseError, Path, Problem, path_text
from definitions.reader import Document, read
from definitions.shape import shaped
from surfaces.instants import EXAMPLE, in_range, parse_instant, parse_offset
from workflows.payloads import BadPayload, check_key

CODES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "S100": ("cannot be read", "The file is missing, no YAML 1.2, or beyond a limit."),
        "S101": ("unknown key", "No scenario has a key of this name here."),
        "S102": ("wrong kind of value", "A text, number, list or mapping stands where another is."),
        "S103": ("missing key", "A key that every scenario needs is not there."),
        "S104": ("not one of the allowed values", "Only certain words can stand here."),
        "S105": ("text outside its grammar", "A time, a name or a length is not written as such."),
        "S106": ("out of range", "A text, list or number is too short, too long or too large."),
        "S107": ("parts that contradict one another", "Each is well written, but not together."),
        "S110": ("time goes back", "A step lies before the one above it; only `occurred_at` may."),
        "S111": ("more than one act", "A step does one thing: `send` or `start`."),
        "S112": ("without an event", "A key that says something of an event stands without one."),
        "S114": ("no time to start from", "The start needs an instant, not an offset."),
        "S120": ("unknown process", "No definition has this id."),
        "S121": ("unknown event", "The process has no event or task of this name."),
        "S122": ("unknown state", "The process has no state of this name."),
        "S123": ("unknown clock", "The process has no clock or task of this name."),
        "S124": ("unknown field", "The case has no data of this name."),
        "S125": ("unknown document", "The process fills in no document of this name."),
    }
)
"""Every problem of a scenario: what it is called and what it means."""


class ScenarioError(DuecourseError):
    """The author's fault: a scenario cannot be used. Carries every problem, in order of place."""

    code = "scenario_invalid"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column, p.code)))
        super().__init__(
            "\n".join(map(str, self.problems)),
            facts={"problems": [problem.to_json() for problem in self.problems]},
        )


# --- the shape ------------------------------------------------------------------------------


def _instant(text: str) -> str:
    parse_instant(text)
    return text


def _time(text: str) -> str:
    offset = parse_offset(text)
    if offset is None:
        try:
            parse_instant(text)
        except ValueError as error:
            raise ValueError(f"{error}, or as an offset such as '+1h30m' or '+2d'") from None
    return text


def _span(text: str) -> str:
    budget = parse_budget(text)
    if budget.kind not in ("seconds", "days") or budget.working or budget.same_time:
        raise ValueError(f"'{text}' must be minutes, hours or days, such as '20 minutes'")
    return text


def _case(text: str) -> str:
    process, colon, key = text.partition(":")
    if not (process and colon and key):
        raise ValueError(f"'{text}' is not a case; write `process:key`")
    return text


def _key(text: str) -> str:
    try:
        return check_key(text)
    except BadPayload as refused:
        raise ValueError(f"{refused.message}; {refused.hint}") from None


Instant = Annotated[str, AfterValidator(_instant)]
Time = Annotated[str, AfterValidator(_time)]
Length = Annotated[str, AfterValidator(_span)]
CaseId = Annotated[str, AfterValidator(_case)]
Key = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_key)]
EventId = Annotated[str, Field(min_length=1, max_length=200)]
Data = dict[str, Any]


class By(Model):
    """Who acts."""

    id: Annotated[str, Field(min_length=1, max_length=200)] = "somebody"
    roles: Names | tuple[()] = ()


class RetractedExpect(Model):
    """A breach taken back."""

    breached: Instant | None = None
    at: Instant | None = None
    by_event: str | None = None


class ClockExpect(Model):
    """What a clock should look like; only what is named is compared."""

    phase: Literal["running", "paused", "met", "lapsed", "cancelled", "superseded"] | None = None
    due: Instant | None = None
    exclusive: bool | None = None
    breached: Instant | None = None
    retracted: bool | RetractedExpect | None = None
    cycle: Annotated[int, Field(ge=1)] | None = None
    remaining: Length | int | None = None
    provisional: bool | None = None
    ended: Instant | None = None
    level: str | None = None
    assignee: str | None = None


class NoticeExpect(Model):
    """A notice that should have been asked for."""

    clock: Name | None = None
    rung: str | None = None
    to: str | None = None
    at: Instant | None = None
    kind: Literal["rung", "retraction", "event", "lapse"] | None = None
    case: CaseId | None = None
    count: Annotated[int, Field(ge=0)] | None = None


def _clocks(value: object) -> object:
    """A phase alone is short for `{phase: …}`. What a validator gives must be a tuple, no list."""
    if not isinstance(value, dict):
        return value
    return {
        name: tuple(map(_cycle, said)) if isinstance(said, list) else _cycle(said)
        for name, said in value.items()
    }


def _cycle(value: object) -> object:
    return {"phase": value} if isinstance(value, str) else value


Clocks = Annotated[
    dict[str, ClockExpect | tuple[ClockExpect, ...] | None], BeforeValidator(_clocks)
]


class DocumentExpect(Model):
    """A document that should have been filled in."""

    document: Name | None = None
    number: str | None = None
    case: CaseId | None = None


class CaseExpect(Model):
    """A case that another should have opened."""

    process: Name | None = None
    count: Annotated[int, Field(ge=0)] | None = None
    key: str | None = None
    state: Name | None = None
    clocks: Clocks = Field(default_factory=dict)
    data: Data = Field(default_factory=dict)


class Expect(Model):
    """What should be seen after a step; only what is named is compared."""

    state: Name | None = None
    clocks: Clocks = Field(default_factory=dict)
    notices: tuple[NoticeExpect, ...] | None = None
    cases: tuple[CaseExpect, ...] | None = None
    documents: tuple[DocumentExpect, ...] | None = None
    data: Data = Field(default_factory=dict)
    closed: bool | Instant | None = None
    ended: bool | Instant | None = None
    events: tuple[str, ...] | None = None
    owner: str | None = None
    answer: Data = Field(default_factory=dict)


class Start(Model):
    """The opening of a case: the first of a scenario, or another one in a step."""

    at: Instant | None = None
    process: Name | None = None
    key: Key
    data: Data = Field(default_factory=dict)
    by: By | None = None
    id: EventId | None = None
    occurred_at: Time | None = None
    refused: bool | str = False
    expect: Expect | None = None


class Message(Model):
    """The event comes as a message of another case, which need not be there."""

    from_: Annotated[CaseId, Field(alias="from", min_length=1, max_length=200)]


class Step(Model):
    """One step; without `send`, time passes up to it."""

    at: Time | None = None
    send: str | None = None
    start: Start | None = None
    message: Message | None = None
    case: CaseId | None = None
    by: By | None = None
    data: Data = Field(default_factory=dict)
    id: EventId | None = None
    occurred_at: Time | None = None
    refused: bool | str = False
    twice: bool = False
    down: Length | None = None
    expect: Expect | None = None


class File(Model):
    """A whole scenario file."""

    scenario: Annotated[str, Field(min_length=1, max_length=200)]
    process: Name
    norm: Norms = ()
    start: Start
    steps: tuple[Step, ...] = ()


# --- the value ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moment:
    """A step and its instants: when it happens, and until when no worker runs (`at` itself, if one
    does). `occurred` is when its event occurred, if the file says so."""

    step: Step
    at: int
    until: int
    occurred: int | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario ready to run. The first moment is the start."""

    name: str
    process: str
    file: str
    start: Start
    at: int
    occurred: int | None
    moments: tuple[Moment, ...]
    document: Document

    @property
    def processes(self) -> tuple[str, ...]:
        """Every process that it starts itself."""
        others = (m.step.start.process for m in self.moments if m.step.start is not None)
        return tuple(dict.fromkeys([self.process, *filter(None, others)]))


def files(paths: Iterable[FilePath]) -> list[FilePath]:
    """Scenario files: those named, and those below the folders that are named."""
    below = (sorted(path.rglob("*.yaml")) if is_folder(path) else [path] for path in paths)
    return [path for found in below for path in found]


def load_scenario(path: FilePath) -> Scenario:
    """Read a scenario file. Raises `ScenarioError` with every problem found."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as broken:
        said = getattr(broken, "strerror", None) or str(broken)
        problem = Problem("S100", str(path), 1, 1, "", f"the file cannot be read: {said}")
        raise ScenarioError([problem]) from None
    return parse_scenario(data, str(path))


def parse_scenario(data: bytes, file: str) -> Scenario:
    """A scenario from bytes; `file` is the name under which its problems are reported."""
    try:
        document = read(data, file)
    except DefinitionError as unreadable:
        raise ScenarioError(_renamed(p, "S100") for p in unreadable.problems) from None
    value, found = shaped(File, document)
    if value is None:
        raise ScenarioError(_renamed(p, f"S{p.code[1:]}") for p in found)
    return _timed(value, document)


def _renamed(problem: Problem, code: str) -> Problem:
    place = (problem.file, problem.line, problem.column, problem.path)
    return Problem(code, *place, problem.message, problem.hint)


def problem_at(document: Document, code: str, path: Path, message: str, hint: str = "") -> Problem:
    """A problem at its line."""
    place = document.position(path)
    return Problem(code, document.file, *place, path_text(path), message, hint)


def _timed(value: File, document: Document) -> Scenario:
    if value.start.at is None:
        said, hint = "the start needs an instant", f"write `at: {EXAMPLE}`"
        raise ScenarioError([problem_at(document, "S114", ("start",), said, hint)])
    problems: list[Problem] = []
    start = now = parse_instant(value.start.at)
    moments: list[Moment] = []
    busy = now
    for index, step in enumerate(value.steps):
        path: Path = ("steps", index)
        at = _resolved(step.at, now)
        if at < busy:
            which = "lies before the step above it" if at < now else "lies while no worker runs"
            hint = "an event that is told late has `occurred_at`" if at < now else ""
            problems.append(problem_at(document, "S110", (*path, "at"), f"this {which}", hint))
        problems += [problem_at(document, *said) for said in _contradictions(step, path)]
        until = at + (span_seconds(parse_budget(step.down)) if step.down else 0)
        told = step.occurred_at if step.start is None else step.start.occurred_at
        occurred = None if told is None else _resolved(told, at)
        if not all(map(in_range, (at, until, at if occurred is None else occurred))):
            said = "this is not of the years 1970 to 2999"
            problems.append(problem_at(document, "S106", (*path, "at"), said))
        moments.append(Moment(step, at, until, occurred))
        now, busy = max(now, at), max(busy, until)
    if problems:
        raise ScenarioError(problems)
    told = value.start.occurred_at
    return Scenario(
        name=value.scenario,
        process=value.process,
        file=document.file,
        start=value.start,
        at=start,
        occurred=None if told is None else _resolved(told, start),
        moments=tuple(moments),
        document=document,
    )


def _resolved(text: str | None, base: int) -> int:
    if text is None:
        return base
    offset = parse_offset(text)
    return parse_instant(text) if offset is None else base + offset


_OF_AN_EVENT: Final = ("message", "data", "by", "id", "occurred_at", "twice", "refused")


def _contradictions(step: Step, path: Path) -> Iterator[tuple[str, Path, str, str]]:
    if step.send is not None and step.start is not None:
        said = "a step has one of send and start"
        yield "S111", (*path, "start"), said, "write two steps; the second may have the same time"
    if step.message is not None and step.by is not None:
        said = "a message comes from a case and not from a person"
        yield "S107", (*path, "by"), said, "leave out `by` or `message`"
    if step.start is not None and step.start.at is not None:
        yield "S107", (*path, "start", "at"), "the step has the time", "write `at` at the step"
    if step.down is not None and (step.twice or step.start is not None):
        other = "twice" if step.twice else "start"
        yield "S107", (*path, "down"), f"'down' and '{other}' do not go together", "use two steps"
    for name in _OF_AN_EVENT:
        if name not in step.model_fields_set or step.send is not None:
            continue
        if step.start is not None:
            if name != "refused":
                hint = "write it inside `start`"
                yield "S112", (*path, name), f"'{name}' of a start stands beside it", hint
        else:
            yield "S112", (*path, name), f"'{name}' without `send`", "name the event"
