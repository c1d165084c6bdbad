"""A world of cases on the pure core: weeks pass in milliseconds.

What it is: the runner of rehearsals. All cases share one time: what lies ahead of any of them is
decided strictly in the order of its instants. What one case asks for, another case, a message, a
computation, happens at that instant too, after the turn that asked for it; documents are kept as
the core filled them in.
What it is not: durable. It uses the production rules and keeps everything in memory.
Who may import it: the surfaces, tests and benchmarks.
"""

from collections import deque
from dataclasses import dataclass
from typing import assert_never

from activities.computations import run
from activities.computations.cases import Given
from definitions.problems import DuecourseError
from surfaces.errors import UnknownCase
from surfaces.rehearse import News, Reply
from surfaces.rehearse_inquiries import closed_case
from surfaces.rules import Rules
from workflows.core.case import Case, Incoming
from workflows.core.decide import Decision, decide, look, open_case, wakeup
from workflows.core.effects import CaseView, Compute, Fill, Notify, OpenCase, Request, Row, Tell
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


@dataclass(slots=True)
class _Life:
    """A case and its rules."""

    program: Program
    case: Case


class _Late(DuecourseError):
    """A message that came after the lapse that ended its receiver."""

    code = "late_rejected"


class CoreRunner:
    """The `Runner` of the pure core."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.now = 0
        self._lives: dict[str, _Life] = {}
        self._rows: list[tuple[str, Row]] = []
        self._notices: list[Notify] = []
        self._documents: list[Fill] = []
        self._opened: list[str] = []
        self._troubles: list[str] = []
        self._requests: deque[Request] = deque()
        self._performed = 0
        self._late = False

    # --- what a scenario does ---------------------------------------------------------------

    async def start(self, process: str, key: str, event: Incoming, at: int) -> Reply:
        """Open a case; one that exists is returned as it is and nothing is opened."""
        known = self._lives.get(f"{process}:{key}")
        if known is not None:
            case = known.case
            return Reply({"case": case.id, "status": "existing", "state": case.state})
        try:
            decision = self._open(process, key, event, at)
        except DuecourseError as refused:
            return Reply(refusal=refused.to_json())
        self._perform()
        return Reply(decision.answer)

    async def send(self, case: str, event: Incoming, at: int) -> Reply:
        """Send an event."""
        return self._send(case, event, at)

    async def pass_time(self, until: int, over: bool) -> None:
        """Wake every case at its instants, the earliest first."""
        while (ring := self._next()) is not None and ring[0] <= until:
            self._look(ring[1], ring[0])
        self.now = max(self.now, until)
        if over:
            self._settle(until)

    async def outage(self, at: int, until: int, case: str, event: Incoming | None) -> Reply:
        """The event was handed over at `at` and is the first thing decided at `until`."""
        self.now = max(self.now, until)
        reply = Reply()
        if event is not None:
            occurred = at if event.occurred is None else event.occurred
            late = Incoming(event.name, event.id, event.actor, event.data, occurred)
            self._late = True
            reply = self._send(case, late, until, backlog=True)
            self._late = False
        for name in list(self._lives):
            self._look(name, until)
        if event is None:
            self._settle(until)
        return reply

    async def view(self, case: str) -> CaseView | None:
        """The case now."""
        life = self._lives.get(case)
        return None if life is None else view_of(life.program, life.case, self.now)

    async def news(self) -> News:
        """What happened since the last call."""
        news = News(
            tuple(self._rows),
            tuple(self._notices),
            tuple(self._opened),
            tuple(self._troubles),
            tuple(self._documents),
        )
        for kept in (self._rows, self._notices, self._opened, self._troubles, self._documents):
            kept.clear()
        self._performed = 0
        return news

    def case(self, case: str) -> Case:
        """A case as the core knows it. Raises `UnknownCase`."""
        if case not in self._lives:
            there = ", ".join(self._lives) or "none"
            raise UnknownCase(f"there is no case '{case}'", hint=f"there are {there}")
        return self._lives[case].case

    # --- time -------------------------------------------------------------------------------

    def _next(self) -> tuple[int, str] | None:
        rings = [
            (ring, order, name)
            for order, (name, life) in enumerate(self._lives.items())
            if (ring := wakeup(life.program, life.case)) is not None
        ]
        if not rings:
            return None
        ring, _, name = min(rings)
        return max(ring, self.now), name

    def _settle(self, until: int) -> None:
        """The second `until` is over for every case, those included that others open meanwhile."""
        done = -1
        while done != len(self._rows):
            done = len(self._rows)
            for name in list(self._lives):
                self._look(name, until, whole_second=True)

    def _look(self, name: str, at: int, whole_second: bool = False) -> None:
        life = self._lives[name]
        self.now = max(self.now, at)
        self._take(life, look(life.program, life.case, at, whole_second))
        self._perform()

    # --- deciding ---------------------------------------------------------------------------

    def _send(self, case: str, event: Incoming, at: int, backlog: bool = False) -> Reply:
        life = self._lives.get(case)
        if life is None:
            there = ", ".join(self._lives) or "none"
            message = f"there is no case '{case}'"
            return Reply(
                refusal={"code": "unknown_case", "message": f"{message}; there are {there}"}
            )
        try:
            decision = decide(life.program, life.case, event, at, backlog)
        except IllegalEvent as refused:
            return Reply(refusal=refused.to_json())
        self._take(life, decision)
        self._perform()
        return Reply(decision.answer)

    def _open(self, process: str, key: str, event: Incoming, at: int, origin: str = "") -> Decision:
        program = self.rules[process]
        decision = open_case(program, check_key(key), event, at, origin=origin)
        life = _Life(program, decision.case)
        self._lives[decision.case.id] = life
        self._take(life, decision)
        return decision

    def _take(self, life: _Life, decision: Decision) -> None:
        life.case = decision.case
        self._rows += [(life.case.id, row) for row in decision.rows]
        self._notices += decision.notices
        self._requests += decision.requests

    # --- what cases ask for -----------------------------------------------------------------

    def _perform(self) -> None:
        """Do what was asked for, in its order, and what that asks for in turn: all in the same
        second, after the turn that asked for it."""
        while self._requests:
            wanted = self._requests.popleft()
            self._performed += 1
            if self._performed > MOST_REQUESTS:
                said = f"more than {MOST_REQUESTS} requests in one step; the last of {wanted.key}"
                self._troubles.append(said)
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
                    self._documents.append(wanted)
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
        self._opened.append(wanted.target)

    def _undelivered(self, wanted: OpenCase | Tell, error: DuecourseError) -> None:
        if not wanted.undelivered:
            said = f"{wanted.origin} could not reach {wanted.target}: {error.message}"
            self._troubles.append(said)
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
                self._troubles.append(f"{wanted.origin} refused '{told.name}': {refused.message}")

    def _cases(self, asking: str) -> Given:
        """The cases that an inquiry of this one may read."""
        others = [life for name, life in self._lives.items() if name != asking]
        found = [closed_case(life.program, life.case, self.now) for life in others]
        zone = self._lives[asking].program.zone
        return Given([case for case in found if case is not None], zone)
