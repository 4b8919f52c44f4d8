"""Test the Collection tab in a real browser: add, find, read, correct, remove and compare articles."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import CHROMIUM, open_page
from conftest import ROOT
from hostile import HOSTILE
from playwright.sync_api import Browser, Page, expect
from serving import run_server, wait_until
from test_cleaning import PAGE
from test_removals import TEASER

from corpus.store.database import Store
from corpus.store.lock import write_lock
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.library import Library

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium on this machine; install it (on Debian: apt-get install chromium)"
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Path:
    """Return a data folder with the articles on a ferry, two of them nearly the same."""
    folder = tmp_path_factory.mktemp("collection") / "data"
    library = Library(Store(folder), encoder)
    for file in sorted((ROOT / "corpus/articles").glob("bay-*.md")):
        list(ingest(library, file))
    library.store.close()
    return folder


@pytest.fixture(scope="module")
def hold(data: Path) -> Path:
    """The file that holds the lists which the server sends, while it exists."""
    return data.parent / "lists"


@pytest.fixture(scope="module")
def address(data: Path, hold: Path) -> Iterator[str]:
    settings = {"DATELINE_MODEL": "none", "HELD_WHILE_EXISTS": str(hold)}
    with run_server(data, data.parent / "log", program="tests/held_server.py", **settings) as (address, _):
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with open_page(browser, address) as page:
        open_collection_tab(page)
        yield page


def open_collection_tab(page: Page) -> None:
    page.get_by_role("tab", name="Collection").click()
    expect(page.locator("#articles .open").first).to_be_visible()


def add(page: Page, *files: Path, text: str = "", publisher: str = "", published: str = "") -> None:
    if not page.locator("#add").is_visible():
        page.get_by_text("Add articles").click()
    if files:
        page.set_input_files("#files input[type=file]", files)
        expect(page.locator("#files .file")).to_have_count(len(files))
    for field, value in (("pasted", text), ("publisher", publisher), ("published", published)):
        page.fill(f"#{field} textarea, #{field} input", value)
    page.click("#add")


def search(page: Page, words: str, count: int) -> None:
    page.fill("#search textarea, #search input", words)
    expect(page.locator("#articles .open")).to_have_count(count)


def remove(page: Page) -> None:
    page.click("#remove")
    expect(page.locator("#remove")).to_have_text("Really remove it?")
    page.click("#remove")
    expect(page.locator("#collection")).to_be_visible()


def test_files_and_pasted_text_are_added_and_can_be_asked_about(page: Page, tmp_path: Path) -> None:
    before = page.locator("#coverage p").inner_text()
    (tmp_path / "otters.txt").write_text(
        "Seventeen otters were counted in the harbour of Corrin on Thursday, the warden told the council of the island."
    )
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    pasted = "Forty-two lanterns were lit along the quay of Corrin on Saturday evening, the harbour master said afterwards."
    add(
        page,
        tmp_path / "otters.txt",
        tmp_path / "bad.pdf",
        text=pasted,
        publisher="Corrin Courier",
        published="2024-05",
    )
    rows = page.locator("#report tbody tr")
    expect(page.locator("#report strong").first).to_have_text("2 added, 1 refused")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("not readable as pdf")
    expect(rows.nth(1)).to_contain_text("otters.txt")
    expect(rows.nth(2)).to_contain_text("Corrin Courier")
    expect(rows.nth(2)).to_contain_text("May 2024")
    for field in ("pasted", "publisher", "published"):
        expect(page.locator(f"#{field} textarea, #{field} input")).to_have_value("")
    expect(page.locator("#coverage")).not_to_have_text(before)
    page.get_by_role("tab", name="Ask").click()
    page.get_by_text("Only some articles").click()
    page.locator("#publishers input").click()
    page.get_by_role("option", name="Corrin Courier").click()
    page.fill("#question textarea", "How many otters were counted in the harbour?")
    page.keyboard.press("Enter")
    expect(page.locator(".answer .foot")).to_have_count(1, timeout=60_000)
    expect(page.locator(".answer")).to_contain_text("Seventeen otters")
    page.get_by_role("tab", name="Collection").click()
    for _ in range(2):
        search(page, "corrin courier", 2 - _)
        page.locator("#articles .open").first.click()
        remove(page)
    expect(page.locator("#articles")).to_contain_text("No article contains")
    expect(page.locator("#coverage")).to_have_text(before)


def test_fields_of_an_article_can_be_corrected(page: Page) -> None:
    search(page, "auditors contradict", 2)
    page.locator("#articles .open").first.click()
    expect(page.locator("#back")).to_be_focused()
    article = page.locator("#article")
    article.get_by_text("Where each field was found").click()
    expect(article).to_contain_text("front matter")
    article.get_by_text("The text as it was read").click()
    expect(article.locator("pre")).to_be_visible()
    page.get_by_text("Correct the fields").click()
    page.fill("#field-published textarea, #field-published input", "soon")
    page.click("#save")
    expect(page.get_by_text("YYYY-MM-DD").first).to_be_visible()
    page.fill("#field-published textarea, #field-published input", "2019-04")
    page.click("#save")
    expect(article.locator(".dateline")).to_contain_text("April 2019")
    expect(article.locator("table.facts").first).to_contain_text("corrected by hand")
    page.click("#back")
    expect(page.locator("#articles")).to_contain_text("April 2019")


def test_a_removal_is_shown_although_an_older_list_is_still_being_sent(page: Page, hold: Path) -> None:
    text = "The bell of Corrin rang for an hour on Sunday, and the sexton of the island could not say who had rung it."
    add(page, text=text)
    expect(page.locator("#report strong").first).to_have_text("1 added")
    search(page, "bell of corrin", 1)
    page.locator("#articles .open").click()
    expect(page.locator("#article .body")).to_contain_text("sexton")
    hold.touch()
    try:
        page.click("#remove")
        expect(page.locator("#remove")).to_have_text("Really remove it?")
        wait_until(hold.with_suffix(".held").exists)  # with the article on it
        page.click("#remove")
        expect(page.locator("#collection")).to_be_visible()
    finally:
        hold.unlink()
    expect(page.locator("#articles .open")).to_have_count(0)


def test_near_duplicates_show_their_differences_and_open_articles(page: Page) -> None:
    page.get_by_text("Articles that are nearly the same").click()
    page.click("#compare")
    expect(page.locator("#pairs .pair tbody tr").first).to_be_visible()
    assert set(page.locator("#pairs .pair tbody tr").first.locator("strong").all_inner_texts()) == {
        "61",
        "67",
    }
    page.locator("#pairs .open").last.click()
    expect(page.locator("#article h2")).to_contain_text("Auditors contradict council")
    page.click("#remove")
    page.click("#back")  # asked once, not removed
    search(page, "auditors contradict", 2)


def test_articles_added_by_another_process_appear_when_the_tab_is_selected(
    page: Page, data: Path, tmp_path: Path
) -> None:
    file = tmp_path / "swans.md"
    file.write_text(
        "---\ntitle: Swans\npublisher: Swan Gazette\n---\nNine swans were seen on the lake of Ardmore on Sunday, said the warden of the park.\n"
    )
    environment = {**os.environ, "DATELINE_DATA": str(data)}
    subprocess.run(
        [sys.executable, "-m", "corpus", "add", str(file)],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )
    page.get_by_role("tab", name="Ask").click()
    page.get_by_text("Only some articles").click()
    page.locator("#publishers input").click()
    expect(page.get_by_role("option", name="Swan Gazette")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Collection").click()
    search(page, "swan gazette", 1)
    page.locator("#articles .open").click()
    remove(page)


def test_the_form_is_kept_while_another_process_writes(page: Page, data: Path, tmp_path: Path) -> None:
    text = "The lighthouse keeper of Corrin retired on Monday after fifty years, and nobody applied for his post."
    with write_lock(data):
        add(page, text=text)
        expect(page.locator("#report [role=alert]")).to_contain_text(
            f"is being written by process {os.getpid()} since"
        )
        expect(page.locator("#pasted textarea")).to_have_value(text)
    page.click("#add")
    expect(page.locator("#report strong").first).to_have_text("1 added")
    page.locator("#report .open").click()
    remove(page)
    add(page, text="© 2019")
    expect(page.locator("#report .refused")).to_be_visible()
    expect(page.locator("#pasted textarea")).to_have_value("© 2019")


def test_an_addition_shows_progress_and_can_be_stopped_and_repeated(page: Page, tmp_path: Path) -> None:
    files = [tmp_path / f"stopped{n}.txt" for n in range(20)]
    for n, file in enumerate(files):
        file.write_text(
            " ".join(
                f"The {n}th barge of the fleet carried {n * m} crates to the quay of Corrin on that day."
                for m in range(40)
            )
        )
    add(page, *files, publisher="Barge Gazette")
    expect(page.locator("#report .progress-line")).to_contain_text("of 20 files")
    expect(page.locator("#report .progress-line")).to_contain_text("left")
    page.click("#stop-adding")
    expect(page.locator("#report [role=alert]")).to_contain_text("Stopped; what was finished is kept")
    expect(page.locator("#report progress")).to_be_hidden()
    for _ in range(20):  # a press that comes before the browser has closed the stopped stream does nothing
        page.click("#add")
        page.wait_for_timeout(500)
        if not page.locator("#report [role=alert]").count():
            break
    expect(page.locator("#report strong").first).to_contain_text("added", timeout=60_000)
    search(page, "barge gazette", 20)


def test_unknown_dates_and_publishers_are_listed_and_set_in_a_table(page: Page, tmp_path: Path) -> None:
    files = [tmp_path / f"beacon{n}.txt" for n in range(3)]
    for n, file in enumerate(files):
        file.write_text(
            f"The beacon of Corrin number {n} was lit on 3 March 2019, said the keeper of the {HOSTILE[0]}."
        )
    add(page, *files)
    expect(page.locator("#report .undated")).to_contain_text("3 articles undated")
    expect(page.locator("#report tbody tr").first).to_contain_text("its text names 3 March 2019")
    rows = page.locator("#incomplete-table tbody tr").filter(has_text="beacon of Corrin")
    expect(rows).to_have_count(3)  # the table opens by itself
    expect(rows.first).to_contain_text("its text names 3 March 2019")
    page.screenshot(path=tmp_path / "incomplete.png", full_page=True)
    rows.nth(0).get_by_label("Date of").fill("soon")
    page.get_by_role("button", name="Save the table").click()
    expect(page.get_by_text("write YYYY-MM-DD").first).to_be_visible()
    expect(rows).to_have_count(3)
    rows.nth(0).get_by_label("Date of").fill("13 February 2018")
    rows.nth(1).get_by_label("Date of").fill("2019-03")
    page.get_by_label("Publisher of all").fill("Beacon Gazette")
    page.get_by_role("button", name="Save the table").click()
    expect(rows).to_have_count(1)
    expect(rows.get_by_label("Publisher of")).to_have_value("Beacon Gazette")
    search(page, "beacon gazette", 3)
    expect(page.locator("#articles tbody tr").filter(has_text="13 February 2018")).to_contain_text(
        "Beacon Gazette"
    )
    expect(page.locator("#articles tbody tr").filter(has_text="March 2019")).to_contain_text("Beacon Gazette")
    for left in (3, 2, 1):
        search(page, "beacon gazette", left)
        page.locator("#articles .open").first.click()
        remove(page)


def test_the_table_sorts_filters_and_changes_what_is_selected(page: Page, tmp_path: Path) -> None:
    files = [tmp_path / f"heron{n}.txt" for n in range(3)]
    for n, file in enumerate(files):
        file.write_text(f"Heron number {n} of the marsh of Corrin was ringed, the warden of the island said.")
    add(page, *files)
    expect(page.locator("#report strong").first).to_have_text("3 added")
    date = page.locator("#articles").get_by_role("columnheader", name="Date")
    expect(date).to_have_attribute("aria-sort", "descending")
    date.get_by_role("button").click()
    expect(date).to_have_attribute("aria-sort", "ascending")
    page.locator("#only input").click()
    page.get_by_role("option", name="Without a date").click()
    search(page, "heron", 3)
    page.get_by_label("Select all that are listed").check()
    bar = page.locator("#articles .selection")
    expect(bar).to_contain_text("3 selected")
    page.locator("#articles tbody input").first.uncheck()
    expect(bar).to_contain_text("2 selected")
    bar.get_by_label("Date of the selected").fill("2021-03-05")
    bar.get_by_label("Publisher of the selected").fill("Heron Gazette")
    page.screenshot(path=tmp_path / "selected.png")
    bar.get_by_role("button", name="Set").click()
    expect(page.locator("#articles .open")).to_have_count(1)  # two have a date now
    expect(page.get_by_label("Select all that are listed")).to_be_focused()
    page.locator("#only input").click()
    page.get_by_role("option", name="All articles").click()
    search(page, "heron gazette", 2)
    expect(page.locator("#articles tbody tr").first).to_contain_text("5 March 2021")
    search(page, "heron", 3)
    page.get_by_label("Select all that are listed").check()
    bar.get_by_role("button", name="Remove").click()
    expect(page.locator("#articles")).to_contain_text("No article contains")
    page.get_by_role("button", name="Undo the removal of 3").click()
    expect(page.locator("#articles .open")).to_have_count(3)
    expect(page.get_by_role("button", name="Undo the removal of 3")).to_have_count(0)
    expect(page.locator("#articles tbody tr").filter(has_text="Heron Gazette")).to_have_count(2)
    page.get_by_label("Select all that are listed").check()
    bar.get_by_role("button", name="Remove").click()
    expect(page.locator("#articles")).to_contain_text("No article contains")


def selected(page: Page) -> set[str | None]:
    rows = page.locator("#articles tbody tr:has(:checked) .open").all()
    return {row.get_attribute("data-article") for row in rows}


def test_what_is_selected_stays_so_by_article_however_the_list_is_drawn_again(page: Page, hold: Path) -> None:
    boxes, bar = page.locator("#articles tbody input"), page.locator("#articles .selection")
    heads = {name: page.get_by_role("columnheader", name=name) for name in ("Headline", "Date")}
    listed = boxes.count()
    boxes.first.check()
    boxes.last.check()
    chosen = selected(page)
    assert len(chosen) == 2
    heads["Headline"].get_by_role("button").click()
    expect(heads["Headline"]).to_have_attribute("aria-sort", "ascending")
    expect(bar).to_contain_text("2 selected")
    assert selected(page) == chosen
    hold.touch()
    try:
        heads["Date"].get_by_role("button").click()
        wait_until(hold.with_suffix(".held").exists)
        page.locator("#articles tbody input:not(:checked)").first.check()  # before the list is drawn
        chosen = selected(page)
    finally:
        hold.unlink()
    expect(heads["Date"]).to_have_attribute("aria-sort", "descending")
    expect(bar).to_contain_text("3 selected")
    assert selected(page) == chosen
    page.fill("#search textarea, #search input", "no article has these words")
    expect(boxes).to_have_count(0)
    search(page, "", listed)
    expect(bar).to_contain_text("3 selected")
    page.locator("#articles .open").first.click()
    page.click("#back")
    expect(bar).to_contain_text("3 selected")
    assert selected(page) == chosen
    page.get_by_label("Select all that are listed").check()
    expect(bar).to_contain_text(f"{listed} selected")
    page.get_by_label("Select all that are listed").uncheck()
    expect(bar).to_be_hidden()


def test_an_addition_goes_on_when_the_page_is_loaded_again(page: Page, tmp_path: Path) -> None:
    files = [tmp_path / f"reloaded{n}.txt" for n in range(20)]
    for n, file in enumerate(files):
        file.write_text(" ".join(f"The {n}th tug of Corrin towed {n * m} boats that day." for m in range(40)))
    add(page, *files, publisher="Tug Gazette")
    expect(page.locator("#report .progress-line")).to_contain_text("left")
    page.reload()
    open_collection_tab(page)
    page.get_by_text("Add articles").click()
    expect(page.locator("#report .progress-line")).to_contain_text("of 20 files")
    expect(page.locator("#report strong").first).to_have_text("20 added", timeout=60_000)
    search(page, "tug gazette", 20)
    page.get_by_label("Select all that are listed").check()
    page.locator("#articles .selection").get_by_role("button", name="Remove").click()
    expect(page.locator("#articles")).to_contain_text("No article contains")


def test_hostile_articles_are_shown_as_text(page: Page) -> None:
    text = " ".join([*HOSTILE, "{{constructor}} ${alert(1)}"])
    add(
        page,
        text=f"The zebra of the harbour said {text} and nobody believed it on Thursday evening.",
        publisher=text,
    )
    expect(page.locator("#report strong").first).to_have_text("1 added")
    search(page, "zebra", 1)
    expect(page.locator("#articles")).to_contain_text("{{constructor}} ${alert(1)}")
    page.locator("#articles .open").click()
    for summary in page.locator("#article summary").all():
        summary.click()
    expect(page.locator("#article .body")).to_contain_text(HOSTILE[0])
    assert page.locator("#article, #report, #articles").locator("script, img, form, iframe, svg").count() == 0
    remove(page)


def test_tab_works_on_a_phone_and_with_the_keyboard(browser: Browser, address: str) -> None:
    with open_page(browser, address, 400, 850) as page:
        open_collection_tab(page)
        opener = page.locator("#articles .open").nth(2)
        name = opener.get_attribute("data-article")
        opener.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#back")).to_be_focused()
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        page.keyboard.press("Enter")
        expect(page.locator(f"#articles [data-article='{name}']")).to_be_focused()
        page.get_by_text("Add articles").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_the_table_has_the_room_of_the_conversations(browser: Browser, address: str) -> None:
    with open_page(browser, address, 1400) as page:
        expect(page.locator("#conversations")).to_be_visible()
        asked = page.locator("#ask-row").bounding_box()
        open_collection_tab(page)
        table = page.locator("#articles table").bounding_box()
        assert asked and table and asked["x"] >= 300 > table["x"] and table["width"] > 1000


def test_a_line_that_was_left_out_is_taken_back(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "ferry.txt"
    file.write_text(PAGE)
    add(page, file)
    page.locator("#report .open").first.click()
    body = page.locator("#article .body")
    expect(body).not_to_contain_text(TEASER)
    page.get_by_text("Left out of the text (13)").click()
    page.get_by_role("button", name="Take back line 13").click()
    expect(body).to_contain_text(TEASER)
    expect(page.get_by_text("Left out of the text (12)")).to_be_visible()
