"""Pages drawn: the head, the foot and the borders of a paper form, in PDF's terms.

What it is: marks on a page. PDF counts upwards from its foot, the layout down from its top.
What it is not: the file around the pages (`portable`).
Who may import it: the documents package.
"""

from collections.abc import Iterator
from dataclasses import replace

import pydyf

from activities.documents.layout import GAP, PAD, Cell, bilingual
from activities.documents.lines import Line, Style, fitted
from activities.documents.pages import Page, Placed
from activities.documents.typefaces import FACES, Face, encoded, metrics
from activities.documents.values import clean, instant
from workflows.core.effects import Fill

A4 = (595.28, 841.89)
MARGIN = 42.0
TOP = 36.0
FOOT = 52.0
"""Kept free at the foot of a page."""
RUNNING = 22.0
"""The running head of the pages behind the first."""

TITLE = Style("sans", 18, bold=True, leading=1.35)
TITLE_EN = Style("sans", 10, grey=0.3, leading=1.5)
SMALL = Style("sans", 8, leading=1.4)
FAINT = Style("sans", 6.5, grey=0.45, leading=1.4)
THIN, THICK = 0.5, 1.1


def head(fill: Fill, room: float) -> Iterator[tuple[Line, float]]:
    """The lines above the form, each with its place between left (0), centre (.5) and right."""
    if fill.organisation:
        yield fitted(clean(fill.organisation), replace(SMALL, size=9.5), room), 0.5
    for line in bilingual(fill.title, TITLE, TITLE_EN, room):
        yield line, 0.5
    # The number and the date stand on one line; `Sheet` sets the right part.
    yield fitted(f"编号 No.：{clean(fill.printed) or '—'}", replace(SMALL, size=9), room * 0.6), 0.0


class Sheet:
    """One page while it is drawn. PDF counts upwards from the foot, the layout down from the
    top."""

    def __init__(self, fill: Fill, wide: float, high: float, number: int, count: int) -> None:
        self.fill, self.wide, self.high = fill, wide, high
        self.number, self.count = number, count
        self.stream = pydyf.Stream(compress=True)
        self.used: dict[Face, set[str]] = {face: set() for face in FACES}

    def drawn(self, page: Page, top: list[tuple[Line, float]]) -> "Sheet":
        """The sheet with everything on it."""
        y = self._title(top) if self.number == 1 else self._running_head()
        for placed in page:
            for cell in placed.row.cells:
                self._cell(cell, placed, y)
        if page:
            high = page[-1].y + page[-1].height
            self._box(MARGIN, y, self.wide - 2 * MARGIN, high, THICK)
        self._foot()
        return self

    # --- parts of a page

    def _title(self, top: list[tuple[Line, float]]) -> float:
        fill, y, right = self.fill, TOP, self.wide - MARGIN
        if fill.form:
            self._text(fitted(f"表号 Form {clean(fill.form)}", SMALL, 160), right, y, 1)
        for line, place in top:
            self._text(line, MARGIN + (right - MARGIN) * place, y, place)
            y += line.style.height
        day = instant(fill.at, fill.zone).partition(" ")[0]
        style = replace(SMALL, size=9)
        self._text(Line(f"日期 Date：{day}", style), right, y - top[-1][0].style.height, 1)
        return y + PAD

    def _running_head(self) -> float:
        title = clean(self.fill.title.get("zh") or self.fill.title.get("en") or "")
        words = f"{title}（续 continued）  {clean(self.fill.printed)}"
        room = self.wide - 2 * MARGIN
        self._text(fitted(words, SMALL, room * 0.75), MARGIN, TOP + 4, 0)
        if self.fill.form:
            form = fitted(f"表号 Form {clean(self.fill.form)}", SMALL, room * 0.24)
            self._text(form, self.wide - MARGIN, TOP + 4, 1)
        return TOP + RUNNING

    def _foot(self) -> None:
        y, room = self.high - FOOT + 10, self.wide - 2 * MARGIN
        if self.fill.copies:
            self._text(fitted(copies_line(self.fill), SMALL, room), MARGIN, y, 0)
        y += SMALL.height + 2
        case = f"案号 Case {clean(self.fill.case)}"
        self._text(fitted(case, FAINT, room * 0.6), MARGIN, y + 1, 0)
        count = f"第 {self.number} 页 共 {self.count} 页  Page {self.number} of {self.count}"
        self._text(Line(count, SMALL), self.wide - MARGIN, y, 1)

    def _cell(self, cell: Cell, placed: Placed, top: float) -> None:
        x, y = MARGIN + cell.x, top + placed.y
        if cell.fill < 1:
            self._box(x, y, cell.width, placed.height, 0, cell.fill)
        self._box(x, y, cell.width, placed.height, THIN)
        free = placed.height - cell.height
        y += GAP / 2 + (0 if cell.top else free / 2)
        place = {"left": 0.0, "centre": 0.5, "right": 1.0}[cell.align]
        for line in cell.lines:
            self._text(line, x + PAD + (cell.width - 2 * PAD) * place, y, place)
            y += line.style.height

    # --- marks

    def _text(self, line: Line, x: float, y: float, place: float) -> None:
        """A line of which the left end, the middle or the right end (`place`) is at x, and whose
        upper edge is at y."""
        text, style = line.text.rstrip(" "), line.style
        if not text:
            return
        self.used[style.face].update(text)
        made, x = self.stream, x - line.width * place
        known = metrics(style.face)
        # The signs stand in the middle of their line.
        em = (known.cap_height - 120) / 1000 * style.size
        base = self.high - y - (style.height + em) / 2
        made.begin_text()
        made.set_font_size(style.face, _round(style.size))
        made.set_color_rgb(*[_round(style.grey)] * 3)
        if style.bold:
            made.set_color_rgb(*[_round(style.grey)] * 3, stroke=True)
            made.set_line_width(_round(style.size * 0.022))
        made.set_text_rendering(2 if style.bold else 0)
        made.move_text_to(_round(x), _round(base))
        made.stream.append(b"<" + encoded(text, style.face).hex().encode() + b"> Tj")
        made.end_text()

    def _box(
        self, x: float, y: float, wide: float, high: float, line: float, grey: float | None = None
    ) -> None:
        made = self.stream
        if grey is not None:
            made.set_color_rgb(*[_round(grey)] * 3)
        else:
            made.set_color_rgb(0, 0, 0, stroke=True)
            made.set_line_width(line)
        made.rectangle(_round(x), _round(self.high - y - high), _round(wide), _round(high))
        if grey is not None:
            made.fill()
        else:
            made.stroke()


def copies_line(fill: Fill) -> str:
    """Who gets a copy: `一式 2 份 Copies：① 用户 Customer  ② 服务中心 Service centre`."""
    words = []
    for at, copy in enumerate(fill.copies):
        both = dict.fromkeys(clean(copy.get(lang) or "") for lang in ("zh", "en"))
        mark = chr(ord("①") + at) if at < 20 else f"({at + 1})"
        words.append(f"{mark} {' '.join(filter(None, both))}")
    return f"一式 {len(words)} 份 Copies：{'  '.join(words)}"


def _round(number: float) -> float:
    return round(number, 2)
