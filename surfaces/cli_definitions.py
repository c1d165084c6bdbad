"""`validate` and `diagram`: what can be said of definitions without running anything.

What it is: the commands. Who may import it: `cli`.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from rich.console import Console

from definitions.bundle import digest
from definitions.loader import FOLDER, declared_twice, is_folder, load_file, load_library
from definitions.model import Process
from definitions.norms import load_norms, named_in, unknown_rules
from definitions.problems import DefinitionError, Problem
from surfaces.diagram import mermaid
from surfaces.diagram_svg import svg
from surfaces.errors import BadInput, Exit
from surfaces.output import Json, complain, say, table
from surfaces.rules import Rules

Folder = Annotated[Path | None, Parameter(name="--definitions", help="Folder of definitions.")]


def validate(*files: Path, definitions: Folder = None, json: Json = False) -> int:
    """Check definitions: all of a folder, or the files that are named.

    Every problem is reported at once, with its line. Exit code 0 if all are sound, 2 if not.
    """
    folder = FOLDER if definitions is None else definitions
    processes: list[Process] = []
    problems: list[Problem] = []
    problems += declared_twice(path for path in dict.fromkeys(files) if not is_folder(path))
    for path in dict.fromkeys(files) or (folder,):
        try:
            if not files or is_folder(path):
                processes += load_library(path).processes.values()
            else:
                processes.append(load_file(path, folder))
        except DefinitionError as error:
            problems += error.problems
    problems += _unnamed(files, folder)
    if not processes and not problems:
        said = ", ".join(map(str, files or (folder,)))
        raise BadInput(f"there is no definition in {said}", hint="a folder has one a file, *.yaml")
    result = {
        "valid": not problems,
        "processes": [_process(process) for process in processes],
        "problems": [problem.to_json() for problem in problems],
    }
    say(result, json, lambda console: _sound(console, processes))
    if not problems:
        return Exit.DONE
    if not json:
        complain(DefinitionError(problems), json=False)
    return Exit.BAD_INPUT


def _unnamed(files: tuple[Path, ...], folder: Path) -> list[Problem]:
    """The problems of the catalogue of rules, and of each file that names a rule it has not."""
    try:
        book = load_norms(folder)
    except DefinitionError as error:
        return list(error.problems)
    named = [path for file in files for path in (named_in(file) if is_folder(file) else [file])]
    return unknown_rules(named or named_in(folder), book)


def _process(process: Process) -> dict[str, Any]:
    return {
        "process": process.process,
        "version": process.version,
        "title": process.title.model_dump(),
        "states": len(process.states),
        "clocks": len(process.clocks),
        "digest": digest(process),
    }


def _sound(console: Console, processes: list[Process]) -> None:
    if not processes:
        return
    shown = table("PROCESS", "VERSION", "TITLE", "STATES", "CLOCKS", "DIGEST")
    for process in processes:
        shown.add_row(
            process.process,
            str(process.version),
            f"{process.title.zh} {process.title.en}",
            str(len(process.states)),
            str(len(process.clocks)),
            digest(process)[:12],
        )
    console.print(shown)


def diagram(
    process: str,
    format: Annotated[  # noqa: A002
        Literal["mermaid", "svg"], Parameter(help="Text for Mermaid, or a drawing.")
    ] = "mermaid",
    definitions: Folder = None,
    json: Json = False,
) -> int:
    """Draw a process: states, events and what clocks do."""
    model = Rules(definitions)[process].process
    text = svg(model) if format == "svg" else mermaid(model)
    say(
        {"process": process, "format": format, "text": text},
        json,
        lambda console: print(text, end="", file=console.file),
    )
    return Exit.DONE
