"""The Evaluate tab: choose gold questions, run them with progress and time left, read the report, compare runs. Knows Gradio; runs know themselves."""

from collections.abc import Callable, Iterator
from contextlib import closing
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from rag.evaluation.report import html_report
from rag.evaluation.runs import RunHistory, RunProgress
from rag.page.error_messages import translate_errors
from rag.serving.collection import Collection

_TOLD = 5  # mistakes in a gold file that are told; the first say enough
_PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
_HINT = (
    '<p class="hint">A file of questions, JSON lines or CSV; only "question" is required. With "answers" and the words of an article that hold '
    "them, answers, citations and the search are measured too. Drafts to start from: python -m rag.evaluation propose --out mine.jsonl</p>"
)


def measuring(runs: RunHistory, collection: Collection, sample: Path) -> Any:
    """Draw the tab where the page is being drawn; gives back its list of runs, to be filled when the tab is chosen."""
    with gr.Column(elem_id="measuring"):
        with gr.Row(visible=collection.changes):
            file = gr.File(
                label="Gold questions (without a file: those of the sample collection)",
                height=120,
                elem_id="gold",
            )
        gr.HTML(_HINT, visible=collection.changes)
        with gr.Row(visible=collection.changes):
            start = gr.Button("Measure", variant="primary", scale=3, elem_id="measure")
            stop = gr.Button("Stop", scale=1, elem_id="stop-measuring")
        state = gr.HTML(elem_id="measured")
        with gr.Row():
            chosen = gr.Dropdown(runs.names(), label="Run", elem_id="run", scale=1)
            before = gr.Dropdown(runs.names(), label="Compared with", elem_id="before", scale=1)
        changes = gr.Markdown(elem_id="changes", sanitize_html=True)
        report = gr.HTML(elem_id="run-report")
    running = start.click(
        translate_errors(_runner(runs, sample)),
        file,
        [state, chosen, before],
        concurrency_id="measuring",
        concurrency_limit=1,
        **_PRIVATE,
    )
    stop.click(None, None, None, cancels=[running]).then(
        lambda: '<p class="hint" role="status">Stopped. The next run of the same file goes on from here.</p>',
        None,
        state,
        **_PRIVATE,
    )
    chosen.change(translate_errors(lambda name: _framed(runs, name)), chosen, report, **_PRIVATE)
    for dropdown in (chosen, before):
        dropdown.change(
            translate_errors(lambda after, earlier: _compared(runs, earlier, after)),
            [chosen, before],
            changes,
            **_PRIVATE,
        )
    return chosen, before


def listed(runs: RunHistory) -> tuple[Any, Any]:
    """Both lists of runs as they are now; what was chosen stays so."""
    return gr.update(choices=runs.names()), gr.update(choices=runs.names())


def _runner(runs: RunHistory, sample: Path) -> Callable[[str | None], Iterator[tuple[Any, ...]]]:
    def run(file: str | None) -> Iterator[tuple[Any, ...]]:
        gold = Path(file) if file else sample
        wrong = runs.mistakes(gold)
        told = "".join(f"<li>{escape(line)}</li>" for line in wrong[:_TOLD])
        more = f"<li>and {len(wrong) - _TOLD} more</li>" if len(wrong) > _TOLD else ""
        found = (
            f'<p class="hint">The file has {len(wrong)} mistakes; these questions count all the same:</p><ul>{told}{more}</ul>'
            if wrong
            else ""
        )
        with closing(runs.run(gold)) as steps:
            for step in steps:
                names = runs.names()
                shown = gr.update(choices=names, value=step.name) if step.name else gr.update()
                yield _line(step) + found, shown, gr.update(choices=names) if step.name else gr.update()

    return run


def _line(step: RunProgress) -> str:
    if step.name:
        return f'<p role="status">Measured in {_spoken(step.seconds)}.</p>'
    left = f", about {_spoken(step.left)} left" if step.left is not None else ""
    return (
        f'<p role="status">{step.done} of {step.total} questions{left}</p>'
        f'<progress max="{max(step.total, 1)}" value="{step.done}" aria-label="Questions asked"></progress>'
    )


def _spoken(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"


def _framed(runs: RunHistory, name: str | None) -> str:
    """The report in a frame of its own, which may run nothing."""
    return (
        f'<iframe title="Report" sandbox="" srcdoc="{escape(html_report(runs.read(name)))}"></iframe>'
        if name
        else ""
    )


def _compared(runs: RunHistory, before: str | None, after: str | None) -> str:
    return runs.compared(before, after) if before and after and before != after else ""
