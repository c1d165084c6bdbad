"""Which open cases need somebody, and why.

What it is: the reasons, each a question to the projections as at an instant. Lateness is computed
from the clocks' deadlines, not from a flag that somebody should have set: a worker that is down
sets none.
What it is not: judgement on a case; a breach is the core's.
Who may import it: the queries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select
from sqlalchemy import tuple_ as tuple_of

from activities.records.schema import CaseProblem, CaseState, Clock, DeliveryMark, Notice
from definitions.promises import TIMER

ReasonKind = Literal["late", "escalated", "undeliverable", "silent", "technical"]
Joined = Clock | Notice | CaseProblem
_CHUNK = 500
_AMOUNTS = {"late": (("due", "late_seconds"),), "silent": (("since", "silent_seconds"),)}
"""What is told beside an instant: the seconds since it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a case is stuck; `facts` hold values that JSON can hold."""

    kind: ReasonKind
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StuckCase:
    """An open case with its view and every reason."""

    case: str
    number: int
    view: dict[str, Any]
    reasons: tuple[Reason, ...]

    @property
    def late_since(self) -> int | None:
        """The earliest deadline that has passed."""
        return min(
            (item.facts["due"] for item in self.reasons if item.kind == "late"), default=None
        )


def due_passed(now: int) -> ColumnElement[bool]:
    """Whether a clock's deadline has passed at `now`: an inclusive one is in time at its own
    second, an exclusive one (24:00) is not. A provisional one judges nobody, nor
    does a timer."""
    return and_(
        Clock.kind != TIMER,
        Clock.provisional.is_(False),
        or_(Clock.due < now, and_(Clock.exclusive, Clock.due <= now)),
    )


def _late(now: int) -> Select[Any]:
    return (
        _of_open_cases(Clock, Clock.clock, Clock.cycle, Clock.kind, Clock.party, Clock.title)
        .add_columns(Clock.due, Clock.exclusive, Clock.assignee, Clock.level)
        .where(Clock.phase == "running", due_passed(now))
        .order_by(Clock.due, Clock.clock, Clock.cycle)
    )


def _escalated(now: int) -> Select[Any]:
    return (
        _of_open_cases(Clock, Clock.clock, Clock.cycle, Clock.level, Clock.assignee)
        .where(Clock.phase.in_(("running", "paused")), Clock.level != "")
        .order_by(Clock.clock, Clock.cycle)
    )


def _undeliverable(now: int) -> Select[Any]:
    return (
        _of_open_cases(Notice, Notice.key, Notice.role, Notice.at, Notice.clock, Notice.rung)
        .add_columns(DeliveryMark.channel, DeliveryMark.recipient)
        .add_columns(DeliveryMark.attempts, DeliveryMark.error)
        .join(DeliveryMark, DeliveryMark.notice_key == Notice.key)
        .where(DeliveryMark.status == "undeliverable")
        .order_by(Notice.at, Notice.key, DeliveryMark.channel, DeliveryMark.recipient)
    )


def _silent(now: int) -> Any:
    # Who is on hold is expected to be silent until then.
    not_held = or_(CaseState.hold_until.is_(None), CaseState.hold_until <= now)
    told = select(
        CaseState.case_id,
        CaseState.number,
        CaseState.state,
        CaseState.since,
        CaseState.silent_after,
        CaseState.owner,
        CaseState.owner_role,
    )
    return told.where(CaseState.ended.is_(None), CaseState.silent_after < now, not_held)


def _technical(now: int) -> Select[Any]:
    return (
        _of_open_cases(CaseProblem, CaseProblem.code, CaseProblem.detail, CaseProblem.since)
        .where(CaseProblem.cleared.is_(None))
        .order_by(CaseProblem.since, CaseProblem.code)
    )


def _of_open_cases(table: type[Joined], *columns: Any) -> Select[Any]:
    return (
        select(CaseState.case_id, CaseState.number, *columns)
        .select_from(table)
        .join(
            CaseState,
            and_(CaseState.case_id == table.case_id, CaseState.number == table.number),
        )
        .where(CaseState.ended.is_(None))
    )


# The order is that of the reasons of a case.
_QUESTIONS: dict[ReasonKind, Callable[[int], Select[Any]]] = {
    "late": _late,
    "escalated": _escalated,
    "undeliverable": _undeliverable,
    "silent": _silent,
    "technical": _technical,
}


def find_stuck(connection: Connection, now: int) -> tuple[StuckCase, ...]:
    """Every open case with a reason; the longest late first, then by case."""
    reasons: dict[tuple[str, int], list[Reason]] = {}
    for kind, question in _QUESTIONS.items():
        for row in (connection.execute(question(now))).mappings():
            facts = dict(row)
            name = (facts.pop("case_id"), facts.pop("number"))
            for start, amount in _AMOUNTS.get(kind, ()):
                facts[amount] = now - facts[start]
            reasons.setdefault(name, []).append(Reason(kind, facts))
    names = list(reasons)
    found = []
    for first in range(0, len(names), _CHUNK):
        views = select(CaseState.case_id, CaseState.number, CaseState.view).where(
            tuple_of(CaseState.case_id, CaseState.number).in_(names[first : first + _CHUNK])
        )
        found += [
            StuckCase(row.case_id, row.number, row.view, tuple(reasons[row.case_id, row.number]))
            for row in connection.execute(views)
        ]
    return tuple(sorted(found, key=_urgency))


def _urgency(item: StuckCase) -> tuple[bool, int, str, int]:
    late = item.late_since
    return (late is None, late or 0, item.case, item.number)
