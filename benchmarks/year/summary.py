"""What came of a year: its figures, as a table in two languages or as JSON.

What it is: counting and printing.
What it is not: judging (`judging`).
Who may import it: the simulated year.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table as Printed

from benchmarks.year.centre import Centre
from benchmarks.year.judging import settlements
from benchmarks.year.machines import END, Machine

YEAR = 365 * 86_400


@dataclass(frozen=True)
class Summary:
    """The figures. Money is in yuan, as text."""

    machines: dict[str, int]
    processes: list[dict[str, Any]]
    clocks: list[dict[str, Any]]
    counts: dict[str, int]
    levels: dict[str, int]
    money: list[dict[str, str]]
    surveys: dict[str, Any]
    speed: dict[str, float]
    faults: list[str]

    def to_json(self) -> dict[str, Any]:
        """Everything."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def summary(
    centre: Centre, machines: list[Machine], faults: list[str], seconds: float, cpu: float
) -> Summary:
    """Count."""
    views = centre.views.values()
    sold = sum(machine.delivered is not None for machine in machines)
    lived = sum((view.ended or END) - view.opened for view in views) / YEAR
    log = centre.journal
    return Summary(
        machines={"sold": sold, "in_stock": len(machines) - sold},
        processes=_processes(centre),
        clocks=_clocks(centre),
        counts={
            "cases": len(centre.views),
            "events": log.rows["event"] + log.rows["opened"],
            "rows": sum(log.rows.values()),
            "messages": log.rows["link"],
            "undelivered": log.rows["undelivered"],
            "notices": sum(log.notices.values()),
            "documents": sum(log.documents.values()),
            "breaches": len(log.breaches),
            "late_on_purpose": len(centre.late),
            "unexplained": sum("nobody was late" in fault for fault in faults),
        },
        levels=dict(sorted(log.levels.items())),
        money=[
            {
                "month": one.case[-7:],
                "state": one.state,
                "total": f"{one.total:.2f}",
                "expected": f"{one.expected:.2f}",
            }
            for one in sorted(settlements(centre), key=lambda one: one.case)
        ],
        surveys=_surveys(centre),
        speed={
            "seconds": round(seconds, 1),
            "cpu_seconds": round(cpu, 1),
            "events_per_cpu_second": round((log.rows["event"] + log.rows["opened"]) / cpu),
            "case_years": round(lived, 1),
            "case_years_per_cpu_minute": round(lived / cpu * 60),
        },
        faults=faults,
    )


def _processes(centre: Centre) -> list[dict[str, Any]]:
    opened = Counter(view.process for view in centre.views.values())
    closed = Counter(v.process for v in centre.views.values() if v.closed is not None)
    return [
        {
            "process": name,
            "title": f"{title['zh']} {title['en']}",
            "opened": opened[name],
            "closed": closed[name],
        }
        for name in sorted(opened)
        for title in [_title(centre, name)]
    ]


def _title(centre: Centre, process: str) -> dict[str, str]:
    title = centre.rules[process].process.title
    return {"zh": title.zh, "en": title.en}


def _clocks(centre: Centre) -> list[dict[str, Any]]:
    """Promises that are over, by process and clock; the worst first."""
    over: Counter[tuple[str, str]] = Counter()
    missed: Counter[tuple[str, str]] = Counter()
    for view in centre.views.values():
        case = centre.world.case(view.case)
        promises = centre.world.program(view.case).clocks
        for cycle in case.cycles:
            if promises[cycle.clock].promise and cycle.phase in ("met", "lapsed"):
                over[case.process, cycle.clock] += 1
    explained: Counter[tuple[str, str]] = Counter()
    for breach in centre.journal.breaches:
        key = breach[0].partition(":")[0], breach[1]
        missed[key] += 1
        explained[key] += breach in centre.late
    return [
        {
            "process": key[0],
            "clock": key[1],
            "over": over[key],
            "breached": missed[key],
            "on_time_percent": round(100 * max(over[key] - missed[key], 0) / max(over[key], 1), 1),
            "late_on_purpose": explained[key],
        }
        for key in sorted(over | missed, key=lambda key: (-missed[key], key))
    ]


def _surveys(centre: Centre) -> dict[str, Any]:
    found = [v for v in centre.views.values() if v.process == "phone_survey"]
    done = [v for v in found if v.data.get("outcome") == "completed"]
    grades = Counter(int(view.data["overall"]) for view in done)
    happy = sum(count for grade, count in grades.items() if grade >= 4)
    return {
        "opened": len(found),
        "completed": len(done),
        "unreachable": sum(v.data.get("outcome") == "unreachable" for v in found),
        "satisfied_percent": round(100 * happy / len(done), 1) if done else None,
        "grades": {str(grade): grades[grade] for grade in range(5, 0, -1)},
    }


# --- printed --------------------------------------------------------------------------------


def show(found: Summary, console: Console) -> None:
    """As tables for people."""
    _table(
        console,
        "案件 Cases",
        ("流程 process", "开立 opened", "办结 closed"),
        [(one["title"], one["opened"], one["closed"]) for one in found.processes],
    )
    _table(
        console,
        "逾期 Breaches",
        ("时限 clock", "到期 over", "逾期 breached", "按时 on time %", "有意迟延 late on purpose"),
        [
            (
                f"{one['process']} {one['clock']}",
                one["over"],
                one["breached"],
                one["on_time_percent"],
                one["late_on_purpose"],
            )
            for one in found.clocks
            if one["breached"]
        ],
    )
    _table(
        console,
        "结算 Settlements",
        ("月份 month", "状态 state", "金额 amount", "独立核算 summed up apart"),
        [(one["month"], one["state"], one["total"], one["expected"]) for one in found.money],
    )
    words = {
        "机器 machines": found.machines,
        "数目 counts": found.counts,
        "通知级别 rungs by level": found.levels,
        "回访 surveys": found.surveys,
        "速度 speed": found.speed,
    }
    rows = [
        (name, "  ".join(f"{key} {_plain(value)}" for key, value in values.items()))
        for name, values in words.items()
    ]
    _table(console, "全年 The year", ("", ""), rows)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}:{one}" for key, one in value.items())
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _table(
    console: Console, title: str, heads: tuple[str, ...], rows: list[tuple[Any, ...]]
) -> None:
    table = Printed(title=title, title_justify="left", box=None, pad_edge=False)
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number == 0 or not head else "right")
    for row in rows:
        table.add_row(*(one if isinstance(one, str) else _plain(one) for one in row))
    console.print(table)
    console.print()
