"""Rules whose naming cannot be taken away from a definition, and why. A rule stands here only if no
element of it can be removed; the test of removal holds this table to it."""

from collections.abc import Mapping
from typing import Final

METADATA: Final[Mapping[str, str]] = {
    "R-GEN-04": "each state names its stage, from acceptance on; another test sees to that",
    "R-GEN-05": "the journal is the engine's: each accepted event writes a row, in every process",
    "R-GEN-06": "personal fields are kept apart by the engine, in views, notices and logs",
    "R-GEN-07": "the view of a case is the engine's, the same for every process",
    "R-CMP-19": "the five functions have rules of their own, which are removed one by one",
    "R-ARC-05": "headings alone, for which the other rules of the archive stand",
    "R-ARC-07": "a closed case is read-only by the engine; a test of the core sees to that",
    "R-FBK-06": "headings alone, for which the other rules of feedback stand",
    "R-CMP-20": "a rate over all cases of a period; a case only supplies data",
}
