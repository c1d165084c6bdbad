"""What a caller without the right `personal` does not see.

What it is: journal rows and views with personal fields masked, by the rules under which the case
was opened and by those of today: what either calls personal is.
What it is not: protection of what lists and notices say; the language keeps them free of it.
Who may import it: the routers of the gateway.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from definitions.model import Item
from definitions.sending import message_items
from surfaces.rules import Rules
from workflows.core.program import Program

MASK: Final = "***"


def programs(opened_under: Program | None, catalogue: Rules, process: str) -> list[Program]:
    """The rules that say what is personal in a case."""
    today = [catalogue[process]] if process in catalogue.names() else []
    return [*([] if opened_under is None else [opened_under]), *today]


def masked_row(row: Mapping[str, Any], rules: Iterable[Program]) -> dict[str, Any]:
    """A row of the journal; without any rules all of its data are masked."""
    known = list(rules)
    data = dict(row["data"])
    if not known:
        return {**row, "data": dict.fromkeys(data, MASK)}
    for program in known:
        items = {**program.process.data, **message_items(program.process, row["name"])}
        if row["name"] in program.tasks:
            items |= program.items(program.tasks[row["name"]].form)
        hidden = program.personal_fields(row["name"])
        data = {
            name: MASK if name in hidden else _entries(items.get(name), value)
            for name, value in data.items()
        }
    return {**row, "data": data}


def masked_data(data: Mapping[str, Any], rules: Iterable[Program]) -> dict[str, Any]:
    """Case data; the fields of a case that are personal are not in views at all."""
    shown = dict(data)
    for program in rules:
        items = program.process.data
        shown = {
            name: MASK if name in personal(program) else _entries(items.get(name), value)
            for name, value in shown.items()
        }
    return shown


def personal(program: Program) -> list[str]:
    """The case fields that are personal."""
    return [name for name, item in program.process.data.items() if item.personal]


def _entries(item: Item | None, value: Any) -> Any:
    """A list's records, without what is personal in them."""
    if item is None or not item.fields or not isinstance(value, list):
        return value
    fields = item.fields
    return [
        {
            name: MASK if name in fields and fields[name].personal else one
            for name, one in entry.items()
        }
        if isinstance(entry, Mapping)
        else entry
        for entry in value
    ]
