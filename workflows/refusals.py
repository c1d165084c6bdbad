"""How a refusal crosses the border of a case: any typed error as Temporal carries it.

What it is: one function. The error's type is the code, its one detail the error as JSON.
What it is not: a decision to refuse.
Who may import it: the shell.
"""

from collections.abc import Mapping
from typing import Any

from temporalio.exceptions import ApplicationError

from definitions.problems import DuecourseError
from workflows.payloads import MAX_DETAIL, MAX_LISTED


def application_error(error: DuecourseError) -> ApplicationError:
    """The error as a sender gets it: its type is the code, its one detail the error as JSON, and
    its message what Temporal's UI shows."""
    said = error.to_json() | {"message": error.message[:MAX_DETAIL]}
    said["facts"] = {name: _short(value) for name, value in error.facts.items()}
    zh = str(error.facts.get("zh") or "")[:MAX_DETAIL]
    shown = f"{zh} · {said['message']}" if zh else said["message"]
    return ApplicationError(shown, said, type=error.code, non_retryable=True)


def _short(value: Any) -> Any:
    match value:
        case str():
            return value[:MAX_DETAIL]
        case list() | tuple():
            return [_short(one) for one in value[:MAX_LISTED]]
        case Mapping():
            return {name: _short(one) for name, one in value.items()}
    return value
