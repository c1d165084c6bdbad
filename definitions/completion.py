"""A process completed from what processes share: the fragments that it uses, and the roles, ladders
and calendars that it names.

A complete process needs nothing else, so a running case can carry it. What the process declares
itself wins; a name found nowhere is left out, and the verifier or the loader reports it. Nothing is
read from files here and nothing is judged.

`loader` imports it; anybody may.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from definitions.calendar import Calendar
from definitions.model import Attributes, Event, Fragment, Ladder, Notice, Process, Role
from definitions.problems import Path

Part = TypeVar("Part", Role, Ladder, Calendar)

# A text inside an expression.
_QUOTED: Final = re.compile(r"""['"]([a-z][a-z0-9_]*)['"]""")


@dataclass(frozen=True, slots=True)
class Shared:
    """What processes may use without declaring it, by name."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    ladders: Mapping[str, Ladder] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    fragments: Mapping[str, Fragment] = field(default_factory=dict)


SECTIONS: Final = (
    *("subjects", "data", "forms", "tables", "links", "computations", "documents", "clocks"),
    *("states", "anywhere"),
)
"""The parts of a fragment whose elements have names of an author's own."""

RETENTION: Final = "retention"


def united(process: Process, fragments: Mapping[str, Fragment]) -> Process:
    """The process with the elements of the fragments that it uses, after its own; an element that
    it declares itself, or that an earlier fragment brought, is left as it is."""
    changes: dict[str, object] = {}
    for name in dict.fromkeys(process.use):
        if (fragment := fragments.get(name)) is None:
            continue
        for section in SECTIONS:
            own = changes.get(section, getattr(process, section))
            assert isinstance(own, Mapping)
            changes[section] = {**own, **_missing(getattr(fragment, section), own)}
        forbidden = changes.get("forbid", process.forbid)
        assert isinstance(forbidden, tuple)
        changes["forbid"] = (*forbidden, *fragment.forbid)
        shown = changes.get("attributes", process.attributes)
        assert isinstance(shown, Attributes)
        changes["attributes"] = fragment.attributes.model_copy(
            update={key: value for key, value in shown if value is not None}
        )
        changes[RETENTION] = changes.get(RETENTION, process.retention) or fragment.retention
    return process.model_copy(update=changes) if changes else process


def _missing(given: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    return {name: element for name, element in given.items() if name not in own}


def elements(whole: Process | Fragment) -> Iterator[Path]:
    """The path of everything that a process or a fragment has of its own and that wins, or clashes,
    as a whole."""
    for section in SECTIONS:
        yield from ((section, name) for name in getattr(whole, section))
    yield from (("attributes", key) for key, value in whole.attributes if value is not None)
    if whole.retention is not None:
        yield (RETENTION,)


def brought_by(process: Process, fragments: Mapping[str, Fragment], path: Path) -> int | None:
    """The place in `use` of the fragment from which the process (as it was written) has what
    stands at this path."""
    used = [(index, fragments[name]) for index, name in _used(process) if name in fragments]
    if path[:1] == ("forbid",):
        counts = [(index, len(fragment.forbid)) for index, fragment in used]
        return _counted(counts, path[1:], len(process.forbid))
    wanted = path[:1] if path[:1] == (RETENTION,) else path[:2]
    if wanted in elements(process):
        return None
    return next((index for index, fragment in used if wanted in elements(fragment)), None)


def _used(process: Process) -> Iterator[tuple[int, str]]:
    """Each fragment once, with its first place."""
    return ((process.use.index(name), name) for name in dict.fromkeys(process.use))


def _counted(counts: Iterable[tuple[int, int]], path: Path, own: int) -> int | None:
    """In which fragment's share of a list the entry lies; None for the process's own."""
    entry = path[0] if path else 0
    last = own
    for index, count in counts:
        first, last = last, last + count
        if isinstance(entry, int) and first <= entry < last:
            return index
    return None


def completed(process: Process, shared: Shared) -> Process:
    """The process with the shared ladders, roles and calendars that it names."""
    ladders = _merged(process.ladders, shared.ladders, _ladders_named(process))
    roles = _merged(process.roles, shared.roles, _roles_named(process, ladders))
    calendars = _merged(process.calendars, shared.calendars, _calendars_named(process))
    return process.model_copy(update={"ladders": ladders, "roles": roles, "calendars": calendars})


def _merged(
    own: Mapping[str, Part], shared: Mapping[str, Part], named: Iterable[str | None]
) -> dict[str, Part]:
    """Own parts in their order, then the shared ones that are named, by name."""
    added = {name for name in named if name is not None and name in shared and name not in own}
    return {**own, **{name: shared[name] for name in sorted(added)}}


def _ladders_named(process: Process) -> Iterator[str | None]:
    for clock in process.clocks.values():
        yield clock.ladder
    for state in process.states.values():
        for task in state.tasks.values():
            yield task.ladder


def _calendars_named(process: Process) -> Iterator[str | None]:
    yield process.calendar
    for clock in process.clocks.values():
        yield clock.calendar
    for state in process.states.values():
        for task in state.tasks.values():
            yield task.calendar


def _roles_named(process: Process, ladders: Mapping[str, Ladder]) -> Iterator[str | None]:
    yield process.owner
    yield from process.start.by or ()
    for _, move in process.moves():
        yield from _addressed(move.notify)
        # An owner is an expression; a role can be written in it as a text.
        yield from _QUOTED.findall(move.owner or "")
        if isinstance(move, Event):
            yield from move.by or ()
    for state in process.states.values():
        yield state.actor
        yield from _addressed(state.notify)
        for task in state.tasks.values():
            yield task.role
    for clock in process.clocks.values():
        yield clock.assignee
    for ladder in ladders.values():
        for rung in (*ladder.hours, *ladder.days):
            for recipients in rung.to:
                yield from recipients.to
    # A table may answer with a role, for an owner.
    for table in process.tables.values():
        for row in table.rows:
            yield row.then if isinstance(row.then, str) else None


def _addressed(notices: Iterable[Notice]) -> Iterator[str]:
    for notice in notices:
        yield from notice.to
