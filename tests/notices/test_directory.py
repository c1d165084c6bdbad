"""Who is meant by a role."""

from pathlib import Path

import pytest

from activities.notices.directory import Directory
from activities.notices.settings import SettingsError
from tests.notices.world import NOON, directory, instant


def who(at: Directory, role: str, *where: str, when: int = NOON, assignee: str = "") -> list[str]:
    organisation, region = (*where, "", "")[:2]
    found = at.resolve(role, organisation, region, when, assignee)
    return [one.contact.id for one in found]


@pytest.mark.parametrize(
    ("role", "where", "expected"),
    [
        ("manager", ("xiamen", "south"), ["wang"]),
        ("manager", ("", "south"), ["chen"]),
        ("manager", ("elsewhere", "nowhere"), ["emma"]),
        ("manager", (), ["emma"]),
        ("engineer", ("xiamen",), ["li", "chen"]),  # by the organisation's own region
        ("team", (), ["wang", "li", "desk"]),
    ],
)
def test_the_narrowest_list_counts(
    tmp_path: Path, role: str, where: tuple[str, ...], expected: list[str]
) -> None:
    assert who(directory(tmp_path), role, *where) == expected


def test_a_role_that_nobody_holds_goes_to_the_fallback_and_is_flagged(tmp_path: Path) -> None:
    (one,) = directory(tmp_path).resolve("auditor", "xiamen", "south", NOON)
    assert (one.contact.id, one.fallback) == ("desk", True)
    assert directory(tmp_path).unfilled(["auditor", "manager", "customer"]) == ("auditor",)


def test_a_known_assignee_is_the_only_one(tmp_path: Path) -> None:
    at = directory(tmp_path)
    assert who(at, "team", assignee="li") == ["li"]
    assert who(at, "team", assignee="stranger") == ["wang", "li", "desk"]
    assert who(at, "manager", "xiamen", when=instant("2026-11-12T08:00"), assignee="zhao") == ["li"]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-11-09T23:59:59", ["zhao"]),
        ("2026-11-10T00:00:00", ["li"]),
        ("2026-11-12T23:59:59", ["li"]),
        ("2026-11-13T00:00:00", ["zhao"]),
    ],
)
def test_deputies_by_local_day(tmp_path: Path, when: str, expected: list[str]) -> None:
    assert who(directory(tmp_path), "dispatcher", when=instant(when)) == expected


def test_deputies_of_deputies(tmp_path: Path) -> None:
    at = directory(tmp_path)
    (one,) = at.resolve("keeper", "", "", NOON)
    assert one.contact.id == "li"
    assert one.instead_of == ("孙涛", "赵军")
    assert who(at, "keeper", when=instant("2026-11-20T08:00")) == ["zhao"]


def test_deputies_in_a_circle_end_at_the_fallback(tmp_path: Path) -> None:
    (one,) = directory(tmp_path).resolve("nobody_there", "", "", NOON)
    assert (one.contact.id, one.fallback) == ("desk", True)
    assert who(directory(tmp_path), "nobody_there", when=instant("2026-12-01T08:00")) == [
        "ping",
        "pong",
    ]


def test_somebody_who_stands_in_for_a_colleague_is_told_once(tmp_path: Path) -> None:
    at = directory(tmp_path)
    at = Directory(at.content.model_copy(update={"roles": {"both": ("zhao", "li", "sun")}}))
    assert who(at, "both") == ["li"]


def test_customers_are_reached_by_their_organisations_way(tmp_path: Path) -> None:
    at = directory(tmp_path)
    (own,) = at.resolve("customer", "xiamen", "south", NOON)
    (general,) = at.resolve("customer", "", "", NOON)
    assert (own.contact.kind, own.contact.channels) == ("customer", (("crm", "xiamen"),))
    assert general.contact.channels == (("crm", ""),)
    for one in (own, general):
        assert at.contact(one.contact.id) == one.contact
    nobody = Directory(at.content.model_copy(update={"customer": None}))
    (one,) = nobody.resolve("customer", "", "", NOON)
    assert (one.contact.id, one.fallback) == ("desk", True)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-12T21:29:59", None),
        ("2026-11-12T21:30:00", "2026-11-13T07:30:00"),
        ("2026-11-12T23:59:59", "2026-11-13T07:30:00"),
        ("2026-11-13T00:00:00", "2026-11-13T07:30:00"),
        ("2026-11-13T07:29:59", "2026-11-13T07:30:00"),
        ("2026-11-13T07:30:00", None),
    ],
)
def test_quiet_hours_over_midnight(tmp_path: Path, now: str, opens: str | None) -> None:
    at = directory(tmp_path)
    contact = at.contact("night")
    assert contact is not None
    assert at.quiet_until(contact, instant(now)) == (instant(opens) if opens else None)


BROKEN = """
zone: Asia/Peking
people:
  wang: {name: 王芳, channels: {}}
  li:
    name: 李娜
    channels: {mail: 13800138000}
    deputies:
      - {person: wong, from: 2026-10-02, to: 2026-10-01}
      - {person: li, from: 2026-10-01, to: 2026-10-02}
  eve: {name: 伊夫, channels: {mail: e@example.com}, quiet: {from: "22:00", to: "22:00"}, nick: e}
groups:
  wang: {name: 群, channel: room}
organisations:
  xiamen: {region: sooth, roles: {manager: wangg}}
regions:
  south: {roles: {Manager: wang}}
roles:
  manager: [wang, nobody]
fallback: deskk
"""


def test_every_problem_at_once_and_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        directory(tmp_path, BROKEN)
    assert raised.value.code == "directory_invalid"
    found = {(one.line, one.path) for one in raised.value.problems}
    assert found == {
        (2, "zone"),
        (4, "people.wang.channels"),
        (7, "people.li.channels.mail"),
        (9, "people.li.deputies[0]"),
        (9, "people.li.deputies[0].person"),
        (10, "people.li.deputies[1].person"),
        (11, "people.eve.quiet"),
        (11, "people.eve.nick"),
        (13, "groups.wang"),
        (15, "organisations.xiamen.region"),
        (15, "organisations.xiamen.roles.manager[0]"),
        (17, "regions.south.roles.Manager"),
        (19, "roles.manager[1]"),
        (20, "fallback"),
    }
    assert "did you mean 'wang'?" in str(raised.value)


@pytest.mark.parametrize(
    "text", ["", "people: [", "people: 3\nfallback: x", "fallback: [x]", "- 1"]
)
def test_a_file_that_is_no_directory(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as raised:
        directory(tmp_path, text)
    assert raised.value.problems
    assert raised.value.code == "directory_invalid"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        Directory.load(tmp_path / "none.yaml")
