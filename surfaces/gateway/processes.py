"""`/v1/processes`: what can be opened, with the forms of the start and of each event.

What it is: definitions as another system needs them. They hold nothing about anybody.
Who may import it: `app`.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from definitions.forms import start_items
from definitions.model import Event, Task
from definitions.text import Lang, Text
from surfaces.diagram_svg import svg
from surfaces.gateway.access import Reader
from surfaces.gateway.form_schemas import form_schema
from surfaces.gateway.language import LangQuery, language
from surfaces.gateway.problems import responses
from surfaces.gateway.requests import StrictRoute
from surfaces.gateway.services import Serving
from workflows.core.program import Program

router = APIRouter(prefix="/v1/processes", tags=["processes"], route_class=StrictRoute)
Id = Annotated[str, Path(max_length=200, examples=["complaint"])]


class ProcessTold(BaseModel):
    """A process that can be opened."""

    process: str
    version: int
    title: Text
    about: Text | None
    href: str


class EventForm(BaseModel):
    """An event with its form; a name may stand there twice with different forms."""

    event: str
    title: str
    states: list[str]
    by: list[str] = Field(description="Roles; empty: everybody.")
    form: dict[str, Any]


class ProcessForms(ProcessTold):
    """A process with its forms as JSON Schema 2020-12."""

    states: dict[str, Text]
    roles: dict[str, Text]
    start_by: list[str]
    start: dict[str, Any]
    events: list[EventForm]
    diagram: str


@router.get("", summary="Every process")
async def processes(services: Serving, calling: Reader) -> list[ProcessTold]:
    """What can be opened."""
    catalogue = services.catalogue
    return [ProcessTold(**_head(catalogue[name])) for name in catalogue.names()]


@router.get("/{process}", summary="A process and its forms", responses=responses(404))
async def process(
    process: Id, services: Serving, calling: Reader, request: Request, lang: LangQuery = None
) -> ProcessForms:
    """The forms of the start and of each event, so that they can be drawn."""
    program = services.catalogue[process]
    spoken, spec = language(request), program.process
    return ProcessForms(
        **_head(program),
        states={name: state.title for name, state in spec.states.items()},
        roles={name: role.title for name, role in spec.roles.items()},
        start_by=list(spec.start.by or ()),
        start=form_schema(start_items(spec), spec.title, spoken),
        events=_events(program, spoken),
        diagram=f"/v1/processes/{spec.process}/diagram.svg",
    )


@router.get(
    "/{process}/diagram.svg",
    summary="Its drawing",
    response_class=Response,
    responses=responses(404)
    | {200: {"description": "The drawing.", "content": {"image/svg+xml": {}}}},
)
async def diagram(process: Id, services: Serving, calling: Reader) -> Response:
    """States, events and what clocks do."""
    return Response(svg(services.catalogue[process].process), media_type="image/svg+xml")


def _head(program: Program) -> dict[str, Any]:
    spec = program.process
    return {
        "process": spec.process,
        "version": spec.version,
        "title": spec.title,
        "about": spec.about,
        "href": f"/v1/processes/{spec.process}",
    }


def _events(program: Program, lang: Lang) -> list[EventForm]:
    """Each declaration once, with the states in which it holds."""
    found: dict[int, EventForm] = {}
    for state, spec in program.process.states.items():
        declared: dict[str, tuple[Text, tuple[str, ...], Task | Event]] = {
            **{name: (task.title, (task.role,), task) for name, task in spec.tasks.items()},
            **{
                name: (event.title or Text(zh=name, en=name), event.by or (), event)
                for name, event in program.offered(state).items()
            },
        }
        for name, (title, by, of) in declared.items():
            if id(of) not in found:
                schema = form_schema(program.items(of.form), title, lang)
                found[id(of)] = EventForm(
                    event=name, title=title.pick(lang), states=[], by=list(by), form=schema
                )
            found[id(of)].states.append(state)
    return list(found.values())
