"""Layered layout of a small directed graph, top to bottom, with room for words on the ways.

What it is: the classic four steps (break circles, give layers, order to avoid crossings, place) on
boxes of known sizes. A way's words are a box of their own between the layers, so nothing overlaps.
What it is not: drawing, and not for thousands of nodes.
Who may import it: the surfaces.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

GAP_X = 26.0
GAP_Y = 22.0
SWEEPS = 24
Size = tuple[float, float]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Edge:
    """A way with its words' size."""

    source: str
    target: str
    label: Size


@dataclass(slots=True)
class Placed:
    """Where everything is: centres of boxes and of words, and each way's points from its source to
    its target. `runs` are the vertical stretches that a way keeps while it passes a layer."""

    size: Size
    nodes: dict[str, Point] = field(default_factory=dict)
    labels: list[Point] = field(default_factory=list)
    ways: list[list[tuple[Point, Point]]] = field(default_factory=list)


@dataclass(slots=True)
class _Chain:
    """A way from layer to layer, downwards; `up` if it was turned round."""

    parts: list[str]
    label: str
    up: bool


def layout(sizes: Mapping[str, Size], edges: Sequence[Edge], first: str) -> Placed:
    """Place boxes and ways. Ways from a node to itself are not meant here."""
    turned = _turned(list(sizes), edges, first)
    layers = _layers(list(sizes), edges, turned)
    box = dict(sizes)
    rows: list[list[str]] = [[] for _ in range(2 * max(layers.values()) + 1)]
    for node, layer in layers.items():
        rows[2 * layer].append(node)
    chains: list[_Chain] = []
    for index, edge in enumerate(edges):
        up = index in turned
        source, target = (edge.target, edge.source) if up else (edge.source, edge.target)
        start, end = 2 * layers[source], 2 * layers[target]
        inner = [f"{index}/{row}" for row in range(start + 1, end)]
        at = end - start - 2 if up else 0
        for row, name in zip(range(start + 1, end), inner, strict=True):
            rows[row].append(name)
            box[name] = edge.label if row == start + 1 + at else (6.0, 0.0)
        chains.append(_Chain([source, *inner, target], inner[at], up))
    _order(rows, chains)
    x = _place(rows, chains, box)
    return _finished(rows, chains, box, x, list(sizes))


def _turned(nodes: Sequence[str], edges: Sequence[Edge], first: str) -> set[int]:
    """Ways that lead back to where a walk from the first node has come through."""
    out: dict[str, list[tuple[int, str]]] = {node: [] for node in nodes}
    for index, edge in enumerate(edges):
        out[edge.source].append((index, edge.target))
    back: set[int] = set()
    done: set[str] = set()
    active: set[str] = set()

    def walk(node: str) -> None:
        active.add(node)
        for index, target in out[node]:
            if target in active:
                back.add(index)
            elif target not in done:
                walk(target)
        active.discard(node)
        done.add(node)

    for node in [first, *nodes]:
        if node not in done:
            walk(node)
    return back


def _layers(nodes: Sequence[str], edges: Sequence[Edge], turned: set[int]) -> dict[str, int]:
    """The longest way to each node; a node that only leads on stands right above its target."""
    pairs = [
        (e.target, e.source) if index in turned else (e.source, e.target)
        for index, e in enumerate(edges)
    ]
    layer = dict.fromkeys(nodes, 0)
    for _ in nodes:
        for source, target in pairs:
            layer[target] = max(layer[target], layer[source] + 1)
    entered = {target for _, target in pairs}
    for node in nodes:
        below = [layer[target] for source, target in pairs if source == node]
        if node not in entered and below and node != nodes[0]:
            layer[node] = min(below) - 1
    return layer


# --- order ----------------------------------------------------------------------------------


