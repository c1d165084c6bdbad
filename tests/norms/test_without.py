"""What is taken away of a small process, and what stays."""

import pytest

from definitions.loader import load_library
from definitions.model import Process
from surfaces.rehearse import rehearse_with
from surfaces.rehearse_core import CoreRunner
from surfaces.rules import Rules
from tests.norms.removal import removals, without
from tests.surfaces.play import PROCESSES, scenario


@pytest.fixture(scope="module")
def parcel() -> Process:
    return load_library(PROCESSES)["parcel"]


def named(process: Process, **parts: str) -> Process:
    """The process with the rule R-X-01 on parts: the name of an event by its state."""
    states = dict(process.states)
    for state, event in parts.items():
        one = states[state].on[event].model_copy(update={"norm": ("R-X-01",)})
        states[state] = states[state].model_copy(update={"on": states[state].on | {event: one}})
    return process.model_copy(update={"states": states})


def test_a_clock_never_starts(parcel: Process) -> None:
    (less,) = without(parcel, "R-TST-02")
    assert less.clocks["packed_in_time"].start == ()
    assert less.clocks.keys() == parcel.clocks.keys()
    rules = Rules.of([less])
    outcome = rehearse_with(scenario("- {at: +1h}\n"), rules, CoreRunner(rules))
    assert [clock.clock for clock in outcome.steps[-1].seen.view.clocks] == []  # type: ignore[union-attr]


def test_of_the_process_itself_nothing_is_taken(parcel: Process) -> None:
    assert without(parcel, "R-TST-01") == []


def test_the_process_given_is_left_alone(parcel: Process) -> None:
    before = parcel.model_dump()
    without(parcel, "R-TST-02")
    assert parcel.model_dump() == before


def test_an_event_loses_its_parts_one_by_one(parcel: Process) -> None:
    process = named(parcel, received="pack")
    parts = {removal.part: removal.process for removal in removals(process, "R-X-01")}
    assert "it" not in parts
    for part, less in parts.items():
        kept, given = less.states["received"].on["pack"], process.states["received"].on["pack"]
        changed = {
            name for name in type(kept).model_fields if getattr(kept, name) != getattr(given, name)
        }
        assert changed <= {part.strip("`"), "from_", "form"}
        assert changed
