"""A filled document as PDF: A4, with the head, the foot and the borders of a paper form.

What it is: `pdf(fill)`, pure: the same document gives the same bytes, whenever and wherever it is
printed; its date of creation is the instant at which it was asked for.
What it is not: keeping it.
Who may import it: the documents package, its tests, and surfaces that print.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from activities.documents.layout import PAD, rows_of
from activities.documents.pages import paged
from activities.documents.portable import written
from activities.documents.sheet import A4, FOOT, MARGIN, RUNNING, TOP, Sheet, head
from activities.documents.values import local
from activities.notices.channels.base import Permanent
from definitions.problems import DuecourseError
from workflows.core.effects import Fill

MAX_ROWS = 2000
MAX_SIGNS = 500_000
"""Of all values together; some three hundred pages."""


class DocumentInvalid(DuecourseError):
    """The document cannot be printed as it is asked for, now or later: too much of it, a template
    that does not go with its facts, an unknown zone."""

    code = "document_invalid"


def pdf(fill: Fill) -> bytes:
    """The document as PDF. Raises `DocumentInvalid`."""
    _check_size(fill)
    wide, high = A4[::-1] if fill.landscape else A4
    room = wide - 2 * MARGIN
    try:
        printed = local(fill.at, fill.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise DocumentInvalid(
            f"the zone {fill.zone[:60]!r} is unknown", facts={"document": fill.document}
        ) from unknown
    top = list(head(fill, room))
    try:
        rows = list(rows_of(fill, room))
    except Permanent as broken:
        raise DocumentInvalid(broken.message, facts={"document": fill.document}) from broken
    first = high - TOP - FOOT - sum(line.style.height for line, _ in top) - PAD
    pages = list(paged(rows, first, high - TOP - FOOT - RUNNING)) or [()]
    sheets = [
        Sheet(fill, wide, high, number, len(pages)).drawn(page, top)
        for number, page in enumerate(pages, 1)
    ]
    stamp = printed.strftime("D:%Y%m%d%H%M%S%z")
    return written(fill, (wide, high), sheets, f"{stamp[:-2]}'{stamp[-2:]}'")


def _check_size(fill: Fill) -> None:
    """Raises `DocumentInvalid` for more than a document may hold."""
    rows = sum(len(block.rows) for block in fill.blocks)
    signs = sum(_signs(block.rows) + _signs(block.fields) for block in fill.blocks)
    for what, found, most in (("rows", rows, MAX_ROWS), ("characters", signs, MAX_SIGNS)):
        if found > most:
            raise DocumentInvalid(
                f"{found} {what} are too many for a document",
                hint=f"at most {most}",
                facts={"document": fill.document, what: found},
            )


def _signs(value: Any) -> int:
    match value:
        case str():
            return len(value)
        case Mapping():
            return sum(map(_signs, value.values()))
        case list() | tuple():
            return sum(map(_signs, value))
    return 0
