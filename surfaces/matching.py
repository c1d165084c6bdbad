"""What was expected against what was seen: a subset match with differences that people can read.

What it is: the one judge for every runner. It reads what a person could see, a case's view, notices
and answers, and compares only what the scenario names. Instants are compared as instants.
What it is not: the running of anything.
Who may import it: the surfaces and the tests.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from definitions.budget import parse_budget
from definitions.model import Item, Process, span_seconds
from definitions.values import YUAN
from surfaces.instants import parse_instant, shown
from surfaces.scenario import (
    CaseExpect,
    ClockExpect,
    DocumentExpect,
    Expect,
    NoticeExpect,
    RetractedExpect,
)
from workflows.core.effects import CaseView, ClockView, Fill, Notify

ProcessOf = Callable[[str], Process]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected; `path` says where in `expect`."""

    path: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}expected {_said(self.expected)}, got {_said(self.got)}"

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"path": self.path, "expected": self.expected, "got": self.got}


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be seen after a step. `view` is None if there is no such case."""

    case: str
    view: CaseView | None
    notices: tuple[Notify, ...] = ()
    opened: tuple[CaseView, ...] = ()
    answer: Mapping[str, Any] = field(default_factory=dict)
    documents: tuple[Fill, ...] = ()


def differences(expect: Expect, seen: Seen, process_of: ProcessOf) -> list[Difference]:
    """Everything that differs; empty if all is as expected."""
    found: list[Difference] = []
    if expect.notices is not None:
        found += _notices(expect.notices, seen)
    if expect.cases is not None:
        found += _cases(expect.cases, seen.opened, process_of)
    if expect.documents is not None:
        found += _documents(expect.documents, seen)
    found += _values(expect.answer, seen.answer, "answer")
    if seen.view is None:
        if _about_the_case(expect):
            found.insert(0, Difference("", f"a case {seen.case}", "there is none"))
        return found
    return [*_view(expect, seen.view, process_of), *found]


def _about_the_case(expect: Expect) -> bool:
    return bool(expect.model_fields_set - {"notices", "cases", "documents", "answer"})


# --- a case ---------------------------------------------------------------------------------


def _view(expect: Expect, view: CaseView, process_of: ProcessOf) -> Iterator[Difference]:
    if expect.state is not None and expect.state != view.state:
        yield Difference("state", expect.state, view.state)
    if expect.owner is not None and expect.owner != view.owner:
        yield Difference("owner", expect.owner, view.owner)
    for name, wanted, got in (
        ("closed", expect.closed, view.closed),
        ("ended", expect.ended, view.ended),
    ):
        yield from _flag(name, wanted, got, view.zone)
    if expect.events is not None:
        yield from _events(expect.events, [event.name for event in view.events])
    yield from _clocks(expect.clocks, view, "clocks")
    yield from _data(expect.data, view, process_of(view.process), "data")


def _flag(name: str, wanted: bool | str | None, got: int | None, zone: str) -> Iterator[Difference]:
    """`true` and `false`, or the instant itself."""
    if isinstance(wanted, bool):
        if wanted is not (got is not None):
            yield Difference(name, wanted, got is not None)
    elif wanted is not None and (got is None or parse_instant(wanted) != got):
        yield Difference(name, wanted, None if got is None else shown(got, zone))


def _events(wanted: Sequence[str], got: list[str]) -> Iterator[Difference]:
    if not wanted and got:
        yield Difference("events", "none", got)
    for index, name in enumerate(wanted):
        if name not in got:
            yield Difference(f"events[{index}]", name, got)


# --- clocks ---------------------------------------------------------------------------------


def _clocks(
    wanted: Mapping[str, ClockExpect | tuple[ClockExpect, ...] | None], view: CaseView, path: str
) -> Iterator[Difference]:
    for name, expect in wanted.items():
        here = f"{path}.{name}"
        cycles = [clock for clock in view.clocks if clock.clock == name]
        if expect is None:
            if cycles:
                yield Difference(here, "never started", cycles[-1].phase)
        elif isinstance(expect, tuple):
            for index, one in enumerate(expect):
                yield from _cycle(one, cycles, f"{here}[{index}]", view.zone)
        else:
            yield from _cycle(expect, cycles, here, view.zone)


def _cycle(
    expect: ClockExpect, cycles: Sequence[ClockView], path: str, zone: str
) -> Iterator[Difference]:
    if expect.cycle is not None and any(clock.cycle == expect.cycle for clock in cycles):
        cycles = [clock for clock in cycles if clock.cycle == expect.cycle]
    if not cycles:
        yield Difference(path, "a clock that was started", "never started")
        return
    clock = max(cycles, key=lambda one: one.cycle)
    for name in expect.model_fields_set:
        compare = _CLOCK[name]
        wanted, got = compare(getattr(expect, name), getattr(clock, name), zone)
        if wanted != got:
            yield Difference(f"{path}.{name}", wanted, got)


Compared = tuple[Any, Any]


def _plain(wanted: Any, got: Any, zone: str) -> Compared:
    return wanted, got


def _when(wanted: str | None, got: int | None, zone: str) -> Compared:
    return (
        None if wanted is None else shown(parse_instant(wanted), zone),
        None if got is None else shown(got, zone),
    )


def _left(wanted: str | int | None, got: int | None, zone: str) -> Compared:
    if isinstance(wanted, str):
        return span_seconds(parse_budget(wanted)), got
    return wanted, got


def _taken_back(
    wanted: bool | RetractedExpect | None, got: Mapping[str, Any] | None, zone: str
) -> Compared:
    if wanted is None or isinstance(wanted, bool):
        return bool(wanted), got is not None
    named = wanted.model_dump(include=wanted.model_fields_set)
    shown_got = {
        name: shown(value, zone) if isinstance(value, int) else value
        for name, value in (got or {}).items()
        if name in named
    }
    instants = {
        name: shown(parse_instant(value), zone) if name != "by_event" and value else value
        for name, value in named.items()
    }
    return instants, shown_got


_CLOCK: Mapping[str, Callable[[Any, Any, str], Compared]] = {
    "phase": _plain,
    "due": _when,
    "exclusive": _plain,
    "breached": _when,
    "retracted": _taken_back,
    "cycle": _plain,
    "remaining": _left,
    "provisional": _plain,
    "ended": _when,
    "level": _plain,
    "assignee": _plain,
}


# --- notices and cases ----------------------------------------------------------------------


def _notices(wanted: Sequence[NoticeExpect], seen: Seen) -> Iterator[Difference]:
    """Each expectation takes notices of its own, so that two alike need two. Notices are those of
    the step's case, unless `case` names another."""
    zone = seen.view.zone if seen.view else "UTC"
    mine = [notice for notice in seen.notices if notice.case == seen.case]
    if not wanted and mine:
        yield Difference("notices", "none at all", [_notice(notice, zone) for notice in mine])
    left = list(seen.notices)
    for index, expect in enumerate(wanted):
        of_case = [notice for notice in left if notice.case == (expect.case or seen.case)]
        hits = [notice for notice in of_case if _fits(expect, notice)]
        needed = 1 if expect.count is None else expect.count
        described = expect.model_dump(include=expect.model_fields_set)
        if expect.count is None and not hits:
            got = [_notice(notice, zone) for notice in of_case]
            yield Difference(f"notices[{index}]", described, got or "none")
        if expect.count is not None and len(hits) != expect.count:
            yield Difference(f"notices[{index}].count", described, len(hits))
        for notice in hits[:needed]:
            left.remove(notice)


