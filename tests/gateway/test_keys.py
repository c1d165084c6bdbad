"""Keys: made, held as a digest, refused with every problem; and a gateway that wants them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from surfaces.cli import main
from surfaces.gateway.access import NotPermitted, sender
from surfaces.gateway.bodies import Person
from surfaces.gateway.keys import ANYBODY, Caller, Keys
from surfaces.server import free_port
from tests.surfaces.play import PROCESSES

ROOT = Path(__file__).parents[2]

Out = pytest.CaptureFixture[str]
NEW = ["keys", "new", "crm", "--role", "service_specialist", "--right", "read", "--right", "send"]


def test_a_new_key_opens_what_its_lines_say(capsys: Out, tmp_path: Path) -> None:
    assert main([*NEW, "--organisation", "0012", "--organisation", "厦门", "--on-behalf"]) == 0
    said = capsys.readouterr().out
    key = next(line for line in said.splitlines() if line.startswith("dc_"))
    lines = said[said.index("keys:\n") :]
    assert key not in lines
    file = tmp_path / "keys.yaml"
    file.write_text(lines, encoding="utf-8")
    caller = Keys.load(file).caller(key)
    assert caller == Caller(
        "crm",
        ("service_specialist",),
        frozenset({"read", "send"}),
        ("0012", "厦门"),
        on_behalf=True,
    )
    for wrong in ("", "dc_", key[:-1], f"{key} ", key.upper()):
        assert Keys.load(file).caller(wrong) is None


def test_each_key_is_another(capsys: Out) -> None:
    made = set()
    for _ in range(3):
        assert main([*NEW, "--json"]) == 0
        made.add(json.loads(capsys.readouterr().out)["key"])
    assert len(made) == 3


@pytest.mark.parametrize("arguments", [["a b"], ["../x"], ["crm", "--role", "process:complaint"]])
def test_no_key_for_what_cannot_be(capsys: Out, arguments: list[str]) -> None:
    assert main(["keys", "new", *arguments]) == 2
    assert "error bad_input" in capsys.readouterr().err


ONE = "{sha256: " + "a" * 64 + "}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "keys: {}",
        "keys: {crm: {sha256: abc}}",
        f"keys: {{'../x': {ONE}}}",
        f"keys: {{a: {ONE}, b: {ONE}}}",
        f"keys: {{a: {ONE[:-1]}, rights: [all]}}}}",
        f"keys: {{a: {ONE[:-1]}, roles: ['process:complaint']}}}}",
        f"keys: {{a: {ONE[:-1]}, secret: x}}}}",
    ],
)
def test_a_file_that_cannot_be_used(
    capsys: Out, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("DUECOURSE_API_KEYS", str(file))
    assert main(["serve"]) == 2
    assert "error keys_invalid" in capsys.readouterr().err


def test_nobody_is_let_in_by_chance(capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DUECOURSE_API_KEYS", raising=False)
    assert main(["serve"]) == 2
    assert "no file of API keys" in capsys.readouterr().err
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.org"):
        assert main(["serve", "--open", "--host", host]) == 2
        assert "let anybody" in capsys.readouterr().err


def test_a_signal_ends_the_serving_with_what_is_held(tmp_path: Path) -> None:
    port = free_port()
    settings = {
        "DUECOURSE_DATABASE_URL": f"sqlite:///{tmp_path / 'none.db'}",
        "DUECOURSE_DEFINITIONS": str(PROCESSES),
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
    }
    command = [sys.executable, "starter.py", "serve", "--open", "--port", str(port)]
    serving = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings})
    try:
        alive = f"http://127.0.0.1:{port}/healthz"
        deadline = time.monotonic() + 60
        while True:
            assert time.monotonic() < deadline
            assert serving.poll() is None
            try:
                assert httpx2.get(alive).status_code == 200
            except httpx2.ConnectError:
                time.sleep(0.1)
            else:
                break
        ready = httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=30)
        assert ready.status_code == 503
        assert ready.json()["troubles"] == ["temporal_unavailable", "records_unavailable"]
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(30) == 0
    finally:
        serving.kill()
        serving.wait()


def test_in_whose_name() -> None:
    crm = Caller("crm", ("clerk", "chief"))
    assert sender(crm, None).id == "crm"
    with pytest.raises(NotPermitted):
        sender(crm, Person(id="li"))
    proxy = Caller("crm", ("clerk", "chief"), on_behalf=True)
    assert sender(proxy, Person(id="li", roles=("clerk",))).roles == ("clerk",)
    assert sender(proxy, Person(id="li")).roles == ("clerk", "chief")
    assert sender(proxy, Person(id="li", roles=())).roles == ()
    with pytest.raises(NotPermitted):
        sender(proxy, Person(id="li", roles=("clerk", "boss")))
    assert sender(ANYBODY, Person(id="li", roles=("boss",))).roles == ("boss",)
