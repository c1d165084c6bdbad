"""Who owns a key: the value and the questions.

What it is: `KeyClaim` and the statements that find an owner. What it is not: the claiming, which
is the store's. Who may import it: the records.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Executable, bindparam, select

from activities.records.schema import CaseKey


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """Who owns a key. `mine` tells whether this claim (or an earlier one of the same claimant) won;
    the rest is the owner's."""

    mine: bool
    case: str
    number: int
    digest: str
    origin: str
    claimant: str
    claimed_at: int
    ended: int | None


NEWEST_OWNER = (
    select(
        CaseKey.case_id.label("case"),
        CaseKey.number,
        CaseKey.digest,
        CaseKey.origin,
        CaseKey.claimant,
        CaseKey.claimed_at,
        CaseKey.ended,
    )
    .where(CaseKey.process == bindparam("process"), CaseKey.key == bindparam("key"))
    .order_by(CaseKey.number.desc())
    .limit(1)
)
OWNER = NEWEST_OWNER.where(CaseKey.number == bindparam("number"))


def owner(
    connection: Connection, wanted: Executable, values: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The owner that the statement finds with these values."""
    found = connection.execute(wanted, values).mappings().one_or_none()
    return None if found is None else dict(found)
