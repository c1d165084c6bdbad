"""Bad input at the command line: a code, a hint, the right stream and exit code, in text and JSON,
and nothing is changed. What needs no server."""

import io
import json
import sys
from pathlib import Path

import pytest

from surfaces.cli import main
from tests.surfaces.play import HEAD, PROCESSES

Out = pytest.CaptureFixture[str]
HERE = ["--definitions", str(PROCESSES)]
PARCEL = (PROCESSES / "parcel.yaml").read_text(encoding="utf-8")
START = ["start", "parcel", "--key", "P-1", "--data"]
GOOD = '{"what": "灯"}'


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Definitions of the tests, records that are not there, and nobody at Temporal's address."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUECOURSE_DEFINITIONS", str(PROCESSES))
    monkeypatch.setenv("DUECOURSE_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")


def refused(capsys: Out, arguments: list[str], code: str, ends: int) -> dict[str, object]:
    """The error of a command, told in text and in JSON, on stderr alone."""
    assert main(arguments) == ends
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"error {code}: ")
    assert main([*arguments, "--json"]) == ends
    told = capsys.readouterr()
    assert told.out == ""
    error: dict[str, object] = json.loads(told.err)["error"]
    assert error["code"] == code
    assert error["hint"] or "problems" in error["facts"]  # type: ignore[operator]
    return error


# --- files ----------------------------------------------------------------------------------

NO_FILES = ("nowhere.yaml", "a\0b", "a" * 5000)


@pytest.mark.parametrize("name", NO_FILES, ids=["missing", "nul", "too-long"])
@pytest.mark.parametrize("command", ["validate", "rehearse"])
def test_a_file_that_cannot_be_is_told_as_such(capsys: Out, command: str, name: str) -> None:
    assert main([command, name, *HERE]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert main([command, name, "--json", *HERE]) == 2
    assert "cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "E008"),
        (b"~", "E102"),
        (bytes(range(256)), "E001"),
        (PARCEL.encode("gb18030"), "E001"),
        (b"[" * 60_000, "E004"),
        (PARCEL.encode() + b"#" * 10_000_000, "E002"),
        (b"a: &a [x, x]\nb: [*a, *a]\n", "E005"),
        (b"process: !!python/object/apply:os.system [ls]\n", "E006"),
        (b"process: a\nprocess: b\n", "E007"),
        (PARCEL.replace("version: 1", "version: 1e999").encode(), "E002"),
        (PARCEL.replace("version: 1", f"version: {2**70}").encode(), "E106"),
        (PARCEL.replace("process: parcel", "process: ../parcel").encode(), "E105"),
    ],
)
def test_no_definition(capsys: Out, tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "broken.yml"
    file.write_bytes(content)
    assert main(["validate", str(file), *HERE]) == 2
    assert f" {code} " in capsys.readouterr().err


def test_two_files_of_one_process(capsys: Out, tmp_path: Path) -> None:
    files = [tmp_path / "one.yml", tmp_path / "two.yml"]
    for file in files:
        file.write_text(PARCEL, encoding="utf-8")
    assert main(["validate", *map(str, files), *HERE]) == 2
    assert "E108 'parcel' is declared in" in capsys.readouterr().err
    assert main(["validate", str(files[0]), str(files[0]), *HERE]) == 0


def test_a_folder_without_definitions_is_not_sound(capsys: Out, tmp_path: Path) -> None:
    refused(capsys, ["validate", str(tmp_path), *HERE], "bad_input", 2)
    refused(capsys, ["validate", "--definitions", str(tmp_path)], "bad_input", 2)
    nowhere = ["--definitions", str(tmp_path / "nowhere")]
    for command in (["norms"], ["diagram", "parcel"]):
        error = refused(capsys, [*command, *nowhere], "definition_invalid", 2)
        assert "there is no such folder" in str(error["message"])
    assert main(["validate", *nowhere]) == 2
    assert "there is no such folder" in capsys.readouterr().err


# --- arguments ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "Expecting"),
        ("", "Expecting"),
        ("[1]", "must be a JSON object"),
        ("null", "must be a JSON object"),
        ("[" * 100_000, "nested too deep"),
        ('{"a": ' + "9" * 5000 + "}", "4300 digits"),
        ('{"a": 1, "a": 2}', "the key 'a' stands twice"),
        ("@nowhere.json", "No such file"),
        ("@.", "Is a directory"),
        ("@a\0b", "null byte"),
        ("@gb.json", "not UTF-8"),
        ("@big.json", "over 1048576 bytes"),
    ],
)
def test_data_that_cannot_be_read(capsys: Out, tmp_path: Path, data: str, said: str) -> None:
    (tmp_path / "gb.json").write_bytes('{"a": "中文"}'.encode("gb18030"))
    (tmp_path / "big.json").write_bytes(b" " * 2_000_000)
    code = "payload_too_large" if "over" in said else "bad_input"
    for command in (["start", "parcel", "--key", "P-1"], ["send", "parcel:P-1", "pack"]):
        error = refused(capsys, [*command, "--data", data], code, 2)
        assert said in str(error["message"])


