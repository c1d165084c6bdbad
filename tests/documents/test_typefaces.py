"""Parts of a typeface: the same bytes, cut from the whole face or from what lies ready."""

from random import Random

from activities.documents.typefaces import Face, _Stock, metrics


def test_who_prints_a_lot_gets_the_same_parts_from_a_smaller_font() -> None:
    face: Face = "sans"
    chance = Random(7)
    rare = chance.sample(sorted(set(metrics(face).glyphs.values())), 80)
    common = [metrics(face).glyphs[ord(sign)] for sign in "现场服务记录表 XC-20261123"]
    parts = [frozenset([*chance.sample(rare, 10), *common]) for _ in range(8)]
    stock = _Stock(face, many=8)
    first = [stock.cut(part) for part in parts[:7]]
    assert stock._ready == (frozenset(), b"")
    first.append(stock.cut(parts[7]))
    held: frozenset[int]
    held, ready = stock._ready
    assert len(ready) < len(stock._whole) / 4
    assert all(part <= held for part in parts)
    assert [stock.cut(part) for part in parts] == first
