"""Effects: what a decision asks the world to do, as values.

What it is: the contract between the core, which returns effects and performs none, and the
activities, which perform them once for each key. Everything is JSON-ready.
What it is not: behaviour.
Who may import it: anybody; the activities import nothing else of `workflows`.
Instants are whole seconds since the epoch, UTC.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from definitions.promises import TIMER

RowKind = Literal[
    "opened",
    "event",
    "late_rejected",
    "refused",
    "restored",
    "breach",
    "rung",
    "skipped",
    "lapse",
    "resume",
    "retraction",
    "link",
    "undelivered",
    "call",
    "document",
    "amend",
    "ended",
]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a case's journal; `(case, seq)` is its key.

    `at` is the instant it stands for, `recorded` the case time at which it was decided.
    """

    seq: int
    kind: RowKind
    name: str
    at: int
    recorded: int
    event_id: str = ""
    actor: str = ""
    roles: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    state: str = ""
    """State after it."""
    previous: str = ""
    clock: str = ""
    cycle: int = 0
    level: str = ""


@dataclass(frozen=True, slots=True)
class Notify:
    """A notice to one role. `key` is unique for ever: case, clock, cycle and rung, or the row.

    `kind`: `rung` (reminder or escalation), `retraction` of such a one, `event` (the process's own
    text, a sandboxed template over `facts`), `lapse`.
    """

    key: str
    case: str
    process: str
    kind: Literal["rung", "retraction", "event", "lapse"]
    to: str
    at: int
    seq: int
    number: int = 1
    """Of the case: 1, or more for one that was opened again."""
    clock: str = ""
    cycle: int = 0
    rung: str = ""
    level: str = ""
    due: int | None = None
    exclusive: bool = False
    zone: str = "UTC"
    urgent: bool = False
    organisation: str = ""
    region: str = ""
    assignee: str = ""
    """Id of the person who owns the case, if known."""
    title: dict[str, str] = field(default_factory=dict)
    """What it is about, zh and en: the clock's title or the process's."""
    text: dict[str, str] | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Open another case, once for `key`; `origin` is the case that asks. A `child` is opened as a
    child of its workflow. If it cannot be opened, the case that asks is sent `undelivered`."""

    key: str
    process: str
    business_key: str
    data: dict[str, Any]
    origin: str
    seq: int
    at: int
    actor: str = ""
    child: bool = False
    link: str = ""
    undelivered: str = ""
    kind: Literal["open"] = "open"

    @property
    def target(self) -> str:
        """The id of the other case."""
        return f"{self.process}:{self.business_key}"


@dataclass(frozen=True, slots=True)
class Tell:
    """Send an event to another case, once for `key`, which is the event's id there. If the case is
    absent and `start` is not None, it is opened with that first. What one case tells another
    arrives in its order. A case that has ended or refuses makes a row on both sides, and the one
    that tells is sent `undelivered`."""

    key: str
    process: str
    business_key: str
    event: str
    data: dict[str, Any]
    origin: str
    seq: int
    at: int
    start: dict[str, Any] | None = None
    link: str = ""
    undelivered: str = ""
    kind: Literal["tell"] = "tell"

    @property
    def target(self) -> str:
        """The id of the other case."""
        return f"{self.process}:{self.business_key}"


@dataclass(frozen=True, slots=True)
class Compute:
    """Run a computation once and send its output as the event `done` with the id `key`, or what
    went wrong as `failed`."""

    key: str
    computation: str
    input: dict[str, Any]
    origin: str
    seq: int
    at: int
    kind: Literal["compute"] = "compute"


@dataclass(frozen=True, slots=True)
class FilledBlock:
    """A part of a filled document, with every value as the case stores it.

    `fields`: `{label: {zh, en}, type, value, unit?, choices?}`, `choices` being the words of an
    enum's values; `columns` and `totals` likewise, without or with a value; `rows`: the values of
    each record, in the order of `columns`.
    """

    title: dict[str, str] = field(default_factory=dict)
    fields: tuple[dict[str, Any], ...] = ()
    columns: tuple[dict[str, Any], ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    totals: tuple[dict[str, Any], ...] = ()
    text: dict[str, str] = field(default_factory=dict)
    """A template in each language; `facts` of the document fill it in."""
    signatures: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Fill:
    """Print a document and archive it, once for `key`."""

    key: str
    case: str
    process: str
    number: int
    """Of the case."""
    document: str
    title: dict[str, str]
    form: str
    printed: str
    """The number printed on it."""
    seq: int
    at: int
    zone: str
    blocks: tuple[FilledBlock, ...]
    organisation: str = ""
    landscape: bool = False
    copies: tuple[dict[str, str], ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    kind: Literal["fill"] = "fill"


Request = OpenCase | Tell | Compute | Fill
"""What a case asks for beside notices; told apart by `kind`."""


@dataclass(frozen=True, slots=True)
class ClockView:
    """One cycle of a clock as people see it. `due` is None while it stands still; of a timer it is
    the instant for which the case waits."""

    clock: str
    cycle: int
    title: dict[str, str]
    kind: str
    party: str
    phase: str
    anchor: int
    due: int | None
    exclusive: bool
    provisional: bool = False
    breached: int | None = None
    retracted: dict[str, Any] | None = None
    ended: int | None = None
    remaining: int | None = None
    """Seconds of the budget left when it was last looked at; working seconds for working time."""
    assignee: str = ""
    level: str = ""
    """Highest level fired."""
    next_rung: dict[str, Any] | None = None
    """`{rung, level, at, to}` of the next one, if any."""

    @property
    def promise(self) -> bool:
        """Whether somebody owes it; a timer is owed by nobody."""
        return self.kind != TIMER


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task of the present state."""

    task: str
    title: dict[str, str]
    role: str
    opened: int
    done: int | None = None
    actor: str = ""


