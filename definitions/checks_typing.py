"""One expression, one value, one table's answer, held against the place where it stands.

What it is: `Checker`, which collects what is wrong with them (E301 to E305, E308, E316, E318). An
expression that reads a personal field is refused, because what it decides would tell the field's
value.
What it is not: the walk over a definition; `checks_expressions` goes to every place.
Who may import it: the checks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from definitions.checks_fields import check_choices, items_of, literal_of, misfit
from definitions.checks_finding import Finding, unknown
from definitions.expressions import ExpressionError, Scope, ValueType, compile_expression
from definitions.model import Form, FromTable, Given, Item, Process
from definitions.problems import Path
from definitions.scope import case_scope, columns, personal_names, value_type

_OUTPUTS: Mapping[str, frozenset[ValueType]] = {
    "text": frozenset({ValueType.TEXT, ValueType.ENUM, ValueType.DATE}),
    "bool": frozenset({ValueType.BOOL}),
    "int": frozenset({ValueType.INT, ValueType.MONEY, ValueType.NUMBER}),
    "number": frozenset({ValueType.NUMBER}),
    "budget": frozenset(),
}


@dataclass
class Checker:
    """Checks what a process computes, and keeps what it finds."""

    process: Process
    findings: list[Finding] = field(default_factory=list)
    _scopes: dict[tuple[int | None, str | None], tuple[Form | None, Scope]] = field(
        default_factory=dict
    )

    def scope(self, form: Form | None, each: str | None = None) -> Scope:
        """The names known with this form, and within this list of records."""
        key = (None if form is None else id(form), each)
        if key not in self._scopes:
            # The form is kept so that its id stays its own.
            self._scopes[key] = (form, case_scope(self.process, form, each))
        return self._scopes[key][1]

    def add(self, code: str, path: Path, message: str, hint: str = "") -> None:
        """Keep a finding."""
        self.findings.append(Finding(code, path, message, hint))

    def compile(
        self,
        path: Path,
        source: str | None,
        form: Form | None,
        expect: ValueType | None,
        each: str | None = None,
    ) -> bool:
        """Check one expression; None is none. Whether it is one of this type."""
        if source is None:
            return True
        scope = self.scope(form, each)
        names = self.typed(path, source, scope, expect)
        if names is None:
            return False
        for name in sorted(names & personal_names(self.process, form, each)):
            said = f"{name} is personal, and no expression may read it"
            self.add("E303", path, said, "keep what decides in a field of its own")
        here = columns(self.process, each)
        event = items_of(self.process, form)
        self.findings += check_choices(self.process, source, scope, event, path, here)
        return True

    def typed(
        self, path: Path, source: str, scope: Scope, expect: ValueType | None
    ) -> frozenset[str] | None:
        """The names that an expression refers to; None if it is none, or of another type."""
        try:
            return compile_expression(source, scope, expect).names
        except ExpressionError as error:
            code = "E301" if expect is None or not sound(source, scope) else "E302"
            self.add(code, path, error.message, error.hint)
            return None

    def value(
        self, path: Path, value: Given, item: Item, form: Form | None, each: str | None = None
    ) -> None:
        """Check what is stored in a field: a scalar, an expression (a text), a table's answer."""
        if isinstance(value, FromTable):
            self.answer((*path, "table"), value.table, item, each)
            return
        if not isinstance(value, str):
            if said := misfit(value, item):
                self.add("E305", path, said)
            return
        self.compile(path, value, form, value_type(item), each)
        self.literal(path, value, item)

    def literal(self, path: Path, source: str, item: Item) -> None:
        """A text in quotes that an enum is to hold."""
        text = literal_of(source)
        if item.type == "enum" and text is not None and text not in (*item.choices, ""):
            self.findings.append(unknown("E304", path, "value", text, item.choices))

    def answer(self, path: Path, name: str, item: Item, each: str | None = None) -> None:
        """A table that gives a field's value gives one that the field can hold."""
        if name not in self.process.tables:
            return
        table = self.process.tables[name]
        self.present_record(path, name, each)
        if value_type(item) not in _OUTPUTS[table.output]:
            said = f"the table '{name}' gives {table.output}, the field is {item.type}"
            self.add("E316", path, said)
            return
        for index, row in enumerate(table.rows):
            if item.type == "enum" and row.then not in item.choices:
                place = ("tables", name, "rows", index, "then")
                found = unknown("E304", place, "value", str(row.then), item.choices)
                self.findings.append(found)

    def present_record(self, path: Path, name: str, each: str | None = None) -> None:
        """A table that reads `item` has one: it answers in an `update` of its list only."""
        wanted = self.process.tables[name].each
        if wanted is not None and wanted != each:
            said = f"the table '{name}' reads a record of '{wanted}', and there is none here"
            self.add("E318", path, said, f"use it in `update` of {wanted}")


def sound(source: str, scope: Scope) -> bool:
    """Whether the text is an expression at all."""
    return compiles(source, scope, None)


def compiles(source: str, scope: Scope, expect: ValueType | None) -> bool:
    """Whether the text is an expression of this type."""
    try:
        compile_expression(source, scope, expect)
    except ExpressionError:
        return False
    return True
