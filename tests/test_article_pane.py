"""Reading on from an answer in a real browser: the article beside the chat, its places by button and key, the card, and asking again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import CHROMIUM, ask, opened
from playwright.sync_api import Browser, Page, expect
from serving import served

expect.set_options(timeout=20_000)  # two cores may be busy with other things
pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium on this machine; install it (on Debian: apt-get install chromium)"
)
HS2 = "How has the cost of HS2 changed?"
PIPES = "What did the new organ pipes of Notre-Dame cost?"


@pytest.fixture(scope="module")
def address(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(sample_folder, tmp_path_factory.mktemp("pane") / "log", DATELINE_MODEL="none") as (
        address,
        _,
    ):
        yield address


def back_to(page: Page, selector: str) -> None:
    """Press Shift and Tab until what the selector names has the focus."""
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by Tab")


def test_a_quote_opens_its_article_at_the_words_and_the_keys_lead_on_and_back(page: Page) -> None:
    ask(page, HS2)
    quotes = page.locator(".answer q").all_inner_texts()
    page.locator(".answer blockquote").first.click(position={"x": 60, "y": 12})
    here = page.locator("#reader mark.here")
    expect(here).to_contain_text(quotes[0].strip("“”"))
    expect(here).to_be_focused()
    expect(here).to_be_in_viewport()
    page.keyboard.press("ArrowRight")
    expect(here).to_contain_text(quotes[1].strip("“”"))
    expect(page.locator("#reader .steps")).to_contain_text(f"2 of {len(quotes)} places")
    page.get_by_role("button", name="‹ Previous").click()
    expect(here).to_contain_text(quotes[0].strip("“”"))
    expect(here).to_be_focused()
    page.get_by_text("The text as it was read").click()
    expect(page.locator("#reader pre mark")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#reader")).to_have_count(0)
    expect(page.locator(".answer a.marker").first).to_be_focused()


def test_with_the_keyboard_alone(page: Page) -> None:
    ask(page, PIPES)
    back_to(page, "a.marker")
    page.keyboard.press("Enter")
    expect(page.locator("#reader mark.here")).to_be_focused()
    back_to(page, "[data-close]")
    page.keyboard.press("Enter")
    expect(page.locator("#reader")).to_have_count(0)
    expect(page.locator(".answer a.marker").last).to_be_focused()


def test_a_card_tells_of_the_source_while_a_marker_is_pointed_at(
    browser: Browser, sample_folder: Path, tmp_path: Path
) -> None:
    """With the packaged reader as it comes, since only written sentences have markers away from their source; a trained one quotes."""
    with (
        served(sample_folder, tmp_path / "log", DATELINE_ADAPTER="none") as (address, _),
        opened(browser, address) as page,
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


def test_a_question_is_asked_again_and_asked_otherwise(page: Page) -> None:
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


def test_what_was_searched_can_be_changed_and_asked(page: Page) -> None:
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


def test_on_a_phone_the_article_stands_below_and_fits(browser: Browser, address: str) -> None:
    with opened(browser, address, 390, 844) as page:
        ask(page, HS2)
        page.locator(".answer a.marker").first.click()
        here = page.locator("#reader mark.here")
        expect(here).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        chat, beside = page.locator("#chat").bounding_box(), page.locator("#beside").bounding_box()
        assert chat and beside and beside["y"] > chat["y"] and beside["width"] > 300
        page.get_by_role("button", name="Close").click()
        expect(page.locator(".answer a.marker").first).to_be_focused()


def test_a_point_of_the_drawing_opens_its_source_and_sides_stand_beside_each_other(page: Page) -> None:
    ask(page, HS2)
    point = page.locator(".chart a.point").first
    expect(point).to_be_in_viewport()  # an answer is shown from its beginning
    number = (point.get_attribute("href") or "").rpartition("-")[2]
    point.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#reader mark.here .sr")).to_have_text(f"Cited words {number}:")
    page.keyboard.press("Escape")
    expect(point).to_be_focused()
    ask(page, "What do the auditors and the council say about the cost of the Kestrel Bay ferry?", 2)
    # Both at once: the page may still be scrolling.
    one, other = page.locator(".side").evaluate_all(
        "sides => sides.map(side => side.getBoundingClientRect().toJSON())"
    )
    assert one["y"] == other["y"] and one["right"] <= other["x"]


def test_filters_are_chips_that_a_press_takes_away(page: Page) -> None:
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


def test_a_filter_that_the_question_itself_makes_can_be_taken_away_too(page: Page) -> None:
    ask(page, "How has the cost of HS2 changed according to the Civic Observer alone?")
    chips = page.locator(".answer .chip")
    expect(chips).to_have_text(["Civic Observer ✕"])
    chips.click()
    expect(chips).to_have_count(0)
    expect(page.locator(".answer")).to_contain_text("Continental Dispatch")
