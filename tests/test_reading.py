"""Test in a real browser how an answer is read: columns, cards of markers, the question's field, the buttons."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import CHROMIUM, ask, open_page
from playwright.sync_api import Browser, Page, expect
from serving import run_server
from test_article_pane import HS2, PIPES

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium on this machine; install it (on Debian: apt-get install chromium)"
)
BOX = "#question textarea"


@pytest.fixture(scope="module")
def address(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_server(sample_folder, tmp_path_factory.mktemp("reading") / "log", DATELINE_MODEL="none") as (
        address,
        _,
    ):
        yield address


def left(page: Page, selector: str) -> float:
    box = page.locator(selector).bounding_box()
    assert box
    return box["x"]


def test_a_wide_window_has_three_columns_and_a_phone_one(browser: Browser, address: str) -> None:
    with open_page(browser, address, 1400) as page:
        expect(page.locator("#conversations")).to_be_in_viewport()
        ask(page, HS2)
        page.locator(".answer a.marker").first.click()
        expect(page.locator("#cited-article mark.current")).to_be_in_viewport()
        assert 0 <= left(page, "#conversations") < 300 <= left(page, "#chat") < left(page, "#article-pane")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with open_page(browser, address, 390, 844) as page:
        expect(page.locator("#conversations")).not_to_be_in_viewport()
        ask(page, HS2)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_role("button", name="Conversations").click()
        page.click("#new")
        expect(page.locator(".answer")).to_have_count(0)
        expect(page.locator("#conversations")).not_to_be_in_viewport()


def test_the_answer_is_in_large_type_above_its_sources(page: Page) -> None:
    ask(page, HS2)
    statement = page.locator(".answer .statement").first
    assert 18 <= float(statement.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")) <= 20
    expect(statement.locator("strong")).to_have_css("font-weight", "700")
    said, sources = statement.bounding_box(), page.locator(".answer .sources").bounding_box()
    assert said and sources and said["y"] + said["height"] <= sources["y"]
    assert sources["width"] <= 42 * 16


def test_a_marker_shows_its_card_to_pointer_and_keyboard_and_the_card_opens_the_article(page: Page) -> None:
    ask(page, PIPES)
    marker, card = page.locator(".answer .statement a.marker").first, page.locator(".card")
    marker.hover()
    expect(card).to_be_visible()
    assert card.locator(".near").count() and card.locator(".near").first.is_visible()
    expect(marker).to_have_attribute("aria-describedby", "card")
    card.hover()
    page.wait_for_timeout(400)  # longer than a card outlives its marker
    expect(card).to_be_visible()
    page.mouse.move(0, 0)
    expect(card).to_have_count(0)
    marker.focus()
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    marker.hover()
    quote = card.locator("b").inner_text()
    card.click()
    expect(page.locator("#cited-article mark.current")).to_contain_text(quote)
    expect(card).to_have_count(0)
    page.keyboard.press("Escape")
    expect(marker).to_be_focused()


def test_the_first_touch_of_a_marker_shows_its_card_and_the_second_opens_the_article(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(address)
    ask(page, PIPES)
    marker = page.locator(".answer .statement a.marker").first
    marker.tap()
    expect(page.locator(".card cite")).to_be_visible()
    box = page.locator(".card").bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
    expect(page.locator("#cited-article")).to_have_count(0)
    marker.tap()
    expect(page.locator("#cited-article mark.current")).to_be_visible()
    expect(page.locator(".card")).to_have_count(0)
    context.close()


def test_the_field_grows_breaks_lines_sends_is_focused_by_a_key_and_recalls(page: Page) -> None:
    field = page.locator(BOX)
    expect(field).to_be_focused()
    height = field.evaluate("e => e.offsetHeight")
    page.keyboard.type("What did the new organ pipes")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("of Notre-Dame cost?")
    expect(field).to_have_value("What did the new organ pipes\nof Notre-Dame cost?")
    assert field.evaluate("e => e.offsetHeight") > height
    page.keyboard.press("Enter")
    expect(page.locator(".answer .foot")).to_have_count(1)
    ask(page, HS2, 2)
    page.locator("#copy-1").focus()
    page.keyboard.press("/")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    page.keyboard.press("ArrowUp")
    expect(field).to_have_value(HS2)
    page.keyboard.press("ArrowUp")
    expect(field).to_have_value("What did the new organ pipes\nof Notre-Dame cost?")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_value("")
    page.keyboard.type("Mine /")
    page.keyboard.press("ArrowUp")
    expect(field).to_have_value("Mine /")


def test_a_question_that_is_refused_stays_in_its_field(page: Page) -> None:
    page.fill(BOX, "x" * 3000)
    page.keyboard.press("Enter")
    expect(page.get_by_text("ask it in at most").first).to_be_visible()
    expect(page.locator(BOX)).to_have_value("x" * 3000)
    expect(page.locator(".answer")).to_have_count(0)


def test_reasons_open_after_a_thumb_down_and_the_drawer_says_how_it_was_found(page: Page) -> None:
    ask(page, HS2)
    reason = page.get_by_role("button", name="Wrong figure")
    expect(reason).not_to_be_visible()
    page.get_by_text("Not good").click()
    expect(reason).to_be_in_viewport()
    page.locator("#masthead").click()
    expect(reason).not_to_be_visible()
    found = page.locator(".answer .found")
    expect(found.locator("ol")).not_to_be_visible()
    found.locator("summary").click()
    expect(found).to_contain_text(f"Searched for {HS2}")
    expect(found).to_contain_text("Among all articles")
    expect(found).to_contain_text("evidence after")
    expect(found.locator("ol .ranks").first).to_contain_text("score")


def test_a_shared_link_puts_the_question_into_the_field(browser: Browser, page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, HS2)
    page.click("#share-0")
    expect(page.locator("#share-0")).to_have_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{address}/#ask=")
    with open_page(browser, address) as other:
        other.goto("about:blank")
        other.goto(link)
        expect(other.locator(BOX)).to_have_value(HS2)
        expect(other.locator(".answer")).to_have_count(0)


def test_what_is_suggested_next_is_asked_by_a_click_and_only_under_the_last_answer(page: Page) -> None:
    ask(page, HS2)
    suggestion = page.locator(".answer .next button").first
    question = suggestion.inner_text()
    suggestion.click()
    expect(page.locator(".answer .foot")).to_have_count(2)
    expect(page.locator("#chat .asked").last).to_have_text(question)
    expect(page.locator(".answer .next").first).not_to_be_visible()


def test_the_date_slider_filters_by_keyboard_and_follows_its_chips(page: Page) -> None:
    page.get_by_text("Only some articles").click()
    since = page.locator("#years input.since")
    since.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#since input, #since textarea")).to_have_value("2020")
    expect(page.locator("#chips .chip")).to_have_text(["since 2020 ✕"])
    expect(since).to_be_focused()
    assert page.locator("#years rect.out").count() and page.locator("#years rect:not(.out)").count()
    ask(page, HS2)
    expect(page.locator(".answer .chip")).to_have_text(["since 1 January 2020 ✕"])
    page.locator("#chips .chip").click()
    expect(since).to_have_value("2010")
    expect(page.locator("#years rect.out")).to_have_count(0)


def test_an_empty_collection_says_how_to_begin(browser: Browser, tmp_path: Path) -> None:
    with (
        run_server(tmp_path / "data", tmp_path / "log", DATELINE_MODEL="none") as (address, _),
        open_page(browser, address) as page,
    ):
        expect(page.locator("#chat")).to_contain_text("No articles yet")
        expect(page.locator("#chat")).to_contain_text("No language model is in use")
        page.get_by_role("button", name="Paste a text").click()
        expect(page.locator("#pasted textarea")).to_be_focused()
        page.get_by_role("tab", name="Ask").click()
        page.get_by_role("button", name="Load the sample").click()
        expect(page.locator("#sample-bar")).to_contain_text("Adding the sample")
