"""Rows laid on pages.

What it is: pure. A row that does not fit begins the next page, under the head of its table; one
that is higher than a page goes on there. A heading never stands alone at the foot.
What it is not: drawing.
Who may import it: the documents package.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from activities.documents.layout import GAP, Cell, Row

Page = tuple["Placed", ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A row, and how far below the top of the page's body it begins."""

    row: Row
    y: float
    height: float


class _Body:
    """The body of the page that is being filled."""

    def __init__(self, room: float) -> None:
        self.room = room
        self.used = 0.0
        self.placed: list[Placed] = []

    @property
    def left(self) -> float:
        return self.room - self.used

    def add(self, row: Row) -> None:
        self.placed.append(Placed(row, self.used, row.height))
        self.used += row.height


def paged(rows: Iterable[Row], first: float, others: float) -> Iterator[Page]:
    """The pages; the body of the first has so many points, that of the others so many."""
    body = _Body(first)
    for group in _kept_together(rows, others):
        if sum(row.height for row in group) > body.left:
            alone = group[-1]
            head = sum(row.height for row in group[:-1])
            divided = alone.height > others / (2 if alone.whole else 3)
            if not (divided and body.left - head >= _least(alone)):
                if body.placed:
                    yield tuple(body.placed)
                    body = _Body(others)
                for row in _head_of(group[0], others):
                    body.add(row)
        for row in group[:-1]:
            body.add(row)
        rest: Row | None = group[-1]
        while rest is not None and rest.height > body.left:
            part, rest = _divided(rest, body.left)
            if part is not None:
                body.add(part)
            yield tuple(body.placed)
            body = _Body(others)
            for row in _head_of(rest, others):
                body.add(row)
        if rest is not None:
            body.add(rest)
    if body.placed:
        yield tuple(body.placed)


def _kept_together(rows: Iterable[Row], room: float) -> Iterator[list[Row]]:
    """Each row behind those that it must not be parted from, as long as that is not too much to
    be carried to the next page."""
    group: list[Row] = []
    high = 0.0
    for row in rows:
        group.append(row)
        high += row.height
        if not row.keep or high > room / 2:
            yield group
            group, high = [], 0.0
    if group:
        yield group


def _head_of(row: Row | None, room: float) -> tuple[Row, ...]:
    """The head of its table, if it leaves room on a page for anything else."""
    if row is None or sum(one.height for one in row.head) + _least(row) > room:
        return ()
    return row.head


def _least(row: Row) -> float:
    """What the first line of every cell needs."""
    return max((cell.lines[0].style.height if cell.lines else 0) + GAP for cell in row.cells)


def _divided(row: Row, room: float) -> tuple[Row | None, Row | None]:
    """The part of a row that fits, and the rest. On a page where nothing fits there is no part."""
    parts = [_cut(cell, room) for cell in row.cells]
    now = tuple(part for part, _ in parts)
    later = tuple(rest for _, rest in parts)
    if not any(cell.lines for cell in now):
        return None, row
    if not any(cell.lines for cell in later):
        return replace(row, cells=now), None
    return replace(row, cells=now), replace(row, cells=later)


def _cut(cell: Cell, room: float) -> tuple[Cell, Cell]:
    used, count = GAP, 0
    for line in cell.lines:
        if used + line.style.height > room:
            break
        used, count = used + line.style.height, count + 1
    return (
        replace(cell, lines=cell.lines[:count], top=True),
        replace(cell, lines=cell.lines[count:], top=True),
    )
