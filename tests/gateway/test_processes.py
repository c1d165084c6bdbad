"""Processes, their forms as JSON Schema, their drawings; and the description as a whole."""

from typing import Any

import httpx2
import pytest
from jsonschema_rs import Draft202012Validator, meta

from definitions.forms import check, start_items
from surfaces.gateway.app import create_app
from surfaces.gateway.bodies import COMPLAINT, EVENT
from surfaces.gateway.services import Services
from tests.gateway.conftest import Gate
from tests.shell.world import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_every_process_is_listed(gate: Gate) -> None:
    listed = await gate.get("/v1/processes")
    assert [one["process"] for one in listed] == gate.cases.rules.names()
    assert listed[0]["title"]["zh"]
    await gate.refused(404, "unknown_process", "GET", "/v1/processes/complain")
    await gate.refused(404, "unknown_process", "GET", "/v1/processes/%00")
    await gate.refused(404, "unknown_route", "GET", "/v1/processes/..%2f..%2fx")


async def test_every_form_is_a_schema(gate: Gate) -> None:
    for name in gate.cases.rules.names():
        told = await gate.get(f"/v1/processes/{name}")
        for schema in (told["start"], *(one["form"] for one in told["events"])):
            meta.validate(schema)
        offered = {
            event
            for state, spec in gate.cases.rules[name].process.states.items()
            for event in (*gate.cases.rules[name].offered(state), *spec.tasks)
        }
        assert {one["event"] for one in told["events"]} == offered


async def test_a_form_says_what_another_system_needs_to_draw_it(gate: Gate) -> None:
    told = await gate.get("/v1/processes/complaint")
    fields = told["start"]["properties"]
    assert fields["content"]["title"] == "投诉内容"
    assert fields["content"]["x-title"]["en"] == "Content"
    assert {"const": "hotline", "title": "服务热线"}.items() <= fields["channel"]["oneOf"][
        0
    ].items()
    assert fields["received_at"]["format"] == "date-time"
    assert (fields["distance_km"]["minimum"], fields["distance_km"]["x-unit"]) == (0, "km")
    assert fields["contact_phone"]["x-personal"] is True
    assert set(told["start"]["required"]) >= {"product_line", "channel", "content"}
    english = await gate.get("/v1/processes/complaint?lang=en")
    assert english["start"]["properties"]["content"]["title"] == "Content"
    assert any(one["event"] == "acknowledge" for one in told["events"])
    repair = await gate.get("/v1/processes/warranty_repair")
    kinds = [
        field
        for one in repair["events"]
        for field in one["form"]["properties"].values()
        if field.get("type") == "array"
    ]
    assert any(kind["items"].get("type") == "object" for kind in kinds)


async def test_the_examples_are_real(gate: Gate) -> None:
    process = gate.cases.rules["complaint"].process
    assert check(start_items(process), COMPLAINT["data"])
    told = await gate.get("/v1/processes/complaint")
    assert Draft202012Validator(told["start"]).is_valid(COMPLAINT["data"])
    form = next(one["form"] for one in told["events"] if one["event"] == EVENT["event"])
    assert Draft202012Validator(form).is_valid(EVENT["data"])
    assert not Draft202012Validator(form).is_valid({})


async def test_a_drawing(gate: Gate) -> None:
    response = await gate.call("GET", "/v1/processes/complaint/diagram.svg")
    assert response.headers["content-type"].startswith("image/svg+xml")
    assert response.text.startswith("<svg")


async def test_ready(gate: Gate) -> None:
    response = await gate.http.get("/readyz")
    told: dict[str, Any] = response.json()
    assert (response.status_code, told["ready"], told["troubles"]) == (200, True, [])


async def test_an_engine_that_sleeps_is_seen_from_outside(gate: Gate) -> None:
    """By the case's own next wake-up, which lies in the past of a later now."""
    later = create_app(Services(gate.cases, None, lambda: 4_000_000_000))
    transport = httpx2.ASGITransport(later)
    body = COMPLAINT | {"key": "SL-1", "event_id": "sl"}
    body = {name: value for name, value in body.items() if name != "occurred_at"}
    assert (await gate.call("POST", "/v1/cases", body)).status_code == 201
    async with httpx2.AsyncClient(transport=transport, base_url="http://gate") as http:

        async def asleep() -> Any:
            told = (await http.get("/readyz")).json()
            return told if told["oldest_wakeup"] else None

        told = await eventually(asleep)
    assert told["troubles"] == ["asleep"]
    assert told["oldest_wakeup"]["age_seconds"] > 1_000_000_000
    assert told["oldest_wakeup"]["waiting"] >= 1
