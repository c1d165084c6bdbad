"""The server of the session, and shorter patience with hanging activities."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
import structlog

from tests.shell.conftest import client, server
from workflows import performing, requesting

__all__ = ["client", "server"]


@pytest.fixture
def storm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The shell's own time-outs for activities, a fraction of their length, so that a hang is over
    within seconds; and no log, which would tell every injected fault."""
    monkeypatch.setattr(performing, "WRITE", timedelta(seconds=2))
    monkeypatch.setattr(performing, "SEND", timedelta(seconds=3))
    monkeypatch.setattr(requesting, "REACH", timedelta(seconds=3))
    monkeypatch.setattr(requesting, "COMPUTE", timedelta(seconds=3))
    logger = logging.getLogger("temporalio")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    with structlog.testing.capture_logs():
        yield
    logger.setLevel(before)
