"""Closed cases, as a computation may ask for them: an inquiry into what the records hold.

What it is: the frozen values that an inquiry reads and the questions it may ask. Whoever runs the
computation answers them: the worker from the records, a rehearsal from the cases it plays. The case
that asks is never among the answers, and they come in one order: closing, case, number.
What it is not: a database, or a way to change anything.
Who may import it: the computations, the activities and the surfaces.
Instants are whole seconds since the epoch, UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from definitions.problems import DuecourseError

ZONE = "Asia/Shanghai"
"""Where months begin and end if nobody knows the zone of the case that asks."""


@dataclass(frozen=True, slots=True)
class ClosedClock:
    """One cycle of a clock of a closed case; a task's clock has its name."""

    clock: str
    cycle: int
    kind: str
    phase: str
    anchor: int
    due: int | None
    exclusive: bool
    ended: int | None
    breached: int | None


@dataclass(frozen=True, slots=True)
class ClosedCase:
    """A case that is closed for the customer. `title` is its process's, in Chinese and English;
    `keep_until` is None where nothing says how long the file is kept."""

    case: str
    number: int
    process: str
    title: tuple[str, str]
    organisation: str
    profile: str
    opened: int
    closed: int
    keep_until: int | None
    owner: str
    clocks: tuple[ClosedClock, ...]

    @property
    def order(self) -> tuple[int, str, int]:
        """Where it stands among others."""
        return self.closed, self.case, self.number


class Cases(Protocol):
    """What an inquiry may ask. An empty `organisation` means every one."""

    @property
    def zone(self) -> str:
        """The time zone of the case that asks."""
        ...

    def closed(self, organisation: str, since: int, until: int) -> Sequence[ClosedCase]:
        """Cases whose closing lies in `[since, until)`."""
        ...

    def expired(self, organisation: str, before: int) -> Sequence[ClosedCase]:
        """Closed cases, of any time, that need not be kept until `before`."""
        ...


class NoCases(DuecourseError):
    """The caller's fault: an inquiry is run where there are no records to ask."""

    code = "no_records"


class Nowhere:
    """No records: whatever is asked is refused."""

    @property
    def zone(self) -> str:
        """The usual one."""
        return ZONE

    def closed(self, organisation: str, since: int, until: int) -> Sequence[ClosedCase]:
        """Raises `NoCases`."""
        raise NoCases("there are no records to ask")

    def expired(self, organisation: str, before: int) -> Sequence[ClosedCase]:
        """Raises `NoCases`."""
        raise NoCases("there are no records to ask")


class Given:
    """Closed cases that are at hand, all of them: the questions answered by looking at each."""

    def __init__(self, cases: Sequence[ClosedCase], zone: str = ZONE) -> None:
        self._cases = sorted(cases, key=lambda case: case.order)
        self._zone = zone

    @property
    def zone(self) -> str:
        """As given."""
        return self._zone

    def closed(self, organisation: str, since: int, until: int) -> Sequence[ClosedCase]:
        """Those whose closing lies in `[since, until)`."""
        return [case for case in self._of(organisation) if since <= case.closed < until]

    def expired(self, organisation: str, before: int) -> Sequence[ClosedCase]:
        """Those that need not be kept until `before`."""
        kept = [(case, case.keep_until) for case in self._of(organisation)]
        return [case for case, until in kept if until is not None and until < before]

    def _of(self, organisation: str) -> list[ClosedCase]:
        return [case for case in self._cases if organisation in ("", case.organisation)]
