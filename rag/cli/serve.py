"""The commands that serve: `dateline serve` the page and the API, `dateline mcp` tools for a client."""

import os
import re
import signal
import socket
import sys
import time
import webbrowser
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from rag.cli.reader import fetch_by_default
from rag.settings import SettingError, Settings

if TYPE_CHECKING:
    from embeddings.library import Library

_OTHER_THREADS = 40  # limit, as in Gradio; each question that waits for the model has one besides
_LONG_SECONDS = 3600
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
# Gradio reads these itself, and each would open more than the user of a local program expects.
_UNSAFE_VARIABLES = ("GRADIO_SHARE", "GRADIO_VIBE_MODE", "GRADIO_ALLOWED_PATHS", "GRADIO_MCP_SERVER")


@click.command()
@click.option(
    "--host", help="Address to listen on (default: DATELINE_HOST); any but loopback needs --listen."
)
@click.option("--port", type=int, help="Port (default: DATELINE_PORT).")
@click.option(
    "--listen",
    is_flag=True,
    help="Let other machines in: set DATELINE_LOGINS and DATELINE_HOSTS, and put a proxy with TLS in front.",
)
@click.option(
    "--fetch/--no-fetch",
    default=False,
    help="First fetch the standard reader, unless it is here or DATELINE_MODEL names another; make run does.",
)
@click.option(
    "--browser/--no-browser",
    default=None,
    help="Open the page in the browser when it is ready (default: where a person starts it on a desktop).",
)
@click.option("--mcp", "as_tools", is_flag=True, help="In place of the page, do what `dateline mcp` does.")
def serve(
    host: str | None, port: int | None, listen: bool, fetch: bool, browser: bool | None, as_tools: bool
) -> None:
    """Open the page and the API, until Ctrl-C."""
    settings = Settings.read()
    if as_tools:
        _serve_tools(settings)
        return
    host, port = host or settings.host, settings.port if port is None else port
    if _in_space() or (listen and host in _LOOPBACK):
        host, listen = "0.0.0.0", True
    hosts = _host_names(settings, host)
    _check_address(host, port, listen)
    if fetch:
        fetch_by_default(settings)
    with TemporaryDirectory(prefix="dateline-") as uploads:
        os.environ["GRADIO_TEMP_DIR"] = uploads  # a folder of our own, which nobody else may read
        opens = _on_a_desktop() and not listen if browser is None else browser
        _serve_page(settings, host, port, hosts, Path(uploads), opens)


@click.command()
def mcp() -> None:
    """Serve tools of the Model Context Protocol.

    They are served on standard input and output, to the program that starts this one.
    """
    _serve_tools(Settings.read())


def _in_space() -> bool:
    """Whether this is a Hugging Face Space: a container behind a proxy, in a frame of their page."""
    return "SPACE_ID" in os.environ


def _host_names(settings: Settings, host: str) -> list[str]:
    """Return the names of this server: those of the setting, the machine's own and that of a Space."""
    names = [name.strip() for name in settings.hosts.split(",") if name.strip()]
    for name in names:
        if not _HOST_NAME.fullmatch(name):
            raise SettingError(
                f'DATELINE_HOSTS has "{name[:40]}"; give names alone, without scheme and port, '
                "separated by commas: news.example,library.local"
            )
    return [*names, host, socket.gethostname(), *filter(None, [os.environ.get("SPACE_HOST")])]


def _check_address(host: str, port: int, listen: bool) -> None:
    """Raise SettingError for what would fail or open too much, before anything heavy is loaded."""
    for name in _UNSAFE_VARIABLES:
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
                f"{host}:{port} cannot be used ({error.strerror}); "
                "end the program that uses it, or choose another with --port"
            ) from error


def _on_a_desktop() -> bool:
    """Whether somebody looks on who has a browser with windows; one in the terminal would hide the log."""
    windows = sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    return windows and sys.stdout.isatty() and "SSH_CONNECTION" not in os.environ


