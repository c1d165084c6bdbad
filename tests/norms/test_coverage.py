"""Each rule that must be kept is named by an element of a definition, or it is conduct."""

import pytest

from definitions.loader import FOLDER, load_library
from definitions.norms import Entry, NormBook, load_norms, named_in, unknown_rules
from surfaces.norms import Covered, coverage
from tests.norms.metadata import METADATA
from tests.norms.removal import SCENARIOS

BOOK = load_norms(FOLDER)
assert BOOK is not None
HELD = [entry for entry in BOOK.rules.values() if entry.held]


@pytest.fixture(scope="module")
def book() -> NormBook:
    assert BOOK is not None
    return BOOK


@pytest.fixture(scope="module")
def covered(book: NormBook) -> dict[str, Covered]:
    return {one.rule: one for one in coverage(book, load_library().processes.values())}


def test_every_rule_is_held_but_the_defaults(book: NormBook) -> None:
    assert {name for name, family in book.families.items() if not family.held} == {"D"}
    assert len(HELD) == 248


@pytest.mark.parametrize("entry", HELD, ids=lambda entry: entry.id)
def test_a_rule_is_named_or_conduct(entry: Entry, covered: dict[str, Covered]) -> None:
    assert covered[entry.id].status != "neither", entry.norm.text.en


@pytest.mark.parametrize("entry", HELD, ids=lambda entry: entry.id)
def test_a_rule_is_named_by_a_process_that_it_concerns(
    entry: Entry, covered: dict[str, Covered]
) -> None:
    named = {naming.process for naming in covered[entry.id].namings}
    assert not named or named & set(entry.processes)


def test_no_file_names_an_unknown_rule(book: NormBook) -> None:
    assert unknown_rules(named_in(FOLDER), book) == []


def test_no_scenario_names_an_unknown_rule(book: NormBook) -> None:
    """Read as text: `norm` stands in one line of a scenario's head."""
    texts = [path.read_text("utf-8") for path in SCENARIOS.glob("*.yaml")]
    lines = [line for text in texts for line in text.splitlines() if line.startswith("norm:")]
    named = {rule for line in lines for rule in line.removeprefix("norm:").strip(" []").split(", ")}
    assert len(lines) > 50
    assert named - set(book.rules) == set()


def test_a_process_that_keeps_the_stages_gives_each_state_one() -> None:
    keeping = [one for one in load_library().processes.values() if "R-GEN-04" in one.norm]
    assert keeping
    for process in keeping:
        assert [name for name, state in process.states.items() if state.stage is None] == []
        assert process.states[process.initial].stage == "acceptance"


def test_the_table_of_metadata_names_rules(book: NormBook) -> None:
    assert set(METADATA) <= set(book.rules)
