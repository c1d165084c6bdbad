"""Every code has an example that yields it and a heading where an author can look it up."""

import pytest

from definitions.problems import CODES
from definitions.schema import ERRORS_FILE, errors_text
from tests.definitions.test_loader import BROKEN


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_a_broken_example(code: str) -> None:
    assert list(BROKEN.glob(f"{code}-*")), f"add {BROKEN}/{code}-some-words.yaml"


def test_each_broken_example_has_a_code() -> None:
    assert {path.name.split("-")[0] for path in BROKEN.iterdir()} <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_a_heading(code: str) -> None:
    assert f"\n### {code} {CODES[code].title}\n" in ERRORS_FILE.read_text(encoding="utf-8")


def test_the_page_of_errors_is_up_to_date() -> None:
    """`python -m definitions.schema` writes it."""
    assert ERRORS_FILE.read_text(encoding="utf-8") == errors_text()


def test_codes_stand_in_order() -> None:
    assert list(CODES) == sorted(CODES)
