"""Forms filled in: what nobody cares about gets the answer that lets the work go on.

What it is: a value for every required field of an event's form that its sender said nothing of.
What it is not: knowledge of any process.
Who may import it: the simulated year.
"""

from collections.abc import Mapping
from typing import Any

from benchmarks.year.desk import HOUR, day_of, iso
from definitions.model import Item
from workflows.core.program import Program


def filled(
    program: Program, state: str, event: str, given: Mapping[str, Any], now: int
) -> dict[str, Any]:
    """The whole form; a given None leaves a field out."""
    items = program.items(program.event_form(state, event))
    data = {name: value for name, value in given.items() if value is not None}
    for name, item in items.items():
        if item.required and name not in given:
            data[name] = _usual(item, now)
    return data


def _usual(item: Item, now: int) -> Any:
    match item.type:
        case "bool":
            return True
        case "int" | "number":
            return 1 if item.min is None else max(1, int(item.min))
        case "money":
            return "0.00"
        case "date":
            return day_of(now).isoformat()
        case "instant":
            return iso(now + 2 * HOUR)
        case "enum":
            return item.choices[0]
        case "list":
            return []
        case "text":
            return "无"
