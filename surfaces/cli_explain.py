"""`explain`: how a deadline came about, interval by interval.

What it is: the command. A case's ledger comes from the records, from an exported file, or from a
scenario played on the core; from then on nothing but the ledger is used.
Who may import it: `cli`.
"""

import json as jsonlib
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from surfaces.errors import BadInput, Exit
from surfaces.explained import explained_json, explanations, show_explained
from surfaces.ledger import read_ledger, replayed
from surfaces.output import Json, say
from surfaces.rehearse import rehearse_with
from surfaces.rehearse_core import CoreRunner
from surfaces.rules import Rules
from surfaces.scenario import load_scenario
from workflows.core.case import Case
from workflows.core.program import Program


def explain(
    case: str | None = None,
    clock: str | None = None,
    *,
    ledger: Annotated[Path | None, Parameter(help="An exported ledger: no server needed.")] = None,
    scenario: Annotated[Path | None, Parameter(help="Explain a case of a scenario.")] = None,
    export: Annotated[Path | None, Parameter(help="Write the case's ledger to a file.")] = None,
    definitions: Annotated[Path | None, Parameter(help="Folder of definitions.")] = None,
    json: Json = False,
) -> int:
    """Explain the deadlines of a case, or of one of its clocks, interval by interval.

    What the intervals count together is the budget; the last one ends at the deadline.
    """
    if case is not None and ":" not in case and clock is None:
        case, clock = None, case
    if scenario is not None:
        program, found = _of_scenario(scenario, case, definitions)
    elif ledger is not None:
        program, found = replayed(read_ledger(ledger))
    else:
        program, found = _of_records(case, export)
    told = explanations(program, found, clock)
    result = {"case": found.id, "clocks": [explained_json(one, program) for one in told]}
    say(result, json, lambda console: show_explained(console, told, program))
    return Exit.DONE if told else Exit.NOT_AS_EXPECTED


def _of_scenario(path: Path, case: str | None, folder: Path | None) -> tuple[Program, Case]:
    rules, scenario = Rules(folder), load_scenario(path)
    runner = CoreRunner(rules)
    rehearse_with(scenario, rules, runner)
    name = case or f"{scenario.process}:{scenario.start.key}"
    return rules[name.partition(":")[0]], runner.case(name)


def _of_records(case: str | None, export: Path | None) -> tuple[Program, Case]:
    if case is None:
        raise BadInput("name a case as process:key", hint="or use --ledger FILE or --scenario FILE")
    # Only here is a server or a database asked for.
    from surfaces.cli_cases import run

    wanted = case
    kept = run(lambda cases: cases.ledger(wanted))
    if export is not None:
        text = jsonlib.dumps(kept.to_json(), ensure_ascii=False, indent=1)
        try:
            export.write_text(text + "\n", encoding="utf-8")
        except (OSError, ValueError) as broken:
            raise BadInput(
                f"the ledger cannot be written: {broken}", hint="--export names a file to write"
            ) from None
    return replayed(kept)
