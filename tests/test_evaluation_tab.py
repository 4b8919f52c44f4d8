"""Test the Evaluate tab in a real browser: upload questions, run them, read the report, compare two runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import CHROMIUM, open_page
from conftest import ROOT, copy_collection
from playwright.sync_api import Browser, Page, expect
from serving import run_server

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium on this machine; install it (on Debian: apt-get install chromium)"
)


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    file = tmp_path / "mine.jsonl"
    wrong = '{"question": "Who <b>sailed</b>?", "answers": ["nobody"], "evidence": [{"article": "no-such-article", "quote": "nobody"}]}'
    file.write_text("\n".join([*(ROOT / "corpus/gold.jsonl").read_text().splitlines()[:2], wrong]))
    return file


@pytest.fixture
def page(browser: Browser, sample_folder: Path, tmp_path: Path) -> Iterator[Page]:
    with (
        run_server(
            copy_collection(sample_folder, tmp_path / "data"), tmp_path / "log", DATELINE_MODEL="none"
        ) as (
            address,
            _,
        ),
        open_page(browser, address) as page,
    ):
        page.get_by_role("tab", name="Evaluate").click()
        yield page


def measure(page: Page, before: str) -> str:
    """Run the questions and return the name of the new run, which differs from `before`."""
    page.click("#measure")
    expect(page.locator("#run input")).not_to_have_value(before, timeout=90_000)
    expect(page.locator("#evaluation-progress")).to_contain_text("Measured in")
    return page.locator("#run input").input_value()


def test_runs_can_be_made_read_and_compared(page: Page, gold: Path) -> None:
    page.set_input_files("#gold input[type=file]", gold)
    expect(page.locator("#gold .file")).to_have_count(1)
    first = measure(page, "")
    expect(page.locator("#evaluation-progress")).to_contain_text(
        "Line 3: no article is named “no-such-article”"
    )
    report = page.frame_locator("#run-report iframe")
    expect(report.locator("h1")).to_have_text("mine.jsonl: 3 questions")
    expect(report.get_by_text("Who <b>sailed</b>?")).to_be_attached()  # escaped, twice over
    rows = page.locator("#questions tbody tr")
    expect(rows).to_have_count(3)
    assert "Who <b>sailed</b>?" in rows.first.inner_text()  # what failed comes first
    seconds = page.locator("#questions").get_by_role("columnheader", name="Seconds")
    for way in ("ascending", "descending"):
        seconds.get_by_role("button").click()
        expect(seconds).to_have_attribute("aria-sort", way)
        shown = [float(row.locator("td").last.inner_text()) for row in rows.all()]
        assert shown == sorted(shown, reverse=way == "descending")
    measure(page, first)
    page.locator("#baseline input").click()
    page.get_by_role("option", name=first).click()
    expect(page.locator("#comparison table")).to_contain_text("recall@3")
    question = page.locator("#questions .failed .ask").first
    asked = question.inner_text()
    question.click()
    expect(page.locator(".answer .foot")).to_have_count(1, timeout=60_000)
    expect(page.locator("#chat .asked")).to_have_text(asked)


def test_other_files_are_refused_with_a_message(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Ask about the ferry.")
    page.set_input_files("#gold input[type=file]", file)
    page.click("#measure")
    expect(page.get_by_text("each line should be")).to_be_visible()


def test_runs_cannot_be_started_if_changes_are_off(
    browser: Browser, sample_folder: Path, tmp_path: Path
) -> None:
    with (
        run_server(sample_folder, tmp_path / "log", DATELINE_CHANGES="none", DATELINE_MODEL="none") as (
            address,
            _,
        ),
        open_page(browser, address) as page,
    ):
        page.get_by_role("tab", name="Evaluate").click()
        expect(page.locator("#run")).to_be_visible()
        expect(page.locator("#measure")).to_have_count(0)
