"""Between processes: what one opens or tells in another exists there and is taken (E203 to E221).

What it is: the checks that need the other processes.
What it is not: a judgement of those: a neighbour may be unsound, and is not called so here.
Who may import it: the loader, which knows the others.
"""

from collections.abc import Iterator, Mapping

from definitions.checks_fields import asked, columns_misfit, items_of, literal_of, named_item
from definitions.checks_finding import Finding, unknown
from definitions.checks_outward import ENGINE_ROLES, lacking
from definitions.checks_sites import events, link_form
from definitions.checks_typing import sound
from definitions.expressions import ExpressionError, compile_expression
from definitions.forms import start_items
from definitions.model import Item, Link, Process
from definitions.problems import Path, suggest
from definitions.scope import case_scope, value_type

Known = Mapping[str, Process | None]
"""Processes by id; None for one whose file is broken."""


def neighbours_of(process: Process) -> frozenset[str]:
    """The ids of the processes with which this one exchanges something."""
    senders = (site.event.from_ or () for site in events(process))
    told = {link.process for link in process.links.values()}
    return frozenset(told.union(*senders)) - {process.process}


def check_between(process: Process, known: Known) -> Iterator[Finding]:
    """What is wrong between this process and those that it links to or hears from."""
    for name, link in process.links.items():
        if not link.available:
            if not link.planned:
                yield _absent(("links", name, "process"), link.process, known)
        elif (target := known.get(link.process)) is not None:
            yield from _link(process, name, target)
    for site in events(process):
        for sender in site.event.from_ or ():
            if sender not in known:
                hint = suggest(sender, known)
                message = f"there is no process '{sender}'"
                yield Finding("E203", (*site.path, "from"), message, hint)


def _absent(path: Path, name: str, known: Known) -> Finding:
    near = suggest(name, known)
    hint = "mark the link `planned: true` until there is one"
    message = f"there is no process '{name}'"
    return Finding("E203", path, message, f"{near} Or {hint}" if near else hint)


def _link(process: Process, name: str, target: Process) -> Iterator[Finding]:
    link, path = process.links[name], ("links", name)
    opening = start_items(target)
    for datum in link.data:
        if datum not in target.data:
            message = f"the process '{link.process}' has no data field '{datum}'"
            hint = suggest(datum, target.data)
            yield Finding("E204", (*path, "data", datum), message, hint)
        elif datum not in opening:
            message = f"'{datum}' is internal: '{link.process}' sets it itself"
            yield Finding("E204", (*path, "data", datum), message, "let it be set in `start`")
    yield from _fitting(process, name, "data", opening)
    if link.tell is None or link.data:
        yield from lacking(path, opening, link.data, f"the opening of '{link.process}'")
    if link.tell is not None:
        yield from _told(process, name, link, target)


def _told(process: Process, name: str, link: Link, target: Process) -> Iterator[Finding]:
    path: Path = ("links", name)
    there = [site for site in events(target) if not site.joins]
    named = [site for site in there if site.name == link.tell]
    taken = [site for site in named if process.process in (site.event.from_ or ())]
    if not named:
        kind = f"event of '{link.process}'"
        names = dict.fromkeys(site.name for site in there)
        yield unknown("E220", (*path, "tell"), kind, str(link.tell), names)
    elif not taken:
        message = f"'{link.process}' takes no '{link.tell}' from this process"
        hint = f"there, say `from: {process.process}`"
        yield Finding("E220", (*path, "tell"), message, hint)
    if taken and link.data and not _opens(target):
        message = f"the engine may not open '{link.process}' for a message"
        yield Finding("E220", (*path, "data"), message, "there, add `system` to `start.by`")
    forms: dict[str, dict[str, Item]] = {}
    for site in taken:
        forms.setdefault(repr(site.form), asked(target, site.form or {}))
    for form in forms.values():
        for field in link.event:
            if field not in form:
                message = f"the event '{link.tell}' of '{link.process}' has no field '{field}'"
                yield Finding("E204", (*path, "event", field), message, suggest(field, form))
        yield from lacking(path, form, link.event, f"'{link.tell}' of '{link.process}'")
        yield from _fitting(process, name, "event", form)


def _opens(target: Process) -> bool:
    return target.start.by is None or bool(set(ENGINE_ROLES) & set(target.start.by))


def _fitting(
    process: Process, name: str, part: str, wanted: Mapping[str, Item]
) -> Iterator[Finding]:
    """Whether what is said there is of the type that the other process takes."""
    link = process.links[name]
    form = link_form(process, name)
    scope = case_scope(process, form, link.each)
    for field, source in (link.data if part == "data" else link.event).items():
        if field not in wanted or not sound(source, scope):
            continue
        path: Path = ("links", name, part, field)
        item, text = wanted[field], literal_of(source)
        try:
            compile_expression(source, scope, value_type(item))
        except ExpressionError as error:
            yield Finding("E302", path, error.message, error.hint)
            continue
        if item.type == "enum" and text is not None and text not in (*item.choices, ""):
            yield unknown("E304", path, "value", text, item.choices)
        given = named_item(process, items_of(process, form), source)
        if given is not None and item.of == "record":
            for said in columns_misfit(given, item, exact=True):
                yield Finding("E308", path, said)
