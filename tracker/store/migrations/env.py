"""Alembic's entry: runs migrations on the connection that `tracker.store.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

import tracker.store.door_tables
import tracker.store.hook_tables
import tracker.store.mails
import tracker.store.tables  # noqa: F401 - they fill the metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
