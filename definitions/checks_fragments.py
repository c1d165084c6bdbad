"""Fragments: each that a process uses is there, and no two bring the same element (E223, E224).

What it is: the check of `use`, before the process is united with what it uses.
What it is not: a check of what a fragment says; as a part of the process that uses it, it goes
through all the others.
Who may import it: the loader, which knows the fragments.
"""

from collections.abc import Iterator, Mapping

from definitions.checks_finding import Finding, unknown
from definitions.completion import elements
from definitions.model import Fragment, Process
from definitions.problems import Path, path_text


def check_fragments(process: Process, fragments: Mapping[str, Fragment]) -> Iterator[Finding]:
    """Everything wrong with what a process uses. What it declares itself clashes with nothing."""
    own = frozenset(elements(process))
    brought: dict[Path, str] = {}
    for index, name in enumerate(process.use):
        path: Path = ("use", index)
        if name in process.use[:index]:
            yield Finding("E224", path, f"'{name}' stands in `use` already", "name it once")
        elif (fragment := fragments.get(name)) is None:
            yield unknown("E223", path, "fragment", name, fragments)
        else:
            for element in elements(fragment):
                before = brought.setdefault(element, name)
                if before != name and element not in own:
                    said = f"'{path_text(element)}' comes from '{before}' already"
                    yield Finding("E224", path, said, "declare it in the process itself")
