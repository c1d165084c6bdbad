"""In which language a caller is answered: `?lang=zh|en`, else `Accept-Language`, else Chinese.

What it is: one function of a request. What it is not: a translation; every text has both.
Who may import it: the gateway.
"""

from typing import Annotated, Final, get_args

from fastapi import Query
from starlette.requests import HTTPConnection

from definitions.text import Lang

DEFAULT: Final[Lang] = "zh"
_MOST: Final = 20
"""Languages of a header that are looked at."""

LangQuery = Annotated[
    Lang | None,
    Query(alias="lang", description="Language of texts; otherwise `Accept-Language`, else `zh`."),
]


def language(request: HTTPConnection) -> Lang:
    """The language that a caller wants most of those that there are."""
    asked = request.query_params.get("lang", "")
    for known in get_args(Lang):
        if asked == known:
            return known  # type: ignore[no-any-return]
    parts = [
        part.partition(";")
        for part in request.headers.get("accept-language", "").split(",")[:_MOST]
    ]
    wanted = [
        (_weight(weight), known)
        for tag, _, weight in parts
        for known in get_args(Lang)
        if tag.strip().lower().partition("-")[0] == known
    ]
    best = max(wanted, key=lambda one: one[0], default=(0.0, DEFAULT))
    return best[1] if best[0] > 0 else DEFAULT


def _weight(text: str) -> float:
    """`q=0.8`; what is no weight is the least."""
    name, _, value = text.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
