"""A world of cases on the pure core: however many there are, each is looked at when it is its time.

What it is: the cases of a rehearsal or of a simulation in one memory and one time. Wake-ups lie in
a heap, the earliest first and at one instant the oldest case first; an entry whose case has got
another wake-up meanwhile is passed over. What one case asks for, another case, a message, a
computation, happens at the same instant, after the turn that asked for it and in its order.
What it is not: durable, or a scenario's runner (`rehearse_core`) or people (`benchmarks.year`).
Who may import it: the surfaces, tests and benchmarks.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Protocol, assert_never

from activities.computations import run
from activities.computations.cases import ClosedCase, Given
from definitions.problems import DuecourseError
from surfaces.rehearse_inquiries import closed_case
from surfaces.rules import Rules
from workflows.core.case import Case, Incoming
from workflows.core.decide import Decision, decide, look, open_case, wakeup
from workflows.core.effects import CaseView, Compute, Fill, OpenCase, Request, Tell
from workflows.core.errors import IllegalEvent
from workflows.core.messages import (
    answer,
    failure,
    message,
    opening,
    refused_message,
    undelivered,
)
from workflows.core.program import Program
from workflows.core.view import view_of
from workflows.payloads import check_key

MOST_REQUESTS = 1000
"""What cases may ask of one another in one step; more is a circle."""


class Watcher(Protocol):
    """Who hears what happens in a world, at once and in order."""

    def decided(self, decision: Decision) -> None:
        """A decision about a case was taken; what it asks for comes later."""
        ...

    def opened(self, case: str) -> None:
        """A case was opened by another one."""
        ...

    def filled(self, document: Fill) -> None:
        """A document was asked for."""
        ...

    def troubled(self, what: str) -> None:
        """Something went wrong without anybody being told."""
        ...


@dataclass(slots=True)
class _Life:
    """A case, its rules, how many came before it, and when it is to be woken."""

    program: Program
    case: Case
    order: int
    ring: int | None = None
    told: ClosedCase | None = None
    """As inquiries see it, once it has ended: nothing changes it any more."""


class _Late(DuecourseError):
    """A message that came after the lapse that ended its receiver."""

    code = "late_rejected"


class World:
    """Cases by id."""

    def __init__(self, rules: Rules, watcher: Watcher) -> None:
        self.rules = rules
        self.now = 0
        self._watcher = watcher
        self._lives: dict[str, _Life] = {}
        self._rings: list[tuple[int, int, str]] = []
        self._requests: deque[Request] = deque()
        self._performed = 0
        self._rows = 0
        self._late = False

    def __contains__(self, case: str) -> bool:
        return case in self._lives

    def __iter__(self) -> Iterator[str]:
        return iter(self._lives)

    def __len__(self) -> int:
        return len(self._lives)

    def case(self, case: str) -> Case:
        """A case as it is. Raises KeyError."""
        return self._lives[case].case

    def program(self, case: str) -> Program:
        """Its rules. Raises KeyError."""
        return self._lives[case].program

    def view(self, case: str) -> CaseView:
        """A case as people see it. Raises KeyError."""
        life = self._lives[case]
        return view_of(life.program, life.case, self.now)

    # --- what people do ---------------------------------------------------------------------

    def open(self, process: str, key: str, event: Incoming, at: int) -> Decision:
        """Open a case that does not exist. Raises what `open_case` and `check_key` raise."""
        self._performed = 0
        decision = self._open(process, key, event, at)
        self._perform()
        return decision

    def send(self, case: str, event: Incoming, at: int, backlog: bool = False) -> Decision:
        """Send an event to a case that exists. Raises `IllegalEvent`, and KeyError."""
        self._performed = 0
        self._late = backlog
        try:
            life = self._lives[case]
            decision = decide(life.program, life.case, event, at, backlog)
            self._take(life, decision)
            self._perform()
        finally:
            self._late = False
        return decision

    # --- time -------------------------------------------------------------------------------

    def next(self) -> int | None:
        """The instant at which a case is to be woken next, never before now."""
        while self._rings:
            ring, _, name = self._rings[0]
            if self._lives[name].ring == ring:
                return max(ring, self.now)
            heappop(self._rings)
        return None

    def pass_time(self, until: int) -> None:
        """Wake every case at its instants, the earliest first."""
        while (ring := self.next()) is not None and ring <= until:
            self.wake(ring)
        self.now = max(self.now, until)

    def wake(self, at: int) -> None:
        """Wake the case whose turn it is, which `next` says."""
        self.look(self._rings[0][2], at)

    def settle(self, until: int) -> None:
        """The second `until` is over for every case, those included that others open meanwhile."""
        done = -1
        while done != self._rows:
            done = self._rows
            for name in list(self._lives):
                self.look(name, until, whole_second=True)

    def look(self, case: str, at: int, whole_second: bool = False) -> None:
        """Let time pass for one case."""
        self._performed = 0
        self.now = max(self.now, at)
        life = self._lives[case]
        self._take(life, look(life.program, life.case, at, whole_second))
        self._perform()

    # --- deciding ---------------------------------------------------------------------------

    def _open(self, process: str, key: str, event: Incoming, at: int, origin: str = "") -> Decision:
        program = self.rules[process]
        decision = open_case(program, check_key(key), event, at, origin=origin)
        life = _Life(program, decision.case, len(self._lives))
        self._lives[decision.case.id] = life
        self._take(life, decision)
        return decision

    def _take(self, life: _Life, decision: Decision) -> None:
        life.case = decision.case
        ring = wakeup(life.program, life.case)
        if ring != life.ring:
            life.ring = ring
            if ring is not None:
                heappush(self._rings, (ring, life.order, life.case.id))
        self._rows += len(decision.rows)
        self._requests += decision.requests
        self._watcher.decided(decision)

    # --- what cases ask for -----------------------------------------------------------------

    def _perform(self) -> None:
        """Do what was asked for, in its order, and what that asks for in turn: all in the same
        second, after the turn that asked for it."""
        while self._requests:
            wanted = self._requests.popleft()
            self._performed += 1
            if self._performed > MOST_REQUESTS:
                said = f"more than {MOST_REQUESTS} requests in one step; the last of {wanted.key}"
                self._watcher.troubled(said)
                self._requests.clear()
                return
            match wanted:
                case OpenCase():
                    self._link(wanted)
                case Tell():
                    self._tell(wanted)
                case Compute():
                    self._compute(wanted)
                case Fill():
                    self._watcher.filled(wanted)
                case _:
                    assert_never(wanted)

    def _link(self, wanted: OpenCase) -> None:
        """Open another case at the instant of what asked for it, once."""
        if wanted.target in self._lives:
            return
        try:
            self._arrive(wanted)
        except DuecourseError as refused:
            self._undelivered(wanted, refused)

    def _tell(self, wanted: Tell) -> None:
        """Tell another case, which opens for it if it may."""
        try:
            if wanted.target not in self._lives:
                self._arrive(wanted)
        except DuecourseError as refused:
            self._undelivered(wanted, refused)
            return
        life = self._lives[wanted.target]
        told = message(life.program, wanted)
        try:
            decision = decide(life.program, life.case, told, self.now, self._late)
        except IllegalEvent as refused:
            self._take(life, refused_message(life.program, life.case, told, refused, self.now))
            self._undelivered(wanted, refused)
            return
        self._take(life, decision)
        if decision.status == "late_rejected":
            self._undelivered(wanted, _Late("it came after a lapse"))

    def _arrive(self, wanted: OpenCase | Tell) -> None:
        program = self.rules[wanted.process]
        event = opening(program, wanted)
        if event is None:
            raise IllegalEvent("unknown_case", detail=wanted.target)
        self._open(wanted.process, wanted.business_key, event, self.now, wanted.origin)
        self._watcher.opened(wanted.target)

    def _undelivered(self, wanted: OpenCase | Tell, error: DuecourseError) -> None:
        if not wanted.undelivered:
            said = f"{wanted.origin} could not reach {wanted.target}: {error.message}"
            self._watcher.troubled(said)
        life = self._lives[wanted.origin]
        decision = undelivered(life.program, life.case, wanted, error.code, error.message, self.now)
        self._take(life, decision)

    def _compute(self, wanted: Compute) -> None:
        """The answer of a service task comes in the second in which it was asked for."""
        life = self._lives[wanted.origin]
        try:
            output = run(wanted.computation, wanted.input, self._cases(wanted.origin))
            told = answer(life.program, wanted, output)
        except DuecourseError as failed:
            told = failure(wanted, failed)
        try:
            self._take(life, decide(life.program, life.case, told, self.now, self._late))
        except IllegalEvent as refused:
            # A state that was left meanwhile awaits no answer.
            if life.case.calling == wanted.key:
                said = f"{wanted.origin} refused '{told.name}': {refused.message}"
                self._watcher.troubled(said)

    def _cases(self, asking: str) -> Given:
        """The cases that an inquiry of this one may read."""
        found = [self._closed(life) for name, life in self._lives.items() if name != asking]
        zone = self._lives[asking].program.zone
        return Given([case for case in found if case is not None], zone)

    def _closed(self, life: _Life) -> ClosedCase | None:
        if life.told is not None:
            return life.told
        if life.case.closed is None:
            return None
        found = closed_case(life.program, life.case, self.now)
        if life.case.ended is not None:
            life.told = found
        return found
