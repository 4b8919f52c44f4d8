"""Test logins: the file, and a real server with and without a login, through HTTP, gradio_client and a browser."""

import asyncio
import hashlib
import os
import stat
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from argon2 import PasswordHasher
from conftest import ROOT
from gradio_client import Client
from gradio_client.exceptions import AuthenticationError
from serving import run_server, wait_until

from rag.serving.authentication import LoginError, Logins, login_line, set_login
from rag.serving.request_guard import client_network
from rag.settings import SettingError, Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ADA, BO = ("ada", "kestrel bay ferry"), ("bo.b", "otters & seals")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("logins") / "logins"
    for login in (("ada", "an older password"), BO, ADA):
        set_login(file, *login)
    return file


@pytest.fixture(scope="module")
def address(sample_folder: Path, file: Path) -> Iterator[str]:
    with run_server(
        sample_folder, file.with_name("log"), DATELINE_LOGINS=str(file), DATELINE_MODEL="none"
    ) as (
        address,
        _,
    ):
        yield address


def test_file_holds_salted_hashes_and_is_private(file: Path) -> None:
    text = file.read_text()
    assert [line.partition(":")[0] for line in text.splitlines()] == ["bo.b", "ada"] and ADA[1] not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and login_line(*ADA) != login_line(*ADA)
    logins = Logins(file)
    assert logins.verify(*ADA) and logins.verify(*BO)
    for wrong in (
        ("ada", BO[1]),
        ("ada", "an older password"),
        ("ada", ""),
        ("nobody", ""),
        ("nobody", ADA[1]),
        ("", ""),
        ("ada", "\ud800"),
    ):
        assert not logins.verify(*wrong)


def old_line(name: str, password: str) -> str:
    """Return the line of a login as Dateline wrote it before argon2."""
    salt = b"kestrel bay salt"
    hashed = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
    return f"{name}:scrypt${salt.hex()}${hashed.hex()}"


def test_passwords_are_hashed_with_argon2id() -> None:
    name, _, hashed = login_line(*ADA).partition(":")
    assert name == "ada" and hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PasswordHasher().verify(hashed, ADA[1])  # by the library alone


def test_an_old_login_is_accepted_and_hashed_anew(tmp_path: Path) -> None:
    file = tmp_path / "logins"
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("a third password")
    file.write_text(f"{old_line(*ADA)}\n{old_line(*BO)}\ncleo:{weak}\n")
    logins = Logins(file)
    assert not logins.verify("ada", BO[1]) and file.read_text().startswith("ada:scrypt$")
    assert not logins.verify("nobody", ADA[1])
    assert logins.verify(*ADA) and logins.verify("cleo", "a third password")
    lines = file.read_text().splitlines()
    assert [line.partition(":")[2][:10] for line in lines] == [
        "$argon2id$",
        "scrypt$" + b"kes".hex()[:3],
        "$argon2id$",
    ]
    assert "m=65536,t=3" in lines[2] and stat.S_IMODE(file.stat().st_mode) == 0o600
    for again in (logins, Logins(file)):
        assert again.verify(*ADA) and again.verify("cleo", "a third password")
        assert not again.verify("ada", BO[1]) and not again.verify("cleo", "")


def test_a_password_that_was_changed_meanwhile_is_not_changed_back(tmp_path: Path) -> None:
    file = tmp_path / "logins"
    file.write_text(f"{old_line(*ADA)}\n")
    logins = Logins(file)
    set_login(file, "ada", "a newer password")
    assert logins.verify(*ADA)  # until the restart that `dateline login` asks for
    assert Logins(file).verify("ada", "a newer password") and not Logins(file).verify(*ADA)


def test_a_file_that_cannot_be_written_lets_its_users_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "logins"
    file.write_text(f"{old_line(*ADA)}\n")
    logins = Logins(file)
    (tmp_path / "logins.new").mkdir()  # where the new file would be written
    assert logins.verify(*ADA) and logins.verify(*ADA)
    assert "hashed anew" in caplog.text and "ada" not in caplog.text and ADA[1] not in caplog.text