@pytest.mark.parametrize("data", ["-", "@data.json"])
def test_data_from_stdin_or_a_file(
    capsys: Out, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: str
) -> None:
    text = '\ufeff{"what": 1}'.encode()
    (tmp_path / "data.json").write_bytes(text)
    for arguments in ([], ["--json"]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text), encoding="utf-8"))
        assert main([*START, data, *arguments]) == 2
        assert "what: must be text" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ('{"what": "a\\ud800"}', "U+D800"),
        ('{"what": "a\\u0000"}', "U+0000"),
        ('{"\\ud800": 1}', "there is no such field"),
        ('{"what": NaN}', "must be text"),
        ('{"what": "a", "price": 1e999}', "price"),
        ('{"what": "a", "price": 1180591620717411303424}', "price"),
        ('{"what": ' + "[" * 500 + "]" * 500 + "}", "what"),
        ("{}", "what: is required"),
    ],
)
def test_data_that_fit_no_form(capsys: Out, data: str, said: str) -> None:
    error = refused(capsys, [*START, data], "data_invalid", 2)
    assert said in str(error["message"])


def test_data_over_the_limit(capsys: Out) -> None:
    refused(capsys, [*START, json.dumps({"what": "x" * 300_000})], "data_too_large", 2)
    sent = ["send", "parcel:P-1", "note", "--data", json.dumps({"text": "x" * 300_000})]
    refused(capsys, sent, "payload_too_large", 2)


@pytest.mark.parametrize(
    "key",
    [
        *(
            "",
            " ",
            "a b",
            "../x",
            "a/b",
            "a:b",
            "a\nb",
            "a\0b",
            "a\x01",
            "Ａ１",
            "a\u200bb",
            "a\udc80",
        ),
        *("k" * 81, "中" * 81, "-a", "a.", "😀"),
    ],
)
def test_no_key(capsys: Out, key: str) -> None:
    refused(capsys, ["start", "parcel", f"--key={key}", "--data", GOOD], "key_invalid", 2)


@pytest.mark.parametrize(
    ("arguments", "code", "ends"),
    [
        ([*START, GOOD, "--by", ""], "bad_input", 2),
        ([*START, GOOD, "--by", ":clerk"], "bad_input", 2),
        ([*START, GOOD, "--by", "l" * 201], "start_invalid", 2),
        ([*START, GOOD, "--by", "l\x01"], "start_invalid", 2),
        ([*START, GOOD, "--by", "l\udc80"], "start_invalid", 2),
        ([*START, GOOD, "--id", "i" * 201], "start_invalid", 2),
        ([*START, GOOD, "--id", "i\n"], "start_invalid", 2),
        ([*START, GOOD, "--id", "i\udc80"], "start_invalid", 2),
        ([*START, GOOD, "--at", "yesterday"], "bad_input", 2),
        ([*START, GOOD, "--at", "0001-01-01T00:00+14:00"], "bad_input", 2),
        ([*START, GOOD, "--at", "9999-12-31T24:00Z"], "bad_input", 2),
        ([*START, GOOD, "--at", "2999-01-01T00:00Z"], "from_the_future", 4),
        (["start", "parsel", "--key", "P-1"], "unknown_process", 2),
        (["send", "parcel:P-1", "note", "--id", "i" * 201], "payload_invalid", 2),
        (["send", "parcel:P-1", "note", "--id", "i\udc80"], "payload_invalid", 2),
        (["send", "parcel:P-1", "note", "--data", '{"text": "\\ud800"}'], "payload_invalid", 2),
        (["send", "parcel:P-1", "note", "--data", '{"a":' + "[" * 900 + "]" * 900 + "}"],
         "payload_invalid", 2),
        (["send", "parcel:P-1", ""], "unknown_event", 4),
        (["send", "parcel:P-1", "a\0b"], "unknown_event", 4),
        (["send", "parcel:P-1", "a\udc80"], "unknown_event", 4),
        (["send", "parcel:P-1", "__temporal"], "unknown_event", 4),
        (["send", "", "note"], "unknown_case", 1),
        (["send", "parcel", "note"], "unknown_case", 1),
        (["send", "parcel:a\udc80", "note"], "unknown_case", 1),
        (["show", ""], "unknown_case", 1),
        (["show", "parcel:\udc80"], "unknown_case", 1),
        (["show", "parcel:P-1", "--tail", "-1"], "bad_input", 2),
        (["list", "--limit", "0"], "bad_input", 2),
        (["explain", "parcel:\udc80"], "unknown_case", 1),
    ],
)  # fmt: skip
def test_refused_before_anybody_is_asked(
    capsys: Out, arguments: list[str], code: str, ends: int
) -> None:
    refused(capsys, arguments, code, ends)


