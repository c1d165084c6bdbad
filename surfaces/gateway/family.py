"""A tree of cases as a caller of some organisations sees it.

What it is: foreign cases taken out, with what lies below them; where the topmost is foreign, the
tree begins at the case that was asked for.
Who may import it: the routers of the gateway.
"""

from typing import Any

from activities.records import Records
from surfaces.dossier import nodes
from surfaces.errors import UnknownCase
from surfaces.gateway.keys import Caller


async def pruned(records: Records, calling: Caller, told: dict[str, Any]) -> dict[str, Any]:
    """The dossier without what the caller does not see."""
    if not calling.organisations:
        return told
    cases = [node["case"] for node in nodes(told["tree"])]
    held = await records.read.organisations(cases)
    own = {case for case in cases if calling.sees(held.get(case, ""))}
    tree = told["tree"]
    if tree["case"] not in own:
        tree = next((one for one in nodes(tree) if one["case"] == told["case"]), None)
        if tree is None or tree["case"] not in own:
            raise UnknownCase(f"there is no case '{told['case']}'")
    tree = _kept(tree, own)
    return told | {"tree": tree, "top": tree["case"], "count": len(list(nodes(tree)))}


def _kept(node: dict[str, Any], own: set[str]) -> dict[str, Any]:
    return node | {"children": [_kept(one, own) for one in node["children"] if one["case"] in own]}
