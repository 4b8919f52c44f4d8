"""Test stored conversations in a real browser: reopen, search, rename, link, delete, export, give feedback."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from browsing import CHROMIUM, ask, open_page
from conftest import copy_collection
from hostile import HOSTILE
from playwright.sync_api import Browser, Page, expect
from serving import free_port, run_server
from test_article_pane import HS2

from corpus.store.database import Store

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium on this machine; install it (on Debian: apt-get install chromium)"
)
REOPENED = "When did Notre-Dame reopen?"


@pytest.fixture(scope="module")
def address(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_server(
        sample_folder, tmp_path_factory.mktemp("conversations") / "log", DATELINE_MODEL="none"
    ) as (
        address,
        _,
    ):
        yield address


def open_sidebar(page: Page) -> None:
    """Open the list of conversations, which is open where there is room for it."""
    if page.evaluate("innerWidth < 1200"):
        page.get_by_role("button", name="Conversations").click()
    expect(page.locator("#conversations input[type=search]")).to_be_visible()


def stored_exchange(page: Page) -> dict:
    """Return the last exchange of the only conversation stored in the browser."""
    return json.loads(
        page.evaluate(
            "localStorage.getItem(Object.keys(localStorage).find(key => key.startsWith('dateline:')))"
        )
    )["exchanges"][-1]


def test_a_conversation_survives_restarts_and_is_verified_again(
    browser: Browser, sample_folder: Path, tmp_path: Path
) -> None:
    data, port = copy_collection(sample_folder, tmp_path / "data"), free_port()
    page = browser.new_page()
    with run_server(data, tmp_path / "first", port, DATELINE_MODEL="none") as (address, _):
        page.goto(address)
        ask(page, HS2)
        first, link = page.locator(".answer").inner_text(), page.url
        cited = stored_exchange(page)["answer"]["citations"][0]["article"]
        page.goto("about:blank")
    with run_server(data, tmp_path / "second", port, DATELINE_MODEL="none"):
        page.goto(link)
        expect(page.locator(".answer")).to_have_count(1)
        assert page.locator(".answer").inner_text() == first
        ask(page, "When was it approved?", 2)
        expect(page.locator(".answer").last.locator(".searched")).to_contain_text("HS2")
        page.goto("about:blank")
    with closing(Store(data)) as store:
        store.remove(cited)
    with run_server(data, tmp_path / "third", port, DATELINE_MODEL="none"):
        page.goto(link)
        expect(page.locator(".answer").first.locator(".verdict.unverified").first).to_have_text(
            "! source removed"
        )
        page.locator(".answer").first.locator("a.marker").first.click()
        expect(page.locator("#cited-article")).to_contain_text("no longer in the collection")
    page.close()


def test_conversations_can_be_searched_renamed_opened_and_deleted(page: Page) -> None:
    ask(page, HS2)
    page.click("#new")
    expect(page.locator(".answer")).to_have_count(0)
    assert "#conversation" not in page.url
    ask(page, REOPENED)
    open_sidebar(page)
    names = page.locator("#conversations li a")
    expect(names).to_have_text([REOPENED, HS2])
    page.fill("#conversations input[type=search]", "billion hs2")
    expect(names).to_have_text([HS2])
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name of the conversation").fill("The price of a railway")
    page.keyboard.press("Enter")
    page.fill("#conversations input[type=search]", "")
    expect(names).to_have_count(2)
    page.get_by_role("link", name="The price of a railway").click()
    expect(page.locator("#chat")).to_contain_text(HS2)
    ask(page, "Was anyone against it?", 2)
    expect(names.first).to_have_text("The price of a railway")  # the name stays when the conversation goes on
    page.get_by_role("button", name="Delete").last.click()
    page.get_by_role("button", name="Delete for good?").click()
    expect(names).to_have_text(["The price of a railway"])


def test_opening_a_conversation_does_not_date_it_again(page: Page) -> None:
    ask(page, HS2)
    page.evaluate(
        """() => {  // a week ago
            const key = Object.keys(localStorage).find(key => key.startsWith('dateline:'));
            const kept = {...JSON.parse(localStorage.getItem(key)), changed: '2026-01-02T10:00:00.000Z'};
            localStorage.setItem(key, JSON.stringify(kept));
        }"""
    )
    old = page.url
    page.click("#new")
    expect(page.locator(".answer")).to_have_count(0)
    ask(page, REOPENED)
    page.goto("about:blank")
    page.goto(old)  # by its address, and below by its name
    expect(page.locator("#chat")).to_contain_text(HS2)
    open_sidebar(page)
    names, facts = page.locator("#conversations li a"), page.locator("#conversations li .facts")
    expect(names).to_have_text([REOPENED, HS2])
    expect(facts.last).to_have_text("2 January 2026 · 1 question")
    page.get_by_role("link", name=REOPENED).click()
    expect(page.locator("#chat")).to_contain_text(REOPENED)
    page.get_by_role("link", name=HS2).click()
    expect(page.locator("#chat")).to_contain_text(HS2)
    expect(names).to_have_text([REOPENED, HS2])
    ask(page, "Was anyone against it?", 2)  # what is added dates it
    expect(names).to_have_text([HS2, REOPENED])
    expect(facts.first).not_to_contain_text("2 January 2026")


def test_browsers_do_not_see_each_others_conversations(browser: Browser, page: Page, address: str) -> None:
    ask(page, HS2)
    with open_page(browser, address) as other:
        other.goto(page.url)
        open_sidebar(other)
        expect(other.locator("#conversations")).to_contain_text("not kept in this browser")
        expect(other.locator("#conversations li a")).to_have_count(0)
        expect(other.locator(".answer")).to_have_count(0)


def test_answers_and_conversations_can_be_exported(page: Page) -> None:
    ask(page, HS2)
    ask(page, REOPENED, 2)
    page.get_by_text("Save as").last.click()
    for button, name, words in (
        ("export-1-markdown", "when-did-notre-dame-reopen.md", "## When did Notre-Dame reopen?"),
        ("export-1-bibtex", "when-did-notre-dame-reopen.bib", "@misc{"),
        ("export-1-all-html", "how-has-the-cost-of-hs2-changed.html", "<h2>When did Notre-Dame reopen?</h2>"),
        (
            "export-1-all-html",
            "how-has-the-cost-of-hs2-changed.html",
            "<h2>How has the cost of HS2 changed?</h2>",
        ),
    ):
        with page.expect_download() as download:
            page.click(f"#{button}")
        assert download.value.suggested_filename == name and words in Path(download.value.path()).read_text()
    with page.expect_download() as download:
        page.click("#export-1-json")
    assert json.loads(Path(download.value.path()).read_text()) == stored_exchange(page)["answer"]


@pytest.mark.parametrize("text", HOSTILE[:3])
def test_a_hostile_question_is_shown_as_text_in_the_list(page: Page, text: str) -> None:
    ask(page, f"What of {text}?")
    open_sidebar(page)
    expect(page.locator("#conversations li a")).to_have_text([f"What of {text}?"])
    assert page.locator("#conversations script, #conversations img, #conversations svg").count() == 0
    page.reload()
    expect(page.locator("#chat .user").last).to_contain_text(text)


def test_an_invalid_stored_conversation_is_refused(page: Page) -> None:
    page.evaluate(
        """localStorage.setItem('dateline:abc', JSON.stringify({id: 'abc', title: 'x', exchanges: [{answer: {text: '', question: ''}}]}))"""
    )
    page.reload()
    open_sidebar(page)
    page.get_by_role("link", name="x", exact=True).click()
    expect(page.get_by_text("cannot be read").first).to_be_visible()


def test_feedback_is_recorded_and_stays_visible(page: Page, sample_folder: Path) -> None:
    ask(page, HS2)
    page.get_by_text("Not good").click()
    page.get_by_role("button", name="Wrong figure").click()
    expect(page.locator(".feedback.given")).to_have_text("✓ Noted for review: Wrong figure")
    *_, line = map(json.loads, (sample_folder / "proposed.jsonl").read_text().splitlines())
    assert line["question"] == HS2 and line["verdict"] == "wrong-figure" and line["must_not"]
    page.reload()
    expect(page.locator(".feedback.given")).to_be_visible()
    (sample_folder / "proposed.jsonl").unlink()


def test_feedback_cannot_be_given_if_changes_are_off(
    browser: Browser, sample_folder: Path, tmp_path: Path
) -> None:
    settings = {"DATELINE_MODEL": "none", "DATELINE_CHANGES": "none"}
    with (
        run_server(sample_folder, tmp_path / "log", **settings) as (address, _),
        open_page(browser, address) as page,
    ):
        ask(page, HS2)
        expect(page.locator("#copy-0")).to_be_visible()
        expect(page.locator(".feedback")).to_have_count(0)


def test_the_open_sidebar_covers_nothing_even_with_the_article_pane(browser: Browser, address: str) -> None:
    for width in (1400, 1000):
        with open_page(browser, address, width) as page:
            ask(page, HS2)
            open_sidebar(page)
            expect(page.locator("#sidebar")).to_have_css("transform", "matrix(1, 0, 0, 1, 300, 0)")
            for selector in ("#masthead", "#chat"):
                assert page.locator(selector).bounding_box()["x"] >= 300  # type: ignore[index]
            page.locator(".answer a.marker").first.click()
            page.wait_for_selector("#cited-article mark.current")
            assert page.locator("#chat").bounding_box()["x"] >= 300  # type: ignore[index]
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
