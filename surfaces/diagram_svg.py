"""A process as a drawing: one SVG file that stands for itself.

What it is: states as rounded boxes with both titles and who acts, events on the arrows, clocks as
timers at the state in which they start; a clock that lapses interrupts, the others only remind.
What it is not: BPMN. Who may import it: the surfaces.
"""

from html import escape
from typing import Final

from definitions.model import Process, State
from definitions.text import Text
from surfaces.diagram import ClockMark, Flow, clocks, flows
from surfaces.diagram_layout import Edge, Placed, Point, Size, layout

_FONT: Final = "'Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei',sans-serif"
_LINE: Final = 17.0
_PAD: Final = 12.0
_STYLE: Final = f"""
text {{ font-family: {_FONT}; fill: #1f2933; }}
.zh {{ font-size: 14px; font-weight: 600; }} .en {{ font-size: 12px; fill: #52606d; }}
.small {{ font-size: 11px; fill: #52606d; }} .label {{ font-size: 11.5px; }}
.label .second {{ fill: #7b8794; font-size: 10.5px; }}
.state {{ fill: #f2f7fd; stroke: #3e6fa3; stroke-width: 1.4; }}
.first {{ stroke-width: 2.6; }} .auto {{ fill: #fff; stroke-dasharray: 5 3; }}
.closed {{ fill: #eef1f4; stroke: #7b8794; stroke-width: 3; }}
.group {{ fill: #fff; stroke: #9aa5b1; stroke-dasharray: 2 3; }}
.way {{ fill: none; stroke: #52606d; stroke-width: 1.2; }}
.way.lapse {{ stroke: #b7472a; stroke-dasharray: 6 3; }} .way.auto {{ stroke-dasharray: 2 3; }}
.paper {{ fill: #fff; }} .lapse-label text, .lapses text {{ fill: #b7472a; }}
.timer {{ fill: #fff; stroke: #b7791f; stroke-width: 1.2; stroke-dasharray: 2.5 1.8; }}
.timer.lapse {{ stroke: #b7472a; stroke-dasharray: none; }} .hand {{ stroke: #b7791f; fill: none; }}
"""
Group = tuple[str, ...]


def svg(process: Process) -> str:
    """The drawing."""
    marks = clocks(process)
    merged, names = _edges(process)
    for group in marks:
        if len(group) > 1:
            names.setdefault(group, f"+{len(names)}")
    sizes: dict[str, Size] = {
        name: _state_size(state, process, marks.get((name,), ()))
        for name, state in process.states.items()
    }
    for group, name in names.items():
        sizes[name] = _group_size(process, group, marks.get(group, ()))
    edges = [
        Edge(source, target, _label_size(listed)) for (source, target), listed in merged.items()
    ]
    placed = layout(sizes, edges, process.initial)
    parts = [_head(process, placed)]
    parts += [_way(*pair) for pair in zip(merged.values(), placed.ways, strict=True)]
    parts += [_label(*pair) for pair in zip(merged.values(), placed.labels, strict=True)]
    for name, state in process.states.items():
        here = marks.get((name,), ())
        parts.append(_state(name, state, process, here, placed.nodes[name], sizes[name]))
    for group, name in names.items():
        here = marks.get(group, ())
        parts.append(_group(process, group, here, placed.nodes[name], sizes[name]))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _edges(process: Process) -> tuple[dict[tuple[str, str], list[Flow]], dict[Group, str]]:
    """Ways by their ends, ways of many states by a group; and the names of the groups."""
    merged: dict[tuple[str, str], list[Flow]] = {}
    names: dict[Group, str] = {}
    for flow in flows(process):
        sources = flow.sources
        if flow.grouped:
            sources = (names.setdefault(flow.sources, f"+{len(names)}"),)
        for source in sources:
            if source != flow.target:
                merged.setdefault((source, flow.target), []).append(flow)
    return merged, names


# --- sizes ----------------------------------------------------------------------------------


