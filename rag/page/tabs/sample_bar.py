"""The bar above the tabs: it marks the sample articles, offers their removal, and says how to begin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from corpus.store.filters import Coverage
from rag.page.tabs.error_messages import translate_errors
from rag.page.tabs.event_options import CHANGE
from rag.serving.collection import Collection

_HOW_TO_ADD = "Add your own on the tab Collection, or run <code>dateline add FOLDER</code>"
_HOW = '<span class="how">Add your own on the tab Collection.</span>'


@dataclass(frozen=True, slots=True)
class SampleBar:
    """The components to refresh when the collection changes, and the events that change it."""

    collection: Collection
    outputs: Sequence[Any]  # text, button to remove, button to add
    changes: Sequence[Any]

    def refresh(self) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Return the text, and which of the buttons is shown."""
        return _updates(self.collection)


def draw_sample_bar(collection: Collection) -> SampleBar:
    """Draw the bar into the open Gradio container; it is empty while only the user's articles are there."""
    text, removable, addable = _state(collection)
    with gr.Row(elem_id="sample-bar"):
        shown = gr.HTML(text, visible=bool(text), elem_id="sample-text")
        remove = gr.Button(
            "Remove the sample", visible=removable, scale=0, size="sm", elem_id="remove-sample"
        )
        add = gr.Button("Try the sample", visible=addable, scale=0, size="sm", elem_id="add-sample")

    def remove_sample() -> tuple[dict[str, Any], ...]:
        gr.Info(f"Removed: {collection.remove_sample()} sample articles.")
        return _updates(collection)

    def add_sample() -> Iterator[tuple[Any, ...]]:
        for done, total in collection.add_sample():
            yield f"<p>Adding the sample: {done} of {total} articles</p>", gr.skip(), gr.update(visible=False)
        yield _updates(collection)

    outputs = [shown, remove, add]
    changes = [
        remove.click(translate_errors(remove_sample), None, outputs, **CHANGE),
        add.click(translate_errors(add_sample), None, outputs, **CHANGE),
    ]
    return SampleBar(collection, outputs, changes)


def _updates(collection: Collection) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    text, removable, addable = _state(collection)
    return gr.update(value=text, visible=bool(text)), gr.update(visible=removable), gr.update(visible=addable)


def _state(collection: Collection) -> tuple[str, bool, bool]:
    """Return the text, and whether the sample can be removed and added."""
    coverage = collection.coverage()
    text = sample_bar_html(coverage, collection.writable)
    writable = collection.writable
    return text, bool(coverage.sample) and writable, not coverage.articles and writable


def sample_bar_html(coverage: Coverage, writable: bool) -> str:
    """Return what the bar says: how to begin, or which articles are invented; "" if none is."""
    if not coverage.articles:
        how = (
            f"{_HOW_TO_ADD}. Or try Dateline on invented articles first."
            if writable
            else ("Add articles on the computer itself: <code>dateline add FOLDER</code>.")
        )
        return f'<p><strong>This collection is empty.</strong> <span class="how">{how}</span></p>'
    if not coverage.sample:
        return ""
    if coverage.sample == coverage.articles:
        return (
            f"<p><strong>Sample.</strong> These {coverage.sample} articles are invented, to try Dateline "
            f"with. {_HOW if writable else ''}</p>"
        )
    return (
        f"<p><strong>Sample.</strong> {coverage.sample} of the {coverage.articles:,} articles are invented; "
        "answers may quote them and mark them “sample”.</p>"
    )
