"""A drawing is whole: every state and way is there, and no two boxes overlap."""

import xml.etree.ElementTree as ElementTree
from itertools import combinations

import pytest

from definitions.loader import load_library
from definitions.model import Process
from surfaces.diagram import clocks, flows, mermaid
from surfaces.diagram_layout import Edge, layout
from surfaces.diagram_svg import svg
from tests.surfaces.play import RULES

PARCEL = RULES["parcel"].process
SHIPPED = list(load_library().processes.values())
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("process", [PARCEL, *SHIPPED], ids=lambda process: process.process)
def test_a_drawing_shows_every_state_with_both_titles(process: Process) -> None:
    root = ElementTree.fromstring(svg(process))
    drawn = {group.get("id"): "".join(group.itertext()) for group in root.iter(f"{SVG}g")}
    for name, state in process.states.items():
        assert state.title.zh in drawn[name]
        assert state.title.en in drawn[name]


@pytest.mark.parametrize("process", [PARCEL, *SHIPPED], ids=lambda process: process.process)
def test_boxes_do_not_overlap(process: Process) -> None:
    root = ElementTree.fromstring(svg(process))
    boxes = [
        tuple(float(rect.get(name, 0)) for name in ("x", "y", "width", "height"))
        for rect in root.iter(f"{SVG}rect")
        if rect.get("rx") is not None
    ]
    assert len(boxes) >= len(process.states)
    for (ax, ay, aw, ah), (bx, by, bw, bh) in combinations(boxes, 2):
        assert ax + aw <= bx or bx + bw <= ax or ay + ah <= by or by + bh <= ay


def test_ways_and_clocks_are_those_that_can_happen() -> None:
    assert [(flow.sources, flow.target, flow.kind) for flow in flows(PARCEL)] == [
        (("received",), "packed", "event"),
        (("packed",), "gone", "event"),
        (("packed",), "returned", "lapse"),
    ]
    marks = clocks(PARCEL)
    assert [mark.budget for mark in marks[("received",)]] == ["2 hours"]
    assert [mark.lapses for mark in marks[("packed",)]] == [True]


def test_mermaid_names_states_and_ways() -> None:
    text = mermaid(PARCEL)
    assert text.startswith("stateDiagram-v2\n")
    assert 'state "已收 Received<br/>⏱ 打包时限 2 hours" as received' in text
    assert "  [*] --> received\n" in text
    assert "  packed --> returned: ⏱ 逾期退回 Returned when not fetched\n" in text


def test_a_way_back_keeps_its_direction() -> None:
    sizes = dict.fromkeys("abc", (40.0, 20.0))
    words = (30.0, 12.0)
    placed = layout(
        sizes, [Edge("a", "b", words), Edge("b", "c", words), Edge("c", "a", words)], "a"
    )
    assert placed.nodes["a"][1] < placed.nodes["b"][1] < placed.nodes["c"][1]
    start, end = placed.ways[2][0][0], placed.ways[2][-1][0]
    assert start[1] > end[1]
