"""What the pages show is what the commands do, and every command that they name exists."""

import re
from pathlib import Path

import pytest

from surfaces.cli import app
from tests.docs.commands import READMES, TEN_MINUTES, comparable, follow, project
from tests.docs.pages import ROOT, fences, pages, text_of

_AGAIN = "run python -m tests.docs.commands"


def test_ten_minutes_do_what_they_show(tmp_path: Path) -> None:
    done = list(follow(TEN_MINUTES, project(tmp_path)))
    commands = [one.command.split()[2] for one in done]
    assert commands == [
        *("validate", "validate", "rehearse", "rehearse", "diagram"),
        "rehearse",  # on a real server
    ]
    for one in done:
        assert comparable(one.output) == comparable(one.shown.text), _AGAIN
        assert one.code == one.shown_code, one.command


def test_the_tour_shows_what_the_commands_say() -> None:
    done = list(follow(READMES[0], ROOT))
    assert done
    for one in done:
        assert comparable(one.output) == comparable(one.shown.text), _AGAIN
        assert one.code == one.shown_code, one.command


def test_the_tour_is_the_same_in_chinese() -> None:
    english, chinese = (
        [(block.language, comparable(block.text)) for block in fences(text_of(page))]
        for page in READMES
    )
    assert english == chinese


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    text = text_of(page)
    named = set(re.findall(r"python starter\.py ([a-z]+)", text))
    assert named <= set(app())
    lines = [
        line for block in fences(text) if block.language == "sh" for line in block.text.split("\n")
    ]
    targets = {line.split()[1] for line in lines if line.startswith("make ")}
    phony = re.search(r"^\.PHONY: (.*)$", text_of(ROOT / "Makefile"), re.M)
    assert phony is not None
    assert targets <= set(phony[1].split())
    options = {word for line in lines for word in line.partition("worker.py")[2].split()}
    assert [one for one in options if f'"{one}"' not in text_of(ROOT / "worker.py")] == []
