"""The engine knows no process: what a complaint is stands in a definition, nowhere else."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Whole words, as a process would call its things, in English and Chinese.
ENGLISH = (
    *("complaint", "consultation", "repair", "warranty", "settlement", "hotline", "dealer"),
    *("spare part", "spent part", "maintenance", "technician", "workshop", "compensation"),
    *("invoice", "lubricant", "excavator", "customer service", "survey", "visitor", "training"),
    *("oil sample", "purchase", "upkeep", "emergency", "spot check", "machine no"),
)
CHINESE = (
    *("投诉", "咨询", "维修", "保修", "结算", "热线", "经销商", "配件", "旧件", "保养"),
    *("服务商", "赔偿", "客服", "三包", "回访", "来访", "培训", "油样", "采购", "强保", "待销车"),
    *("应急", "抽查"),
)
WORDS = re.compile(
    rf"\b(?:{'|'.join(ENGLISH).replace(' ', '[ _-]')})s?\b|{'|'.join(CHINESE)}", re.IGNORECASE
)
SOURCES = sorted([*(ROOT / "definitions").glob("*.py"), *(ROOT / "workflows").rglob("*.py")])


def named(text: str) -> list[str]:
    """The words of a process in a text, with their lines."""
    return [
        f"{number}: {found[0]}"
        for number, line in enumerate(text.splitlines(), 1)
        for found in WORDS.finditer(line.replace("_", " "))
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_engine_names_no_process(path: Path) -> None:
    assert named(path.read_text(encoding="utf-8")) == []


def test_such_words_are_found() -> None:
    text = "def close_complaint():\n    return '已投诉'  # Complaints, spare-parts\n"
    assert named(text) == ["1: complaint", "2: 投诉", "2: Complaints", "2: spare-parts"]
    assert named("repaired = loader  # the consultative settler") == []


def test_every_module_is_looked_at() -> None:
    assert {"case.py", "decide.py", "model.py"} <= {path.name for path in SOURCES}
