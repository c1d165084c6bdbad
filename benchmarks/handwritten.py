"""The yardstick: one complaint's happy path as an able engineer would write it by hand.

What it is: a Temporal workflow with the engine's features for this one path: events as updates with
a validator, idempotent by id; deadlines with three rungs each, behind one lazy timer; a record per
event (journal line, notice and the case's row for lists) in one local activity; search attributes
given at the start and upserted with the state; summaries and current details. Everything is
hard-wired; nothing can be configured, re-opened, held, reported late or changed.
With `sends` a notice goes by an activity of its own, with retries, as the engine sends it;
without, it is folded into the record: the line says it, and somebody else must send it.
What it is not: part of the product. It exists so that the engine's overhead is a ratio.
Who may import it: the benchmarks.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ApplicationError

STATE = SearchAttributeKey.for_keyword("CaseState")
WAITING = SearchAttributeKey.for_keyword("CaseWaitingFor")
LEVEL = SearchAttributeKey.for_keyword("CaseLevel")
DEADLINE = SearchAttributeKey.for_datetime("CaseNextDeadline")
OVERDUE = SearchAttributeKey.for_bool("CaseOverdue")
HOUR = 3600
QUICKLY = timedelta(seconds=2)
SENDING = timedelta(seconds=30)

SPECIALIST = ("service_specialist",)
STAFF = ("service_specialist", "service_manager")


@dataclass(frozen=True)
class Way:
    """What an event needs, does to clocks, and says. A clock that it starts has its hours."""

    to: str
    by: tuple[str, ...]
    required: tuple[str, ...] = ()
    stops: str = ""
    starts: tuple[str, int] | None = None
    notice: str = ""


WAYS: dict[tuple[str, str], Way] = {
    ("received", "acknowledge"): Way("acknowledged", SPECIALIST, ("apology_given",), "response"),
    ("acknowledged", "classify"): Way("investigating", SPECIALIST, ("complaint_class",)),
    ("investigating", "find"): Way(
        "verified", STAFF, ("facts", "evidence", "cause_analysis", "upheld"), "prelim"
    ),
    ("verified", "propose"): Way(
        "solution_proposed",
        STAFF,
        ("solution", "fact_basis", "rule_basis"),
        "solution",
        ("customer_answer", 72),
    ),
    ("solution_proposed", "customer_agrees"): Way(
        "executing", ("customer", *STAFF), (), "customer_answer", ("execution", 24)
    ),
    ("executing", "report_result"): Way(
        "fed_back", STAFF, ("result",), "execution", ("callback", 72), notice="customer"
    ),
    ("fed_back", "callback_satisfied"): Way(
        "closed",
        ("sales", *STAFF),
        ("line", "customer_class", "repayment_state"),
        "callback",
        ("improvement", 240),
    ),
    ("closed", "record_improvement"): Way("ended", STAFF, (), "improvement"),
}
FIRST = {"response": 2, "prelim": 48, "solution": 72}
RUNGS = (("L0", 0.75), ("L1", 1.0), ("L2", 1.5))


@dataclass
class Start:
    """The case as it is opened."""

    title: str
    key: str
    data: dict[str, Any]
    sends: bool = False


@dataclass
class By:
    """Who sends an event."""

    id: str
    roles: tuple[str, ...] = ()


@dataclass
class Sent:
    """One event."""

    id: str
    by: By
    data: dict[str, Any] = field(default_factory=dict)


@dataclass
class Line:
    """One journal line with its notice, and the case as lists show it."""

    case: str
    seq: int
    name: str
    at: int
    actor: str
    state: str
    waiting: str
    due: int | None
    overdue: bool
    data: dict[str, Any]
    notice: str = ""
    event_id: str = ""


@dataclass
class Clock:
    """A deadline that runs, and the rungs that have fired."""

    anchor: int
    due: int
    fired: int = 0

    def rung(self) -> int | None:
        """The instant of the next rung."""
        if self.fired == len(RUNGS):
            return None
        return int(self.anchor + (self.due - self.anchor) * RUNGS[self.fired][1])


@workflow.defn(name="handwritten")
class Handwritten:
    """One hard-wired complaint."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        self.sends = start.sends
        self.key = start.key
        self.state = "received"
        self.seq = 0
        self.data = start.data
        self.seen: dict[str, dict[str, Any]] = {}
        self.notices: list[Line] = []
        opened = _now()
        self.clocks = {name: Clock(opened, opened + hours * HOUR) for name, hours in FIRST.items()}
        self.shown: dict[SearchAttributeKey[Any], Any] = {}
        self._show()

    @workflow.run
    async def run(self, start: Start) -> str:
        """Open, then wait for events and deadlines until the case has ended."""
        await self._record("opened", start.data, notice="service_manager")
        timer: asyncio.Task[None] | None = None
        rings = 0
        while self.state != "ended":
            at = min((at for c in self.clocks.values() if (at := c.rung())), default=None)
            # Lazy: a timer that rings too early is cheaper than one cancelled with every event.
            if at is not None and (timer is None or timer.done() or at < rings):
                if timer is not None:
                    timer.cancel()
                rings = at
                wait = timedelta(seconds=max(1, at - _now()))
                summary = f"{self.state} until {datetime.fromtimestamp(at, UTC):%m-%d %H:%M}"
                timer = asyncio.create_task(workflow.sleep(wait, summary=summary))
            seen, ring = self.seq, timer
            await workflow.wait_condition(
                lambda seen=seen, ring=ring: (  # type: ignore[misc]
                    self.seq != seen or bool(self.notices) or (ring is not None and ring.done())
                )
            )
            await self._escalate()
            while self.notices:
                await self._send(self.notices.pop(0))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.state

    async def _escalate(self) -> None:
        now = _now()
        for name, clock in list(self.clocks.items()):
            while (at := clock.rung()) is not None and at <= now:
                level = RUNGS[clock.fired][0]
                clock.fired += 1
                self._show()
                await self._record(level, {"clock": name}, notice="service_manager")

    def _show(self) -> None:
        dues = sorted(clock.due for clock in self.clocks.values())
        levels = [RUNGS[clock.fired - 1][0] for clock in self.clocks.values() if clock.fired]
        values: dict[SearchAttributeKey[Any], Any] = {
            STATE: self.state,
            WAITING: self._waiting(),
            LEVEL: max(levels, default=""),
            OVERDUE: bool(dues) and dues[0] <= _now(),
            DEADLINE: datetime.fromtimestamp(dues[0], UTC) if dues else None,
        }
        changed = [
            key.value_unset() if value is None else key.value_set(value)
            for key, value in values.items()
            if value != self.shown.get(key)
        ]
        # The first values are given by whoever starts the case.
        if self.shown and changed:
            workflow.upsert_search_attributes(changed)
        self.shown = values
        listed = "\n".join(f"- {name}: {clock.due}" for name, clock in self.clocks.items())
        workflow.set_current_details(f"**{self.state}** - {self._waiting()}\n\n{listed}")

    def _waiting(self) -> str:
        return "" if self.state == "ended" else "service_specialist"

    async def _record(
        self,
        name: str,
        data: dict[str, Any],
        notice: str = "",
        event_id: str = "",
        actor: str = "",
    ) -> None:
        self.seq += 1
        line = Line(
            self.key,
            self.seq,
            name,
            _now(),
            actor,
            self.state,
            self._waiting(),
            min((clock.due for clock in self.clocks.values()), default=None),
            self.shown[OVERDUE],
            data,
            notice,
            event_id,
        )
        if notice and self.sends:
            self.notices.append(line)
        await workflow.execute_local_activity("line", line, start_to_close_timeout=QUICKLY)

    async def _send(self, line: Line) -> None:
        await workflow.execute_activity(
            "send",
            line,
            start_to_close_timeout=SENDING,
            retry_policy=RetryPolicy(maximum_attempts=10),
            summary=f"{line.name} to {line.notice}",
        )

    @workflow.update
    async def send(self, name: str, sent: Sent) -> dict[str, Any]:
        """Take one event."""
        if sent.id in self.seen:
            return self.seen[sent.id]
        way, now = WAYS[self.state, name], _now()
        self.state = way.to
        self.data |= sent.data
        if way.stops:
            del self.clocks[way.stops]
        if way.starts:
            clock, hours = way.starts
            self.clocks[clock] = Clock(now, now + hours * HOUR)
        self._show()
        possible = [event for state, event in WAYS if state == self.state]
        answer = {"state": self.state, "seq": self.seq + 1, "events": possible}
        self.seen[sent.id] = answer
        await self._record(name, sent.data, way.notice, sent.id, sent.by.id)
        return answer

    @send.validator
    def check(self, name: str, sent: Sent) -> None:
        """Refuse what is not possible, without a trace."""
        if sent.id in self.seen:
            return
        way = WAYS.get((self.state, name))
        if way is None:
            raise ApplicationError(f"cannot '{name}' in '{self.state}'", type="not_allowed_here")
        if not set(way.by) & set(sent.by.roles):
            raise ApplicationError("role not allowed", type="role_not_allowed")
        missing = [key for key in way.required if not sent.data.get(key)]
        if missing:
            raise ApplicationError(f"missing {missing}", type="data_invalid")


def _now() -> int:
    return int(workflow.now().timestamp())
