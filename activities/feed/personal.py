"""What is personal in a row of the journal, taken out for those who may not see it.

What it is: `Mask`, which knows the personal fields of a process from every version of its rules
that the records hold: a field that was personal in any of them is taken out. Of a process whose
rules are not there, all that was said is taken out.
What it is not: encryption, or the question who may see what.
Who may import it: the feed, the surfaces.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from activities.records import Records
from definitions.bundle import BundleInvalid, unpin
from definitions.fields import Item
from definitions.model import Process
from definitions.scope import event_forms, form_items

MASKED = "***"
"""What stands in place of a personal value; the row's `masked` says which."""
_SAID = frozenset({"opened", "event", "late_rejected", "refused", "undelivered", "amend"})
"""Kinds of rows whose data somebody said; those of the others are the program's own."""


@dataclass(frozen=True, slots=True)
class Personal:
    """Names of personal fields, and of lists the columns that are."""

    fields: frozenset[str] = frozenset()
    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def masked(self, data: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """The data without them, and the names of what was taken out."""
        kept: dict[str, Any] = {}
        hidden: list[str] = []
        for name, value in data.items():
            if name in self.fields:
                kept[name] = MASKED
                hidden.append(name)
            elif name in self.columns and isinstance(value, list):
                columns = self.columns[name]
                kept[name] = [_without(record, columns) for record in value]
                hidden += sorted(f"{name}.{one}" for one in columns if _has(value, one))
            elif name == "data" and isinstance(value, dict):
                # What a refused sender said.
                kept[name], inside = self.masked(value)
                hidden += [f"data.{one}" for one in inside]
            else:
                kept[name] = value
        return kept, hidden


class Mask:
    """The personal fields of all processes, learnt from the records' rules as rows come by."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._known: dict[str, Personal] = {}
        self._digests: set[str] = set()

    async def hide(self, items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The rows of the feed without what is personal; `masked` names what was taken out."""
        return [await self._hidden(item) for item in items]

    async def _hidden(self, item: Mapping[str, Any]) -> dict[str, Any]:
        personal = await self._personal(item)
        if personal is None:
            data = dict(item["data"])
            gone = sorted(data) if item["kind"] in _SAID else []
            data |= dict.fromkeys(gone, MASKED)
        else:
            data, gone = personal.masked(item["data"])
        return {**item, "data": data, "masked": gone}

    async def _personal(self, item: Mapping[str, Any]) -> Personal | None:
        process, digest = item["process"], item["digest"]
        # An amended case has other rules than it was opened under.
        if process not in self._known or digest not in self._digests or item["kind"] == "amend":
            pinned = await self._records.rules_of(process)
            if not pinned:
                return None
            self._digests |= pinned.keys() | {digest}
            self._known[process] = personal_of(pinned.values())
        return self._known[process]


def personal_of(pinned: Iterable[bytes]) -> Personal:
    """The personal fields of any of these rules."""
    fields: set[str] = set()
    columns: dict[str, set[str]] = {}
    for content in pinned:
        try:
            process = unpin(content)
        except BundleInvalid:
            continue
        for name, item in _items(process):
            if item.personal:
                fields.add(name)
            inside = {one for one, column in (item.fields or {}).items() if column.personal}
            columns.setdefault(name, set()).update(inside)
    found = {name: frozenset(some) for name, some in columns.items() if some}
    return Personal(frozenset(fields), found)


def _items(process: Process) -> Iterable[tuple[str, Item]]:
    """Every field of the case and of every form."""
    yield from process.data.items()
    events = {name for state in process.states.values() for name in (*state.on, *state.tasks)}
    for event in sorted(events | process.anywhere.keys()):
        for form in event_forms(process, event):
            yield from form_items(process, form).items()


def _without(record: Any, columns: frozenset[str]) -> Any:
    if not isinstance(record, dict):
        return record
    return {name: MASKED if name in columns else value for name, value in record.items()}


def _has(records: list[Any], column: str) -> bool:
    return any(isinstance(record, dict) and column in record for record in records)
