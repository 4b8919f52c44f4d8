"""One module for each version of the schema, from version 9 on, which was the first in PostgreSQL."""
