"""Texts for people: placeholders name what exists, and nothing personal is said or shown.

What it is: a check of `{{ … }}` in notices, rungs and documents (E306), and of personal fields in
them and in attributes (E303). Both languages are checked alike.
What it is not: a template engine.
Who may import it: the verifier.
"""

import re
from collections.abc import Iterable, Iterator

from definitions.checks_finding import Finding
from definitions.checks_sites import notices
from definitions.model import Form, Process
from definitions.problems import Path, suggest
from definitions.scope import case_scope, personal_names
from definitions.text import Text

FILTERS = ("date", "time", "instant", "money")
"""What a placeholder may do with its value."""

SPOKEN = ("data.", "event.", "case.")
"""Names that a text may use begin with one of these."""

_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.S)
_INSIDE = re.compile(r"\s*([a-z]+(?:\.[a-z][a-z0-9_]*)+)\s*((?:\|\s*[a-z]+\s*)*)")
_MARKS = re.compile(r"\{[{%#]|[}%#]\}")


def check_texts(process: Process) -> list[Finding]:
    """Everything wrong with what is said."""
    findings: list[Finding] = []
    for path, notice, form in notices(process):
        findings += _text(process, (*path, "text"), notice.text, form)
    for name, ladder in process.ladders.items():
        for kind, rungs in (("hours", ladder.hours), ("days", ladder.days)):
            for index, rung in enumerate(rungs):
                if rung.text is not None:
                    path = ("ladders", name, kind, index, "text")
                    findings += _text(process, path, rung.text, None)
    for name, document in process.documents.items():
        for index, block in enumerate(document.blocks):
            if block.text is not None:
                path = ("documents", name, "blocks", index, "text")
                findings += _text(process, path, block.text, None)
    for name, field in process.attributes.model_dump().items():
        if field in process.data and process.data[field].personal:
            said = f"'{field}' is personal, and attributes are shown in lists"
            findings.append(Finding("E303", ("attributes", name), said, "name another field"))
    return findings


def _text(process: Process, path: Path, text: Text, form: Form | None) -> Iterator[Finding]:
    names = [name for name in case_scope(process, form).variables if name.startswith(SPOKEN)]
    names += ["event.actor"] if form is not None else []
    personal = personal_names(process, form)
    for language, words in (("zh", text.zh), ("en", text.en)):
        place = (*path, language)
        for found in _PLACEHOLDER.finditer(words):
            yield from _placeholder(place, found[1], names, personal)
        if stray := _MARKS.search(_PLACEHOLDER.sub("", words)):
            said = f"'{stray[0]}' outside a placeholder"
            yield Finding("E306", place, said, "write {{ data.field }}; nothing else is computed")


def _placeholder(
    place: Path, inside: str, names: Iterable[str], personal: frozenset[str]
) -> Iterator[Finding]:
    found = _INSIDE.fullmatch(inside)
    if found is None:
        said = f"'{{{{{inside}}}}}' is no placeholder"
        yield Finding("E306", place, said, "write a name and a filter: {{ data.day | date }}")
        return
    name = found[1]
    if name in personal:
        said = f"{name} is personal and may not be said"
        yield Finding("E303", place, said, "those who may see it find it in the case")
    elif name not in names:
        yield Finding("E306", place, f"unknown name '{name}'", suggest(name, names))
    for word in found[2].replace("|", " ").split():
        if word not in FILTERS:
            hint = suggest(word, FILTERS) or f"there are: {', '.join(FILTERS)}"
            yield Finding("E306", place, f"unknown filter '{word}'", hint)
