"""Text broken into lines as Chinese is set.

What it is: pure. Ideographs break anywhere, words and numbers between one another, a closing sign
never begins a line and an opening one never ends it.
What it is not: a place on the page.
Who may import it: the documents package.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from activities.documents.typefaces import Face, width

_NOT_FIRST = frozenset("，。、；：？！）》」』】〕〉”’…—·％‰℃,.;:!?)]}%~～")
_NOT_LAST = frozenset("（《「『【〔〈“‘￥¥([{$#")


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set; sizes in points, `grey` from 0 (black) to 1."""

    face: Face = "sans"
    size: float = 9.0
    bold: bool = False
    grey: float = 0.0
    leading: float = 1.4
    """Height of a line in sizes."""

    @property
    def height(self) -> float:
        """Of a line."""
        return self.size * self.leading


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one style."""

    text: str
    style: Style

    @property
    def width(self) -> float:
        """Of its signs."""
        return width(self.text, self.style.face, self.style.size)


def wrap(text: str, style: Style, room: float, *, indent: str = "") -> tuple[Line, ...]:
    """The lines of a text (already clean) in so many points; `indent` begins each paragraph."""
    lines: list[Line] = []
    for paragraph in text.split("\n"):
        words = indent + paragraph.rstrip(" ") if paragraph else ""
        lines += [Line(one, style) for one in _filled(words, style, room)]
    return tuple(lines)


def fitted(text: str, style: Style, room: float, least: float = 6.0) -> Line:
    """One line, set smaller if need be down to `least`, then cut with an ellipsis."""
    text = text.replace("\n", " ")
    wide = width(text, style.face, style.size)
    if wide > room:
        style = replace(style, size=max(least, style.size * room / wide * 0.999))
    if width(text, style.face, style.size) > room:
        text = next(_filled(text, style, room - style.size)) + "…"
    return Line(text, style)


def widest_word(text: str, style: Style) -> float:
    """What the text needs so that no word of it is broken."""
    words = (word for line in text.split("\n") for word in _units(line))
    return max((width(word.rstrip(" "), style.face, style.size) for word in words), default=0.0)


def _filled(text: str, style: Style, room: float) -> Iterator[str]:
    line, used = "", 0.0
    for unit in _units(text):
        wide = width(unit.rstrip(" "), style.face, style.size)
        if line and used + wide > room:
            yield line.rstrip(" ")
            line, used = "", 0.0
        if wide > room:
            *whole, unit = _broken(unit, style, room)
            yield from whole
        line += unit
        used += width(unit, style.face, style.size)
    yield line.rstrip(" ")


def _broken(unit: str, style: Style, room: float) -> Iterator[str]:
    """A word that is wider than the line, in pieces; each has a sign at least."""
    piece, used = "", 0.0
    for sign in unit:
        wide = width(sign, style.face, style.size)
        if piece and used + wide > room:
            yield piece
            piece, used = "", 0.0
        piece += sign
        used += wide
    yield piece


def _units(text: str) -> Iterator[str]:
    """The pieces between which a line may end; blanks stand behind them."""
    unit = ""
    for sign in text:
        if unit and not _joined(unit[-1], sign):
            yield unit
            unit = ""
        unit += sign
    if unit:
        yield unit


def _joined(before: str, after: str) -> bool:
    if after == " " or after in _NOT_FIRST:
        return True
    if before == " ":
        return False
    return before in _NOT_LAST or (_wordy(before) and _wordy(after))


def _wordy(sign: str) -> bool:
    """Whether it is part of a word: anything before the ideographs and their punctuation."""
    return sign < "\u2e80"
