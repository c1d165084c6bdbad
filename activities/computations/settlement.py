"""What advanced parts are worth: amount, fee and excess of each line, and their sums.

What it is: exact arithmetic in whole fen. The fee of a line is rounded half up to the fen; totals
are sums of rounded lines, never a rounding of a sum.
What it is not: decisions. Which price a line is paid at and which percentage it earns stand in the
definition's tables and come in as words and numbers.
Who may import it: the table of computations, and tests.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FEN = Decimal(1)
_PER_CENT = Decimal(100)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Line(_Strict):
    """One line, money in fen. `pay` is the price that counts: the settlement price, the lower of
    settlement and actual price, or none at all."""

    qty: int = Field(ge=0)
    unit_price: int = Field(ge=0)
    actual_price: int | None = Field(default=None, ge=0)
    pay: Literal["settlement_price", "lower_price", "none"]
    fee_percent: int = Field(ge=0, le=100)


class Lines(_Strict):
    """The lines of a list, in their order."""

    lines: list[Line]


class Priced(BaseModel):
    """By line, in the order of the lines, and in sum; `borne` is what the buyer bears himself of a
    purchase above the settlement price."""

    amounts: list[int]
    fees: list[int]
    totals: list[int]
    borne: list[int]
    amount: int
    fee: int
    total: int
    borne_total: int


def price_lines(given: Lines) -> Priced:
    """Every line priced, and the sums."""
    amounts = [line.qty * _price(line) for line in given.lines]
    fees = [_fee(line, amount) for line, amount in zip(given.lines, amounts, strict=True)]
    borne = [line.qty * _excess(line) for line in given.lines]
    return Priced(
        amounts=amounts,
        fees=fees,
        totals=[amount + fee for amount, fee in zip(amounts, fees, strict=True)],
        borne=borne,
        amount=sum(amounts),
        fee=sum(fees),
        total=sum(amounts) + sum(fees),
        borne_total=sum(borne),
    )


def _price(line: Line) -> int:
    if line.pay == "none":
        return 0
    if line.pay == "settlement_price":
        return line.unit_price
    return min(_actual(line), line.unit_price)


def _fee(line: Line, amount: int) -> int:
    """The percentage of what is paid, half a fen counting as one."""
    exact = Decimal(amount) * line.fee_percent / _PER_CENT
    return int(exact.quantize(FEN, rounding=ROUND_HALF_UP))


def _excess(line: Line) -> int:
    if line.pay != "lower_price":
        return 0
    return max(_actual(line) - line.unit_price, 0)


def _actual(line: Line) -> int:
    """What was really paid; a purchase whose price nobody told counts at the settlement price."""
    return line.unit_price if line.actual_price is None else line.actual_price
