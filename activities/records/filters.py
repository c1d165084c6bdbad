"""Which cases a list shows.

What it is: `CaseFilter`, what may be asked, and its conditions.
What it is not: the order of a list, or its pages (`queries`).
Who may import it: the records; everybody else has it from `activities.records`.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_, true

from activities.records.schema import CaseProblem, CaseState, Clock
from activities.records.stuck import due_passed
from definitions.promises import TIMER


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases; what is left out matters not.

    `problem` is a problem's code, or True for any, False for none. `overdue` asks the clocks as at
    `now`, or without one the flag as it was last written. `text` is looked for in key, owner,
    titles and case data, every word of it, in any case. `kept_until`: closed cases whose files must
    be kept until then at the longest.
    """

    process: str | None = None
    state: str | None = None
    organisation: str | None = None
    organisations: tuple[str, ...] | None = None
    """One of these."""
    owner: str | None = None
    owner_role: str | None = None
    level: str | None = None
    overdue: bool | None = None
    ended: bool | None = None
    problem: str | bool | None = None
    text: str | None = None
    kept_until: int | None = None
    now: int | None = None


def conditions(filters: CaseFilter) -> list[ColumnElement[bool]]:
    """The conditions that a case meets."""
    equal = {
        CaseState.process: filters.process,
        CaseState.state: filters.state,
        CaseState.organisation: filters.organisation,
        CaseState.owner: filters.owner,
        CaseState.owner_role: filters.owner_role,
        CaseState.level: filters.level,
    }
    found = [column == value for column, value in equal.items() if value is not None]
    if filters.organisations is not None:
        found.append(CaseState.organisation.in_(filters.organisations))
    if filters.overdue is not None:
        late = CaseState.overdue == true() if filters.now is None else _overdue(filters.now)
        found.append(late if filters.overdue else ~late)
    if filters.ended is not None:
        found.append(CaseState.ended.is_not(None) if filters.ended else CaseState.ended.is_(None))
    if filters.kept_until is not None:
        found.append(CaseState.keep_until <= filters.kept_until)
    if filters.problem is not None:
        found.append(_has_problem(filters.problem))
    found += [
        CaseState.search.contains(word, autoescape=True)
        for word in (filters.text or "").casefold().split()
    ]
    return found


def _overdue(now: int) -> ColumnElement[bool]:
    return exists().where(
        Clock.case_id == CaseState.case_id,
        Clock.number == CaseState.number,
        Clock.phase.in_(("running", "paused")),
        Clock.kind != TIMER,
        or_(Clock.breached.is_not(None), and_(Clock.phase == "running", due_passed(now))),
    )


def _has_problem(wanted: str | bool) -> ColumnElement[bool]:
    found = exists().where(
        CaseProblem.case_id == CaseState.case_id,
        CaseProblem.number == CaseState.number,
        CaseProblem.cleared.is_(None),
    )
    if isinstance(wanted, str):
        return found.where(CaseProblem.code == wanted)
    return found if wanted else ~found
