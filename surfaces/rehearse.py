"""Rehearsal: a scenario is played step by step on a runner, and what is seen is judged.

What it is: the one driver for every runner. A `Runner` is a small world of cases with one time for
all: it starts and sends, lets time pass in lock step, and shows what a person could see.
What it is not: a runner (`rehearse_core`) or the judging of values (`matching`).
Who may import it: the surfaces and the tests.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from surfaces.matching import Difference, Seen, differences
from surfaces.rules import Rules
from surfaces.scenario import By, Expect, Moment, Scenario, ScenarioError, Start
from surfaces.scenario_names import problems
from surfaces.trace import Trace
from workflows.core.case import Actor, Incoming, messenger
from workflows.core.decide import SYSTEM
from workflows.core.effects import CaseView, Fill, Notify, Row


@dataclass(frozen=True, slots=True)
class Reply:
    """What a sender was told: an answer, or a refusal with its code."""

    answer: Mapping[str, Any] = field(default_factory=dict)
    refusal: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What happened since it was last asked for, in order. `opened` are the ids of cases that
    other cases opened; `troubles` is what went wrong without anybody being told; `documents` were
    filled in."""

    rows: tuple[tuple[str, Row], ...] = ()
    notices: tuple[Notify, ...] = ()
    opened: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    documents: tuple[Fill, ...] = ()


