"""Settings files of the notices: YAML by the reader that the definitions use, all problems at once.

What it is: text to a validated pydantic model, or one `SettingsError` that places every problem.
What it is not: the models themselves, and nothing here reads the environment.
Who may import it: the notices package and compositions.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path as FilePath
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from definitions.problems import DefinitionError, DuecourseError, Path, Problem, path_text
from definitions.reader import Document, read

_SAID = {
    "extra_forbidden": "there is no such key",
    "missing": "this key is missing",
    "union_tag_not_found": "the key 'type' is missing",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "string_type": "must be a text",
}
"""The library's findings in an operator's words; others are told as they are."""
Finding = tuple[Path, str, str]
"""Where, what is wrong, and a hint."""
Check = Callable[[Any], Iterable[Finding]]
Model = TypeVar("Model", bound=BaseModel)


class SettingsError(DuecourseError):
    """The operator's fault: a settings file cannot be used. Carries every problem found."""

    code = "settings_invalid"

    def __init__(self, problems: Iterable[Problem], code: str | None = None) -> None:
        self.problems = tuple(sorted(problems, key=lambda found: (found.line, found.column)))
        super().__init__(
            "\n".join(map(str, self.problems)),
            code=code,
            facts={"problems": [found.to_json() for found in self.problems]},
        )


def load(path: FilePath, model: type[Model], code: str, check: Check) -> Model:
    """Read the file into the model. `check` sees the raw tree, so that what refers to nothing is
    reported together with what has the wrong shape. Raises `SettingsError`."""
    try:
        document = read(path.read_bytes(), path.name)
    except OSError as broken:
        reason = broken.strerror or type(broken).__name__
        hint = f"the file is looked for at {path}"
        raise SettingsError([Problem(code, path.name, 1, 1, "", reason, hint)], code) from broken
    except DefinitionError as broken:
        raise SettingsError(broken.problems, code) from broken
    found = list(check(document.value))
    value = None
    try:
        value = model.model_validate(document.value)
    except ValidationError as broken:
        found += _findings(broken, document.value)
    if found or value is None:
        raise SettingsError([_placed(code, document, finding) for finding in found], code)
    return value


def _placed(code: str, document: Document, finding: Finding) -> Problem:
    path, message, hint = finding
    return Problem(code, document.file, *document.position(path), path_text(path), message, hint)


def _findings(broken: ValidationError, raw: object) -> Iterator[Finding]:
    for error in broken.errors(include_url=False, include_context=False, include_input=False):
        said = _SAID.get(error["type"], error["msg"].removeprefix("Value error, "))
        yield _in_tree(error["loc"], raw), said, ""


def _in_tree(loc: Path, raw: object) -> Path:
    """pydantic's way to a value without the steps that only pydantic takes (tags of unions); a
    last step that is not there is the missing key."""
    path: list[str | int] = []
    for at, step in enumerate(loc):
        if isinstance(raw, dict) and step in raw:
            raw = raw[step]
        elif isinstance(raw, list) and step in range(len(raw)):
            raw = raw[int(step)]
        elif at < len(loc) - 1 or step == "[key]":
            continue
        path.append(step)
    return tuple(path)
