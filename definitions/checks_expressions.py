"""Expressions: each compiles in its scope, with the type that its place wants (E301–E305, E316).

What it is: one walk over every place where a definition computes something; `checks_typing` judges
what stands there.
What it is not: texts for people; see `checks_texts`.
Who may import it: the verifier.
"""

from definitions.checks_fields import columns_misfit, items_of, named_item
from definitions.checks_finding import Finding
from definitions.checks_names import budgets, triggers
from definitions.checks_sites import Change, changes, events, link_form, moves, notices, tasks
from definitions.checks_tables import check_table
from definitions.checks_typing import Checker, compiles, sound
from definitions.expressions import ValueType
from definitions.model import (
    BudgetFromTable,
    BudgetUntil,
    Check,
    Clock,
    Form,
    Item,
    Process,
)
from definitions.problems import Path
from definitions.scope import columns, schedule_scope, trigger_form, value_type


def check_expressions(process: Process) -> list[Finding]:
    """Everything wrong with what the process computes."""
    checker = Checker(process)
    checks = (_moves, _guards, _clocks, _tasks, _links, _calls, _documents, _schedules)
    for check in (*checks, _ladders, _changes, _tables):
        check(checker)
    return checker.findings


def _moves(checker: Checker) -> None:
    for site in moves(checker.process):
        checker.compile((*site.path, "owner"), site.move.owner, site.form, ValueType.TEXT)
    for path, notice, form in notices(checker.process):
        checker.compile((*path, "when"), notice.when, form, ValueType.BOOL)


def _guards(checker: Checker) -> None:
    process = checker.process
    checker.compile(("start", "when"), process.start.when, {}, ValueType.BOOL)
    _conditions(checker, ("start",), process.start.checks, {})
    for index, forbid in enumerate(process.forbid):
        checker.compile(("forbid", index, "when"), forbid.when, None, ValueType.BOOL)
    for name, state in process.states.items():
        for index, branch in enumerate(state.auto):
            path: Path = ("states", name, "auto", index, "when")
            checker.compile(path, branch.when, None, ValueType.BOOL)
    for site in events(process):
        form = site.form
        _conditions(checker, site.path, site.event.checks, form)
        checker.compile((*site.path, "when"), site.event.when, form, ValueType.BOOL)
        for index, branch in enumerate(site.event.branches):
            path = (*site.path, "branches", index, "when")
            checker.compile(path, branch.when, form, ValueType.BOOL)
        if site.event.hold is not None:
            path = (*site.path, "hold", "until")
            checker.compile(path, site.event.hold.until, form, ValueType.INSTANT)


def _conditions(checker: Checker, path: Path, checks: tuple[Check, ...], form: Form | None) -> None:
    for index, check in enumerate(checks):
        checker.compile((*path, "checks", index, "when"), check.when, form, ValueType.BOOL)


def _clocks(checker: Checker) -> None:
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


def _instant(checker: Checker, path: Path, source: str, form: Form) -> None:
    """An instant, or a date if it is just a name of one."""
    scope = checker.scope(form)
    is_date = source in scope.variables and scope.type_of(source) is ValueType.DATE
    if not is_date and compiles(source, scope, ValueType.DATE):
        said = "this gives a text, but instant is wanted"
        checker.add("E302", path, said, "keep a date in a field and name that, or use date_start()")
        return
    checker.compile(path, source, form, ValueType.DATE if is_date else ValueType.INSTANT)


def _start_form(process: Process, clock: Clock | None) -> Form:
    return {} if clock is None else trigger_form(process, clock.start)


def _budgets(checker: Checker) -> None:
    process = checker.process
    for path, budget, clock in budgets(process):
        if isinstance(budget, BudgetUntil):
            _instant(checker, (*path, "until"), budget.until, _start_form(process, clock))
        elif isinstance(budget, BudgetFromTable) and budget.table in process.tables:
            checker.present_record((*path, "table"), budget.table)
            output = process.tables[budget.table].output
            if output != "budget":
                said = f"the table '{budget.table}' gives {output}, but a budget is wanted"
                checker.add("E316", (*path, "table"), said, "say `output: budget`")


def _tasks(checker: Checker) -> None:
    for path, _, _, task in tasks(checker.process):
        checker.compile((*path, "when"), task.when, None, ValueType.BOOL)


def _links(checker: Checker) -> None:
    process = checker.process
    for name, link in process.links.items():
        path: Path = ("links", name)
        if not _records(checker, (*path, "each"), link.each):
            continue
        form = link_form(process, name)
        checker.compile((*path, "when"), link.when, form, ValueType.BOOL, link.each)
        checker.compile((*path, "key"), link.key, form, ValueType.TEXT, link.each)
        for part, sources in (("data", link.data), ("event", link.event)):
            for datum, source in sources.items():
                checker.compile((*path, part, datum), source, form, None, link.each)


