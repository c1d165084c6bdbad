"""An explained deadline in words: a table for people, the same as plain values for tools.

What it is: rendering of `workflows.core.explain`. What it is not: arithmetic.
Who may import it: the surfaces.
"""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from surfaces.errors import BadInput
from surfaces.instants import length, short, shown
from surfaces.output import plain, table
from workflows.core.case import Case
from workflows.core.explain import WORDS, Explanation, explain
from workflows.core.program import Program


def explanations(program: Program, case: Case, clock: str | None) -> list[Explanation]:
    """Those of a clock's cycles, or of every open cycle (of all, if none is open)."""
    if clock is not None:
        found = [cycle for cycle in case.cycles if cycle.clock == clock]
        if not found:
            known = ", ".join(dict.fromkeys(cycle.clock for cycle in case.cycles)) or "none"
            raise BadInput(
                f"the case has no clock '{clock}'",
                code="unknown_clock",
                hint=f"started so far: {known}",
            )
    else:
        found = [cycle for cycle in case.cycles if cycle.open] or list(case.cycles)
    return [explain(program, cycle) for cycle in found]


def explained_json(told: Explanation, program: Program) -> dict[str, Any]:
    """As plain values, instants in ISO 8601."""
    zone = program.zone
    return {
        "clock": told.clock,
        "cycle": told.cycle,
        "period": told.period or None,
        "title": program.clocks[told.clock].title.model_dump(),
        "budget": told.budget,
        "unit": told.unit,
        "total": told.total,
        "counted": told.counted,
        "anchor": shown(told.anchor, zone),
        "due": None if told.due is None else shown(told.due.at, zone),
        "exclusive": told.due is not None and told.due.exclusive,
        "provisional": told.due is not None and told.due.provisional,
        "stretches": [
            {
                "from": shown(one.start, zone),
                "to": None if one.end is None else shown(one.end, zone),
                "counted": one.counted,
                "why": one.why,
                **WORDS[one.why].model_dump(),
            }
            for one in told.stretches
        ],
    }


def show_explained(console: Console, told: Sequence[Explanation], program: Program) -> None:
    """One table a cycle."""
    for one in told:
        title = program.clocks[one.clock].title
        budget = one.budget or "约定 promise"
        repeat = program.clocks[one.clock].repeat
        period = f"  第 {one.period}/{repeat} 期 period" if one.period else ""
        console.print(plain(f"{title.zh} {title.en} #{one.cycle}{period}  {budget}", "bold"))
        rows = table("起 FROM", "止 TO", "计入 COUNTED", "依据 WHY")
        for stretch in one.stretches:
            words = WORDS[stretch.why]
            # A stretch of whole days ends with one of them.
            last_day = one.unit == "days" and (one.due is None or one.due.exclusive)
            end = "…" if stretch.end is None else short(stretch.end, program.zone, last_day)
            rows.add_row(
                short(stretch.start, program.zone),
                end,
                _amount(stretch.counted, one.unit) if stretch.counted else "—",
                plain(f"{words.zh} · {words.en}"),
            )
        console.print(rows)
        word = "截止 due" if program.clocks[one.clock].promise else "到时 timer ends"
        console.print(plain(_sum(one, program.zone, word)))
        console.print()


def _sum(told: Explanation, zone: str, word: str) -> str:
    counted, total = _amount(told.counted, told.unit), _amount(told.total, told.unit)
    if told.due is None:
        return f"已计 counted {counted} / {total}，暂停中 standing still"
    due = short(told.due.at, zone, told.due.exclusive)
    unsure = "（暂定 provisional）" if told.due.provisional else ""
    return f"合计 together {counted} = {total}  →  {word} {due}{unsure}"


def _amount(counted: int, unit: str) -> str:
    return length(counted) if unit == "seconds" else f"{counted} d"
