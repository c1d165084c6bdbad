"""The cases that a case has opened or told, as far as it remembers them.

What it is: one line for each other case and link, kept when requests are made and when one of them
comes to nothing, so that people see what belongs together. It is bounded: a month of messages to
many cases is in the journal, not here.
What it is not: delivery, or the cases that tell this one. No rule reads it.
Who may import it: the core.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from workflows.core.case import Case, Linked
from workflows.core.effects import OpenCase, Request, Tell

MAX_LINKS = 60
MAX_ID = 200
"""Characters of another case's id: a key that is none may be of any length."""


class Links(NamedTuple):
    """Those that are remembered, and how many are no longer."""

    known: tuple[Linked, ...]
    gone: int


def with_requests(links: Links, requests: Iterable[Request]) -> Links:
    """Links with what has just been asked for."""
    found = {(one.case, one.link): one for one in links.known}
    for request in requests:
        if isinstance(request, OpenCase | Tell):
            made = _made(request)
            old = found.get((made.case, made.link))
            found[made.case, made.link] = (
                made if old is None else replace(made, times=old.times + 1)
            )
    return _bounded(list(found.values()), links.gone)


def with_undelivered(links: Links, request: OpenCase | Tell) -> Links:
    """Links with one of which a request came to nothing; one that had fallen out is back."""
    lost = replace(_made(request), outcome="undelivered")
    found = [one for one in links.known if _same(one, lost)]
    if not found:
        return _bounded([*links.known, lost], max(links.gone - 1, 0))
    marked = tuple(
        replace(one, outcome="undelivered") if _same(one, lost) else one for one in links.known
    )
    return Links(marked, links.gone)


def delivered(case: Case, request: OpenCase | Tell) -> Case:
    """The case after a request reached its target when it was tried once more. Nothing is decided
    by that, so there is no row."""
    reached = _made(request)
    links = tuple(
        replace(one, outcome="") if one.outcome and _same(one, reached) else one
        for one in case.links
    )
    return case if links == case.links else replace(case, links=links)


def _made(request: OpenCase | Tell) -> Linked:
    target, seq = request.target[:MAX_ID], request.seq
    match request:
        case Tell():
            return Linked(target, request.link, "told", 1, seq)
        case OpenCase():
            return Linked(target, request.link, "child" if request.child else "opened", 1, seq)


def _same(one: Linked, other: Linked) -> bool:
    return (one.case, one.link) == (other.case, other.link)


def _bounded(known: list[Linked], gone: int) -> Links:
    """The most that are kept. Those that were only told go first, and what was delivered before
    what was not, the oldest before the others."""
    over = len(known) - MAX_LINKS
    if over <= 0:
        return Links(tuple(known), gone)
    first = sorted(known, key=lambda one: (one.how != "told", one.outcome != "", one.seq))
    left = {(one.case, one.link) for one in first[:over]}
    return Links(tuple(one for one in known if (one.case, one.link) not in left), gone + over)
