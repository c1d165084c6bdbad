"""The dossier that the page of linked cases prints: a scenario is played, its cases go into
records, and the command's own printing shows them.

`python -m tests.docs.commands` puts it into the page."""

import asyncio
import re
import tempfile
from collections import defaultdict
from io import StringIO
from pathlib import Path

from rich.console import Console

from activities.records import Records
from surfaces.cli_dossier import show_about
from surfaces.rehearse import rehearse
from surfaces.rehearse_core import CoreRunner
from surfaces.rules import Rules
from surfaces.scenario import load_scenario
from tests.docs.pages import ROOT
from workflows.core.decide import Decision
from workflows.core.effects import Batch, Row

PAGE = ROOT / "docs" / "linked-cases.md"
STORY = Path(__file__).with_name("machine-years.yaml")
KIND, VALUE = "machine", "LG855N-2511035"
_BLOCK = re.compile(r"(<!-- generated: dossier -->\n).*?(<!-- end -->)", re.S)


class Keeping(CoreRunner):
    """A rehearsal that keeps each case's journal."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        self.journal: dict[str, list[Row]] = defaultdict(list)

    def decided(self, decision: Decision) -> None:
        """Keep the rows."""
        super().decided(decision)
        self.journal[decision.case.id] += decision.rows


def refreshed(text: str) -> str:
    """The page with the dossier made anew."""
    shown = asyncio.run(printed())
    return _BLOCK.sub(lambda found: f"{found[1]}```text\n{shown}```\n{found[2]}", text)


async def printed() -> str:
    """What `dossier` prints at the end of the story. Raises AssertionError if it went otherwise."""
    rules = Rules()
    runner = Keeping(rules)
    outcome = await rehearse(load_scenario(STORY), rules, runner)
    wrong = [str(one) for step in outcome.steps for one in step.differences]
    assert not wrong, wrong
    world = runner.world
    with tempfile.TemporaryDirectory() as folder:
        async with Records.open(f"sqlite:///{folder}/records.db") as records:
            await records.migrate()
            for case in world:
                rows = tuple(runner.journal[case])
                await records.write(Batch(case, rows, (), world.view(case)), 1)
            page = await records.read.about(KIND, VALUE, world.now, limit=200)
    out = StringIO()
    show_about(Console(file=out, width=120, highlight=False), KIND, VALUE, page.items, page.cursor)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def write() -> None:
    """Make the page as it should be."""
    PAGE.write_text(refreshed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
