"""One turn of a case: the working copy on which a decision is made.

What it is: mutable for the length of one decision and thrown away when the decision is refused, so
that a refusal changes nothing. It is the model that moves through the relation.
What it is not: rules about time; `clocks` and `settle` act on it.
Who may import it: the core.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from definitions.expressions import ValueType
from definitions.model import Form, Move, Notice, Task
from workflows.core.case import Actor, Case, Cycle, TaskState, Visit
from workflows.core.effects import Notify, Request, Row, RowKind
from workflows.core.errors import IllegalEvent
from workflows.core.machine import ALL_DONE, AUTO
from workflows.core.program import Program
from workflows.core.values import change

MAX_VISITS = 200
MAX_AUTOMATIC = 50
NOBODY = Actor("")

Asked = Literal["open", "tell", "document", "call"]
"""What a move may ask for: links, documents, and the service task of a state, by name."""


class Turn:
    """A case while it is being decided on. `now` is when, `at` the instant it stands for; `before`
    are the cycles that the event found."""

    def __init__(self, program: Program, case: Case, now: int) -> None:
        self.program = program
        self.case = case
        self.now = now
        self.at = now
        self.state = case.state
        self.data = dict(case.data)
        self.seen = case.seen
        self.cycles = list(case.cycles)
        self.before: Sequence[Cycle] = case.cycles
        self.tasks = list(case.tasks)
        self.visits = list(case.visits)
        self.hold = case.hold
        self.past_holds = list(case.past_holds)
        self.lapse = case.lapse
        self.ended = case.ended
        self.closed = case.closed
        self.owner, self.owner_role = case.owner, case.owner_role
        self.progressed = case.progressed
        self.calling = case.calling
        self.links, self.links_gone = case.links, case.links_gone
        self.seq = case.seq
        self.rows: list[Row] = []
        self.notices: list[Notify] = []
        self.requests: list[Request] = []
        self.renewing = False
        """Whether the service task that is awaited is to be asked for again."""
        self.begin(case.settled)

    def begin(self, at: int, name: str = "", actor: Actor = NOBODY) -> None:
        """Start on something new: an event, or what happens by itself at `at`."""
        self.at, self.name, self.actor = at, name, actor
        self.event_id = ""
        self.event: dict[str, Any] = {}
        self.source = self.state
        self.triggers: list[str] = []
        self.left: list[str] = []
        self.entered: list[str] = []
        self.said: list[Notice] = []
        self.asked: list[tuple[Asked, str]] = [("call", self.state)] if self.renewing else []
        self.renewing = False
        self._moved = False

    # --- the model of the relation ----------------------------------------------------------

    def holds(self, when: str, form: Form | None) -> bool:
        """Whether a condition holds now."""
        return self.program.holds(when, self.lookup, form)

    def take(self, moves: Sequence[Move], form: Form | None) -> None:
        """Go a way: what it sets, says and opens. The relation changes the state afterwards."""
        for move in moves:
            self.store(move, form)
            self._moved = self._moved or move.to is not None
            if move.owner is not None:
                self._own(str(self.program.evaluate(move.owner, self.lookup, form, ValueType.TEXT)))
            self.say(move.notify, form)
            if move.open or move.tell or move.document:
                self.asked += [("open", name) for name in move.open]
                self.asked += [("tell", name) for name in move.tell]
                self.asked += [("document", name) for name in move.document]

    def fire(self, event: str) -> bool:
        """Fire an event in the relation and enter its target. False if no way is open."""
        source, self._moved = self.state, False
        if not self.program.relation.fire(event, self):
            return False
        if self._moved:
            self._enter(source)
        return True

    def run_automatic(self) -> None:
        """Pass through automatic states, and joins of tasks of which none is needed, until a state
        waits."""
        for _ in range(MAX_AUTOMATIC):
            spec = self.program.process.states[self.state]
            if spec.auto:
                if not self.fire(AUTO):
                    raise IllegalEvent("guard_refused", detail=f"no way out of '{self.state}'")
            elif not spec.tasks or self.tasks or not self.fire(ALL_DONE) or not self._moved:
                return
        raise IllegalEvent("guard_refused", detail=f"'{self.state}' runs in a circle")

    def _enter(self, source: str) -> None:
        spec = self.program.process.states[self.state]
        self.left.append(source)
        self.entered.append(self.state)
        self.triggers += [f"leave {source}", f"enter {self.state}"]
        self.visits = [*self.visits, Visit(self.state, self.at)][-MAX_VISITS:]
        self.open_tasks()
        self.await_call()
        if spec.closed and self.closed is None:
            self.closed = self.at
            self.triggers.append("closed")
        elif not spec.closed:
            self.closed = None
        self.say(spec.notify, None)

    def open_tasks(self) -> None:
        """The tasks of the present state that are needed."""
        tasks = self.program.process.states[self.state].tasks
        self.tasks = [
            TaskState(name, self.at)
            for name, task in tasks.items()
            if task.when is None or self.holds(task.when, None)
        ]

    def await_call(self) -> None:
        """Ask for the service task of the present state, if it has one. What was asked for by the
        state before it is no longer awaited."""
        self.wait_no_longer()
        if self.program.process.states[self.state].call is not None:
            self.asked.append(("call", self.state))

    def wait_no_longer(self) -> None:
        """Nobody waits for the answer of a service task, nor for one yet to be asked for."""
        self.calling = ""
        if self.asked:
            self.asked = [(what, name) for what, name in self.asked if what != "call"]

    def possible(self) -> list[str]:
        """The tasks and events that the present state accepts."""
        tasks = [task.task for task in self.tasks if task.done is None]
        return [*tasks, *self.program.offered(self.state)]

    # --- values -----------------------------------------------------------------------------

    def lookup(self, name: str) -> Any:
        """The value of a name in an expression; None if it has none."""
        head, _, rest = name.partition(".")
        match head:
            case "data":
                return self.data.get(rest)
            case "event":
                return self._event_value(rest)
            case "case":
                return self._case_value(rest)
            case "actor":
                return self.actor.id if rest == "id" else list(self.actor.roles)
            case "owner":
                return self.owner
            case "tasks":
                done = sum(task.done is not None for task in self.tasks)
                return done if rest == "done" else len(self.tasks) - done
            case "clocks":
                return self._clock_value(*rest.split("."))
        return self.at if name == "now" else None

    def _event_value(self, rest: str) -> Any:
        if rest == "at":
            return self.at
        return self.name if rest == "name" else self.event.get(rest)

    def _case_value(self, rest: str) -> Any:
        values = {
            "key": self.case.key,
            "state": self.state,
            "process": self.case.process,
            "opened_at": self.case.opened,
            "closed": self.closed is not None,
            "number": self.case.number,
        }
        return values.get(rest)

    def _clock_value(self, clock: str, what: str) -> bool:
        mine = [cycle for cycle in self.cycles if cycle.clock == clock]
        if what == "running":
            return any(cycle.open for cycle in mine)
        return bool(mine) and mine[-1].breached is not None

    def store(self, move: Move | Task, form: Form | None) -> None:
        """Store what a move or a task says."""
        change(self.program, self.data, self.lookup, move, form)

    def _own(self, owner: str) -> None:
        if not owner:
            return
        self.owner = owner
        if owner == self.actor.id:
            known = self.program.process.roles
            human = [r for r in self.actor.roles if r in known and known[r].kind == "human"]
            self.owner_role = human[0] if human else self.owner_role

    # --- what is said and written -----------------------------------------------------------

    def say(self, notices: Iterable[Notice], form: Form | None) -> None:
        """Queue the notices whose condition holds; they are addressed when the turn is over."""
        for notice in notices:
            if notice.when is None or self.program.holds(notice.when, self.lookup, form):
                self.said.append(notice)

    def row(self, kind: RowKind, name: str, **more: Any) -> Row:
        """Write the next line of the journal."""
        self.seq += 1
        row = Row(self.seq, kind, name, self.at, self.now, state=self.state, **more)
        self.rows.append(row)
        return row

    def key(self, row: Row) -> str:
        """The key of what a row asks for, unique for ever."""
        return f"{self.case.id}/{self.case.number}/{row.seq}"

    def role(self, name: str, assignee: str = "") -> str:
        """A role as it is meant here: `assignee` and `owner` stand for the one who owes it."""
        if name == "assignee":
            acting = self.program.process.states[self.state].actor
            return assignee or acting or self.owner_role
        return self.owner_role if name == "owner" else name

    # --- cycles -----------------------------------------------------------------------------

    def last(self, clock: str) -> Cycle | None:
        """The latest cycle of a clock."""
        return next((c for c in reversed(self.cycles) if c.clock == clock), None)

    def open_cycles(self, clock: str | None = None) -> list[Cycle]:
        """Open cycles, of one clock or of all."""
        return [c for c in self.cycles if (clock is None or c.clock == clock) and c.open]

    def cycle(self, clock: str, n: int) -> Cycle:
        """One cycle by its number."""
        return next(c for c in self.cycles if c.clock == clock and c.n == n)

    def put(self, cycle: Cycle) -> Cycle:
        """Replace a cycle by its new value, or add it."""
        for index, old in enumerate(self.cycles):
            if old.clock == cycle.clock and old.n == cycle.n:
                self.cycles[index] = cycle
                return cycle
        self.cycles.append(cycle)
        return cycle

    def restore(self, before: Case) -> None:
        """Go back to the case as it was; the journal goes on, and other cases stay as they are."""
        self.state, self.data = before.state, dict(before.data)
        self.cycles, self.tasks = list(before.cycles), list(before.tasks)
        self.visits = list(before.visits)
        self.hold, self.past_holds = before.hold, list(before.past_holds)
        self.closed, self.ended, self.lapse = before.closed, before.ended, before.lapse
        self.owner, self.owner_role = before.owner, before.owner_role
        self.calling = before.calling

    def done(self, settled: int) -> Case:
        """The case as this turn leaves it."""
        case = self.case
        # Written out: `replace` asks for every field, and this is done with every decision.
        return Case(
            process=case.process,
            key=case.key,
            number=case.number,
            version=case.version,
            origin=case.origin,
            opened=case.opened,
            state=self.state,
            settled=max(settled, case.settled),
            seq=self.seq,
            data=dict(self.data),
            owner=self.owner,
            owner_role=self.owner_role,
            cycles=tuple(self.cycles),
            tasks=tuple(self.tasks),
            visits=tuple(self.visits),
            hold=self.hold,
            past_holds=tuple(self.past_holds),
            seen=self.seen,
            lapse=self.lapse,
            closed=self.closed,
            ended=self.ended,
            progressed=self.progressed,
            calling=self.calling,
            links=self.links,
            links_gone=self.links_gone,
        )