def _fits(expect: NoticeExpect, notice: Notify) -> bool:
    plain = (("clock", notice.clock), ("to", notice.to), ("kind", notice.kind))
    for name, got in plain:
        wanted = getattr(expect, name)
        if wanted is not None and wanted != got:
            return False
    if expect.rung is not None and expect.rung not in (notice.level, notice.rung):
        return False
    return expect.at is None or parse_instant(expect.at) == notice.at


def _notice(notice: Notify, zone: str) -> dict[str, Any]:
    got = {"clock": notice.clock, "rung": notice.level, "to": notice.to, "kind": notice.kind}
    return {name: value for name, value in got.items() if value} | {"at": shown(notice.at, zone)}


def _cases(
    wanted: Sequence[CaseExpect], opened: Sequence[CaseView], process_of: ProcessOf
) -> Iterator[Difference]:
    if not wanted and opened:
        yield Difference("cases", "none at all", [view.case for view in opened])
    for index, expect in enumerate(wanted):
        path = f"cases[{index}]"
        near = [
            view
            for view in opened
            if expect.process in (None, view.process) and expect.key in (None, view.key)
        ]
        failures = [(view, list(_case(expect, view, process_of, path))) for view in near]
        hits = [view for view, failed in failures if not failed]
        if expect.count is not None:
            if len(hits) != expect.count:
                said = expect.model_dump(include=expect.model_fields_set)
                yield Difference(f"{path}.count", said, [view.case for view in hits])
                yield from (one for _, failed in failures for one in failed)
        elif not near:
            said = expect.model_dump(include=expect.model_fields_set)
            yield Difference(path, said, [view.case for view in opened] or "none")
        elif not hits:
            yield from min((failed for _, failed in failures), key=len)


