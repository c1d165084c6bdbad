"""Rehearsals on the pure core: weeks pass in milliseconds.

What it is: the runner of scenarios on a `World`, where what lies ahead of any case is decided
strictly in the order of its instants; it keeps what happened until it is asked for.
What it is not: durable. It uses the production rules and keeps everything in memory.
Who may import it: the surfaces, tests and benchmarks.
"""

from definitions.problems import DuecourseError
from surfaces.errors import UnknownCase
from surfaces.rehearse import News, Reply
from surfaces.rules import Rules
from surfaces.world import World
from workflows.core.case import Case, Incoming
from workflows.core.decide import Decision
from workflows.core.effects import CaseView, Fill, Notify, Row
from workflows.core.errors import IllegalEvent


class CoreRunner:
    """The `Runner` of the pure core."""

    def __init__(self, rules: Rules) -> None:
        self.world = World(rules, self)
        self._rows: list[tuple[str, Row]] = []
        self._notices: list[Notify] = []
        self._documents: list[Fill] = []
        self._opened: list[str] = []
        self._troubles: list[str] = []

    # --- what a scenario does ---------------------------------------------------------------

    async def start(self, process: str, key: str, event: Incoming, at: int) -> Reply:
        """Open a case; one that exists is returned as it is and nothing is opened."""
        known = f"{process}:{key}"
        if known in self.world:
            case = self.world.case(known)
            return Reply({"case": case.id, "status": "existing", "state": case.state})
        try:
            return Reply(self.world.open(process, key, event, at).answer)
        except DuecourseError as refused:
            return Reply(refusal=refused.to_json())

    async def send(self, case: str, event: Incoming, at: int) -> Reply:
        """Send an event."""
        return self._send(case, event, at)

    async def pass_time(self, until: int, over: bool) -> None:
        """Wake every case at its instants, the earliest first."""
        self.world.pass_time(until)
        if over:
            self.world.settle(until)

    async def outage(self, at: int, until: int, case: str, event: Incoming | None) -> Reply:
        """The event was handed over at `at` and is the first thing decided at `until`."""
        self.world.now = max(self.world.now, until)
        reply = Reply()
        if event is not None:
            occurred = at if event.occurred is None else event.occurred
            late = Incoming(event.name, event.id, event.actor, event.data, occurred)
            reply = self._send(case, late, until, backlog=True)
        for name in list(self.world):
            self.world.look(name, until)
        if event is None:
            self.world.settle(until)
        return reply

    async def view(self, case: str) -> CaseView | None:
        """The case now."""
        return self.world.view(case) if case in self.world else None

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
        return news

    def case(self, case: str) -> Case:
        """A case as the core knows it. Raises `UnknownCase`."""
        if case not in self.world:
            there = ", ".join(self.world) or "none"
            raise UnknownCase(f"there is no case '{case}'", hint=f"there are {there}")
        return self.world.case(case)

    def _send(self, case: str, event: Incoming, at: int, backlog: bool = False) -> Reply:
        if case not in self.world:
            there = ", ".join(self.world) or "none"
            said = f"there is no case '{case}'; there are {there}"
            return Reply(refusal={"code": "unknown_case", "message": said})
        try:
            return Reply(self.world.send(case, event, at, backlog).answer)
        except IllegalEvent as refused:
            return Reply(refusal=refused.to_json())

    # --- what the world says ----------------------------------------------------------------

    def decided(self, decision: Decision) -> None:
        """Keep the journal and the notices."""
        self._rows += [(decision.case.id, row) for row in decision.rows]
        self._notices += decision.notices

    def opened(self, case: str) -> None:
        """Keep which case another one opened."""
        self._opened.append(case)

    def filled(self, document: Fill) -> None:
        """Keep the document."""
        self._documents.append(document)

    def troubled(self, what: str) -> None:
        """Keep what went wrong."""
        self._troubles.append(what)
