"""What a process asks of the world: names, and what goes with what (E2xx, E418).

What it is: the checks of links, calls, documents and schedules that need no expression and no
other process.
What it is not: their expressions, which `checks_expressions` compiles, and what other processes
say to them, which `checks_between` asks.
Who may import it: the verifier.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from definitions.checks_fields import asked
from definitions.checks_finding import Finding, unknown
from definitions.checks_names import event_names
from definitions.checks_sites import EventSite, events, moves, tasks
from definitions.expressions import ValueType
from definitions.forms import start_items
from definitions.model import Block, Item, Link, Process
from definitions.problems import Path
from definitions.scope import CALL_EVENTS, columns, value_type

UNDELIVERED = ("target", "code", "detail")
"""What the engine says of a message that was not delivered."""

ENGINE_ROLES = ("system", "anyone")
"""Roles in which an event lets the engine send it."""


def check_outward(process: Process) -> list[Finding]:
    """Everything wrong with what leaves the case, by name and by structure."""
    checks = (_lists, _uses, _links, _calls, _answers, _documents, _schedules)
    return list(chain.from_iterable(check(process) for check in checks))


def _fields(
    path: Path, names: Iterable[str], known: Mapping[str, Item], kind: str
) -> Iterator[Finding]:
    for name in names:
        if name not in known:
            yield unknown("E209", (*path, name), kind, name, known)


def lacking(
    path: Path, wanted: Mapping[str, Item], given: Iterable[str], of: str
) -> Iterator[Finding]:
    """A finding if something required is not given."""
    names = set(given)
    absent = [name for name, item in wanted.items() if item.required and name not in names]
    if absent:
        listed = ", ".join(f"'{name}'" for name in absent)
        yield Finding("E221", path, f"{of} requires {listed}", "give a value for each")


# ---- Lists worked through, and what moves ask for ----


def _lists(process: Process) -> Iterator[Finding]:
    """Lists of records that are named; whether they are such is for the expressions."""
    used: list[tuple[Path, str | None]] = [
        (("tables", name, "each"), table.each) for name, table in process.tables.items()
    ]
    used += ((("links", name, "each"), link.each) for name, link in process.links.items())
    used += (((*path, "list"), block.list) for path, block in _blocks(process))
    for path, named in used:
        if named is not None and named not in process.data:
            yield unknown("E209", path, "field of the case", named, process.data)


def _uses(process: Process) -> Iterator[Finding]:
    for site in moves(process):
        for name in site.move.document:
            if name not in process.documents:
                path = (*site.path, "document")
                yield unknown("E219", path, "document", name, process.documents)
        for kind, names in (("open", site.move.open), ("tell", site.move.tell)):
            for name in names:
                link = process.links.get(name)
                if link is None or (link.tell is not None) == (kind == "tell"):
                    continue
                said = f"'{name}' tells the event '{link.tell}' and is not opened"
                hint = f"say `tell: {name}`"
                if kind == "tell":
                    said, hint = f"'{name}' has no `tell`", f"say `open: {name}`, or add `tell`"
                yield Finding("E214", (*site.path, kind), said, hint)


# ---- Links ----


def _links(process: Process) -> Iterator[Finding]:
    for name, link in process.links.items():
        path: Path = ("links", name)
        yield from _parts(path, link)
        if link.undelivered is None:
            continue
        place = (*path, "undelivered")
        if link.undelivered not in event_names(process):
            yield unknown("E210", place, "event", link.undelivered, event_names(process))
        else:
            yield from _reported(process, place, link.undelivered)


def _parts(path: Path, link: Link) -> Iterator[Finding]:
    """What goes with opening a case, and what with telling one."""
    if link.tell is None:
        if link.event:
            yield Finding("E214", (*path, "event"), "`event` goes with `tell`", "name the event")
        if link.start == "never":
            said = "without `tell`, a link opens a case and nothing else"
            yield Finding("E214", (*path, "start"), said, "remove `start: never`")
        return
    if link.child:
        said = "a case that is told is nobody's child"
        yield Finding("E214", (*path, "child"), said, "open it by a link of its own")
    if link.start == "never" and link.data:
        said = "`data` are for a case that is opened, and `start: never` opens none"
        yield Finding("E214", (*path, "data"), said, "remove one of them")


def _reported(process: Process, path: Path, name: str) -> Iterator[Finding]:
    """An event in which the engine says that something was not delivered takes what it says."""
    if any(task == name for _, _, task, _ in tasks(process)):
        said = f"'{name}' is a task, and the engine does none"
        yield Finding("E222", path, said, "name an event")
        return
    for site in events(process):
        if site.name != name or site.joins:
            continue
        if site.answers or not set(ENGINE_ROLES) & set(site.event.by or ()):
            said = f"the engine sends '{name}' as `system`, which may not"
            yield Finding("E222", path, said, "add `system` to its `by`")
        for field, item in asked(process, site.form or {}).items():
            if field not in UNDELIVERED and item.required:
                said = f"'{name}' requires '{field}', which the engine does not say"
                yield Finding("E222", path, said, f"it says {', '.join(UNDELIVERED)}")
            elif field in UNDELIVERED and value_type(item) is not ValueType.TEXT:
                said = f"'{field}' of '{name}' is {item.type}, and the engine says a text"
                yield Finding("E222", path, said, "declare it `{type: text}`")


# ---- Calls ----


def _calls(process: Process) -> Iterator[Finding]:
    for name, state in process.states.items():
        if state.call is None:
            continue
        path: Path = ("states", name, "call")
        if state.tasks or state.auto:
            said = f"'{name}' waits for a computation and so has no `tasks` and no `auto`"
            yield Finding("E214", path, said, "split it into two states")
        for answer in CALL_EVENTS:
            if answer not in state.on:
                said = f"'{name}' says nothing about '{answer}'"
                yield Finding("E418", path, said, f"add `on: {{{answer}: {{to: STATE}}}}`")
        computation = process.computations.get(state.call.computation)
        if computation is None:
            place = (*path, "computation")
            called = state.call.computation
            yield unknown("E218", place, "computation", called, process.computations)
            continue
        for given in state.call.input:
            if given not in computation.input:
                place = (*path, "input", given)
                yield unknown("E215", place, "input", given, computation.input)
        of = f"the computation '{state.call.computation}'"
        yield from lacking(path, computation.input, state.call.input, of)


def _answers(process: Process) -> Iterator[Finding]:
    for site in events(process):
        if site.name in CALL_EVENTS:
            yield from _answer(site)
    for path, _, name, _ in tasks(process):
        if name in CALL_EVENTS:
            said = f"'{name}' is what a computation answers"
            yield Finding("E214", path, said, "choose another name")


def _answer(site: EventSite) -> Iterator[Finding]:
    event = site.event
    if not site.answers:
        said = f"'{site.name}' goes with `call`, and there is none"
        yield Finding("E214", site.path, said, "choose another name, or add `call` to the state")
    elif event.form or event.by or event.from_:
        said = f"'{site.name}' is what the computation answers: nobody sends it, its form is known"
        yield Finding("E214", site.path, said, "remove `by`, `from` and `form`")
    elif event.when or event.checks or event.refuse or event.hold or event.release:
        said = f"'{site.name}' is what the computation answers, and cannot be refused"
        yield Finding("E214", site.path, said, "let `branches` tell the answers apart")


# ---- Documents and schedules ----


def _blocks(process: Process) -> Iterator[tuple[Path, Block]]:
    for name, document in process.documents.items():
        for index, block in enumerate(document.blocks):
            yield ("documents", name, "blocks", index), block


def _documents(process: Process) -> Iterator[Finding]:
    for path, block in _blocks(process):
        kinds = (block.fields, block.list, block.text, block.signatures)
        if sum(map(bool, kinds)) != 1:
            said = "a block holds one of `fields`, `list`, `text` and `signatures`"
            yield Finding("E214", path, said, "make a block of each")
        if bool(block.list) != bool(block.columns):
            said = "`list` and `columns` go together"
            yield Finding("E214", path, said, "say which columns are printed")
        if block.list is None and (block.where is not None or block.totals):
            said = "`where` and `totals` go with `list`"
            yield Finding("E214", path, said, "remove them")
        for part, names in (("fields", block.fields), ("totals", block.totals)):
            yield from _fields((*path, part), names, process.data, "field of the case")
        if known := columns(process, block.list):
            place = (*path, "columns")
            yield from _fields(place, block.columns, known, "field of the record")


def _schedules(process: Process) -> Iterator[Finding]:
    wanted = start_items(process)
    for name, schedule in process.schedules.items():
        path: Path = ("schedules", name)
        yield from _fields((*path, "data"), schedule.data, wanted, "field of the opening")
        yield from lacking(path, wanted, schedule.data, "the opening")
