"""Expressions: each compiles in its scope, with the type that its place wants (E301–E305, E316).

What it is: one walk over every place where a definition computes something. An expression that
reads a personal field is refused, because what it decides would tell the field's value.
What it is not: texts for people; see `checks_texts`.
Who may import it: the verifier.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from definitions.checks_fields import check_choices, items_of, literal_of, misfit
from definitions.checks_finding import Finding, unknown
from definitions.checks_names import budgets, triggers
from definitions.checks_sites import changes, events, moves, notices, tasks
from definitions.checks_tables import check_table
from definitions.expressions import ExpressionError, Scope, ValueType, compile_expression
from definitions.model import (
    BudgetFromTable,
    BudgetUntil,
    Clock,
    Form,
    FromTable,
    Given,
    Item,
    Process,
)
from definitions.problems import Path
from definitions.scope import (
    case_scope,
    common_form,
    personal_names,
    resolved_form,
    trigger_form,
    value_type,
)

_OUTPUTS: Mapping[str, frozenset[ValueType]] = {
    "text": frozenset({ValueType.TEXT, ValueType.ENUM, ValueType.DATE}),
    "bool": frozenset({ValueType.BOOL}),
    "int": frozenset({ValueType.INT, ValueType.MONEY, ValueType.NUMBER}),
    "number": frozenset({ValueType.NUMBER}),
    "budget": frozenset(),
}


def check_expressions(process: Process) -> list[Finding]:
    """Everything wrong with what the process computes."""
    checker = _Checker(process)
    for check in (_moves, _guards, _clocks, _tasks, _links, _ladders, _changes, _tables):
        check(checker)
    return checker.findings


@dataclass
class _Checker:
    process: Process
    findings: list[Finding] = field(default_factory=list)
    _scopes: dict[int | None, tuple[Form | None, Scope]] = field(default_factory=dict)

    def scope(self, form: Form | None) -> Scope:
        key = None if form is None else id(form)
        if key not in self._scopes:
            # The form is kept so that its id stays its own.
            self._scopes[key] = (form, case_scope(self.process, form))
        return self._scopes[key][1]

    def add(self, code: str, path: Path, message: str, hint: str = "") -> None:
        self.findings.append(Finding(code, path, message, hint))

    def compile(
        self, path: Path, source: str | None, form: Form | None, expect: ValueType | None
    ) -> None:
        """Check one expression; None is none."""
        if source is None:
            return
        scope = self.scope(form)
        try:
            names = compile_expression(source, scope, expect).names
        except ExpressionError as error:
            code = "E301" if expect is None or not _sound(source, scope) else "E302"
            self.add(code, path, error.message, error.hint)
            return
        for name in sorted(names & personal_names(self.process, form)):
            said = f"{name} is personal, and no expression may read it"
            self.add("E303", path, said, "keep what decides in a field of its own")
        self.findings += check_choices(
            self.process, source, scope, items_of(self.process, form), path
        )

    def value(self, path: Path, value: Given, item: Item, form: Form | None) -> None:
        """Check what is stored in a field: a scalar, or a text that is an expression."""
        if isinstance(value, FromTable):
            return
        if not isinstance(value, str):
            if said := misfit(value, item):
                self.add("E305", path, said)
            return
        self.compile(path, value, form, value_type(item))
        literal = literal_of(value)
        if item.type == "enum" and literal is not None and literal not in (*item.choices, ""):
            self.findings.append(unknown("E304", path, "value", literal, item.choices))


def _sound(source: str, scope: Scope) -> bool:
    try:
        compile_expression(source, scope)
    except ExpressionError:
        return False
    return True


def _moves(checker: _Checker) -> None:
    for site in moves(checker.process):
        checker.compile((*site.path, "owner"), site.move.owner, site.form, ValueType.TEXT)
    for path, notice, form in notices(checker.process):
        checker.compile((*path, "when"), notice.when, form, ValueType.BOOL)


def _guards(checker: _Checker) -> None:
    process = checker.process
    checker.compile(("start", "when"), process.start.when, {}, ValueType.BOOL)
    for index, forbid in enumerate(process.forbid):
        checker.compile(("forbid", index, "when"), forbid.when, None, ValueType.BOOL)
    for name, state in process.states.items():
        for index, branch in enumerate(state.auto):
            path: Path = ("states", name, "auto", index, "when")
            checker.compile(path, branch.when, None, ValueType.BOOL)
    for site in events(process):
        form = None if site.joins else resolved_form(process, site.event.form)
        checker.compile((*site.path, "when"), site.event.when, form, ValueType.BOOL)
        for index, branch in enumerate(site.event.branches):
            path = (*site.path, "branches", index, "when")
            checker.compile(path, branch.when, form, ValueType.BOOL)
        if site.event.hold is not None:
            path = (*site.path, "hold", "until")
            checker.compile(path, site.event.hold.until, form, ValueType.INSTANT)


def _clocks(checker: _Checker) -> None:
    process = checker.process
    for name, clock in process.clocks.items():
        path: Path = ("clocks", name)
        for kind, index, trigger in triggers(clock):
            form = trigger_form(process, [trigger])
            checker.compile((*path, kind, index, "when"), trigger.when, form, ValueType.BOOL)
        form = trigger_form(process, clock.start)
        checker.compile((*path, "when"), clock.when, form, ValueType.BOOL)
        checker.compile((*path, "fulfilled"), clock.fulfilled, form, ValueType.BOOL)
        checker.compile((*path, "anchor"), clock.anchor, form, ValueType.INSTANT)
        form = trigger_form(process, (*clock.stop, *clock.cancel, *clock.reset))
        checker.compile((*path, "pick"), clock.pick, form, ValueType.INT)
    _budgets(checker)


def _instant(checker: _Checker, path: Path, source: str | None, form: Form) -> None:
    """An instant, or a date if it is just a name of one."""
    scope = checker.scope(form)
    is_date = source in scope.variables and scope.type_of(str(source)) is ValueType.DATE
    checker.compile(path, source, form, ValueType.DATE if is_date else ValueType.INSTANT)


def _start_form(process: Process, clock: Clock | None) -> Form:
    return {} if clock is None else trigger_form(process, clock.start)


def _budgets(checker: _Checker) -> None:
    process = checker.process
    for path, budget, clock in budgets(process):
        if isinstance(budget, BudgetUntil):
            _instant(checker, (*path, "until"), budget.until, _start_form(process, clock))
        elif isinstance(budget, BudgetFromTable) and budget.table in process.tables:
            output = process.tables[budget.table].output
            if output != "budget":
                said = f"the table '{budget.table}' gives {output}, but a budget is wanted"
                checker.add("E316", (*path, "table"), said, "say `output: budget`")


def _tasks(checker: _Checker) -> None:
    for path, _, _, task in tasks(checker.process):
        checker.compile((*path, "when"), task.when, None, ValueType.BOOL)


def _links(checker: _Checker) -> None:
    process = checker.process
    for name, link in process.links.items():
        openers = [
            site.form or {} for site in moves(process) if name in (*site.move.open, *site.move.tell)
        ]
        form = common_form(process, openers)
        checker.compile(("links", name, "key"), link.key, form, ValueType.TEXT)
        for datum, source in link.data.items():
            checker.compile(("links", name, "data", datum), source, form, None)


def _ladders(checker: _Checker) -> None:
    for name, ladder in checker.process.ladders.items():
        for kind, rungs in (("hours", ladder.hours), ("days", ladder.days)):
            for index, rung in enumerate(rungs):
                for at, recipients in enumerate(rung.to):
                    path = ("ladders", name, kind, index, "to", at, "when")
                    checker.compile(path, recipients.when, None, ValueType.BOOL)


def _changes(checker: _Checker) -> None:
    data = checker.process.data
    for change in changes(checker.process):
        for name, value in change.set.items():
            if name in data:
                checker.value((*change.path, "set", name), value, data[name], change.form)
        for name, record in change.append.items():
            if name not in data:
                continue
            path = (*change.path, "append", name)
            fields = data[name].fields or {}
            if data[name].of != "record":
                said = f"'{name}' is no list of records"
                checker.add("E308", path, said, "`append` adds a record; say `set` otherwise")
                continue
            for key, value in record.items():
                if key in fields:
                    checker.value((*path, key), value, fields[key], change.form)
            for key, item in fields.items():
                if item.required and key not in record:
                    checker.add("E308", path, f"the record lacks its required field '{key}'")


def _tables(checker: _Checker) -> None:
    process = checker.process
    scope = checker.scope(None)
    fields = {f"data.{name}": item for name, item in process.data.items()}
    for name, table in process.tables.items():
        path: Path = ("tables", name)
        checker.findings += check_table(table, scope, fields, path)
        for given, source in table.inputs.items():
            if _sound(source, scope):
                checker.compile((*path, "inputs", given), source, None, None)
    for name, field_ in process.data.items():
        if field_.derive in process.tables:
            _derived(checker, name, str(field_.derive))


def _derived(checker: _Checker, name: str, table_name: str) -> None:
    """A table that gives a field's value gives one that the field can hold."""
    item, table = checker.process.data[name], checker.process.tables[table_name]
    if value_type(item) not in _OUTPUTS[table.output]:
        said = f"the table '{table_name}' gives {table.output}, the field is {item.type}"
        checker.add("E316", ("data", name, "derive"), said)
        return
    for index, row in enumerate(table.rows):
        if item.type == "enum" and row.then not in item.choices:
            path = ("tables", table_name, "rows", index, "then")
            checker.findings.append(unknown("E304", path, "value", str(row.then), item.choices))