def _serve_page(
    settings: Settings, host: str, port: int, hosts: list[str], uploads: Path, opens: bool
) -> None:
    """Open the assistant, add the sample to a new default collection, and serve the page until Ctrl-C."""
    from starlette.middleware import Middleware

    from rag.factory import open_assistant
    from rag.page.page import STYLESHEET, build_page, is_logged_in, theme
    from rag.page.precompiled import precompiled_script
    from rag.page.tabs.error_messages import ERROR_RESPONSES
    from rag.serving.authentication import Logins
    from rag.serving.collection import Collection
    from rag.serving.health import health_routes
    from rag.serving.request_guard import RequestGuard
    from rag.serving.sample import sample_questions

    loopback_only = host in _LOOPBACK and not settings.hosts  # a proxy lets others in by these names
    writable = settings.changes_allowed(loopback_only)
    logins = Logins(Path(settings.logins).expanduser()) if settings.logins else None
    authenticate: Any = logins.authenticate if logins else None  # awaited, though Gradio's type denies it
    assistant = open_assistant(settings, click.echo)
    try:
        _add_sample(settings, assistant.library)
        collection = Collection(assistant.library, uploads, writable, settings.upload * 1_000_000)
        examples = partial(sample_questions, assistant.library)
        page = build_page(assistant, collection, examples, settings.queue, bool(logins))
        guard = Middleware(
            RequestGuard,
            loopback_only=loopback_only,
            hosts=hosts,
            uploads=writable,
            is_logged_in=is_logged_in if logins else None,
            first_script=precompiled_script(page.config),
            framed_by="https://huggingface.co" if _in_space() else "",
        )
        page.launch(
            server_name=host, server_port=port, auth=authenticate,
            max_file_size=collection.max_file_bytes, blocked_paths=[str(settings.data)],
            theme=theme(), css_paths=STYLESHEET, footer_links=[], quiet=True, prevent_thread_lock=True,
            max_threads=_OTHER_THREADS + settings.queue,
            share=False, ssr_mode=False, show_error=False, strict_cors=True,
            enable_monitoring=False, mcp_server=False, run_history=False,
            app_kwargs={"middleware": [guard], "exception_handlers": ERROR_RESPONSES,
                        "routes": health_routes(assistant)},
        )  # fmt: skip
        if logins:
            _share_sessions(page.app, settings, logins.names)
        address = f"http://{'127.0.0.1' if loopback_only else host}:{port}"
        click.echo(f"Dateline is ready at {address} (Ctrl-C ends it)")
        if opens:
            webbrowser.open(address)
        _wait_for_stop()
        # New and waiting requests are refused; replies that are being sent are finished.
        assistant.begin_shutdown()
        click.echo("Dateline is shutting down")
        page.server.close()  # type: ignore[no-untyped-call]
        collection.stop_adding()
    finally:
        assistant.close()


def _share_sessions(app: Any, settings: Settings, names: Iterable[str]) -> None:
    """Have Gradio keep who is logged in where other processes find it, under a cookie that they share."""
    from rag.serving.sessions import Sessions

    app.tokens = Sessions(settings.data, settings.session * 3600, names)
    app.cookie_id = app.tokens.cookie_id


def _wait_for_stop() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(_LONG_SECONDS)  # Ctrl-C ends it on Windows too, where it would not end Event.wait


def _add_sample(settings: Settings, library: "Library") -> None:
    """Add the sample articles at the first start of the default collection."""
    from tqdm import tqdm

    from rag.serving.sample import add_sample, sample_is_due, sample_size

    if sample_is_due(settings, library):
        done = add_sample(library)
        for _ in tqdm(done, "Indexing the sample collection", sample_size(), unit=" articles", disable=None):
            pass


def _serve_tools(settings: Settings) -> None:
    """Serve the tools of the Model Context Protocol until the client disconnects."""
    from rag.factory import open_assistant
    from rag.serving import mcp_server
    from rag.serving.api import Api
    from rag.serving.collection import Collection

    mcp_server.check()
    # The event loop of the server handles Ctrl-C itself, and a client ends it with SIGTERM.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assistant = open_assistant(settings)
    try:
        with TemporaryDirectory(prefix="dateline-") as uploads:
            collection = Collection(assistant.library, Path(uploads), writable=settings.changes != "none")
            mcp_server.serve(Api(assistant, collection))
    finally:
        assistant.close()
