"""What can go wrong for somebody who sends, looks or asks, and how a command then ends.

What it is: the surfaces' own errors and the table of exit codes. Light: it imports no client.
What it is not: the errors of definitions, of the core, or of the records.
Who may import it: the surfaces.
"""

from collections.abc import Mapping
from enum import IntEnum

from definitions.problems import DuecourseError
from workflows.core.errors import IllegalEvent


class Exit(IntEnum):
    """How a command ends."""

    DONE = 0
    NOT_AS_EXPECTED = 1
    BAD_INPUT = 2
    UNREACHABLE = 3
    REFUSED = 4
    FAULT = 70


class BadInput(DuecourseError):
    """The caller's fault: arguments that cannot be used."""

    code = "bad_input"


class UnknownCase(DuecourseError):
    """The caller's fault: there is no such case."""

    code = "unknown_case"


class NothingFound(DuecourseError):
    """The caller's fault, if anybody's: what was asked for is not there."""

    code = "nothing_found"


class Fault(DuecourseError):
    """Ours: what no part of the program has foreseen."""

    code = "fault"


class EventRefused(DuecourseError):
    """The caller's fault: the case refused the event, and nothing has changed."""

    code = "refused"


class NoAnswer(DuecourseError):
    """Ours or the world's: the event was accepted, and its answer did not come."""

    code = "no_answer"


_BY_TYPE: Mapping[type[DuecourseError], Exit] = {
    Fault: Exit.FAULT,
    IllegalEvent: Exit.REFUSED,
    EventRefused: Exit.REFUSED,
    UnknownCase: Exit.NOT_AS_EXPECTED,
    NothingFound: Exit.NOT_AS_EXPECTED,
    NoAnswer: Exit.UNREACHABLE,
}
_BY_CODE: Mapping[str, Exit] = {
    "temporal_unavailable": Exit.UNREACHABLE,
    "temporal_missing": Exit.UNREACHABLE,
    "records_unavailable": Exit.UNREACHABLE,
    "records_outdated": Exit.UNREACHABLE,
    "records_conflict": Exit.UNREACHABLE,
    "data_invalid": Exit.BAD_INPUT,
    "data_too_large": Exit.BAD_INPUT,
    "payload_invalid": Exit.BAD_INPUT,
    "payload_too_large": Exit.BAD_INPUT,
}


def exit_of(error: DuecourseError) -> Exit:
    """Data that fit no form are bad input, though it is the case that says so; else who is to
    blame is in the type."""
    found = _BY_CODE.get(error.code)
    return _BY_TYPE.get(type(error), Exit.BAD_INPUT) if found is None else found
