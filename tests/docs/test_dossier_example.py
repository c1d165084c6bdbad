"""The dossier that the page prints is what the command would print."""

from tests.docs.dossier import PAGE, VALUE, refreshed


def test_the_dossier_is_what_the_records_tell() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert refreshed(text) == text, "run python -m tests.docs.commands"
    assert text.count(f"dossier: machine {VALUE}") == 1
