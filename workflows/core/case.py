"""The state of a case: everything the core knows about it, frozen and JSON-ready.

What it is: values. Deadline, remaining time and overdue are derived from them, never stored.
What it is not: behaviour.
Who may import it: the core and the durable shell (which carries a `Case` from run to run).
Instants are whole seconds since the epoch, UTC.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

Phase = Literal["running", "paused", "met", "lapsed", "cancelled", "superseded"]
OPEN_PHASES: frozenset[str] = frozenset({"running", "paused"})


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch in which a clock stands still; `end` is None while it lasts."""

    start: int
    end: int | None
    why: Literal["state", "hold", "closed"]


@dataclass(frozen=True, slots=True)
class Fired:
    """A rung that was reached. `sent` is False for one that was only marked or skipped; `again`
    is how often something had been taken back before it."""

    rung: str
    level: str
    at: int
    sent: bool
    to: tuple[str, ...] = ()
    again: int = 0


@dataclass(frozen=True, slots=True)
class Retracted:
    """A breach taken back because the event had occurred in time."""

    breached: int
    at: int
    by_event: str


@dataclass(frozen=True, slots=True)
class Cycle:
    """One run of a clock: the rules it was armed under and what happened to it.

    `budget` is the resolved text (`2 hours`) or, for a promise, empty with `until` set to its
    instant (`exclusive` tells a date's end); `table` names the decision table that gave it. `armed`
    is when it was started, `anchor` where its budget is counted from. `changed` is the last change
    of its rules that left the deadline in the past: breach and later rungs count from there.

    A periodic cycle counts its periods from `series`, the first anchor; its own anchor is where its
    period begins. A timer that repeats stays one cycle and goes from period to period. After an
    amendment of its calendar, `spent` (seconds of its own time, or days) had run by `since` under
    the earlier rules, and the rest is counted from there.
    """

    clock: str
    n: int
    armed: int
    anchor: int
    phase: Phase
    budget: str = ""
    until: int | None = None
    exclusive: bool = False
    calendar: str = ""
    ladder: str = ""
    assignee: str = ""
    pauses: tuple[Span, ...] = ()
    fired: tuple[Fired, ...] = ()
    breached: int | None = None
    retracted: Retracted | None = None
    ended: int | None = None
    changed: int | None = None
    series: int | None = None
    period: int = 0
    acknowledged: bool = False
    again: int = 0
    """How often a rung was taken back that may have to be said once more."""
    table: str = ""
    since: int | None = None
    spent: int = 0

    @property
    def open(self) -> bool:
        return self.phase in OPEN_PHASES


@dataclass(frozen=True, slots=True)
class Hold:
    """An explicit hold: it ends by itself at `until`."""

    start: int
    until: int
    event_id: str


@dataclass(frozen=True, slots=True)
class TaskState:
    """A task of the present state: open, or done at an instant by somebody."""

    task: str
    opened: int
    done: int | None = None
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """The case entered a state."""

    state: str
    at: int


@dataclass(frozen=True, slots=True)
class Seen:
    """An event id already answered, with a digest of what it said, the answer's number and the
    answer: whole if it is one of the last, else its essentials (status, state)."""

    event_id: str
    digest: str
    seq: int
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """A notice that was sent: its key and its role."""

    key: str
    to: str


@dataclass(frozen=True, slots=True)
class LapseMark:
    """A lapse that an event which occurred before it may still undo, until `until`. `told` are the
    notices that it sent."""

    clock: str
    cycle: int
    at: int
    inclusive: bool
    until: int
    before: "Case"
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Linked:
    """Another case that this one has opened or told something by a link of its process: how often,
    the row of the last time, and whether one of these requests came to nothing since."""

    case: str
    link: str
    how: Literal["opened", "child", "told"]
    times: int = 1
    seq: int = 0
    outcome: Literal["", "undelivered"] = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `settled` is the latest instant up to which wake-ups have been decided."""

    process: str
    key: str
    number: int
    version: int
    state: str
    opened: int
    settled: int
    seq: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    owner: str = ""
    owner_role: str = ""
    cycles: tuple[Cycle, ...] = ()
    tasks: tuple[TaskState, ...] = ()
    visits: tuple[Visit, ...] = ()
    hold: Hold | None = None
    past_holds: tuple[Span, ...] = ()
    """Holds that are over."""
    seen: tuple[Seen, ...] = ()
    lapse: LapseMark | None = None
    closed: int | None = None
    ended: int | None = None
    progressed: int = 0
    """When an event last moved the case."""
    origin: str = ""
    calling: str = ""
    """Key of the computation whose answer it awaits."""
    links: tuple[Linked, ...] = ()
    """Cases that it opened or told, in the order of the first time; `links` says how many."""
    links_gone: int = 0
    """Of those that were only told, how many have fallen out of `links`."""

    @property
    def id(self) -> str:
        return f"{self.process}:{self.key}"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who sends an event. An empty role tuple may send only what anybody may."""

    id: str
    roles: tuple[str, ...] = ()


def engine(case: str) -> Actor:
    """The engine, as it speaks to a case on its own behalf: answers of service tasks, and what
    could not be delivered."""
    return Actor(case, ("system",))


def messenger(case: str) -> Actor:
    """A case as the sender of a message to another one."""
    return Actor(case, (f"process:{case.partition(':')[0]}",))


def is_case(actor: Actor) -> bool:
    """Whether a sender is another case."""
    return any(role.startswith("process:") for role in actor.roles)


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event as it arrives. `occurred` None means 'judge when processed'."""

    name: str
    id: str
    actor: Actor
    data: dict[str, Any] = field(default_factory=dict)
    occurred: int | None = None
