"""A computation for the tests of the durable shell: it answers, fails, says nothing, or waits."""

import threading

from pydantic import BaseModel

from activities.computations import Computation, ComputationFailed, Computations

UNKNOWN, BROKEN, EMPTY, SLOW = 13, 14, 15, 16
T0 = 1_794_274_200
GATE = threading.Event()
"""What a slow one waits for."""


class Given(BaseModel):
    amount: int


class Priced(BaseModel):
    total: int | None
    priced_on: int | None = None


def price(given: Given) -> Priced:
    if given.amount == UNKNOWN:
        raise ComputationFailed("nobody knows what thirteen costs")
    if given.amount == BROKEN:
        raise ZeroDivisionError("fourteen")
    if given.amount == EMPTY:
        return Priced(total=None)
    if given.amount == SLOW:
        GATE.wait(20)
    return Priced(total=2 * given.amount, priced_on=T0)


PRICES = Computations({"price": Computation(Given, Priced, price)})
