"""The proof that a decision table answers: types, overlaps, missing rows, rows that never answer.

What it is: `check_table`, which looks at every combination that can make a difference. Where a
cell's meaning can change (a value of an enum, a boundary of numbers, a text that some cell names)
there is a point on it and one on each side; rows that agree on all points agree everywhere, so the
check is exact and not a sample.
What it is not: a check of absent values. It assumes that every input has a value.
Who may import it: the verifier.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise, product
from math import prod

from definitions.checks_finding import Finding, unknown
from definitions.expressions import ExpressionError, Scope, ValueType
from definitions.model import Item, Scalar, Table
from definitions.problems import Path
from definitions.tables import (
    NUMERIC,
    CellError,
    Test,
    compile_cell,
    compile_input,
    typed_answer,
)

MAX_COMBINATIONS = 20_000
"""Classes of inputs that a check goes through; points that no row tells apart count once."""

OTHER_TEXT = "…"
"""Stands in a witness for any text that no cell names."""


@dataclass
class _Input:
    """One input as the check sees it: its type, and the points collected from its cells."""

    kind: ValueType
    item: Item | None
    marks: list[Scalar] = field(default_factory=list)

    @property
    def choices(self) -> tuple[str, ...]:
        is_enum = self.item is not None and self.kind is ValueType.ENUM
        return self.item.choices if self.item is not None and is_enum else ()

    def points(self) -> list[Scalar]:
        """Representatives of every class of values that some cell can tell apart."""
        if self.kind is ValueType.BOOL:
            return [False, True]
        if self.choices:
            return list(self.choices)
        if self.kind in NUMERIC:
            return list(self._numbers())
        return [*dict.fromkeys(self.marks), OTHER_TEXT]

    def _numbers(self) -> Iterator[int | float]:
        low = self.item.min if self.item else None
        high = self.item.max if self.item else None
        ends = [end for end in (low, high) if end is not None]
        marks = sorted({mark for mark in (*self.marks, *ends) if not isinstance(mark, str)})
        if not marks:
            marks = [0]
        whole = self.kind is not ValueType.NUMBER
        points: list[int | float] = [marks[0] - 1]
        for left, right in pairwise(marks):
            points.append(left)
            if not whole:
                points.append((left + right) / 2)
            elif right - left > 1:
                points.append(int(left) + 1)
        points += [marks[-1], marks[-1] + 1]
        for point in points:
            if (low is None or point >= low) and (high is None or point <= high):
                yield point


def check_table(
    table: Table, scope: Scope, fields: Mapping[str, Item], path: Path
) -> list[Finding]:
    """Everything wrong with a table. `fields` gives the field behind a dotted name (`data.kind`),
    for the values of an enum and the least and greatest number."""
    findings: list[Finding] = []
    inputs: dict[str, _Input] = {}
    for name, source in table.inputs.items():
        try:
            _, kind = compile_input(source, scope, None)
        except ExpressionError as error:
            findings.append(Finding("E301", (*path, "inputs", name), error.message, error.hint))
        else:
            inputs[name] = _Input(kind, fields.get(source.strip()))
    rows = _check_rows(table, inputs, path, findings)
    if findings:
        return findings
    return _check_coverage(table, inputs, rows, path)


def _check_rows(
    table: Table, inputs: Mapping[str, _Input], path: Path, findings: list[Finding]
) -> list[dict[str, Test]]:
    rows: list[dict[str, Test]] = []
    for index, row in enumerate(table.rows):
        tests: dict[str, Test] = {}
        for name, cell in row.when.items():
            place = (*path, "rows", index, "when", name)
            if name not in table.inputs:
                findings.append(unknown("E215", place, "input", name, table.inputs))
            elif name in inputs:
                try:
                    compiled = compile_cell(cell, inputs[name].kind, inputs[name].choices)
                except CellError as error:
                    findings.append(Finding("E310", place, str(error)))
                else:
                    inputs[name].marks += compiled.points
                    tests[name] = compiled.test
        try:
            typed_answer(row.then, table.output)
        except CellError as error:
            findings.append(Finding("E311", (*path, "rows", index, "then"), str(error)))
        rows.append(tests)
    return rows


def _classes(points: list[Scalar], tests: list[Test | None]) -> dict[int, Scalar]:
    """The rows that each point satisfies, as a bit mask, with one point for each different mask."""
    found: dict[int, Scalar] = {}
    for point in points:
        mask = sum(1 << row for row, test in enumerate(tests) if test is None or test(point))
        found.setdefault(mask, point)
    return found


def _witness(names: tuple[str, ...], points: tuple[Scalar, ...]) -> str:
    said = {True: "true", False: "false"}
    return ", ".join(
        f"{name} = {said[point] if isinstance(point, bool) else point}"
        for name, point in zip(names, points, strict=True)
    )


def _check_coverage(
    table: Table, inputs: Mapping[str, _Input], rows: list[dict[str, Test]], path: Path
) -> list[Finding]:
    """Rows that overlap, combinations without a row, rows that never answer."""
    names = tuple(inputs)
    classes = [_classes(inputs[name].points(), [row.get(name) for row in rows]) for name in names]
    if prod(map(len, classes)) > MAX_COMBINATIONS:
        message = f"more than {MAX_COMBINATIONS} combinations of its inputs: too many to check"
        return [Finding("E315", path, message, "split it into two tables")]
    overlaps: dict[tuple[int, int], str] = {}
    missing = ""
    answering = 0
    for combination in product(*(found.items() for found in classes)):
        mask = (1 << len(rows)) - 1
        for part, _ in combination:
            mask &= part
        points = tuple(point for _, point in combination)
        if not mask:
            missing = missing or _witness(names, points)
            continue
        first = (mask & -mask).bit_length() - 1
        others = mask & (mask - 1)
        answering |= mask if table.hit == "unique" else 1 << first
        if others and table.hit == "unique":
            second = (others & -others).bit_length() - 1
            overlaps.setdefault((first, second), _witness(names, points))
    return [
        *_overlap_findings(overlaps, path),
        *_gap_findings(missing, path),
        *_idle_findings(table, rows, answering, path),
    ]


def _overlap_findings(overlaps: Mapping[tuple[int, int], str], path: Path) -> Iterator[Finding]:
    for (first, second), witness in sorted(overlaps.items()):
        yield Finding(
            "E312",
            (*path, "rows", second),
            f"rows {first + 1} and {second + 1} both match {witness}",
            "let one of them exclude it, or say hit: first",
        )


def _gap_findings(missing: str, path: Path) -> Iterator[Finding]:
    if missing:
        yield Finding("E313", (*path, "rows"), f"no row for {missing}", "add a row")


def _idle_findings(
    table: Table, rows: list[dict[str, Test]], answering: int, path: Path
) -> Iterator[Finding]:
    why = "rows above it answer first" if table.hit == "first" else "no value can match it"
    for index in range(len(rows)):
        if not answering >> index & 1:
            yield Finding(
                "E314", (*path, "rows", index), f"row {index + 1} never answers: {why}", "remove it"
            )
