"""Lines as Chinese is set."""

import pytest

from activities.documents.lines import Style, fitted, widest_word, wrap
from activities.documents.typefaces import width

STYLE = Style("serif", 10)


def lines(text: str, signs: float) -> list[str]:
    return [line.text for line in wrap(text, STYLE, signs * 10 + 0.01)]


@pytest.mark.parametrize(
    ("text", "signs", "found"),
    [
        ("一二三四五六", 3, ["一二三", "四五六"]),
        ("一二三，四五", 3, ["一二", "三，四", "五"]),
        ("一二（三）四", 3, ["一二", "（三）", "四"]),
        ("一二《三四》", 3, ["一二", "《三", "四》"]),
        ("一\n\n二", 3, ["一", "", "二"]),
        ("更换 LG50F.04307A 油封", 8, ["更换", "LG50F.04307A", "油封"]),
        ("two words", 3, ["two", "words"]),
        ("", 3, [""]),
    ],
)
def test_a_line_ends_where_it_may(text: str, signs: float, found: list[str]) -> None:
    assert lines(text, signs) == found


@pytest.mark.parametrize(
    "text", ["A" * 500, "。" * 500, "（" * 500, "1,234" * 100, "a" * 9 + "件" * 99]
)
def test_what_has_no_end_is_broken_and_nothing_is_lost(text: str) -> None:
    found = wrap(text, STYLE, 60)
    assert "".join(line.text for line in found) == text
    assert max(line.width for line in found) <= 60
    assert all(line.text for line in found)


def test_a_column_narrower_than_a_sign_has_one_on_each_line() -> None:
    assert [line.text for line in wrap("件号", STYLE, 1)] == ["件", "号"]


def test_a_line_is_fitted_by_its_size_and_then_cut() -> None:
    assert fitted("一二三", STYLE, 30.1).style is STYLE
    smaller = fitted("一二三四", STYLE, 30)
    assert (smaller.text, smaller.width <= 30) == ("一二三四", True)
    cut = fitted("一" * 90, STYLE, 30)
    assert cut.text.endswith("…")
    assert (cut.style.size, cut.width <= 30) == (6, True)


def test_words_are_measured_as_they_are_kept_together() -> None:
    assert widest_word("一二", STYLE) == 10
    assert widest_word("一 LG50F 二", STYLE) == width("LG50F", "serif", 10)
