"""The description holds: requests made of it, good and bad, are answered as it says.

Made by schemathesis from `/v1/openapi.json`, sent to a gateway of this process; half of them to a
case that is there.
"""

import asyncio
import contextlib
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from surfaces.gateway.bodies import COMPLAINT
from tests.gateway.conftest import TOKENS, Gate

EXAMPLES = 5
HELD = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
REAL = {"process": "complaint", "key": "SC-1", "code": "case_ended", "clock": "solution"}
OPERATIONS = 19


@pytest.mark.asyncio(loop_scope="session")
async def test_whatever_is_sent_is_answered_as_described(gate: Gate) -> None:
    body = {name: said for name, said in COMPLAINT.items() if name != "occurred_at"}
    assert (await gate.call("POST", "/v1/cases", body | {"key": "SC-1"})).status_code == 201
    # The server is of this loop; hypothesis has a thread of its own.
    played = await asyncio.to_thread(_play, f"{gate.url}/v1/openapi.json")
    assert len(played) >= OPERATIONS, played


def _play(url: str) -> set[str]:
    schema = schemathesis.openapi.from_url(url)
    played: set[str] = set()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        for mode in schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE:
            _play_one(operation, mode)
        played.add(operation.label)
    return played


def _play_one(operation: Any, mode: Any) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode), st.booleans())
    def play(case: Any, real: bool) -> None:
        if real and case.path_parameters:
            case.path_parameters.update(
                {name: said for name, said in REAL.items() if name in case.path_parameters}
            )
        response = case.call(headers={"Authorization": f"Bearer {TOKENS['office']}"})
        case.validate_response(response, checks=HELD)

    with contextlib.suppress(Unsatisfiable):  # nothing of it can be wrong
        play()
