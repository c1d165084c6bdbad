"""Reads an expression's text by token, before CEL does.

Finds the names that it refers to, turns `has(name)` into a hidden variable of the same length, and
refuses what is over the limits or was plainly written for people and not for machines (full-width
marks). The grammar and the types are CEL's to judge. Only `definitions.expressions` imports this.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from definitions.expression_types import FUNCTIONS, UNUSABLE, WORDS, ExpressionError, Scope
from definitions.problems import suggest

MAX_SOURCE = 2_000
"""Characters of one expression."""
MAX_LITERAL = 500
"""Characters of one text inside an expression, quotes included."""
MAX_DEPTH = 2
"""all, exists, exists_one, filter and map inside one another."""
MAX_USES: Mapping[str, int] = MappingProxyType({"map": 2, "replace": 1, "format": 2, "join": 2})
"""How often one expression may use what makes long texts out of short ones: a chain of these
grows its result by a power, and the evaluator bounds steps (10,000) but not memory."""

_MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})

_TOKEN = re.compile(
    r"""(?P<skip>[\t\n\f\r ]+|//[^\n]*)
    |(?P<text>[bB]?(?:[rR](?:\"{3}(?s:.*?)\"{3}|'{3}(?s:.*?)'{3}|"[^"\n]*"|'[^'\n]*')
        |\"{3}(?s:\\.|[^\\])*?\"{3}|'{3}(?s:\\.|[^\\])*?'{3}
        |"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?
        |[0-9]+(?:[eE][+-]?[0-9]+|[uU])?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<mark>&&|\|\||[<>=!]=|(?s:.))""",
    re.VERBOSE,
)

# What an input method for Chinese leaves between the texts.
_HALF_WIDTH: Mapping[str, str] = MappingProxyType(
    {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | {"“": '"', "”": '"', "‘": "'", "’": "'", "　": "an ordinary space"}
)

# Texts that CEL reads only when it evaluates; a bad one is known as soon as it is written.
_PROBES: Mapping[str, str] = MappingProxyType(
    {
        "duration": "duration({text})",
        "timestamp": "timestamp({text})",
        "matches": '"".matches({text})',
        **{
            f"get{part}": f"timestamp(0).get{part}({{text}})"
            for part in (
                *("FullYear", "Month", "Date", "DayOfMonth", "DayOfWeek", "DayOfYear"),
                *("Hours", "Minutes", "Seconds", "Milliseconds"),
            )
        },
    }
)


def unknown_name(name: str, column: int, scope: Scope) -> ExpressionError:
    last = name.rpartition(".")[2]
    same = [known for known in scope.variables if known.rpartition(".")[2] == last]
    choices = [*scope.variables, *FUNCTIONS]
    hint = f"did you mean '{same[0]}'?" if len(same) == 1 else suggest(name, choices)
    return ExpressionError(f"unknown name '{name}'", column, hint)


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


class _Chain(NamedTuple):
    """A dotted name that starts an operand."""

    name: str
    start: int
    end: int


class Use(NamedTuple):
    """Where a declared name, or `has.name`, stands in the text."""

    name: str
    start: int
    end: int


@dataclass
class Reading:
    """One text, read by token. CEL's own parser judges the grammar after this."""

    source: str
    scope: Scope
    tokens: list[_Token] = field(default_factory=list)
    chains: list[_Chain] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    uses: list[Use] = field(default_factory=list)
    presences: set[str] = field(default_factory=set)
    loop_names: set[str] = field(default_factory=set)
    probes: list[tuple[str, int]] = field(default_factory=list)
    rewritten: list[str] = field(default_factory=list)

    def read(self) -> None:
        """Fill in everything, or raise ExpressionError."""
        if not self.source.strip():
            raise ExpressionError("the expression is empty")
        if len(self.source) > MAX_SOURCE:
            raise ExpressionError(f"longer than {MAX_SOURCE} characters", MAX_SOURCE + 1)
        if strange := UNUSABLE.search(self.source):
            raise ExpressionError("NUL or half of a surrogate pair", strange.start() + 1)
        self.rewritten = list(self.source)
        self.tokens = [
            _Token(found.lastgroup or "", found.group(), found.start())
            for found in _TOKEN.finditer(self.source)
            if found.lastgroup != "skip"
        ]
        self._check_marks()
        self._check_macros()
        at = 0
        while at < len(self.tokens):
            at = self._operand(at)

    def _is(self, at: int, text: str) -> bool:
        return 0 <= at < len(self.tokens) and self.tokens[at].text == text

    def _check_marks(self) -> None:
        for token in self.tokens:
            plain = _HALF_WIDTH.get(token.text)
            if plain:
                raise ExpressionError(
                    f"{token.text} outside a text", token.start + 1, f"write {plain}"
                )
            if token.kind == "text" and len(token.text) > MAX_LITERAL:
                raise ExpressionError(
                    f"a text of more than {MAX_LITERAL} characters", token.start + 1
                )

    def _check_macros(self) -> None:
        roots = {name.partition(".")[0] for name in self.scope.variables} | {"has"}
        uses: Counter[str] = Counter()
        inside: list[bool] = []
        for at, token in enumerate(self.tokens):
            if token.text == ")" and inside:
                inside.pop()
            if token.text != "(":
                continue
            called = self.tokens[at - 1] if at else token
            macro = called.text in _MACROS and self._is(at - 2, ".")
            inside.append(macro)
            uses[called.text] += 1
            if sum(inside) > MAX_DEPTH:
                message = f"{called.text} stands more than {MAX_DEPTH} deep in others of its kind"
                raise ExpressionError(message, called.start + 1)
            if uses[called.text] > MAX_USES.get(called.text, MAX_SOURCE):
                message = f"{called.text} is used more than {MAX_USES[called.text]} times"
                raise ExpressionError(message, called.start + 1)
            if not macro or at + 1 == len(self.tokens):
                continue
            hidden = self.tokens[at + 1]
            self.loop_names.add(hidden.text)
            if hidden.text in roots and self._is(at + 2, ","):
                message = f"{hidden.text} is already a name here"
                raise ExpressionError(message, hidden.start + 1, "choose another, such as x")

    def _operand(self, at: int) -> int:
        """Read what starts at this token and say where to go on."""
        token = self.tokens[at]
        if token.kind != "name" or token.text in WORDS or self._selected(at):
            self._probe(at)
            return at + 1
        if token.text == "has":
            return self._has(at)
        end = self._chain_end(at)
        call = self._is(end, "(")
        parts = [part.text for part in self.tokens[at:end:2]]
        last = self.tokens[end - 1]
        self.chains.append(_Chain(".".join(parts), token.start, last.start + len(last.text)))
        declared = parts[:-1] if call else parts
        for length in range(len(declared), 0, -1):
            name = ".".join(declared[:length])
            if name in self.scope.variables:
                self.names.add(name)
                final = self.tokens[at + 2 * (length - 1)]
                self.uses.append(Use(name, token.start, final.start + len(final.text)))
                break
        self._probe(end - 1)
        return end

    def _selected(self, at: int) -> bool:
        """Is this name a field of what stands before it?"""
        if not self._is(at - 1, "."):
            return False
        before = self.tokens[at - 2] if at >= 2 else None
        return before is not None and (before.kind in ("name", "text") or before.text in ")]}")

    def _chain_end(self, at: int) -> int:
        end = at + 1
        while self._is(end, ".") and end + 1 < len(self.tokens):
            if self.tokens[end + 1].kind != "name":
                break
            end += 2
        return end

    def _has(self, at: int) -> int:
        """Turn has(data.x) into the hidden name has.data.x, of the same length."""
        has = self.tokens[at]
        if not self._is(at + 1, "(") or at + 2 >= len(self.tokens) or self._is(at + 2, ")"):
            raise ExpressionError("has wants a name", has.start + 1, "write has(name)")
        first = self.tokens[at + 2]
        end = self._chain_end(at + 2)
        name = ".".join(part.text for part in self.tokens[at + 2 : end : 2])
        if first.kind != "name" or not self._is(end, ")"):
            return at + 1  # has(data.items[0].x): CEL's own
        if name not in self.scope.variables:
            if first.text in self.loop_names:
                return at + 1  # has(x.field): CEL's own
            raise unknown_name(name, first.start + 1, self.scope)
        self.rewritten[self.tokens[at + 1].start] = "."
        self.rewritten[self.tokens[end].start] = " "
        self.presences.add(name)
        self.uses.append(Use(f"has.{name}", has.start, self.tokens[end].start + 1))
        return end + 1

    def _probe(self, at: int) -> None:
        template = _PROBES.get(self.tokens[at].text)
        if template and self._is(at + 1, "(") and self._is(at + 3, ")"):
            literal = self.tokens[at + 2]
            if literal.kind == "text":
                self.probes.append((template.format(text=literal.text), literal.start))

    def number_hint(self, offset: int) -> str:
        """How to mend a whole number that met a number at this operator."""
        at = next((i for i, token in enumerate(self.tokens) if token.start == offset), 0)
        for near in (at + 1, at - 1):
            if 0 <= near < len(self.tokens) and self.tokens[near].text.isdecimal():
                return f"write {self.tokens[near].text}.0"
        return "write a whole number as double(...)"
