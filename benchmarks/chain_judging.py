"""What came of a chain: whether every case is as it must be, and what the histories are made of.

What it is: faults in words, found in the records alone and judged by the plan; and counts.
What it is not: lenient, or the engine's own arithmetic: what is owed is the plan's.
Who may import it: the benchmarks.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from temporalio.client import Client

from activities.records import Records
from benchmarks.chain_path import PART, Part, Settlement
from benchmarks.server import Facts, facts

Row = dict[str, Any]
FEES = "service_fee_settlement"
FEN = Decimal(100)
VERDICTS = {"rejected": "rejected", "lost": "struck"}
TROUBLE = ("undelivered", "refused", "late_rejected")
"""Kinds of journal rows that nothing in the plan leads to."""


@dataclass
class Judged:
    """Of one run."""

    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """Journal rows by kind; `child` and `told` tell the rows `link` apart."""
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Receiver and event id of what one case said to another; `heard` is the other side."""
    heard: Counter[tuple[str, str]] = field(default_factory=Counter)
    paid: Counter[str] = field(default_factory=Counter)
    """Lines over all settlements, by their part."""

    def unless(self, holds: bool, fault: str) -> None:
        """A fault, unless it holds."""
        if not holds:
            self.faults.append(fault)


async def judge(records: Records, planned: Iterable[Settlement], now: int) -> Judged:
    """Look at every case of the plan."""
    made = Judged()
    for month in planned:
        for repair in month.repairs:
            await _case(made, records, repair.case, repair.state, repair.documents)
            for part in repair.parts:
                await _case(made, records, part.case, part.state, part.documents)
        papers = ("cost_list", "return_list", "review_result")
        view = await _case(made, records, month.case, "closed", papers)
        _money(made, month, view.get("data", {}))
        # What the work itself costs is claimed elsewhere, where the maker's list is still awaited.
        async for row in journal(records, f"{FEES}:{month.case.partition(':')[2]}"):
            _heard(made, f"{FEES}:{month.case.partition(':')[2]}", row)
    for line, count in made.paid.items():
        made.unless(count == 1, f"{line} is on {count} lines")
    for key in made.told.keys() | made.heard.keys():
        told, heard = made.told[key], made.heard[key]
        made.unless(told == heard == 1, f"{key} was told {told} times, heard {heard} times")
    stuck = await records.read.stuck(now)
    made.unless(not stuck, f"stuck: {[(one.case, one.reasons) for one in stuck[:5]]}")
    return made


async def _case(
    made: Judged, records: Records, case: str, state: str, documents: Sequence[str]
) -> Row:
    view = await records.read.case(case)
    if view is None:
        made.faults.append(f"{case} is not in the records")
        return {}
    made.unless(view["state"] == state, f"{case} is {view['state']}, not {state}")
    made.unless(view["ended"] is not None, f"{case} has not ended")
    made.unless(not view["problems"], f"{case} has problems: {view['problems']}")
    async for row in journal(records, case):
        _row(made, case, row)
    kept = await records.read.documents(case)
    names = [one["document"] for one in kept]
    made.unless(names == list(documents), f"{case} has the documents {names}")
    for one in kept:
        content = await records.read.document(one["key"]) or b""
        whole = content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
        made.unless(whole, f"{case}: {one['document']} is no whole PDF")
    return view


async def journal(records: Records, case: str) -> AsyncIterator[Row]:
    """Every row of a case."""
    seq = -1
    while rows := await records.read.journal(case, 1, seq):
        for row in rows:
            yield row
        seq = rows[-1]["seq"]


def _row(made: Judged, case: str, row: Row) -> None:
    made.counts[row["kind"]] += 1
    made.unless(row["kind"] not in TROUBLE, f"{case}: {row['kind']} {row['name']} {row['data']}")
    if row["kind"] == "link" and "event" in row["data"]:
        made.counts["told"] += 1
        made.told[f"{row['name']}:{row['data']['key']}", f"{case}/1/{row['seq']}"] += 1
    elif row["kind"] == "link":
        made.counts["child"] += 1
        made.unless(row["name"] == PART, f"{case} has a child that is {row['name']}")
    else:
        _heard(made, case, row)


def _heard(made: Judged, case: str, row: Row) -> None:
    if row["kind"] == "event" and ":" in row["actor"] and row["actor"] != case:
        made.heard[case, row["event_id"]] += 1


def _money(made: Judged, month: Settlement, data: Row) -> None:
    lines = {line["id"]: line for line in data.get("lines", ())}
    made.paid.update(line["id"] for line in data.get("lines", ()))
    planned = {part.key: part for part in month.lines}
    missing, alien = planned.keys() - lines.keys(), lines.keys() - planned.keys()
    made.unless(not missing, f"{month.case} lacks lines: {sorted(missing)}")
    made.unless(not alien, f"{month.case} has lines of nobody: {sorted(alien)}")
    for key in planned.keys() & lines.keys():
        _line(made, planned[key], lines[key])
    owed = month.owed()
    for name, wanted in {
        "amount": owed.amount,
        "fee": owed.fee,
        "borne": owed.borne,
        "total": owed.total,
        "credit": owed.total,
    }.items():
        found = data.get(name, 0) / FEN
        made.unless(found == wanted, f"{month.case}: {name} is {found}, and should be {wanted}")


def _line(made: Judged, part: Part, line: Row) -> None:
    verdict = VERDICTS.get(part.outcome, "allowed")
    made.unless(line["verdict"] == verdict, f"{part.key} is {line['verdict']}, not {verdict}")
    total = line["total"] / FEN
    made.unless(total == part.owed.total, f"{part.key}: {total}, and should be {part.owed.total}")


# --- histories ------------------------------------------------------------------------------


@dataclass
class Weighed:
    """The histories of one kind of case, all runs of a case taken together."""

    events: list[int] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    """Beside the rules."""
    rules: list[int] = field(default_factory=list)
    runs: int = 0
    failed: int = 0
    late: int = 0
    """Workflow tasks that failed; and those that waited, or worked, for too long."""


async def weigh(client: Client, cases: Iterable[str]) -> Weighed:
    """Fetch and count the histories of these cases."""
    made = Weighed()
    for case in cases:
        runs = [one async for one in _runs(client, case)]
        made.events.append(sum(one.length for one in runs))
        made.rules.append(sum(one.rules for one in runs))
        made.bytes.append(sum(one.bytes for one in runs) - made.rules[-1])
        made.runs += len(runs)
        made.failed += sum(one.events["WORKFLOW_TASK_FAILED"] for one in runs)
        made.late += sum(one.events["WORKFLOW_TASK_TIMED_OUT"] for one in runs)
    return made


async def _runs(client: Client, case: str) -> AsyncIterator[Facts]:
    described = await client.get_workflow_handle(case).describe()
    run = str(described.raw_info.first_run_id)
    while run:
        found = await facts(client.get_workflow_handle(case, run_id=run))
        yield found
        run = found.next_run
