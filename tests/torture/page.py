"""Put payloads into every text that the page, a report or an export shows, and look at each in a real browser.

The content security policy is switched off, so that escaping alone is tested; tests/test_browser.py has it on.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from browsing import CHROMIUM, chromium
from hostile import HOST, PAYLOADS
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, expect
from serving import run_server

from corpus.article import Article
from corpus.characters import normalise_text
from corpus.passages import Passage
from corpus.store.database import Store
from corpus.store.filters import Filters
from embeddings.encoder import Encoder
from embeddings.ingest import ingest_bytes
from embeddings.library import Library
from rag.answers.answer import Answer, Timings
from rag.answers.conversation import Conversation
from rag.answers.export import export_answers
from rag.answers.labels import label_amount
from rag.assistant import Assistant
from rag.evaluation.reports.report import html_report, markdown_report
from rag.evaluation.runs.compare import compare, comparison_table
from rag.evaluation.runs.history import RunHistory
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel
from rag.quantities.quantities import Quantity, parse_quantities
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import Rank, Retriever
from rag.verification.citations import Citation, Statement
from torture.faults import without_faults
from torture.kills import Lab
from torture.trials import Trial

_ENDING = "Nobody had seen a ferry of that price, and the council asked for its accounts on Friday morning."
_EXCHANGES = 60  # of one conversation
_QUOTED_CHARS = 40  # of a date that is none, in the error about it
# What no text may become, wherever it is shown; the sandboxed frame of a report runs no scripts.
_HARMS = """roots => {
    const found = [], layout = 'pre, table, svg, select, .sides, .menu, .options, .toast-wrap';
    for (const root of document.querySelectorAll(roots)) {
        root.querySelectorAll('details').forEach(details => { details.open = true; });
        const edge = root.getBoundingClientRect().right + 1;
        for (const element of root.querySelectorAll('*')) {
            const tag = element.localName, names = element.getAttributeNames(), html = element.outerHTML.slice(0, 200);
            if (/^(script|style|link|meta|base|object|embed|form|img|image|video|audio|iframe|math|foreignobject)$/.test(tag)
                && !(tag === 'iframe' && element.getAttribute('sandbox') === '')
                && !(tag === 'img' && /^data:|^blob:/.test(element.src))) found.push(html);
            if (names.some(name => /^on/i.test(name))) found.push(html);
            if (/^\\s*(javascript|vbscript|data):/i.test(element.getAttribute('href') || '')) found.push(html);
            const style = getComputedStyle(element), box = element.getBoundingClientRect();
            if (style.position === 'fixed' && !element.closest('.options, .toast-wrap')) found.push(`fixed: ${html}`);
            if (box.right > edge && box.width && style.position !== 'absolute' && !element.closest(layout))
                found.push(`wider than its place: ${html}`);
        }
    }
    const width = document.documentElement.scrollWidth;
    if (width > innerWidth) found.push(`the page is ${width} wide`);
    return [...new Set(found)].slice(0, 5);
}"""
_READ = """roots => [...document.querySelectorAll(roots)].flatMap(root =>
    [root.textContent, ...[...root.querySelectorAll('input, textarea')].map(field => field.value)]).join(' ')"""
_SHOW_CARDS = """() => [...document.querySelectorAll('#chat a.marker')].map(marker => {
    marker.dispatchEvent(new PointerEvent('pointerover', {bubbles: true}));
    const card = document.querySelector('.card');
    if (card?.querySelector('*:not(cite, span, a, q, b)')) alert(`card: ${card.innerHTML.slice(0, 200)}`);
    return card?.textContent || '';
})"""


@dataclass
class HostileCollection:
    """Articles with a payload in each field, answers that show them, and a measured run."""

    folder: Path
    payloads: list[str]
    articles: dict[int, Article] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lines = [one_line(normalise_text(text)) for text in self.payloads]

    def fill(self) -> None:
        library = Library(Store(self.folder / "data"), Encoder(threads=1))
        for n, text in enumerate(self.payloads):
            fields = dict.fromkeys(("title", "author", "standfirst", "section"), text)
            url = text if n % 2 else f"http://{HOST}/{n}?{text}"
            day = {} if n % 5 == 0 else {"date": f"20{10 + n % 15}-02-{1 + n % 28:02}"}
            body = f"The ferry of {self.lines[n]} cost {n + 10} million crowns, its owner said. {_ENDING}"
            line = json.dumps({**fields, **day, "url": url, "body": body})
            given = {"publisher": text}  # a file's may be too long for a name, and would not be shown
            for report in ingest_bytes(library, Path(f"{n}.jsonl"), line.encode(), given):
                if report.article:
                    self.articles[n] = report.article
        gold = self.folder / "gold.jsonl"
        parts = [" ".join(self.lines[n : n + 30])[:1900] for n in range(0, len(self.lines), 30)]
        questions = [
            {"id": f"{part[:40]}{n}", "question": part, "kind": "unanswerable"}
            for n, part in enumerate(parts)
        ]
        gold.write_text("".join(json.dumps(question) + "\n" for question in questions))
        runs = RunHistory(Assistant(Retriever(library=library), AnswerModel("none", None), Prompts()))
        *_, last = runs.run(gold)
        self.run = runs.read(last.name)
        library.store.close()

    def answers(self) -> list[Answer]:
        names = list(self.articles)
        return [self._answer(n, other) for n, other in zip(names, names[1:] + names[:1], strict=True)]

    def _answer(self, n: int, other: int) -> Answer:
        """Return an answer about one article that a second one supports, with the payload in each text."""
        text, one, two = self.lines[n], self.articles[n], self.articles[other]
        cited = (
            Citation(1, one, 0, len(one.body), one.body, (two,)),
            Citation(2, two, 0, len(two.body), two.body),
        )
        labels = [label_amount(item.article, _price(item)) for item in cited]
        statements = (
            Statement(one.body, cited[:1], "quoted", labels[0], text),
            Statement(two.body, cited[1:], "supported", labels[1]),
        )
        near = Evidence(
            Passage(one, 0, len(one.body)), 0, len(one.body), 1.0, 0.0, (two,), (Rank("words", 1, 1.0),)
        )
        dropped = text.replace("“", "").replace("”", "")
        return Answer(
            f"{self.payloads[n]} Nr{n}", self.payloads[n], "answered" if n % 5 else "unanswerable",
            statements=statements if n % 5 else (), evidence=(near,), filters=Filters(None, None, (text,), ()),
            warnings=(f"Dropped “{dropped}”: {dropped} is not in the source.",), timings=Timings(total=1.0),
        )  # fmt: skip

    def conversations(self) -> list[dict[str, Any]]:
        """Return the answers as conversations that a browser has kept, and an empty one for each title."""
        answers, kept = self.answers(), []
        for n in range(0, len(answers), _EXCHANGES):
            conversation = Conversation()
            for answer in answers[n : n + _EXCHANGES]:
                conversation = conversation.append(answer)
            kept.append({**conversation.to_json(), "changed": "2026-01-01"})
        titles = [
            {"id": f"t{n}", "title": text, "exchanges": [], "changed": ""}
            for n, text in enumerate(self.payloads)
        ]
        return [*kept, *titles]

    def documents(self) -> dict[str, str]:
        """Return each kind of file that a reader saves and opens in a browser, without the server's policy."""
        answers, other = self.answers(), json.loads(json.dumps(self.run))
        for result in other["results"]:
            result["right"] = not result["right"]
        viewer = MarkdownIt("gfm-like", {"html": True, "linkify": False})
        viewer.normalizeLinkText = str  # an address stands there as it is written, and not as its blanks

        def page(markdown: str) -> str:  # where long words are broken, as by those who show Markdown
            return f"<body style='overflow-wrap: anywhere'>{viewer.render(markdown)}"

        return {
            "answers as HTML": export_answers(answers, "html", self.payloads[0]).text,
            "answers as Markdown": page(export_answers(answers, "markdown", self.payloads[0]).text),
            "a run as HTML": html_report(self.run),
            "a run as Markdown": page(markdown_report(self.run)),
            "two runs compared": page(comparison_table(compare(self.run, other), 0.05)),
        }


