"""A server on this computer that answers as Hugging Face's hub does: a list of files, and the files."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def serve_hub(
    repository: str, files: Mapping[str, bytes], asked: list[tuple[str, int]] | None = None
) -> Iterator[str]:
    """Yield the address of a hub with one repository.

    The path and the first byte of each download are appended to `asked`.
    """

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if path.startswith(f"/api/models/{repository}"):
                listed = [
                    {"type": "file", "path": name, "size": len(files[name]), "oid": ""} for name in files
                ]
                self._answer(json.dumps(listed).encode())
            elif (name := path.partition("/resolve/")[2].partition("/")[2]) in files:
                if asked is not None:
                    asked.append((path, self._begin))
                self._answer(files[name])
            else:
                self.send_error(404)

        @property
        def _begin(self) -> int:
            return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])

        def _answer(self, body: bytes) -> None:
            begin = self._begin
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(len(body) - begin))
            self.send_header("ETag", f'"{sha256(body).hexdigest()}"')
            self.send_header("X-Repo-Commit", "0" * 40)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body[begin:])

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
