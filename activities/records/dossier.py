"""The cases that belong together: what a case opened, was opened by, and told.

What it is: `links_of`, the links of one case, and `dossier_of`, the tree that it stands in. From
the case one goes up by who opened whom to the topmost, then down over what each opened and told.
A case stands in the tree once, below the one that opened it if that is there. One that was only
told something, or was opened by being told something, gathers what many tell it: it is shown, and
what lies below it only if it is the case asked for or was opened below it. Asked for, it is the
topmost itself, and those that told it stand below it.
What it is not: titles of links, which the rules have; or judgement: `now` is an argument.
Who may import it: the queries.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, select
from sqlalchemy import tuple_ as tuple_of

from activities.records.schema import CaseKey, CaseLink, CaseProblem, CaseState
from definitions.promises import TIMER

MOST_CASES = 500
"""Cases that a dossier holds at most."""
MOST_DEEP = 50
"""Steps from the topmost case, so that a tree is never too deep to be written down."""
_CHUNK = 500
_OPEN = ("running", "paused")


@dataclass(slots=True)
class _Place:
    """One case of the tree. `through`: the links that led to it, newest last."""

    case: str
    depth: int
    how: str = ""
    through: list[dict[str, Any]] = field(default_factory=list)
    below: list["_Place"] = field(default_factory=list)
    expanded: bool = False


def links_of(connection: Connection, case: str) -> dict[str, list[dict[str, Any]]]:
    """The links of a case as `outgoing` and `incoming`, in the order of their rows."""
    return {
        "outgoing": _rows(connection, _links().where(CaseLink.source == case)),
        "incoming": _rows(connection, _links().where(CaseLink.target == case)),
    }


def dossier_of(connection: Connection, case: str, now: int | None) -> dict[str, Any]:
    """The tree in which a case stands. `overdue` is as at `now`, or without one as last written.

    `cut` tells that there are more cases than are shown.
    """
    return _Dossier(connection, case).told(now)


class _Dossier:
    def __init__(self, connection: Connection, asked: str) -> None:
        self._connection = connection
        self._asked = asked
        self._origins: dict[str, str] = {}
        self._links: dict[str, list[dict[str, Any]]] = {}
        self._cut = False
        self._way = self._up()
        self._top = _Place(self._way[0], 0)
        self._placed = {self._top.case: self._top}
        self._place_opened()
        self._place_told()

    def told(self, now: int | None) -> dict[str, Any]:
        facts = _facts(self._connection, list(self._placed), now)
        return {
            "case": self._asked,
            "top": self._top.case,
            "count": len(self._placed),
            "cut": self._cut,
            "tree": self._node(self._top, facts),
        }

    def _node(self, place: _Place, facts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
        below = sorted(place.below, key=lambda one: _order(one.through))
        return {
            **facts[place.case],
            "asked": place.case == self._asked,
            "how": place.how,
            "through": place.through,
            "expanded": place.expanded,
            "children": [self._node(one, facts) for one in below],
        }

    # --- up ---------------------------------------------------------------------------------

    def _up(self) -> list[str]:
        """From the topmost case to the one asked for, each opened by the one before."""
        way = [self._asked]
        while True:
            self._know_origins(way[:1])
            origin = self._origins.get(way[0], "")
            if not origin or origin in way or self._only_told(origin, way[0]):
                return way
            if len(way) == MOST_DEEP:
                self._cut = True
                return way
            way.insert(0, origin)

    def _only_told(self, origin: str, case: str) -> bool:
        """Whether a case was opened because it was told something: then it is nobody's part."""
        wanted = _links().where(CaseLink.source == origin, CaseLink.target == case)
        found = _rows(self._connection, wanted)
        return bool(found) and all(row["event"] is not None for row in found)

    # --- down -------------------------------------------------------------------------------

    def _place_opened(self) -> None:
        """Level by level, the cases that those of the level before have opened."""
        # What was opened below the case asked for is told whole.
        whole = {self._asked}
        level = [self._top]
        while level:
            self._know_links([place.case for place in level])
            level = [one for place in level for one in self._opened_by(place, whole)]

    def _opened_by(self, place: _Place, whole: set[str]) -> Iterator[_Place]:
        """Place them; those that are to be expanded come back."""
        place.expanded = True
        for target, through in self._opened(place).items():
            child = self._put(place, target, "opened", through)
            if child is None:
                continue
            if place.case in whole:
                whole.add(target)
            asked = any(one["event"] is None for one in through)
            if asked or target in whole or target in self._way:
                yield child

    def _opened(self, place: _Place) -> dict[str, list[dict[str, Any]]]:
        found = _by_target(self._links.get(place.case, ()))
        found = {
            target: through
            for target, through in found.items()
            if self._origins.get(target) == place.case
        }
        # Who opened a case is known by the case; its asker's row may have been lost with a backup.
        for above, below in zip(self._way, self._way[1:], strict=False):
            if above == place.case:
                found.setdefault(below, [])
        return found

    def _place_told(self) -> None:
        for place in [one for one in self._placed.values() if one.expanded]:
            for target, through in _by_target(self._links.get(place.case, ())).items():
                told = any(one["event"] is not None for one in through)
                self._put(place, target, "told" if told else "asked", through)
        incoming = _rows(self._connection, _links().where(CaseLink.target == self._asked))
        by_source: dict[str, list[dict[str, Any]]] = {}
        for link in incoming:
            by_source.setdefault(link["source"], []).append(link)
        for source, through in by_source.items():
            self._put(self._placed[self._asked], source, "tells", through)

    def _put(
        self, above: _Place, case: str, how: str, through: list[dict[str, Any]]
    ) -> _Place | None:
        """Place a case, unless it has its place or there is no room."""
        if case in self._placed:
            return None
        if not self._room(case) or above.depth == MOST_DEEP:
            self._cut = True
            return None
        made = _Place(case, above.depth + 1, how, through)
        above.below.append(made)
        self._placed[case] = made
        return made

    def _room(self, case: str) -> bool:
        """Room is kept for the case asked for and those on the way to it."""
        kept = sum(one not in self._placed for one in self._way)
        return case in self._way or len(self._placed) + kept < MOST_CASES

    # --- what is known ----------------------------------------------------------------------

    def _know_links(self, cases: Sequence[str]) -> None:
        """What these cases asked of others, and who opened those."""
        for some in _chunks(cases):
            for row in _rows(self._connection, _links().where(CaseLink.source.in_(some))):
                self._links.setdefault(row["source"], []).append(row)
        rows = (row for case in cases for row in self._links.get(case, ()))
        self._know_origins(list(dict.fromkeys(row["target"] for row in rows)))

    def _know_origins(self, cases: Sequence[str]) -> None:
        asked = [case for case in cases if case not in self._origins]
        for some in _chunks(asked):
            # The first number counts: a case that was opened again is still whose it was.
            wanted = select(CaseKey.case_id, CaseKey.origin).where(CaseKey.case_id.in_(some))
            for row in self._connection.execute(wanted.order_by(CaseKey.number.desc())):
                self._origins[row.case_id] = row.origin


