"""From a plain tree to a frozen model, or to problems in an author's words.

pydantic judges the shape; this module turns its errors into `Problem`s with our codes, the line of
the key or value, and a sentence without pydantic's jargon. Where a value may be one of several
things (a budget, a table or a promise), pydantic reports every way in which it is none of them;
here that becomes one problem that says what is allowed.

It does not judge meaning: names, expressions and soundness belong to the verifier. Only
`definitions` need import it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from definitions.problems import Path, Problem, path_text, suggest
from definitions.reader import Document
from definitions.schema import keys_at

M = TypeVar("M", bound=BaseModel)


def shaped(model: type[M], document: Document) -> tuple[M | None, list[Problem]]:
    """The document as a model, or every problem of its shape."""
    try:
        # Through JSON, because the strict models take a list for a tuple only from JSON.
        return model.model_validate_json(json.dumps(document.value)), []
    except ValidationError as refused:
        errors = [
            _Error(tuple(found["loc"]), found["type"], found.get("ctx", {}), found["input"])
            for found in refused.errors(include_url=False)
        ]
        return None, list(_Shape(model, document).problems(errors))


class _Error(NamedTuple):
    """One of pydantic's findings; `rest` is what remains of its way from the value looked at."""

    rest: tuple[str | int, ...]
    type: str
    facts: Mapping[str, Any]
    input: object


class _Verdict(NamedTuple):
    code: str
    message: str
    hint: str = ""


# Steps that stand for no place in the file: a single value that the model reads as a list or as a
# mapping of one key, and the mark of an error in a key.
_UNWRITTEN = ("on", "to", "[key]")

# What a branch of a union is called, by the beginning of pydantic's name for it.
_BRANCHES: tuple[tuple[str, str], ...] = (
    ("Item", "a field such as {type: text}"),
    ("function-before[_budget", "a budget such as '2 hours'"),
    ("BudgetFromTable", "{table: NAME}"),
    ("FromTable", "{table: NAME}"),
    ("BudgetUntil", "{until: EXPRESSION}"),
    ("dict[constrained-str", "a form: names with fields"),
    ("dict[str,Text]", "values with texts {zh, en}"),
    ("constrained-str", "a name"),
    ("tuple[str", "a list of texts"),
    ("tuple[union", "a list of such values"),
    ("function-after[functools", "a name or a list of names"),
    ("function-after[_hours", "a list of hours such as '09:00-18:00'"),
    ("str", "a text"),
    ("bool", "true or false"),
    ("int", "a whole number"),
    ("float", "a number"),
)

# Errors that say "this is not even the right kind of value" → the kind that is expected.
_KINDS: Mapping[str, str] = {
    "string_type": "a text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dataclass_type": "a text",
}

GRAMMARS: Mapping[str, str] = {
    r"^[a-z][a-z0-9_]{0,39}$": (
        "is not a name; a name has small letters, digits and '_', begins with a letter and has "
        "at most 40 characters"
    ),
    r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*(-\d{1,3}[a-z]?)$": (
        "is not the id of a rule; it reads like 'R-ABC-07' or 'R-ABC-07a'"
    ),
    r"^L[0-9]$": "is not a level; levels are 'L0' to 'L9'",
    r"^((enter|leave) )?[a-z][a-z0-9_]{0,39}$": (
        "starts or stops no clock; write an event's name, 'opened', 'closed', 'reopened', "
        "'enter STATE' or 'leave STATE'"
    ),
    r"^([01][0-9]|2[0-3]):[0-5][0-9]$": "is not a time of day; it reads like '09:30'",
}


def _value_error(error: _Error) -> _Verdict:
    said = str(error.facts.get("error", "this value is refused"))
    # A contradiction is found by looking at a whole mapping; a text is judged by itself.
    return _Verdict("E107" if isinstance(error.input, dict) else "E105", said)


def _pattern(error: _Error) -> _Verdict:
    pattern = str(error.facts["pattern"])
    said = GRAMMARS.get(pattern, f"does not match {pattern}")
    return _Verdict("E105", f"{_quoted(error.input)} {said}")


def _literal(error: _Error) -> _Verdict:
    allowed = str(error.facts["expected"])
    if not isinstance(error.input, str):
        return _Verdict("E102", f"must be {allowed}, not {_described(error.input)}")
    hint = suggest(error.input, allowed.replace(" or ", ", ").replace("'", "").split(", "))
    return _Verdict("E104", f"{_quoted(error.input)} is not one of {allowed}", hint)


def _kind(error: _Error) -> _Verdict:
    return _Verdict("E102", f"must be {_KINDS[error.type]}, not {_described(error.input)}")


def _limit(template: str) -> Callable[[_Error], _Verdict]:
    return lambda error: _Verdict("E106", template.format(**error.facts))


_VERDICTS: Mapping[str, Callable[[_Error], _Verdict]] = {
    "value_error": _value_error,
    "string_pattern_mismatch": _pattern,
    "literal_error": _literal,
    "string_too_long": _limit("over {max_length} characters"),
    "string_too_short": _limit("needs at least {min_length} character"),
    "too_short": _limit("needs at least {min_length} entry"),
    "too_long": _limit("more than {max_length} entries"),
    "greater_than_equal": _limit("must be {ge} or more"),
    "less_than_equal": _limit("must be {le} or less"),
    **dict.fromkeys(_KINDS, _kind),
}


