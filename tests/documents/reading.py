"""Papers read back as anybody's reader does."""

from io import BytesIO

import pypdfium2
from pypdf import PdfReader

from activities.documents.paper import pdf
from workflows.core.effects import Fill


def pages_of(content: bytes) -> list[str]:
    """The text of each page, without blanks and line breaks: where a line ends is layout's."""
    with pypdfium2.PdfDocument(content) as opened:
        found = []
        for number in range(len(opened)):
            page = opened[number]
            text = page.get_textpage()
            found.append("".join(text.get_text_range().split()))
            text.close()
            page.close()
        return found


def text_of(fill: Fill) -> str:
    """The text of a document, without blanks."""
    return "".join(pages_of(pdf(fill)))


def squeezed(text: str) -> str:
    return "".join(text.split())


def reader(content: bytes) -> PdfReader:
    return PdfReader(BytesIO(content), strict=True)
