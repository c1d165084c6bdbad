"""The catalogue of rules: what it holds, and how its mistakes are told."""

from collections import Counter
from pathlib import Path

import pytest

from definitions.loader import FOLDER
from definitions.norms import CODES, load_norms, named_in, unknown_rules
from definitions.problems import DefinitionError

SOURCES = "documents:\n  '001': {zh: 制度, en: Rules}\n"
HEAD = "families:\n  R-ABC:\n    title: {zh: 甲, en: A}\n    held: true\n    rules:\n"
RULE = "      R-ABC-01: {kind: explicit, source: [001·一1], text: {zh: 按时, en: In time}}\n"


def catalogue(folder: Path, text: str) -> Path:
    """A folder of definitions with a catalogue of one file."""
    (folder / "norms").mkdir()
    (folder / "norms" / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    (folder / "norms" / "abc.yaml").write_text(HEAD + text, encoding="utf-8")
    return folder


def test_the_catalogue_is_complete() -> None:
    book = load_norms(FOLDER)
    assert book is not None
    counted = Counter(entry.family for entry in book.rules.values())
    assert counted.pop("D") == 14
    assert " ".join(f"{name}={many}" for name, many in sorted(counted.items())) == (
        "R-ARC=7 R-CMP=21 R-CON=12 R-EMG=4 R-FBK=7 R-GEN=8 R-LUB=3 R-MMT=11 R-OIL=5 R-ORD=5 "
        "R-PHN=6 R-PRE=6 R-PSM=3 R-PUR=9 R-QPR=5 R-SET=15 R-SFE=8 R-SPP=18 R-SRQ=16 R-SUP=8 "
        "R-SVY=6 R-TOL=6 R-TRN=8 R-UNS=8 R-USE=4 R-VIS=3 R-WAR=36"
    )
    assert counted.total() == 248


def test_conduct_says_why_in_both_languages_and_stays_rare() -> None:
    book = load_norms(FOLDER)
    assert book is not None
    conduct = [entry.id for entry in book.rules.values() if entry.held and entry.norm.conduct]
    assert conduct == [
        "R-CMP-04",
        "R-CON-10",
        "R-SUP-03",
        "R-SUP-06",
        "R-SUP-08",
        "R-EMG-02",
        "R-PHN-06",
        "R-VIS-01",
        "R-PRE-06",
    ]


def test_a_catalogue_is_read(tmp_path: Path) -> None:
    book = load_norms(catalogue(tmp_path, RULE))
    assert book is not None
    entry = book.rules["R-ABC-01"]
    assert (entry.family, entry.held, entry.norm.source) == ("R-ABC", True, ("001·一1",))


def test_a_folder_may_have_none(tmp_path: Path) -> None:
    assert load_norms(tmp_path) is None
    assert unknown_rules(named_in(tmp_path), None) == []


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (RULE.replace("R-ABC-01", "R-ABD-01"), "N101", 6),
        (RULE.replace("001·一1", "009·一1"), "N103", 6),
        (RULE.replace("source: [001·一1], ", ""), "N104", 6),
        (RULE.replace("001·一1", "一1"), "E105", 6),
        (RULE + RULE, "E007", 7),
        (RULE.replace("explicit", "certain"), "E104", 6),
    ],
)
def test_a_mistake_is_told_at_its_line(tmp_path: Path, text: str, code: str, line: int) -> None:
    with pytest.raises(DefinitionError) as refused:
        load_norms(catalogue(tmp_path, text))
    (problem,) = refused.value.problems
    assert (problem.code, problem.line) == (code, line)


def test_a_rule_twice(tmp_path: Path) -> None:
    folder = catalogue(tmp_path, RULE)
    (folder / "norms" / "abd.yaml").write_text(HEAD + RULE, encoding="utf-8")
    with pytest.raises(DefinitionError) as refused:
        load_norms(folder)
    assert [problem.code for problem in refused.value.problems] == ["N102"]


def test_an_unknown_rule_is_told_with_the_nearest(tmp_path: Path) -> None:
    book = load_norms(catalogue(tmp_path, RULE))
    file = tmp_path / "one.yaml"
    file.write_text("norm: R-ABC-01\nclocks:\n  a:\n    norm: [R-ABC-01, R-ABC-02]\n", "utf-8")
    (problem,) = unknown_rules(named_in(tmp_path), book)
    assert (problem.code, problem.line, problem.path) == ("N201", 4, "clocks.a.norm[1]")
    assert problem.hint == "did you mean 'R-ABC-01'?"


def test_each_code_is_explained_on_the_page() -> None:
    page = (FOLDER.parent / "docs" / "norms.md").read_text("utf-8")
    for code, (title, meaning) in CODES.items():
        assert f"| {code} | {title} | {meaning} |" in page
