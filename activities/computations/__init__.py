"""The computations of this program: functions that service tasks of definitions call by name.

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
not start with others. An `Inquiry` is a computation whose function also gets `Cases`, the closed
cases of the records; its answer is kept with the case that asked.
What it is not: anything that waits, reads or sends by itself: no Temporal, no I/O, no clock, no
chance.
Who may import it: the activities, the composition and the surfaces.
"""

from activities.computations.computation import (
    Computation,
    ComputationFailed,
    ComputationMismatch,
    Computations,
    InputInvalid,
    Inquiry,
    UnknownComputation,
)
from activities.computations.inquiries import (
    Figures,
    Filing,
    OfMonth,
    Sample,
    SampleWanted,
    filing_of_month,
    sample_of_closed_cases,
    service_figures,
)
from activities.computations.oil_trend import Series, Trend, oil_trend
from activities.computations.settlement import Lines, Priced, price_lines

COMPUTATIONS = Computations(
    {
        "filing_of_month": Inquiry(OfMonth, Filing, filing_of_month),
        "oil_trend": Computation(Series, Trend, oil_trend),
        "price_lines": Computation(Lines, Priced, price_lines),
        "sample_of_closed_cases": Inquiry(SampleWanted, Sample, sample_of_closed_cases),
        "service_figures": Inquiry(OfMonth, Figures, service_figures),
    }
)
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
    "Inquiry",
    "UnknownComputation",
    "names",
    "run",
]
