"""What a case is found by and how long its file is kept, `subjects` and `retention`, lasts.

What it is: the checks of these expressions (E301 to E303, E319), and of how many subjects there are
(E106). They are read again with every view of a case, years after its events, so they know only
what stays with it.
Who may import it: the verifier.
"""

from typing import Final

from definitions.checks_finding import Finding
from definitions.checks_typing import Checker
from definitions.expressions import ExpressionError, ValueType, compile_expression
from definitions.model import Process
from definitions.problems import Path

MOST_SUBJECTS: Final = 5

_OF_SUBJECTS: Final = frozenset({"case.key"})
_OF_RETENTION: Final = frozenset({"case.key", "case.opened_at"})


def check_filing(process: Process) -> list[Finding]:
    """Everything wrong with what the process says of its files."""
    checker = Checker(process)
    if len(process.subjects) > MOST_SUBJECTS:
        said = f"{len(process.subjects)} subjects; a case has at most {MOST_SUBJECTS}"
        checker.add("E106", ("subjects",), said, "name what people will ask for years later")
    for name, source in process.subjects.items():
        _lasting(checker, ("subjects", name), source, ValueType.TEXT, _OF_SUBJECTS)
    if process.retention is not None and process.retention.after is not None:
        path = ("retention", "after")
        _lasting(checker, path, process.retention.after, ValueType.DATE, _OF_RETENTION)
    return checker.findings


def _lasting(
    checker: Checker, path: Path, source: str, expect: ValueType, more: frozenset[str]
) -> None:
    if not checker.compile(path, source, None, expect):
        return
    for name in sorted(_names(checker, source) - more):
        if not name.startswith("data."):
            said = f"{name} does not stay with the case"
            there = ", ".join(("data.*", *sorted(more)))
            checker.add("E319", path, said, f"read {there} only")


def _names(checker: Checker, source: str) -> frozenset[str]:
    try:
        return compile_expression(source, checker.scope(None)).names
    except ExpressionError:  # reported by then
        return frozenset()
