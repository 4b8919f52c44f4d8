"""Helpers for tests that use the page in the system's headless Chromium."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect, sync_playwright

expect.set_options(timeout=30_000)  # two cores may be busy with other things
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_ARGUMENTS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync".split()
_REPORT_VIOLATIONS = """addEventListener('securitypolicyviolation', event =>
    console.log(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));"""


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page(browser: Browser, address: str, width: int = 1200, height: int = 900) -> Iterator[Page]:
    """Open the page; at the end, fail if it asked another host, showed a dialog, or broke its policy."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    requests: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    broken: list[str] = []
    page.add_init_script(_REPORT_VIOLATIONS)
    page.on("console", lambda line: broken.append(line.text) if line.text.startswith("policy:") else None)
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(address)
    page.wait_for_selector("#question textarea")
    yield page
    foreign = [url for url in requests if not url.startswith((address, "data:", "blob:"))]
    context.close()
    assert not foreign and not dialogs and not broken


def ask(page: Page, question: str, answers: int = 1) -> None:
    """Send a question and wait until that many answers are finished."""
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    expect(page.locator(".answer .foot")).to_have_count(answers, timeout=60_000)
