"""Closed cases as inquiries read them: one query over the projections of cases and clocks.

What it is: the query, and its rows as frozen values in their order.
What it is not: what is made of them; computations do that.
Who may import it: the queries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, Connection, RowMapping, Select, and_, cast, select

from activities.computations.cases import ClosedCase, ClosedClock
from activities.records.schema import CaseState, Clock

KEEP_UNTIL = cast(CaseState.view["keep_until"].as_string(), BigInteger)
"""None where the view has none."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Which closed cases: of an organisation unless it is empty, closed in `[since, until)`, those
    that need not be kept until `expired`, all but `besides`."""

    organisation: str = ""
    since: int | None = None
    until: int | None = None
    expired: int | None = None
    besides: str = ""


def closed_cases(connection: Connection, wanted: Closed) -> tuple[ClosedCase, ...]:
    """The cases, in the order of closing."""
    return tuple(_cases(connection.execute(_query(wanted)).mappings()))


def _query(asked: Closed) -> Select[Any]:
    of_case = and_(Clock.case_id == CaseState.case_id, Clock.number == CaseState.number)
    wanted = (
        select(
            CaseState.case_id,
            CaseState.number,
            CaseState.process,
            CaseState.organisation,
            CaseState.profile,
            CaseState.opened,
            CaseState.closed,
            CaseState.owner,
            CaseState.view["title"].label("title"),
            KEEP_UNTIL.label("keep_until"),
            Clock.clock,
            Clock.cycle,
            Clock.kind,
            Clock.phase,
            Clock.anchor,
            Clock.due,
            Clock.exclusive,
            Clock.ended.label("clock_ended"),
            Clock.breached,
        )
        .outerjoin(Clock, of_case)
        .where(CaseState.closed.is_not(None), CaseState.case_id != asked.besides)
        .order_by(CaseState.closed, CaseState.case_id, CaseState.number, Clock.clock, Clock.cycle)
    )
    for condition in (
        CaseState.organisation == asked.organisation if asked.organisation else None,
        None if asked.since is None else CaseState.closed >= asked.since,
        None if asked.until is None else CaseState.closed < asked.until,
        None if asked.expired is None else asked.expired > KEEP_UNTIL,
    ):
        if condition is not None:
            wanted = wanted.where(condition)
    return wanted


def _cases(rows: Any) -> Iterator[ClosedCase]:
    for _, group in groupby(rows, key=lambda row: (row["case_id"], row["number"])):
        own = list(group)
        first: RowMapping = own[0]
        title = first["title"] or {}
        yield ClosedCase(
            case=first["case_id"],
            number=first["number"],
            process=first["process"],
            title=(str(title.get("zh", "")), str(title.get("en", ""))),
            organisation=first["organisation"],
            profile=first["profile"],
            opened=first["opened"],
            closed=first["closed"],
            keep_until=first["keep_until"],
            owner=first["owner"],
            clocks=tuple(_clock(row) for row in own if row["clock"] is not None),
        )


def _clock(row: RowMapping) -> ClosedClock:
    return ClosedClock(
        clock=row["clock"],
        cycle=row["cycle"],
        kind=row["kind"],
        phase=row["phase"],
        anchor=row["anchor"],
        due=row["due"],
        exclusive=row["exclusive"],
        ended=row["clock_ended"],
        breached=row["breached"],
    )
