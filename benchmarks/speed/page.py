"""How long readers wait at the page, in a real browser: until it can be used, for the evidence, for the answer.

    python -m benchmarks.speed --parts page

Needs Chromium and playwright, as the tests do. Times are taken inside the page, by an observer of what is drawn;
the layout shift is the browser's own, also of what moves right after a key. Processor: seconds of the
server with its model, and of the browser's main thread.
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.speed.measuring import percentiles
from benchmarks.speed.starting import cpu_seconds, served
from rag.evaluation.gold.questions import read_gold
from rag.settings import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

LOADS, QUESTIONS = 12, 12
_TIMEOUT = 120  # seconds
_DRAWN_MILLISECONDS = 2500  # a limit: until the page has long been drawn
# Notes, in milliseconds since the navigation, when the page is visible and a question can be typed; and from
# Enter on, when the first quote and the finished answer are drawn.
_WATCH = """window.shift = 0;
new PerformanceObserver(list => { for (const {value} of list.getEntries()) window.shift += value; })
    .observe({type: 'layout-shift', buffered: true});
const look = () => {
    const box = document.querySelector('#question textarea:enabled');
    if (box && getComputedStyle(box.closest('.gradio-container')).opacity === '1') window.usable = performance.now();
    else requestAnimationFrame(look);
};
look();
document.addEventListener('keydown', event => { if (event.key === 'Enter') window.taken = {enter: performance.now()}; }, true);
new MutationObserver(() => {
    if (!window.taken) return;
    for (const [name, part] of [['evidence', '.answer q'], ['answer', '.answer .foot']])
        if (!window.taken[name] && document.querySelector(part)) window.taken[name] = performance.now();
}).observe(document, {childList: true, subtree: true});"""

Row = dict[str, float]


class _Clock:
    """The processor's seconds of the server and of the browser's main thread, since the last look."""

    def __init__(self, pid: int, session: "CDPSession") -> None:
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._session = session
        self._server: Callable[[], float] = lambda: cpu_seconds(pid)
        self._before = self._look()

    def _look(self) -> Row:
        metrics = {m["name"]: m["value"] for m in self._session.send("Performance.getMetrics")["metrics"]}
        return {"server_cpu": self._server(), "browser_cpu": metrics["TaskDuration"]}

    def since(self) -> Row:
        """Return the seconds since this was called before."""
        before, self._before = self._before, self._look()
        # A page of another address may be drawn by a new process, whose count begins anew.
        return {
            name: now - before[name] if now >= before[name] else now for name, now in self._before.items()
        }


def wait(page: "Page", expression: str) -> None:
    """Wait until an expression is true in the page, whose policy forbids to compile it there."""
    deadline = time.monotonic() + _TIMEOUT
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not true after {_TIMEOUT} seconds: {expression}")
        page.wait_for_timeout(50)


def load(browser: "Browser", address: str, pid: int) -> tuple[Row, Row]:
    """Open the page in a browser that does not know it, and once more with its files kept; return both."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.add_init_script(_WATCH)
    clock = _Clock(pid, context.new_cdp_session(page))
    rows = []
    for _ in range(2):
        page.goto(address)
        wait(page, "window.usable")
        usable = page.evaluate("window.usable") / 1000
        page.wait_for_timeout(_DRAWN_MILLISECONDS)
        rows.append({"usable": usable, "shift": page.evaluate("window.shift"), **clock.since()})
    context.close()
    return rows[0], rows[1]


def ask(page: "Page", question: str, clock: _Clock) -> Row:
    """Ask in a new conversation; return the seconds to the first evidence and to the end, and the shift."""
    page.click("#new")
    wait(page, "!document.querySelector('.answer')")
    page.wait_for_timeout(500)
    page.evaluate("window.shift = 0")
    page.fill("#question textarea", question)
    clock.since()
    page.keyboard.press("Enter")
    wait(page, "window.taken?.answer && window.dateline.record?.exchanges.at(-1)?.answer.timings.total")
    page.wait_for_timeout(500)
    taken = page.evaluate("window.taken")
    server = page.evaluate("window.dateline.record.exchanges.at(-1).answer.timings")
    seconds = {
        name: (taken.get(name, taken["answer"]) - taken["enter"]) / 1000 for name in ("evidence", "answer")
    }
    return {
        **seconds,
        "server_evidence": server["evidence"],
        "shift": page.evaluate("window.shift"),
        **clock.since(),
    }


def measure(data: Path, port: int = 7920) -> dict[str, Any]:
    """Load the page and ask over a server with the packaged model; each question once, with nothing cached."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from browsing import chromium  # type: ignore[import-not-found]

    gold = [one.question for one in read_gold(ROOT / "corpus/gold.jsonl") if not one.history]
    chosen = gold[:: len(gold) // QUESTIONS][:QUESTIONS]
    address = f"http://127.0.0.1:{port}"
    with served(data, port) as process, chromium() as browser:
        loads = [load(browser, address, process.pid) for _ in range(LOADS)]
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.add_init_script(_WATCH)
        page.goto(address)
        wait(page, "window.usable")
        page.wait_for_timeout(_DRAWN_MILLISECONDS)
        clock = _Clock(process.pid, page.context.new_cdp_session(page))
        ask(page, "What was said first?", clock)  # not counted: the model is read from the disk
        asked = [ask(page, question, clock) for question in chosen]
    first, again = zip(*loads, strict=True)
    parts = {"first visit": first, "loaded again": again, "question": asked}
    return {
        "loads": LOADS,
        "questions": len(asked),
        "rows": {name: _row(rows) for name, rows in parts.items()},
    }


def _row(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the median and 95th percentile of each time, and the median and the largest shift."""
    shifts = sorted(row["shift"] for row in rows)
    times = {name: percentiles([row[name] for row in rows]) for name in rows[0] if name != "shift"}
    return {**times, "shift": round(shifts[len(shifts) // 2], 4), "largest_shift": round(shifts[-1], 4)}
