"""The computations of this program: pure functions that service tasks of definitions call by name.

What it is: the one table of them. To add one, write a module of its own:

    # activities/computations/doubling.py
    from pydantic import BaseModel

    class Single(BaseModel):
        amount: int          # fen, as the case stores money

    class Double(BaseModel):
        total: int

    def double(given: Single) -> Double:
        return Double(total=2 * given.amount)

and a line below: `"double": Computation(Single, Double, double)`. The names of the models' fields
are those that definitions declare under `computations.double.input` and `.output`; a worker does
not start with others.
What it is not: anything that waits, reads or sends: no Temporal, no I/O, no clock, no chance.
Who may import it: the activities, the composition and the surfaces.
"""

from activities.computations.computation import (
    Computation,
    ComputationFailed,
    ComputationMismatch,
    Computations,
    InputInvalid,
    UnknownComputation,
)
from activities.computations.settlement import Lines, Priced, price_lines

COMPUTATIONS = Computations({"price_lines": Computation(Lines, Priced, price_lines)})
"""All of them."""

run = COMPUTATIONS.run
names = COMPUTATIONS.names

__all__ = [
    "COMPUTATIONS",
    "Computation",
    "ComputationFailed",
    "ComputationMismatch",
    "Computations",
    "InputInvalid",
    "UnknownComputation",
    "names",
    "run",
]
