"""Run migrations in the transaction of the connection that opens a collection; Alembic runs this file."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
