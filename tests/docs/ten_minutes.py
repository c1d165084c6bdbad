"""`docs/ten-minutes.md` done from beginning to end as a reader would: files are written, commands
are run. `python -m tests.docs.ten_minutes` puts what they print into the page."""

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

from tests.docs.pages import ROOT, Fence, fences, text_of

PAGE = ROOT / "docs" / "ten-minutes.md"
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
    shutil.copy(ROOT / "starter.py", folder)
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
        timeout=60,
        check=False,
    )
    return result.returncode, result.stdout


def follow(folder: Path) -> Iterator[Done]:
    """Do what the page says: a YAML block is appended to its file, a command is run."""
    blocks = list(fences(text_of(PAGE)))
    for index, block in enumerate(blocks):
        if block.language == "yaml":
            with (folder / block.about).open("a", encoding="utf-8") as file:
                file.write(block.text)
        elif block.language == "sh":
            shown = blocks[index + 1]
            assert shown.language == "text", f"no output is shown for {block.text}"
            yield Done(block.text.strip(), *run(folder, block.text.strip()), shown)


def trimmed(text: str) -> str:
    """Without what a page need not keep: blanks at the ends of lines, lines at the end."""
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


def comparable(text: str) -> str:
    """Without digests, which change with every calendar."""
    return _DIGEST.sub("<digest>", trimmed(text))


def main() -> None:
    """Put what the commands print into the page."""
    before = text_of(PAGE)
    after, at = "", 0
    with tempfile.TemporaryDirectory() as folder:
        for done in follow(project(Path(folder))):
            start = before.index("```text", before.index(f"```sh\n{done.command}\n```", at))
            end = before.index("```", start + 3) + 3
            about = f" exit {done.code}" if done.code else ""
            after += f"{before[at:start]}```text{about}\n{trimmed(done.output)}\n```"
            at = end
    PAGE.write_text(after + before[at:], encoding="utf-8")


if __name__ == "__main__":
    main()
