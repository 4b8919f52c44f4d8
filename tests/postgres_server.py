"""A PostgreSQL server for tests: started from the system's package, killed and started again as they ask."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_OWNER, _PASSWORD = "dateline", "kestrel"
_FOLDERS = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/local/bin"))
_START_SECONDS = 60


class PostgresServer:
    """A server on a port of its own; its files are on a disk that need not be synchronised."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self._programs, self._folder, self._user = programs, folder, user
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        password = folder / "password"
        password.write_text(_PASSWORD)
        if user:
            for path in (folder, password):
                shutil.chown(path, user)
        options = ("--auth=scram-sha-256", f"--username={_OWNER}", f"--pwfile={password}", "--encoding=UTF8")
        subprocess.run(
            [programs / "initdb", "-D", folder / "data", "--no-sync", *options],
            **self._as_user(),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        self.start()

    def _as_user(self) -> dict[str, object]:
        return {"user": self._user, "group": self._user, "cwd": self._folder} if self._user else {}

    def start(self) -> None:
        """Start the server, and return when it answers."""
        settings = {"listen_addresses": "127.0.0.1", "port": self._port, "unix_socket_directories": ""}
        settings |= {"fsync": "off", "max_connections": 60}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self._folder / "data", *options],
            **self._as_user(),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        import pg8000

        end = time.monotonic() + _START_SECONDS
        while True:
            try:
                return self.connect().close()
            except (pg8000.InterfaceError, pg8000.DatabaseError):
                assert self._process.poll() is None and time.monotonic() < end
                time.sleep(0.05)

    def connect(self, database: str = "postgres") -> "pg8000.Connection":  # noqa: F821
        """Return a connection to a database, by its name or address."""
        import pg8000

        return pg8000.connect(_OWNER, "127.0.0.1", database.rpartition("/")[2], self._port, _PASSWORD)

    def kill(self) -> None:
        """End the server and all of its processes at once, as a crash does."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def new_database(self) -> str:
        """Return the address of a new database."""
        name = f"d{secrets.token_hex(6)}"
        connection = self.connect()
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name}")
        connection.close()
        return f"postgresql://{_OWNER}:{_PASSWORD}@127.0.0.1:{self._port}/{name}"


@contextmanager
def running() -> Iterator[PostgresServer]:
    """Start a server, or skip the test with the reason why there is none."""
    for package in ("sqlalchemy", "pg8000", "alembic"):
        pytest.importorskip(package, reason=f"{package}: pip install -r requirements-postgresql.txt")
    programs = next((folder for folder in _FOLDERS if (folder / "initdb").exists()), None)
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    user = _other_user() if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="dateline-postgres-"))
    server = PostgresServer(programs, folder, user)
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


def _other_user() -> str:
    import pwd

    names = [user.pw_name for user in pwd.getpwall()]
    for name in ("postgres", "nobody"):
        if name in names:
            return name
    pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")
