"""A process made ready to run: its expressions, tables, calendars and relation, compiled once.

What it is: the bridge from the trusted model to the core's arithmetic. Shared by all cases of a
definition and safe to use from several threads: everything is compiled on first use and kept.
What it is not: state of a case.
Who may import it: the core and the durable shell.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from typing import Any

from definitions.budget import Budget, parse_budget
from definitions.calendar import ALWAYS
from definitions.expressions import (
    EvaluationError,
    Expression,
    Scope,
    ValueType,
    compile_expression,
)
from definitions.forms import resolve, start_items
from definitions.model import (
    AnyBudget,
    BudgetFromTable,
    BudgetUntil,
    Clock,
    Event,
    Form,
    Item,
    Ladder,
    Process,
    Rung,
    Task,
    Trigger,
    span_seconds,
)
from definitions.scope import CALL_EVENTS, case_scope, event_forms, trigger_form, value_type
from definitions.tables import CompiledTable, TableError
from workflows.core.case import Cycle
from workflows.core.days import functions
from workflows.core.deadlines import Ruler
from workflows.core.effects import ClockView
from workflows.core.errors import IllegalEvent
from workflows.core.kept import Kept
from workflows.core.machine import Relation, events_of
from workflows.core.triggers import Concerned
from workflows.core.worktime import Always, Worktime

Lookup = Callable[[str], Any]

NO_FIELDS: Form = {}
"""The form of an event without fields of its own. There is one, since what is compiled under a form
is remembered with it."""

ZONE = "Asia/Shanghai"
"""Where a process lives whose only calendar is round the clock."""


class Program:
    """One definition, ready. `process` is its model."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.relation = Relation(process)
        self.tasks: Mapping[str, Task] = {
            name: task for state in process.states.values() for name, task in state.tasks.items()
        }
        self.clocks: Mapping[str, Clock] = process.clocks | {
            name: _task_clock(name, task) for name, task in self.tasks.items()
        }
        self._worktimes: dict[str, Worktime | Always] = {
            name: Worktime(calendar) for name, calendar in process.calendars.items()
        }
        self.zone = _zone(process)
        self._always = Always(self.zone)
        self._worktimes.setdefault(ALWAYS, self._always)
        self._expressions: dict[tuple[str, int, str | None, str | None], Expression] = {}
        self._scopes: dict[tuple[int | None, str | None], Scope] = {}
        self._kept: list[Form] = []
        self._made: dict[tuple[str, str], Form] = {}
        self.plans: dict[Any, Any] = {}
        self.ahead: Kept[Cycle, Any] = Kept()
        self.over: Kept[Cycle, ClockView] = Kept()
        self.shown: dict[str, Any] = {}
        self._tables: dict[str, CompiledTable] = {}
        self._budgets: dict[str, Budget] = {}
        self._rulers: dict[tuple[str, str], Ruler] = {}
        self._events: dict[str, dict[str, Event]] = {}
        self._offered: dict[str, dict[str, Event]] = {}
        self._forms: dict[int, Mapping[str, Item]] = {}
        self._personal: dict[str, frozenset[str]] = {}

    @cached_property
    def _functions(self) -> Mapping[str, Callable[..., Any]]:
        return functions(self.days(self.process.calendar))

    # --- events and forms -------------------------------------------------------------------

    def events(self, state: str) -> Mapping[str, Event]:
        """Events declared for a state (tasks aside)."""
        if state not in self._events:
            self._events[state] = dict(events_of(self.process, state))
        return self._events[state]

    def offered(self, state: str) -> Mapping[str, Event]:
        """Those that somebody may send: not the answers of a service task, which the engine sends,
        and not what only other processes tell."""
        if state not in self._offered:
            called = self.process.states[state].call is not None
            self._offered[state] = {
                name: event
                for name, event in self.events(state).items()
                if not (called and name in CALL_EVENTS)
                if event.by is not None or event.from_ is None
            }
        return self._offered[state]

    def knows_event(self, name: str) -> bool:
        """Whether the process has an event or a task of this name at all."""
        return (
            name in self.tasks
            or name in self.process.anywhere
            or any(name in state.on for state in self.process.states.values())
        )

    def items(self, form: Form | str) -> Mapping[str, Item]:
        """The typed fields of a form."""
        found = self.process.form_of(form)
        if id(found) not in self._forms:
            self._kept.append(found)
            self._forms[id(found)] = resolve(self.process, found)
        return self._forms[id(found)]

    @cached_property
    def start_items(self) -> Mapping[str, Item]:
        """The case fields that an opening may bring."""
        return start_items(self.process)

    @cached_property
    def public_fields(self) -> frozenset[str]:
        """Case fields that are not personal."""
        return frozenset(k for k, item in self.process.data.items() if not item.personal)

    def personal_fields(self, name: str) -> frozenset[str]:
        """Personal fields in any form of an event of this name, and those of the case."""
        if name not in self._personal:
            self._personal[name] = frozenset(self.process.data.keys() - self.public_fields) | {
                field
                for form in event_forms(self.process, name)
                for field, item in self.items(form).items()
                if item.personal
            }
        return self._personal[name]

    def event_form(self, state: str, name: str) -> Form:
        """The form under which an event was sent in a state."""
        event = self.events(state).get(name)
        return NO_FIELDS if event is None else self.process.form_of(event.form)

    @cached_property
    def tolerance(self) -> int:
        """Seconds by which an event may be reported late."""
        return span_seconds(self.process.tolerance)

    @staticmethod
    def seconds(span: Budget) -> int:
        """A length of wall-clock time in seconds."""
        return span_seconds(span)

    @cached_property
    def concerned(self) -> Concerned:
        """Which clocks a trigger concerns."""
        return Concerned(self.process)

    # --- expressions ------------------------------------------------------------------------

    def evaluate(
        self,
        source: str,
        lookup: Lookup,
        form: Form | None,
        expect: ValueType | None,
        each: str | None = None,
    ) -> Any:
        """The value of an expression; IllegalEvent `expression_failed` if it has none. With `each`
        the lookup knows a record of this list as `item`."""
        key = (source, id(form), expect, each)
        found = self._expressions.get(key)
        if found is None:
            scope = self._scope(form, each)
            found = compile_expression(source, scope, expect, self._functions)
            self._expressions[key] = found
        try:
            return found.evaluate(lookup)
        except EvaluationError as error:
            raise IllegalEvent("expression_failed", detail=str(error)) from None

    def evaluate_any(
        self, source: str, lookup: Lookup, form: Form | None, each: str | None = None
    ) -> Any:
        """The value of an expression of any type; None if a name alone has no value."""
        if self.is_name(source, form, each):
            return lookup(source.strip())
        return self.evaluate(source, lookup, form, None, each)

    def is_name(self, source: str, form: Form | None, each: str | None = None) -> bool:
        """Whether an expression is a name and nothing else."""
        return source.strip() in self._scope(form, each).variables

    def holds(
        self, when: str | None, lookup: Lookup, form: Form | None, each: str | None = None
    ) -> bool:
        """Whether a condition holds; none at all holds."""
        return when is None or bool(self.evaluate(when, lookup, form, ValueType.BOOL, each))

    def trigger_form(self, trigger: Trigger) -> Form:
        """The event fields that a trigger's condition may read."""
        return self._form_for(
            ("trigger", trigger.on), lambda: trigger_form(self.process, [trigger])
        )

    def start_form(self, clock: str) -> Form:
        """The event fields that a clock's own expressions may read."""
        spec = self.clocks[clock]
        return self._form_for(("start", clock), lambda: trigger_form(self.process, spec.start))

    def pick(self, clock: str, lookup: Lookup) -> int:
        """Which of the concurrent cycles of a clock is meant."""
        spec = self.clocks[clock]
        assert spec.pick is not None
        form = self._form_for(
            ("pick", clock),
            lambda: trigger_form(self.process, (*spec.stop, *spec.cancel, *spec.reset)),
        )
        return int(self.evaluate(spec.pick, lookup, form, ValueType.INT))

    def decide_table(self, name: str, lookup: Lookup) -> Any:
        """The answer of a decision table; IllegalEvent `no_row` if none matches."""
        if name not in self._tables:
            table = self.process.tables[name]
            scope = self._scope(None, table.each)
            self._tables[name] = CompiledTable(table, scope, self._functions)
        try:
            return self._tables[name].decide(lookup)
        except TableError as error:
            raise IllegalEvent("no_row", detail=f"{name}: {error}") from None
        except EvaluationError as error:
            raise IllegalEvent("expression_failed", detail=str(error)) from None

    def value_type(self, name: str) -> ValueType:
        """The type of a case field in expressions."""
        return value_type(self.process.data[name])

    def _form_for(self, key: tuple[str, str], make: Callable[[], Form]) -> Form:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _scope(self, form: Form | None, each: str | None = None) -> Scope:
        key = (None if form is None else id(form), each)
        if key not in self._scopes:
            if form is not None:
                self._kept.append(form)
            self._scopes[key] = case_scope(self.process, form, each)
        return self._scopes[key]

    # --- clocks -----------------------------------------------------------------------------

    def days(self, calendar: str) -> Worktime | Always:
        """The working days of a calendar."""
        return self._worktimes[calendar]

    def calendar_of(self, clock: str) -> str:
        """The calendar that a clock counts on."""
        return self.clocks[clock].calendar or self.process.calendar

    def budget(self, text: str) -> Budget:
        """A budget's text, parsed once."""
        if text not in self._budgets:
            self._budgets[text] = parse_budget(text)
        return self._budgets[text]

    def ruler(self, cycle: Cycle) -> Ruler:
        """What a cycle is measured with."""
        key = (cycle.calendar, cycle.budget)
        if key not in self._rulers:
            days = self.days(cycle.calendar)
            budget = self.budget(cycle.budget) if cycle.budget else None
            time = days if budget is not None and budget.working else self._always
            self._rulers[key] = Ruler(budget, time, days)
        return self._rulers[key]

    def rungs(self, cycle: Cycle) -> tuple[Rung, ...]:
        """The rungs of a cycle: those for days if its deadline is a day's, else those for hours."""
        ladder: Ladder | None = self.process.ladders.get(cycle.ladder)
        if ladder is None:
            return ()
        by_days = self.budget(cycle.budget).by_days if cycle.budget else cycle.exclusive
        return ladder.days if by_days else ladder.hours

    def resolve_budget(
        self, spec: AnyBudget, lookup: Lookup, form: Form | None, calendar: str
    ) -> tuple[str, int | None, bool]:
        """A budget as a cycle keeps it: text, or the instant of a promise and whether it is a
        day's end."""
        if isinstance(spec, Budget):
            return spec.text, None, False
        if isinstance(spec, BudgetFromTable):
            return str(self.decide_table(spec.table, lookup)), None, False
        assert isinstance(spec, BudgetUntil)
        try:
            value = self._until(spec, lookup, form)
        except IllegalEvent:
            value = None
        if value is None or value == "":
            if spec.otherwise is None:
                raise IllegalEvent("expression_failed", detail=f"{spec.until} has no value")
            return spec.otherwise.text, None, False
        if isinstance(value, int):
            return "", value, False
        days = self.days(calendar)
        return "", days.day_end(date.fromisoformat(value)), True

    def _until(self, spec: BudgetUntil, lookup: Lookup, form: Form | None) -> Any:
        scope = self._scope(form)
        known = spec.until in scope.variables
        expect = scope.type_of(spec.until) if known else ValueType.INSTANT
        if known and lookup(spec.until) is None:
            return None
        return self.evaluate(spec.until, lookup, form, expect)


def _zone(process: Process) -> str:
    """The zone in which the process lives: that of its calendar, or of the first that has one."""
    named = process.calendars.get(process.calendar)
    known = [named] if named is not None else [*process.calendars.values()]
    return known[0].zone if known else ZONE


def _task_clock(name: str, task: Task) -> Clock:
    """The clock that a task brings: it starts and stops with the task."""
    return Clock(
        title=task.title,
        norm=task.norm,
        kind="reply",
        party="internal",
        budget=task.budget,
        calendar=task.calendar,
        start=(Trigger(on="opened"),),
        ladder=task.ladder,
        assignee=task.role,
    )
