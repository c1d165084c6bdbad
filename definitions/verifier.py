"""The verifier: everything wrong with a well-formed process, all at once (E2xx to E5xx).

What it is: the entrance to the checks. `verify` is pure and reads the process alone; what needs
other processes (whether a link's target exists) is the loader's.
What it is not: a mending, and not a reading of files. A process without findings is sound: it may
be published and run.
Who may import it: the loader, and whoever builds a process without a file.

How the proof goes: names first. While states, events or their structure are broken (`_GROUND`),
soundness is not judged, since everything it could say would follow from that. Guards are never
evaluated: what is proved about reaching states and about running clocks is that it may be so.
"""

from definitions.checks_clocks import check_clocks
from definitions.checks_expressions import check_expressions
from definitions.checks_fields import check_fields
from definitions.checks_filing import check_filing
from definitions.checks_finding import Finding
from definitions.checks_graph import Graph
from definitions.checks_ladders import check_ladders
from definitions.checks_names import check_names
from definitions.checks_outward import check_outward
from definitions.checks_soundness import check_soundness
from definitions.checks_texts import check_texts
from definitions.model import Process

__all__ = ["Finding", "verify"]

_GROUND = frozenset({"E201", "E210", "E211", "E212", "E214", "E418"})
"""Names and structure on which the graph of states stands."""


def verify(process: Process) -> list[Finding]:
    """Every finding, each once; empty for a sound process."""
    findings = [
        *check_names(process),
        *check_outward(process),
        *check_fields(process),
        *check_expressions(process),
        *check_texts(process),
        *check_filing(process),
    ]
    if not any(found.code in _GROUND for found in findings):
        graph = Graph(process)
        findings += check_soundness(process, graph)
        findings += check_clocks(process, graph)
    findings += check_ladders(process)
    return list(dict.fromkeys(findings))
