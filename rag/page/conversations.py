"""Conversations: the list of those that the browser keeps, opening one again, judging an answer, saving it as a document. Knows Gradio.

They lie in the browser's own storage and nowhere else: `talks.js` keeps, lists, searches, renames and deletes them. The server gets one
when it is opened, draws its answers anew, and forgets it.
"""

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from rag.answers.conversation import Conversation
from rag.answers.export import export_answers
from rag.page.answer_markup import STOPPED_LABEL, WRITING_LABEL, answer_html
from rag.page.error_messages import translate_errors
from rag.serving.collection import Collection

_SCRIPT = (Path(__file__).parent / "conversations.js").read_text(encoding="utf-8")
_SAVE = "document => window.dateline?.save(document)"
# The script fills in the list; it makes elements and text, never HTML of anybody's words.
_FRAME = """<section id="talks" aria-label="Conversations"><h2>Conversations</h2>
<input type="search" placeholder="Search them" aria-label="Search the conversations"><p class="hint" role="status"></p><ul></ul>
<p class="hint">Kept in this browser alone.</p></section>"""


def talks() -> Any:
    """Draw the list at the side of the page."""
    with gr.Sidebar(open=False, width=300, elem_id="side"):
        return gr.HTML(_FRAME, js_on_load=_SCRIPT)


def connect_conversations(
    kept: Any, wire: Any, conversation: Any, record: Any, collection: Collection, events: Sequence[Any]
) -> None:
    """A conversation chosen in the list is shown again; any answer can be judged, and saved as a document."""
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    kept.select(translate_errors(_opener(collection)), None, [conversation, record], cancels=events, **quiet)
    wire.like(
        translate_errors(_judge(collection)),
        [conversation, record],
        [conversation, record],
        queue=False,
        **quiet,
    )
    document = gr.JSON(visible=False)
    saving = wire.download(translate_errors(_exporter(collection)), record, document, queue=False, **quiet)
    saving.success(None, document, None, js=_SAVE, api_visibility="private")


def _opener(collection: Collection) -> Callable[..., tuple[list[dict[str, str]], Any]]:
    def open_talk(chosen: gr.EventData) -> tuple[list[dict[str, str]], Any]:
        """The messages of a conversation that was kept; every answer is checked once more."""
        talk = Conversation.from_json(chosen.conversation)
        shown = []
        for turn in range(len(talk.exchanges)):
            answer = talk.load_answer(turn, collection.find)
            shown.append({"role": "user", "content": escape(answer.question)})
            judged = talk.exchanges[turn].judged if collection.changes else None
            shown.append(
                {
                    "role": "assistant",
                    "content": answer_html(answer, turn, judged).replace(WRITING_LABEL, STOPPED_LABEL),
                }
            )
        return shown, talk.to_json()

    return open_talk


def _judge(collection: Collection) -> Callable[..., tuple[list[Any], Any]]:
    def judge(shown: list[Any], record: Any, chosen: gr.EventData) -> tuple[list[Any], Any]:
        """A verdict on an answer, noted for review and shown below it."""
        talk, turn, verdict = Conversation.from_json(record), int(chosen.turn), str(chosen.more)
        answer = talk.load_answer(turn, collection.find)
        collection.record_feedback(answer, verdict, history=talk.up_to(turn).turns)
        shown[2 * turn + 1] = {"role": "assistant", "content": answer_html(answer, turn, verdict)}
        return shown, talk.with_verdict(turn, verdict).to_json()

    return judge


def _exporter(collection: Collection) -> Callable[..., dict[str, str]]:
    def export(record: Any, chosen: gr.EventData) -> dict[str, str]:
        """One answer, or the whole conversation, as a document that the browser saves."""
        talk, (scope, _, form) = Conversation.from_json(record), str(chosen.more).rpartition("-")
        turns = range(len(talk.exchanges)) if scope == "all" else [int(chosen.turn)]
        answers = [answer for turn in turns if (answer := talk.load_answer(turn, collection.find)).finished]
        document = export_answers(answers, form, talk.title if scope == "all" else "")
        return {"name": document.name, "kind": document.kind, "text": document.text}

    return export
