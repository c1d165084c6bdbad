"""The pages done as a reader would: files are written, commands are run.

`python -m tests.docs.commands` puts what the commands print into the pages."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from surfaces import link_map
from tests.docs import dossier
from tests.docs.pages import ROOT, Fence, fences, text_of

TEN_MINUTES = ROOT / "docs" / "ten-minutes.md"
READMES = (ROOT / "README.md", ROOT / "README.zh.md")
_CODE = ("workflows", "activities", "surfaces")
_DIGEST = re.compile(r"\b[0-9a-f]{12}\b")


@dataclass(frozen=True, slots=True)
class Done:
    """A command of the page, how it ended, and what the page shows of it."""

    command: str
    code: int
    output: str
    shown: Fence

    @property
    def shown_code(self) -> int:
        """The exit code that stands behind the block shown (`text exit 2`), or 0."""
        return int(self.shown.about.split()[-1]) if self.shown.about else 0


def project(folder: Path) -> Path:
    """A copy of the project in which a reader may write: definitions are copied, code is linked."""
    leave = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / "definitions", folder / "definitions", ignore=leave)
    for name in _CODE:
        (folder / name).symlink_to(ROOT / name)
    for name in ("starter.py", "worker.py"):
        shutil.copy(ROOT / name, folder)
    (folder / "tests" / "scenarios").mkdir(parents=True)
    return folder


def run(folder: Path, command: str) -> tuple[int, str]:
    """Run a command of the page; its exit code, and stdout and stderr as they come."""
    words = shlex.split(command)
    assert words[:2] == ["python", "starter.py"], command
    result = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return result.returncode, result.stdout


def change(file: Path, text: str) -> None:
    """Carry out a `diff` block: parts between lines `@@`, each with lines that are there once."""
    now = text_of(file)
    for part in text.split("@@\n"):
        lines = part.splitlines(keepends=True)
        old, new = ("".join(one[1:] for one in lines if one[0] in kept) for kept in (" -", " +"))
        assert now.count(old) == 1, old
        now = now.replace(old, new)
    file.write_text(now, encoding="utf-8")


def follow(page: Path, folder: Path) -> Iterator[Done]:
    """Do what a page says: a YAML block is appended to its file and a `diff` block changes it; a
    command whose output is shown below it is run."""
    blocks = list(fences(text_of(page)))
    for index, block in enumerate(blocks):
        if block.language == "yaml":
            with (folder / block.about).open("a", encoding="utf-8") as file:
                file.write(block.text)
        if block.language == "diff":
            change(folder / block.about, block.text)
        shown = blocks[index + 1] if index + 1 < len(blocks) else None
        if block.language == "sh" and shown is not None and shown.language == "text":
            yield Done(block.text.strip(), *run(folder, block.text.strip()), shown)


def trimmed(text: str) -> str:
    """Without what a page need not keep: blanks at the ends of lines, lines at the end."""
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


def comparable(text: str) -> str:
    """Without digests, which change with every calendar."""
    return _DIGEST.sub("<digest>", trimmed(text))


def refresh(page: Path, folder: Path) -> None:
    """Put what the commands of a page print into it."""
    before, after, at = text_of(page), "", 0
    for done in follow(page, folder):
        start = before.index("```text", before.index(f"```sh\n{done.command}\n```", at))
        end = before.index("```", start + 3) + 3
        about = f" exit {done.code}" if done.code else ""
        after += f"{before[at:start]}```text{about}\n{trimmed(done.output)}\n```"
        at = end
    page.write_text(after + before[at:], encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        refresh(TEN_MINUTES, project(Path(made)))
    for one in READMES:
        refresh(one, ROOT)
    link_map.write()
    dossier.write()
