"""Test the page in a real browser: questions, markers, Stop, filters, hostile text, phones, and no foreign requests."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from browsing import CHROMIUM, ask
from conftest import ROOT
from hostile import HOSTILE
from playwright.sync_api import Browser, Page, expect
from serving import model_processes, run_server

from corpus.store.database import Store
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.library import Library

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium on this machine; install it (on Debian: apt-get install chromium)"
)
BERLIN = "Why was the opening of Berlin airport called off in May 2012?"


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, encoder: Encoder
) -> "Iterator[tuple[str, subprocess.Popen[bytes]]]":
    """Run a server over two sample subjects and articles with hostile text in every field."""
    folder = tmp_path_factory.mktemp("browser")
    library = Library(Store(folder / "data"), encoder)
    files = [*(ROOT / "corpus/articles").glob("ber-*.md"), *(ROOT / "corpus/articles").glob("hs2-*.md")]
    for n, text in enumerate(HOSTILE):
        file = folder / f"{n}.jsonl"
        body = f"The zebra number {n} in the harbour said {text} and {text} on Thursday evening."
        file.write_text(
            json.dumps(
                {"title": text, "publisher": text, "author": text, "url": text, "date": "2020", "body": body}
            )
        )
        files.append(file)
    for file in files:
        list(ingest(library, file))
    library.store.close()
    with run_server(folder / "data", folder / "log") as running:
        yield running


@pytest.fixture(scope="module")
def address(server: tuple[str, object]) -> str:
    return server[0]


@contextmanager
def held_model(server: "tuple[str, subprocess.Popen[bytes]]") -> Iterator[None]:
    """Hold the process of the server's model, so that no answer is finished."""
    (worker,) = model_processes(server[1])
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def test_example_question_gets_cited_answer(page: Page) -> None:
    page.get_by_text(BERLIN).first.click()  # an example question
    expect(page.locator(".answer .foot")).to_have_count(1, timeout=60_000)
    answer = page.locator(".answer").last
    expect(answer.locator("cite").first).to_contain_text("Meridian Wire, 8 May 2012")
    link = answer.locator("a.headline").first
    assert link.get_attribute(
        "href"
    ) == "https://meridianwire.example/2012/05/berlin-airport-called-off" and "noopener" in (
        link.get_attribute("rel") or ""
    )


def test_evidence_is_shown_before_the_answer_and_a_marker_opens_its_source(page: Page) -> None:
    page.fill("#question textarea", BERLIN)
    page.keyboard.press("Enter")
    expect(page.locator(".answer.writing .sources q").first).to_be_visible(timeout=30_000)
    expect(page.locator(".answer .foot")).to_have_count(1, timeout=60_000)
    marker = page.locator(".answer a.marker").first
    assert page.locator(marker.get_attribute("href") or "").is_visible()
    assert "2012" in (marker.get_attribute("title") or "")
    marker.click()
    expect(page.locator("#cited-article mark.current")).to_contain_text("fire-protection")


def test_followup_is_rewritten_and_a_new_conversation_is_empty(page: Page) -> None:
    ask(page, "When was High Speed 2 approved?")
    ask(page, "What was it expected to cost?", 2)
    expect(page.locator(".answer").last.locator(".searched")).to_contain_text("High Speed 2")
    page.click("#new")
    expect(page.locator(".answer")).to_have_count(0)


def test_stop_ends_the_answer_and_the_next_question_works(
    page: Page, server: "tuple[str, subprocess.Popen[bytes]]"
) -> None:
    with page.expect_response("**/cancel"), held_model(server):
        page.fill("#question textarea", BERLIN)
        page.keyboard.press("Enter")
        expect(page.locator(".answer.writing")).to_be_visible()
        expect(page.locator("#ask")).not_to_be_visible()  # Stop takes its place
        page.click("#stop")
        expect(page.locator(".answer .label")).to_have_text("Stopped, not checked")
        expect(page.locator("#ask")).to_be_visible()
        expect(page.locator("#stop")).not_to_be_visible()
    ask(page, "When was High Speed 2 approved?")
    expect(page.locator(".answer").first.locator(".label")).to_have_text("Stopped, not checked")


def test_the_next_question_can_be_typed_while_an_answer_is_written(
    page: Page, server: "tuple[str, subprocess.Popen[bytes]]"
) -> None:
    field = page.locator("#question textarea")
    with held_model(server):
        field.fill(BERLIN)
        page.keyboard.press("Enter")
        expect(page.locator(".answer.writing")).to_be_visible()
        expect(field).to_have_value("")
        field.fill("What did it cost?")
    expect(page.locator(".answer .foot")).to_have_count(1)
    with held_model(server):
        page.click("#retry-0")
        expect(page.locator(".answer.writing")).to_be_visible()
    expect(page.locator(".answer .foot")).to_have_count(1)
    expect(field).to_have_value("What did it cost?")


def test_a_question_sent_at_once_belongs_to_the_new_conversation(page: Page) -> None:
    ask(page, "When was High Speed 2 approved?")
    page.click("#new")
    ask(page, BERLIN)
    expect(page.locator("#chat")).not_to_contain_text("High Speed 2")


def test_invalid_filters_and_empty_results_show_a_message(page: Page) -> None:
    page.get_by_text("Only some articles").click()
    page.fill("#since input, #since textarea", "soon")
    page.fill("#question textarea", BERLIN)
    page.keyboard.press("Enter")
    expect(page.get_by_text("YYYY-MM-DD").first).to_be_visible()
    page.fill("#since input, #since textarea", "2025")
    ask(page, BERLIN)
    expect(page.locator(".answer .message")).to_contain_text("since 2025-01-01")


@pytest.mark.parametrize("number", range(len(HOSTILE)))
@pytest.mark.threat(
    "W1",
    "S3",
    "W6",
    n="7 payloads in answers and questions, in Chromium, whose policy nothing on the page breaks",
)
def test_hostile_articles_and_questions_are_shown_as_text(page: Page, number: int) -> None:
    ask(page, f"What did the zebra number {number} in the harbour say on Thursday evening? {HOSTILE[number]}")
    answer = page.locator(".answer").last
    expect(answer.locator("q").first).to_contain_text(f"zebra number {number} in the harbour said")
    expect(answer.locator("q").first).to_contain_text(HOSTILE[number])
    assert (
        page.locator(
            "#chat script, #chat img:not([src^='data:']), #chat form, #chat iframe, #chat svg[onload]"
        ).count()
        == 0
    )
    for details in answer.locator("summary").all():
        details.click()
    answer.locator("a.marker").first.click()
    expect(page.locator("#cited-article mark.current")).to_be_visible()
    assert (
        page.locator(
            "#cited-article script, #cited-article img, #cited-article form, #cited-article iframe, #cited-article svg"
        ).count()
        == 0
    )
    assert page.url.split("#")[0].rstrip("/") == page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2]


def test_page_fits_a_phone(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(address)
    page.wait_for_selector("#question textarea")
    ask(page, BERLIN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
