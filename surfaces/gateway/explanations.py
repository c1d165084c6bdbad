"""`/v1/problems/{code}`: what a code means and what to do about it.

What it is: the place that a problem's `type` names. Anybody may read it.
Who may import it: `app`.
"""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from definitions.text import Text
from surfaces.codes import CODES
from surfaces.errors import NothingFound
from surfaces.gateway.problems import responses, status_of
from surfaces.gateway.requests import StrictRoute

router = APIRouter(prefix="/v1/problems", tags=["problems"], route_class=StrictRoute)


class Explained(BaseModel):
    """A code and its status, meaning and cure."""

    code: str
    status: int
    means: Text
    do: Text


@router.get("", summary="Every code")
def codes() -> list[Explained]:
    """Every code that a problem may have."""
    return [_explained(code) for code in CODES]


@router.get("/{code}", summary="A code", responses=responses(404))
def code(code: Annotated[str, Path(examples=["case_ended"])]) -> Explained:
    """What a problem's code means, and what to do."""
    if code not in CODES:
        raise NothingFound(f"there is no code {code[:80]!r}")
    return _explained(code)


def _explained(code: str) -> Explained:
    known = CODES[code]
    return Explained(code=code, status=status_of(code), means=known.means, do=known.do)