# --- the world ------------------------------------------------------------------------------


def test_temporal_is_not_there(capsys: Out) -> None:
    for arguments in ([*START, GOOD], ["send", "parcel:P-1", "pack"]):
        refused(capsys, arguments, "temporal_unavailable", 3)


def test_the_records_are_not_there(capsys: Out, tmp_path: Path) -> None:
    for arguments in (["list"], ["stuck"], ["show", "parcel:P-1"], ["explain", "parcel:P-1"]):
        refused(capsys, arguments, "records_unavailable", 3)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("url", ["junk", "mysql://a@b/c", "sqlite:///text.db", "sqlite:///no/r.db"])
def test_no_database(
    capsys: Out, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    (tmp_path / "text.db").write_text("this is no database at all\n" * 50, encoding="utf-8")
    monkeypatch.setenv("DUECOURSE_DATABASE_URL", url)
    refused(capsys, ["list"], "records_unavailable", 3)


def test_all_settings_that_are_wrong_at_once(capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUECOURSE_PORT", "x")
    monkeypatch.setenv("DUECOURSE_TASK_QUEUE", "")
    error = refused(capsys, ["list"], "settings_invalid", 2)
    for name in ("DUECOURSE_PORT: ", "DUECOURSE_TASK_QUEUE: "):
        assert name in str(error["message"])


@pytest.mark.parametrize("name", ["TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"])
def test_a_profile_that_is_not_there(
    capsys: Out, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "nowhere")
    refused(capsys, ["send", "parcel:P-1", "pack"], "settings_invalid", 2)


# --- scenarios and ledgers ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEAD.replace("2026-11-10T09:00+08:00", "9999-12-31T23:00Z"), "S105"),
        (HEAD.replace("2026-11-10T09:00+08:00", "0001-01-01T00:00+14:00"), "S105"),
        (HEAD + "steps:\n" + "  - {at: +9999d}\n" * 40, "S106"),
        (HEAD + "steps: [{occurred_at: +9999d}]", "S112"),
        (HEAD.replace("P-1", "'../x'"), "S105"),
        (HEAD + "steps: [{at: +1h, start: {key: 'a b'}}]", "S105"),
        (HEAD + "steps: [{at: +1h, expect: {clocks: {fetched: [{phas: met}]}}}]", "S101"),
        (HEAD + "steps: [{at: +1h, expect: {clocks: {fetched: [runing]}}}]", "S104"),
    ],
)
def test_no_scenario(capsys: Out, tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(text, encoding="utf-8")
    assert main(["rehearse", str(file), *HERE]) == 2
    assert f" {code} " in capsys.readouterr().err


def test_explain_what_a_scenario_does_not_have(capsys: Out, tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(HEAD, encoding="utf-8")
    scenario = ["--scenario", str(file), *HERE]
    refused(capsys, ["explain", "parcel:P-9", *scenario], "unknown_case", 1)
    refused(capsys, ["explain", "nothing", *scenario], "unknown_clock", 2)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", "[" * 100_000, '{"rules": "!!"}'),
        '{"rules": "aGk=", "journal": [], "case": "a:b", "number": 1, "digest": "x"}',
        '{"rules": "", "journal": [3], "case": "a:b", "number": 1, "digest": "x"}',
    ],
)
def test_no_ledger(capsys: Out, tmp_path: Path, text: str) -> None:
    file = tmp_path / "ledger.json"
    file.write_text(text, encoding="utf-8")
    refused(capsys, ["explain", "--ledger", str(file)], "ledger_invalid", 2)


def test_a_fault_of_the_program_is_no_answer(capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr("surfaces.cli_norms.coverage", broken)
    error = refused(capsys, ["norms"], "fault", 70)
    assert "out of order" in str(error["message"])
