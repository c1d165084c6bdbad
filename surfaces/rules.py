"""The definitions as the surfaces use them: found by name, loaded once, compiled once.

What it is: a process's file is loaded when it is first asked for, so that a broken neighbour stops
only what needs it.
What it is not: the language (`definitions.loader`).
Who may import it: the surfaces.
"""

from collections.abc import Sequence
from pathlib import Path as FilePath

from definitions.loader import (
    FOLDER,
    Catalogue,
    UnknownProcess,
    check_folder,
    load_file,
    load_library,
)
from definitions.model import Process
from definitions.problems import suggest
from workflows.core.program import Program


class Rules:
    """Programs by process id, from a folder of definitions."""

    def __init__(self, folder: FilePath | None = None) -> None:
        self.folder = FOLDER if folder is None else folder
        self._programs: dict[str, Program] = {}
        self._catalogue: Catalogue | None = None

    @classmethod
    def of(cls, processes: Sequence[Process]) -> "Rules":
        """Rules made of processes at hand."""
        rules = cls()
        rules._programs = {process.process: Program(process) for process in processes}
        return rules

    def names(self) -> list[str]:
        """Ids by the names of the files."""
        return sorted({path.stem for path in self.folder.glob("*.yaml")} | set(self._programs))

    def __getitem__(self, name: str) -> Program:
        """The program of a process; `UnknownProcess` with the nearest one, `DefinitionError` with
        every problem of its file."""
        if name not in self._programs:
            self._programs[name] = Program(self._load(name))
        return self._programs[name]

    def _load(self, name: str) -> Process:
        path = self.folder / f"{name}.yaml"
        if name.isidentifier() and path.is_file():
            process = load_file(path, self.folder)
            if process.process == name:
                return process
        if name in self.names():
            self._catalogue = self._catalogue or load_library(self.folder)
            return self._catalogue[name]
        check_folder(self.folder)
        known = self.names()
        there = f"there are {', '.join(known)}" if known else f"{self.folder} has none at all"
        raise UnknownProcess(
            f"there is no process {name[:100]!r}",
            hint=suggest(name, known) or there,
            facts={"process": name, "known": known},
        )
