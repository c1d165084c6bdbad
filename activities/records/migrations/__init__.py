"""The making and changing of the records' tables.

What it is: `upgrade` and `head` over the Alembic scripts in `versions/`, without an ini file.
What it is not: a place for the models; a script says in its own words what it makes, so that it
makes the same for ever.
Who may import it: the records and their tests.

A new script: write `versions/vNNNN_what.py` by hand; the drift test on both databases says what it
lacks.
"""

from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_ALONE = Lock()
"""Alembic keeps the migration it is at in the module: one at a time in a process."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str:
    """The newest schema that this program knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None
    return newest


def known(revision: str) -> bool:
    """Whether this program knows that schema."""
    return any(
        script.revision == revision
        for script in ScriptDirectory.from_config(_config()).walk_revisions()
    )


def current(connection: Connection) -> str | None:
    """The schema that the database has; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the database to `to` in the connection's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    with _ALONE:
        command.upgrade(config, to)
