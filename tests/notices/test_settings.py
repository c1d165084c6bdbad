"""The channels' settings, and the example that comes with the project."""

import json
import logging
from pathlib import Path

import pytest

from activities.notices.channels.base import Message, Permanent
from activities.notices.channels.configuration import ChannelSettings, build_channels, check_names
from activities.notices.channels.console import Console
from activities.notices.channels.mail import Mail
from activities.notices.channels.robots import Robot
from activities.notices.channels.web import http_clients
from activities.notices.channels.webhook import Webhook
from activities.notices.clock import SYSTEM
from activities.notices.directory import Directory
from activities.notices.settings import SettingsError
from definitions.reader import read

SETTINGS = Path(__file__).parents[2] / "settings"
GOOD = """
channels:
  mail:
    type: email
    host: smtp.example.com
    sender: duty@example.com
    username: duty
    password: {env: SMTP_PASSWORD}
  room: {type: wecom, url: {env: ROOM_URL}}
  other_room: {type: feishu, url: {file: room_url}, secret: {env: ROOM_SECRET}, rate: 7}
  crm: {type: webhook, url: https://crm.example.com/hook, secret: {env: CRM_SECRET}}
  log: {type: console, file: notices.jsonl}
"""
ENVIRONMENT = {
    "SMTP_PASSWORD": "p",
    "ROOM_URL": "https://qy.example/send?key=k",
    "ROOM_SECRET": "s",
    "CRM_SECRET": "c",
}


def loaded(folder: Path, text: str = GOOD) -> ChannelSettings:
    path = folder / "channels.yaml"
    path.write_text(text, "utf-8")
    return ChannelSettings.load(path)


def test_channels_are_built_with_their_secrets_and_rates(tmp_path: Path) -> None:
    (tmp_path / "room_url").write_text("https://fs.example/hook/k\n", "utf-8")
    built = build_channels(loaded(tmp_path), http_clients(), SYSTEM, ENVIRONMENT)
    mail, room, other, crm = (built[name] for name in ("mail", "room", "other_room", "crm"))
    assert isinstance(mail, Mail)
    assert (mail.password, mail.domain, mail.port, mail.tls) == (
        "p",
        "example.com",
        587,
        "starttls",
    )
    assert isinstance(room, Robot)
    assert (room.url, room.rate) == (ENVIRONMENT["ROOM_URL"], 20)
    assert isinstance(other, Robot)
    assert (other.url, other.secret, other.rate) == ("https://fs.example/hook/k", "s", 7)
    assert isinstance(crm, Webhook)
    assert crm.secret == "c"
    # Its own log would show the robots' addresses, which are their keys.
    assert logging.getLogger("httpx2").getEffectiveLevel() >= logging.WARNING


def test_every_secret_that_is_not_there_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        build_channels(loaded(tmp_path), http_clients(), SYSTEM, {"SMTP_PASSWORD": "p"})
    assert {one.path for one in raised.value.problems} == {
        "channels.room.url",
        "channels.other_room.url",
        "channels.other_room.secret",
        "channels.crm.secret",
    }
    assert "ROOM_SECRET" in str(raised.value)


BROKEN = """
channels:
  mail: {type: email, host: smtp.example.com, port: many, sender: nobody}
  room: {type: wecom, url: https://plain.example/key}
  crm: {type: webhook, url: https://x.example, secret: {env: A, file: b}}
  bell: {type: bell}
  Wrong: {type: console, colour: red}
"""


def test_every_problem_of_the_file_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        loaded(tmp_path, BROKEN)
    assert raised.value.code == "channels_invalid"
    assert {(one.line, one.path) for one in raised.value.problems} == {
        (3, "channels.mail.port"),
        (3, "channels.mail.sender"),
        (4, "channels.room.url"),
        (5, "channels.crm.secret"),
        (6, "channels.bell"),
        (7, "channels.Wrong"),
        (7, "channels.Wrong.colour"),
    }


def test_the_example_needs_nothing_and_fits_together() -> None:
    settings = ChannelSettings.load(SETTINGS / "channels.yaml")
    channels = build_channels(settings, http_clients(), SYSTEM, {})
    directory = Directory.load(SETTINGS / "directory.yaml")
    check_names(directory.channels, channels)
    shared = read((SETTINGS.parent / "definitions/shared/roles.yaml").read_bytes(), "roles").value
    assert isinstance(shared, dict)
    assert isinstance(shared["roles"], dict)
    human = [k for k, v in shared["roles"].items() if isinstance(v, dict) and "kind" not in v]
    assert len(human) > 10
    assert directory.unfilled(human) == ()
    with pytest.raises(SettingsError, match="'mail' is not set up"):
        check_names(directory.channels, {})


async def test_the_console_appends_to_its_file(tmp_path: Path) -> None:
    file = tmp_path / "notices.jsonl"
    message = Message("k", "题", "文\n", "", "wang", refs={"case": "c"})
    console = Console("log", file)
    receipts = [await console.send(message) for _ in range(2)]
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [one["subject"] for one in lines] == ["题", "题"]
    assert {one["id"] for one in lines} == {receipts[0].id}
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(Permanent):
        await Console("log", tmp_path / "none" / "file").send(message)
