"""What a seed decides: the process, the events with their instants, and the faults.

What it is: plain data, made by the core itself (so that most events are possible when they come)
or from a scenario of the process owner. The same seed gives the same plan.
What it is not: the running of it; when things really happen is up to the server.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, Literal

from activities.computations import COMPUTATIONS
from definitions.loader import Catalogue, load_library
from definitions.problems import DuecourseError
from surfaces.scenario import Scenario, load_scenario
from tests.simulation.faults import Sabotage
from workflows.core.case import Actor, Case, Incoming
from workflows.core.decide import decide, look, open_case, wakeup
from workflows.core.effects import Compute, EventView
from workflows.core.errors import IllegalEvent
from workflows.core.messages import answer, failure
from workflows.core.program import Program
from workflows.core.view import view_of
from workflows.payloads import Limits

HERE = Path(__file__).parent
SCENARIOS = HERE.parent / "scenarios"
OPENED = 1_794_274_200
"""2026-11-10T09:30:00 in Shanghai."""

PROCESSES = ("request", "request", "slip", "job", "job", "job")
"""What is chosen from: half of the cases open others and tell them something."""

DULL = {"job": ("finish", "not_taken", "remark")}
"""Events that are chosen less often, since they lead to little."""

How = Literal["update", "signal", "update_twice", "signal_twice", "update_and_signal"]
Trouble = Literal["restart", "down", "lock"]
_HOW: tuple[How, ...] = (
    *("update",) * 8,
    *("signal",) * 3,
    "update_twice",
    "signal_twice",
    "update_and_signal",
)


@dataclass(frozen=True)
class Sending:
    """One event; `ago` is how long before its step it occurred, None if the sender says nothing."""

    name: str
    id: str
    by: str
    roles: tuple[str, ...]
    data: dict[str, Any]
    ago: int | None
    how: How


@dataclass(frozen=True)
class Step:
    """Time passes up to `at` (case time), then the events come, as good as at once."""

    at: int
    sendings: tuple[Sending, ...] = ()
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Plan:
    """One run of the simulation."""

    seed: int
    name: str
    process: str
    data: dict[str, Any]
    by: tuple[str, tuple[str, ...]]
    opened: int
    occurred: int
    steps: tuple[Step, ...]
    tail: int
    """How long time passes after the last step."""
    cached: int
    limits: Limits
    sabotage: Sabotage
    named: bool = False
    """Updates carry their event's id as their own, as the program's own senders do."""

    def without(self, index: int) -> "Plan":
        """The plan with one step less."""
        return replace(self, steps=self.steps[:index] + self.steps[index + 1 :])

    def told(self) -> str:
        """For whoever reads a failure."""
        lines = [
            f"seed {self.seed}: {self.name}, cached {self.cached}, {self.limits}, {self.sabotage}"
        ]
        for step in self.steps:
            said = ", ".join(
                f"{one.name}[{one.id} {one.how} ago={one.ago} by {one.by}{list(one.roles)}"
                f" {one.data}]"
                for one in step.sendings
            )
            lines.append(f"  +{step.at - self.opened} s {step.trouble or ''} {said}")
        return "\n".join([*lines, f"  then {self.tail} s"])


class Library:
    """Processes and scenarios, read once."""

    def __init__(self) -> None:
        self.small: Catalogue = load_library(HERE / "processes")
        self.large: Catalogue = load_library()
        self.scenarios = tuple(
            scenario
            for path in sorted(SCENARIOS.glob("*.yaml"))
            if _usable(scenario := load_scenario(path))
        )
        self._programs: dict[str, Program] = {}

    def catalogue(self, process: str) -> Catalogue:
        """The catalogue that a process is in."""
        return self.small if process in self.small.processes else self.large

    def program(self, process: str) -> Program:
        """A process, ready to be decided on."""
        if process not in self._programs:
            self._programs[process] = Program(self.catalogue(process)[process])
        return self._programs[process]


def _usable(scenario: Scenario) -> bool:
    """Of one case, opened when it is opened, and driven by events and time alone."""
    steps = [moment.step for moment in scenario.moments]
    alone = all(
        step.start is None and step.message is None and step.case is None and step.down is None
        for step in steps[1:]
    )
    return (
        alone and scenario.process in ("complaint", "consultation") and not scenario.start.refused
    )


def make_plan(seed: int, library: Library) -> Plan:
    """What a seed decides."""
    chance = Random(seed)
    if chance.random() < 0.35:
        plan = _from_scenario(chance, library)
    else:
        plan = _from_core(chance, library)
    limits = Limits()
    if chance.random() < 0.6:
        limits = Limits(chance.choice((12, 20, 30, 45)), chance.choice((2, 4, 1500)), 8000)
    return replace(
        plan,
        seed=seed,
        cached=chance.choice((0, 0, 0, 100)),
        limits=limits,
        named=chance.random() < 0.5,
        sabotage=_sabotage(chance),
        steps=_troubled(plan.steps, chance),
    )


def _sabotage(chance: Random) -> Sabotage:
    return Sabotage(
        seed=chance.randrange(1 << 30),
        tasks=chance.choice((0.0, 0.1, 0.25, 0.4)),
        before=chance.choice((0.0, 0.1, 0.25)),
        after=chance.choice((0.0, 0.1, 0.25)),
        hang=chance.choice((0.0, 0.0, 0.1)),
        refuse=chance.choice((0.0, 0.0, 0.2)),
        reject=chance.choice((0.0, 0.0, 0.15)),
        budget=chance.choice((4, 8, 12)),
    )


def _troubled(steps: tuple[Step, ...], chance: Random) -> tuple[Step, ...]:
    def trouble() -> Trouble | None:
        kinds: tuple[Trouble, ...] = ("restart", "restart", "down", "lock")
        return chance.choice(kinds) if chance.random() < 0.12 else None

    return tuple(replace(step, trouble=trouble()) for step in steps)


# --- by a scenario --------------------------------------------------------------------------


def _from_scenario(chance: Random, library: Library) -> Plan:
    """A scenario's events; now and then one is left out, late, doubled, or somebody else's."""
    scenario = chance.choice(library.scenarios)
    steps: list[Step] = []
    for number, moment in enumerate(scenario.moments[1:], start=1):
        step = moment.step
        if step.send is None or chance.random() < 0.08:
            steps.append(Step(moment.at))
            continue
        by = step.by
        ago = None if chance.random() < 0.3 else 0
        if moment.occurred is not None:
            ago = moment.at - moment.occurred
        sending = Sending(
            step.send,
            step.id or f"s{number}",
            "somebody" if by is None else by.id,
            () if by is None else tuple(by.roles),
            dict(step.data),
            ago,
            "update_twice" if step.twice else chance.choice(_HOW),
        )
        sendings = [sending]
        if chance.random() < 0.2:
            sendings.append(_nonsense(sending, chance))
        steps.append(Step(moment.at, tuple(sendings)))
    by = scenario.start.by
    return Plan(
        seed=0,
        name=Path(scenario.file).stem,
        process=scenario.process,
        data=dict(scenario.start.data),
        by=("somebody", ()) if by is None else (by.id, tuple(by.roles)),
        opened=scenario.at,
        occurred=scenario.at if scenario.occurred is None else scenario.occurred,
        steps=tuple(steps),
        tail=chance.choice((0, 3600, 86_400, 4 * 86_400)),
        cached=0,
        limits=Limits(),
        sabotage=Sabotage(),
    )


# --- by the core ----------------------------------------------------------------------------


@dataclass
class _Walk:
    """The case as it would be if everything went as planned."""

    program: Program
    case: Case
    chance: Random
    count: int = 0
    sent: list[Sending] = field(default_factory=list)

    def pass_time(self, until: int) -> None:
        while (ring := wakeup(self.program, self.case)) is not None and ring <= until:
            self.case = look(self.program, self.case, ring).case

    def send(self, at: int, gap: int) -> Sending:
        self.count += 1
        shown = view_of(self.program, self.case, at)
        events = shown.events or (EventView("remark", {}, ()),)
        event = self.chance.choice(events)
        if event.name in DULL.get(self.program.process.process, ()):
            event = self.chance.choice(events)
        ago: int | None = self.chance.choice((0, 0, None))
        if gap > 2 and self.chance.random() < 0.25:
            ago = self.chance.randrange(1, gap)
        role = self.chance.choice(event.by) if event.by else "clerk"
        sending = Sending(
            event.name,
            f"e{self.count}",
            f"{role}.{self.chance.randrange(2)}",
            (role,),
            _form_data(event.name, self.count),
            ago,
            self.chance.choice(_HOW),
        )
        self.take(sending, at)
        self.sent.append(sending)
        return sending

    def take(self, sending: Sending, at: int) -> None:
        # If it is refused, it is one of those that are to be refused.
        with suppress(IllegalEvent):
            decision = decide(self.program, self.case, incoming(sending, at), at)
            self.case = decision.case
            for request in decision.requests:
                if isinstance(request, Compute):
                    self.compute(request, at)

    def compute(self, request: Compute, at: int) -> None:
        try:
            output = COMPUTATIONS.run(request.computation, request.input)
            told = answer(self.program, request, output)
        except DuecourseError as error:
            told = failure(request, error)
        self.case = decide(self.program, self.case, told, at).case


def _form_data(name: str, count: int) -> dict[str, Any]:
    if name in ("remark", "reply", "opinion_a", "opinion_b"):
        return {"note": f"第{count}条"}
    if name == "price":
        return {"percent": 120 if count % 3 == 0 else 10}
    return {"reason": "缺件", "evidence": "邮件"} if name == "hold" else {}


def incoming(sending: Sending, at: int) -> Incoming:
    """The event as the core gets it when its step is at `at`."""
    occurred = None if sending.ago is None else at - sending.ago
    return Incoming(
        sending.name, sending.id, Actor(sending.by, sending.roles), dict(sending.data), occurred
    )


def _nonsense(near: Sending, chance: Random) -> Sending:
    """An event that will be refused, whatever the case is like."""
    kinds = (
        replace(near, name="dance", id=f"x-{near.id}"),
        replace(near, id=f"x-{near.id}", roles=("nobody",), name="remark"),
        replace(near, id=f"x-{near.id}", data={"nothing": "of this name"}),
        replace(near, id=f"x-{near.id}", ago=-3600),
    )
    return replace(chance.choice(kinds), how=chance.choice(("update", "update", "signal")))


def _from_core(chance: Random, library: Library) -> Plan:
    process = chance.choice(PROCESSES)
    program = library.program(process)
    data = _start_data(process, chance)
    by = ("clerk.0", ("clerk",))
    backdated = chance.choice((0, 0, 0, 1200))
    opening = Incoming("opened", "open", Actor(*by), dict(data), OPENED - backdated)
    walk = _Walk(program, open_case(program, "plan", opening, OPENED).case, chance)
    steps: list[Step] = []
    at = OPENED
    for _ in range(chance.randrange(3, 11)):
        gap = _gap(chance, program, walk.case, at)
        at += gap
        walk.pass_time(at)
        sendings = [walk.send(at, gap) for _ in range(chance.choice((0, 1, 1, 1, 2, 3)))]
        if sendings and chance.random() < 0.3:
            sendings.append(_nonsense(sendings[0], chance))
        if walk.sent and chance.random() < 0.15:
            # An old event again, long after it was answered; or its id with other content.
            old = chance.choice(walk.sent)
            other = {**old.data, "note": "另一内容"} if chance.random() < 0.4 else old.data
            sendings.append(replace(old, data=other, how="update", ago=None))
        chance.shuffle(sendings)
        steps.append(Step(at, tuple(sendings)))
    return Plan(
        seed=0,
        name=process,
        process=process,
        data=data,
        by=by,
        opened=OPENED,
        occurred=OPENED - backdated,
        steps=tuple(steps),
        tail=chance.choice((0, 1800, 6 * 3600, 4 * 86_400)),
        cached=0,
        limits=Limits(),
        sabotage=Sabotage(),
    )


def _start_data(process: str, chance: Random) -> dict[str, Any]:
    if process == "job":
        numbers = chance.sample((1, 2, 3, 13), chance.randrange(1, 4))
        return {"items": [{"no": number, "name": f"第{number}项"} for number in numbers]}
    data: dict[str, Any] = {"what": "补发配件"}
    if process == "request":
        data["place"] = "east"
        if chance.random() < 0.3:
            data["urgent"] = True
    return data


def _gap(chance: Random, program: Program, case: Case, at: int) -> int:
    """Any length, or right around the next wake-up, where the cases are that matter."""
    ring = wakeup(program, case)
    if ring is not None and ring > at and chance.random() < 0.4:
        return max(0, ring - at + chance.choice((-20, -2, 0, 5, 60)))
    return chance.choice((0, 30, 600, 1500, 3600, 7200))
