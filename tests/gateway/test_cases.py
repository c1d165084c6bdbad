"""Starting, sending and seeing cases over HTTP, on real Temporal."""

import time
from copy import deepcopy
from typing import Any

import pytest

from surfaces import cases as module
from surfaces.gateway.bodies import COMPLAINT, EVENT
from surfaces.instants import shown
from tests.gateway.conftest import KEYS, Gate, serving
from tests.shell.world import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")
CRM = {"id": "zhang.wei", "roles": ["service_specialist"]}


def start(key: str, **more: Any) -> dict[str, Any]:
    """The start of the description, under another key and now."""
    made = deepcopy(COMPLAINT) | {"key": key, "event_id": f"open-{key}"}
    del made["occurred_at"]
    made["data"] |= more.pop("data", {})
    return {**made, **more}


def event(**more: Any) -> dict[str, Any]:
    made = deepcopy(EVENT)
    del made["occurred_at"]
    return {**made, **more}


async def opened(gate: Gate, key: str, caller: str = "crm", **more: Any) -> str:
    """A case that runs and is in the records; where it is."""
    response = await gate.call("POST", "/v1/cases", start(key, **more), key=caller)
    assert response.status_code == 201, response.text
    case = response.json()["case"]

    async def written() -> bool:
        return await gate.cases.records.read.case(case) is not None

    await eventually(written)
    return f"/v1/cases/complaint/{key}"


async def test_a_case_from_start_to_explanation(gate: Gate) -> None:
    where = await opened(gate, "TS-1")
    again = await gate.call("POST", "/v1/cases", start("TS-1", event_id="other"))
    assert (again.status_code, again.json()["status"]) == (200, "existing")
    assert again.headers["location"] == where
    first = await gate.call("POST", f"{where}/events", event(event_id="e-1"))
    assert (first.status_code, first.json()["status"]) == (200, "accepted"), first.text
    assert first.json()["clocks"]["response"] == "met"
    twice = await gate.call("POST", f"{where}/events", event(event_id="e-1"))
    assert twice.json() == first.json()
    other = event(event_id="e-1", data={"apology_given": False})
    await gate.refused(409, "event_id_conflict", "POST", f"{where}/events", other)

    async def seen() -> Any:
        told = await gate.get(where)
        return told if told["state"] == first.json()["state"] else None

    told = await eventually(seen)
    assert {one["name"] for one in told["events"]} >= set(first.json()["events"][:3])
    assert told["next_due"].endswith("+08:00")
    journal = await gate.get(f"{where}/journal?limit=1")
    assert [row["kind"] for row in journal["rows"]] == ["opened"]
    behind = await gate.get(f"{where}/journal?after={journal['after']}")
    assert "acknowledge" in [row["name"] for row in behind["rows"]]
    zh = await gate.get(f"{where}/explain/solution")
    en = await gate.get(f"{where}/explain/solution", headers={"Accept-Language": "en"})
    assert (zh["clocks"][0]["title"], en["clocks"][0]["title"]) == ("解决方案", "Solution")
    assert zh["clocks"][0]["due"] == en["clocks"][0]["due"]
    assert len((await gate.get(f"{where}/explain"))["clocks"]) > 1
    await gate.refused(404, "unknown_clock", "GET", f"{where}/explain/nothing")
    assert (await gate.get(f"{where}/dossier"))["tree"]["case"] == "complaint:TS-1"
    assert await gate.get(f"{where}/documents") == {"case": "complaint:TS-1", "documents": []}


