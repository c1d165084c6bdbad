"""Names in a scenario that its definitions do not have: found before anything runs.

What it is: `problems(scenario, rules)`, every unknown process, event, state, clock and field at its
line with the nearest name. An event that is expected to be refused may be unknown.
What it is not: judging of values; `matching` does that after the step.
Who may import it: the surfaces.
"""

from collections.abc import Iterable, Iterator

from definitions.loader import UnknownProcess
from definitions.model import Process
from definitions.problems import Path, Problem, suggest
from surfaces.rules import Rules
from surfaces.scenario import CaseExpect, Expect, Scenario, Start, Step, problem_at

Found = tuple[str, Path, str, str]


def problems(scenario: Scenario, rules: Rules) -> list[Problem]:
    """Every problem, in no order. Raises `DefinitionError` if a definition itself is broken."""
    found = list(_start(scenario.start, ("start",), scenario.process, rules))
    if _process(scenario.process, rules) is None:
        found = [_unknown_process(scenario.process, ("process",), rules)]
    else:
        known = {f"{scenario.process}:{scenario.start.key}": scenario.process}
        for index, moment in enumerate(scenario.moments):
            found += _step(moment.step, ("steps", index), known, scenario, rules)
    return [problem_at(scenario.document, *said) for said in found]


def _process(name: str, rules: Rules) -> Process | None:
    try:
        return rules[name].process
    except UnknownProcess:
        return None


def _unknown_process(name: str, path: Path, rules: Rules) -> Found:
    known = rules.names()
    hint = suggest(name, known) or f"there are {', '.join(known)}"
    return "S120", path, f"there is no process '{name}'", hint


def _unknown(code: str, what: str, name: str, path: Path, names: Iterable[str]) -> Found:
    listed = sorted(names)
    hint = suggest(name, listed) or f"there are {', '.join(listed[:20])}"
    return code, path, f"unknown {what} '{name}'", hint


def _start(start: Start, path: Path, default: str, rules: Rules) -> Iterator[Found]:
    name = start.process or default
    process = _process(name, rules)
    if process is None:
        yield _unknown_process(name, (*path, "process"), rules)
    elif start.expect is not None:
        yield from _expect(start.expect, (*path, "expect"), process, rules)


def _step(
    step: Step, path: Path, known: dict[str, str], scenario: Scenario, rules: Rules
) -> Iterator[Found]:
    name = scenario.process if step.case is None else step.case.partition(":")[0]
    if step.start is not None:
        name = step.start.process or scenario.process
        yield from _start(step.start, (*path, "start"), scenario.process, rules)
    process = _process(name, rules)
    if process is None:
        if step.start is None:
            yield _unknown_process(name, (*path, "case"), rules)
        return
    if step.send is not None and not step.refused and not rules[name].knows_event(step.send):
        names = _events(process)
        yield _unknown("S121", "event", step.send, (*path, "send"), names)
    if step.message is not None:
        sender = step.message.from_.partition(":")[0]
        if _process(sender, rules) is None:
            yield _unknown_process(sender, (*path, "message", "from"), rules)
    if step.expect is not None:
        yield from _expect(step.expect, (*path, "expect"), process, rules)


def _events(process: Process) -> set[str]:
    states = process.states.values()
    named = {name for state in states for name in (*state.on, *state.tasks)}
    return (named | set(process.anywhere)) - {"all_done", "any_done"}


def _expect(expect: Expect, path: Path, process: Process, rules: Rules) -> Iterator[Found]:
    if expect.state is not None and expect.state not in process.states:
        yield _unknown("S122", "state", expect.state, (*path, "state"), process.states)
    yield from _parts(expect, path, process, rules)
    for index, notice in enumerate(expect.notices or ()):
        clocks = rules[process.process].clocks
        if notice.clock is not None and notice.case is None and notice.clock not in clocks:
            here = (*path, "notices", index, "clock")
            yield _unknown("S123", "clock", notice.clock, here, clocks)
    for index, paper in enumerate(expect.documents or ()):
        known = process.documents
        if paper.document is not None and paper.case is None and paper.document not in known:
            here = (*path, "documents", index, "document")
            yield _unknown("S125", "document", paper.document, here, known)
    for index, case in enumerate(expect.cases or ()):
        yield from _case(case, (*path, "cases", index), rules)


def _case(expect: CaseExpect, path: Path, rules: Rules) -> Iterator[Found]:
    if expect.process is None:
        return
    process = _process(expect.process, rules)
    if process is None:
        yield _unknown_process(expect.process, (*path, "process"), rules)
        return
    if expect.state is not None and expect.state not in process.states:
        yield _unknown("S122", "state", expect.state, (*path, "state"), process.states)
    yield from _parts(expect, path, process, rules)


def _parts(
    expect: Expect | CaseExpect, path: Path, process: Process, rules: Rules
) -> Iterator[Found]:
    clocks = rules[process.process].clocks
    for name in expect.clocks:
        if name not in clocks:
            yield _unknown("S123", "clock", name, (*path, "clocks", name), clocks)
    for name in expect.data:
        if name not in process.data:
            yield _unknown("S124", "field", name, (*path, "data", name), process.data)
