"""A document filled in from a case: every value that its definition prints, as the case has it.

What it is: the effect `Fill`, personal values included, since the paper is for those whom it names.
What it is not: layout, or words for values; the printer knows those.
Who may import it: the core.
"""

from collections.abc import Mapping
from typing import Any

from definitions.expressions import ValueType
from definitions.model import Block, Item
from definitions.scope import columns
from definitions.text import Text
from workflows.core.effects import Fill, FilledBlock
from workflows.core.speech import case_facts, plain, spoken_of
from workflows.core.turn import Turn
from workflows.core.values import meant


def fill(turn: Turn, name: str) -> None:
    """Ask for a document of what the turn ends with, and write its row."""
    process = turn.program.process
    spec = process.documents[name]
    printed = str(turn.program.evaluate(spec.number, turn.lookup, None, ValueType.TEXT))
    blocks = tuple(_block(turn, block) for block in spec.blocks)
    row = turn.row("document", name, data={"number": printed})
    turn.requests.append(
        Fill(
            key=turn.key(row),
            case=turn.case.id,
            process=process.process,
            number=turn.case.number,
            document=name,
            title=plain(spec.title),
            form=spec.form,
            printed=printed,
            seq=row.seq,
            at=turn.at,
            zone=turn.program.zone,
            blocks=blocks,
            organisation=str(turn.data.get(process.attributes.organisation or "") or ""),
            landscape=spec.landscape,
            copies=tuple(map(plain, spec.copies)),
            facts=_facts(turn, [block.text for block in spec.blocks if block.text is not None]),
        )
    )


def _block(turn: Turn, block: Block) -> FilledBlock:
    columns_, rows = _table(turn, block)
    return FilledBlock(
        title={} if block.title is None else plain(block.title),
        fields=_fields(turn, block.fields),
        columns=columns_,
        rows=rows,
        totals=_fields(turn, block.totals),
        text={} if block.text is None else plain(block.text),
        signatures=tuple(map(plain, block.signatures)),
    )


def _fields(turn: Turn, labels: Mapping[str, Text]) -> tuple[dict[str, Any], ...]:
    data = turn.program.process.data
    return tuple(
        {**_labelled(label, data[name]), "value": turn.data.get(name)}
        for name, label in labels.items()
    )


def _table(
    turn: Turn, block: Block
) -> tuple[tuple[dict[str, Any], ...], tuple[tuple[Any, ...], ...]]:
    if block.list is None:
        return (), ()
    items = columns(turn.program.process, block.list)
    shown = tuple(_labelled(label, items[name]) for name, label in block.columns.items())
    found = meant(turn.program, block.list, turn.data, turn.lookup, block.where, None)
    return shown, tuple(tuple(one.record.get(name) for name in block.columns) for one in found)


def _labelled(label: Text, item: Item) -> dict[str, Any]:
    """A label with the type of what is printed, its unit and the words of an enum's values."""
    told: dict[str, Any] = {"label": plain(label), "type": item.type}
    if item.unit is not None:
        told["unit"] = item.unit
    if item.type == "enum" and isinstance(item.values, dict):
        told["choices"] = {value: plain(words) for value, words in item.values.items()}
    return told


def _facts(turn: Turn, texts: list[Text]) -> dict[str, dict[str, Any]]:
    """What the paragraphs name, and nothing else."""
    known = {"data": turn.data, "case": case_facts(turn)}
    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        for of, names in spoken_of(text).items():
            if of in known:
                facts = {name: known[of][name] for name in names if name in known[of]}
                found.setdefault(of, {}).update(facts)
    return {of: dict(sorted(facts.items())) for of, facts in sorted(found.items())}