async def test_what_is_refused_changes_nothing(gate: Gate) -> None:
    where = await opened(gate, "TS-2")
    events = f"{where}/events"
    wrong: tuple[tuple[int, str, dict[str, Any]], ...] = (
        (409, "not_allowed_here", event(event="propose", data={})),
        (422, "data_invalid", event(data={})),
        (422, "data_invalid", event(data={"apology_given": "yes", "more": 1})),
        (422, "unknown_event", event(event="__temporal")),
        (422, "payload_invalid", event(event_id="a\nb")),
        (422, "bad_input", event(occurred_at="yesterday")),
        (422, "bad_input", event(by={"id": "process:x"})),
        (422, "bad_input", event(more=1)),
        (409, "from_the_future", event(occurred_at="2999-01-01T00:00:00Z")),
        (409, "before_case", event(occurred_at="2020-01-01T00:00:00Z")),
        (403, "not_permitted", event(by={"id": "li", "roles": ["regional_manager"]})),
    )
    before = await gate.get(f"{where}/journal")
    for status, code, body in wrong:
        problem = await gate.refused(status, code, "POST", events, body)
        assert problem["title"]
    problem = await gate.refused(422, "data_invalid", "POST", events, event(data={}, event_id="x"))
    assert problem["errors"][0]["field"] == "apology_given"
    problem = await gate.refused(
        409, "not_allowed_here", "POST", events, event(event="propose", data={}, event_id="y")
    )
    assert "acknowledge" in problem["facts"]["possible"]
    assert await gate.get(f"{where}/journal") == before
    for status, code, change in (
        (404, "unknown_process", {"process": "complain"}),
        (422, "key_invalid", {"key": "../x"}),
        (422, "key_invalid", {"key": "a\0b"}),
        (422, "data_invalid", {"data": {"channel": "pigeon"}}),
        (422, "bad_input", {"process": "../complaint"}),
        (409, "from_the_future", {"occurred_at": "2999-01-01T00:00:00Z"}),
    ):
        body = start("TS-none") | change
        await gate.refused(status, code, "POST", "/v1/cases", body)
    for path in ("TS-none", "%2e%2e", "%00", "a%20b", "%ed%a0%80"):
        await gate.refused(404, "unknown_case", "GET", f"/v1/cases/complaint/{path}/journal")
    await gate.refused(404, "unknown_route", "GET", "/v1/cases/complaint/..%2f..%2fx")


async def test_nobody_is_let_in_without_a_key_that_may(gate: Gate) -> None:
    where = await opened(gate, "TS-3")
    for headers in ({}, {"Authorization": "Bearer dc_x"}, {"Authorization": "Basic YTpi"}):
        response = await gate.http.get(where, headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, "key_required")
        assert response.headers["www-authenticate"] == "Bearer"
    for key, method, path, body in (
        ("reader", "POST", "/v1/cases", start("TS-4")),
        ("reader", "POST", f"{where}/events", event()),
        ("starter", "GET", where, None),
        ("starter", "GET", "/v1/cases", None),
        ("crm", "POST", "/v1/cases", start("TS-4", imported=True)),
        ("crm", "GET", f"{where}/documents/1/1.pdf", None),
        ("office", "POST", "/v1/cases", start("TS-4")),
    ):
        await gate.refused(403, "not_permitted", method, path, body, key=key)
    await gate.refused(404, "nothing_found", "GET", f"{where}/documents/1/1.pdf", key="office")


async def test_the_sender_is_the_key_or_whom_it_may_name(gate: Gate) -> None:
    where = await opened(gate, "TS-5", "office", by=None)
    await gate.call("POST", f"{where}/events", event(by=None, event_id="own"), key="office")
    rows = (await gate.get(f"{where}/journal"))["rows"]
    assert rows[0]["actor"] == "office"
    named = await opened(gate, "TS-6", by=CRM)
    row = (await gate.get(f"{named}/journal"))["rows"][0]
    assert (row["actor"], row["roles"]) == ("zhang.wei", ["service_specialist"])


async def test_what_is_personal_is_masked(gate: Gate) -> None:
    where = await opened(gate, "TS-7")
    hidden, phone = await gate.call("GET", where), COMPLAINT["data"]["contact_phone"]
    assert phone not in hidden.text
    assert set(hidden.json()["masked"]) >= {"contact_name", "contact_phone"}
    journal = await gate.call("GET", f"{where}/journal")
    assert phone not in journal.text
    assert journal.json()["rows"][0]["data"]["contact_phone"] == "***"
    whole = await gate.get(where, "office")
    assert (whole["data"]["contact_phone"], whole["masked"]) == (phone, [])
    journal = await gate.call("GET", f"{where}/journal", key="office")
    assert journal.json()["rows"][0]["data"]["contact_phone"] == phone
    for path in ("/v1/cases", "/v1/stuck", f"{where}/dossier"):
        assert phone not in (await gate.call("GET", path)).text