def _case(
    expect: CaseExpect, view: CaseView, process_of: ProcessOf, path: str
) -> Iterator[Difference]:
    if expect.state is not None and expect.state != view.state:
        yield Difference(f"{path}.state", expect.state, view.state)
    yield from _clocks(expect.clocks, view, f"{path}.clocks")
    yield from _data(expect.data, view, process_of(view.process), f"{path}.data")


# --- documents ------------------------------------------------------------------------------


def _documents(wanted: Sequence[DocumentExpect], seen: Seen) -> Iterator[Difference]:
    """Each expectation takes a document of its own. Documents are those of the step's case, unless
    `case` names another."""
    mine = [one for one in seen.documents if one.case == seen.case]
    if not wanted and mine:
        yield Difference("documents", "none at all", [_document(one) for one in mine])
    left = list(seen.documents)
    for index, expect in enumerate(wanted):
        of_case = [one for one in left if one.case == (expect.case or seen.case)]
        hits = [
            one
            for one in of_case
            if expect.document in (None, one.document) and expect.number in (None, one.printed)
        ]
        if hits:
            left.remove(hits[0])
        else:
            described = expect.model_dump(include=expect.model_fields_set)
            got = [_document(one) for one in of_case] or "none"
            yield Difference(f"documents[{index}]", described, got)


def _document(paper: Fill) -> dict[str, str]:
    return {"document": paper.document, "number": paper.printed}


# --- data -----------------------------------------------------------------------------------


def _data(
    wanted: Mapping[str, Any], view: CaseView, process: Process, path: str
) -> Iterator[Difference]:
    for name, value in wanted.items():
        item = process.data.get(name)
        expected = value if item is None else _stored(item, value)
        yield from _value(expected, view.data.get(name), f"{path}.{name}")


def _stored(item: Item, value: Any) -> Any:
    """A value as a case stores it: instants in seconds, yuan in fen."""
    if isinstance(value, list):
        return [_stored_entry(item, entry) for entry in value]
    if isinstance(value, str) and item.type == "instant":
        try:
            return parse_instant(value)
        except ValueError:
            return value
    if isinstance(value, str) and item.type == "money" and (found := YUAN.fullmatch(value)):
        fen = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
        return -fen if found[1] else fen
    return value


def _stored_entry(item: Item, entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    fields = item.fields or {}
    return {k: _stored(fields[k], v) if k in fields else v for k, v in entry.items()}


def _values(wanted: Mapping[str, Any], got: Mapping[str, Any], path: str) -> Iterator[Difference]:
    for name, value in wanted.items():
        yield from _value(value, got.get(name), f"{path}.{name}")


def _value(wanted: Any, got: Any, path: str) -> Iterator[Difference]:
    """Mappings are compared by what is named, lists entry by entry, nothing with what is absent."""
    if isinstance(wanted, dict) and isinstance(got, Mapping):
        yield from _values(wanted, got, path)
    elif isinstance(wanted, list) and isinstance(got, list | tuple) and len(wanted) == len(got):
        for index, (one, other) in enumerate(zip(wanted, got, strict=True)):
            yield from _value(one, other, f"{path}[{index}]")
    elif not _equal(wanted, got):
        yield Difference(path, wanted, list(got) if isinstance(got, tuple) else got)


def _equal(wanted: Any, got: Any) -> bool:
    """1 and 1.0 are one number; true is none."""
    if isinstance(wanted, bool) or isinstance(got, bool):
        return wanted is got
    if isinstance(wanted, list) and isinstance(got, tuple):
        return wanted == list(got)
    return bool(wanted == got)


def _said(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return value
        case dict():
            return "{" + ", ".join(f"{k}: {_said(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_said, value)) + "]"
        case _:
            return str(value)
