"""`documents` offline: what it lists, what it writes, and names that lead nowhere else."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from activities.records import Records
from surfaces.cli import main
from surfaces.cli_documents import file_names
from tests.documents.forms import service_record
from tests.records.build import batch

Out = pytest.CaptureFixture[str]
CASE = "complaint:C-1"
PDF = b"%PDF-1.7 a paper"


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of records of the command's own, which are empty."""
    url = f"sqlite:///{tmp_path / 'records.db'}"
    monkeypatch.setenv("DUECOURSE_DATABASE_URL", url)
    return url


async def keep(url: str, *printed: str) -> None:
    async with Records.open(url) as opened:
        await opened.migrate()
        await opened.write(batch(CASE), 1)
        for seq, number in enumerate(printed, 3):
            paper = replace(
                service_record(), key=f"{CASE}/1/{seq}", case=CASE, seq=seq, printed=number
            )
            await opened.save_document(paper, PDF + number.encode())


@pytest.fixture
async def two(records: str) -> None:
    await keep(records, "LY01-7", "LY01-7")


@pytest.mark.usefixtures("two")
def test_documents_are_listed(capsys: Out) -> None:
    assert main(["documents", CASE, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["case"] == CASE
    first, second = told["documents"]
    assert (first["document"], first["printed"], first["seq"]) == ("service_record", "LY01-7", 3)
    assert (first["at"], first["size"]) == ("2026-11-23T15:40:00+08:00", len(PDF) + 6)
    assert (first["file"], second["seq"]) == (None, 4)
    assert main(["documents", CASE]) == 0
    said = capsys.readouterr().out
    assert said.count("现场服务记录表 service_record") == 2
    assert "Mon 2026-11-23 15:40" in said


@pytest.mark.usefixtures("two")
def test_files_are_written_and_named(capsys: Out, tmp_path: Path) -> None:
    folder = tmp_path / "papers" / "of C-1"
    assert main(["documents", CASE, "--out", str(folder), "--json"]) == 0
    files = [one["file"] for one in json.loads(capsys.readouterr().out)["documents"]]
    assert [Path(one).name for one in files] == [
        "LY01-7-service_record.pdf",
        "LY01-7-service_record-1-4.pdf",
    ]
    assert {Path(one).read_bytes() for one in files} == {PDF + b"LY01-7"}
    assert sorted(map(str, folder.iterdir())) == sorted(files)


@pytest.mark.usefixtures("two")
def test_a_folder_that_cannot_be_is_said(capsys: Out, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert main(["documents", CASE, "--out", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.startswith("error bad_input: the documents cannot be written")


@pytest.fixture
async def none(records: str) -> None:
    await keep(records)


@pytest.mark.usefixtures("none")
def test_a_case_without_documents(capsys: Out) -> None:
    assert main(["documents", CASE]) == 1
    assert "nothing has been printed" in capsys.readouterr().out
    assert main(["documents", CASE, "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"case": CASE, "documents": []}


def test_errors_say_who_is_to_blame(records: str, capsys: Out) -> None:
    assert records.endswith("records.db")
    for case, code, said in (("nonsense", 1, "unknown_case"), (CASE, 3, "records_unavailable")):
        assert main(["documents", case]) == code
        assert capsys.readouterr().err.startswith(f"error {said}: ")


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("LY01-2026-11", "LY01-2026-11-list.pdf"),
        ("../../etc/passwd", "_.._etc_passwd-list.pdf"),
        ("/root", "_root-list.pdf"),
        ('a\0b\n c:*?"<>|\\', "a_b_c_-list.pdf"),
        ("洛字（2026）7号", "洛字（2026）7号-list.pdf"),
        ("", "list.pdf"),
        ("-rf", "rf-list.pdf"),
    ],
)
def test_a_name_leads_nowhere_else(printed: str, name: str) -> None:
    one = {"printed": printed, "document": "list", "number": 1, "seq": 1}
    assert file_names([one]) == [name]


def test_names_are_short_and_differ() -> None:
    long = {"printed": "件" * 900, "document": "list", "number": 1}
    names = file_names([{**long, "seq": seq} for seq in range(20)])
    assert len(set(names)) == 20
    assert max(len(name.encode()) for name in names) <= 255