async def test_a_foreign_organisation_is_not_there(gate: Gate) -> None:
    where = await opened(gate, "TS-8")
    foreign = (
        ("GET", where, None),
        ("GET", f"{where}/journal", None),
        ("GET", f"{where}/dossier", None),
        ("GET", f"{where}/explain", None),
        ("GET", f"{where}/documents", None),
        ("POST", f"{where}/events", event(by=None)),
    )
    for method, path, body in foreign:
        await gate.refused(404, "unknown_case", method, path, body, key="xiamen")
    body = start("TS-8", by=None)
    await gate.refused(409, "key_taken", "POST", "/v1/cases", body, key="xiamen")
    body = start("TS-9", by=None)
    await gate.refused(403, "not_permitted", "POST", "/v1/cases", body, key="xiamen")
    subject = f"/v1/subjects/machine/{COMPLAINT['data']['serial_number']}"
    assert any(one["case"] == "complaint:TS-8" for one in (await gate.get(subject))["cases"])
    await gate.refused(404, "nothing_found", "GET", subject, key="xiamen")
    await opened(gate, "TS-10", "xiamen", by=None, data={"organisation": "XM01"})
    listed = await gate.get("/v1/cases?status=all", "xiamen")
    assert [one["case"] for one in listed["cases"]] == ["complaint:TS-10"]
    seen = {one["case"] for one in (await gate.get("/v1/cases?limit=200"))["cases"]}
    assert "complaint:TS-8" in seen
    assert "complaint:TS-10" not in seen
    none = await gate.get("/v1/cases?organisation=LY01", "xiamen")
    assert none["cases"] == []


async def test_lists_have_pages_and_filters(gate: Gate) -> None:
    for number in range(3):
        await opened(gate, f"LB-{number}", data={"content": "噪声很大"})
    found: list[str] = []
    path = "/v1/cases?text=噪声&limit=2"
    page = await gate.get(path)
    found += [one["key"] for one in page["cases"]]
    page = await gate.get(f"{path}&cursor={page['cursor']}")
    found += [one["key"] for one in page["cases"]]
    assert (sorted(found), page["cursor"]) == (["LB-0", "LB-1", "LB-2"], None)
    assert (await gate.get("/v1/cases?text=噪声&overdue=true"))["cases"] == []
    await gate.refused(400, "bad_cursor", "GET", "/v1/cases?cursor=x")
    await gate.refused(422, "bad_input", "GET", "/v1/cases?limit=0")
    assert (await gate.get("/v1/stuck"))["troubles"] == []


async def test_a_case_that_ran_elsewhere_counts_from_its_past(gate: Gate) -> None:
    past = int(time.time()) - 40 * 86_400
    then = shown(past, "Asia/Shanghai")
    body = start("TS-11", by=None, occurred_at=then)
    await gate.refused(409, "too_old", "POST", "/v1/cases", body, key="office")
    body = start("TS-11", by=None, imported=True)
    await gate.refused(422, "bad_input", "POST", "/v1/cases", body, key="office")
    where = await opened(gate, "TS-11", "office", by=None, occurred_at=then, imported=True)
    told = await gate.get(where, "office")
    assert told["opened"] == then
    assert told["overdue"]
    rows = (await gate.get(f"{where}/journal", "office"))["rows"]
    assert "breach" in {row["kind"] for row in rows}
    assert "rung" not in {row["kind"] for row in rows}
    explained = await gate.get(f"{where}/explain/response", "office")
    due = next(one["due"] for one in told["clocks"] if one["clock"] == "response")
    assert explained["clocks"][0]["due"] == due
    again = await gate.call("POST", "/v1/cases", body | {"occurred_at": then}, key="office")
    assert again.json()["status"] == "existing"


async def test_two_copies_are_one_gateway(gate: Gate) -> None:
    async with serving(gate.cases, KEYS) as other:
        first = await gate.call("POST", "/v1/cases", start("TS-12"))
        second = await other.call("POST", "/v1/cases", start("TS-12"))
        assert (first.status_code, second.status_code) == (201, 200)
        where = "/v1/cases/complaint/TS-12/events"
        one = await other.call("POST", where, event(event_id="e-12"))
        two = await gate.call("POST", where, event(event_id="e-12"))
        assert one.json() == two.json()


async def test_what_nobody_takes_is_queued_and_never_done(
    unattended: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ACCEPT_SECONDS", 0.5)
    body = start("TS-13", by=None)
    opened = await unattended.call("POST", "/v1/cases", body, key="office")
    assert opened.status_code == 201
    path = "/v1/cases/complaint/TS-13/events"
    queued = await unattended.call("POST", path, event(by=None, event_id="q"), key="office")
    assert queued.status_code == 202
    assert queued.json() == {"case": "complaint:TS-13", "status": "queued", "event_id": "q"}
    ready = await unattended.http.get("/readyz")
    assert (ready.status_code, ready.json()["troubles"]) == (503, ["no_worker"])
    assert (await unattended.http.get("/healthz")).json() == {"status": "ok"}
