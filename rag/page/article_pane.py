"""The article reader beside the chat. Knows Gradio and which place of which answer was chosen; `reader_markup` draws it."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from rag.answers.conversation import Conversation
from rag.page.article_markup import article_pane_html, openable_citations
from rag.page.error_messages import translate_errors
from rag.serving.collection import Collection

# After each drawing the cited words are in view and have the focus, so that the arrow keys lead on and a screen reader speaks them.
_TO_WORDS = """const show = () => {
    const here = element.querySelector('mark.here') || element.querySelector('[role=status]');
    if (!here) return;
    const pane = element.closest('#beside');
    if (getComputedStyle(pane).position !== 'sticky') here.scrollIntoView({block: 'center'});
    else pane.scrollTop += here.getBoundingClientRect().top - pane.getBoundingClientRect().top - pane.clientHeight / 3;
    here.focus({preventScroll: true});
};
show();
watch('value', show);"""


def reading(collection: Collection) -> tuple[Any, Any]:
    """Draw the pane, empty and hidden: the column and what it shows."""
    with gr.Column(visible=False, scale=2, min_width=340, elem_id="beside") as beside:
        reader = gr.HTML(elem_id="reader", js_on_load=_TO_WORDS)
    return beside, reader


def connect_article_pane(wire: Any, record: Any, beside: Any, reader: Any, collection: Collection) -> None:
    """A place chosen anywhere on the page opens its article; closing hides the pane."""
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    wire.select(translate_errors(_opener(collection)), record, [beside, reader], **quiet)
    wire.collapse(lambda: gr.update(visible=False), None, beside, **quiet)


def _opener(collection: Collection) -> Callable[..., tuple[Any, str]]:
    def open_place(record: Any, chosen: gr.EventData) -> tuple[Any, str]:
        """The article of the place that was chosen in an answer."""
        turn, number = int(chosen.turn), int(chosen.place)
        answer = Conversation.from_json(record).load_answer(turn, collection.find)
        raw = next(
            (
                collection.raw(place.article.id)
                for place in openable_citations(answer)
                if place.number == number and place.verified
            ),
            "",
        )
        return gr.update(visible=True), article_pane_html(answer, turn, number, raw)

    return open_place
