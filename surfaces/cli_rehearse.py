"""`rehearse`: play scenario files and say what is not as expected.

What it is: the command. What it is not: the playing (`rehearse`) or the judging (`matching`).
Who may import it: `cli`.
"""

import asyncio
import logging
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import structlog
from cyclopts import Parameter
from rich.console import Console

from definitions.problems import DefinitionError, DuecourseError
from surfaces.errors import BadInput, Exit
from surfaces.output import Json, complain, plain, say
from surfaces.rehearse import Outcome, checked, rehearse_with
from surfaces.rehearse_core import CoreRunner
from surfaces.rules import Rules
from surfaces.scenario import Scenario, ScenarioError, files, load_scenario
from surfaces.trace import Trace

AT_ONCE: Final = 3
"""Scenarios that share a server at one time; each has a namespace of its own."""


def rehearse(
    *paths: Path,
    on: Annotated[
        Literal["core", "temporal"],
        Parameter(help="What the cases run on: the core alone, or a real server and worker."),
    ] = "core",
    definitions: Annotated[Path | None, Parameter(help="Folder of definitions.")] = None,
    verbose: Annotated[
        bool, Parameter(name=["--verbose", "-v"], negative="", help="Show every step.")
    ] = False,
    json: Json = False,
) -> int:
    """Play scenario files, or all of a folder, over simulated weeks.

    Exit code 0 if everything was as expected, 1 if not, 2 if a file cannot be used.
    """
    if not paths:
        raise BadInput("name scenario files or folders", hint="rehearse tests/scenarios")
    found = files(paths)
    if not found:
        below = ", ".join(map(str, paths))
        raise BadInput(f"there is no scenario below {below}", hint="scenarios are *.yaml")
    rules = Rules(definitions)
    scenarios, broken = _loaded(found)
    if on == "temporal":
        outcomes = asyncio.run(_on_temporal(scenarios, rules, broken))
    else:
        outcomes = _on_core(scenarios, rules, broken)
    failed = sum(not outcome.passed for outcome in outcomes)
    result: dict[str, Any] = {
        "passed": not failed and not broken,
        "scenarios": [outcome.to_json() for outcome in outcomes],
        "errors": [error.to_json() for error in broken],
    }
    say(result, json, lambda console: _show(console, outcomes, verbose, len(found)))
    for one in broken if not json else ():
        complain(one, json=False)
    if broken:
        return Exit.BAD_INPUT
    return Exit.NOT_AS_EXPECTED if failed else Exit.DONE


def _loaded(found: list[Path]) -> tuple[list[Scenario], list[DuecourseError]]:
    scenarios: list[Scenario] = []
    broken: list[DuecourseError] = []
    for path in found:
        try:
            scenarios.append(load_scenario(path))
        except ScenarioError as error:
            broken.append(error)
    return scenarios, broken


def _note(broken: list[DuecourseError], error: DuecourseError) -> None:
    """A broken definition is told once, however many scenarios need it."""
    if str(error) not in map(str, broken):
        broken.append(error)


def _on_core(
    scenarios: list[Scenario], rules: Rules, broken: list[DuecourseError]
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for scenario in scenarios:
        try:
            outcomes.append(rehearse_with(scenario, rules, CoreRunner(rules)))
        except (ScenarioError, DefinitionError) as error:
            _note(broken, error)
    return outcomes


async def _on_temporal(
    scenarios: list[Scenario], rules: Rules, broken: list[DuecourseError]
) -> list[Outcome]:
    # Loaded when it is needed: the client and the worker are slow to import.
    from surfaces.rehearse_stage import stage
    from surfaces.rehearse_watch import NotInTime, Overshot

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    turns = asyncio.Semaphore(AT_ONCE)

    async def play(scenario: Scenario) -> Outcome | None:
        async with turns:
            try:
                checked(scenario, rules)
                return await here.play(scenario)
            except (ScenarioError, DefinitionError, NotInTime, Overshot) as error:
                _note(broken, error)
                return None

    async with stage(rules) as here:
        played = await asyncio.gather(*map(play, scenarios))
    return [outcome for outcome in played if outcome is not None]


def _show(console: Console, outcomes: list[Outcome], verbose: bool, count: int) -> None:
    for outcome in outcomes:
        mark, style = ("passed", "green") if outcome.passed else ("FAILED", "bold red")
        console.print(plain(f"{mark}  ", style) + plain(f"{outcome.scenario}  ({outcome.file})"))
        for step in outcome.steps:
            if verbose or step.differences:
                _show_step(console, step)
    passed = sum(outcome.passed for outcome in outcomes)
    console.print(plain(f"{passed} of {count} scenarios passed"))


def _show_step(console: Console, step: Trace) -> None:
    told = step.to_json()
    name = f"step {step.number}" if step.number else "start"
    did = told["send"] or "time passes"
    view = step.seen.view
    state = "" if view is None else f"  → {view.state}"
    console.print(plain(f"  {name}  {told['at']}  {step.seen.case}  {did}{state}"))
    if step.refusal is not None:
        console.print(plain(f"      refused {step.refusal['code']}: {step.refusal['message']}"))
    for difference in step.differences:
        console.print(plain(f"      {difference}", "red"))
