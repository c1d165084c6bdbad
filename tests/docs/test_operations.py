"""`docs/operations.md` knows every setting, problem, attribute and reason, and no others."""

import re
from typing import get_args

from activities.records.stuck import ReasonKind
from surfaces.settings import Settings
from tests.docs.pages import ROOT, text_of
from workflows.attributes import KEYS
from workflows.card import PROBLEMS, RETRY

PAGE = text_of(ROOT / "docs" / "operations.md")


def rows(heading: str) -> set[str]:
    """The names in the first column of the table below a heading."""
    part = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([a-z_]+)` \|", part, re.M))


def test_settings() -> None:
    named = set(re.findall(r"`DUECOURSE_(\w+)`", PAGE))
    assert named == {name.upper() for name in Settings.model_fields}


def test_problems_of_a_case() -> None:
    assert rows("Problems of a case") == set(PROBLEMS)
    assert f"`{RETRY}`" in PAGE


def test_reasons_why_a_case_is_stuck() -> None:
    assert rows("What supervisors see") == set(get_args(ReasonKind))


def test_search_attributes() -> None:
    assert set(re.findall(r"`(Case[A-Z]\w+)`", PAGE)) == {key.name for key in KEYS}
