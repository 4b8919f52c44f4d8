"""The form that adds articles, files or pasted text, and the report of an addition while it goes on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from corpus.reading.files import FORMATS
from rag.errors import is_dateline_error
from rag.page.markup.collection_markup import error_html, progress_html, stopped_progress_html
from rag.page.tabs.collection_scripts import OPEN_ON_CLICK
from rag.page.tabs.error_messages import translate_errors
from rag.page.tabs.event_options import CHANGE, PRIVATE
from rag.serving.additions import Addition
from rag.serving.collection import Collection

_FORMATS_HINT = (
    f'<p class="hint">Files may be {", ".join(ending[1:] for ending in FORMATS)}, each of at most %d MB. '
    "The publisher and date that you enter here take precedence over those found in the articles.</p>"
)
_DATE_EXAMPLES = "2018, 2018-02 or 2018-02-13"


@dataclass(frozen=True, slots=True)
class AddForm:
    """The report, in which articles can be opened, and the event that adds."""

    report: Any
    adding: Any


def draw_add_form(collection: Collection) -> AddForm:
    """Draw the form into the open Gradio container."""
    with gr.Accordion(
        "Add articles: drop files or paste a text",
        open=not collection.coverage().articles,
        visible=collection.writable,
        elem_id="add-articles",
    ):
        with gr.Row():
            with gr.Column(min_width=240):
                files = gr.File(file_count="multiple", label="Files", height=170, elem_id="files")
            with gr.Column(min_width=240):
                pasted = gr.Textbox(
                    label="Or the text of one article", lines=5, max_lines=5, elem_id="pasted"
                )
        with gr.Row():
            publisher = gr.Textbox(label="Publisher (optional)", elem_id="publisher", max_lines=1)
            published = gr.Textbox(
                label="Date (optional)", placeholder=_DATE_EXAMPLES, elem_id="published", max_lines=1
            )
        gr.HTML(_FORMATS_HINT % (collection.max_file_bytes // 1_000_000))
        with gr.Row():
            add = gr.Button("Add to the collection", variant="primary", scale=3, elem_id="add")
            stop = gr.Button("Stop", scale=1, elem_id="stop-adding")
        report = gr.HTML(elem_id="report", js_on_load=OPEN_ON_CLICK)
    form = [files, pasted, publisher, published]
    adding = add.click(_adder(collection), form, [report, *form], **CHANGE)
    stop.click(translate_errors(_stopper(collection)), None, None, queue=False, **PRIVATE)
    return AddForm(report, adding)


def _adder(collection: Collection) -> Callable[..., Iterator[tuple[Any, ...]]]:
    def add(
        files: list[str] | None, pasted: str | None, publisher: str, published: str
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the report as it grows, and clear the form at the end, except for a text that was refused."""
        unchanged = (gr.skip(),) * 4
        try:
            addition = collection.begin_adding(
                [Path(file) for file in files or ()],
                pasted or "",
                {"publisher": publisher, "date": published},
            )
            for report in reports(addition):
                yield report, *unchanged
        except (ValueError, RuntimeError) as error:
            if not is_dateline_error(error):
                raise
            yield error_html(str(error)), *unchanged
            return
        last = addition.progress
        if last.finished:
            refused = bool(last.reports) and last.reports[-1].status == "refused"
            yield gr.skip(), None, gr.skip() if refused else "", "", ""

    return add


def reports(addition: Addition) -> Iterator[str]:
    """Yield the report of an addition as it grows, and at the end that it was stopped, if it was."""
    for progress in addition.watch():
        yield progress_html(progress)
    if not addition.progress.finished:
        yield stopped_progress_html(addition.progress)


def _stopper(collection: Collection) -> Callable[[], None]:
    def stop() -> None:
        collection.check_writable()  # hiding the button is not enough: any client can call this function
        collection.stop_adding()

    return stop
