"""HTML of a conversation without questions: what there is, how to begin, and what works without a model."""

from collections.abc import Sequence
from html import escape

from corpus.store.filters import Coverage
from rag.answers.refusal import describe_coverage
from rag.page.markup.answer_tools import button_html
from rag.page.markup.text_markup import escape_line

_NO_MODEL = "No language model is in use: answers are the articles’ own sentences, with their sources."
_BEGINNINGS = (("files", "Drop files"), ("text", "Paste a text"), ("sample", "Load the sample"))


def empty_conversation_html(
    coverage: Coverage, writable: bool, has_model: bool, examples: Sequence[str] = ()
) -> str:
    """Return what an empty conversation shows; `page.js` listens to its buttons.

    Args:
        coverage: what the collection holds.
        writable: articles can be added on the page.
        has_model: a language model answers.
        examples: questions that a click asks.
    """
    without = "" if has_model else f'<p class="hint">{_NO_MODEL}</p>'
    if coverage.articles:
        asked = "".join(
            button_html("follow", 0, escape_line(question), str(n)) for n, question in enumerate(examples)
        )
        return f'<p>{escape(describe_coverage(coverage))}</p>{without}<p class="examples">{asked}</p>'
    buttons = " ".join(button_html("begin", 0, label, name) for name, label in _BEGINNINGS)
    how = (
        f'<p class="begin">{buttons}</p><p class="hint">The sample is invented articles to try questions on; '
        "it can be removed at once.</p>"
        if writable
        else "<p>Add some on the computer itself: <code>dateline add FOLDER</code></p>"
    )
    return f"<p><strong>No articles yet.</strong></p>{how}{without}"
