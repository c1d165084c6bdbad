"""The map of links between the processes, kept true by them: `python -m surfaces.link_map`.

What it is: the blocks `<!-- generated: NAME -->` of `docs/linked-cases.md` that say which process
opens or tells which, when, and what is carried, and which cases open by the calendar.
What it is not: the page of one process (`process_pages`), or the check of a link (`definitions`).
Only its test imports it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from definitions.checks_sites import moves
from definitions.loader import Catalogue, load_library
from definitions.model import Link, Process
from definitions.problems import Path as Place
from surfaces.process_tables import table

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "linked-cases.md"
_BLOCK: Final = re.compile(r"(<!-- generated: (links|schedules) -->\n).*?(<!-- end -->)", re.S)
# What nearly every opening carries is said once, above the table.
USUAL: Final = ("product_line", "profile", "organisation", "region", "related_case")


class Row(NamedTuple):
    """A link as the map shows it; `sources` take it over from one fragment."""

    sources: list[str]
    target: str
    how: str
    when: str
    carried: str


def refreshed(text: str, catalogue: Catalogue) -> str:
    """The page with its blocks made anew."""
    made = {"links": _links, "schedules": _schedules}
    return _BLOCK.sub(lambda found: f"{found[1]}{made[found[2]](catalogue)}{found[3]}", text)


def rows(catalogue: Catalogue) -> list[Row]:
    """Every link; those that say the same stand in one row."""
    found: dict[tuple[str, ...], Row] = {}
    for name in catalogue:
        process = catalogue[name]
        for link_name, link in process.links.items():
            said = (link.process, _how(link), _when(process, link_name, link), _carried(link))
            found.setdefault(said, Row([], *said)).sources.append(name)
    return list(found.values())


def _links(catalogue: Catalogue) -> str:
    return table(
        ("from", "to", "how", "when", "carries"),
        (
            (", ".join(f"`{one}`" for one in row.sources), f"`{row.target}`", *row[2:])
            for row in rows(catalogue)
        ),
    )


def _how(link: Link) -> str:
    said = "opens a child" if link.child else "opens"
    if link.tell is not None:
        said = f"tells `{link.tell}`"
        if link.start == "if_absent":
            said += ", opening it if absent"
    return said + (f", for each of `{link.each}`" if link.each else "")


def _when(process: Process, name: str, link: Link) -> str:
    places = dict.fromkeys(
        _place(process, site.path)
        for site in moves(process)
        if name in (*site.move.open, *site.move.tell)
    )
    return ", ".join(places) + (f"; if `{link.when}`" if link.when else "")


def _place(process: Process, path: Place) -> str:
    """What happens in the case when a move is made."""
    match path:
        case ("start", *_):
            return "at its opening"
        case ("states", _, "on", name, *_) | ("anywhere", name, *_):
            return f"`{name}`"
        case ("states", name, "auto", *_):
            return f"enter `{name}`"
        case ("clocks", name, *_):
            return f"`{name}` lapses"
        case _:
            raise ValueError(f"{process.process}: a move at {path}")


def _carried(link: Link) -> str:
    own = [name for name in {**link.data, **link.event} if name not in USUAL]
    return ", ".join(f"`{name}`" for name in own)


def _schedules(catalogue: Catalogue) -> str:
    return table(("process", "when", "for each", "key"), _occasions(catalogue))


def _occasions(catalogue: Catalogue) -> Iterator[tuple[str, ...]]:
    for name in catalogue:
        for one in catalogue[name].schedules.values():
            every = "every month" if one.months == 1 else f"every {one.months} months"
            each = "organisation" if one.each else ""
            yield f"`{name}`", f"{every}, day {one.day}, {one.time}", each, f"`{one.key}`"


def write() -> None:
    """Make the page as it should be."""
    PAGE.write_text(refreshed(PAGE.read_text(encoding="utf-8"), load_library()), encoding="utf-8")


if __name__ == "__main__":
    write()
