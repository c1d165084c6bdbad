"""`python -m benchmarks [core|durable|chain|year] [--json]`: measure, and print one table."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from benchmarks import chain, core, durable, year
from benchmarks.table import Figure, as_json, as_text


def main() -> int:
    """Measure what was asked for, by default core and durable; 1 if anything went wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("core", "durable", "chain", "year"))
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--repairs", type=int, default=1000, help="of the chain")
    parser.add_argument("--settlements", type=int, default=10, help="of the chain")
    parser.add_argument("--at-once", type=int, default=24, help="repairs of the chain in hand")
    parser.add_argument("--folder", type=Path, help="where the chain leaves its records and logs")
    parser.add_argument("--machines", type=int, default=300, help="sold in the year")
    parser.add_argument("--seed", type=int, default=1, help="of the year")
    chosen = parser.parse_args()
    if chosen.what == "year":
        return year.main(chosen.seed, chosen.machines, chosen.json)
    figures: list[Figure] = []
    faults: list[str] = []
    if chosen.what in (None, "core"):
        figures += core.measure(chosen.repetitions)
    if chosen.what in (None, "durable"):
        figures += asyncio.run(durable.measure(chosen.repetitions))
    if chosen.what == "chain":
        wanted = chosen.repairs, chosen.settlements, chosen.at_once, chosen.folder
        measured = asyncio.run(chain.measure(*wanted))
        figures, faults = measured.figures, measured.faults
    print(as_json(figures) if chosen.json else as_text(figures))
    print("\n".join(faults), file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The client's native threads sometimes crash the interpreter on its way out.
    os._exit(code)
