"""Make the README's screenshots of Dateline on the sample collection: python docs/screenshots.py."""

import os
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent.parent / "tests")]

from browsing import chromium
from playwright.sync_api import Page
from serving import run_server

FOLDER = Path(__file__).parent / "images"
BERLIN = "Why was the opening of Berlin airport called off in May 2012?"
FERRY = "What do the auditors and the council say about the cost of the Kestrel Bay ferry?"
ROOT = Path(__file__).parent.parent
SAMPLE_GOLD = ROOT / "corpus/gold.jsonl"
EVALUATED = 12  # questions of the evaluation in the screenshot
HS2 = "How has the cost of HS2 changed?"
VIEWS = (
    ("light", 1100, 900, "light", BERLIN),
    ("dark", 1100, 900, "dark", FERRY),
    ("phone", 390, 844, "light", HS2),
)


def ask(page: Page, question: str) -> None:
    """Ask the first question and wait until its answer is finished."""
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer .foot", timeout=60_000)
    page.wait_for_timeout(700)


def save_collection(page: Page, address: str) -> None:
    """Save the list of articles, after one was added."""
    page.goto(f"{address}/?__theme=light")
    page.get_by_role("tab", name="Collection").click()
    page.get_by_text("Add articles").click()
    page.fill(
        "#pasted textarea",
        "Otters return\n\nSeventeen otters were counted in Kestrel Bay harbour on Thursday, "
        "the harbour master said.",
    )
    page.fill("#publisher input, #publisher textarea", "Kestrel Bay Times")
    page.fill("#published input, #published textarea", "2024-05-02")
    page.click("#add")
    page.wait_for_selector("#report [role=status]")
    page.wait_for_timeout(700)
    page.screenshot(path=FOLDER / "collection.png")


def save_article_pane(page: Page, address: str) -> None:
    """Save a chart of an amount that changed, and an article beside the answer that cites it."""
    page.goto(f"{address}/?__theme=light")
    page.wait_for_selector("#question textarea")
    ask(page, HS2)
    page.screenshot(path=FOLDER / "timeline.png")
    page.locator(".answer a.marker").first.click()
    page.wait_for_selector("#cited-article mark.current")
    page.wait_for_timeout(700)
    page.screenshot(path=FOLDER / "reader.png")


def save_evaluation(page: Page, address: str, folder: Path) -> None:
    """Save the report of a run over a few of the sample collection's gold questions."""
    gold = folder / "questions.jsonl"
    lines = SAMPLE_GOLD.read_text().splitlines(keepends=True)
    gold.write_text("".join(lines[:: len(lines) // EVALUATED]))
    page.goto(f"{address}/?__theme=light")
    page.get_by_role("tab", name="Evaluate").click()
    page.set_input_files("#gold input[type=file]", gold)
    page.wait_for_timeout(700)
    page.click("#measure")
    page.wait_for_selector("#run-report iframe", timeout=180_000)
    page.wait_for_timeout(700)
    page.screenshot(path=FOLDER / "evaluation.png")


def add_sample(folder: str) -> str:
    environment = {**os.environ, "DATELINE_DATA": folder}
    subprocess.run([sys.executable, "-m", "rag", "add", "--sample"], cwd=ROOT, env=environment, check=True)
    return folder


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as empty,
        nullcontext(add_sample(empty)) as folder,
        run_server(Path(folder), Path(folder) / "log") as (address, _),
        chromium() as browser,
    ):
        for name, width, height, scheme, question in VIEWS:
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(f"{address}/?__theme={scheme}")
            page.wait_for_selector("#question textarea")
            ask(page, question)
            page.screenshot(path=FOLDER / f"{name}.png")
            page.close()
        save_article_pane(browser.new_page(viewport={"width": 1400, "height": 900}), address)
        save_collection(browser.new_page(viewport={"width": 1100, "height": 900}), address)
        save_evaluation(browser.new_page(viewport={"width": 1100, "height": 1200}), address, Path(folder))


if __name__ == "__main__":
    main()
