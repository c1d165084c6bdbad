"""Ladders and budgets: rungs fit the deadlines they serve, and end at a human (E407, E5xx).

What it is: for each clock and task, the rungs it would use, held against its budget as far as that
is known before a case exists.
What it is not: arithmetic of instants; that is the core's.
Who may import it: the verifier.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from definitions.budget import Budget
from definitions.checks_finding import Finding
from definitions.checks_sites import tasks
from definitions.expressions import ValueType
from definitions.model import (
    AnyBudget,
    BudgetUntil,
    Process,
    Rung,
)
from definitions.problems import Path
from definitions.scope import case_scope, trigger_form
from definitions.tables import CellError, typed_answer


@dataclass(frozen=True, slots=True)
class _Use:
    """A ladder in use: by whom, for which budgets."""

    path: Path
    ladder: str
    budgets: tuple[Budget, ...]
    by_days: frozenset[bool]
    """Which lists of rungs it can need: True for `days`, False for `hours`."""
    assignee: tuple[str, ...]
    """The roles that `assignee` may stand for."""
    lapses: bool


def check_ladders(process: Process) -> list[Finding]:
    """Everything wrong with ladders, and with how clocks use them."""
    found = list(_doubled(process))
    told: set[tuple[str, bool, tuple[str, ...]]] = set()
    for use in _uses(process):
        for by_days in sorted(use.by_days):
            key = (use.ladder, by_days, use.assignee)
            rungs = _rungs(process, use, by_days)
            if not rungs:
                kind, budgets = _said(by_days)
                message = (
                    f"the ladder '{use.ladder}' has no `{kind}` rungs for a budget of {budgets}"
                )
                found.append(Finding("E501", (*use.path, "ladder"), message, f"add `{kind}` to it"))
            elif key not in told and not any(_human(process, use, rung) for rung in rungs):
                told.add(key)
                message = (
                    f"the ladder '{use.ladder}' ends at no human: "
                    "no rung at or after due reaches one in every case"
                )
                hint = "add a rung `at: due` to a human role, without `when`"
                found.append(Finding("E407", (*use.path, "ladder"), message, hint))
        found += _misplaced(process, use)
    return found


def _said(by_days: bool) -> tuple[str, str]:
    return ("days", "days, months or a date") if by_days else ("hours", "hours or an instant")


def _doubled(process: Process) -> Iterator[Finding]:
    for name, ladder in process.ladders.items():
        for kind, rungs in (("hours", ladder.hours), ("days", ladder.days)):
            seen: set[str] = set()
            for index, rung in enumerate(rungs):
                if rung.id in seen:
                    path: Path = ("ladders", name, kind, index, "id")
                    message = f"the rung '{rung.id}' stands in this list already"
                    yield Finding("E502", path, message, "a rung's id is unique in its list")
                seen.add(rung.id)


# ---- Uses ----


def _uses(process: Process) -> Iterator[_Use]:
    for name, clock in process.clocks.items():
        if clock.ladder not in process.ladders:
            continue
        scope = case_scope(process, trigger_form(process, clock.start))
        budgets, by_days = [], set()
        for spec in (clock.budget, clock.reopen_budget):
            if spec is not None:
                more, kinds = _known(process, spec, scope.variables)
                budgets += more
                by_days |= kinds
        acting = [state.actor for state in process.states.values() if state.actor]
        roles = (clock.assignee,) if clock.assignee else (process.owner, *acting)
        path: Path = ("clocks", name)
        yield _Use(
            path,
            str(clock.ladder),
            tuple(budgets),
            frozenset(by_days),
            roles,
            clock.lapse is not None,
        )
    for path, _, _, task in tasks(process):
        if task.ladder in process.ladders:
            more, kinds = _known(process, task.budget, case_scope(process, {}).variables)
            yield _Use(path, task.ladder, tuple(more), frozenset(kinds), (task.role,), False)


def _known(
    process: Process, spec: AnyBudget, types: Mapping[str, ValueType | str]
) -> tuple[list[Budget], set[bool]]:
    """The budgets that may come, and which lists of rungs they need."""
    if isinstance(spec, Budget):
        return [spec], {spec.by_days}
    if isinstance(spec, BudgetUntil):
        is_date = types.get(spec.until) is ValueType.DATE
        rest = [spec.otherwise] if spec.otherwise is not None else []
        return rest, {is_date, *(budget.by_days for budget in rest)}
    if spec.table not in process.tables:
        return [], set()
    found: list[Budget] = []
    for row in process.tables[spec.table].rows:
        try:
            answer = typed_answer(row.then, "budget")
        except CellError:
            continue
        if isinstance(answer, Budget):
            found.append(answer)
    return found, {budget.by_days for budget in found}


def _rungs(process: Process, use: _Use, by_days: bool) -> tuple[Rung, ...]:
    ladder = process.ladders[use.ladder]
    return ladder.days if by_days else ladder.hours


# ---- The human at the end ----


def _human(process: Process, use: _Use, rung: Rung) -> bool:
    """Whether this rung, at or after due, reaches a human whatever its conditions say."""
    covered = rung.to[-1].when is None
    return (
        rung.at.is_after_due
        and covered
        and all(
            any(_is_human(process, use, role) for role in recipients.to) for recipients in rung.to
        )
    )


def _is_human(process: Process, use: _Use, name: str) -> bool:
    meant = {"assignee": use.assignee, "owner": (process.owner,)}.get(name, (name,))
    # An unknown role is another finding, and not one that a human is missing.
    return all(role not in process.roles or process.roles[role].kind == "human" for role in meant)


# ---- Rungs before their anchor ----


def _misplaced(process: Process, use: _Use) -> Iterator[Finding]:
    for by_days in sorted(use.by_days):
        for rung in _rungs(process, use, by_days):
            if rung.at.day == "forfeit_day" and rung.at.kind == "local" and not use.lapses:
                message = f"the rung '{rung.id}' stands on the forfeit day, and nothing lapses here"
                yield Finding("E504", (*use.path, "ladder"), message, "use another ladder")
            for budget in use.budgets:
                if budget.by_days == by_days and _before_anchor(rung, budget):
                    message = (
                        f"the rung '{rung.id}' ({rung.at}) stands before the start of a budget "
                        f"of {budget}"
                    )
                    hint = "use a share such as '75%', or another ladder"
                    yield Finding("E503", (*use.path, "ladder"), message, hint)
                    break


def _before_anchor(rung: Rung, budget: Budget) -> bool:
    """Whether that is certain whenever the clock starts."""
    at = rung.at
    if at.kind == "before_due" and at.offset is not None and budget.kind == "seconds":
        # Working hours take at least as long as hours of the clock on the wall, and may take days.
        comparable = at.offset.working or not budget.working
        return comparable and at.offset.amount > budget.amount
    if at.kind == "local" and at.day == "before_due" and budget.kind == "days":
        return budget.working and at.nth > budget.amount
    return False