class Runner(Protocol):
    """A world of cases."""

    async def start(self, process: str, key: str, event: Incoming, at: int) -> Reply:
        """Open a case at an instant."""
        ...

    async def send(self, case: str, event: Incoming, at: int) -> Reply:
        """Send an event to a case at an instant."""
        ...

    async def pass_time(self, until: int, over: bool) -> None:
        """Let time pass up to an instant (`over`: to the end of its second)."""
        ...

    async def outage(self, at: int, until: int, case: str, event: Incoming | None) -> Reply:
        """No worker runs from `at` to `until`; an event is handed over at `at`."""
        ...

    async def view(self, case: str) -> CaseView | None:
        """A case as people see it; None if there is no such case."""
        ...

    async def news(self) -> News:
        """What happened since the last call."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """A played scenario: passed if nothing differs anywhere."""

    scenario: str
    file: str
    steps: tuple[Trace, ...]

    @property
    def passed(self) -> bool:
        return not any(step.differences for step in self.steps)

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "scenario": self.scenario,
            "file": self.file,
            "passed": self.passed,
            "steps": [step.to_json() for step in self.steps],
        }


def checked(scenario: Scenario, rules: Rules) -> None:
    """Raise `ScenarioError` if the scenario names what its definitions do not have."""
    if found := problems(scenario, rules):
        raise ScenarioError(found)


def rehearse_with(scenario: Scenario, rules: Rules, runner: Runner) -> Outcome:
    """Play a scenario on a runner, from code that does not run in an event loop."""
    return asyncio.run(rehearse(scenario, rules, runner))


async def rehearse(
    scenario: Scenario,
    rules: Rules,
    runner: Runner,
    tell: Callable[[Trace], Awaitable[None]] | None = None,
) -> Outcome:
    """Play a scenario on a runner; `tell` hears of each step when it is over."""
    checked(scenario, rules)
    play = _Play(scenario, rules, runner, tell)
    await play.begin()
    for number, moment in enumerate(scenario.moments, start=1):
        await play.step(number, moment)
    return Outcome(scenario.name, scenario.file, tuple(play.traces))


def actor_of(by: By | None) -> Actor:
    """Who acts; without a word about it, the system."""
    return SYSTEM if by is None else Actor(by.id, tuple(by.roles))


class _Play:
    """One scenario being played."""

    def __init__(
        self,
        scenario: Scenario,
        rules: Rules,
        runner: Runner,
        tell: Callable[[Trace], Awaitable[None]] | None,
    ) -> None:
        self.scenario, self.rules, self.runner, self.tell = scenario, rules, runner, tell
        self.first = f"{scenario.process}:{scenario.start.key}"
        self.traces: list[Trace] = []

    async def begin(self) -> None:
        await self.runner.pass_time(self.scenario.at, over=False)
        start, occurred = self.scenario.start, self.scenario.occurred
        await self._start(0, start, self.scenario.at, occurred, start.expect, start.refused)

    async def step(self, number: int, moment: Moment) -> None:
        step, at = moment.step, moment.at
        case = step.case or self.first
        if step.start is not None:
            await self.runner.pass_time(at, over=False)
            refused = step.refused or step.start.refused
            expect = step.expect or step.start.expect
            await self._start(number, step.start, at, moment.occurred, expect, refused)
            return
        event = None
        if step.send is not None:
            event = Incoming(
                step.send,
                step.id or f"step-{number}",
                actor_of(step.by) if step.message is None else messenger(step.message.from_),
                dict(step.data),
                moment.occurred,
            )
        reply, found = await self._act(moment, case, event)
        if event is not None:
            found += _judged(reply, step.refused)
        await self._write(number, moment.until, event, reply, case, step.expect, found)

    async def _act(
        self, moment: Moment, case: str, event: Incoming | None
    ) -> tuple[Reply, list[Difference]]:
        down = moment.until > moment.at
        if down:
            await self.runner.pass_time(moment.at, over=False)
            reply = await self.runner.outage(moment.at, moment.until, case, event)
            return reply, []
        await self.runner.pass_time(moment.at, over=event is None)
        if event is None:
            return Reply(), []
        reply = await self.runner.send(case, event, moment.at)
        if not moment.step.twice:
            return reply, []
        again = await self.runner.send(case, event, moment.at)
        return reply, _same(reply, again)

    async def _start(
        self,
        number: int,
        start: Start,
        at: int,
        occurred: int | None,
        expect: Expect | None,
        refused: bool | str,
    ) -> None:
        process = start.process or self.scenario.process
        sender = actor_of(start.by)
        incoming = Incoming(
            "start", start.id or f"start-{number}", sender, dict(start.data), occurred
        )
        reply = await self.runner.start(process, start.key, incoming, at)
        found = _judged(reply, refused)
        case = f"{process}:{start.key}"
        await self._write(number, at, incoming, reply, case, expect, found)

    async def _write(
        self,
        number: int,
        at: int,
        event: Incoming | None,
        reply: Reply,
        case: str,
        expect: Expect | None,
        found: list[Difference],
    ) -> None:
        news = await self.runner.news()
        view = await self.runner.view(case)
        opened = [await self.runner.view(other) for other in news.opened]
        seen = Seen(
            case=case,
            view=view,
            notices=news.notices,
            opened=tuple(other for other in opened if other is not None),
            answer=reply.answer,
            documents=news.documents,
        )
        found += [Difference("", "no trouble", trouble) for trouble in news.troubles]
        if expect is not None:
            found += differences(expect, seen, self._process_of)
        zone = self.rules[case.partition(":")[0]].zone
        found_now = tuple(found)
        trace = Trace(
            number, at, zone, event, reply.answer, reply.refusal, seen, news.rows, found_now
        )
        self.traces.append(trace)
        if self.tell is not None:
            await self.tell(trace)

    def _process_of(self, name: str) -> Any:
        return self.rules[name].process


def _judged(reply: Reply, refused: bool | str) -> list[Difference]:
    """Whether the event was accepted or refused as the file says."""
    if reply.refusal is None:
        if refused is False:
            return []
        wanted = "refused" if refused is True else f"refused with '{refused}'"
        return [Difference("refused", wanted, "accepted")]
    code, message = reply.refusal["code"], reply.refusal["message"]
    if refused is False:
        return [Difference("refused", "accepted", f"refused with '{code}': {message}")]
    if isinstance(refused, str) and refused != code:
        return [Difference("refused", refused, f"{code}: {message}")]
    return []


def _same(first: Reply, second: Reply) -> list[Difference]:
    """The same event again is answered as the first time."""
    if first.refusal is not None or second.refusal is not None:
        one = None if first.refusal is None else first.refusal["code"]
        two = None if second.refusal is None else second.refusal["code"]
        return [] if one == two else [Difference("twice", one or "accepted", two or "accepted")]
    if dict(first.answer) == dict(second.answer):
        return []
    return [Difference("twice", dict(first.answer), dict(second.answer))]
