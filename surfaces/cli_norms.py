"""`norms`: the catalogue of rules beside the definitions that keep them.

What it is: the command. What it is not: the catalogue (`definitions.norms`) or the finding of what
names a rule (`norms`) and of what a scenario used (`played`).
Who may import it: `cli`.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter
from rich.console import Console

from definitions.loader import FOLDER, load_library
from definitions.model import Process
from definitions.norms import load_norms, named_in, unknown_rules
from definitions.problems import DefinitionError, DuecourseError
from surfaces.errors import BadInput, Exit
from surfaces.norms import Covered, counts, coverage
from surfaces.output import Json, plain, say, table
from surfaces.played import Played, played, words
from surfaces.rehearse import rehearse_with
from surfaces.rehearse_core import CoreRunner
from surfaces.rules import Rules
from surfaces.scenario import files, load_scenario

_WORDS: Final = {
    "named": "已落实 named",
    "conduct": "属行为 conduct",
    "neither": "未落实 neither",
    "missing": "缺 missing",
    "explicit": "原文明示 explicit",
    "interpreted": "解读 interpreted",
    "default": "默认 default",
}
_MEANS: Final = (
    "场景：用到了点名该规则的元素（事件、时限、通知等）的场景；表、行、字段按其所属流程计。",
    "Scenarios: those that used an element which names the rule (an event, clock, notice…);",
    "tables, rows and fields count as their process does.",
)


def norms(
    rule: Annotated[
        list[str] | None, Parameter(name="--rule", help="Ids of rules, or their beginnings.")
    ] = None,
    process: Annotated[str | None, Parameter(help="Only rules that concern this process.")] = None,
    missing: Annotated[
        bool, Parameter(negative="", help="Only rules that nothing names and that are not conduct.")
    ] = False,
    definitions: Annotated[
        Path | None, Parameter(name="--definitions", help="Folder of definitions.")
    ] = None,
    scenarios: Annotated[
        Path | None, Parameter(help="Folder of scenarios; by default tests/scenarios beside it.")
    ] = None,
    json: Json = False,
) -> int:
    """List the rules, which parts of the definitions name them, and which scenarios use these.

    With --rule each is shown in full. Exit code 1 if a rule that must be kept is neither named nor
    a matter of conduct, or if nothing was found.
    """
    folder = FOLDER if definitions is None else definitions
    models = list(load_library(folder).processes.values())
    book = load_norms(folder)
    if unknown := unknown_rules(named_in(folder), book):
        raise DefinitionError(unknown)
    concerned = {model.process for model in models} | {
        name for entry in ({} if book is None else book.rules).values() for name in entry.processes
    }
    if process is not None and process not in concerned:
        listed = ", ".join(sorted(concerned))
        raise BadInput(f"no rule concerns a process '{process}'", hint=f"there are {listed}")
    where = folder.parent / "tests" / "scenarios" if scenarios is None else scenarios
    found = coverage(book, models, _played(where, models))
    shown = [one for one in found if _wanted(one, rule, process, missing)]
    result = {
        "counts": counts(shown),
        "rules": {one.rule: one.to_json() for one in shown},
    }
    say(result, json, lambda console: _show(console, shown, in_full=bool(rule)))
    if missing and not shown:
        return Exit.DONE
    return Exit.NOT_AS_EXPECTED if not shown or any(one.missing for one in shown) else Exit.DONE


def _wanted(one: Covered, rules: Sequence[str] | None, process: str | None, missing: bool) -> bool:
    if rules and not one.rule.startswith(tuple(rules)):
        return False
    if process is not None and process not in {
        *(() if one.entry is None else one.entry.processes),
        *(naming.process for naming in one.namings),
    }:
        return False
    return not missing or one.status == "neither"


def _played(folder: Path, models: Iterable[Process]) -> list[Played]:
    """What the scenarios of a folder use; one that cannot be played uses nothing."""
    rules, known = Rules.of(list(models)), words(models)
    found: list[Played] = []
    for path in files([folder]) if folder.is_dir() else ():
        try:
            scenario = load_scenario(path)
            outcome = rehearse_with(scenario, rules, CoreRunner(rules))
        except DuecourseError:
            continue
        found.append(played(path.stem, outcome, known))
    return found


# --- tables ---------------------------------------------------------------------------------


def _show(console: Console, shown: Sequence[Covered], in_full: bool) -> None:
    if in_full:
        for one in shown:
            for line in _lines(one):
                console.print(plain(line))
    else:
        listed = table("RULE", "STATUS", "ELEMENTS", "SCENARIOS", "TEXT")
        for one in shown:
            said = None if one.entry is None else one.entry.norm.text
            text = "" if said is None else f"{said.zh}\n{said.en}"
            status = _WORDS["missing" if one.missing else one.status]
            many = (str(len(one.namings) or ""), str(len(one.scenarios) or ""))
            listed.add_row(one.rule, plain(status), *many, plain(text))
        console.print(listed)
    for line in _MEANS if shown else ():
        console.print(plain(line))
    held = [one for one in shown if one.entry is not None and one.entry.held]
    if held:
        kept = sum(one.status != "neither" for one in held)
        console.print(plain(f"有着落的规则 rules kept or conduct: {kept} of {len(held)}"))
    told = counts(shown)
    console.print(plain(" · ".join(f"{_WORDS[name]} {many}" for name, many in told.items())))


def _lines(one: Covered) -> Iterator[str]:
    """A rule in full."""
    entry = one.entry
    if entry is None:
        yield f"{one.rule}  {_WORDS[one.status]}"
    else:
        norm = entry.norm
        yield f"{one.rule}  {_WORDS[norm.kind]}  {_WORDS[one.status]}  {'  '.join(norm.source)}"
        yield f"  {norm.text.zh}"
        yield f"  {norm.text.en}"
        for name, figure in norm.figure.items():
            chosen = f"  {_WORDS['default']}" if figure.default else ""
            yield f"  {name} = {figure.value} {figure.unit}{chosen}"
        if norm.conduct is not None:
            yield f"  {_WORDS['conduct']}: {norm.conduct.zh}"
            yield f"  {norm.conduct.en}"
    for naming in one.namings:
        yield f"    {naming.process}  {naming.path or '（流程 process）'}"
    for scenario in one.scenarios:
        yield f"    ▷ {scenario}"
