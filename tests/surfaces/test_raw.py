"""What other programs may send to a case by Temporal alone, with no surface of ours in between: a
refusal with a code, and the case goes on as if nothing had been."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from definitions.bundle import pin
from definitions.loader import load_library
from definitions.problems import DuecourseError
from surfaces.cases import Cases
from surfaces.errors import EventRefused, Exit, exit_of
from surfaces.settings import TemporalUnavailable, connect, runtime
from tests.surfaces.play import PROCESSES
from workflows.core.case import Actor

Working = Callable[[], Worker]
LI = {"id": "li", "roles": ["clerk"]}
DATA = {"what": "灯"}
PARCEL = pin(load_library(PROCESSES)["parcel"])
OTHER = pin(load_library(PROCESSES)["parcel"].model_copy(update={"process": "other"}))
pytestmark = pytest.mark.asyncio(loop_scope="session")


def raw(data: bytes) -> RawValue:
    return RawValue(Payload(metadata={"encoding": b"json/plain"}, data=data))


STARTS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "no argument": ("data_invalid", ()),
    "a number": ("start_invalid", (3,)),
    "a list": ("start_invalid", ([1],)),
    "bytes": ("start_invalid", (b"\x00\x01",)),
    "no JSON": ("start_invalid", (raw(b"{nope"),)),
    "brackets": ("start_invalid", (raw(b'{"data": {"a": ' + b"[" * 9000 + b"]" * 9000 + b"}}"),)),
    "an unknown key": ("start_invalid", ({"data": DATA, "nope": 1},)),
    "data of the wrong kind": ("start_invalid", ({"data": [1]},)),
    "data that fit no form": ("data_invalid", ({"data": {}},)),
    "roles of nobody": ("start_invalid", ({"data": DATA, "actor": {"roles": ["clerk"]}},)),
    "true for an instant": ("start_invalid", ({"data": DATA, "occurred_at": True},)),
    "no offset": ("payload_invalid", ({"data": DATA, "occurred_at": "2026-11-10T10:00"},)),
    "before all times": ("payload_invalid", ({"data": DATA, "occurred_at": -(10**15)},)),
    "after all times": ("payload_invalid", ({"data": DATA, "occurred_at": "9999-12-31T23:59Z"},)),
    "beyond a number": ("payload_invalid", ({"data": DATA, "occurred_at": 2**70},)),
    "another time than now": ("clock_at_refused", ({"data": DATA, "clock_at": 0},)),
    "another key": ("id_mismatch", ({"key": "other", "data": DATA}, PARCEL)),
    "what only a case hands on": ("start_invalid", ({"data": DATA, "resumed": {}}, PARCEL)),
    "rules that are none": ("bundle_invalid", ({"data": DATA}, b"nonsense")),
    "rules cut short": ("bundle_invalid", ({"data": DATA}, PARCEL[:100])),
    "rules of another process": ("rules_mismatch", ({"data": DATA}, OTHER)),
}


async def ended_with(handle: WorkflowHandle[Any, Any]) -> str | None:
    with pytest.raises(WorkflowFailureError) as failed:
        await asyncio.wait_for(handle.result(), 30)
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause.type


async def test_a_start_that_is_none(cases: Cases, client: Client, working: Working) -> None:
    queue = cases.settings.task_queue
    async with working():
        for why, (code, args) in STARTS.items():
            case = f"parcel:{uuid.uuid4().hex}"
            handle = await client.start_workflow("parcel", args=args, id=case, task_queue=queue)
            assert await ended_with(handle) == code, why
        for case in ("somewhere", "other:A", "parcel:", "parcel:a b", "parcel:../a", "parcel:a\0"):
            unique = f"{case}{uuid.uuid4().hex}" if case == "somewhere" else case
            handle = await client.start_workflow(
                "parcel", {"data": DATA}, id=unique, task_queue=queue
            )
            assert await ended_with(handle) in ("id_mismatch", "key_invalid"), case
    assert (await cases.records.read.list_cases()).items == ()


EVENTS: dict[str, tuple[str, str, tuple[Any, ...]]] = {
    "a number": ("payload_invalid", "note", (3,)),
    "a text": ("payload_invalid", "note", ("x",)),
    "a list": ("payload_invalid", "note", ([1],)),
    "bytes": ("payload_invalid", "note", (b"\x01",)),
    "nothing": ("role_not_allowed", "note", ()),
    "null": ("role_not_allowed", "note", (None,)),
    "two": ("payload_invalid", "note", ({}, {})),
    "no JSON": ("payload_invalid", "note", (raw(b"{nope"),)),
    "no UTF-8": ("payload_invalid", "note", (raw(b'{"id": "\xff\xfe"}'),)),
    "half a pair": ("payload_invalid", "note", (raw(b'{"data": {"text": "\\ud800"}}'),)),
    "brackets": ("payload_invalid", "note", (raw(b'{"data": {"a": ' + b"[" * 5000),)),
    "too much": ("payload_too_large", "note", (raw(b'{"id": "' + b"a" * 300_000 + b'"}'),)),
    "by of the wrong kind": ("payload_invalid", "note", ({"by": "li"},)),
    "roles of the wrong kind": ("payload_invalid", "note", ({"by": {"roles": "clerk"}},)),
    "roles of nobody": ("payload_invalid", "note", ({"by": {"id": "", "roles": ["clerk"]}},)),
    "an id of the wrong kind": ("payload_invalid", "note", ({"by": LI, "id": 1},)),
    "a control character": ("payload_invalid", "note", ({"by": LI, "id": "a\n"},)),
    "an unknown key": ("payload_invalid", "note", ({"by": LI, "nope": 1},)),
    "true for an instant": ("payload_invalid", "note", ({"by": LI, "occurred_at": True},)),
    "a fraction": ("payload_invalid", "note", ({"by": LI, "occurred_at": 1.5},)),
    "no instant": ("payload_invalid", "note", ({"by": LI, "occurred_at": "soon"},)),
    "after all times": ("payload_invalid", "note", ({"by": LI, "occurred_at": 2**70},)),
    "the future": ("from_the_future", "note", ({"by": LI, "occurred_at": 32_000_000_000},)),
    "before the case": ("before_case", "note", ({"by": LI, "occurred_at": 0},)),
    "a number that is none": ("data_invalid", "pack", (raw(
        b'{"by": {"id": "li", "roles": ["clerk"]}, "data": {"weight": 1e999}}'
    ),)),
    "a number too large": ("data_invalid", "pack", ({"by": LI, "data": {"weight": "9" * 99}},)),
    "no event": ("unknown_event", "unheard_of", ({"by": LI},)),
    "a name of Temporal's": ("unknown_event", "__stack_trace", ({"by": LI},)),
    "a name too long": ("unknown_event", "n" * 900, ({"by": LI},)),
    "a control character in the name": ("unknown_event", "a\x01", ({"by": LI},)),
}  # fmt: skip


async def test_an_event_that_is_none(cases: Cases, client: Client, working: Working) -> None:
    async with working():
        await cases.start("parcel", "R-1", DATA, Actor("li", ("clerk",)))
        handle = client.get_workflow_handle("parcel:R-1")
        before = await handle.query("view")
        for why, (code, name, args) in EVENTS.items():
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await asyncio.wait_for(handle.execute_update(name, args=args), 30)
            cause = refused.value.cause
            assert isinstance(cause, ApplicationError)
            assert (cause.type, cause.details[0]["code"]) == (code, code), why
        after = await handle.query("view")
        assert (after["seq"], after["state"], after["problems"]) == (before["seq"], "received", {})
        # Nobody waits for a signal's answer: what is refused is written down, and shown.
        for name, args in (("note", (3,)), ("unheard_of", ()), ("note", ({"by": LI}, {}))):
            await handle.signal(name, args=args)
        answer = await handle.execute_update("note", {"by": LI, "data": {"text": "小心"}})
        assert answer["status"] == "accepted"
        after = await handle.query("view")
        assert (after["seq"], after["state"]) == (before["seq"] + 4, "received")
        assert list(after["problems"]) == ["refused_signal"]


async def test_the_surface_tells_what_a_case_refuses(cases: Cases, working: Working) -> None:
    clerk = Actor("li", ("clerk",))
    async with working():
        await cases.start("parcel", "R-2", DATA, clerk)
        for event, data, actor, code, ends in (
            ("unheard_of", {}, clerk, "unknown_event", Exit.REFUSED),
            ("fetch", {}, clerk, "not_allowed_here", Exit.REFUSED),
            ("pack", {"weight": 1}, Actor("wu", ("chief",)), "role_not_allowed", Exit.REFUSED),
            ("pack", {}, clerk, "data_invalid", Exit.BAD_INPUT),
            ("pack", {"weight": 1, "nope": 1}, clerk, "data_invalid", Exit.BAD_INPUT),
            ("pack", {"weight": float("nan")}, clerk, "data_invalid", Exit.BAD_INPUT),
            ("pack", {"weight": 2**70}, clerk, "data_invalid", Exit.BAD_INPUT),
            ("note", {"text": "a\0"}, clerk, "data_invalid", Exit.BAD_INPUT),
        ):
            with pytest.raises(EventRefused) as refused:
                await cases.send("parcel:R-2", event, data, actor)
            assert (refused.value.code, exit_of(refused.value)) == (code, ends)


async def test_a_namespace_that_is_not_there(cases: Cases, client: Client) -> None:
    address = client.service_client.config.target_host
    elsewhere = await connect(runtime("OFF"), target_host=address, namespace="nowhere")
    there = Cases(cases.settings, client=elsewhere)
    for asked in (
        there.start("parcel", "R-3", DATA, Actor("li", ("clerk",))),
        there.send("parcel:R-3", "note", {"text": "a"}, Actor("li", ("clerk",))),
        there.case("parcel:R-3"),
    ):
        with pytest.raises(TemporalUnavailable, match="nowhere") as refused:
            await asked
        assert "TEMPORAL_NAMESPACE" in refused.value.hint
    await there.records.close()


async def test_a_case_that_was_never_opened(cases: Cases, client: Client) -> None:
    """Somebody else's workflow under the id of a case."""
    case = f"parcel:{uuid.uuid4().hex}"
    handle = await client.start_workflow(
        "parcel", {}, id=case, task_queue=cases.settings.task_queue
    )
    await handle.terminate()
    with pytest.raises(DuecourseError) as refused:
        await cases.send(case, "note", {"text": "a"}, Actor("li", ("clerk",)))
    assert refused.value.code == "unknown_case"
