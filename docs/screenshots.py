"""Make the README's pictures of Dateline on the sample collection, in the browser of the tests.

    python docs/screenshots.py [question] [views] [article] [collection] [evaluation] [states]

makes those that are named, or all. "question" is the moving one: its times are those of the page. "states"
shows the page in all its states, both themes and on a phone, to look at after a change; they are in
build/states.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent.parent / "tests")]

from browsing import chromium
from PIL import Image
from playwright.sync_api import Browser, Page
from serving import run_server

FOLDER = Path(__file__).parent / "images"
BERLIN = "Why was the opening of Berlin airport called off in May 2012?"
FERRY = "What do the auditors and the council say about the cost of the Kestrel Bay ferry?"
ROOT = Path(__file__).parent.parent
SAMPLE_GOLD = ROOT / "corpus/gold.jsonl"
EVALUATED = 12  # questions of the evaluation in the screenshot
HS2 = "How has the cost of HS2 changed?"
UNANSWERABLE = "Who won the football World Cup in 1998?"
STATES = ROOT / "build/states"
LOOKS = (("light", 1400, 900), ("dark", 1400, 900), ("phone", 390, 844))
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


class Film:
    """A moving picture of a page; each frame stays as long as it did there, or as it is held."""

    def __init__(self, page: Page) -> None:
        self._page, self._frames, self._times = page, [], []  # type: ignore[var-annotated]

    def shoot(self, held: float = 0.0) -> None:
        """Add the page as it is; it is shown until the next frame, or for `held` seconds."""
        self._frames.append(Image.open(BytesIO(self._page.screenshot())).convert("RGB"))
        self._times.append((time.monotonic(), held))

    def save(self, file: Path) -> None:
        """Write an animated WebP that runs again and again."""
        ends = [began for began, _ in self._times[1:]] + [self._times[-1][0]]
        seconds = [held or end - began for (began, held), end in zip(self._times, ends, strict=True)]
        first, *others = self._frames
        durations = [max(20, round(1000 * each)) for each in seconds]
        first.save(
            file, save_all=True, append_images=others, duration=durations, loop=0, quality=75, method=6
        )


def save_question(page: Page, address: str) -> None:
    """Save how a question is typed and answered, a marker shows its source, and the article opens."""
    page.goto(f"{address}/?__theme=light")
    page.wait_for_selector("#question textarea")
    page.wait_for_timeout(1000)
    film = Film(page)
    film.shoot(held=1)
    for word in HS2.split(" "):
        page.keyboard.type(f"{word} ")
        film.shoot(held=0.2)
    page.keyboard.press("Enter")
    while not page.locator(".answer .foot").count():
        film.shoot()
    page.wait_for_timeout(300)
    film.shoot(held=3)
    marker = page.locator(".answer .statement a.marker").first
    marker.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # scrolling hides the card
    marker.hover()
    page.wait_for_selector(".card")
    film.shoot(held=3)
    marker.click()
    page.wait_for_selector("#cited-article mark.current")
    page.wait_for_timeout(500)
    film.shoot(held=4)
    film.save(FOLDER / "question.webp")


def save_views(browser: Browser, address: str) -> None:
    """Save answers in both themes and on a phone."""
    for name, width, height, scheme, question in VIEWS:
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.goto(f"{address}/?__theme={scheme}")
        page.wait_for_selector("#question textarea")
        ask(page, question)
        page.screenshot(path=FOLDER / f"{name}.png")
        page.close()


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


class Look:
    """A page in one of the looks; `shoot` saves the state that it is in."""

    def __init__(self, browser: Browser, name: str, width: int, height: int) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": height})
        self.name = name

    def begin(self, address: str) -> Page:
        """Open the page anew."""
        self.page.goto("about:blank")
        self.page.goto(f"{address}/?__theme={'dark' if self.name == 'dark' else 'light'}")
        self.page.wait_for_selector("#question textarea")
        self.page.wait_for_timeout(1200)
        return self.page

    def shoot(self, state: str) -> None:
        self.page.wait_for_timeout(500)
        self.page.screenshot(path=STATES / f"{state}-{self.name}.png")


def save_states(browser: Browser, address: str, data: Path) -> None:
    """Save the page in all its states, in each of the looks: over the sample, and over nothing."""
    STATES.mkdir(parents=True, exist_ok=True)
    looks = [Look(browser, *look) for look in LOOKS]
    empty = data / "empty"
    empty.mkdir()
    for state, folder in (("empty", empty), ("no-model", data)):
        with run_server(folder, data / f"{state}.log", DATELINE_MODEL="none") as (without_model, _):
            for look in looks:
                look.begin(without_model)
                look.shoot(state)
    for look in looks:
        save_answers(look, address)
        save_tabs(look, address)
        look.page.close()


def save_answers(look: Look, address: str) -> None:
    """Save the first tab as it begins, answers and refuses, and what an answer opens."""
    page = look.begin(address)
    look.shoot("begin")
    page.fill("#question textarea", HS2)
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer")
    page.screenshot(path=STATES / f"asking-{look.name}.png")
    page.wait_for_selector(".answer .foot", timeout=60_000)
    look.shoot("change")
    marker = page.locator(".answer .statement a.marker").first
    marker.focus()
    look.shoot("card")
    marker.click()
    page.wait_for_selector("#cited-article mark.current")
    look.shoot("article")
    page.keyboard.press("Escape")
    page.locator(".found > summary").click()
    look.shoot("drawer")
    page.locator(".found > summary").click()
    page.get_by_text("Not good").click()
    look.shoot("reasons")
    for state, question in (("answer", BERLIN), ("sides", FERRY), ("refusal", UNANSWERABLE)):
        ask(look.begin(address), question)
        look.shoot(state)
    look.begin(address).get_by_text("Only some articles").click()
    page.locator("#since input, #since textarea").fill("2025")
    look.shoot("filters")
    ask(page, HS2)
    look.shoot("nothing")
    page.locator("#since input, #since textarea").fill("soon")
    page.fill("#question textarea", HS2)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=toast-body]")
    look.shoot("error")


def save_tabs(look: Look, address: str) -> None:
    """Save the other tabs: the list, what is selected, an article, the form, and a run if there is one."""
    page = look.begin(address)
    page.get_by_role("tab", name="Collection").click()
    page.wait_for_selector("#articles .open")
    look.shoot("collection")
    for box in page.locator("#articles tbody input").all()[:2]:
        box.check()
    look.shoot("selected")
    page.locator("#articles .open").first.click()
    page.wait_for_selector("#article h2")
    look.shoot("one")
    page.click("#back")
    page.get_by_text("Add articles").click()
    look.shoot("add")
    page.get_by_role("tab", name="Evaluate").click()
    look.shoot("evaluate")
    page.locator("#run input").click()
    if runs := page.locator("#run [role=option]").all():
        runs[0].click()
        page.wait_for_selector("#run-report iframe")
        look.shoot("run")


def add_sample(folder: str) -> None:
    environment = {**os.environ, "DATELINE_DATA": folder}
    subprocess.run([sys.executable, "-m", "rag", "add", "--sample"], cwd=ROOT, env=environment, check=True)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        add_sample(folder)
        with run_server(Path(folder), Path(folder) / "log") as (address, _), chromium() as browser:

            def page(width: int, height: int) -> Page:
                return browser.new_page(viewport={"width": width, "height": height})

            makers: dict[str, Callable[[], None]] = {
                "question": lambda: save_question(page(1280, 720), address),
                "views": partial(save_views, browser, address),
                "article": lambda: save_article_pane(page(1400, 900), address),
                "collection": lambda: save_collection(page(1100, 900), address),
                "evaluation": lambda: save_evaluation(page(1100, 1200), address, Path(folder)),
                "states": lambda: save_states(browser, address, Path(folder)),
            }
            for name in sys.argv[1:] or makers:
                makers[name]()


if __name__ == "__main__":
    main()