def test_the_servers_sessions_end(sample_folder: Path, file: Path) -> None:
    """An hour of `DATELINE_SESSION` passes in six seconds here."""
    settings = {"DATELINE_LOGINS": str(file), "DATELINE_MODEL": "none", "DATELINE_SESSION": "1"}
    log = file.with_name("hurried-log")
    with (
        run_server(sample_folder, log, program="tests/hurried_server.py", **settings) as (address, _),
        httpx.Client(base_url=address, timeout=60) as browser,
    ):
        assert browser.post("/login", data={"username": ADA[0], "password": ADA[1]}).status_code == 200
        assert browser.get("/gradio_api/info").status_code == 200
        wait_until(lambda: browser.get("/gradio_api/info").status_code == 401)
        assert browser.post("/login", data={"username": ADA[0], "password": ADA[1]}).status_code == 200
        assert browser.get("/gradio_api/info").status_code == 200
    assert Settings.read({}).session == 12
    with pytest.raises(SettingError, match="DATELINE_SESSION"):
        Settings.read({"DATELINE_SESSION": "0"})


def test_wrong_passwords_of_one_name_wait_for_each_other(file: Path) -> None:
    async def attempts() -> list[bool]:
        logins = Logins(file)
        return await asyncio.gather(
            logins.authenticate("ada", "1"), logins.authenticate("ada", "2"), logins.authenticate(*BO)
        )

    started = time.monotonic()
    assert asyncio.run(attempts()) == [False, False, True] and time.monotonic() - started >= 2


def test_a_flood_of_attempts_locks_nobody_else_out(file: Path) -> None:
    logins = Logins(file)

    async def attempt(network: str, name: str, password: str) -> bool:
        client_network.set(network)
        return await logins.authenticate(name, password)

    async def flood() -> tuple[bool, bool, list[bool]]:
        one_name = [attempt("203.0.113.9", "ada", str(n)) for n in range(500)]
        many_names = [attempt("203.0.113.10", f"name{n}", "x") for n in range(500)]
        strangers = [asyncio.create_task(task) for task in (*one_name, *many_names)]
        await asyncio.sleep(0.2)
        owner = await attempt("198.51.100.1", *ADA)
        waiting = not all(task.done() for task in strangers)  # the last with that name waits for five seconds
        assert len(logins._names) < 100 and len(logins._networks) <= 2  # most were refused at once
        return owner, waiting, await asyncio.gather(*strangers)

    owner, others_wait, strangers = asyncio.run(flood())
    assert owner and others_wait and len(strangers) == 1_000 and not any(strangers)
    assert not len(logins._names) and not len(logins._networks)


@pytest.mark.parametrize("form", ["argon2", "scrypt"])
def test_known_and_unknown_names_cost_the_same(tmp_path: Path, form: str) -> None:
    (tmp_path / "logins").write_text(
        f"{login_line(*BO)}\n{old_line(*ADA) if form == 'scrypt' else login_line(*ADA)}\n"
    )
    logins = Logins(tmp_path / "logins")
    spent: dict[str, list[float]] = {"ada": [], "nobody": []}
    for _ in range(15):
        for name, seconds in spent.items():
            began = time.process_time()  # argon2 computes in threads of its own
            assert not logins.verify(name, "a wrong password")
            seconds.append(time.process_time() - began)
    known, unknown = (statistics.median(seconds) for seconds in spent.values())
    assert known == pytest.approx(unknown, rel=0.25)


def test_unknown_names_wait_as_known_ones_do(file: Path) -> None:
    async def seconds(names: list[str]) -> float:
        logins, began = Logins(file), time.monotonic()
        await asyncio.gather(*(logins.authenticate(name, "a wrong password") for name in names))
        return time.monotonic() - began

    for names in (["ada", "bo.b"], ["nobody", "no-one"]):  # two names do not wait for each other
        assert 1 <= asyncio.run(seconds(names)) < asyncio.run(seconds(3 * names[:1]))
    for name in ("ada", "nobody"):
        assert asyncio.run(seconds([name, name])) >= 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada:secret",
        "ada:scrypt$00$00",
        "ada:$argon2id$v=19$m=1",
        ":scrypt$" + "0" * 32 + "$" + "0" * 64,
    ],
)
def test_invalid_or_missing_file_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "logins").write_text(text)
    with pytest.raises(LoginError, match="dateline login NAME"):
        Logins(tmp_path / "logins")
    with pytest.raises(LoginError, match="dateline login NAME"):
        Logins(tmp_path / "none")


@pytest.mark.parametrize(
    "login",
    [
        ("a:b", "long enough"),
        ("", "long enough"),
        ("a\nb", "long enough"),
        ("ada", "short"),
        ("ada", "x" * 201),
    ],
)
def test_invalid_names_and_passwords_are_refused(login: tuple[str, str]) -> None:
    with pytest.raises(LoginError):
        login_line(*login)


