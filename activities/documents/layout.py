"""The blocks of a document as rows of cells.

What it is: pure. Everything of a form is a row: a heading, two labelled fields, a record of a
table, a paragraph, places to sign.
What it is not: pages; `pages` lays rows on them.
Who may import it: the documents package.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, Literal

from activities.documents.lines import Line, Style, fitted, widest_word, wrap
from activities.documents.values import CENTRED, RIGHT, clean, shown
from activities.notices.sandbox import render
from workflows.core.effects import Fill, FilledBlock

Align = Literal["left", "centre", "right"]
PAD = 4.0
"""Points between a cell's border and its text at the left and right."""
GAP = 5.0
"""Points that are free above and below the text together."""

LABEL = Style("sans", 9, leading=1.3)
LABEL_EN = Style("sans", 6.5, grey=0.4, leading=1.25)
VALUE = Style("serif", 9.5)
HEAD = Style("sans", 8.5, leading=1.3)
HEAD_EN = Style("sans", 6, grey=0.4, leading=1.25)
CELL = Style("serif", 8.5, leading=1.35)
TOTAL = Style("sans", 9.5)
BAND = Style("sans", 9.5, bold=True)
PARAGRAPH = Style("serif", 10, leading=1.6)
PARAGRAPH_EN = Style("sans", 7.5, grey=0.4, leading=1.5)
SIGN_ROOM = 17.0
"""Points above the line that a pen needs."""
SIGNED = "签字 Signature："
DATED = "日期 Date：\u3000\u3000\u3000\u3000年\u3000\u3000月\u3000\u3000日"

_LABEL_SHARE = 0.17
_WIDE_LINES = 2
"""A value that takes more lines beside another one gets the whole width."""
_LOW = 60.0
"""A row that is lower may stand with a signature."""
_HEAD_LINES = 8
"""Of one language at the head of a column."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A bordered rectangle of a row. `grey`: how dark it is filled, 1 is white."""

    x: float
    width: float
    lines: tuple[Line, ...]
    align: Align = "left"
    fill: float = 1.0
    top: bool = False
    """Its text begins at the top, not in the middle."""

    @property
    def height(self) -> float:
        """What its text needs."""
        return sum(line.style.height for line in self.lines) + GAP


@dataclass(frozen=True, slots=True)
class Row:
    """Cells side by side. `head`: rows that stand above it again on a new page; `keep`: it is not
    parted from what follows; `whole`: it is not divided unless it takes half a page."""

    cells: tuple[Cell, ...]
    head: tuple["Row", ...] = ()
    keep: bool = False
    whole: bool = False

    @property
    def height(self) -> float:
        """Of its highest cell."""
        return max(cell.height for cell in self.cells)


def rows_of(fill: Fill, room: float) -> Iterator[Row]:
    """The rows of a document that is so many points wide. Raises `Permanent` for a template that
    cannot be filled in."""
    rows = list(_rows(fill, room))
    for row, below in zip_longest(rows, rows[1:]):
        # Nobody signs a page on which nothing else stands.
        signed = below is not None and below.whole and not below.keep
        yield replace(row, keep=True) if signed and row.height < _LOW else row


def _rows(fill: Fill, room: float) -> Iterator[Row]:
    for block in fill.blocks:
        if any(block.title.values()):
            yield _band(block.title, room)
        if block.fields:
            yield from _grid(block.fields, fill.zone, room)
        if block.columns:
            yield from _table(block, fill.zone, room)
        if block.totals:
            yield from _totals(block.totals, fill.zone, room)
        if any(block.text.values()):
            yield _paragraph(block.text, fill, room)
        if block.signatures:
            yield from _signatures(block.signatures, room)


def bilingual(text: Mapping[str, str], zh: Style, en: Style, room: float) -> tuple[Line, ...]:
    """Chinese, and English below it where it says something else."""
    words = [clean(text.get(lang) or "") for lang in ("zh", "en")]
    lines = [wrap(one, style, room) for one, style in zip(words, (zh, en), strict=True) if one]
    return sum(lines[:1] if len(set(words)) == 1 else lines, ())


