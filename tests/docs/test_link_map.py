"""The map of links says what the definitions say."""

import pytest

from definitions.loader import Catalogue, load_library
from surfaces.link_map import PAGE, refreshed, rows


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_library()


def test_the_map_is_what_the_definitions_say(catalogue: Catalogue) -> None:
    assert refreshed(page(), catalogue) == page(), "run python -m tests.docs.commands"


@pytest.mark.parametrize(
    "was", ["| `upkeep` lapses |", "| `archive` | every month, day 1, 08:00 |"]
)
def test_drift_is_seen(was: str, catalogue: Catalogue) -> None:
    bent = page().replace(was, "| never |")
    assert bent != page()
    assert refreshed(bent, catalogue) == page()


def test_every_link_stands_in_it(catalogue: Catalogue) -> None:
    links = [(name, one) for name in catalogue for one in catalogue[name].links.values()]
    shown = {(source, row.target) for row in rows(catalogue) for source in row.sources}
    assert {(name, link.process) for name, link in links} == shown
    # A link that no move names would do nothing; the map says when each is followed.
    assert [row for row in rows(catalogue) if not row.when or row.when.startswith(";")] == []