def test_login_command_writes_a_login(tmp_path: Path) -> None:
    code = "import getpass, sys; getpass.getpass = lambda prompt: 'kestrel bay ferry'; from rag.cli.main import main; sys.exit(main(['login', 'ada']))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DATELINE_LOGINS": str(tmp_path / "l")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "ada may log in" in done.stdout and Logins(tmp_path / "l").verify(*ADA)


# From the second line on: routes that Gradio's own login leaves open.
_ROUTES = [
    *(("GET", path) for path in ("config", "gradio_api/info", "gradio_api/openapi.json", "gradio_api/file=x", "gradio_api/queue/data?session_hash=a")),
    *(("GET", path) for path in ("gradio_api/heartbeat/a", "gradio_api/token", "gradio_api/user", "gradio_api/app_id", "monitoring/x", "docs")),
    *(("GET", path) for path in ("gradio_api/stream/a/b/1/playlist.m3u8", "gradio_api/vibe-code", "custom_component/a/b/c/d", "gradio_api/runs")),
    *(("POST", f"gradio_api/{path}") for path in ("call/ask", "call/v2/ask", "run/ask", "queue/join", "upload", "cancel", "reset", "stream/a")),
    *(("POST", path) for path in ("gradio_api/vibe-edit", "gradio_api/run-history/connect", "gradio_api/call/health", "call/ask", "//cancel")),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), _ROUTES)
def test_every_route_needs_a_login(address: str, method: str, path: str) -> None:
    for cookies in ({}, {"access-token-unsecure-x": "y"}):
        reply = httpx.request(
            method,
            f"{address}/{path}",
            json={"data": ["What does HS2 cost?"]} if method == "POST" else None,
            cookies=cookies,
        )
        assert reply.status_code == 401, reply.text


def test_login_page_reveals_nothing_of_the_collection(address: str) -> None:
    text = httpx.get(address).text
    assert (
        "auth_required" in text and '"components":[]' in text and "HS2" not in text and "Meridian" not in text
    )


def test_scripts_can_log_in(address: str) -> None:
    with pytest.raises(AuthenticationError):
        Client(address, verbose=False)
    with pytest.raises(ValueError, match="Could not login"):
        Client(address, auth=("ada", "wrong"), verbose=False)
    client = Client(address, auth=ADA, verbose=False)
    assert client.predict("What does HS2 cost?", api_name="/ask")["citations"]
    client.close()
    with httpx.Client(base_url=address, timeout=60) as curl:
        assert curl.post("/login", data={"username": BO[0], "password": BO[1]}).status_code == 200
        event = curl.post("/gradio_api/call/health", json={"data": []}).json()["event_id"]
        assert "event: complete" in curl.get(f"/gradio_api/call/health/{event}").text
        curl.get("/logout")
        curl.cookies.clear()
        assert curl.post("/gradio_api/call/health", json={"data": []}).status_code == 401


def test_a_flood_from_elsewhere_does_not_lock_the_owner_out(address: str) -> None:
    def log_in(sender: str, password: str) -> int:
        form = {"username": ADA[0], "password": password}
        reply = httpx.post(
            f"{address}/login", data=form, headers={"x-forwarded-for": sender}, timeout=60
        )  # from a proxy on this computer, which the server believes
        return reply.status_code

    with ThreadPoolExecutor(20) as pool:
        flood = [pool.submit(log_in, "203.0.113.9", f"guess {n}") for n in range(60)]
        time.sleep(0.5)
        assert log_in("198.51.100.1", ADA[1]) == 200 and not all(attempt.done() for attempt in flood)
        assert {attempt.result() for attempt in flood} == {400}
        assert log_in("203.0.113.9", ADA[1]) == 200  # afterwards nobody is locked out


def test_users_of_one_browser_do_not_see_each_others_conversations(browser: "Browser", address: str) -> None:
    from browsing import ask
    from playwright.sync_api import expect

    page = browser.new_context().new_page()

    def log_in(name: str, password: str) -> None:
        page.goto(address)
        page.get_by_label("username").fill(name)
        page.get_by_label("password").fill(password)
        page.get_by_role("button", name="Login").click()
        page.wait_for_selector("#question textarea")

    def log_out(page: "Page") -> None:
        page.get_by_role("link", name="Log out").click()
        expect(page.get_by_role("button", name="Login")).to_be_visible()

    log_in(*ADA)
    ask(page, "What does HS2 cost?")
    expect(page.locator("#conversations li a")).to_have_count(1)
    log_out(page)
    log_in(*BO)
    expect(page.locator("#conversations li")).to_have_text("None yet.")
    log_out(page)
    log_in(*ADA)
    expect(page.locator("#conversations li a")).to_have_text("What does HS2 cost?")
    page.context.close()
