"""The graph of a process: every step from one waiting state to the next, and what can be reached.

What it is: steps with the triggers they give to clocks, and two facts found by going along them
until nothing new turns up: which states can be reached, and in which of them a clock may be
running. Each fact carries its witness, a way from the opening.
What it is not: a judgement. Guards are taken to hold sometimes, so 'may' is what it proves; an
automatic state takes no time and is passed through within one step, as the core does.
Who may import it: the verifier's checks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from definitions.checks_names import accepted_in
from definitions.model import Clock, Event, Process
from definitions.promises import TIMER

Way = tuple[str, ...]
"""Events from the opening, in order."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event and the automatic states after it. `lapse` is the clock whose deadline it is."""

    source: str
    label: str
    target: str
    triggers: frozenset[str]
    via: tuple[str, ...] = ()
    lapse: str | None = None
    reopens: bool = False


class Graph:
    """Steps of a process and what follows from them."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.entry = process.initial
        opening = frozenset({"opened", f"enter {self.entry}"})
        self.openings = tuple(self._expand("", "opened", self.entry, opening, ()))
        self.steps = tuple(self._all_steps())
        self.reached: dict[str, Way] = {}
        self.running: dict[tuple[str, str], Way] = {}
        """By state and clock: how the clock may come to be running there."""
        for step in self.openings:
            self._take(step, (), {})
        # Every step is taken again until a whole round has taught nothing.
        while sum(self._go(step) for step in self.steps):
            pass

    # ---- Steps ----

    def _all_steps(self) -> Iterator[Step]:
        for name, state in self.process.states.items():
            for event, spec in state.on.items():
                yield from self._event(name, event, spec)
            for task in state.tasks:
                yield Step(name, task, name, frozenset({task}))
        for event, case_event in self.process.anywhere.items():
            for name in accepted_in(self.process, case_event):
                yield from self._event(name, event, case_event)
        for clock, promise in self.process.clocks.items():
            if promise.lapse is None:
                continue
            for name, state in self.process.states.items():
                if not state.auto and (promise.outlives or not state.closed):
                    yield from self._step(name, f"lapse of {clock}", promise.lapse.to, lapse=clock)

    def _event(self, state: str, name: str, event: Event) -> Iterator[Step]:
        targets = [branch.to or event.to for branch in event.branches] or [event.to]
        for target in dict.fromkeys(targets):
            yield from self._step(state, name, target, reopens=event.reopens)

    def _step(
        self,
        source: str,
        label: str,
        target: str | None,
        lapse: str | None = None,
        reopens: bool = False,
    ) -> Iterator[Step]:
        given = {label} if lapse is None else set()
        given |= {"reopened"} if reopens else set()
        if target is None:
            yield Step(source, label, source, frozenset(given), (), lapse, reopens)
            return
        given |= {f"leave {source}", f"enter {target}"}
        for step in self._expand(source, label, target, frozenset(given), ()):
            yield Step(source, label, step.target, step.triggers, step.via, lapse, reopens)

    def _expand(
        self, source: str, label: str, target: str, given: frozenset[str], via: tuple[str, ...]
    ) -> Iterator[Step]:
        """Follow automatic states to every waiting one. A circle of them is left alone here."""
        state = self.process.states[target]
        if not state.auto:
            was_closed = source in self.process.states and self.process.states[source].closed
            given |= {"closed"} if state.closed and not was_closed else frozenset()
            yield Step(source, label, target, given, via)
            return
        if target in via:
            return
        for branch in state.auto:
            if branch.to is not None:
                onward = given | {f"leave {target}", f"enter {branch.to}"}
                yield from self._expand(source, label, branch.to, onward, (*via, target))

    # ---- Facts ----

    def _go(self, step: Step) -> bool:
        """Take a step if its source is reached. True if it taught anything."""
        if step.source not in self.reached:
            return False
        way = self.reached[step.source]
        if step.lapse is not None:
            if (step.source, step.lapse) not in self.running:
                return False
            way = self.running[step.source, step.lapse]
        before = {c: w for (s, c), w in self.running.items() if s == step.source}
        return self._take(step, way, before)

    def _take(self, step: Step, way: Way, before: dict[str, Way]) -> bool:
        known = len(self.reached) + len(self.running)
        here = (*way, step.label)
        for state in (*step.via, step.target):
            self.reached.setdefault(state, here)
        for name, clock in self.process.clocks.items():
            if self.starts(name, clock, step):
                self.running.setdefault((step.target, name), here)
            elif name in before and self.survives(name, clock, step):
                self.running.setdefault((step.target, name), (*before[name], step.label))
        return len(self.reached) + len(self.running) > known

    def starts(self, name: str, clock: Clock, step: Step) -> bool:
        """Whether the step may start the clock, or wake it at a re-opening. A reset starts anew."""
        ran = step.reopens and any(running == name for _, running in self.running)
        woken = ran and clock.reopen_law != "none"
        starting = (*clock.start, *clock.reset)
        return woken or any(trigger.on in step.triggers for trigger in starting)

    def stops(self, clock: Clock, step: Step) -> bool:
        """Whether the step may stop or cancel the clock."""
        return any(trigger.on in step.triggers for trigger in (*clock.stop, *clock.cancel))

    def survives(self, name: str, clock: Clock, step: Step) -> bool:
        """Whether the clock may still run after the step. A guarded stop may not stop it, and one
        of several cycles is not all."""
        if step.lapse == name and not (clock.kind == TIMER and (clock.repeat or 0) > 1):
            return False
        if "closed" in step.triggers and not clock.outlives:
            return False
        certain = (t for t in (*clock.stop, *clock.cancel) if t.when is None)
        return clock.each or not any(trigger.on in step.triggers for trigger in certain)

    def feasible(self) -> Iterator[Step]:
        """Steps that can be taken at all."""
        for step in self.steps:
            lapsing = step.lapse is None or (step.source, step.lapse) in self.running
            if step.source in self.reached and lapsing:
                yield step

    def onward(self, start: str, barred: str) -> dict[str, Way]:
        """States that can follow on one, itself included, by ways that do not start this clock."""
        found: dict[str, Way] = {start: ()}
        clock = self.process.clocks[barred]
        steps = [step for step in self.feasible() if not self.starts(barred, clock, step)]
        grew = True
        while grew:
            grew = False
            for step in steps:
                if step.source in found and step.target not in found:
                    found[step.target] = (*found[step.source], step.label)
                    grew = True
        return found


def said(way: Way) -> str:
    """A way as people read it."""
    return " → ".join(way)
