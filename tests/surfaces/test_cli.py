"""The command line offline: what it prints, and the exit codes that its help promises."""

import json
from pathlib import Path

import pytest

from surfaces.cli import COMMANDS, main
from tests.surfaces.play import HEAD, PROCESSES

Out = pytest.CaptureFixture[str]
HERE = ["--definitions", str(PROCESSES)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A scenario that passes."""
    path = tmp_path / "parcel.yaml"
    path.write_text(HEAD + "steps: [{at: +1h, expect: {state: received}}]\n", encoding="utf-8")
    return path


def test_validate(capsys: Out) -> None:
    assert main(["validate", "--json", *HERE]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["valid"] is True
    assert [process["process"] for process in told["processes"]] == [
        "parcel",
        "round",
        "tally",
    ]


def test_validate_says_every_problem(capsys: Out, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("process: broken\nversion: 1\n", encoding="utf-8")
    assert main(["validate", str(path), *HERE]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error definition_invalid:")
    assert captured.err.count("E103") == 3
    assert main(["validate", str(path), "--json", *HERE]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["valid"] is False
    assert {problem["code"] for problem in told["problems"]} == {"E103"}


def test_rehearse_passes(capsys: Out, file: Path) -> None:
    assert main(["rehearse", str(file.parent), "--json", *HERE]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["passed"] is True
    assert [step["state"] for step in told["scenarios"][0]["steps"]] == ["received", "received"]


def test_rehearse_fails_with_the_difference(capsys: Out, file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace("state: received", "state: packed")
    file.write_text(text, encoding="utf-8")
    assert main(["rehearse", str(file), *HERE]) == 1
    said = capsys.readouterr().out
    assert "state: expected packed, got received" in said
    assert "0 of 1 scenarios passed" in said


def test_rehearse_refuses_a_broken_file(capsys: Out, file: Path) -> None:
    file.write_text("scenario: x\n", encoding="utf-8")
    assert main(["rehearse", str(file), *HERE]) == 2
    assert "S103" in capsys.readouterr().err
    assert main(["rehearse", str(file), "--json", *HERE]) == 2
    (told,) = json.loads(capsys.readouterr().out)["errors"]
    assert told["code"] == "scenario_invalid"
    assert main(["rehearse", "nowhere.yaml", *HERE]) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["rehearse"], 2, "bad_input"),
        (["diagram", "parsel", *HERE], 2, "unknown_process"),
        (["nonsense"], 2, "usage"),
        (["validate", "--jsno"], 2, "usage"),
        (["start", "parcel", "--key", "P-1", "--data", "[1]"], 2, "bad_input"),
        (["start", "parcel", "--key", "P-1", "--at", "2026-11-10T10:00"], 2, "bad_input"),
        (["explain"], 2, "bad_input"),
        (["explain", "--ledger", "nowhere.json"], 2, "ledger_invalid"),
    ],
)
def test_errors_have_a_code_and_go_to_stderr(
    capsys: Out, arguments: list[str], code: int, said: str
) -> None:
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert captured.err.startswith(f"error {said}: ")
    assert main([*arguments, "--json"]) == code
    captured = capsys.readouterr()
    assert json.loads(captured.err)["error"]["code"] == said
    assert captured.out == ""


def test_norms(capsys: Out) -> None:
    assert main(["norms", "R-TST", "--json", *HERE]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(rule, one["elements"][0]["path"]) for rule, one in told["rules"].items()] == [
        ("R-TST-01", ""),
        ("R-TST-02", "clocks.packed_in_time"),
    ]
    assert told["counts"] == {"named": 2, "conduct": 0, "neither": 0, "missing": 0}
    assert main(["norms", "R-NONE", *HERE]) == 1


def test_diagram(capsys: Out) -> None:
    assert main(["diagram", "parcel", "--format", "svg", *HERE]) == 0
    assert capsys.readouterr().out.startswith("<svg ")
    assert main(["diagram", "parcel", *HERE]) == 0
    assert capsys.readouterr().out.startswith("stateDiagram-v2")


def test_explain_a_scenario(capsys: Out, file: Path) -> None:
    assert main(["explain", "packed_in_time", "--scenario", str(file), "--json", *HERE]) == 0
    (told,) = json.loads(capsys.readouterr().out)["clocks"]
    assert told["due"] == "2026-11-10T11:00:00+08:00"
    assert told["counted"] == told["total"] == 7200
    assert told["stretches"][0]["why"] == "wall"
    assert main(["explain", "nothing", "--scenario", str(file), *HERE]) == 2


def test_help_lists_every_command(capsys: Out) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"│ {name} " in said for name, _, _ in COMMANDS)
