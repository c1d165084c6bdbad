"""What a move stores: values, and records of lists.

What it is: `clear`, `set`, `append`, `extend` and `update` carried out on case data, in this order,
so that later ones see earlier ones; and the present record of a list as expressions know it.
What it is not: the choice of the move, or anything outside the data.
Who may import it: the core.

A change works on a mapping that its caller throws away if it is refused. Values within it are
replaced and never changed in place, since other cases of the past may hold them.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from definitions.budget import Budget
from definitions.expressions import Round, ValueType
from definitions.model import Form, FromTable, Given, Item, Move, Task, Update
from definitions.scope import columns, value_type
from workflows.core.errors import IllegalEvent
from workflows.core.program import Lookup, Program

Record = dict[str, Any]
UNBOUND = frozenset({ValueType.INT, ValueType.MONEY, ValueType.NUMBER, ValueType.INSTANT})
"""Types of which an absent value is no value at all."""


class Present(NamedTuple):
    """A record of a list, its place from 1, and the lookup that knows it as `item`."""

    place: int
    record: Mapping[str, Any]
    lookup: Lookup


def present(round_: Round, record: Mapping[str, Any], index: int) -> Lookup:
    """The lookup that answers `item.*` with this record, and all else as the round does."""

    def column(name: str) -> Any:
        return index if name == "index" else record.get(name)

    return round_.at(column)


def meant(
    program: Program,
    name: str,
    data: Mapping[str, Any],
    lookup: Lookup,
    when: str | None,
    form: Form | None,
) -> Iterator[Present]:
    """The records of a list for which a condition holds, in their order."""
    round_ = Round(lookup)
    for index, record in enumerate(data.get(name) or (), start=1):
        look = present(round_, record, index)
        if program.holds(when, look, form, name):
            yield Present(index, record, look)


def change(
    program: Program, data: dict[str, Any], lookup: Lookup, move: Move | Task, form: Form | None
) -> None:
    """Carry out on `data`, which `lookup` must read, what a move or a task stores."""
    if isinstance(move, Move):
        for name in move.clear:
            data.pop(name, None)
        if not (move.set or move.append or move.extend or move.update):
            return
    changing = _Changing(program, data, lookup, form)
    for name, value in move.set.items():
        data[name] = changing.value(value, program.value_type(name))
        if isinstance(data[name], list):
            data[name] = changing.whole(name, data[name], value)
    for name, given in move.append.items():
        changing.append(name, given)
    if isinstance(move, Move):
        for name, source in move.extend.items():
            changing.extend(name, source)
        for name, update in move.update.items():
            changing.update(name, update)


class _Changing:
    """The changes of one move."""

    def __init__(
        self, program: Program, data: dict[str, Any], lookup: Lookup, form: Form | None
    ) -> None:
        self.program, self.data, self.lookup, self.form = program, data, lookup, form

    def value(
        self,
        value: Given,
        expect: ValueType,
        lookup: Lookup | None = None,
        each: str | None = None,
    ) -> Any:
        """A literal as it stands, what an expression gives, or a table's answer."""
        look = lookup or self.lookup
        if isinstance(value, FromTable):
            answer = self.program.decide_table(value.table, look)
            return answer.text if isinstance(answer, Budget) else answer
        if isinstance(value, str):
            return self.program.evaluate(value, look, self.form, expect, each)
        return value

    def fits(self, name: str, listed: list[Any]) -> None:
        if len(listed) > self.program.process.data[name].max_items:
            raise IllegalEvent("list_full", detail=name)

    def whole(self, name: str, listed: list[Any], source: Given) -> list[Any]:
        """A list as it is to be stored. What is blank stays, as it may be read again."""
        self.fits(name, listed)
        items = columns(self.program.process, name)
        if not items:
            return listed
        return [_kept(items, record, f"{name}: {source}", blank=True) for record in listed]

    def append(self, name: str, given: Mapping[str, Given]) -> None:
        items = columns(self.program.process, name)
        listed = list(self.data.get(name) or ())
        record: Record = {}
        self.fits(name, [*listed, record])
        for column, value in given.items():
            expect = value_type(items[column])
            if expect not in UNBOUND or not self.absent(value, self.lookup):
                record[column] = self.value(value, expect)
        self.data[name] = [*listed, record]

    def absent(self, value: Given, lookup: Lookup, each: str | None = None) -> bool:
        """Whether a value is a name alone that has none."""
        return (
            isinstance(value, str)
            and self.program.is_name(value, self.form, each)
            and lookup(value.strip()) is None
        )

    def extend(self, name: str, source: str) -> None:
        spec = self.program.process.data[name]
        added = self.program.evaluate(source, self.lookup, self.form, self.program.value_type(name))
        if spec.of == "record":
            items = columns(self.program.process, name)
            added = [_kept(items, record, f"{name}: {source}") for record in added]
        listed = [*(self.data.get(name) or ()), *added]
        self.fits(name, listed)
        self.data[name] = listed

    def update(self, name: str, update: Update) -> None:
        """Change the records that are meant. Expressions see the list as it was before, and of the
        present record what has already been set in it."""
        listed = list(self.data.get(name) or ())
        found = [
            one.place
            for one in meant(self.program, name, self.data, self.lookup, update.where, self.form)
        ]
        if update.one and len(found) != 1:
            raise IllegalEvent(
                "no_such_record", detail=f"{name}: {len(found)} records", found=len(found)
            )
        round_ = Round(self.lookup)
        for index in found:
            listed[index - 1] = self.updated(name, listed[index - 1], index, update, round_)
        self.data[name] = listed

    def updated(
        self, name: str, old: Mapping[str, Any], index: int, update: Update, round_: Round
    ) -> Record:
        items = columns(self.program.process, name)
        record = dict(old)
        look = present(round_, record, index)
        for column, value in update.set.items():
            if self.absent(value, look, name):
                record.pop(column, None)
            else:
                record[column] = self.value(value, value_type(items[column]), look, name)
        return record


# --- records from elsewhere -----------------------------------------------------------------


def _kept(
    items: Mapping[str, Item], record: Mapping[str, Any], said: str, blank: bool = False
) -> Record:
    """Of a record the columns that the list has, in its order, with or without those that are
    `blank`; IllegalEvent if one is of another type."""
    kept: Record = {}
    for column, item in items.items():
        value = record.get(column)
        if value is None:
            continue
        if value == "" and item.type in ("enum", "date"):
            if blank:
                kept[column] = value
            continue
        if not _FITS[item.type](item, value):
            raise IllegalEvent("expression_failed", detail=f"{said}: '{column}' is no {item.type}")
        kept[column] = float(value) if item.type == "number" else value
    return kept


def _whole(_: Item, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(_: Item, value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _date(_: Item, value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


_FITS: Mapping[str, Callable[[Item, Any], bool]] = {
    "text": lambda _, value: isinstance(value, str),
    "enum": lambda item, value: isinstance(value, str) and value in item.choices,
    "date": _date,
    "bool": lambda _, value: isinstance(value, bool),
    "int": _whole,
    "money": _whole,
    "instant": _whole,
    "number": _number,
    "list": lambda _, value: isinstance(value, list),
}
