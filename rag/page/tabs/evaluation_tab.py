"""The Evaluate tab: run gold questions, follow the progress, read the report, compare two runs."""

from collections.abc import Callable, Iterator
from contextlib import closing
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from rag.evaluation.reports.report import html_report
from rag.evaluation.runs.history import RunHistory, RunProgress
from rag.page.markup.run_questions import run_questions_html
from rag.page.tabs.error_messages import translate_errors
from rag.page.tabs.event_options import EVALUATE, PRIVATE
from rag.serving.collection import Collection

_MAX_MISTAKES = 5  # limit, of mistakes in a gold file that are shown
_HINT = (
    '<p class="hint">A file of questions, JSON lines or CSV; only "question" is required. With "answers" and '
    "the words of an article that hold them, answers, citations and the search are measured too. "
    "Without a file those of the sample are asked. Drafts to start from: "
    "<code>dateline evaluate propose --out mine.jsonl</code></p>"
)
_STOPPED = '<p class="hint" role="status">Stopped. The next run of the same file goes on from here.</p>'

# A head sorts by its column, numbers by their size, and once more the other way round.
_SORT_AND_ASK = """element.addEventListener('click', event => {
    const ask = event.target.closest('button.ask'), head = event.target.closest('th');
    if (ask) window.dateline.ask(ask.textContent);
    if (!head) return;
    const heads = [...head.parentElement.children], way = head.ariaSort === 'ascending' ? -1 : 1;
    const text = row => row.children[heads.indexOf(head)].textContent;
    const rows = [...element.querySelectorAll('tbody tr')];
    rows.sort((a, b) => way * text(a).localeCompare(text(b), 'en', {numeric: true}));
    for (const each of heads) each.ariaSort = each === head ? (way < 0 ? 'descending' : 'ascending') : null;
    element.querySelector('tbody').append(...rows);
});"""


def draw_evaluation_tab(runs: RunHistory, collection: Collection, sample: Path) -> tuple[Any, Any]:
    """Draw the tab into the open Gradio container; return its two lists of runs (see `run_choices`).

    `sample` is the gold file to run if none is uploaded.
    """
    with gr.Column(elem_id="evaluation"):
        with gr.Row(visible=collection.writable):
            file = gr.File(
                label="Gold questions",
                height=140,
                elem_id="gold",
            )
        gr.HTML(_HINT, visible=collection.writable)
        with gr.Row(visible=collection.writable):
            start = gr.Button("Measure", variant="primary", scale=3, elem_id="measure")
            stop = gr.Button("Stop", scale=1, elem_id="stop-measuring")
        progress = gr.HTML(elem_id="evaluation-progress")
        with gr.Row():
            # Without a value Gradio would show the newest as chosen, whose report is not there.
            run = gr.Dropdown(runs.names(), value=None, label="Run", elem_id="run", min_width=240)
            baseline = gr.Dropdown(
                runs.names(), value=None, label="Compared with", elem_id="baseline", min_width=240
            )
        comparison = gr.Markdown(elem_id="comparison", sanitize_html=True)
        questions = gr.HTML(elem_id="questions", js_on_load=_SORT_AND_ASK)
        report = gr.HTML(elem_id="run-report")
    runner = translate_errors(_runner(runs, collection, sample))
    running = start.click(runner, file, [progress, run, baseline], **EVALUATE)
    stop.click(None, None, None, cancels=[running]).then(lambda: _STOPPED, None, progress, **PRIVATE)
    run.change(translate_errors(lambda name: _views(runs, name)), run, [questions, report], **PRIVATE)
    compare = translate_errors(lambda after, before: _comparison(runs, before, after))
    for dropdown in (run, baseline):
        dropdown.change(compare, [run, baseline], comparison, **PRIVATE)
    return run, baseline


def run_choices(runs: RunHistory) -> tuple[Any, Any]:
    """Return updates for both lists of runs that keep what is selected in them."""
    return gr.update(choices=runs.names()), gr.update(choices=runs.names())


def _runner(
    runs: RunHistory, collection: Collection, sample: Path
) -> Callable[[str | None], Iterator[tuple[Any, ...]]]:
    def run(file: str | None) -> Iterator[tuple[Any, ...]]:
        """Yield the progress of a run, and select the run when it is finished."""
        collection.check_writable()  # hiding the button is not enough: any client can call this function
        gold = Path(file) if file else sample
        mistakes = _mistakes_html(runs.find_mistakes(gold))
        with closing(runs.run(gold)) as steps:
            for step in steps:
                names = runs.names()
                selected = gr.update(choices=names, value=step.name) if step.name else gr.update()
                listed = gr.update(choices=names) if step.name else gr.update()
                yield _progress_html(step) + mistakes, selected, listed

    return run


def _mistakes_html(mistakes: list[str]) -> str:
    if not mistakes:
        return ""
    items = "".join(f"<li>{escape(mistake)}</li>" for mistake in mistakes[:_MAX_MISTAKES])
    more = f"<li>and {len(mistakes) - _MAX_MISTAKES} more</li>" if len(mistakes) > _MAX_MISTAKES else ""
    return (
        f'<p class="hint">The file has {len(mistakes)} mistakes; these questions count all the same:</p>'
        f"<ul>{items}{more}</ul>"
    )


def _progress_html(step: RunProgress) -> str:
    if step.name:
        return f'<p role="status">Measured in {_format_duration(step.seconds)}.</p>'
    left = f", about {_format_duration(step.left)} left" if step.left is not None else ""
    return (
        f'<p role="status">{step.done} of {step.total} questions{left}</p>'
        f'<progress max="{max(step.total, 1)}" value="{step.done}" aria-label="Questions asked"></progress>'
    )


def _format_duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"


def _views(runs: RunHistory, name: str | None) -> tuple[str, str]:
    """Return a run's questions, and its report in a sandboxed frame that may run no scripts."""
    if not name:
        return "", ""
    run = runs.read(name)
    report = f'<iframe title="Report" sandbox="" srcdoc="{escape(html_report(run))}"></iframe>'
    return run_questions_html(run["results"]), report


def _comparison(runs: RunHistory, before: str | None, after: str | None) -> str:
    return runs.compare(before, after) if before and after and before != after else ""
