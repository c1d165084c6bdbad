"""The file around drawn pages.

What it is: pages, the parts of the typefaces that they use, and what a reader needs to search and
copy their text. The same pages give the same bytes.
What it is not: drawing.
Who may import it: the documents package.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from io import BytesIO

import pydyf

from activities.documents.sheet import Sheet
from activities.documents.typefaces import FACES, Face, metrics, outlines
from activities.documents.values import clean
from workflows.core.effects import Fill


def written(fill: Fill, size: tuple[float, float], sheets: Sequence[Sheet], stamp: str) -> bytes:
    made = pydyf.PDF()
    fonts = pydyf.Dictionary()
    for face in FACES:
        signs = set[str]().union(*(sheet.used[face] for sheet in sheets))
        if signs:
            fonts[face] = _font(made, face, signs).reference
    for sheet in sheets:
        made.add_object(sheet.stream)
        made.add_page(
            pydyf.Dictionary(
                {
                    "Type": "/Page",
                    "Parent": made.pages.reference,
                    "MediaBox": pydyf.Array([0, 0, *size]),
                    "Contents": sheet.stream.reference,
                    "Resources": pydyf.Dictionary({"Font": fonts}),
                }
            )
        )
    titles = (fill.title.get("zh"), fill.title.get("en"), fill.printed)
    made.info["Title"] = _words(" ".join(clean(one) for one in titles if one))
    made.info["Producer"] = _words("Duecourse")
    made.info["CreationDate"] = pydyf.String(stamp)
    made.info["ModDate"] = pydyf.String(stamp)
    made.catalog["Lang"] = pydyf.String("zh-CN")
    made.catalog["ViewerPreferences"] = pydyf.Dictionary({"DisplayDocTitle": "true"})
    file = BytesIO()
    made.write(file, identifier=sha256(fill.key.encode("utf-8", "replace")).hexdigest()[:32])
    return file.getvalue()


def _words(text: str) -> bytes:
    """A text of the file's own, as UTF-16."""
    return b"<" + (b"\xfe\xff" + text.encode("utf-16-be", "replace")).hex().encode() + b">"


def _font(made: pydyf.PDF, face: Face, signs: set[str]) -> pydyf.Dictionary:
    """A face with these signs, added to the file; text in it is two bytes a sign, its glyph."""
    known = metrics(face)
    by_glyph = {known.glyphs[ord(sign)]: sign for sign in sorted(signs, key=_plain)}
    glyphs = sorted(by_glyph)
    # A subset's name begins with six letters that tell it from other subsets.
    tag = sha256("".join(sorted(signs)).encode()).digest()[:6]
    name = "".join(chr(65 + byte % 26) for byte in tag) + f"+{known.name}"
    program = pydyf.Stream([outlines(face, signs)], {"Subtype": "/CIDFontType0C"}, compress=True)
    made.add_object(program)
    descriptor = pydyf.Dictionary(
        {
            "Type": "/FontDescriptor",
            "FontName": pydyf.name(name),
            "Flags": 4 if face == "sans" else 6,
            "FontBBox": pydyf.Array(known.box),
            "ItalicAngle": 0,
            "Ascent": known.ascent,
            "Descent": known.descent,
            "CapHeight": known.cap_height,
            "StemV": 80,
            "FontFile3": program.reference,
        }
    )
    made.add_object(descriptor)
    # 1000 is what goes without saying: an ideograph's.
    narrow = [glyph for glyph in glyphs if known.widths[glyph] != 1000]
    widths = pydyf.Array()
    for glyph in narrow:
        widths.extend([glyph, pydyf.Array([known.widths[glyph]])])
    system = {"Registry": pydyf.String("Adobe"), "Ordering": pydyf.String("Identity")}
    descendant = pydyf.Dictionary(
        {
            "Type": "/Font",
            "Subtype": "/CIDFontType0",
            "BaseFont": pydyf.name(name),
            "CIDSystemInfo": pydyf.Dictionary({**system, "Supplement": 0}),
            "FontDescriptor": descriptor.reference,
            "DW": 1000,
            "W": widths,
        }
    )
    made.add_object(descendant)
    meanings = pydyf.Stream([_meanings(by_glyph)], compress=True)
    made.add_object(meanings)
    font = pydyf.Dictionary(
        {
            "Type": "/Font",
            "Subtype": "/Type0",
            "BaseFont": pydyf.name(f"{name}-Identity-H"),
            "Encoding": "/Identity-H",
            "DescendantFonts": pydyf.Array([descendant.reference]),
            "ToUnicode": meanings.reference,
        }
    )
    made.add_object(font)
    return font


def _plain(sign: str) -> tuple[bool, int]:
    """Of several signs with one glyph the last in this order gives its meaning: an ideograph
    before a radical that looks like it."""
    return "\u4e00" <= sign <= "\u9fff", -ord(sign)


def _meanings(by_glyph: Mapping[int, str]) -> bytes:
    """What each glyph means, so that text can be searched and copied."""
    pairs = [
        f"<{glyph:04x}> <{sign.encode('utf-16-be').hex()}>"
        for glyph, sign in sorted(by_glyph.items())
    ]
    chunks = [pairs[at : at + 100] for at in range(0, len(pairs), 100)]
    said = "".join(
        f"{len(chunk)} beginbfchar\n{chr(10).join(chunk)}\nendbfchar\n" for chunk in chunks
    )
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
        f"{said}endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()
