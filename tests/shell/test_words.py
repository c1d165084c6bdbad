"""What crosses the border and what people read, without a server."""

from dataclasses import replace
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from definitions.loader import load_library
from definitions.problems import DuecourseError
from tests.records.build import clock, task, view
from tests.shell.world import PROCESSES
from workflows.attributes import KEYS, at_start, clock_status, cut, values
from workflows.card import card, local_time, menu, timer_summary
from workflows.core.case import Actor, Case, Incoming
from workflows.core.decide import open_case
from workflows.core.effects import EventView, LinkView
from workflows.core.errors import IllegalEvent
from workflows.core.program import Program
from workflows.payloads import (
    DATA_CONVERTER,
    BadPayload,
    Start,
    adapter,
    check_key,
    read_event,
    read_start,
)
from workflows.refusals import application_error
from workflows.starting import start_arguments

T0 = 1_794_274_200  # 2026-11-10T09:30+08:00
ROLES = {"service_manager": {"zh": "客户服务经理", "en": "Service manager"}}


def raw(text: str | bytes) -> RawValue:
    data = text.encode() if isinstance(text, str) else text
    return RawValue(Payload(metadata={"encoding": b"json/plain"}, data=data))


@pytest.mark.parametrize("key", ["C-1", "投诉-2026.1", "a", "SN_9@x+1", "a" * 80])
def test_keys(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["", "a b", "../a", "a/b", "a:b", "a\0", "-a", "a-", "a" * 81, "é"])
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(BadPayload) as refused:
        check_key(key)
    assert refused.value.code == "key_invalid"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        '{"id": "\\ud800"}',
        '{"data": {"a": NaN}}{}',
        '{"by": {"id": 5}}',
        '{"by": {"id": "a", "roles": "clerk"}}',
        '{"occurred_at": "soon"}',
        '{"data": ' + "[" * 300 + "]" * 300 + "}",
        b'{"id": "\xff"}',
    ],
)
def test_an_argument_that_is_none_is_a_typed_error(text: str | bytes) -> None:
    with pytest.raises(BadPayload):
        read_event("take", [raw(text)], "u1")


def test_an_argument_is_read() -> None:
    said = (
        '{"id":"e1","by":{"id":"li","roles":["clerk"]},"occurred_at":"2026-11-10T09:30:00.9+08:00"}'
    )
    event = read_event("take", [raw(said)], "u1")
    assert event == Incoming("take", "e1", Actor("li", ("clerk",)), {}, T0)
    assert read_event("take", [], "u1").id == "u1"


def test_a_case_travels_as_json() -> None:
    process = load_library(PROCESSES)["errand"]
    incoming = Incoming("opened", "o", Actor("li", ("clerk",)), {"what": "信"}, None)
    case = open_case(Program(process), "E-1", incoming, T0).case
    data = adapter(Case).dump_json(case, exclude_defaults=True)
    assert adapter(Case).validate_json(data) == case
    assert len(data) < 1200


def test_a_start_reads_as_people_do_and_as_it_was_written() -> None:
    process = load_library(PROCESSES)["errand"]
    arguments = start_arguments(
        process, key="E-1", data={"what": "信"}, actor=Actor("li"), event_id="o", now=T0
    )
    payload = DATA_CONVERTER.payload_converter.to_payloads(arguments["args"])[0]
    assert payload.data.decode().startswith('{"title":"差事 E-1 · Errand","key":"E-1","data":{')
    assert read_start(RawValue(payload)) == arguments["args"][0]
    assert isinstance(arguments["args"][0], Start)
    assert arguments["id"] == "errand:E-1"


def test_a_start_that_would_be_refused_is_not_sent() -> None:
    process = load_library(PROCESSES)["errand"]
    with pytest.raises(IllegalEvent):
        start_arguments(process, key="E-1", data={}, actor=Actor("li"), event_id="o", now=T0)


def test_an_error_is_told_in_bounds() -> None:
    error = DuecourseError("x" * 9999, code="c", facts={"a": ["y" * 9999] * 99, "n": 1})
    told = application_error(error)
    assert (told.type, told.non_retryable) == ("c", True)
    assert len(str(told.details[0])) < 50_000
    assert told.details[0]["facts"]["n"] == 1


