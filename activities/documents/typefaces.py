"""The two typefaces that documents are set in, and the parts of them that a document embeds.

What it is: widths of signs, and subsets as PDF wants them. Labels are set in Noto Sans SC, what was
filled in in Noto Serif SC, so that a reader sees which is which; both are under the SIL Open Font
License and come with the package `pylopdf-fonts-zh-cn`.
What it is not: layout.
Who may import it: the documents package.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from threading import Lock
from typing import Literal

import pylopdf_fonts_zh_cn
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

Face = Literal["sans", "serif"]
FACES: tuple[Face, ...] = ("sans", "serif")
MISSING = "〓"
"""Stands for a sign that the typefaces lack: printers have used it so for ages."""

_FILES = {"sans": pylopdf_fonts_zh_cn.sans_path, "serif": pylopdf_fonts_zh_cn.serif_path}
_KEPT = frozenset({"GlyphOrder", "CFF ", "head", "maxp"})
"""Tables without which a font is none; outlines need no others."""
_READING = {"lazy": True, "recalcTimestamp": False, "recalcBBoxes": False}
"""Nothing is measured anew: that would draw every sign, and the boxes of the whole face do."""
_COMMON = "".join(
    [
        *map(chr, range(0x20, 0x7F)),
        *(
            bytes((row, cell)).decode("gb2312", "ignore")
            for row in (0xA1, 0xA3, *range(0xB0, 0xD8))
            for cell in range(0xA1, 0xFF)
        ),
    ]
)
"""Signs that everybody uses: ASCII, punctuation and the 3,755 of the standard's first level."""
_MANY = 32
"""After so many parts from the whole face it pays to lay out the common signs and those that were
asked for."""
_OPENING = Lock()


@dataclass(frozen=True, slots=True)
class Metrics:
    """What is measured in thousandths of the size. `glyphs`: a sign's glyph, by code point;
    `widths`: each glyph's."""

    name: str
    glyphs: dict[int, int]
    widths: dict[int, int]
    ascent: int
    descent: int
    cap_height: int
    box: tuple[int, int, int, int]


@lru_cache(maxsize=len(FACES))
def metrics(face: Face) -> Metrics:
    """Of one face; the file is read once."""
    with TTFont(_FILES[face](), lazy=True) as font:
        advances = font["hmtx"].metrics
        glyphs = {code: _number(name) for code, name in font.getBestCmap().items()}
        widths = {
            0 if name == ".notdef" else _number(name): advance
            for name, (advance, _) in advances.items()
        }
        head, line = font["head"], font["hhea"]
        return Metrics(
            name=font["name"].getDebugName(6),
            glyphs=glyphs,
            widths=widths,
            ascent=line.ascent,
            descent=line.descent,
            cap_height=font["OS/2"].sCapHeight,
            box=(head.xMin, head.yMin, head.xMax, head.yMax),
        )


def _number(name: str) -> int:
    """Of `cid01234`. The fonts are keyed by such numbers, and so is their text in a PDF."""
    return int(name.removeprefix("cid"))


def has(sign: str) -> bool:
    """Whether every face can show it."""
    return all(ord(sign) in metrics(face).glyphs for face in FACES)


def width(text: str, face: Face, size: float) -> float:
    """Of a text that the faces can show, in points."""
    known = metrics(face)
    return sum(known.widths[known.glyphs[ord(sign)]] for sign in text) * size / 1000


def encoded(text: str, face: Face) -> bytes:
    """The text as two bytes a sign."""
    glyphs = metrics(face).glyphs
    return b"".join(glyphs[ord(sign)].to_bytes(2, "big") for sign in text)


def outlines(face: Face, signs: Iterable[str]) -> bytes:
    """The font program for these signs alone, a CFF table keyed by their numbers."""
    return _outlines(face, frozenset(metrics(face).glyphs[ord(sign)] for sign in signs))


@lru_cache(maxsize=64)
def _outlines(face: Face, glyphs: frozenset[int]) -> bytes:
    with _OPENING:
        stock = _stock(face)
    return stock.cut(glyphs)


class _Stock:
    """A face to cut parts from. Its thirty thousand signs take a quarter of a second to leaf
    through, so whoever prints a lot gets a smaller font, of common signs and those that were asked
    for; a part that is cut from that is the same, byte for byte."""

    def __init__(self, face: Face, many: int = _MANY) -> None:
        self._many = many
        with TTFont(_FILES[face](), **_READING) as font:
            for table in set(font.keys()) - _KEPT:
                del font[table]
            self._whole = _saved(font)
        known = metrics(face).glyphs
        self._asked = {known[ord(sign)] for sign in _COMMON if ord(sign) in known}
        self._ready = frozenset[int](), b""
        self._misses = 0
        self._lock = Lock()

    def cut(self, glyphs: frozenset[int]) -> bytes:
        """The outlines of these glyphs."""
        held, ready = self._ready
        if not glyphs <= held:
            ready = self._whole
            self._missed(glyphs)
        with _part(ready, glyphs) as font:
            program: bytes = font["CFF "].compile(font)
            return program

    def _missed(self, glyphs: frozenset[int]) -> None:
        with self._lock:
            self._asked |= glyphs
            self._misses += 1
            if self._misses % self._many:
                return
            asked = frozenset(self._asked)
        with _part(self._whole, asked) as font:
            self._ready = asked, _saved(font)


@lru_cache(maxsize=len(FACES))
def _stock(face: Face) -> _Stock:
    return _Stock(face)


def _part(file: bytes, glyphs: frozenset[int]) -> TTFont:
    # Hints stay: taking them out costs more time than they cost room.
    subsetter = Subsetter(Options(layout_features=[], notdef_outline=True))
    subsetter.populate(glyphs=sorted(f"cid{number:05}" for number in glyphs))
    font = TTFont(BytesIO(file), **_READING)
    subsetter.subset(font)
    return font


def _saved(font: TTFont) -> bytes:
    file = BytesIO()
    font.save(file, reorderTables=False)
    return file.getvalue()
