"""Test the article pane and the buttons of answers in a real browser, with mouse and keyboard."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import CHROMIUM, ask, open_page
from playwright.sync_api import Browser, Page, expect
from serving import run_server

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium on this machine; install it (on Debian: apt-get install chromium)"
)
HS2 = "How has the cost of HS2 changed?"
PIPES = "What did the new organ pipes of Notre-Dame cost?"


@pytest.fixture(scope="module")
def address(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_server(sample_folder, tmp_path_factory.mktemp("pane") / "log", DATELINE_MODEL="none") as (
        address,
        _,
    ):
        yield address


def shift_tab_to(page: Page, selector: str) -> None:
    """Press Shift+Tab until the element has the focus."""
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by Tab")


def test_a_quote_opens_its_article_and_keys_move_between_citations(page: Page) -> None:
    ask(page, HS2)
    quotes = page.locator(".answer .sources li b").all_text_contents()
    page.locator(".answer .sources li q").first.click(position={"x": 60, "y": 12})
    mark = page.locator("#cited-article mark.current")
    expect(mark).to_contain_text(quotes[0])
    expect(mark).to_be_focused()
    expect(mark).to_be_in_viewport()
    page.keyboard.press("ArrowRight")
    expect(mark).to_contain_text(quotes[1])
    expect(page.locator("#cited-article .steps")).to_contain_text(f"Source 2 of {len(quotes)}")
    page.get_by_role("button", name="‹ Previous").click()
    expect(mark).to_contain_text(quotes[0])
    expect(mark).to_be_focused()
    page.get_by_text("The text as it was read").click()
    expect(page.locator("#cited-article pre mark")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#cited-article")).to_have_count(0)
    expect(page.locator(".answer a.marker").first).to_be_focused()


def test_article_can_be_opened_and_closed_with_the_keyboard(page: Page) -> None:
    ask(page, PIPES)
    shift_tab_to(page, "a.marker")
    page.keyboard.press("Enter")
    expect(page.locator("#cited-article mark.current")).to_be_focused()
    shift_tab_to(page, "[data-close]")
    page.keyboard.press("Enter")
    expect(page.locator("#cited-article")).to_have_count(0)
    expect(page.locator(".answer a.marker").last).to_be_focused()


def test_hovering_or_focusing_a_marker_shows_its_source(
    browser: Browser, sample_folder: Path, tmp_path: Path
) -> None:
    """Without the adapter, since only written sentences have markers; the trained model quotes."""
    with (
        run_server(sample_folder, tmp_path / "log", DATELINE_ADAPTER="none") as (address, _),
        open_page(browser, address) as page,
    ):
        ask(page, "Why was the opening of Berlin airport called off in May 2012?")
        marker = page.locator(".answer .statement a.marker").first
        for show in (marker.hover, marker.focus):
            show()
            expect(page.locator(".card")).to_contain_text("Berlin calls off airport opening")
            expect(page.locator(".card")).to_contain_text("Meridian Wire, 8 May 2012")
            expect(page.locator(".card")).to_contain_text("fire-protection system")
            page.mouse.move(0, 0)
            page.locator("#question textarea").focus()
            expect(page.locator(".card")).to_have_count(0)
        assert "Meridian Wire" in (marker.get_attribute("title") or "")
        expect(page.locator(".answer .verdict").first).to_have_text("✓ checked")


def test_an_answer_is_copied_with_its_sources(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, HS2)
    page.click("#copy-0")
    expect(page.locator("#copy-0")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "[1] “" in copied and "Continental Dispatch, 2023-10-04" in copied and "<" not in copied


def test_a_question_can_be_asked_again_and_edited(page: Page) -> None:
    ask(page, HS2)
    ask(page, PIPES, 2)
    page.click("#retry-0")
    expect(page.locator(".answer .foot")).to_have_count(1)
    expect(page.locator("#chat")).not_to_contain_text("organ pipes")
    ask(page, PIPES, 2)
    page.click("#edit-1")
    expect(page.locator("#question textarea")).to_have_value(PIPES)
    expect(page.locator(".answer")).to_have_count(1)
    ask(page, "When did Notre-Dame reopen?", 2)
    expect(page.locator(".answer").last).to_contain_text("December")


def test_a_rewritten_question_can_be_edited(page: Page) -> None:
    ask(page, "When was High Speed 2 approved?")
    ask(page, "What was it expected to cost?", 2)
    page.locator("#search-1").click()
    field = page.locator("#question textarea")
    expect(field).to_be_focused()
    assert "High Speed 2" in field.input_value()
    page.keyboard.press("End")
    page.keyboard.type(" in 2019?")
    page.keyboard.press("Enter")
    expect(page.locator(".answer .foot")).to_have_count(3)
    expect(page.locator("#chat .user").last).to_contain_text("in 2019?")


def test_on_a_phone_the_article_is_below_the_chat_and_fits(browser: Browser, address: str) -> None:
    with open_page(browser, address, 390, 844) as page:
        ask(page, HS2)
        page.locator(".answer a.marker").first.click()
        mark = page.locator("#cited-article mark.current")
        expect(mark).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        chat, pane = page.locator("#chat").bounding_box(), page.locator("#article-pane").bounding_box()
        assert chat and pane and pane["y"] > chat["y"] and pane["width"] > 300
        page.get_by_role("button", name="Close").click()
        expect(page.locator(".answer a.marker").first).to_be_focused()


def test_a_point_of_the_chart_opens_its_source_and_sides_are_side_by_side(page: Page) -> None:
    ask(page, HS2)
    point = page.locator(".chart a.point").first
    expect(point).to_be_in_viewport()  # an answer is shown from its beginning
    number = (point.get_attribute("href") or "").rpartition("-")[2]
    point.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#cited-article mark.current .sr")).to_have_text(f"Cited words {number}:")
    page.keyboard.press("Escape")
    expect(point).to_be_focused()
    ask(page, "What do the auditors and the council say about the cost of the Kestrel Bay ferry?", 2)
    # Both at once: the page may still be scrolling.
    one, other = page.locator(".side").evaluate_all(
        "sides => sides.map(side => side.getBoundingClientRect().toJSON())"
    )
    assert one["y"] == other["y"] and one["right"] <= other["x"]


def test_clicking_a_chip_removes_its_filter(page: Page) -> None:
    page.get_by_text("Only some articles").click()
    page.fill("#since input, #since textarea", "2020")
    page.locator("#publishers input").click()
    page.get_by_role("option", name="Civic Observer").click()
    expect(page.locator("#chips .chip")).to_have_count(2)
    ask(page, HS2)
    answer = page.locator(".answer").last
    expect(answer.locator(".chip")).to_have_text(["since 1 January 2020 ✕", "Civic Observer ✕"])
    expect(answer).not_to_contain_text("Meridian Wire")
    answer.locator(".chip").last.click()
    expect(answer.locator(".chip")).to_have_count(1)
    expect(answer).to_contain_text("Continental Dispatch")
    expect(page.locator("#chips .chip")).to_have_text(["since 2020 ✕"])
    page.locator("#chips .chip").click()
    expect(page.locator("#since input, #since textarea")).to_have_value("")
    expect(page.locator("#chips .chip")).to_have_count(0)


def test_a_filter_from_the_question_can_be_removed(page: Page) -> None:
    ask(page, "How has the cost of HS2 changed according to the Civic Observer alone?")
    chips = page.locator(".answer .chip")
    expect(chips).to_have_text(["Civic Observer ✕"])
    chips.click()
    expect(chips).to_have_count(0)
    expect(page.locator(".answer")).to_contain_text("Continental Dispatch")
