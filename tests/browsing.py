"""The system's Chromium, headless and without a network of its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_ARGUMENTS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync".split()


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, address: str, width: int = 1200, height: int = 900) -> Iterator[Page]:
    """The opened page; afterwards nothing may have been asked of another host, and no script of an article may have run."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    asked: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(address)
    page.wait_for_selector("#question textarea")
    yield page
    foreign = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    context.close()
    assert not foreign and not dialogs


def ask(page: Page, question: str, answers: int = 1) -> None:
    """Type a question, send it, and wait until so many answers are finished."""
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    expect(page.locator(".answer .foot")).to_have_count(answers, timeout=60_000)
