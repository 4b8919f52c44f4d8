"""The chat: asking, streaming, Stop, filters. Knows Gradio; answers come as values and are turned into HTML by `markup`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from corpus.filters import Coverage
from rag.answer import Answer
from rag.api import filters_from, turns
from rag.assistant import Assistant, spoken_coverage
from rag.page.markup import STOPPED, WRITING, answer_html
from rag.page.told import plain_errors

# Evidence of one question can be found while the model still writes for another; the model itself takes one at a time.
AT_ONCE = 2

Message = dict[str, str]
History = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Chat:
    """The parts of the chat that follow the collection."""

    conversation: gr.Chatbot
    publishers: gr.Dropdown
    chosen: gr.Accordion

    def follow(self, coverage: Coverage, publishers: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What an empty conversation says, and the publishers to choose from; chosen ones that are gone are chosen no more."""
        kept = [name for name in publishers or () if name in coverage.publishers]
        return gr.update(placeholder=escape(spoken_coverage(coverage))), gr.update(choices=list(coverage.publishers), value=kept)


def chat(assistant: Assistant, examples: Sequence[str]) -> Chat:
    """Draw the chat where the page is being drawn; `examples` are questions that the collection can answer."""
    coverage = assistant.library.coverage()
    history = gr.State([])
    conversation = gr.Chatbot(
        elem_id="chat", show_label=False, label="Conversation", height="62vh", layout="bubble", buttons=["copy"], feedback_options=None,
        render_markdown=False, sanitize_html=True, allow_tags=False, latex_delimiters=[], allow_file_downloads=False,
        group_consecutive_messages=False, examples=[{"text": example} for example in examples], placeholder=escape(spoken_coverage(coverage)),
    )  # fmt: skip
    with gr.Row(equal_height=True):
        question = gr.Textbox(
            placeholder="Ask about your articles...",
            label="Question",
            show_label=False,
            lines=1,
            max_lines=4,
            scale=8,
            autofocus=True,
            elem_id="question",
        )
        send = gr.Button("Ask", variant="primary", scale=1, min_width=80, elem_id="ask")
        stop = gr.Button("Stop", scale=1, min_width=80, elem_id="stop")
        new = gr.Button("New", scale=1, min_width=80, elem_id="new")
    with gr.Accordion("Only some articles", open=False) as chosen, gr.Row():
        publishers = gr.Dropdown(list(coverage.publishers), multiselect=True, label="Publishers", elem_id="publishers")
        since = gr.Textbox(label="Published since", placeholder="2018, 2018-02 or 2018-02-13", elem_id="since")
        until = gr.Textbox(label="Published until", placeholder="2020", elem_id="until")

    respond = _responder(assistant)
    fields = [question, conversation, history, publishers, since, until]
    example = conversation.example_select(_example, None, question, api_visibility="private")
    events = [
        trigger(
            respond,
            fields,
            [question, conversation, history],
            concurrency_id="answers",
            concurrency_limit=AT_ONCE,
            api_visibility="private",
            show_progress="hidden",
        )
        for trigger in (question.submit, send.click, example.then)
    ]
    stop.click(_stopped, conversation, conversation, cancels=events, api_visibility="private")
    new.click(lambda: ([], []), None, [conversation, history], cancels=events, api_visibility="private")
    conversation.clear(lambda: [], None, history, cancels=events, api_visibility="private")
    return Chat(conversation, publishers, chosen)


def _stopped(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The conversation with its unfinished answer marked as such."""
    if shown and shown[-1]["role"] == "assistant":
        content = shown[-1]["content"]
        text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
        shown[-1] = {"role": "assistant", "content": text.replace(WRITING, STOPPED)}
    return shown


def _example(chosen: gr.SelectData) -> str:
    return str(chosen.value["text"])


def _responder(assistant: Assistant) -> Callable[..., Iterator[tuple[str, list[Message], History]]]:
    def respond(
        question: str, shown: list[Message], history: History, publishers: list[str], since: str, until: str
    ) -> Iterator[tuple[str, list[Message], History]]:
        """The conversation with one more question, again and again while its answer grows."""
        filters = filters_from({"publishers": publishers or [], "since": since, "until": until})
        shown = [*shown, {"role": "user", "content": escape(question)}]
        turn = len(history) // 2
        last: Answer | None = None
        for last in assistant.stream(question, turns(history), filters):
            yield "", [*shown, {"role": "assistant", "content": answer_html(last, turn)}], history
        if last is not None:
            said = [{"role": "user", "text": question}, {"role": "assistant", "text": last.text}]
            yield "", [*shown, {"role": "assistant", "content": answer_html(last, turn)}], [*history, *said]

    return plain_errors(respond)