class _Shape:
    """Walks a document along pydantic's errors."""

    def __init__(self, model: type[BaseModel], document: Document) -> None:
        self.model = model
        self.document = document

    def problems(self, errors: list[_Error]) -> Iterator[Problem]:
        """Every problem; the order is not that of the file."""
        yield from self._at((), self.document.value, errors)

    def _at(self, path: Path, value: Any, errors: Iterable[_Error]) -> Iterator[Problem]:
        """Problems of the value at `path`: its own, its children's, or one for a union."""
        children: dict[str | int, list[_Error]] = {}
        branches: dict[str, list[_Error]] = {}
        own: list[_Error] = []
        for found in errors:
            error = _written(found, value)
            if not error.rest or (error.type == "missing" and len(error.rest) == 1):
                own.append(error)
                continue
            step, deeper = error.rest[0], error._replace(rest=error.rest[1:])
            if _has(value, step):
                children.setdefault(step, []).append(deeper)
            else:
                branches.setdefault(str(step), []).append(deeper)
        for error in own:
            # A list whose entries are all broken is called too short as well: that is noise.
            if not (error.type == "too_short" and children):
                yield self._own(path, error)
        for step, deeper_errors in children.items():
            yield from self._at((*path, step), value[step], deeper_errors)
        if branches:
            yield from self._union(path, value, branches)

    def _own(self, path: Path, error: _Error) -> Problem:
        if error.type == "missing":
            name = str(error.rest[0])
            place = (*path, name)
            return self._problem("E103", place, f"the key '{name}' is missing")
        if error.type in ("extra_forbidden", "unexpected_keyword_argument"):
            return self._unknown_key(path)
        verdict = _VERDICTS.get(error.type)
        if verdict is None:
            return self._problem("E102", path, f"{_described(error.input)} cannot stand here")
        return self._problem(verdict(error).code, path, *verdict(error)[1:])

    def _unknown_key(self, path: Path) -> Problem:
        allowed = keys_at(self.model, path[:-1])
        hint = suggest(str(path[-1]), allowed)
        if not hint and allowed:
            hint = f"the keys here are {', '.join(allowed)}"
        return self._problem("E101", path, f"unknown key '{path[-1]}'", hint)

    def _union(
        self, path: Path, value: Any, branches: Mapping[str, list[_Error]]
    ) -> Iterator[Problem]:
        """The problems of the one branch that was meant, or one problem that names them all."""
        meant = [errors for label, errors in branches.items() if _entered(label, value, errors)]
        strangeness = [sum(map(_is_strange, errors)) for errors in meant]
        if meant and strangeness.count(least := min(strangeness)) == 1:
            yield from self._at(path, value, meant[strangeness.index(least)])
            return
        allowed: dict[str, None] = {}
        words: list[str] = []
        for label, errors in branches.items():
            if errors[0].type == "literal_error":
                words += str(errors[0].facts["expected"]).replace("'", "").split(" or ")
                allowed |= dict.fromkeys(str(errors[0].facts["expected"]).split(" or "))
            else:
                allowed[_branch(label, errors)] = None
        choices = _either(list(allowed))
        if isinstance(value, str) and words:
            message, hint = f"{_quoted(value)} is not {choices}", suggest(value, words)
            yield self._problem("E104", path, message, hint)
            return
        yield self._problem("E102", path, f"must be {choices}, not {_described(value)}")

    def _problem(self, code: str, path: Path, message: str, hint: str = "") -> Problem:
        place = self.document.position(path)
        return Problem(code, self.document.file, *place, path_text(path), message, hint)


def _has(value: Any, step: str | int) -> bool:
    if isinstance(step, int):
        return isinstance(value, list) and step < len(value)
    return isinstance(value, dict) and step in value


def _written(error: _Error, value: Any) -> _Error:
    """The error without the leading steps that the file does not spell out."""
    rest = error.rest
    while rest and not _has(value, rest[0]) and not (error.type == "missing" and len(rest) == 1):
        if not isinstance(rest[0], int) and rest[0] not in _UNWRITTEN:
            break
        rest = rest[1:]
    # `to: [a, B]` is read as one list of roles: the step 0 is unwritten and the last one is meant.
    shorthand = isinstance(value, list) and bool(value) and not isinstance(value[0], dict)
    if shorthand and rest[:2] == (0, "to") and len(rest) == 3:
        rest = rest[2:]
    return error._replace(rest=rest)


def _entered(label: str, value: Any, errors: list[_Error]) -> bool:
    """Whether the value is of this branch's kind at all, so that its errors mean something."""
    if label.startswith("function-before[_budget"):
        return isinstance(value, str)
    whole = [error for error in (_written(found, value) for found in errors) if not error.rest]
    return not any(error.type in _KINDS or error.type == "literal_error" for error in whole)


def _is_strange(error: _Error) -> bool:
    return len(error.rest) == 1 and error.type in ("missing", "extra_forbidden")


def _branch(label: str, errors: list[_Error]) -> str:
    for prefix, words in _BRANCHES:
        if label.startswith(prefix):
            return words
    return _KINDS.get(errors[0].type, "another value")


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _quoted(value: object) -> str:
    text = str(value)
    return f"'{text}'" if len(text) <= 60 else f"'{text[:60]}…'"


def _described(value: object) -> str:
    """A value as an author would call it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return f"the text {_quoted(value)}"
        case int() | float():
            return f"the number {value}"
        case list() | tuple():
            return "a list"
        case _:
            return "a mapping"
