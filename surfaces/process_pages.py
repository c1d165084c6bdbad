"""A page for each process, kept true by its definition: `python -m surfaces.process_pages`.

What it is: `docs/processes/*.md` with their drawings, and the page that lists them. Nothing on them
is written by hand; a test fails when a page differs from what its definition says.
What it is not: the reference of the language (`reference`).
Only its test imports it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from definitions.loader import FOLDER, load_library
from definitions.model import Process
from definitions.norms import NormBook, load_norms
from surfaces import process_tables as tables
from surfaces.diagram_svg import svg
from surfaces.process_tables import both, roles

PAGES: Final = Path(__file__).resolve().parent.parent / "docs" / "processes"
_MADE: Final = "<!-- made by `python -m surfaces.process_pages`; do not edit -->\n"


def pages() -> Mapping[str, str]:
    """Every file of the folder, by name."""
    catalogue = load_library()
    book = load_norms(FOLDER)
    assert book is not None
    processes = [catalogue[name] for name in catalogue]
    made = {"README.md": _index(processes)}
    for process in processes:
        made[f"{process.process}.md"] = _page(process, processes, book)
        made[f"{process.process}.svg"] = svg(process)
    return made


def _index(processes: list[Process]) -> str:
    lines = tables.table(
        ("流程 Process", "负责 Owner", "状态 States", "时钟 Clocks", "说明 About"),
        (
            (
                f"[{both(one.title)}]({one.process}.md)",
                roles(one, (one.owner,)),
                str(len(one.states)),
                str(len(one.clocks)),
                both(one.about),
            )
            for one in processes
        ),
    )
    return f"# 流程 Processes\n\n{_MADE}\n{lines}"


def _page(process: Process, others: list[Process], book: NormBook) -> str:
    parts = [
        f"# {both(process.title)}\n\n{_MADE}",
        "" if process.about is None else f"{process.about.zh}\n\n{process.about.en}\n",
        _facts(process),
        f"![{process.title.zh}]({process.process}.svg)\n",
        *_sections(process, others, book),
    ]
    return "\n".join(part for part in parts if part)


def _facts(process: Process) -> str:
    said = [
        f"`{process.process}` · 版本 version {process.version}",
        f"负责 owner: {roles(process, (process.owner,))}",
        f"可由 opened by: {roles(process, process.start.by or ()) or '任何人 anybody'}",
    ]
    if process.subjects:
        said.append(f"关于 about: {', '.join(process.subjects)}")
    if process.retention is not None:
        said.append(f"案卷保存 file kept: {process.retention.keep}")
    return "\n".join(f"- {one}" for one in said) + "\n"


def _sections(process: Process, others: list[Process], book: NormBook) -> Iterator[str]:
    for head, body in (
        ("状态 States", tables.states(process)),
        ("时钟 Clocks", tables.clocks(process)),
        ("提醒与升级 Reminders and escalations", tables.ladders(process)),
        ("开立 Opening", tables.opening(process)),
        ("事件与表单 Events and their forms", _named(tables.forms(process))),
        ("判定表 Decisions", _named(tables.decisions(process))),
        ("开立和告知其他案件 Opens and tells", tables.links(process)),
        ("由谁开立和告知 Opened and told by", tables.heard(process, others)),
        ("日程 Schedules", tables.calendar(process)),
        ("文档 Documents", tables.papers(process)),
        ("规则 Rules", tables.rules(process, book)),
    ):
        if body:
            yield f"## {head}\n\n{body}"


def _named(parts: Iterator[tuple[str, str]]) -> str:
    return "\n".join(f"### {head}\n\n{body}" for head, body in parts)


def write() -> None:
    """Make the folder as it should be; a page of a process that is gone goes too."""
    PAGES.mkdir(parents=True, exist_ok=True)
    made = pages()
    for old in PAGES.iterdir():
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (PAGES / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
