"""Every process has a page that says what its definition says."""

from surfaces.process_pages import PAGES, pages


def test_the_pages_are_what_the_definitions_say() -> None:
    held = {path.name: path.read_text(encoding="utf-8") for path in PAGES.iterdir()}
    made = pages()
    stale = sorted(name for name in made.keys() | held.keys() if made.get(name) != held.get(name))
    assert not stale, "run python -m surfaces.process_pages"


def test_a_page_names_states_clocks_forms_and_rules() -> None:
    page = pages()["spent_part_return.md"]
    for said in ("已拆下 Removed `removed`", "2 working_days", "R-SPP-12", "lonking_tag", "F-05"):
        assert said in page


def test_every_process_says_what_it_is_for() -> None:
    index = pages()["README.md"]
    assert all(row.rstrip(" |").count("|") == 5 for row in index.splitlines() if "](" in row)
