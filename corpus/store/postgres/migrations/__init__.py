"""The migrations of a collection in PostgreSQL, for Alembic."""
