"""Scenarios of a small process, written as text in the tests."""

from pathlib import Path

from surfaces.rehearse import Outcome, rehearse_with
from surfaces.rehearse_core import CoreRunner
from surfaces.rules import Rules
from surfaces.scenario import Scenario, parse_scenario

PROCESSES = Path(__file__).parent / "processes"
RULES = Rules(PROCESSES)
HEAD = """\
scenario: a parcel
process: parcel
start: {at: 2026-11-10T09:00+08:00, key: P-1, data: {what: 灯, price: '12.50'}, by: BY}
""".replace("BY", "{id: li, roles: [clerk]}")


def scenario(steps: str, head: str = HEAD) -> Scenario:
    """A scenario of a parcel; `CLERK` stands for who acts."""
    text = head + ("steps:\n" + steps if steps else "")
    return parse_scenario(text.replace("CLERK", "{id: li, roles: [clerk]}").encode(), "p.yaml")


def played(steps: str, head: str = HEAD) -> tuple[Outcome, CoreRunner]:
    """What came of it, and the world in which it was played."""
    runner = CoreRunner(RULES)
    return rehearse_with(scenario(steps, head), RULES, runner), runner


def differing(steps: str, head: str = HEAD) -> list[str]:
    """Every difference, as people read it."""
    outcome, _ = played(steps, head)
    return [str(difference) for step in outcome.steps for difference in step.differences]
