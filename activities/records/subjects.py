"""What cases are about: the machine, the customer, whatever their processes name.

What it is: the writing of the projection `case_subject`, and the question for every case of any
process about one thing, in the order in which they were opened.
What it is not: the cases that belong together by what one asked of another (`dossier`).
Who may import it: the records; everybody else asks `Records.read`.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select
from sqlalchemy import tuple_ as tuple_of

from activities.records.dossier import known
from activities.records.schema import CaseProblem, CaseState, CaseSubject, Journal
from activities.records.statements import Prepared
from workflows.core.effects import CaseView

MOST_NEAR = 5
"""Values that are offered where nothing was found."""


def folded(value: str) -> str:
    """A value as it is kept for the search: wide signs as narrow ones, no capitals, one space at a
    time."""
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def rows_of(view: CaseView, number: int) -> list[dict[str, Any]]:
    """The rows of one case."""
    return [
        {
            "case_id": view.case,
            "number": number,
            "kind": kind,
            "value": folded(written),
            "written": written,
        }
        for kind, written in view.subjects.items()
    ]


class SubjectKeeper:
    """`drop` forgets those of a case, `save` replaces them."""

    def __init__(self, drop: Prepared, save: Prepared) -> None:
        self._drop = drop
        self._save = save

    def keep(self, connection: Connection, view: CaseView, number: int) -> None:
        """What the case is about now; what it was about before is forgotten."""
        self._drop.run(connection, [{"of_case": view.case, "of_number": number}])
        if rows := rows_of(view, number):
            self._save.run(connection, rows)


@dataclass(frozen=True, slots=True)
class About:
    """The cases about one thing, as they were opened; `more` if there are others behind them.

    Where there is none: the kinds that there are, and values of this kind that are like it.
    """

    items: tuple[dict[str, Any], ...]
    more: bool = False
    kinds: tuple[str, ...] = ()
    near: tuple[str, ...] = ()


def about(
    connection: Connection,
    kind: str,
    value: str,
    now: int | None,
    limit: int,
    after: tuple[int, str, int] | None,
    organisations: Sequence[str] | None = None,
) -> About:
    """The cases about `value`, those behind `after` (opened, case, number) if that is said."""
    wanted = _wanted(kind, value)
    if organisations is not None:
        wanted = wanted.where(CaseState.organisation.in_(organisations))
    if after is not None:
        opened, case, number = after
        wanted = wanted.where(
            or_(
                CaseState.opened > opened,
                and_(
                    CaseState.opened == opened,
                    tuple_of(CaseState.case_id, CaseState.number) > (case, number),
                ),
            )
        )
    found = connection.execute(wanted.limit(limit + 1)).all()
    names = [(row.case_id, row.number) for row in found[:limit]]
    openers, problems = _openers(connection, names), _problems(connection, names)
    items = tuple(
        {
            **known(row.view, row.number, None, now),
            **{name: row.view[name] for name in ("owner", "owner_role", "level", "origin")},
            "subjects": row.view["subjects"],
            "keep_until": row.view["keep_until"],
            "opened_by": openers.get(name, {"actor": "", "roles": []}),
            "problems": problems.get(name, []),
        }
        for name, row in zip(names, found, strict=False)
    )
    if items or after is not None:
        return About(items, len(found) > limit)
    return About((), kinds=_kinds(connection), near=_near(connection, kind, value))


def _wanted(kind: str, value: str) -> Select[Any]:
    return (
        select(CaseState.view, CaseState.case_id, CaseState.number)
        .join(
            CaseSubject,
            and_(CaseSubject.case_id == CaseState.case_id, CaseSubject.number == CaseState.number),
        )
        .where(CaseSubject.kind == kind, CaseSubject.value == folded(value))
        .order_by(CaseState.opened, CaseState.case_id, CaseState.number)
    )


def _openers(
    connection: Connection, names: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], dict[str, Any]]:
    """Who sent the opening of each case."""
    wanted = (
        select(Journal.case_id, Journal.number, Journal.actor, Journal.roles)
        .where(tuple_of(Journal.case_id, Journal.number).in_(names), Journal.kind == "opened")
        .order_by(Journal.seq, Journal.revision)
    )
    rows = connection.execute(wanted) if names else ()
    return {(row.case_id, row.number): {"actor": row.actor, "roles": row.roles} for row in rows}


def _problems(
    connection: Connection, names: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], list[dict[str, Any]]]:
    wanted = (
        select(CaseProblem.__table__)
        .where(tuple_of(CaseProblem.case_id, CaseProblem.number).in_(names))
        .where(CaseProblem.cleared.is_(None))
        .order_by(CaseProblem.since, CaseProblem.code)
    )
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in connection.execute(wanted).mappings() if names else ():
        said = {name: row[name] for name in ("code", "detail", "since")}
        found.setdefault((row["case_id"], row["number"]), []).append(said)
    return found


def _kinds(connection: Connection) -> tuple[str, ...]:
    wanted = select(CaseSubject.kind).distinct().order_by(CaseSubject.kind)
    return tuple(connection.scalars(wanted))


def _near(connection: Connection, kind: str, value: str) -> tuple[str, ...]:
    """Values that have the text in them, else its beginning; in the spelling of one case each."""
    text = folded(value)
    for part in (text, text[: max(2, len(text) // 2)]):
        wanted = (
            select(func.min(CaseSubject.written))
            .where(CaseSubject.kind == kind, CaseSubject.value.contains(part, autoescape=True))
            .group_by(CaseSubject.value)
            .order_by(CaseSubject.value)
            .limit(MOST_NEAR)
        )
        if part and (found := tuple(connection.scalars(wanted))):
            return found
    return ()