def _records(checker: Checker, path: Path, name: str | None) -> bool:
    """Whether this is a list of records whose present one can be `item`; no name is none."""
    if name is None:
        return True
    data = checker.process.data
    if name in data and data[name].of != "record":
        checker.add("E308", path, f"'{name}' is no list of records")
    return bool(columns(checker.process, name))


def _calls(checker: Checker) -> None:
    process = checker.process
    for name, state in process.states.items():
        if state.call is None or state.call.computation not in process.computations:
            continue
        wanted = process.computations[state.call.computation].input
        for given, source in state.call.input.items():
            path: Path = ("states", name, "call", "input", given)
            if given in wanted:
                _passed(checker, path, source, wanted[given])


def _passed(checker: Checker, path: Path, source: str, item: Item) -> None:
    """What is handed over, without an event at hand."""
    if checker.compile(path, source, None, value_type(item)):
        checker.literal(path, source, item)
        given = named_item(checker.process, {}, source)
        if given is not None and item.of == "record":
            for said in columns_misfit(given, item, exact=True):
                checker.add("E308", path, said)


def _documents(checker: Checker) -> None:
    for name, document in checker.process.documents.items():
        path: Path = ("documents", name)
        checker.compile((*path, "number"), document.number, None, ValueType.TEXT)
        for index, block in enumerate(document.blocks):
            place = (*path, "blocks", index)
            if block.list is not None and _records(checker, (*place, "list"), block.list):
                where = (*place, "where")
                checker.compile(where, block.where, None, ValueType.BOOL, block.list)


def _schedules(checker: Checker) -> None:
    for name, schedule in checker.process.schedules.items():
        path: Path = ("schedules", name)
        scope = schedule_scope(schedule)
        checker.typed((*path, "key"), schedule.key, scope, ValueType.TEXT)
        for datum, source in schedule.data.items():
            if item := checker.process.data.get(datum):
                checker.typed((*path, "data", datum), source, scope, value_type(item))
                checker.literal((*path, "data", datum), source, item)


def _ladders(checker: Checker) -> None:
    for name, ladder in checker.process.ladders.items():
        for kind, rungs in (("hours", ladder.hours), ("days", ladder.days)):
            for index, rung in enumerate(rungs):
                for at, recipients in enumerate(rung.to):
                    path = ("ladders", name, kind, index, "to", at, "when")
                    checker.compile(path, recipients.when, None, ValueType.BOOL)


def _changes(checker: Checker) -> None:
    data = checker.process.data
    for change in changes(checker.process):
        for name, value in change.set.items():
            if name in data:
                checker.value((*change.path, "set", name), value, data[name], change.form)
        _appended(checker, change)
        _extended(checker, change)
        for name, update in change.update.items():
            path = (*change.path, "update", name)
            if not _records(checker, path, name):
                continue
            checker.compile((*path, "where"), update.where, change.form, ValueType.BOOL, name)
            for key, value in update.set.items():
                if item := columns(checker.process, name).get(key):
                    checker.value((*path, "set", key), value, item, change.form, name)


def _appended(checker: Checker, change: Change) -> None:
    data = checker.process.data
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


def _extended(checker: Checker, change: Change) -> None:
    process = checker.process
    for name, source in change.extend.items():
        if name not in process.data:
            continue
        path, item = (*change.path, "extend", name), process.data[name]
        if item.type != "list":
            said = f"'{name}' is no list"
            checker.add("E308", path, said, "`extend` adds entries; say `set` otherwise")
        elif checker.compile(path, source, change.form, value_type(item)):
            given = named_item(process, items_of(process, change.form), source)
            if given is not None and item.of == "record":
                for said in columns_misfit(given, item, exact=False):
                    checker.add("E308", path, said)


def _tables(checker: Checker) -> None:
    process = checker.process
    for name, table in process.tables.items():
        path: Path = ("tables", name)
        if not _records(checker, (*path, "each"), table.each):
            continue
        scope = checker.scope(None, table.each)
        fields: dict[str, Item] = {f"data.{n}": item for n, item in process.data.items()}
        fields |= {f"item.{n}": item for n, item in columns(process, table.each).items()}
        checker.findings += check_table(table, scope, fields, path)
        for given, source in table.inputs.items():
            if sound(source, scope):
                checker.compile((*path, "inputs", given), source, None, None, table.each)
    for name, field in process.data.items():
        if field.derive is not None:
            checker.answer(("data", name, "derive"), field.derive, field)