@dataclass(frozen=True, slots=True)
class EventView:
    """An event that is possible now."""

    name: str
    title: dict[str, str]
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkView:
    """Another case that this one has opened (as a child, perhaps) or told something."""

    case: str
    link: str
    title: dict[str, str]
    how: Literal["opened", "child", "told"]
    times: int
    """How often that link led to it."""
    seq: int
    """The journal row of the last time."""
    outcome: Literal["", "undelivered"] = ""


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as lists, cards and reports show it; a projection, derived anew with each decision."""

    case: str
    process: str
    key: str
    number: int
    version: int
    title: dict[str, str]
    state: str
    state_title: dict[str, str]
    opened: int
    at: int
    seq: int
    owner: str = ""
    owner_role: str = ""
    organisation: str = ""
    region: str = ""
    priority: str = ""
    profile: str = ""
    waiting_for: tuple[str, ...] = ()
    """Roles that owe the next step."""
    waiting_title: dict[str, str] = field(default_factory=dict)
    since: int = 0
    dwell: int | None = None
    """Expected seconds without progress in this state."""
    closed: int | None = None
    ended: int | None = None
    next_wakeup: int | None = None
    next_due: int | None = None
    next_due_clock: str = ""
    next_due_exclusive: bool = False
    overdue: bool = False
    level: str = ""
    """Highest level fired by a clock that is still open."""
    hold_until: int | None = None
    zone: str = "UTC"
    origin: str = ""
    subjects: dict[str, str] = field(default_factory=dict)
    """What it is about, by kind; of a text that is over-long, its beginning."""
    keep_until: int | None = None
    """Of a closed case: until when its file must be kept, the end of a local day, exclusive."""
    data: dict[str, Any] = field(default_factory=dict)
    """Case data without personal fields."""
    clocks: tuple[ClockView, ...] = ()
    tasks: tuple[TaskView, ...] = ()
    events: tuple[EventView, ...] = ()
    links: tuple[LinkView, ...] = ()
    """Cases that it opened or told; the journal knows all of them."""
    links_gone: int = 0
    """How many more it only told."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one turn of a case writes, in one transaction, any number of times with one result:
    journal rows, claims of notices, and the case's projection if its `seq` is the newest."""

    case: str
    rows: tuple[Row, ...]
    notices: tuple[Notify, ...]
    view: CaseView
    problems: tuple[str, ...] = ()
