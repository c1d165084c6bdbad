"""The file of subscriptions: what it takes, and every problem at once with its line."""

from pathlib import Path

import pytest

from activities.feed.settings import read_file, subscriptions
from activities.notices.settings import SettingsError
from surfaces.settings import Settings

GOOD = """
source: https://service.example.com/duecourse
subscriptions:
  crm:
    url: https://crm.example.com/hooks?of=cases
    secret: {env: HOOK}
    processes: [complaint]
    kinds: [opened, breach]
  local: {url: "http://127.0.0.1:9/x", secret: {file: secret.txt}, personal: true}
  later: {url: "https://later.example.com", secret: {env: NONE}, active: false}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "webhooks.yaml"
    path.write_text(text, encoding="utf-8")
    (folder / "secret.txt").write_text("from a file\n", encoding="utf-8")
    return path


def test_subscriptions_with_their_secrets(tmp_path: Path) -> None:
    crm, local = subscriptions(written(tmp_path, GOOD), {"HOOK": "from outside"})
    assert (crm.name, crm.secret, crm.source) == (
        "crm",
        "from outside",
        "https://service.example.com/duecourse",
    )
    assert (crm.wanted.processes, crm.wanted.kinds) == (("complaint",), ("opened", "breach"))
    assert (local.secret, local.said.personal) == ("from a file", True)


def test_a_missing_secret_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as wrong:
        subscriptions(written(tmp_path, GOOD), {})
    assert wrong.value.code == "webhooks_invalid"
    assert "subscriptions.crm.secret" in str(wrong.value)
    assert "HOOK is not set" in str(wrong.value)


def test_one_is_asked_for_though_it_is_not_active(tmp_path: Path) -> None:
    (later,) = subscriptions(written(tmp_path, GOOD), {"NONE": "known now"}, "later")
    assert later.secret == "known now"


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.com/hook",
        "http://10.0.0.1/hook",
        "ftp://127.0.0.1/hook",
        "https://",
        "https://user:password@crm.example.com/",
        "https://crm.example.com/#part",
        "crm.example.com",
    ],
)
def test_addresses_that_are_refused(tmp_path: Path, url: str) -> None:
    text = f"subscriptions:\n  crm:\n    url: '{url}'\n    secret: {{env: HOOK}}\n"
    with pytest.raises(SettingsError, match=r"webhooks.yaml:3:.*subscriptions\.crm\.url"):
        read_file(written(tmp_path, text))


@pytest.mark.parametrize(
    "url",
    ["https://10.0.0.1:8443/a", "http://localhost:80/", "http://[::1]:9/", "http://127.8.8.8"],
)
def test_addresses_that_are_taken(tmp_path: Path, url: str) -> None:
    text = f"subscriptions:\n  crm: {{url: '{url}', secret: {{env: HOOK}}}}\n"
    assert read_file(written(tmp_path, text)).subscriptions["crm"].url == url


def test_every_problem_at_once(tmp_path: Path) -> None:
    text = "subscriptions:\n  crm:\n    url: http://x.example\n    kinds: [opend]\n    mine: 1\n"
    with pytest.raises(SettingsError) as wrong:
        read_file(written(tmp_path, text))
    assert {problem.path for problem in wrong.value.problems} == {
        "subscriptions.crm.secret",
        "subscriptions.crm.url",
        "subscriptions.crm.kinds[0]",
        "subscriptions.crm.mine",
    }


def test_the_example_has_nobody_and_shows_one(tmp_path: Path) -> None:
    path = Settings().webhooks
    assert read_file(path).subscriptions == {}
    shown = path.read_text(encoding="utf-8").replace("subscriptions: {}", "subscriptions:")
    (crm,) = subscriptions(
        written(tmp_path, shown.replace("\n  # ", "\n  ")), {"DUECOURSE_HOOK_CRM": "x"}
    )
    assert (crm.name, crm.said.give_up_hours, crm.said.begin) == ("crm", 24, "now")