class Viewer:
    """A page without a policy, and what it did that no text may make it do."""

    def __init__(self, browser: Browser, texts: list[str]) -> None:
        context = browser.new_context(bypass_csp=True, viewport={"width": 1200, "height": 900})
        self.page, self.texts, self._did = context.new_page(), texts, list[str]()
        self.shown: dict[str, set[str]] = {}  # the payloads that were read, by place
        self.page.on(
            "dialog", lambda dialog: (self._did.append(f"dialog {dialog.message}"), dialog.dismiss())
        )
        context.on(
            "request", lambda sent: HOST in sent.url.split("/")[2:3] and self._did.append(f"asked {sent.url}")
        )
        context.on("page", lambda opened: self._did.append(f"opened {opened.url}"))

    def look(
        self, place: str, roots: str, least: float = 0.0, read: str | None = None, cut: int | None = None
    ) -> Iterator[Trial]:
        """Yield a trial for each payload that is first read in a place; one of them has what is wrong there.

        Args:
            place: its name.
            roots: selects its elements.
            least: the share of payloads that must be there, so that the place does show them.
            read: the text to look into, if it is not that of `roots`.
            cut: how many characters of a payload the place shows.
        """
        self.page.wait_for_selector(roots, state="attached")
        wrong = [*self.page.evaluate(_HARMS, roots), *self._did]
        self._did.clear()
        text, known = read or self.page.evaluate(_READ, roots), self.shown.setdefault(place, set())
        text = one_line(normalise_text(text))
        new = {each for each in self.texts if each[:cut] in text} - known
        known |= new
        if len(known) < least * len(self.texts):
            wrong.append(f"only {len(known)} of {len(self.texts)} payloads are shown")
        for n in range(max(len(new), bool(wrong))):
            yield Trial(place, "" if n else "; ".join(wrong))


