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
from typing import Literal

import pylopdf_fonts_zh_cn
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

Face = Literal["sans", "serif"]
FACES: tuple[Face, ...] = ("sans", "serif")
MISSING = "〓"
"""Stands for a sign that the typefaces lack: printers have used it so for ages."""

_FILES = {"sans": pylopdf_fonts_zh_cn.sans_path, "serif": pylopdf_fonts_zh_cn.serif_path}
# Positioning, alternates and vertical writing are not used; names and hints are dead weight.
_DROPPED = ["BASE", "DSIG", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx", "name", "post", "OS/2"]


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
    # Hints stay: taking them out costs more time than they cost room.
    options = Options(drop_tables=_DROPPED, layout_features=[], notdef_outline=True)
    # Nothing is measured anew: that would draw every sign, and the boxes of the whole face do.
    how = {"lazy": True, "recalcTimestamp": False, "recalcBBoxes": False}
    with TTFont(_FILES[face](), **how) as font:
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=sorted(map(ord, signs)))
        subsetter.subset(font)
        program: bytes = font["CFF "].compile(font)
        return program