def test_attributes_fit_a_namespace_and_tell_nothing_personal() -> None:
    kinds: dict[str, int] = {}
    for key in KEYS:
        kinds[key.indexed_value_type.name] = kinds.get(key.indexed_value_type.name, 0) + 1
    assert kinds.pop("KEYWORD") <= 10
    assert all(count <= 3 for count in kinds.values())
    assert "Status" not in {key.name for key in KEYS}
    found = values(view(owner="zhang", organisation="长" * 200), {"link": "x", "records": "y"})
    by_name = {key.name: value for key, value in found.items()}
    assert "zhang" not in str(by_name)
    assert by_name["CaseOrganisation"] == "长" * 66
    assert by_name["CaseProblem"] == "link,records"
    assert "CaseProblem" not in {pair.key.name for pair in at_start(view())}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"clocks": ()}, "none"),
        ({}, "ok"),
        ({"level": "L0"}, "warned"),
        ({"level": "L1", "overdue": True}, "overdue"),
        ({"clocks": (clock(phase="paused", due=None),)}, "paused"),
        ({"clocks": (clock(phase="met"),)}, "none"),
    ],
)
def test_the_status_of_the_clocks(changes: dict[str, Any], expected: str) -> None:
    assert clock_status(view(**changes)) == expected


def test_the_end_of_a_day_is_24_00() -> None:
    midnight = T0 - 9 * 3600 - 1800
    assert local_time(midnight, "Asia/Shanghai", exclusive=True) == "2026-11-09 24:00"
    assert local_time(midnight, "Asia/Shanghai") == "2026-11-10 00:00"
    assert local_time(T0 + 1, "Asia/Shanghai", short=True) == "11-10 09:30"


RUNG = {"rung": "superior", "level": "L1", "at": T0 + 7200, "to": ("service_manager",)}
TITLES = {"zh": "客服专员", "en": "Service specialist"}


def test_the_timer_says_what_comes_next() -> None:
    shown = view(
        waiting_title=TITLES, next_due=T0 + 7200, clocks=(clock(next_rung=RUNG, due=T0 + 7200),)
    )
    assert timer_summary(shown, ROLES, T0 + 7201) == (
        "as at 11-10 09:30 #1: 待 已响应 Acknowledged ← 客服专员 Service specialist · "
        "截止 due 11-10 11:30 · "
        "届时 then 11-10 11:30 L1 → 客户服务经理 Service manager (解决时限 Solution)"
    )
    late = replace(shown, overdue=True, clocks=(clock(breached=T0, due=T0, next_rung=None),))
    assert "截止 due 11-10 11:30 已超时 overdue · 届时 then 11-10 13:30" in timer_summary(
        late, ROLES, T0 + 4 * 3600
    )
    held = replace(shown, clocks=(clock(phase="paused", due=None),), hold_until=T0 + 3600)
    assert (
        "暂停至 held until 11-10 10:30 · 届时 then 11-10 10:30 恢复计时 the hold ends"
        in timer_summary(held, ROLES, T0 + 3600)
    )


def test_a_case_that_only_waits_for_a_timer_says_for_what() -> None:
    month = clock(kind="timer", title={"zh": "本月归集", "en": "Collecting"}, due=T0 + 7200)
    shown = view(waiting_title=TITLES, next_due=None, clocks=(month,))
    assert timer_summary(shown, ROLES, T0 + 7201) == (
        "as at 11-10 09:30 #1: 待 已响应 Acknowledged ← 客服专员 Service specialist · "
        "届时 then 11-10 11:30 到时自动执行 goes off (本月归集 Collecting)"
    )
    assert clock_status(shown) == "none"
    lines = card(shown, {}, ROLES).splitlines()
    assert "| 本月归集 · Collecting | 11-10 11:30 | 计时中 running |" in lines
    assert not [line for line in lines if "截止 until" in line or "超时" in line]
    gone = replace(shown, clocks=(replace(month, phase="lapsed"),))
    assert "| 本月归集 · Collecting | 11-10 11:30 | 已到时 lapsed |" in card(gone, {}, ROLES)


def test_the_timer_s_words_fit() -> None:
    endless = view(state_title={"zh": "很" * 300, "en": "x"}, clocks=())
    summary = timer_summary(endless, ROLES, T0)
    assert 397 < len(summary.encode()) <= 400
    assert summary.startswith("as at 11-10 09:30 #1: 待 很")
    assert cut("很很", 5) == "很"