def _band(title: Mapping[str, str], room: float) -> Row:
    words = dict.fromkeys(filter(None, (title.get("zh"), title.get("en"))))
    lines = wrap(clean("  ".join(words)), BAND, room - 2 * PAD)
    return Row((Cell(0, room, lines, "left", fill=0.9),), keep=True)


# --- labelled fields ------------------------------------------------------------------------


def _grid(fields: Sequence[Mapping[str, Any]], zone: str, room: float) -> Iterator[Row]:
    label = room * _LABEL_SHARE
    half, whole = room / 2 - label, room - label
    waiting: tuple[Mapping[str, Any], str] | None = None
    for item in fields:
        text = shown(item, item.get("value"), zone)
        if _is_wide(text, half):
            if waiting is not None:
                yield Row(_pair(*waiting, 0, label, whole))
                waiting = None
            yield Row(_pair(item, text, 0, label, whole))
        elif waiting is None:
            waiting = (item, text)
        else:
            left = _pair(*waiting, 0, label, half)
            yield Row((*left, *_pair(item, text, room / 2, label, half)))
            waiting = None
    if waiting is not None:
        yield Row(_pair(*waiting, 0, label, whole))


def _is_wide(text: str, half: float) -> bool:
    # Far more signs than two lines hold: no need to break them.
    return len(text) > 400 or len(wrap(text, VALUE, half - 2 * PAD)) > _WIDE_LINES


def _pair(
    item: Mapping[str, Any], text: str, x: float, label: float, value: float
) -> tuple[Cell, Cell]:
    lines = bilingual(item["label"], LABEL, LABEL_EN, label - 2 * PAD)
    return (
        Cell(x, label, lines, "left", fill=0.96),
        Cell(x + label, value, wrap(text, VALUE, value - 2 * PAD)),
    )


# --- tables ---------------------------------------------------------------------------------


def _table(block: FilledBlock, zone: str, room: float) -> Iterator[Row]:
    texts = [
        [shown(item, value, zone) for item, value in zip(block.columns, row, strict=False)]
        for row in block.rows
    ]
    widths = _widths(block.columns, texts, room)
    places = [sum(widths[:at]) for at in range(len(widths))]
    head = Row(
        tuple(
            Cell(x, wide, _headline(item["label"], wide - 2 * PAD), "centre", 0.93)
            for item, x, wide in zip(block.columns, places, widths, strict=True)
        ),
        keep=True,
        whole=True,
    )
    yield head
    aligned = [_align(item) for item in block.columns]
    for row in texts:
        yield Row(
            tuple(
                Cell(x, wide, wrap(text, CELL, wide - 2 * PAD), align)
                for text, x, wide, align in zip(row, places, widths, aligned, strict=False)
            ),
            head=(head,),
            # Totals stand below a line of their table at least.
            keep=bool(block.totals) and row is texts[-1],
        )
    if not texts:
        yield Row((Cell(0, room, (Line("无 None", CELL),), "centre"),), head=(head,))


def _headline(label: Mapping[str, str], room: float) -> tuple[Line, ...]:
    """It stands on every page, so it must not fill one."""
    lines = bilingual(label, HEAD, HEAD_EN, room)
    zh = [line for line in lines if line.style is HEAD][:_HEAD_LINES]
    return (*zh, *[line for line in lines if line.style is HEAD_EN][:_HEAD_LINES])


def _align(item: Mapping[str, Any]) -> Align:
    if item.get("type") in RIGHT:
        return "right"
    return "centre" if item.get("type") in CENTRED else "left"


