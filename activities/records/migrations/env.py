"""Alembic's entrance: runs the scripts on the connection that `upgrade` passes.

What it is not: a reader of settings or a maker of connections. Nobody imports it.
"""

from alembic import context

from activities.records.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
)
with context.begin_transaction():
    context.run_migrations()
