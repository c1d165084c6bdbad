"""The pure core beside SpiffWorkflow, on the same process and the same events.

What it is: one process, alternating repetitions, CPU time of each. Every case of the core opens at
an instant of its own, so that no deadline is found computed already. The core does all that a
running case needs: roles, forms, prohibitions, guards, clocks with their ladders, the journal, the
answer and the view. `spiff` says what SpiffWorkflow is given and spared.
What it is not: the durable engine; nothing is stored on either side.
Who may import it: `benchmarks.__main__` and the smoke test.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from statistics import median

from benchmarks.path import OPENING, PROCESS, STEPS, Step
from benchmarks.spiff import EACH, Spiff
from benchmarks.table import Figure
from definitions.loader import load_library
from workflows.core.case import Actor, Incoming
from workflows.core.decide import Decision, decide, open_case
from workflows.core.program import Program

BEGIN = 1_793_581_200
"""A working morning; each case opens 61 seconds after the previous one."""
RATIO = 5.0
RUNGS = "rungs as boundary timers"
MODELS: dict[str, Callable[[], Spiff]] = {
    RUNGS: lambda: Spiff(EACH),
    "rungs, each armed once": lambda: Spiff(EACH, once=True),
    "deadlines only": lambda: Spiff(1),
    "no clocks at all": lambda: Spiff(0),
}


class Core:
    """The core with the process ready."""

    def __init__(self) -> None:
        self.program = Program(load_library()[PROCESS])
        self._numbers = count()

    def run(self, steps: Sequence[Step]) -> Decision:
        """Open a case and send it the steps; the last decision."""
        return list(self.each(steps))[-1]

    def each(self, steps: Sequence[Step]) -> Iterator[Decision]:
        """Every decision on the way."""
        number = next(self._numbers)
        now = BEGIN + 61 * number
        opening = Incoming("start", f"{number}/0", Actor("li", ("service_specialist",)), OPENING)
        decision = open_case(self.program, f"B-{number}", opening, now)
        yield decision
        for index, step in enumerate(steps, 1):
            now += 60 * step.minutes
            actor = Actor(step.actor, step.roles)
            sent = Incoming(step.name, f"{number}/{index}", actor, step.data)
            decision = decide(self.program, decision.case, sent, now)
            yield decision


def measure(repetitions: int = 9, seconds: float = 0.4) -> list[Figure]:
    """Events a second of each, and the ratios, over alternating repetitions."""
    core = Core()
    runs: dict[str, Callable[[], object]] = {"core": lambda: core.run(STEPS)}
    for name, made in MODELS.items():
        runs[name] = partial(made().run, STEPS)
    cases = {name: _warm(run, seconds) for name, run in runs.items()}
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(repetitions):
        order = list(runs) if turn % 2 == 0 else list(reversed(runs))
        for name in order:
            rates[name].append(_rate(runs[name], cases[name]))
    figures = [_figure("pure core", rates["core"], "events/CPU s")]
    figures += [_figure(f"SpiffWorkflow, {m}", rates[m], "events/CPU s") for m in MODELS]
    for name in MODELS:
        ratios = [a / b for a, b in zip(rates["core"], rates[name], strict=True)]
        target = RATIO if name == RUNGS else None
        figures.append(_figure(f"core : SpiffWorkflow, {name}", ratios, "x", target))
    return figures


def _warm(run: Callable[[], object], seconds: float) -> int:
    """Run a few cases, so that everything is compiled; how many fill a repetition."""
    for _ in range(5):
        run()
    began = time.process_time()
    for _ in range(5):
        run()
    return max(5, round(seconds * 5 / (time.process_time() - began)))


def _rate(run: Callable[[], object], cases: int) -> float:
    gc.collect()
    began = time.process_time()
    for _ in range(cases):
        run()
    return cases * (1 + len(STEPS)) / (time.process_time() - began)


def _figure(name: str, values: Sequence[float], unit: str, target: float | None = None) -> Figure:
    return Figure(
        group="core",
        name=name,
        value=median(values),
        unit=unit,
        sense="" if target is None else ">=",
        target=target,
        low=min(values),
        high=max(values),
    )