def _widths(
    columns: Sequence[Mapping[str, Any]], rows: Sequence[Sequence[str]], room: float
) -> list[float]:
    """Each column as wide as its longest word at least, while there is room; what is left over
    goes where text is long."""
    least, wanted = [], []
    for at, item in enumerate(columns):
        zh, en = (clean(item["label"].get(lang) or "") for lang in ("zh", "en"))
        texts = {row[at][:200] for row in rows if at < len(row)}
        breakable = _align(item) == "left"
        natural = max((_one_line(text, CELL) for text in texts), default=0.0) + 2 * PAD + 0.5
        words = max((widest_word(text, CELL) for text in texts), default=0.0) + 2 * PAD + 0.5
        named = _one_line(zh, HEAD)
        header = max(min(named, 4 * HEAD.size), widest_word(en, HEAD_EN)) + 2 * PAD + 0.5
        least.append(max(header, words if breakable else natural))
        wanted.append(max(natural, least[-1], min(named, 8 * HEAD.size) + 2 * PAD + 0.5))
    if sum(least) >= room:
        # Too narrow for all words: the widest give way first.
        limit = _level(least, room)
        return [min(one, limit) for one in least]
    spare = room - sum(least)
    lacks = [want - low for want, low in zip(wanted, least, strict=True)]
    if sum(lacks) > spare:
        limit = _level(lacks, spare)
        return [low + min(lack, limit) for low, lack in zip(least, lacks, strict=True)]
    # What is left over goes to text, in which people look for room.
    takes = [_align(item) == "left" for item in columns]
    takes = takes if any(takes) else [True] * len(takes)
    share = (room - sum(wanted)) / sum(takes)
    return [want + share * take for want, take in zip(wanted, takes, strict=True)]


def _one_line(text: str, style: Style) -> float:
    return max(Line(one, style).width for one in text.split("\n"))


def _level(parts: Sequence[float], room: float) -> float:
    """The height at which `min(part, height)` of all parts fills the room, as water would."""
    rest, left = room, len(parts)
    for part in sorted(parts):
        if part * left >= rest:
            break
        rest, left = rest - part, left - 1
    return rest / max(left, 1)


def _totals(totals: Sequence[Mapping[str, Any]], zone: str, room: float) -> Iterator[Row]:
    texts = [shown(item, item.get("value"), zone) for item in totals]
    wide = max(room * 0.18, *(min(_one_line(text, TOTAL), room / 2) for text in texts)) + 2 * PAD
    for item, text in zip(totals, texts, strict=True):
        label = item["label"]
        words = " ".join(filter(None, dict.fromkeys((label.get("zh"), label.get("en")))))
        named = wrap(clean(words), HEAD, room - wide - 2 * PAD)
        value = Cell(room - wide, wide, wrap(text, TOTAL, wide - 2 * PAD), "right")
        # They stand together; the last may be parted from what follows.
        together = item is not totals[-1]
        yield Row((Cell(0, room - wide, named, "right", 0.96), value), keep=together)


# --- words and signatures -------------------------------------------------------------------


def _paragraph(text: Mapping[str, str], fill: Fill, room: float) -> Row:
    known = {
        "id": fill.case,
        "process": fill.process,
        "key": fill.case.partition(":")[2] or fill.case,
        **fill.facts.get("case", {}),
    }
    facts = {"data": {}, "event": {}, **fill.facts, "case": known}
    inner = room - 2 * PAD
    zh = clean(render(text.get("zh") or "", facts, "zh", fill.zone).strip())
    en = clean(render(text.get("en") or "", facts, "en", fill.zone).strip())
    lines = wrap(zh, PARAGRAPH, inner, indent="\u3000\u3000") if zh else ()
    if en and en != zh:
        lines += wrap(en, PARAGRAPH_EN, inner)
    return Row((Cell(0, room, lines, top=True),))


def _signatures(signatures: Sequence[Mapping[str, str]], room: float) -> Iterator[Row]:
    """Two in a row, or three where there are three."""
    side = 3 if len(signatures) in (3, 5, 6) else min(2, len(signatures))
    for at in range(0, len(signatures), side):
        few = signatures[at : at + side]
        wide = room / len(few)
        cells = []
        for place, title in enumerate(few):
            inner = wide - 2 * PAD
            gap = Line("", Style(size=SIGN_ROOM, leading=1))
            lines = [
                *bilingual(title, LABEL, LABEL_EN, inner),
                *(gap, fitted(SIGNED, LABEL, inner)),
                *(gap, fitted(DATED, LABEL, inner)),
            ]
            cells.append(Cell(place * wide, wide, tuple(lines), top=True))
        yield Row(tuple(cells), whole=True)
