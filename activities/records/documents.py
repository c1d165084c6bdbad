"""Documents that were printed, and how they are found again.

What it is: the statements behind `Records.save_document`, `Queries.documents` and
`Queries.document`.
What it is not: printing; a document comes finished and is kept byte for byte. Paper shows what the
case's view hides (names, telephone numbers), so whoever reads contents may read those.
Who may import it: the records.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import Select, select

from activities.records.schema import DocumentFile
from workflows.core.effects import Fill

_FACTS = (
    DocumentFile.key,
    DocumentFile.case_id.label("case"),
    DocumentFile.number,
    DocumentFile.seq,
    DocumentFile.document,
    DocumentFile.title,
    DocumentFile.printed,
    DocumentFile.at,
    DocumentFile.digest,
    DocumentFile.size,
)


def as_values(fill: Fill, content: bytes) -> dict[str, Any]:
    """The row of a document that was filled in."""
    return {
        "key": fill.key,
        "case_id": fill.case,
        "number": fill.number,
        "seq": fill.seq,
        "document": fill.document,
        "title": fill.title,
        "printed": fill.printed,
        "at": fill.at,
        "digest": sha256(content).hexdigest(),
        "size": len(content),
        "content": content,
    }


def listing(case: str, number: int | None) -> Select[Any]:
    """The documents of a case (of all its numbers, unless one is said) in their order."""
    wanted = select(*_FACTS).where(DocumentFile.case_id == case)
    if number is not None:
        wanted = wanted.where(DocumentFile.number == number)
    return wanted.order_by(DocumentFile.number, DocumentFile.seq, DocumentFile.key)


def content_of(key: str) -> Select[bytes]:
    """The content of the document with that key."""
    return select(DocumentFile.content).where(DocumentFile.key == key)


def newest_content(case: str, document: str, printed: str) -> Select[bytes]:
    """The content of a case's newest document of that name with that number printed on it."""
    return (
        select(DocumentFile.content)
        .where(
            DocumentFile.case_id == case,
            DocumentFile.document == document,
            DocumentFile.printed == printed,
        )
        .order_by(DocumentFile.number.desc(), DocumentFile.seq.desc())
        .limit(1)
    )


def as_facts(row: Mapping[Any, Any]) -> dict[str, Any]:
    """What is said of a document without its content."""
    return {str(name): value for name, value in row.items()}
