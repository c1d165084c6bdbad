"""Which case asked which, kept with the rows of the journal that say so.

What it is: the writing of the projection `case_link`, in the transaction of the rows.
What it is not: the reading (`dossier`).
Who may import it: the records.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, select

from activities.records import rows as made
from activities.records.schema import CaseLink, Journal
from activities.records.statements import Prepared


class LinkKeeper:
    """`add` inserts links that are not there, `save` replaces them."""

    def __init__(self, add: Prepared, save: Prepared) -> None:
        self._add = add
        self._save = save

    def keep(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """The links that new rows of the journal speak of."""
        if links := [link for link in map(made.case_link, rows) if link is not None]:
            self._add.run(connection, links)

    def settle(self, connection: Connection, case: str, number: int, seqs: Sequence[int]) -> None:
        """The links of rows of which some were there already: as those rows hold now."""
        rows = connection.execute(
            select(Journal.__table__)
            .where(Journal.case_id == case, Journal.number == number, Journal.seq.in_(seqs))
            .order_by(Journal.revision)
        ).mappings()
        links = {row["seq"]: made.case_link(row) for row in rows}
        gone = [seq for seq, link in links.items() if link is None]
        of_case = and_(CaseLink.source == case, CaseLink.number == number)
        connection.execute(delete(CaseLink).where(of_case, CaseLink.seq.in_(gone)))
        if held := [link for link in links.values() if link is not None]:
            self._save.run(connection, held)
