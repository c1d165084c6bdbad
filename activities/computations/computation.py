"""What a computation is: a function by name, with models of what goes in and what comes out.

What it is: the registry's types and errors. A computation is pure; an inquiry, a computation too,
reads closed cases beside its input, and is pure otherwise. Values are plain and JSON-like, as a
case stores them: money in whole fen, a date as text, an instant in whole seconds since the epoch.
What it is not: a computation itself; each stands in a module of its own beside this one, which
imports no Temporal and does no I/O.
Who may import it: the computations, the activities and the composition.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from activities.computations.cases import Cases, Nowhere
from definitions.model import Process
from definitions.problems import DuecourseError

_MAX_LISTED = 20
_MAX_SAID = 300
NOWHERE = Nowhere()
In = TypeVar("In", bound=BaseModel)
Out = TypeVar("Out", bound=BaseModel)


class UnknownComputation(DuecourseError):
    """The operator's fault: this program has no computation of that name."""

    code = "unknown_computation"


class InputInvalid(DuecourseError):
    """The definition's fault: what the case gave is not what the computation takes."""

    code = "input_invalid"


class ComputationFailed(DuecourseError):
    """The computation found no answer. One that knows why raises this itself."""

    code = "computation_failed"


class ComputationMismatch(DuecourseError):
    """The author's or the operator's fault: a definition declares a computation that this program
    does not have, or other fields than it has."""

    code = "computation_mismatch"


@dataclass(frozen=True, slots=True)
class Computation(Generic[In, Out]):
    """`takes` and `gives` have the fields that definitions declare; None among the answers is left
    out, as an absent field is."""

    takes: type[In]
    gives: type[Out]
    function: Callable[[In], Out]

    def __call__(self, given: Mapping[str, Any], cases: Cases) -> dict[str, Any]:
        """The answer. Raises `InputInvalid` or `ComputationFailed`."""
        return _answered(self.takes, self.function, given)


@dataclass(frozen=True, slots=True)
class Inquiry(Generic[In, Out]):
    """A computation that may ask for closed cases. What they raise goes through: that the records
    cannot be read is no answer."""

    takes: type[In]
    gives: type[Out]
    function: Callable[[In, Cases], Out]

    def __call__(self, given: Mapping[str, Any], cases: Cases) -> dict[str, Any]:
        """The answer. Raises `InputInvalid`, `ComputationFailed` or what `cases` raises."""
        return _answered(self.takes, lambda told: self.function(told, cases), given)


def _answered(
    takes: type[In], function: Callable[[In], BaseModel], given: Mapping[str, Any]
) -> dict[str, Any]:
    try:
        told = takes.model_validate(dict(given))
    except ValidationError as broken:
        raise _invalid(broken) from None
    try:
        answer = function(told)
    except DuecourseError:
        raise
    except Exception as fault:
        # A case waits for an answer, whatever went wrong.
        said = f"{type(fault).__name__}: {fault}"[:_MAX_SAID]
        raise ComputationFailed(said) from fault
    return answer.model_dump(mode="json", exclude_none=True)


class Computations:
    """The computations of one program, by name."""

    def __init__(self, table: Mapping[str, Computation[Any, Any] | Inquiry[Any, Any]]) -> None:
        self._table = dict(table)

    def names(self) -> tuple[str, ...]:
        """What there is."""
        return tuple(sorted(self._table))

    def run(self, name: str, given: Mapping[str, Any], cases: Cases = NOWHERE) -> dict[str, Any]:
        """The answer of a computation, which may ask `cases`. Raises `UnknownComputation`,
        `InputInvalid` or `ComputationFailed`."""
        if (found := self._table.get(name)) is None:
            there = ", ".join(self.names()) or "none"
            raise UnknownComputation(
                f"there is no computation '{name}'", hint=f"there are: {there}"
            )
        return found(given, cases)

    def check(self, processes: Iterable[Process]) -> None:
        """Whether all that definitions declare is here as they declare it. Raises
        `ComputationMismatch` with everything that is not."""
        wrong = [
            f"{process.process}: {said}" for process in processes for said in self._wrong(process)
        ]
        if wrong:
            raise ComputationMismatch(
                "; ".join(wrong[:_MAX_LISTED]),
                hint="register it in activities/computations, or mend the definition",
                facts={"found": wrong[:_MAX_LISTED]},
            )

    def _wrong(self, process: Process) -> list[str]:
        found: list[str] = []
        for name, declared in process.computations.items():
            known = self._table.get(name)
            if known is None:
                found.append(f"there is no computation '{name}'")
                continue
            for what, fields, model in (
                ("input", declared.input, known.takes),
                ("output", declared.output, known.gives),
            ):
                here, there = set(fields), set(model.model_fields)
                if here != there:
                    differ = ", ".join(sorted(here ^ there))
                    found.append(f"computation '{name}': {what} differs in {differ}")
        return found


def _invalid(broken: ValidationError) -> InputInvalid:
    errors = [
        {"field": ".".join(map(str, one["loc"])) or "input", "message": one["msg"]}
        for one in broken.errors(include_url=False, include_context=False, include_input=False)
    ][:_MAX_LISTED]
    said = "; ".join(f"{one['field']}: {one['message']}" for one in errors)
    return InputInvalid(said[:_MAX_SAID], facts={"errors": errors})
