"""Every code that the program raises stands in the table, and the table names none that it does
not raise."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from definitions.problems import CODES as PROBLEMS
from definitions.problems import DuecourseError
from surfaces.codes import CODES, what_to_do
from surfaces.output import complain
from surfaces.scenario import CODES as SCENARIO_PROBLEMS
from workflows.core.errors import REFUSALS

ROOT = Path(__file__).parents[2]
FOLDERS = ("definitions", "workflows", "activities", "surfaces")
# Roots of families that are never raised as they are, and the codes of single problems.
ABSTRACT = frozenset({"error"})
PAGE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


def sources() -> list[Path]:
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return sorted([*found, ROOT / "worker.py"])


def codes_in(tree: ast.AST) -> Iterator[str]:
    """`code = "…"` of a class, `code="…"` and `type="…"` of a call, and the first word of an
    `IllegalEvent`."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(body=body):
                for line in body:
                    match line:
                        case (
                            ast.Assign(
                                targets=[ast.Name(id="code")], value=ast.Constant(value=str(code))
                            )
                            | ast.AnnAssign(
                                target=ast.Name(id="code"), value=ast.Constant(value=str(code))
                            )
                        ):
                            yield code
            case ast.Call(
                func=ast.Name(id="IllegalEvent"), args=[ast.Constant(value=str(code)), *_]
            ):
                yield code
            case ast.Call(keywords=keywords):
                named = ast.unparse(node.func)
                wanted = "type" if named.endswith("ApplicationError") else "code"
                for keyword in keywords:
                    if keyword.arg == wanted:
                        yield from texts(keyword.value)


def texts(value: ast.expr) -> Iterator[str]:
    """The texts that an expression may give: a text, or one of `a or "b"`."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.BoolOp(values=values):
            for one in values:
                yield from texts(one)


def raised() -> set[str]:
    found = set(REFUSALS)
    for path in sources():
        found |= set(codes_in(ast.parse(path.read_text(encoding="utf-8"))))
    return found - ABSTRACT - set(PROBLEMS) - set(SCENARIO_PROBLEMS)


def test_every_code_that_is_raised_is_explained() -> None:
    assert raised() - set(CODES) == set()


def test_no_code_is_explained_that_is_never_raised() -> None:
    assert set(CODES) - raised() == NAMED_BY_FILES


# The settings files pass their code as an argument.
NAMED_BY_FILES = {"directory_invalid", "channels_invalid", "webhooks_invalid"}


def test_such_a_code_would_be_found() -> None:
    text = (
        "class E(DuecourseError):\n    code = 'a'\n"
        "raise E('m', code=c or 'b')\nraise ApplicationError('m', type='c')\n"
        "raise IllegalEvent('d', at=1)\n"
    )
    assert set(codes_in(ast.parse(text))) == {"a", "b", "c", "d"}


@pytest.mark.parametrize("code", CODES)
def test_a_code_says_what_it_means_and_what_to_do(code: str) -> None:
    known = CODES[code]
    assert all((known.means.zh, known.means.en, known.do.zh, known.do.en))
    assert f"| `{code}` | {known.means.zh} | {known.means.en} |" in PAGE


def test_an_error_without_a_hint_is_told_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    complain(DuecourseError("no", code="case_ended"), json=False)
    complain(DuecourseError("no", code="case_ended", hint="wait"), json=False)
    complain(DuecourseError("no", code="nothing"), json=False)
    said = capsys.readouterr().err
    assert said == (
        f"error case_ended: no\n  {what_to_do('case_ended')}\n"
        "error case_ended: no\n  wait\nerror nothing: no\n"
    )