def _width(text: str, size: float) -> float:
    """About as wide as it will be: Chinese is square, the rest a little over half as wide."""
    return sum(size if ord(sign) > 0x2E80 else size * 0.56 for sign in text)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _clock_text(mark: ClockMark) -> str:
    return f"{mark.title.zh} {_short(mark.budget, 34)}"


def _actor(state: State, process: Process) -> str:
    if state.closed or state.auto:
        return ""
    roles = [task.role for task in state.tasks.values()]
    roles = list(dict.fromkeys(roles)) or [state.actor or process.owner]
    return "、".join(process.roles[role].title.zh for role in roles if role in process.roles)


def _state_size(state: State, process: Process, marks: tuple[ClockMark, ...]) -> Size:
    lines = [_width(state.title.zh, 14), _width(state.title.en, 12)]
    lines += [_width(_actor(state, process), 11)]
    lines += [_width(_clock_text(mark), 11) + 20 for mark in marks]
    rows = 2 + bool(_actor(state, process)) + len(marks)
    return max(96.0, max(lines) + 2 * _PAD), rows * _LINE + _PAD + (6 if marks else 0)


def _group_lines(process: Process, group: Group) -> list[str]:
    waiting = [name for name, state in process.states.items() if not state.closed]
    waiting = [name for name in waiting if not process.states[name].auto]
    if set(group) >= set(waiting):
        return ["任一未结状态", "any open state"]
    missing = [name for name in waiting if name not in group]
    if len(missing) <= 2 and set(group) < set(waiting):
        titles = [process.states[name].title for name in missing]
        return [
            f"除{'、'.join(t.zh for t in titles)}外任一未结状态",
            f"any open state but {', '.join(t.en for t in titles)}",
        ]
    named = [process.states[name].title.zh for name in group]
    return ["、".join(named[start : start + 3]) for start in range(0, len(named), 3)]


def _group_size(process: Process, group: Group, marks: tuple[ClockMark, ...]) -> Size:
    lines = _group_lines(process, group)
    widths = [_width(line, 11) for line in lines]
    widths += [_width(_clock_text(mark), 11) + 20 for mark in marks]
    return max(widths) + 2 * _PAD, len(lines) * 15 + len(marks) * (_LINE + 2) + _PAD


def _label_lines(flows_: list[Flow]) -> list[tuple[Flow, Text | None, str]]:
    return [(flow, flow.text, _short(flow.name, 46) or "else") for flow in flows_]


def _label_size(flows_: list[Flow]) -> Size:
    lines = [_line_width(text, name) for _, text, name in _label_lines(flows_)]
    return max(lines) + 10, 15.0 * len(lines) + 4


def _line_width(text: Text | None, name: str) -> float:
    if text is None:
        return _width(name, 11)
    return _width(text.zh, 11.5) + 6 + _width(_short(text.en, 30), 10.5)


# --- ink ------------------------------------------------------------------------------------


def _head(process: Process, placed: Placed) -> str:
    width, height = placed.size
    title = f"{process.title.zh} {process.title.en} v{process.version}"
    arrow = (
        '<marker id="{id}" viewBox="0 0 8 8" refX="7.4" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0 0.6 L8 4 L0 7.4 z" fill="{fill}"/></marker>'
    )
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
                f'width="{width:.0f}" height="{height:.0f}" role="img">'
            ),
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style>",
            "<defs>",
            arrow.format(id="arrow", fill="#52606d"),
            arrow.format(id="lapsed", fill="#b7472a"),
            "</defs>",
            f'<rect class="paper" width="{width:.0f}" height="{height:.0f}"/>',
        ]
    )


