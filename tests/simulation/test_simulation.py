"""Seeded runs of the durable shell on a real server, each judged by the pure core.

`DUECOURSE_SEEDS=500` runs more of them, `DUECOURSE_SEED=17` that one alone; `-s` shows a table of
what was injected. A failure names its seed and the fewest steps that still fail.
"""

import asyncio
import os
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.simulation.judging import tried
from tests.simulation.plans import Library, Plan, make_plan
from tests.simulation.stage import Result, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEEDS = 20
TOGETHER = 8
SHRINKING = 90.0
"""Seconds: whoever waits for the news would rather have it than the shortest plan."""


async def shrunk(stage: Stage, failed: Result) -> tuple[Plan, str]:
    """Leave out steps, from the last to the first, while it still fails and there is time."""
    plan, said = failed.plan, failed.violation
    with suppress(TimeoutError):
        async with asyncio.timeout(SHRINKING):
            for index in reversed(range(len(plan.steps))):
                again = await tried(stage, plan.without(index))
                if again.violation:
                    plan, said = again.plan, again.violation
    return plan, said


@pytest.mark.usefixtures("storm")
async def test_whatever_breaks_a_case_is_what_the_core_says(client: Client, tmp_path: Path) -> None:
    stage = Stage(client, tmp_path, Library())
    await stage.prepare()
    alone = os.environ.get("DUECOURSE_SEED")
    count = int(os.environ.get("DUECOURSE_SEEDS", str(SEEDS)))
    seeds = [int(alone)] if alone else list(range(1, count + 1))
    room = asyncio.Semaphore(TOGETHER)

    async def take(seed: int) -> Result:
        async with room:
            return await tried(stage, make_plan(seed, stage.library))

    results = await asyncio.gather(*(take(seed) for seed in seeds))
    _show(results)
    failed = [result for result in results if result.violation]
    if failed:
        sys.stderr.write(f"seed {failed[0].plan.seed}: {failed[0].violation}\n")
        plan, said = await shrunk(stage, failed[0])
        others = ", ".join(str(result.plan.seed) for result in failed[1:]) or "none"
        pytest.fail(
            f"seed {failed[0].plan.seed}: {failed[0].violation}\n\n"
            f"shortest that fails: {said}\n{plan.told()}\n\n"
            f"other seeds that fail: {others}",
            pytrace=False,
        )


def _show(results: list[Result]) -> None:
    counts = sum((result.counts for result in results), Counter[str]())
    rows = sum(result.rows for result in results)
    runs = sum(result.runs for result in results)
    twins = sum(result.twins for result in results)
    lines = [f"{count:6}  {what}" for what, count in sorted(counts.items())]
    head = f"{len(results)} cases, {runs} runs, {rows} rows, {twins} twins; injected:"
    sys.stdout.write("\n".join(["", head, *lines, ""]))
