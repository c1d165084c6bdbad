"""Whatever names a rule matters: without it, a scenario goes wrong."""

import re

import pytest

from definitions.loader import FOLDER
from definitions.norms import named_in
from tests.norms.metadata import METADATA
from tests.norms.removal import stage

_USE = re.compile(r"(?m)^use: \[(.*)\]")
_RULE = re.compile(r"\b(?:R-[A-Z]+|D)-\d+\b")


def mentioned() -> list[str]:
    """Every rule that stands in a definition, comments aside; found without loading them."""
    files = [path for path in named_in(FOLDER) if path.parent.name != "fragments"]
    used = {name for path in files for name in _words(_USE.findall(path.read_text("utf-8")))}
    # A fragment that no process uses is no part of a definition.
    files += [path for path in named_in(FOLDER) if path.stem in used and path not in files]
    lines = (line for path in files for line in path.read_text("utf-8").splitlines())
    return sorted({rule for line in lines for rule in _RULE.findall(line.partition("#")[0])})


def _words(lists: list[str]) -> list[str]:
    return [word.strip() for one in lists for word in one.split(",")]


@pytest.mark.parametrize("rule", [rule for rule in mentioned() if rule not in METADATA])
def test_without_the_rule_a_scenario_fails(rule: str) -> None:
    removals = stage().removals(rule)
    assert removals, f"no element names {rule} that could be taken away"
    assert any(stage().noticed_by(removal) for removal in removals), "\n".join(map(str, removals))


@pytest.mark.parametrize("rule", METADATA)
def test_of_metadata_nothing_can_be_taken_away(rule: str) -> None:
    assert rule in stage().named()
    assert list(map(str, stage().removals(rule))) == []
