"""Which cases a caller sees, and how: the foreign ones are not there, personal fields are masked.

What it is: one case looked up for a caller; the data of views and rows as that caller sees them.
Who may import it: the routers of the gateway.
"""

from collections.abc import Mapping
from typing import Any

from definitions.sending import as_payload
from surfaces.errors import UnknownCase
from surfaces.gateway.keys import Caller
from surfaces.gateway.masking import masked_data, masked_row, personal, programs
from surfaces.gateway.services import Services
from surfaces.instants import dated
from surfaces.ledger import LedgerInvalid, replayed
from workflows.core.program import Program


async def visible(services: Services, calling: Caller, case: str) -> dict[str, Any]:
    """The view of a case. Raises `UnknownCase`, for one of another organisation too."""
    view = await services.cases.case(case)
    if not calling.sees(view["organisation"]):
        raise UnknownCase(f"there is no case '{case}'", hint="find it with `list`")
    return view


async def rules_of_case(services: Services, view: Mapping[str, Any]) -> list[Program]:
    """The rules that say what is personal in it."""
    opened_under = await services.cases.program(view["case"], view["number"])
    return programs(opened_under, services.catalogue, view["process"])


def told(services: Services, calling: Caller, view: Mapping[str, Any]) -> dict[str, Any]:
    """A view of a list, with instants as text."""
    shown = dated(view, view["zone"])
    if not calling.may("personal"):
        rules = programs(None, services.catalogue, view["process"])
        shown["data"] = masked_data(view["data"], rules) if rules else {}
        shown["masked"] = sorted({name for one in rules for name in personal(one)})
    return shown


async def told_whole(
    services: Services, calling: Caller, view: Mapping[str, Any]
) -> dict[str, Any]:
    """The view of one case; its personal fields come from its journal, for whoever may see them."""
    shown = dated(view, view["zone"])
    rules = await rules_of_case(services, view)
    names = sorted({name for one in rules for name in personal(one)})
    if calling.may("personal"):
        known = await _personal(services, view["case"], names) if names else {}
        return shown | {"data": {**view["data"], **known}, "masked": []}
    data = masked_data(view["data"], rules) if rules else {}
    return shown | {"data": data, "masked": names}


async def _personal(services: Services, case: str, names: list[str]) -> dict[str, Any]:
    try:
        program, found = replayed(await services.cases.ledger(case))
    except LedgerInvalid:
        # Its rules were amended: what it says is in the journal.
        return {}
    held = {name: value for name, value in found.data.items() if name in names}
    return as_payload(program.process.data, held)


async def told_rows(
    services: Services, calling: Caller, view: Mapping[str, Any], rows: Any
) -> list[dict[str, Any]]:
    """Rows of its journal, with instants as text."""
    zone = view["zone"]
    if calling.may("personal"):
        return [dated(row, zone) for row in rows]
    rules = await rules_of_case(services, view)
    return [dated(masked_row(row, rules), zone) for row in rows]
