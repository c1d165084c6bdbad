"""The same scenario files on real Temporal: a sample in the default run, all of them on request.

`DUECOURSE_SCENARIOS=all` plays every file; the default sample has each kind of thing that can
differ between the core and the durable shell: skipped weekends, links, signals after an outage,
retraction, lapses, periodic duties, refusals.
"""

import asyncio
import os
from pathlib import Path

import pytest

from surfaces.rehearse import Outcome
from surfaces.rehearse_stage import stage
from surfaces.rules import Rules
from surfaces.scenario import load_scenario

FOLDER = Path(__file__).parent / "scenarios"
SAMPLE = (
    "s01-phone-question",
    "s03-high-priority-holiday",
    "s05-quality-weekend",
    "s08-malicious-default",
    "complaint-after-closing",
    "consultation-converted",
    "consultation-event-ids",
    "consultation-reported-late",
    "consultation-transfer-lapses",
    "consultation-worker-down",
)


def chosen() -> list[Path]:
    """The files to play."""
    if os.environ.get("DUECOURSE_SCENARIOS") == "all":
        return sorted(FOLDER.glob("*.yaml"))
    return [FOLDER / f"{name}.yaml" for name in SAMPLE]


async def played(paths: list[Path]) -> list[Outcome]:
    rules = Rules(None)
    turns = asyncio.Semaphore(3)

    async def play(path: Path) -> Outcome:
        async with turns:
            return await here.play(load_scenario(path))

    async with stage(rules) as here:
        return await asyncio.gather(*map(play, paths))


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    paths = chosen()
    return dict(zip((path.stem for path in paths), asyncio.run(played(paths)), strict=True))


@pytest.mark.parametrize("name", [path.stem for path in chosen()])
def test_a_scenario_comes_out_the_same_on_real_temporal(
    outcomes: dict[str, Outcome], name: str
) -> None:
    outcome = outcomes[name]
    told = [
        f"step {step.number}: {difference}"
        for step in outcome.steps
        for difference in step.differences
    ]
    assert not told, "\n".join(told)
