"""The list of conversations at the side of the page: open one again, give feedback on an answer, export.

Conversations are stored in the browser only: `conversations.js` stores, lists, searches, renames and deletes
them. The server receives one when it is opened, renders its answers again, and keeps none of it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from rag.answers.conversation import Conversation
from rag.answers.export import export_answers
from rag.page.markup.answer_markup import answer_html, question_html, stopped_html
from rag.page.tabs.error_messages import translate_errors
from rag.page.tabs.event_options import PRIVATE
from rag.serving.collection import Collection

_SCRIPT = (Path(__file__).parent.parent / "conversations.js").read_text(encoding="utf-8")
_DOWNLOAD = "document => window.dateline?.download(document)"
# The script fills in the list from elements and text, so that nothing a user typed becomes HTML.
_LIST_HTML = """<section id="conversations" aria-label="Conversations"><h2>Conversations</h2>
<input type="search" placeholder="Search them" aria-label="Search the conversations">
<p class="hint" role="status"></p><ul></ul>
<p class="hint">Kept in this browser only.</p></section>"""


def draw_conversation_list() -> tuple[Any, Any]:
    """Draw the sidebar; return its list of stored conversations and its button for a new one.

    `conversations.js` opens it where the window is wide enough for it beside the answer and an article.
    """
    with gr.Sidebar(open=False, width=300, elem_id="sidebar"):
        new = gr.Button("New conversation", size="sm", elem_id="new")
        return gr.HTML(_LIST_HTML, js_on_load=_SCRIPT), new


def connect_conversations(
    conversation_list: Any,
    page_events: Any,
    conversation: Any,
    record: Any,
    collection: Collection,
    cancels: Sequence[Any],
) -> None:
    """Open the conversation selected in the list, record feedback on answers, and export answers.

    Opening a conversation ends the events in `cancels`.
    """
    shown = [conversation, record]
    conversation_list.select(
        translate_errors(_conversation_opener(collection)), None, shown, cancels=cancels, **PRIVATE
    )
    page_events.like(translate_errors(_feedback_recorder(collection)), shown, shown, queue=False, **PRIVATE)
    document = gr.JSON(visible=False)
    exporter = translate_errors(_exporter(collection))
    exporting = page_events.download(exporter, record, document, queue=False, **PRIVATE)
    exporting.success(None, document, None, js=_DOWNLOAD, api_visibility="private")


def _conversation_opener(collection: Collection) -> Callable[..., tuple[list[dict[str, str]], Any]]:
    def open_conversation(event: gr.EventData) -> tuple[list[dict[str, str]], Any]:
        """Return the messages of a stored conversation, with every answer verified again."""
        conversation = Conversation.from_json(event.conversation)
        messages = []
        for turn in range(len(conversation.exchanges)):
            answer = conversation.load_answer(turn, collection.find)
            feedback = conversation.exchanges[turn].judged if collection.writable else None
            html = stopped_html(answer_html(answer, turn, feedback))
            messages.append({"role": "user", "content": question_html(answer.question)})
            messages.append({"role": "assistant", "content": html})
        return messages, conversation.to_json()

    return open_conversation


def _feedback_recorder(collection: Collection) -> Callable[..., tuple[list[Any], Any]]:
    def record_verdict(messages: list[Any], record: Any, event: gr.EventData) -> tuple[list[Any], Any]:
        """Record a verdict on an answer for review, and show it below the answer."""
        conversation, turn, verdict = Conversation.from_json(record), int(event.turn), str(event.detail)
        answer = conversation.load_answer(turn, collection.find)
        collection.record_feedback(answer, verdict, history=conversation.up_to(turn).turns)
        messages[2 * turn + 1] = {"role": "assistant", "content": answer_html(answer, turn, verdict)}
        return messages, conversation.with_verdict(turn, verdict).to_json()

    return record_verdict


def _exporter(collection: Collection) -> Callable[..., dict[str, str]]:
    def export(record: Any, event: gr.EventData) -> dict[str, str]:
        """Return one answer, or the whole conversation, as a document for the browser to download."""
        conversation = Conversation.from_json(record)
        scope, _, format_name = str(event.detail).rpartition("-")
        whole = scope == "all"
        turns = range(len(conversation.exchanges)) if whole else [int(event.turn)]
        answers = [conversation.load_answer(turn, collection.find) for turn in turns]
        finished = [answer for answer in answers if answer.finished]
        document = export_answers(finished, format_name, conversation.title if whole else "")
        return {"name": document.name, "kind": document.media_type, "text": document.text}

    return export
