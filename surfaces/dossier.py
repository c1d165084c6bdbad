"""The cases that belong together, as the surfaces tell them.

What it is: the tree of the records, to which the rules of each asking case add what they call a
link and whether it opens a child.
What it is not: printing (`cli_tree`), or the tree itself (`activities.records.dossier`).
Who may import it: the surfaces.
"""

from collections.abc import Iterator
from typing import Any

from activities.records import Records
from definitions.bundle import BundleInvalid, unpin
from definitions.model import Process
from surfaces.instants import dated

Node = dict[str, Any]


async def dossier(records: Records, case: str, now: int) -> dict[str, Any] | None:
    """The tree in which a case stands, or None if it stands alone."""
    told = await records.read.dossier(case, now)
    if told["count"] == 1 and not told["cut"]:
        return None
    rules: dict[str, Process | None] = {}
    for node in nodes(told["tree"]):
        for child in node["children"]:
            # A link is named by the rules of the case that asked.
            digest = (child if child["how"] == "tells" else node)["digest"]
            if digest not in rules:
                rules[digest] = await _rules(records, digest)
            child["child"] = _name(child, rules[digest])
    return told


def nodes(tree: Node) -> Iterator[Node]:
    """The cases of a tree, each before those below it."""
    yield tree
    for child in tree["children"]:
        yield from nodes(child)


def dated_dossier(told: dict[str, Any]) -> dict[str, Any]:
    """With instants in ISO 8601, each case's in its own zone."""
    return told | {"tree": _dated(told["tree"])}


def _dated(node: Node) -> Node:
    own = {name: value for name, value in node.items() if name != "children"}
    return {**dated(own, node["zone"]), "children": [_dated(one) for one in node["children"]]}


async def _rules(records: Records, digest: str) -> Process | None:
    """The rules that a case was opened under. Without them its links have no titles."""
    pinned = await records.rules(digest) if digest else None
    try:
        return None if pinned is None else unpin(pinned)
    except BundleInvalid:
        return None


def _name(node: Node, rules: Process | None) -> bool:
    """Give the links that led to a case their titles; whether one opened it as a child."""
    child = False
    for one in node["through"]:
        link = None if rules is None else rules.links.get(one["link"])
        title = None if link is None else link.title
        one["title"] = {} if title is None else {"zh": title.zh, "en": title.en}
        child |= link is not None and link.child and one["event"] is None
    return child and node["how"] == "opened"
