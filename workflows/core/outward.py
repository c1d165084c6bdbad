"""What leaves a case when a turn is over: other cases opened and told, computations, documents.

What it is: requests made, in the order they were asked for, from the data that the turn ends with;
each has its row in the journal. Notices are addressed by `speech`.
What it is not: the doing of any of it.
Who may import it: the core.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from definitions.expressions import ValueType
from definitions.model import Form, Link
from workflows.core.documents import fill
from workflows.core.effects import Compute, OpenCase, Row, Tell
from workflows.core.errors import IllegalEvent
from workflows.core.links import Links, with_requests
from workflows.core.program import Lookup
from workflows.core.speech import address
from workflows.core.turn import Asked, Turn
from workflows.core.values import meant


class _Target(NamedTuple):
    """Another case that a link means, and what the expressions of this link know."""

    link: Link
    name: str
    key: str
    lookup: Lookup
    form: Form

    def data(self, turn: Turn, sources: Mapping[str, str]) -> dict[str, Any]:
        return given(turn, sources, self.lookup, self.form, self.link.each)


def flush(turn: Turn, kind: str = "event") -> None:
    """Address the notices and make the requests of what has just been decided."""
    address(turn, kind)
    if not turn.asked:
        return
    asked, turn.asked = turn.asked, []
    before = len(turn.requests)
    for what, name in asked:
        _ASKED[what](turn, name)
    turn.links, turn.links_gone = with_requests(
        Links(turn.links, turn.links_gone), turn.requests[before:]
    )


def given(
    turn: Turn,
    sources: Mapping[str, str],
    lookup: Lookup,
    form: Form | None,
    each: str | None = None,
) -> dict[str, Any]:
    """The values of expressions by name; those that have none, or an empty text, are left out."""
    values = {
        name: turn.program.evaluate_any(source, lookup, form, each)
        for name, source in sources.items()
    }
    return {name: value for name, value in values.items() if value not in ("", None)}


def _open(turn: Turn, name: str) -> None:
    for target in _targets(turn, name):
        link, data = target.link, target.data(turn, target.link.data)
        row = turn.row("link", link.process, data={"key": target.key, "link": name})
        turn.requests.append(
            OpenCase(
                key=turn.key(row),
                process=link.process,
                business_key=target.key,
                data=data,
                origin=turn.case.id,
                seq=row.seq,
                at=turn.at,
                actor=turn.actor.id,
                child=link.child,
                link=name,
                undelivered=link.undelivered or "",
            )
        )


def _tell(turn: Turn, name: str) -> None:
    for target in _targets(turn, name):
        link = target.link
        data = target.data(turn, link.event)
        start = target.data(turn, link.data) if link.start == "if_absent" else None
        said = {"key": target.key, "link": name, "event": link.tell}
        row = turn.row("link", link.process, data=said)
        turn.requests.append(
            Tell(
                key=turn.key(row),
                process=link.process,
                business_key=target.key,
                event=link.tell or "",
                data=data,
                origin=turn.case.id,
                seq=row.seq,
                at=turn.at,
                start=start,
                link=name,
                undelivered=link.undelivered or "",
            )
        )


def _targets(turn: Turn, name: str) -> Iterator[_Target]:
    """The case that a link means, or one for each record; IllegalEvent if there is no such process
    yet."""
    program = turn.program
    link = program.process.links[name]
    form = program.event_form(turn.source, turn.name)
    for lookup in _lookups(turn, link, form):
        if link.planned and not link.available:
            raise IllegalEvent("target_unavailable", detail=link.process, target=link.process)
        key = str(program.evaluate(link.key, lookup, form, ValueType.TEXT, link.each))
        if not key:
            raise IllegalEvent("expression_failed", detail=f"links.{name}.key is empty")
        yield _Target(link, name, key, lookup, form)


def _lookups(turn: Turn, link: Link, form: Form) -> list[Lookup]:
    program = turn.program
    if link.each is None:
        return [turn.lookup] if program.holds(link.when, turn.lookup, form) else []
    found = meant(program, link.each, turn.data, turn.lookup, link.when, form)
    return [one.lookup for one in found]


def _call(turn: Turn, state: str) -> None:
    call = turn.program.process.states[state].call
    assert call is not None
    data = given(turn, call.input, turn.lookup, None)
    row: Row = turn.row("call", call.computation)
    turn.calling = turn.key(row)
    turn.requests.append(
        Compute(
            key=turn.calling,
            computation=call.computation,
            input=data,
            origin=turn.case.id,
            seq=row.seq,
            at=turn.at,
        )
    )


_ASKED: Mapping[Asked, Callable[[Turn, str], None]] = {
    "open": _open,
    "tell": _tell,
    "document": fill,
    "call": _call,
}
