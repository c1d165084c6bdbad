"""Computations: what goes in and comes out of them, and what a worker accepts of definitions."""

import ast
from pathlib import Path

import pytest
from pydantic import BaseModel

from activities.computations import (
    COMPUTATIONS,
    Computation,
    ComputationFailed,
    ComputationMismatch,
    Computations,
    InputInvalid,
    UnknownComputation,
)
from activities.computations.cases import NoCases
from definitions.model import Process

FOLDER = Path(__file__).resolve().parents[2] / "activities" / "computations"
PURE = {
    "activities.computations",
    "collections",
    "dataclasses",
    "datetime",
    "decimal",
    "definitions",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "itertools",
    "math",
    "operator",
    "pydantic",
    "re",
    "typing",
    "zoneinfo",
}
"""What a computation may import: no Temporal, no I/O, no chance."""


class Given(BaseModel):
    amount: int


class Answer(BaseModel):
    total: int
    remark: str | None = None


def double(given: Given) -> Answer:
    if given.amount == 13:
        raise ComputationFailed("not thirteen")
    return Answer(total=1000 // given.amount)


MINE = Computations({"double": Computation(Given, Answer, double)})


def process(output: str) -> Process:
    return Process.model_validate(
        {
            "process": "p",
            "version": 1,
            "title": {"zh": "流程", "en": "P"},
            "owner": "clerk",
            "computations": {
                "double": {
                    "input": {"amount": {"type": "money"}},
                    "output": {"total": {"type": "money"}, output: {"type": "text"}},
                }
            },
            "states": {"open": {"title": {"zh": "开", "en": "Open"}}},
        }
    )


def test_an_answer_is_plain_and_leaves_out_what_is_absent() -> None:
    assert MINE.run("double", {"amount": 10}) == {"total": 100}


def test_an_unknown_one_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownComputation, match="no computation 'treble'") as said:
        MINE.run("treble", {})
    assert said.value.hint == "there are: double"


def test_bad_input_names_the_field() -> None:
    with pytest.raises(InputInvalid, match="amount: ") as said:
        MINE.run("double", {"amount": "many"})
    assert [one["field"] for one in said.value.facts["errors"]] == ["amount"]


@pytest.mark.parametrize(("amount", "why"), [(13, "not thirteen"), (0, "ZeroDivisionError")])
def test_no_answer_says_why(amount: int, why: str) -> None:
    with pytest.raises(ComputationFailed, match=why):
        MINE.run("double", {"amount": amount})


def test_definitions_declare_what_is_there() -> None:
    MINE.check([process("remark")])
    with pytest.raises(ComputationMismatch, match="output differs in note, remark"):
        MINE.check([process("note")])
    with pytest.raises(ComputationMismatch, match="no computation 'double'"):
        Computations({}).check([process("remark")])


def test_every_computation_is_named_once() -> None:
    assert list(COMPUTATIONS.names()) == sorted(set(COMPUTATIONS.names()))


def test_an_inquiry_where_there_are_no_records_has_no_answer() -> None:
    with pytest.raises(NoCases):
        COMPUTATIONS.run("service_figures", {"month": "2026-11"})


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda file: file.name)
def test_computations_import_nothing_that_reaches_the_world(file: Path) -> None:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    assert {name for name in found if not _allowed(name)} == set()


def _allowed(name: str) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in PURE)
