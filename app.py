"""Dateline's chat and API: arguments, a finished assistant, the page, launch. `python app.py --help` works without the models."""

import argparse
import os
import signal
import socket
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from rag.errors import run_command
from rag.settings import ROOT, SettingError, Settings

SAMPLE = ROOT / "corpus" / "articles"
SAMPLE_QUESTIONS = (
    "Why was the opening of Berlin airport called off in May 2012?",
    "How has the cost of HS2 changed?",
    "What do the auditors and the council say about the cost of the Kestrel Bay ferry?",
    "How many trainers was NATO thinking of sending to Iraq in 2014?",
    "Which orchestra played at the reopening of Notre-Dame?",  # nothing in the collection says so
)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Gradio reads these itself, and each would open more than the user of a local program expects.
_UNSAFE = ("GRADIO_SHARE", "GRADIO_VIBE_MODE", "GRADIO_ALLOWED_PATHS", "GRADIO_MCP_SERVER")


def main(arguments: list[str] | None = None) -> int:
    settings = Settings.read()
    parser = argparse.ArgumentParser(
        prog="python app.py", description="Dateline: ask your news articles, in the browser and over an API."
    )
    parser.add_argument(
        "--host",
        default=settings.host,
        help=f"address to listen on (default {settings.host}; others need --listen)",
    )
    parser.add_argument("--port", type=int, default=settings.port, help=f"port (default {settings.port})")
    parser.add_argument(
        "--listen",
        action="store_true",
        help="let other machines in: set DATELINE_LOGINS, and put a proxy with TLS in front",
    )
    parser.add_argument(
        "--mcp",
        action="store_true",
        help="in place of the page, serve tools of the Model Context Protocol to the program that starts this",
    )
    given = parser.parse_args(arguments)
    if given.mcp:
        from rag.__main__ import main as command

        return command(["mcp"])
    # Hugging Face Spaces run the app in a container behind their own proxy.
    in_space = "SPACE_ID" in os.environ
    host, listen = (
        ("0.0.0.0", True)
        if in_space or (given.listen and given.host in _LOOPBACK)
        else (given.host, given.listen)
    )
    _check(host, given.port, listen)
    serve(settings, host, given.port)
    return 0


def _check(host: str, port: int, listen: bool) -> None:
    """Refuse what would fail or open too much, before anything heavy is loaded."""
    for name in _UNSAFE:
        if os.environ.get(name):
            raise SettingError(
                f"{name} is set and would open this computer's files or the chat to others; unset it"
            )
    if host not in _LOOPBACK and not listen:
        raise SettingError(f"{host} lets other machines in; add --listen if that is meant")
    if not 0 < port < 65536:
        raise SettingError(f"{port} is no port; choose one from 1 to 65535")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingError(
                f"{host}:{port} cannot be used ({error.strerror}); end the program that uses it, or choose another with --port"
            ) from error


def serve(settings: Settings, host: str, port: int) -> None:
    """Open the assistant, fill an empty collection with the sample articles, and show the page until Ctrl-C."""
    # Ctrl-C and a service's stop end the server in order, also where a shell that started it in the background had Ctrl-C ignored.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    with TemporaryDirectory(prefix="dateline-") as uploads:
        os.environ["GRADIO_TEMP_DIR"] = uploads  # a folder of our own, which nobody else may read
        _serve(settings, host, port, Path(uploads))


def _serve(settings: Settings, host: str, port: int, uploads: Path) -> None:
    from starlette.middleware import Middleware

    from rag.factory import open_assistant
    from rag.page.error_messages import queue_full_response
    from rag.page.page import STYLESHEET, build_page, is_logged_in, theme
    from rag.serving.authentication import Logins
    from rag.serving.collection import Collection
    from rag.serving.request_guard import RequestGuard

    alone = host in _LOOPBACK
    logins = Logins(Path(settings.logins).expanduser()) if settings.logins else None
    guard = Middleware(
        RequestGuard,
        loopback_only=alone,
        uploads=settings.changes_allowed(alone),
        is_logged_in=is_logged_in if logins else None,
    )
    assistant = open_assistant(settings, say)
    try:
        sampled = add_sample(assistant.library)
        collection = Collection(
            assistant.library, uploads, settings.changes_allowed(alone), settings.upload * 1_000_000
        )
        page = build_page(
            assistant, collection, SAMPLE_QUESTIONS if sampled else (), settings.queue, bool(logins)
        )
        page.launch(
            server_name=host, server_port=port, share=False, ssr_mode=False, show_error=False, quiet=True, prevent_thread_lock=True,
            max_file_size=collection.max_file_bytes, blocked_paths=[str(settings.data)], enable_monitoring=False, mcp_server=False, run_history=False,
            footer_links=[], strict_cors=True, theme=theme(), css_paths=STYLESHEET,
            app_kwargs={"middleware": [guard], "exception_handlers": {503: queue_full_response}}, auth=logins.authenticate if logins else None,
        )  # fmt: skip
        say(f"Dateline is ready at http://{'127.0.0.1' if alone else host}:{port} (Ctrl-C ends it)")
        _until_ended(page, assistant)
    finally:
        assistant.close()


def _until_ended(page, assistant) -> None:
    """Wait for Ctrl-C or a stop. Then nobody is let in, whoever still waits for an answer is told so, and replies that are being sent are finished."""
    try:
        Event().wait()
    except KeyboardInterrupt:
        say("Dateline is shutting down")
        assistant.begin_shutdown()
        page.server.close()


def add_sample(library) -> bool:
    """Index the sample collection where the collection is empty, or where an earlier start was stopped at it; True if any of it is there."""
    from tqdm import tqdm

    from corpus.reading.files import find_files
    from corpus.store.lock import write_lock
    from embeddings.ingest import ingest

    store, files = library.store, find_files([SAMPLE])
    if not library.coverage().articles or store.get_property("sample") == "begun":
        with write_lock(store.path.parent):
            store.set_property("sample", "begun")
            for file in tqdm(files, desc="Indexing the sample collection", unit=" articles", disable=None):
                list(ingest(library, file))
            store.set_property("sample", "added")
    return any(store.origin(str(file)) for file in files)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(run_command(main))
