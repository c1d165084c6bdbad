"""`documents`: what a case has printed, and the files.

What it is: the command. Paper shows what lists hide (names, telephone numbers): who may read the
records may read it.
Who may import it: `cli`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter
from rich.console import Console

from surfaces.cases import Cases
from surfaces.cli_cases import run
from surfaces.errors import BadInput, Exit
from surfaces.instants import dated, short
from surfaces.output import Json, plain, say, table

_UNSAFE: Final = re.compile(r"[^\w.()（）+=-]+")
_LONGEST: Final = 180
"""Bytes of a name; no file system takes more than 255."""


def documents(
    case: str,
    *,
    out: Annotated[Path | None, Parameter(help="Folder to write the PDF files into.")] = None,
    json: Json = False,
) -> int:
    """List the documents that a case (process:key) has printed. Exit code 1 if there is none.

    With --out each is written as `<number on it>-<document>.pdf`, over a file of that name.
    """

    async def work(cases: Cases) -> tuple[str, tuple[dict[str, Any], ...], list[bytes]]:
        view = await cases.case(case)
        read = cases.records.read
        listed = await read.documents(case)
        contents = [await read.document(one["key"]) for one in listed if out is not None]
        return view["zone"], listed, [one for one in contents if one is not None]

    zone, listed, contents = run(work)
    found = [{**one, "file": None} for one in listed]
    if out is not None:
        files = [out / name for name in file_names(listed)]
        _write(out, zip(files, contents, strict=True))
        found = [{**one, "file": str(file)} for one, file in zip(listed, files, strict=True)]
    result = {"case": case, "documents": [dated(one, zone) for one in found]}
    say(result, json, lambda console: show_documents(console, found, zone))
    return Exit.DONE if found else Exit.NOT_AS_EXPECTED


def show_documents(console: Console, found: Sequence[Mapping[str, Any]], zone: str) -> None:
    """A table of documents, with their files if any were written."""
    if not found:
        console.print("没有打印过的文档 · nothing has been printed")
        return
    shown = table("文档 DOCUMENT", "编号 NUMBER", "时间 AT", "大小 SIZE", "文件 FILE")
    for one in found:
        shown.add_row(
            plain(f"{one['title'].get('zh', '')} {one['document']}".strip()),
            plain(one["printed"]),
            short(one["at"], zone),
            f"{one['size'] / 1000:.1f} kB",
            plain(one["file"] or ""),
        )
    console.print(shown)


def file_names(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name for each document that every file system takes and no other one has."""
    names: list[str] = []
    taken: set[str] = set()
    for one in found:
        name = _safe(f"{one['printed']}-{one['document']}")
        if name.casefold() in taken:
            name += f"-{one['number']}-{one['seq']}"
        taken.add(name.casefold())
        names.append(f"{name}.pdf")
    return names


def _safe(name: str) -> str:
    """Letters and digits of any script and a few signs; the number on a document comes from
    people, and must not lead into another folder."""
    kept = _UNSAFE.sub("_", name).lstrip(".-")
    return kept.encode()[:_LONGEST].decode(errors="ignore")


def _write(folder: Path, files: Iterable[tuple[Path, bytes]]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files:
            file.write_bytes(content)
    except (OSError, ValueError) as broken:
        raise BadInput(
            f"the documents cannot be written: {broken}", hint="--out names a folder to write into"
        ) from None
