"""How a series of samples develops: whether its figures get worse, better or neither.

What it is: exact arithmetic. The latest samples of the same grade are laid along their running
hours (along their days if one of them has none), a straight line is drawn through each figure by
least squares, and its change over the whole stretch is held against the figure's mean.
What it is not: a judgement of the samples, which people make; and no figure of its own. How many
samples count and which change does come in with the series.
Who may import it: the table of computations, and tests.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

_PER_CENT: Final = 100
RISING: Final = {"water": "水分", "acid": "酸值", "contamination": "污染度", "metals": "磨损金属"}
"""Figures that are the worse the higher they are, with the word that people read."""
DRIFTING: Final = {"viscosity": "粘度"}
"""Figures that are the worse the farther they are from where they began."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Sample(_Strict):
    """One sample; a figure that was not measured is absent."""

    taken_on: str
    hours: float | None = None
    oil_grade: str = ""
    viscosity: float | None = None
    water: float | None = None
    acid: float | None = None
    contamination: float | None = None
    metals: float | None = None


class Series(_Strict):
    """Samples in any order, how many of the latest count, and the change in per cent that does."""

    samples: list[Sample] = Field(min_length=1)
    window: int = Field(ge=2)
    threshold: int = Field(ge=1)


class Trend(BaseModel):
    """The trend, what it is judged by, and the places of the samples, oldest first."""

    trend: Literal["first", "stable", "worsening", "improving"]
    because: str
    order: list[int]


def oil_trend(given: Series) -> Trend:
    """The trend of the latest sample's grade. One figure that gets worse outweighs all others."""
    order = sorted(range(len(given.samples)), key=lambda at: _age(given.samples[at]))
    ordered = [given.samples[at] for at in order]
    same = [one for one in ordered if one.oil_grade == ordered[-1].oil_grade]
    changes = _changes(same[-given.window :])
    worse = {name: by for name, by in changes.items() if by >= given.threshold}
    better = {name: by for name, by in changes.items() if by <= -given.threshold}
    if not changes:
        return Trend(trend="first", because="尚无可比油样", order=order)
    if worse:
        return Trend(trend="worsening", because=_said(worse), order=order)
    if better:
        return Trend(trend="improving", because=_said(better), order=order)
    return Trend(trend="stable", because="各指标变化均在范围内", order=order)


def _age(sample: Sample) -> tuple[str, float]:
    return sample.taken_on, sample.hours or 0.0


def _changes(samples: Sequence[Sample]) -> dict[str, Fraction]:
    """By figure, its change in per cent of its mean; above zero is worse."""
    found: dict[str, Fraction] = {}
    for name, word in (RISING | DRIFTING).items():
        known = [(one, _exact(getattr(one, name))) for one in samples if _has(one, name)]
        if len(known) < 2:
            continue
        begun = known[0][1]
        figures = [abs(value - begun) if name in DRIFTING else value for _, value in known]
        mean = Fraction(sum(abs(value) for _, value in known), len(known))
        rise = _rise(_places([one for one, _ in known]), figures)
        found[word] = rise * _PER_CENT / mean if mean else Fraction(0)
    return found


def _has(sample: Sample, name: str) -> bool:
    return getattr(sample, name) is not None


def _places(samples: Sequence[Sample]) -> list[Fraction]:
    """Where each sample lies: at its hours if they never fall, else at its day."""
    hours = [one.hours for one in samples if one.hours is not None]
    if len(hours) == len(samples) and hours == sorted(hours) and hours[0] < hours[-1]:
        return [_exact(one) for one in hours]
    return [Fraction(date.fromisoformat(one.taken_on).toordinal()) for one in samples]


def _rise(places: Sequence[Fraction], figures: Sequence[Fraction]) -> Fraction:
    """How far the line of least squares rises from the first place to the last."""
    middle = Fraction(sum(places), len(places))
    spread = sum(((at - middle) ** 2 for at in places), Fraction(0))
    if not spread:
        return Fraction(0)
    slope = sum(((at - middle) * by for at, by in zip(places, figures, strict=True)), Fraction(0))
    return slope / spread * (places[-1] - places[0])


def _exact(value: float) -> Fraction:
    """The decimal number that people wrote, not the binary one beside it."""
    return Fraction(str(value))


def _said(changes: dict[str, Fraction]) -> str:
    return "、".join(f"{word}{float(by):+.1f}%" for word, by in changes.items())
