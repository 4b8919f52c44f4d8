"""Measure how long the page takes to start, to show the first evidence and to finish an answer, and what jumps.

    python benchmarks/page.py [--out FILE]

Starts `python app.py` on a fresh data folder and asks each sample question once in headless Chromium, in a
new conversation each; three starts, since a question that is asked again finds its sentences encoded. Times
are taken inside the page, by an observer of what is drawn; the layout shift is the browser's own, of the
page's first seconds and of each answer, also of what moves right after a key.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent.parent / "tests")]

from browsing import chromium
from playwright.sync_api import Page
from serving import free_port

from rag.evaluation.runs.provenance import current_commit, machine_info
from rag.serving.sample import SAMPLE_QUESTIONS
from rag.settings import ROOT, Settings

STARTS = 3
_DRAWN_SECONDS = 2.5  # a limit: until the page has long been drawn
_WATCH_SHIFT = """window.shift = 0;
new PerformanceObserver(list => { for (const {value} of list.getEntries()) window.shift += value; })
    .observe({type: 'layout-shift', buffered: true})"""
# Records, in milliseconds, when Enter is pressed, the first quote is drawn and the answer is finished.
_WATCH = """() => {
    window.taken = null;
    document.addEventListener('keydown', event => { if (event.key === 'Enter') window.taken = {enter: performance.now()}; }, true);
    new MutationObserver(() => {
        if (!window.taken) return;
        if (!window.taken.evidence && document.querySelector('.answer q')) window.taken.evidence = performance.now();
        if (!window.taken.finished && document.querySelector('.answer .foot')) window.taken.finished = performance.now();
    }).observe(document.body, {childList: true, subtree: true});
}"""


def ask(page: Page, question: str) -> dict[str, float]:
    """Ask a question; return the seconds to the first evidence and to the end, the server's own, and the shift."""
    page.click("#new")
    page.wait_for_function("!document.querySelector('.answer')")
    page.evaluate("window.shift = 0")
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "window.taken?.finished && window.dateline.record?.exchanges.at(-1)?.answer.timings.total",
        timeout=120_000,
    )
    times = page.evaluate("window.taken")
    server = page.evaluate("window.dateline.record.exchanges.at(-1).answer.timings")
    seconds = {name: round((times[name] - times["enter"]) / 1000, 3) for name in ("evidence", "finished")}
    shift = round(page.evaluate("window.shift"), 4)
    return {
        **seconds,
        "server_evidence": server["evidence"],
        "server_finished": server["total"],
        "shift": shift,
    }


def measure_start() -> dict[str, Any]:
    """Start the app and ask every sample question once."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        port = free_port()
        environment = {**os.environ, "DATELINE_DATA": folder}
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.add_init_script(_WATCH_SHIFT)
        started = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "rag", "add", "--sample"], cwd=ROOT, env=environment, check=True
        )
        with subprocess.Popen(
            [sys.executable, "app.py", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                next(line for line in process.stdout if "ready at" in line)
                printed = time.monotonic()
                page.goto(f"http://127.0.0.1:{port}")
                page.wait_for_selector("#question textarea:enabled")
                interactive = time.monotonic() - printed
                time.sleep(_DRAWN_SECONDS)
                shift = page.evaluate("window.shift")
                page.evaluate(_WATCH)
                lines = [{"question": question, **ask(page, question)} for question in SAMPLE_QUESTIONS]
            finally:
                process.terminate()
                process.wait(30)
    once = {"start": printed - started, "interactive": interactive, "shift_drawn": shift}
    return {**{name: round(value, 4) for name, value in once.items()}, "questions": lines}


def medians(starts: list[dict[str, Any]]) -> dict[str, float]:
    """Return the medians over all starts and questions; `start` includes indexing the sample collection."""
    lines = [line for start in starts for line in start["questions"]]
    once = {
        name: statistics.median(start[name] for start in starts) for name in starts[0] if name != "questions"
    }
    ask = {
        name: round(statistics.median(line[name] for line in lines), 3)
        for name in lines[0]
        if name != "question"
    }
    longest = {f"{name}_longest": max(line[name] for line in lines) for name in ("evidence", "shift")}
    return {**once, **ask, **longest}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the page.")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    options = parser.parse_args()
    starts = [measure_start() for _ in range(STARTS)]
    conditions = {
        **machine_info(),
        "cores": os.cpu_count(),
        "commit": current_commit(),
        "threads": Settings.read().threads,
    }
    result = {**conditions, "load": os.getloadavg()[0], "seconds": medians(starts), "starts": starts}
    if options.out:
        options.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(result["seconds"]))


if __name__ == "__main__":
    main()