def _links(chains: Iterable[_Chain]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for chain in chains:
        for upper, lower in pairwise(chain.parts):
            below.setdefault(upper, []).append(lower)
            above.setdefault(lower, []).append(upper)
    return above, below


def _order(rows: list[list[str]], chains: Sequence[_Chain]) -> None:
    """Sort each row by where its neighbours stand, down and up again; keep the best."""
    above, below = _links(chains)
    best, fewest = [list(row) for row in rows], _crossings(rows, below)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        near = above if down else below
        order = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        for index in order:
            other = rows[index - 1 if down else index + 1]
            place = {name: float(at) for at, name in enumerate(other)}
            held = {name: float(at) for at, name in enumerate(rows[index])}
            wanted = {
                name: _mean([place[n] for n in near.get(name, ()) if n in place], held[name])
                for name in rows[index]
            }
            rows[index].sort(key=wanted.__getitem__)
        count = _crossings(rows, below)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    rows[:] = best


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(rows: Sequence[Sequence[str]], below: Mapping[str, Sequence[str]]) -> int:
    total = 0
    for upper, lower in pairwise(rows):
        place = {name: at for at, name in enumerate(lower)}
        ends = [sorted(place[n] for n in below.get(name, ()) if n in place) for name in upper]
        flat = [end for group in ends for end in group]
        total += sum(a > b for i, a in enumerate(flat) for b in flat[i + 1 :])
    return total


# --- place ----------------------------------------------------------------------------------


def _place(
    rows: Sequence[Sequence[str]], chains: Sequence[_Chain], box: Mapping[str, Size]
) -> dict[str, float]:
    """Centres: every row as near to its neighbours as the widths allow."""
    above, below = _links(chains)
    strand = {name: c.parts[1:-1] for c in chains for name in c.parts[1:-1]}
    x: dict[str, float] = {}
    for row in rows:
        _settle_row(row, [0.0] * len(row), [1.0] * len(row), box, x)
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else list(reversed(rows)):
            wanted: list[float] = []
            weight: list[float] = []
            for name in row:
                near = [*above.get(name, ()), *below.get(name, ())]
                # A long way is kept straight before a box is centred.
                if sweep > SWEEPS // 2 and len(strand.get(name, ())) > 1:
                    near = strand[name]
                wanted.append(_mean([x[other] for other in near], x[name]))
                weight.append(6.0 if name in strand else 1.0)
            _settle_row(row, wanted, weight, box, x)
    left = min(x[name] - box[name][0] / 2 for row in rows for name in row)
    return {name: at - left + GAP_X for name, at in x.items()}


def _settle_row(
    row: Sequence[str],
    wanted: Sequence[float],
    weight: Sequence[float],
    box: Mapping[str, Size],
    x: dict[str, float],
) -> None:
    """The places nearest to the wanted ones (least squares) that keep order and distance: pool
    adjacent violators, after taking the distances out."""
    offset, offsets = 0.0, []
    for index, name in enumerate(row):
        if index:
            offset += (box[row[index - 1]][0] + box[name][0]) / 2 + GAP_X
        offsets.append(offset)
    pools: list[tuple[float, float, int]] = []
    for index in range(len(row)):
        value, mass, count = wanted[index] - offsets[index], weight[index], 1
        while pools and pools[-1][0] > value:
            before, heavy, many = pools.pop()
            value = (value * mass + before * heavy) / (mass + heavy)
            mass, count = mass + heavy, count + many
        pools.append((value, mass, count))
    index = 0
    for value, _, count in pools:
        for _ in range(count):
            x[row[index]] = value + offsets[index]
            index += 1


def _finished(
    rows: Sequence[Sequence[str]],
    chains: Sequence[_Chain],
    box: Mapping[str, Size],
    x: Mapping[str, float],
    nodes: Sequence[str],
) -> Placed:
    top: list[float] = []
    cursor = GAP_Y
    heights = [max((box[name][1] for name in row), default=0.0) for row in rows]
    for height in heights:
        top.append(cursor)
        cursor += height + GAP_Y
    level = {name: index for index, row in enumerate(rows) for name in row}

    def centre(name: str) -> Point:
        row = level[name]
        return x[name], top[row] + heights[row] / 2

    width = max(x[name] + box[name][0] / 2 for row in rows for name in row) + GAP_X
    placed = Placed((width, cursor), {node: centre(node) for node in nodes})
    ports = _ports(chains, box, x)
    for index, chain in enumerate(chains):
        placed.labels.append(centre(chain.label))
        points: list[tuple[Point, Point]] = []
        for name in chain.parts:
            row, (middle_x, middle_y) = level[name], centre(name)
            half = box[name][1] / 2
            if name == chain.parts[0]:
                port = (middle_x + ports[index, "out"], middle_y + half)
                points.append((port, port))
            elif name == chain.parts[-1]:
                port = (middle_x + ports[index, "in"], middle_y - half)
                points.append((port, port))
            else:
                points.append(((middle_x, top[row]), (middle_x, top[row] + heights[row])))
        if chain.up:
            points = [(end, start) for start, end in reversed(points)]
        placed.ways.append(points)
    return placed


def _ports(
    chains: Sequence[_Chain], box: Mapping[str, Size], x: Mapping[str, float]
) -> dict[tuple[int, str], float]:
    """Where ways leave and enter a box, spread over its side in the order they come from."""
    sides: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for index, chain in enumerate(chains):
        sides.setdefault((chain.parts[0], "out"), []).append((x[chain.parts[1]], index))
        sides.setdefault((chain.parts[-1], "in"), []).append((x[chain.parts[-2]], index))
    found: dict[tuple[int, str], float] = {}
    for (node, side), ends in sides.items():
        step = min(34.0, box[node][0] * 0.8 / len(ends))
        for at, (_, index) in enumerate(sorted(ends)):
            found[index, side] = (at - (len(ends) - 1) / 2) * step
    return found
