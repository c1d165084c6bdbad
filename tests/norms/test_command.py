"""`norms` and `validate` in a folder that has a catalogue: what they print and how they end."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from surfaces.cli import main
from tests.surfaces.play import HEAD, PROCESSES

Out = pytest.CaptureFixture[str]

CATALOGUE = """\
families:
  R-TST:
    title: {zh: 测试, en: Test}
    process: [parcel]
    held: true
    rules:
      R-TST-01: {kind: default, text: {zh: 包裹要登记, en: A parcel is recorded}}
      R-TST-02:
        kind: explicit
        source: [001·一1]
        figure: {packed: {value: 2, unit: hours}}
        text: {zh: 两小时内包好, en: It is packed within two hours}
      R-TST-03:
        kind: interpreted
        text: {zh: 态度和气, en: People are kind}
        conduct: {zh: 无从得知, en: Nobody can know}
"""
MISSING = "      R-TST-04: {kind: default, text: {zh: 要签收, en: It is signed for}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Definitions with a catalogue, and one scenario beside them."""
    here = tmp_path / "definitions"
    shutil.copytree(PROCESSES, here)
    (here / "norms").mkdir()
    sources = "documents:\n  '001': {zh: 制度, en: Rules}\n"
    (here / "norms" / "sources.yaml").write_text(sources, encoding="utf-8")
    (here / "norms" / "test.yaml").write_text(CATALOGUE, encoding="utf-8")
    scenarios = tmp_path / "tests" / "scenarios"
    scenarios.mkdir(parents=True)
    (scenarios / "parcel-received.yaml").write_text(HEAD, encoding="utf-8")
    return here


def told(capsys: Out, folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["norms", *arguments, "--definitions", str(folder), "--json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out or captured.err)


def test_named_conduct_and_by_which_scenarios(capsys: Out, folder: Path) -> None:
    code, said = told(capsys, folder)
    assert code == 0
    assert said["counts"] == {"named": 2, "conduct": 1, "neither": 0, "missing": 0}
    rule = said["rules"]["R-TST-02"]
    assert rule["elements"] == [{"process": "parcel", "path": "clocks.packed_in_time"}]
    assert rule["scenarios"] == ["parcel-received"]
    assert rule["figure"] == {"packed": {"value": 2, "unit": "hours", "default": False}}
    assert said["rules"]["R-TST-03"]["status"] == "conduct"


def test_a_rule_that_nothing_names_ends_with_1(capsys: Out, folder: Path) -> None:
    (folder / "norms" / "test.yaml").write_text(CATALOGUE + MISSING, encoding="utf-8")
    code, said = told(capsys, folder)
    assert (code, said["counts"]["missing"]) == (1, 1)
    code, said = told(capsys, folder, "--missing")
    assert (code, list(said["rules"])) == (1, ["R-TST-04"])
    code, said = told(capsys, folder, "--rule", "R-TST-01")
    assert (code, list(said["rules"])) == (0, ["R-TST-01"])


def test_nothing_missing_is_no_failure(capsys: Out, folder: Path) -> None:
    assert told(capsys, folder, "--missing") == (
        0,
        {"counts": {"named": 0, "conduct": 0, "neither": 0, "missing": 0}, "rules": {}},
    )


def test_a_rule_in_full(capsys: Out, folder: Path) -> None:
    assert main(["norms", "--rule", "R-TST-02", "--definitions", str(folder)]) == 0
    said = capsys.readouterr().out
    for line in (
        "R-TST-02  原文明示 explicit  已落实 named  001·一1",
        "两小时内包好",
        "It is packed within two hours",
        "packed = 2 hours",
        "parcel  clocks.packed_in_time",
        "▷ parcel-received",
    ):
        assert line in said


def test_of_one_process(capsys: Out, folder: Path) -> None:
    code, said = told(capsys, folder, "--process", "parcel")
    assert (code, len(said["rules"])) == (0, 3)
    code, said = told(capsys, folder, "--process", "parsel")
    assert (code, said["error"]["code"]) == (2, "bad_input")


def test_an_unknown_rule_is_a_problem_of_the_definition(capsys: Out, folder: Path) -> None:
    text = (folder / "parcel.yaml").read_text(encoding="utf-8")
    (folder / "parcel.yaml").write_text(text.replace("R-TST-02", "R-TST-20"), encoding="utf-8")
    for command in ("norms", "validate"):
        assert main([command, "--definitions", str(folder)]) == 2
        said = capsys.readouterr().err
        assert "clocks.packed_in_time.norm  N201 there is no rule 'R-TST-20'; did you mean" in said


def test_validate_reads_the_catalogue(capsys: Out, folder: Path) -> None:
    assert main(["validate", "--definitions", str(folder)]) == 0
    broken = CATALOGUE.replace("001·一1", "002·一1")
    (folder / "norms" / "test.yaml").write_text(broken, encoding="utf-8")
    assert main(["validate", "--definitions", str(folder)]) == 2
    assert "N103 there is no document '002'" in capsys.readouterr().err
