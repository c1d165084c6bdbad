"""The two small grammars of time: what they take, what they refuse, and that they print back."""

import pytest

from definitions.budget import Budget, parse_budget, parse_rung_at


@pytest.mark.parametrize(
    ("text", "kind", "amount", "working", "exclusive"),
    [
        ("2 hours", "seconds", 7200, False, False),
        ("1 hour", "seconds", 3600, False, False),
        ("30 working_minutes", "seconds", 1800, True, False),
        ("8 working_hours", "seconds", 28_800, True, False),
        ("0 minutes", "seconds", 0, False, False),
        ("3 days", "days", 3, False, True),
        ("1 working_day", "days", 1, True, True),
        ("1 working_day same_time", "days", 1, True, False),
        ("1 working_day, same_time", "days", 1, True, False),
        ("3 months", "months", 3, False, True),
        ("day 5 of month", "month_day", 5, False, True),
        ("day 31 of next month", "month_day", 31, False, True),
    ],
)
def test_a_budget_says_its_unit(
    text: str, kind: str, amount: int, working: bool, exclusive: bool
) -> None:
    budget = parse_budget(text)
    assert (budget.kind, budget.amount, budget.working) == (kind, amount, working)
    assert budget.exclusive is exclusive
    assert str(budget) == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1d", "is not a budget"),
        ("90", "is not a budget"),
        ("2 fortnights", "is not a budget"),
        ("-2 hours", "is not a budget"),
        ("1.5 hours", "is not a budget"),
        ("0 days", "at least 1"),
        ("2 working_months", "no working months"),
        ("2 hours same_time", "days and months only"),
        ("day 32 of month", "does not exist"),
        ("40000 days", "century"),
        ("", "is not a budget"),
    ],
)
def test_a_vague_budget_is_refused_with_what_would_be_right(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_budget(text)


@pytest.mark.parametrize(
    ("text", "kind", "after_due"),
    [
        ("75%", "share", False),
        ("due", "due", True),
        ("50% after due, at least 1 hour, at most 24 hours", "after_due", True),
        ("2 hours after due", "after_due", True),
        ("1 working_day after due", "after_due", True),
        ("30 minutes before due", "before_due", False),
        ("10 minutes after start", "after_start", False),
        ("09:00 on the last working day before due", "local", False),
        ("09:00 on the 3rd last working day before due", "local", False),
        ("16:30 on the due day", "local", False),
        ("09:00 on the forfeit day", "local", False),
    ],
)
def test_a_rung_says_where_it_stands(text: str, kind: str, after_due: bool) -> None:
    at = parse_rung_at(text)
    assert (at.kind, at.is_after_due, str(at)) == (kind, after_due, text)


def test_a_clamped_share_keeps_its_bounds_in_seconds() -> None:
    at = parse_rung_at("50% after due, at least 1 hour, at most 24 hours")
    assert (at.percent, at.least, at.most) == (50, 3600, 86_400)


def test_the_nth_last_day_counts_from_one() -> None:
    assert parse_rung_at("09:00 on the 3rd last working day before due").nth == 3
    assert parse_rung_at("09:00 on the last working day before due").nth == 1


@pytest.mark.parametrize(
    "text",
    [
        "0%",
        "100%",
        "50% before due",
        "2 hours after due, at least 1 hour",
        "50% after due, at least 5 hours, at most 2 hours",
        "25:00 on the due day",
        "09:00 on the 0th last working day before due",
        "1 working_day before due",
        "soon",
    ],
)
def test_a_rung_without_a_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"'.*'"):
        parse_rung_at(text)


def test_budgets_are_values() -> None:
    assert parse_budget("2 hours") == Budget("seconds", 7200, text="2 hours")
