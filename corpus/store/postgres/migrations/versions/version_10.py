"""Version 10: the documents beside the articles, which were files of each computer's folder.

What the folder of the process that migrates holds is taken over, and stays there too.
"""

from alembic import context, op

from corpus.store.documents import FolderDocuments

revision, down_revision = "10", "9"

_TABLE = """
CREATE TABLE documents (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL, text text COLLATE "C" NOT NULL
)"""


def upgrade() -> None:
    """Add the table, and take over the files."""
    db = op.get_bind()
    db.exec_driver_sql(_TABLE)
    db.exec_driver_sql("CREATE INDEX documents_name ON documents(name, number)")
    files = FolderDocuments(context.config.attributes["folder"])
    for name in files.names():
        db.exec_driver_sql(
            "INSERT INTO documents (name, text) VALUES (%s, %s)", (name, files[name].read() or "")
        )
