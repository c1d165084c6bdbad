"""Values of a case, written as a sender would write them.

What it is: for what one case says to another, and for a journal that is played again: a case
stores an instant as seconds, a form takes it as text.
What it is not: the checking of what is sent; `forms` does that.
Who may import it: anybody.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from definitions.forms import resolve
from definitions.model import Item, Process


def as_payload(items: Mapping[str, Item], data: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a case stores them, written as a sender would: instants as text."""
    return {
        name: _payload(items[name], value) if name in items else value
        for name, value in data.items()
    }


def message_items(process: Process, event: str) -> dict[str, Item]:
    """The fields that an event may have, in whatever state it comes; a name has one type."""
    found: dict[str, Item] = {}
    for spec in _events(process, event):
        found |= resolve(process, spec)
    return found


def _events(process: Process, event: str) -> Iterator[Any]:
    for state in process.states.values():
        if event in state.on:
            yield state.on[event].form
    if event in process.anywhere:
        yield process.anywhere[event].form


def _payload(item: Item, value: Any) -> Any:
    if isinstance(value, list | tuple):
        fields = item.fields or {}
        return [as_payload(fields, one) if isinstance(one, dict) else one for one in value]
    if item.type == "instant" and isinstance(value, int):
        return datetime.fromtimestamp(value, UTC).isoformat()
    return value
