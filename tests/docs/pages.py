"""The pages, and what Markdown of ours consists of: headings, links and fenced blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(?P<about>[^\n]*)\n(?P<text>.*?)^```$", re.M | re.S)
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its language, what stands behind it, and its text."""

    language: str
    about: str
    text: str


def pages() -> list[Path]:
    """Every page: those at the top, and those below `docs/`."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def text_of(page: Path) -> str:
    """The page."""
    return page.read_text(encoding="utf-8")


def fences(text: str) -> Iterator[Fence]:
    """Its fenced blocks, in order."""
    for found in _FENCE.finditer(text):
        language, _, about = found["about"].partition(" ")
        yield Fence(language, about.strip(), found["text"])


def links(text: str) -> list[str]:
    """Where its links lead, code left out."""
    return _LINK.findall(_without_code(text))


def anchors(text: str) -> set[str]:
    """The names of its headings, as the usual renderers make them."""
    found = re.findall(r"^#{1,6} (.+)$", _FENCE.sub("", text), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found}


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text))
