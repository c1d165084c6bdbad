"""A year of one service centre, lived on the pure core by people who are mostly in time.

What it is: `simulate`, the whole of it: machines come, are sold, run and fail; people do what the
definitions ask of them; at the end everything is judged and counted.
What it is not: durable, or a measure of the shell: nothing is stored, nothing waits.
Who may import it: `benchmarks.__main__` and the tests.
"""

import gc
import json
import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.year import (
    aftercare,
    offices,
    reception,
    repairs,
    settling,
    spent_parts,
    upkeep,
)
from benchmarks.year.centre import Centre, tables
from benchmarks.year.desk import day_of
from benchmarks.year.judging import faults
from benchmarks.year.machines import BEGIN, END, Fleet, Machine, lives
from benchmarks.year.summary import Summary, show, summary
from surfaces.rules import Rules

LATE_SHARE = 0.03
"""Of everything that somebody owes: done too late, on purpose."""
TABLE = tables(
    repairs.TABLE,
    spent_parts.TABLE,
    settling.TABLE,
    upkeep.TABLE,
    aftercare.TABLE,
    offices.TABLE,
    reception.TABLE,
)


def simulate(
    seed: int,
    sold: int,
    tell: Callable[[int], None] = lambda at: None,
    rules: Rules | None = None,
) -> Summary:
    """One year with so many machines sold; `tell` hears how far it is, as an instant."""
    centre, planned = opened(seed, sold, rules)
    began, cpu = time.perf_counter(), time.process_time()
    # Nearly everything that is made stays: looking for what does not costs a quarter of the time.
    collected = gc.isenabled()
    gc.disable()
    try:
        centre.run(END, tell)
    finally:
        if collected:
            gc.enable()
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    return summary(centre, planned, faults(centre, planned), seconds, used)


def opened(seed: int, sold: int, rules: Rules | None = None) -> tuple[Centre, list[Machine]]:
    """The centre on New Year's morning, and what will come to it."""
    centre = Centre(rules or Rules(), TABLE, seed, LATE_SHARE)
    centre.world.now = BEGIN
    planned = lives(seed, sold)
    Fleet(centre, planned)
    offices.by_the_calendar(centre)
    return centre, planned


def main(seed: int, sold: int, as_json: bool) -> int:
    """Simulate with a bar on the error stream and print; 1 if anything is wrong."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("2026"),
        BarColumn(),
        TextColumn("{task.fields[day]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task("2026", total=END - BEGIN, day="")

        def tell(at: int) -> None:
            day = day_of(at).isoformat()
            bar.update(task, completed=at - BEGIN, day=day)

        found = simulate(seed, sold, tell)
    if as_json:
        print(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    else:
        show(found, Console(width=140))
    print("\n".join(found.faults), file=sys.stderr)
    return 1 if found.faults else 0
