"""Every scenario of the process owners, played on the core."""

from pathlib import Path

import pytest

from surfaces.rehearse import rehearse
from surfaces.rehearse_core import CoreRunner
from surfaces.rules import Rules
from surfaces.scenario import files, load_scenario

FOLDER = Path(__file__).parent / "scenarios"
FILES = files([FOLDER])


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules()


def test_there_are_scenarios() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_scenario(path: Path, rules: Rules) -> None:
    outcome = await rehearse(load_scenario(path), rules, CoreRunner(rules))
    differing = [
        f"step {step.number}: {difference}"
        for step in outcome.steps
        for difference in step.differences
    ]
    assert differing == []


def test_each_scenario_has_a_name_of_its_own() -> None:
    names = [load_scenario(path).name for path in FILES]
    assert len(names) == len(set(names))
