"""`python -m benchmarks [core|durable] [--json]`: measure, and print one table."""

import argparse
import asyncio
import os
import sys

from benchmarks import core, durable
from benchmarks.table import Figure, as_json, as_text


def main() -> None:
    """Measure what was asked for, by default everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("core", "durable"))
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--repetitions", type=int, default=7)
    chosen = parser.parse_args()
    figures: list[Figure] = []
    if chosen.what != "durable":
        figures += core.measure(chosen.repetitions)
    if chosen.what != "core":
        figures += asyncio.run(durable.measure(chosen.repetitions))
    print(as_json(figures) if chosen.json else as_text(figures))


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    # The client's native threads sometimes crash the interpreter on its way out.
    os._exit(0)
