"""The activity that prints documents.

What it is: glue. `fill` prints a document and archives it, once for its key however often it runs.
What it is not: what happens if a document cannot be printed; the shell has that.
Who may import it: the composition.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.documents.paper import DocumentInvalid, pdf
from workflows.core.effects import Fill

log = structlog.get_logger(__name__)


class Archive(Protocol):
    """Where documents are kept; `Records` is one."""

    async def save_document(self, fill: Fill, content: bytes) -> bool:
        """Keep a document where its key is not there yet; whether it was not."""
        ...

    async def has_document(self, key: str) -> bool:
        """Whether a document is kept under the key."""
        ...


class DocumentActivities:
    """Give `all` to the worker."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Every activity."""
        return [self.fill]

    @activity.defn(name="fill")
    async def fill(self, document: Fill) -> dict[str, Any]:
        """Print and archive. What can never be printed is not tried again."""
        if await self._archive.has_document(document.key):
            return {}
        try:
            # Up to seconds for a long table: other cases must not wait for it.
            content = await asyncio.to_thread(pdf, document)
        except DocumentInvalid as error:
            raise ApplicationError(
                error.message[:500], error.to_json(), type=error.code, non_retryable=True
            ) from error
        if await self._archive.save_document(document, content):
            log.info(
                "document.printed",
                case=document.case,
                document=document.document,
                printed=document.printed,
                size=len(content),
            )
        return {}
