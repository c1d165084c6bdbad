"""Repairs with their spent parts into settlements, all the way: the engine under its own messages.

What it is: one run of the load, judged, counted and timed. Histories are fetched and counted;
billable actions are those that the server's own `action` metric counts, without those of skipping
time. CPU is that of the worker's process, and of the server's.
What it is not: a comparison; nothing else does the same. Events follow one another closely, and
workflow tasks merge: with events spaced apart a case has a few more.
Who may import it: `benchmarks.__main__` and the smoke test.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from temporalio.client import Client

from benchmarks.chain_judging import FEES, Judged, Weighed, judge, weigh
from benchmarks.chain_load import Chain, Place, place
from benchmarks.chain_path import ZONE, Settlement, settlements
from benchmarks.table import Figure

SKIPPING = "grpc_UpdateWorkflowExecutionOptions"
KINDS = {"repair": "a repair", "part": "a spent part", "settlement": "a settlement"}
ROWS = {
    "child": "children opened",
    "told": "cases told something",
    "call": "computations",
    "document": "documents printed",
}
WRONG = (
    "ExecutionStatus != 'Completed' AND ExecutionStatus != 'ContinuedAsNew' "
    f"AND WorkflowType != '{FEES}'"
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run came to."""

    figures: list[Figure]
    faults: list[str]


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds."""

    wall: float
    worker: float
    server: float


async def measure(
    repairs: int = 1000, centres: int = 10, at_once: int = 24, kept: Path | None = None
) -> Measured:
    """One run. In the folder `kept` records and logs stay; without it none do."""
    planned = settlements(repairs, centres, datetime.now(ZONE))
    async with _folder(kept) as folder, place(folder) as at:
        chain = Chain(at, at_once)
        before = await at.server.settled_actions()
        spent = await _spent(chain, at, planned)
        actions = await at.server.settled_actions() - before
        chain.tell("looking at what came of it")
        judged = await judge(at.records, planned, int(time.time()))
        left = await at.server.client.count_workflows(WRONG)
        judged.unless(left.count == 0, f"{left.count} cases have not come to their end")
        weighed = await _weighed(at.server.client, planned)
    skipped = actions.pop(SKIPPING, 0)
    judged.unless(skipped == chain.skipped, f"{skipped} skips, and {chain.skipped} were asked for")
    figures = [
        *_amounts(planned, chain, judged),
        *_histories(weighed, repairs),
        *_actions(actions, repairs),
        *_times(spent, chain, repairs),
    ]
    return Measured(figures, judged.faults)


async def _spent(chain: Chain, at: Place, planned: Sequence[Settlement]) -> Spent:
    began, worker, server = time.monotonic(), at.worker.cpu(), at.process.cpu()
    await chain.run(planned)
    wall = time.monotonic() - began
    return Spent(wall, at.worker.cpu() - worker, at.process.cpu() - server)


async def _weighed(client: Client, planned: Sequence[Settlement]) -> dict[str, Weighed]:
    repairs = [repair.case for month in planned for repair in month.repairs]
    parts = [part.case for month in planned for part in month.parts]
    months = [month.case for month in planned]
    found = await asyncio.gather(*(weigh(client, cases) for cases in (repairs, parts, months)))
    return dict(zip(KINDS, found, strict=True))


def _amounts(planned: Sequence[Settlement], chain: Chain, judged: Judged) -> list[Figure]:
    """What the chain was made of, and what is wrong with it."""
    counts = {
        "repairs": sum(len(month.repairs) for month in planned),
        "spent parts": sum(len(month.parts) for month in planned),
        "settlements": len(planned),
        "lines paid or refused": judged.paid.total(),
        "events sent by people": chain.sent.total(),
        **{said: judged.counts[kind] for kind, said in ROWS.items()},
        "journal rows": sum(
            n for kind, n in judged.counts.items() if kind not in ("child", "told")
        ),
        "events that had to be sent again": chain.again,
    }
    owed = float(sum(month.owed().total for month in planned))
    figures = [_figure(name, count) for name, count in counts.items()]
    figures.append(_figure("settled, to the fen", owed, "yuan"))
    faults = Figure("chain", "faults found", len(judged.faults), "", "<=", 0)
    return [*figures, faults]


def _histories(weighed: dict[str, Weighed], repairs: int) -> list[Figure]:
    figures = []
    for kind, said in KINDS.items():
        found = weighed[kind]
        figures += [
            _spread(f"{said}: history events", found.events),
            _spread(f"{said}: history bytes beside the rules", found.bytes),
            _spread(f"{said}: bytes of the rules", found.rules),
        ]
    every = weighed.values()
    sums = {
        "history events": sum(sum(one.events) for one in every),
        "history bytes beside the rules": sum(sum(one.bytes) for one in every),
        "history bytes of rules": sum(sum(one.rules) for one in every),
    }
    figures += [_figure(f"a chain (a repair's share): {n}", v / repairs) for n, v in sums.items()]
    figures.append(_figure("runs of settlements", weighed["settlement"].runs))
    failed, late = sum(one.failed for one in every), sum(one.late for one in every)
    figures.append(_figure("workflow tasks that failed", failed))
    figures.append(_figure("workflow tasks that waited too long for the worker", late))
    return figures


def _actions(actions: Counter[str], repairs: int) -> list[Figure]:
    share = {name: count / repairs for name, count in actions.most_common()}
    total = _figure("a chain: billable actions", actions.total() / repairs)
    return [total, *(_figure(f"a chain: {name}", each) for name, each in share.items())]


def _times(spent: Spent, chain: Chain, repairs: int) -> list[Figure]:
    return [
        _figure("wall time", spent.wall, "s"),
        _figure("chains a minute", 60 * repairs / spent.wall),
        _figure("events of people a second", chain.sent.total() / spent.wall),
        _figure("worker CPU a chain", 1000 * spent.worker / repairs, "ms"),
        _figure("server CPU a chain", 1000 * spent.server / repairs, "ms"),
    ]


def _figure(name: str, value: float, unit: str = "") -> Figure:
    return Figure("chain", name, value, unit)


def _spread(name: str, values: Sequence[int]) -> Figure:
    """The mean, between the least and the most."""
    mean = sum(values) / len(values)
    return Figure("chain", name, mean, low=min(values), high=max(values))


@asynccontextmanager
async def _folder(kept: Path | None) -> AsyncIterator[Path]:
    """Where records and logs are."""
    if kept is not None:
        await asyncio.to_thread(kept.mkdir, parents=True, exist_ok=True)
        yield kept
    else:
        with TemporaryDirectory(prefix="duecourse-chain-") as made:
            yield Path(made)