def test_the_card_answers_the_supervisors_questions() -> None:
    late = clock(next_rung=RUNG, due=T0 + 3600, breached=T0 + 3600, exclusive=False, level="L0")
    shown = view(
        waiting_title=TITLES,
        next_due=T0 + 3600,
        next_due_clock="solution",
        overdue=True,
        level="L0",
        origin="consultation:C-0",
        clocks=(late,),
        tasks=(task(done=None), task("workshop", done=T0 + 60)),
        events=(EventView("act", {"zh": "处理", "en": "Act"}, ("service_manager", "clerk")),),
    )
    problems = {"undeliverable": "mail to wang: closed"}
    text = card(shown, problems, ROLES, {"act": ("reason",)})
    for line in (
        "## 投诉 C-1 · Complaint",
        "> - `undeliverable` 通知未能送达 · a notice could not be delivered: mail to wang: closed",
        "> - 修好后发送 `retry_failed` · mend it, then send `retry_failed`",
        "- **等待 waits for**: 客服专员 · Service specialist (`zhang`)",
        "- **自 since**: 2026-11-10 09:30",
        "- **截止 until**: 2026-11-10 10:30 (解决时限 · Solution)",
        "- **已超时 overdue** · 已升级 escalated L0",
        "- **届时 then**: 2026-11-10 11:30 L1 → 客户服务经理 Service manager (解决时限 Solution)",
        "- [`consultation:C-0`](/namespaces/default/workflows/consultation%3AC-0): 来自 opened by",
        "- 债权意见 · Debt collection: debt_collection, 待办 open",
        "- 债权意见 · Debt collection: debt_collection, 完成 done 2026-11-10 09:31",
        "| 解决时限 · Solution | 11-10 10:30 | 计时中 running, **超时 breached** 11-10 10:30, L0 |",
        "| `act` 处理 · Act | 客户服务经理 Service manager、clerk | `reason` |",
    ):
        assert line in text.splitlines()
    listed = menu(shown, {}, ROLES, {"act": ("reason",)})["definition"]["updateDefinitions"]
    assert listed == [
        {
            "name": "act",
            "description": "处理 · Act — 客户服务经理 Service manager, clerk — 须填 data: reason",
        }
    ]
    retry = menu(shown, {"link": "x"}, ROLES)["definition"]["updateDefinitions"]
    assert [one["name"] for one in retry] == ["act", "retry_failed"]
    assert "已结束 ended" in card(replace(shown, ended=T0), {}, ROLES)


def linked(case: str, link: str = "part", **more: Any) -> LinkView:
    values: dict[str, Any] = {"title": {"zh": "旧件", "en": "Part"}, "how": "told", "times": 1}
    return LinkView(case=case, link=link, **{**values, "seq": 1, **more})


def test_the_card_leads_to_the_cases_that_belong_to_it() -> None:
    assert "linked cases" not in card(view(), {}, ROLES)
    shown = view(
        origin="consultation:C-0",
        links=(
            linked("part:P-1", how="child"),
            linked("part:P-1", "withdrawn", title={"zh": "撤回", "en": "Withdrawn"}, times=2),
            linked("book:S_1", outcome="undelivered"),
            linked("book:a](x) `b`"),
        ),
    )
    text = card(shown, {}, ROLES, namespace="工厂 1")
    page = "/namespaces/%E5%B7%A5%E5%8E%82%201/workflows/"
    assert text.split("**关联案件 · linked cases**\n\n")[1].splitlines() == [
        f"- [`consultation:C-0`]({page}consultation%3AC-0): 来自 opened by",
        f"- [`book:S_1`]({page}book%3AS_1): 旧件 Part (告知 told, **未送达 undelivered**)",
        f"- [`part:P-1`]({page}part%3AP-1): 旧件 Part (子案 child), 撤回 Withdrawn (告知 told ×2)",
        f"- [`book:a](x)  b `]({page}book%3Aa%5D%28x%29%20%60b%60): 旧件 Part (告知 told)",
    ]


def test_the_card_shows_a_dozen_cases_and_how_many_more_there_are() -> None:
    many = tuple(linked(f"part:P-{number}") for number in range(13))
    text = card(view(links=many, links_gone=4), {}, ROLES)
    assert text.splitlines()[-2:] == [
        "- [`part:P-11`](/namespaces/default/workflows/part%3AP-11): 旧件 Part (告知 told)",
        "- … 另有 5 个 · 5 more",
    ]
    assert "more" not in card(view(links=many[:12]), {}, ROLES)
    longest = tuple(
        linked(f"part:{n:02}{'长' * 78}", title={"zh": "长" * 60, "en": "x" * 60})
        for n in range(60)
    )
    assert len(card(view(links=longest), {}, ROLES).encode()) < 20_000