def _way(flows_: list[Flow], way: list[tuple[Point, Point]]) -> str:
    kinds = {flow.kind for flow in flows_}
    style = next((kind for kind in ("lapse", "auto") if kinds == {kind}), "")
    marker = "lapsed" if style == "lapse" else "arrow"
    (_, (x, y)) = way[0]
    path = [f"M{x:.1f} {y:.1f}"]
    for (left, upper), (right, lower) in way[1:]:
        half = (upper - y) / 2
        path.append(f"C{x:.1f} {y + half:.1f} {left:.1f} {upper - half:.1f} {left:.1f} {upper:.1f}")
        if (left, upper) != (right, lower):
            path.append(f"L{right:.1f} {lower:.1f}")
        x, y = right, lower
    return f'<path class="way {style}" marker-end="url(#{marker})" d="{" ".join(path)}"/>'


def _label(flows_: list[Flow], centre: Point) -> str:
    width, height = _label_size(flows_)
    x, y = centre[0] - width / 2, centre[1] - height / 2
    parts = [f'<rect class="paper" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}"/>']
    for index, (flow, text, name) in enumerate(_label_lines(flows_)):
        base = y + 13 + 15 * index
        group = "label lapse-label" if flow.kind == "lapse" else "label"
        if text is None:
            said = escape(name)
        else:
            english = escape(_short(text.en, 30))
            said = f'{escape(text.zh)} <tspan class="second">{english}</tspan>'
        parts.append(
            f'<g class="{group}"><text x="{centre[0]:.1f}" y="{base:.1f}" '
            f'text-anchor="middle" class="label">{said}</text></g>'
        )
    return "\n".join(parts)


def _state(
    name: str,
    state: State,
    process: Process,
    marks: tuple[ClockMark, ...],
    centre: Point,
    size: Size,
) -> str:
    middle, y = centre[0], centre[1] - size[1] / 2
    x = middle - size[0] / 2
    style = "closed" if state.closed else "auto" if state.auto else ""
    if name == process.initial:
        style += " first"
    corner = 4 if state.auto else 12
    parts = [
        (
            f'<g id="{name}"><rect class="state {style}" x="{x:.1f}" y="{y:.1f}" rx="{corner}" '
            f'width="{size[0]:.1f}" height="{size[1]:.1f}"/>'
        )
    ]
    base = y + 20
    shown = [(state.title.zh, "zh"), (state.title.en, "en"), (_actor(state, process), "small")]
    for text, kind in shown:
        if text:
            parts.append(_centred(middle, base, text, kind))
            base += _LINE
    for index, mark in enumerate(marks):
        parts.append(_timer(x + _PAD, base + 3 + index * _LINE, mark))
    return "\n".join([*parts, "</g>"])


def _timer(x: float, base: float, mark: ClockMark) -> str:
    kind, y = (" lapse" if mark.lapses else ""), base - 4
    return (
        f'<g class="{"lapses" if mark.lapses else "reminds"}"><title>{escape(mark.title.en)}: '
        f'{escape(mark.budget)}</title><circle class="timer{kind}" cx="{x + 5:.1f}" cy="{y:.1f}" '
        f'r="6"/><path class="hand" d="M{x + 5:.1f} {y - 4:.1f} V{y:.1f} H{x + 8:.1f}"/>'
        f'<text class="small" x="{x + 16:.1f}" y="{base:.1f}">'
        f"{escape(_clock_text(mark))}</text></g>"
    )


def _group(
    process: Process, group: Group, marks: tuple[ClockMark, ...], centre: Point, size: Size
) -> str:
    x, y = centre[0] - size[0] / 2, centre[1] - size[1] / 2
    parts = [
        (
            f'<rect class="group" x="{x:.1f}" y="{y:.1f}" rx="10" width="{size[0]:.1f}" '
            f'height="{size[1]:.1f}"/>'
        )
    ]
    for index, line in enumerate(_group_lines(process, group)):
        parts.append(_centred(centre[0], y + 17 + 15 * index, line, "small"))
    base = y + 20 + 15 * len(_group_lines(process, group))
    parts += [_timer(x + _PAD, base + (_LINE + 1) * at, mark) for at, mark in enumerate(marks)]
    return "\n".join(parts)


def _centred(x: float, y: float, text: str, kind: str) -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(text)}</text>'
    )
