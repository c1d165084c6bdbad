"""What a benchmark found: lines of one table, for people or as JSON.

What it is: values and their printing.
What it is not: measuring.
Who may import it: the benchmarks.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

Sense = Literal["<=", ">=", ""]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `sense` and `target` say what it should be, if anything; `low` and `high` are
    the spread over the repetitions."""

    group: str
    name: str
    value: float
    unit: str = ""
    sense: Sense = ""
    target: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None or not self.sense:
            return None
        return self.value <= self.target if self.sense == "<=" else self.value >= self.target


def as_json(figures: Iterable[Figure]) -> str:
    """Every figure as an object."""
    return json.dumps([asdict(f) | {"met": f.met} for f in figures], ensure_ascii=False, indent=2)


def as_text(figures: Sequence[Figure]) -> str:
    """The table."""
    cells: list[tuple[str, ...]] = [("", "figure", "value", "spread", "target", "")]
    cells += [_line(figure) for figure in figures]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    right = (2, 3, 4)
    lines = []
    for line in cells:
        padded = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _line(figure: Figure) -> tuple[str, ...]:
    spread = ""
    if figure.low is not None and figure.high is not None:
        spread = f"{_number(figure.low)}..{_number(figure.high)}"
    target = "" if figure.target is None else f"{figure.sense} {_number(figure.target)}"
    met = {None: "", True: "yes", False: "NO"}[figure.met]
    unit = f" {figure.unit}" if figure.unit else ""
    return figure.group, figure.name, f"{_number(figure.value)}{unit}", spread, target, met


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
