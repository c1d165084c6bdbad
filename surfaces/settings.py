"""Settings of worker and starter: variables `DUECOURSE_*`, and Temporal's own for the connection.

What it is: where records, definitions, directory and channels are, and the connection as
`temporalio.envconfig` reads it (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_PROFILE`,
`TEMPORAL_API_KEY`, `TEMPORAL_TLS*`, or a profile file). It has no names of its own for those.
What it is not: secrets of channels, which `channels.yaml` points to.
Who may import it: the surfaces and the composition.
"""

import os
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from temporalio.client import Client
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from definitions.problems import DuecourseError
from workflows.payloads import DATA_CONVERTER

ROOT = Path(__file__).resolve().parent.parent


class BadSettings(DuecourseError):
    """The operator's fault: a setting cannot be used."""

    code = "settings_invalid"


class TemporalUnavailable(DuecourseError):
    """The world's fault: Temporal does not answer."""

    code = "temporal_unavailable"


class Settings(BaseSettings):
    """What `DUECOURSE_*` says."""

    model_config = SettingsConfigDict(env_prefix="DUECOURSE_", frozen=True, extra="ignore")

    database_url: str = "sqlite:///duecourse.db"
    """Records: `sqlite:///path` or `postgresql://…`."""
    definitions: Path | None = None
    """Folder of process definitions; by default those that come with the program."""
    directory: Path = ROOT / "settings" / "directory.yaml"
    channels: Path = ROOT / "settings" / "channels.yaml"
    webhooks: Path = ROOT / "settings" / "webhooks.yaml"
    webhooks_deliver: bool = True
    """Whether this worker sends to the subscriptions, or leaves that to others."""
    task_queue: str = Field(default="duecourse", min_length=1, max_length=200)
    ui_url: str = ""
    """Where people find Temporal's UI; notices link to it."""
    state: Path = Path("duecourse-temporal.db")
    """File of the embedded Temporal server."""
    ui_port: int = Field(default=0, ge=0, le=65535)
    """Port of the embedded UI; 0 takes a free one."""
    port: int = Field(default=0, ge=0, le=65535)
    """Port of the embedded server; 0 takes a free one."""
    http_host: str = Field(default="127.0.0.1", min_length=1, max_length=255)
    """Where `serve` listens."""
    http_port: int = Field(default=8080, ge=0, le=65535)
    api_keys: Path | None = None
    """File of the keys of other systems; without one `serve` wants `--open`."""
    asleep_after: int = Field(default=300, ge=1)
    """Seconds by which a wake-up may be late before `/readyz` calls the engine asleep."""
    max_cached_cases: int = Field(default=1000, ge=1)


def load_settings() -> Settings:
    """The settings from the environment. Raises `BadSettings`."""
    try:
        return Settings()
    except ValidationError as broken:
        found = [
            f"DUECOURSE_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}"
            for one in broken.errors(include_url=False, include_input=False)
        ]
        raise BadSettings("; ".join(found), hint="set them right, or not at all") from None


def runtime(level: str = "ERROR") -> Runtime:
    """A runtime whose core says no more than that on stdout."""
    logging = LoggingConfig(filter=TelemetryFilter(core_level=level, other_level="ERROR"))
    return Runtime(telemetry=TelemetryConfig(logging=logging))


def _profile() -> ClientConnectConfig:
    # The library takes a file that is not there for an empty one.
    if (file := os.environ.get("TEMPORAL_CONFIG_FILE")) and not Path(file).is_file():
        raise FileNotFoundError(f"there is no file {file}")
    return ClientConfig.load_client_connect_config()


async def connect(runtime: Runtime | None = None, **overrides: Any) -> Client:
    """A client as Temporal's settings or profile say, with this program's converter.

    Raises `TemporalUnavailable` or `BadSettings`.
    """
    try:
        config = _profile()
    except Exception as broken:  # the library names no type for a broken profile
        raise BadSettings(
            f"Temporal's settings cannot be read: {broken}",
            hint="see TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE and the other TEMPORAL_* variables",
        ) from broken
    wanted: dict[str, Any] = {"target_host": "127.0.0.1:7233", **config, **overrides}
    place = wanted["target_host"]
    try:
        return await Client.connect(
            wanted.pop("target_host"), data_converter=DATA_CONVERTER, runtime=runtime, **wanted
        )
    except (RuntimeError, OSError, ValueError) as broken:
        said = (str(broken).strip().splitlines() or [type(broken).__name__])[0]
        raise TemporalUnavailable(
            f"Temporal at {place} does not answer: {said[:300]}",
            hint="start it, or set TEMPORAL_ADDRESS, or run `python worker.py --embedded`",
            facts={"address": place},
        ) from broken
