"""The reference says what the code says, and its examples are what the code takes."""

import re

import pytest

from surfaces.reference import PAGE, refreshed


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_the_code_says() -> None:
    assert refreshed(page()) == page(), "run python -m surfaces.reference"


def test_drift_is_seen() -> None:
    bent = page().replace("| `7 working_days` |", "| `8 working_days` |")
    assert bent != page()
    assert refreshed(bent) == page()


def test_every_block_is_closed_and_filled() -> None:
    blocks = re.findall(r"<!-- generated: \S+ -->\n(.*?)<!-- end -->", page(), re.S)
    assert len(blocks) == page().count("<!-- generated:") == page().count("<!-- end -->")
    assert all(block.count("\n") > 2 for block in blocks)


def test_an_unknown_block_is_refused() -> None:
    with pytest.raises(KeyError):
        refreshed("<!-- generated: nothing -->\n<!-- end -->")