def _price(citation: Citation) -> Quantity | None:
    quantities = parse_quantities(citation.quote, citation.article.published)
    return next((quantity for quantity in quantities if "million" in quantity.text), None)


def one_line(text: str) -> str:
    return " ".join(text.split())


def hostile_texts(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Show `count` payloads, of all kinds, in every place; a trial is one of them in one place."""
    if not CHROMIUM:
        raise SystemExit("The page needs a browser; install Chromium (on Debian: apt-get install chromium).")
    at = rng.random() + np.arange(min(count, len(PAYLOADS)))
    payloads = [PAYLOADS[int(n * len(PAYLOADS) / len(at)) % len(PAYLOADS)] for n in at]
    collection = HostileCollection(lab.keep(), payloads)
    collection.fill()
    with without_faults(), chromium() as browser:
        viewer = Viewer(browser, collection.lines)
        data, log = collection.folder / "data", collection.folder / "log"
        with run_server(data, log, DATELINE_MODEL="none") as (address, _):
            yield from _read_conversations(viewer, address, collection.conversations())
            yield from _refuse_values(viewer)
            yield from _walk_through_the_collection(viewer)
            yield from _read_a_run(viewer)
            if not viewer.page.url.startswith(address):
                yield Trial("address", f"the page moved to {viewer.page.url}")
        for name, text in collection.documents().items():
            file = collection.folder / f"{name}.html"
            file.write_text(text)
            viewer.page.goto(file.as_uri())
            yield from viewer.look(name, "body")
        for place in (place for place, texts in viewer.shown.items() if not texts):
            yield Trial(place, "no payload was shown")


def _read_conversations(viewer: Viewer, address: str, kept: list[dict[str, Any]]) -> Iterator[Trial]:
    page = viewer.page
    stored = json.dumps({f"dateline:{item['id']}": json.dumps(item) for item in kept})
    page.add_init_script(
        f"for (const [key, value] of Object.entries({stored})) localStorage.setItem(key, value);"
    )
    for conversation in (item for item in kept if item["exchanges"]):
        page.goto(f"{address}/?{conversation['id']}#conversation={conversation['id']}")
        expect(page.locator(".answer .foot")).to_have_count(len(conversation["exchanges"]), timeout=120_000)
        yield from viewer.look("question", "#chat [data-testid=user]")
        for name, roots in (
            ("search", "#chat .searched, #chat .found"),
            ("statement", "#chat .statement"),
            ("chart", "#chat .chart"),
            ("source", "#chat .sources"),
            ("dropped sentence", "#chat .dropped"),
            ("next question", "#chat .next"),
        ):
            yield from viewer.look(name, roots)
        yield from viewer.look("card", ".answer", read=" ".join(page.evaluate(_SHOW_CARDS)))
        for n in range(0, page.locator("#chat a.marker").count(), 17):
            page.locator("#chat a.marker").nth(n).evaluate("marker => marker.click()")
            expect(
                page.locator("#cited-article mark.current, #cited-article [role=status]").first
            ).to_be_visible()
            yield from viewer.look("cited article", "#cited-article")
    yield from viewer.look("title of a conversation", "#conversations", 0.9)


def _refuse_values(viewer: Viewer) -> Iterator[Trial]:
    """Have the page show errors about what was typed."""
    page = viewer.page
    page.click("#new")
    yield from viewer.look("example", "#chat")
    page.get_by_text("Only some articles").click()
    page.locator("#publishers input").click()
    yield from viewer.look("publisher to choose", "#publishers", 0.5)
    page.keyboard.press("Escape")
    for text in viewer.texts[:: 1 + len(viewer.texts) // 10]:
        page.fill("#since input, #since textarea", text)
        page.fill("#question textarea", "What did the ferry cost?")
        page.keyboard.press("Enter")
        expect(page.locator("[data-testid=toast-body]").first).to_be_visible()
        yield from viewer.look("error", "[data-testid=toast-body]", cut=_QUOTED_CHARS)
        yield from viewer.look("chip", "#chips")
        page.locator("[data-testid=toast-close]").first.click()
    page.fill("#since input, #since textarea", "")


def _walk_through_the_collection(viewer: Viewer) -> Iterator[Trial]:
    page, opened = viewer.page, viewer.page.locator("#articles button.open")
    page.get_by_role("tab", name="Collection").click()
    expect(opened.first).to_be_visible()
    while page.locator("#more").is_visible():
        before = opened.count()
        page.click("#more")
        expect(opened.nth(before)).to_be_attached()
    yield from viewer.look("list of articles", "#articles", 0.9)
    page.locator("#near-duplicates button").first.click()
    page.click("#compare")
    expect(page.locator("#pairs [role=status]").first).to_be_visible(timeout=60_000)
    yield from viewer.look("near-duplicates", "#pairs")
    page.locator("#incomplete button").first.click()
    expect(page.locator("#incomplete-table input").first).to_be_visible()
    yield from viewer.look("table of unknown dates", "#incomplete-table")
    yield from _add_files(viewer)
    for n in range(0, opened.count(), 1 + opened.count() // 20):
        opened.nth(n).click()
        expect(page.locator("#article .article-text")).to_be_visible()
        yield from viewer.look("article", "#article, #edit-fields")
        page.click("#back")
        expect(page.locator("#article")).to_be_hidden()


def _add_files(viewer: Viewer) -> Iterator[Trial]:
    """Add files that are refused, and have payloads for names."""
    page = viewer.page
    page.locator("#add-articles button").first.click()
    names = [f"{text[:100]}.pdf".replace("/", "_") for text in viewer.texts]
    files = [{"name": name, "mimeType": "x/y", "buffer": name.encode()} for name in names]
    page.locator("#files input[type=file]").set_input_files(files)
    expect(page.locator("#files .file")).to_have_count(len(files), timeout=120_000)
    yield from viewer.look("chosen file", "#files")
    page.click("#add")
    expect(page.locator("#report [role=status]")).to_be_visible(timeout=120_000)
    yield from viewer.look("report of an addition", "#report")


def _read_a_run(viewer: Viewer) -> Iterator[Trial]:
    page = viewer.page
    page.get_by_role("tab", name="Evaluate").click()
    page.locator("#run input").click()
    page.get_by_role("option").first.click()
    expect(page.locator("#run-report iframe")).to_be_visible()
    yield from viewer.look("questions of a run", "#questions")
    report = page.locator("#run-report iframe").get_attribute("srcdoc") or ""
    yield from viewer.look("frame of a report", "#evaluation", read=report)
