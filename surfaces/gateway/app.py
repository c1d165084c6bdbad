"""The application: routers, problems, limits and the description of it all.

What it is: `create_app(services)`. Another part plugs in by giving its router.
What it is not: the serving (`surfaces.cli_serve`).
Who may import it: the commands and the tests.
"""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, FastAPI

from surfaces.gateway import cases, explanations, feed, health, lists, processes, reading
from surfaces.gateway.problems import Problem, install, responses
from surfaces.gateway.requests import Capped
from surfaces.gateway.services import Services

ROUTERS: Final[tuple[APIRouter, ...]] = (
    cases.router,
    lists.router,
    reading.router,
    feed.router,
    processes.router,
    explanations.router,
    health.router,
)
ABOUT: Final = """
案件服务的 HTTP 接口：开案、上报事件、查询案件与时限。

Cases of services over HTTP: open them, report events, see what each waits for, who owes it and
until when. Starting is idempotent by business key, events by their id. Errors are problem details
(RFC 9457) with a stable `code`.
"""


def create_app(services: Services, routers: Sequence[APIRouter] = ROUTERS) -> FastAPI:
    """The gateway over these services, with these routers under `/v1`."""
    app = FastAPI(
        title="Duecourse",
        version="1",
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        redirect_slashes=False,
        responses=responses(),
    )
    app.state.services = services
    install(app)
    for router in routers:
        app.include_router(router)
    app.add_middleware(Capped)
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """The shape of a problem stands in the description once."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = plain()
            shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            parts = made.setdefault("components", {}).setdefault("schemas", {})
            parts |= shape.pop("$defs", {}) | {"Problem": shape}
        return app.openapi_schema or {}

    app.openapi = described  # type: ignore[method-assign]
