"""What notices say, and what templates cannot do."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from activities.notices.channels.base import Message, Permanent
from activities.notices.directory import Recipient
from activities.notices.sandbox import MAX_OUTPUT, problems_of, render
from activities.notices.templates import Places, compose, digest, due_text, duration
from tests.notices.world import NOON, ZONE, directory, instant, notice

DUE = instant("2026-11-13T00:00:00")
PLACES = Places("http://ui.example:8233/", titles={"complaint": {"zh": "投诉", "en": "Complaint"}})


def said(
    folder: Path, recipient: str = "wang", channel: str = "mail", flags: Any = None, **more: Any
) -> Message:
    contact = directory(folder).contact(recipient)
    assert contact is not None
    return compose(notice(**more), Recipient(contact, **(flags or {})), channel, PLACES)


def test_a_reminder_in_chinese(tmp_path: Path) -> None:
    got = said(tmp_path, at=DUE - 7200, due=DUE, exclusive=True, level="R1")
    assert got.subject == "【临期提醒】complaint:C-1：给出方案，2026-11-12（周四）24:00 到期"
    assert got.text.splitlines() == [
        "“给出方案”将于 2 小时后（自然时间）到期。",
        "",
        "案件：complaint:C-1",
        "流程：投诉",
        "事项：给出方案",
        "期限：2026-11-12（周四）24:00（Asia/Shanghai）",
        "级别：R1",
        "截至：2026-11-12（周四）22:00",
        "请您：请在期限前完成；如已完成，请在案件中登记。",
        "查看案件：http://ui.example:8233/namespaces/default/workflows/complaint%3AC-1",
    ]


def test_an_escalation_in_english(tmp_path: Path) -> None:
    got = said(tmp_path, "emma", at=DUE + 93600, due=DUE, exclusive=True, level="L2")
    assert got.subject == "Overdue by 1 d 2 h (L2): complaint:C-1, Solution"
    assert got.text.splitlines()[0] == "'Solution' is 1 d 2 h late (wall time) and still not done."
    assert "Due: Thu 2026-11-12 24:00 Asia/Shanghai" in got.text
    assert "Late by: 1 d 2 h" in got.text
    assert "Process: Complaint" in got.text


@pytest.mark.parametrize(
    ("more", "subject"),
    [
        ({"at": DUE, "due": DUE}, "【已到期 L1】complaint:C-1：给出方案"),
        ({"at": NOON, "due": None}, "【临期提醒】complaint:C-1：给出方案"),
        ({"kind": "retraction"}, "【撤回】complaint:C-1：给出方案"),
        ({"kind": "lapse"}, "【权利失效】complaint:C-1：给出方案"),
        ({"kind": "event", "text": {"zh": "好", "en": "ok"}}, "【通知】complaint:C-1：给出方案"),
    ],
)
def test_each_kind_has_its_words(tmp_path: Path, more: dict[str, Any], subject: str) -> None:
    assert said(tmp_path, **more).subject == subject


def test_a_rungs_own_words_stand_below_the_lead(tmp_path: Path) -> None:
    words = {"zh": "请先安抚客户，金额 {{ data.fen | money }}，{{ case.key }}。", "en": "-"}
    got = said(tmp_path, text=words, facts={"data": {"fen": 123456}, "state": "open"})
    assert got.text.splitlines()[:2] == [
        "“给出方案”的期限已到，尚未完成。",
        "请先安抚客户，金额 ¥1,234.56，C-1。",
    ]


def test_a_customer_sees_their_own_matter_and_nothing_from_inside(tmp_path: Path) -> None:
    got = said(
        tmp_path,
        "customer",
        "crm",
        to="customer",
        kind="event",
        clock="",
        due=None,
        title={"zh": "您的投诉", "en": "Your complaint"},
        text={"zh": "方案将于 {{ event.by | instant }} 前给出。", "en": "-"},
        facts={"event": {"by": DUE - 3600}, "case": {"key": "C-1"}},
    )
    assert got.subject == "您的投诉（编号 C-1）"
    assert got.text == "方案将于 2026-11-12（周四）23:00 前给出。\n"
    assert "ui.example" not in got.markdown


def test_who_reads_it_for_whom(tmp_path: Path) -> None:
    unfilled = said(tmp_path, flags={"fallback": True}, to="auditor")
    assert unfilled.text.startswith("角色“auditor”目前无人担任")
    assert "角色“auditor”" in unfilled.markdown
    known = replace(PLACES, roles={"auditor": {"zh": "审计员", "en": "Auditor"}})
    contact = directory(tmp_path).contact("wang")
    assert contact is not None
    titled = compose(notice(to="auditor"), Recipient(contact, fallback=True), "mail", known)
    assert titled.text.startswith("角色“审计员”")
    deputy = said(tmp_path, "emma", flags={"instead_of": ("王芳", "李娜")})
    assert deputy.text.startswith("You stand in for 王芳, 李娜.")


def test_texts_brought_along_are_no_markup_and_one_line_in_a_subject(tmp_path: Path) -> None:
    got = said(
        tmp_path,
        kind="event",
        title={"zh": "甲\r\nBcc: x@example.com\x00", "en": "-"},
        text={"zh": "{{ data.x }}", "en": "-"},
        facts={"data": {"x": "<@all> [点我](http://bad) **粗**\n# 题"}},
    )
    assert got.subject == "【通知】complaint:C-1：甲 Bcc: x@example.com"
    assert "<@all>" not in got.markdown
    assert "[点我]" not in got.markdown
    assert "\n#" not in got.markdown


@pytest.mark.parametrize(
    ("due", "exclusive", "zone", "zh", "en"),
    [
        (DUE, True, ZONE, "2026-11-12（周四）24:00", "Thu 2026-11-12 24:00"),
        (DUE, False, ZONE, "2026-11-13（周五）00:00", "Fri 2026-11-13 00:00"),
        (DUE, True, "UTC", "2026-11-12（周四）16:00", "Thu 2026-11-12 16:00"),
        (DUE + 61, False, ZONE, "2026-11-13（周五）00:01:01", "Fri 2026-11-13 00:01:01"),
        (
            instant("2027-01-01T00:00"),
            True,
            ZONE,
            "2026-12-31（周四）24:00",
            "Thu 2026-12-31 24:00",
        ),
    ],
)
def test_deadlines(due: int, exclusive: bool, zone: str, zh: str, en: str) -> None:
    assert due_text(due, exclusive, zone, "zh") == zh
    assert due_text(due, exclusive, zone, "en") == en


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "不到 1 分钟", "less than 1 min"),
        (59, "不到 1 分钟", "less than 1 min"),
        (60, "1 分钟", "1 min"),
        (12000, "3 小时 20 分钟", "3 h 20 min"),
        (90061, "1 天 1 小时", "1 d 1 h"),
    ],
)
def test_durations(seconds: int, zh: str, en: str) -> None:
    assert (duration(seconds, "zh"), duration(seconds, "en")) == (zh, en)


# --- templates --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ data.n }}", "3"),
        ("{{ data.at | instant }}", "2026-11-12（周四）12:00"),
        ("{{ data.at | date }} {{ data.at | time }}", "2026-11-12（周四） 12:00"),
        ("{{ data.day | date }}", "2026-10-01（周四）"),
        ("{{ data.fen | money }}", "¥24,592.34"),
        ("{{ data.minus | money }}", "-¥0.05"),
        ("{{ data.yes }}{{ data.list }}", "是甲、乙"),
        ("{% if data.n > 2 and not data.no %}多{% else %}少{% endif %}", "多"),
        ("{{ '甲' if data.n == 3 else '乙' }}", "甲"),
        ("{{ data.title }}", "投诉"),
        # Declared and not filled in: a dash, not a lost notice.
        ("{{ data.none }}{{ data.absent }}{{ data.absent | money }}", "———"),
        ("{% if data.absent is none %}无{% endif %}", "无"),
        # A field may be called like a method; there are no methods.
        ("{{ data.items }}{{ data.keys }}", "件—"),
    ],
)
def test_what_a_template_can_do(source: str, expected: str) -> None:
    data = {
        "n": 3,
        "at": NOON,
        "day": "2026-10-01",
        "fen": 2459234,
        "minus": -5,
        "yes": True,
        "no": False,
        "list": ["甲", "乙"],
        "none": None,
        "items": "件",
        "title": {"zh": "投诉", "en": "Complaint"},
    }
    assert problems_of(source) == ()
    assert render(source, {"data": data}, "zh", ZONE) == expected


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 10**9 }}",
        "{{ 10**10**9 }}",
        "{{ data.x + 'a' }}",
        "{{ data.x ~ data.x }}",
        "{{ '%s' % data.x }}",
        "{{ -data.x }}",
        "{{ [1, 2] }}",
        "{{ {'a': 1} }}",
        "{{ data['x'] }}",
        "{{ data.x() }}",
        "{{ range(9) }}",
        "{{ cycler }}{{ cycler() }}",
        "{{ data.__class__ }}",
        "{{ _x }}",
        "{{ data.x | upper }}",
        "{{ data.x | replace('a', 'b') }}",
        "{{ data.x | date('%Y') }}",
        "{{ data.x is divisibleby 2 }}",
        "{% for a in data.x %}{{ a }}{% endfor %}",
        "{% set a = 1 %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% import 'x' as y %}",
        "{% filter upper %}x{% endfilter %}",
        "{% raw %}" * 2,
        "{{ data. }}",
        "{% if %}",
        "{{" + "(" * 3000 + "1" + ")" * 3000 + "}}",
        "{{ a" + ".b" * 2000 + " }}",
        "{{ " + "not " * 1500 + "a }}",
        "{{ a" + " and a" * 1000 + " }}",
        "{{ a" + "|date" * 1200 + " }}",
        "{% if a %}" * 300 + "{% endif %}" * 300,
        "x" * 9000,
    ],
)
def test_what_a_template_cannot_do(source: str) -> None:
    began = time.perf_counter()
    assert problems_of(source)
    with pytest.raises(Permanent, match="template"):
        render(source, {"data": {"x": "aaa"}}, "zh", ZONE)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    "source",
    [
        "{{ unknown }}",
        "{{ unknown.x }}",
        "{{ data.text.x }}",
        "{{ data }}",
        "{{ data.text | money }}",
        "{{ data.text | date }}",
        "{{ data.huge | instant }}",
        "{{ data.flag | money }}",
    ],
)
def test_what_fails_only_with_its_facts(source: str) -> None:
    data = {"text": "甲", "huge": 10**20, "flag": True}
    with pytest.raises(Permanent, match="template"):
        render(source, {"data": data}, "zh", ZONE)


def test_what_a_template_makes_is_capped() -> None:
    made = render("{{ data.x }}" * 100, {"data": {"x": "长" * 1000}}, "zh", ZONE)
    assert len(made.encode()) <= MAX_OUTPUT
    assert made.endswith("…")


def test_lone_surrogates_do_not_reach_a_channel() -> None:
    assert render("{{ data.x }}", {"data": {"x": "a\ud800b"}}, "zh", ZONE) == "a?b"


# --- digests ----------------------------------------------------------------------------------


def messages(folder: Path, count: int) -> list[Message]:
    contact = directory(folder).contact("desk")
    assert contact is not None
    ones = (notice(f"k{n}", case=f"complaint:C-{n:04}") for n in range(count))
    return [compose(one, Recipient(contact), "room", PLACES) for one in ones]


def test_a_digest_names_every_case(tmp_path: Path) -> None:
    made, count = digest(messages(tmp_path, 8), 4000)
    assert count == 8
    assert made.subject == "【汇总】8 条通知"
    for n in range(8):
        assert f"【已到期 L1】complaint:C-{n:04}：给出方案" in made.markdown
        assert f"complaint:C-{n:04}：给出方案" in made.text


def test_a_long_digest_names_ids_and_leaves_the_rest_for_the_next(tmp_path: Path) -> None:
    all_of_them = messages(tmp_path, 400)
    made, count = digest(all_of_them, 4000)
    assert 100 < count < 400
    assert len(made.markdown.encode()) <= 4000
    named = [n for n in range(400) if f"C-{n:04}" in made.markdown]
    assert named == list(range(count))


def test_a_digest_of_the_same_messages_has_the_same_key(tmp_path: Path) -> None:
    some = messages(tmp_path, 3)
    assert digest(some, 4000)[0].id == digest(some[::-1], 4000)[0].id
    assert digest(some, 4000)[0].id != digest(some[:2], 4000)[0].id