def _by_target(links: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for link in links:
        found.setdefault(link["target"], []).append(link)
    return found


def _order(through: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    return (through[0]["number"], through[0]["seq"]) if through else (0, 0)


def _links() -> Select[Any]:
    return select(CaseLink.__table__).order_by(CaseLink.source, CaseLink.number, CaseLink.seq)


def _rows(connection: Connection, wanted: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(wanted).mappings()]


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[first : first + _CHUNK] for first in range(0, len(names), _CHUNK))


# --- what is told of each case ----------------------------------------------------------------


def _facts(
    connection: Connection, cases: Sequence[str], now: int | None
) -> dict[str, dict[str, Any]]:
    found = {case: _unknown(case) for case in cases}
    for some in _chunks(cases):
        wanted = (
            select(CaseState.view, CaseState.case_id, CaseState.number, CaseKey.digest)
            .join(
                CaseKey,
                (CaseKey.case_id == CaseState.case_id) & (CaseKey.number == CaseState.number),
                isouter=True,
            )
            .where(CaseState.case_id.in_(some))
            .order_by(CaseState.number)
        )
        for row in connection.execute(wanted):
            found[row.case_id] = known(row.view, row.number, row.digest, now)
        numbers = [(case, found[case]["number"]) for case in some]
        problems = (
            select(CaseProblem.__table__)
            .where(CaseProblem.cleared.is_(None))
            .where(tuple_of(CaseProblem.case_id, CaseProblem.number).in_(numbers))
            .order_by(CaseProblem.since, CaseProblem.code)
        )
        for problem in connection.execute(problems).mappings():
            said = {name: problem[name] for name in ("code", "detail", "since")}
            found[problem["case_id"]]["problems"].append(said)
    return found


def _unknown(case: str) -> dict[str, Any]:
    """A case that was asked for and that the records do not know: not opened, or not yet."""
    process, _, key = case.partition(":")
    return {"case": case, "known": False, "process": process, "key": key, "number": 0} | {
        "digest": "",
        "title": {"zh": process, "en": process},
        "state": "",
        "state_title": {},
        "zone": "UTC",
        **dict.fromkeys(("opened", "since", "closed", "ended")),
        "overdue": False,
        "clocks": [],
        "problems": [],
    }


_OF_VIEW = ("case", "process", "key", "number", "title", "state", "state_title", "zone")
_OF_CLOCK = ("clock", "cycle", "title", "kind", "party", "phase", "due", "exclusive", "provisional")


def known(
    view: Mapping[str, Any], number: int, digest: str | None, now: int | None
) -> dict[str, Any]:
    """What is told of a case that the records know, with its open clocks. `overdue` is as at `now`,
    or without one as last written."""
    clocks = [clock for clock in view["clocks"] if clock["phase"] in _OPEN]
    late = [
        clock["kind"] != TIMER and (clock["breached"] is not None or _passed(clock, now))
        for clock in clocks
    ]
    return {
        **{name: view[name] for name in _OF_VIEW},
        "known": True,
        "number": number,
        "digest": digest or "",
        **{name: view[name] for name in ("opened", "since", "closed", "ended")},
        "overdue": view["overdue"] if now is None else any(late),
        "clocks": [
            {**{name: clock[name] for name in _OF_CLOCK}, "overdue": overdue}
            for clock, overdue in zip(clocks, late, strict=True)
        ],
        "problems": [],
    }


def _passed(clock: Mapping[str, Any], now: int | None) -> bool:
    """Whether a running clock's deadline has passed, as `stuck.due_passed` asks the database."""
    due = clock["due"]
    if now is None or due is None or clock["phase"] != "running" or clock["provisional"]:
        return False
    return bool(due < now or (clock["exclusive"] and due <= now))
