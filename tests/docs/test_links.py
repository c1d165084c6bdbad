"""Every link between the pages leads somewhere, and every file that a page names is there."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, anchors, fences, links, pages, text_of

_NAMED = re.compile(
    r"`((?:definitions|workflows|activities|surfaces|tests|docs|settings|benchmarks)/[\w./-]+"
    r"\.\w+)(?:::(\w+))?`"
)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in links(text_of(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        if not file.exists():
            broken.append(f"{target}: no such file")
        elif anchor and anchor not in anchors(text_of(file)):
            broken.append(f"{target}: no such heading")
    assert broken == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_files_named_are_there(page: Path) -> None:
    # A page may let its reader write a file first.
    made = {block.about for block in fences(text_of(page))}
    missing = []
    for file, name in _NAMED.findall(text_of(page)):
        if file in made:
            continue
        if not (ROOT / file).exists():
            missing.append(file)
        elif name and not re.search(rf"\b{name}\b", text_of(ROOT / file)):
            missing.append(f"{file}::{name}")
    assert missing == []


def test_every_example_of_a_clock_is_held_by_a_test() -> None:
    examples = text_of(ROOT / "docs" / "clock-semantics.md").split("## Examples")[1]
    tests = "".join(map(text_of, sorted((ROOT / "tests" / "core").glob("test_*.py"))))
    for row in re.findall(r"^\| (G\d+) .*$", examples, re.M):
        named = re.findall(rf"`(test_{row.lower()}_\w+)`", examples)
        assert named, row
        assert [name for name in named if f"def {name}(" not in tests] == []
