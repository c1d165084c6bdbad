"""What somebody outside the engine asks of all cases at once.

What it is: whether wake-ups are overdue, which the engine cannot tell while it is asleep; and whose
cases these are.
Who may import it: the queries.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from activities.records.schema import CaseState

_CHUNK = 500


def overslept(connection: Connection, now: int) -> tuple[int, int] | None:
    """The earliest wake-up before `now` of a case that is open, and how many there are."""
    wanted = select(func.min(CaseState.next_wakeup), func.count()).where(
        CaseState.ended.is_(None), CaseState.next_wakeup < now
    )
    at, count = connection.execute(wanted).one()
    return None if at is None else (int(at), int(count))


def organisations_of(connection: Connection, cases: Sequence[str]) -> dict[str, str]:
    """The organisation of each case, by its newest number."""
    found: dict[str, str] = {}
    for first in range(0, len(cases), _CHUNK):
        wanted = (
            select(CaseState.case_id, CaseState.organisation)
            .where(CaseState.case_id.in_(cases[first : first + _CHUNK]))
            .order_by(CaseState.number)
        )
        found |= {row.case_id: row.organisation for row in connection.execute(wanted)}
    return found
