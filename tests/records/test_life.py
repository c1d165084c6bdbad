"""Everything about one machine, from its arrival to the end of its warranty.

What it is: the longest scenario played on the core, its journals and views written as a worker
writes them, and the machine asked for.
What it is not: a check of what the cases do; the scenario itself expects that.
Who may import it: nobody.
"""

from collections import defaultdict
from pathlib import Path

from activities.records import Records
from surfaces.dossier import nodes
from surfaces.rehearse import rehearse
from surfaces.rehearse_core import CoreRunner
from surfaces.rules import Rules
from surfaces.scenario import load_scenario
from tests.records.build import batch
from workflows.core.decide import Decision
from workflows.core.effects import Row

LIFE = Path(__file__).parents[1] / "scenarios" / "life-of-a-machine.yaml"
MACHINE = "LG855N-2605001"


class Keeping(CoreRunner):
    """A rehearsal that keeps every row to its end."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        self.journal: dict[str, list[Row]] = defaultdict(list)

    def decided(self, decision: Decision) -> None:
        """Keep the rows."""
        super().decided(decision)
        self.journal[decision.case.id] += decision.rows


async def test_a_machine_has_all_its_cases_in_the_order_of_opening(records: Records) -> None:
    rules = Rules()
    runner = Keeping(rules)
    assert (await rehearse(load_scenario(LIFE), rules, runner)).passed
    for case in runner.world:
        view = await runner.view(case)
        assert view is not None
        await records.claim_key(
            view.process, view.key, 1, case, "rules", view.origin, view.opened, claimant="run"
        )
        await records.write(batch(case, rows=tuple(runner.journal[case]), view=view), 1)

    page = await records.read.about("machine", "ｌｇ８５５ｎ-2605001", limit=50)
    handed_over = [
        f"maintenance_programme:{MACHINE}",
        *(f"maintenance_visit:{MACHINE}-{n}" for n in (1, 2, 3)),
        f"phone_survey:{MACHINE}",
        f"usage_tracking:{MACHINE}",
    ]
    assert [one["case"] for one in page.items] == [
        f"machine_handling:{MACHINE}",
        f"unsold_upkeep:{MACHINE}-2026-06",
        *handed_over,
        "service_request:FW-20260720-001",
        "warranty_repair:XC-FW-20260720-001",
        "spent_part_return:XC-FW-20260720-001-1",
        "warranty_repair:XC-20261216-001",
    ]
    # What a machine's own case led to. The months of its centre hang below, its repairs do not.
    told = await records.read.dossier(f"machine_handling:{MACHINE}")
    tree = {node["case"] for node in nodes(told["tree"])}
    assert tree == {
        f"machine_handling:{MACHINE}",
        f"unsold_upkeep:{MACHINE}-2026-06",
        *handed_over,
        *(f"service_fee_settlement:LY01-2026-{month}" for month in ("06", "08", "11")),
        "survey_report:LY01-2026-10",
    }
