"""The pane beside the chat that shows a cited article at the cited words."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from rag.answers.conversation import Conversation
from rag.page.markup.article_markup import article_pane_html, openable_citations
from rag.page.tabs.error_messages import translate_errors
from rag.page.tabs.event_options import PRIVATE
from rag.serving.collection import Collection

# After each change, scroll to the cited words and focus them: the arrow keys then work, and screen readers
# read the words.
_SCROLL_TO_CITATION = """const show = () => {
    const cited = element.querySelector('mark.current') || element.querySelector('[role=status]');
    if (!cited) return;
    const pane = element.closest('#article-pane');
    const top = () => cited.getBoundingClientRect().top - pane.getBoundingClientRect().top;
    if (getComputedStyle(pane).position !== 'sticky') cited.scrollIntoView({block: 'center'});
    else pane.scrollTop += top() - pane.clientHeight / 3;
    cited.focus({preventScroll: true});
};
show();
watch('value', show);"""


def draw_article_pane() -> tuple[Any, Any]:
    """Draw the pane, empty and hidden; return its column and the component for the article."""
    with gr.Column(visible=False, scale=2, min_width=340, elem_id="article-pane") as pane:
        article = gr.HTML(elem_id="cited-article", js_on_load=_SCROLL_TO_CITATION)
    return pane, article


def connect_article_pane(
    page_events: Any, record: Any, pane: Any, article: Any, collection: Collection
) -> None:
    """Show the article of a citation when it is selected on the page, and hide the pane when it is closed."""
    opener = translate_errors(_citation_opener(collection))
    page_events.select(opener, record, [pane, article], queue=False, **PRIVATE)
    page_events.collapse(lambda: gr.update(visible=False), None, pane, queue=False, **PRIVATE)


def _citation_opener(collection: Collection) -> Callable[..., tuple[Any, str]]:
    def open_citation(record: Any, event: gr.EventData) -> tuple[Any, str]:
        turn, number = int(event.turn), int(event.citation)
        answer = Conversation.from_json(record).load_answer(turn, collection.find)
        raw_texts = (
            collection.raw_text(citation.article.id)
            for citation in openable_citations(answer)
            if citation.number == number and citation.verified
        )
        return gr.update(visible=True), article_pane_html(answer, turn, number, next(raw_texts, ""))

    return open_citation
