"""`docs/ten-minutes.md` does what it shows."""

from pathlib import Path

from tests.docs.ten_minutes import comparable, follow, project


def test_the_page_does_what_it_shows(tmp_path: Path) -> None:
    done = list(follow(project(tmp_path)))
    commands = [one.command.split()[2] for one in done]
    assert commands == ["validate", "validate", "rehearse", "diagram"]
    for one in done:
        assert comparable(one.output) == comparable(one.shown.text), (
            "run python -m tests.docs.ten_minutes"
        )
        assert one.code == one.shown_code, one.command
