"""Test accessibility: axe-core finds nothing serious in both themes and on a phone, and motion can be turned off."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import CHROMIUM, ask, open_page
from playwright.sync_api import Browser, Page, expect
from serving import run_server
from test_article_pane import HS2

_PACKAGE = importlib.util.find_spec("axe_playwright_python")
pytestmark = [
    pytest.mark.skipif(
        not CHROMIUM, reason="no Chromium on this machine; install it (on Debian: apt-get install chromium)"
    ),
    pytest.mark.skipif(
        not _PACKAGE, reason="axe-core is not installed; run: pip install -r requirements-dev.txt"
    ),
]


@pytest.fixture(scope="module")
def address(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_server(sample_folder, tmp_path_factory.mktemp("access") / "log", DATELINE_MODEL="none") as (
        address,
        _,
    ):
        yield address


def violations(page: Page) -> list[str]:
    """Return the violations that axe-core calls serious or critical, with the elements concerned."""
    assert _PACKAGE and _PACKAGE.submodule_search_locations
    page.evaluate((Path(_PACKAGE.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{item['id']}: {item['help']}: {node['html'][:160]} {node['any'][0]['message'] if node['any'] else ''}"
        for item in found
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"][:3]
    ]


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 1400), ("light", 390)])
def test_chat_has_no_serious_violations(browser: Browser, address: str, theme: str, width: int) -> None:
    with open_page(browser, address, width) as page:
        page.goto(f"{address}/?__theme={theme}")
        page.wait_for_selector("#question textarea")
        page.wait_for_timeout(500)
        assert violations(page) == []
        ask(page, HS2)
        page.locator(".answer summary").last.click()
        page.locator(".answer a.marker").first.click()
        expect(page.locator("#cited-article mark.current")).to_be_visible()
        assert violations(page) == []
        if width < 1200:
            page.get_by_role("button", name="Conversations").click()
        page.wait_for_timeout(800)
        assert violations(page) == []


def test_collection_has_no_serious_violations(browser: Browser, address: str) -> None:
    with open_page(browser, address) as page:
        page.get_by_role("tab", name="Collection").click()
        expect(page.locator("#articles .open").first).to_be_visible()
        assert violations(page) == []
        page.locator("#articles .open").first.click()
        expect(page.locator("#article h2")).to_be_visible()
        assert violations(page) == []


def test_nothing_is_animated_with_reduced_motion(browser: Browser, address: str) -> None:
    page = browser.new_page(reduced_motion="reduce")
    page.goto(address)
    ask(page, HS2)
    animated = "[...document.querySelectorAll('*')].filter(e => e.getAnimations().some(a => a.playState == 'running')).map(e => e.outerHTML.slice(0, 80))"
    assert page.evaluate(animated) == []
    page.close()
