"""The chat: asking, streaming, Stop, asking again, filters. Knows Gradio; answers come as values and are turned into HTML by `markup`.

The conversation itself lies in the browser, as the `record` that travels with each question; the server keeps nothing of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from corpus.store.filters import Coverage, Filters
from rag.answers.answer import Answer
from rag.answers.conversation import Conversation
from rag.assistant import Assistant, describe_coverage
from rag.page.answer_markup import STOPPED_LABEL, WRITING_LABEL, answer_html
from rag.page.article_pane import connect_article_pane, reading
from rag.page.conversations import connect_conversations, talks
from rag.page.error_messages import translate_errors
from rag.page.filter_chips import remove_filter, selected_filters_html
from rag.serving.api import parse_filters
from rag.serving.collection import Collection

# Evidence of one question can be found while the model still writes for another; the model itself takes one at a time.
CONCURRENT_ANSWERS = 2
SCRIPT = (Path(__file__).parent / "page.js").read_text(encoding="utf-8")
_KEEP = "record => window.dateline?.keep(record)"

Message = dict[str, Any]
Asked = Iterator[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class ChatTab:
    """The parts of the chat that follow the collection."""

    conversation: gr.Chatbot
    publishers: gr.Dropdown
    chosen: gr.Accordion
    examples: Callable[[], Sequence[str]]

    def follow(self, coverage: Coverage, publishers: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What an empty conversation says, and the publishers to choose from; chosen ones that are gone are chosen no more."""
        kept = [name for name in publishers or () if name in coverage.publishers]
        return gr.update(**_empty(coverage, self.examples())), gr.update(
            choices=list(coverage.publishers), value=kept
        )


def chat(assistant: Assistant, collection: Collection, examples: Callable[[], Sequence[str]]) -> ChatTab:
    """Draw the chat where the page is being drawn; `examples` finds questions that the collection can answer."""
    coverage = assistant.library.coverage()
    kept = talks()
    record = gr.JSON(visible=False)
    wire = gr.HTML(elem_id="wire", js_on_load=SCRIPT)
    with gr.Row(elem_id="desk"):
        with gr.Column(scale=3, min_width=340):
            conversation = gr.Chatbot(
                elem_id="chat", show_label=False, label="Conversation", height="66vh", layout="bubble", buttons=[], feedback_options=None,
                render_markdown=False, sanitize_html=True, allow_tags=False, latex_delimiters=[], allow_file_downloads=False,
                group_consecutive_messages=False, autoscroll=False, **_empty(coverage, examples()),
            )  # fmt: skip
            chips = gr.HTML(elem_id="chips")
            with gr.Row(equal_height=True):
                question = gr.Textbox(
                    placeholder="Ask your articles...", label="Question", show_label=False, lines=1, max_lines=4, scale=8,
                    autofocus=True, elem_id="question",
                )  # fmt: skip
                send = gr.Button("Ask", variant="primary", scale=1, min_width=80, elem_id="ask")
                stop = gr.Button("Stop", scale=1, min_width=80, elem_id="stop")
                new = gr.Button("New", scale=1, min_width=80, elem_id="new")
            with gr.Accordion("Only some articles", open=False) as chosen, gr.Row():
                publishers = gr.Dropdown(
                    list(coverage.publishers), multiselect=True, label="Publishers", elem_id="publishers"
                )
                since = gr.Textbox(
                    label="Published since", placeholder="2018, 2018-02 or 2018-02-13", elem_id="since"
                )
                until = gr.Textbox(label="Published until", placeholder="2020", elem_id="until")
        beside, reader = reading(collection)

    asker = _Asker(assistant, collection)
    fields = [question, conversation, record, publishers, since, until]
    shown = [question, conversation, record]
    line: dict[str, Any] = {
        "concurrency_id": "answers",
        "concurrency_limit": CONCURRENT_ANSWERS,
        "api_visibility": "private",
        "show_progress": "hidden",
    }
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    example = conversation.example_select(_example, None, question, api_visibility="private")
    events = [
        trigger(translate_errors(asker.ask), fields, shown, **line)
        for trigger in (question.submit, send.click, example.then)
    ]
    events.append(wire.retry(translate_errors(asker.again), [conversation, record], shown, **line))
    events.append(wire.apply(translate_errors(asker.unfiltered), [conversation, record], shown, **line))
    wire.edit(translate_errors(asker.back), [conversation, record], shown, cancels=events, **quiet)
    stop.click(_stopped, conversation, conversation, cancels=events, **quiet)
    new.click(lambda: ([], None), None, [conversation, record], cancels=events, **quiet)
    record.change(None, record, None, js=_KEEP, api_visibility="private")
    narrowed: list[Any] = [publishers, since, until]
    for field in narrowed:
        field.change(_chips, narrowed, chips, queue=False, trigger_mode="always_last", **quiet)
    wire.delete(_without_chip, narrowed, narrowed, queue=False, **quiet)
    wire.apply(_without_filter, narrowed, narrowed, queue=False, **quiet)
    connect_conversations(kept, wire, conversation, record, collection, events)
    connect_article_pane(wire, record, beside, reader, collection)
    return ChatTab(conversation, publishers, chosen, examples)


def _empty(coverage: Coverage, examples: Sequence[str]) -> dict[str, Any]:
    """What an empty conversation shows: what the collection covers, and what one could ask."""
    return {
        "placeholder": escape(describe_coverage(coverage)),
        "examples": [{"text": example} for example in examples],
    }


def _stopped(shown: list[Message]) -> list[Message]:
    """The conversation with its unfinished answer marked as such."""
    if shown and shown[-1]["role"] == "assistant":
        content = shown[-1]["content"]
        text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
        shown[-1] = {"role": "assistant", "content": text.replace(WRITING_LABEL, STOPPED_LABEL)}
    return shown


def _example(chosen: gr.SelectData) -> str:
    return str(chosen.value["text"])


def _chips(publishers: list[str] | None, since: str | None, until: str | None) -> str:
    return selected_filters_html(publishers or (), since or "", until or "")


def _without_chip(
    publishers: list[str] | None, since: str, until: str, pressed: gr.EventData
) -> tuple[list[str], str, str]:
    """The fields without the one whose chip was pressed."""
    name = str(pressed.drop)
    left = [publisher for n, publisher in enumerate(publishers or ()) if name != f"publisher-{n}"]
    return left, "" if name == "since" else since, "" if name == "until" else until


def _without_filter(
    publishers: list[str] | None, since: str, until: str, chosen: gr.EventData
) -> tuple[list[str], str, str]:
    """The fields without what an answer's chip took away."""
    name, told = str(chosen.more), str(chosen.told).removesuffix(" ✕")
    left = [
        publisher
        for publisher in publishers or ()
        if not (name.startswith("publisher") and publisher == told)
    ]
    return left, "" if name == "since" else since, "" if name == "until" else until


class _Asker:
    """Asks, and shows the conversation with the growing answer: question field, messages, record."""

    def __init__(self, assistant: Assistant, collection: Collection) -> None:
        self._assistant = assistant
        self._collection = collection

    def ask(
        self, question: str, shown: list[Message], record: Any, publishers: list[str], since: str, until: str
    ) -> Asked:
        """The conversation with one more question, again and again while its answer grows."""
        filters = parse_filters({"publishers": publishers or [], "since": since, "until": until}) or None
        yield from self._growing(question, Conversation.from_json(record), shown, filters)

    def again(self, shown: list[Message], record: Any, chosen: gr.EventData) -> Asked:
        """A question asked once more, with the same filters; what came after it is no longer part of the conversation."""
        talk, turn = Conversation.from_json(record), int(chosen.turn)
        answer = talk.load_answer(turn, self._collection.find)
        yield from self._growing(answer.question, talk.up_to(turn), shown, answer.filters)

    def unfiltered(self, shown: list[Message], record: Any, chosen: gr.EventData) -> Asked:
        """A question asked once more without one of its filters, which is not kept for the next questions either."""
        talk, turn = Conversation.from_json(record), int(chosen.turn)
        answer = talk.load_answer(turn, self._collection.find)
        yield from self._growing(
            answer.question, talk.up_to(turn), shown, remove_filter(answer.filters, str(chosen.more))
        )

    def back(self, shown: list[Message], record: Any, chosen: gr.EventData) -> tuple[Any, ...]:
        """A question taken back into the field, to be asked otherwise."""
        talk, turn = Conversation.from_json(record), int(chosen.turn)
        question = talk.load_answer(turn, self._collection.find).question
        return gr.update(value=question, autofocus=True), shown[: 2 * turn], talk.up_to(turn).to_json()

    def _growing(
        self, question: str, talk: Conversation, shown: list[Message], filters: Filters | None
    ) -> Asked:
        turn = len(talk.exchanges)
        shown = [*shown[: 2 * turn], {"role": "user", "content": escape(question)}]
        judged = "" if self._collection.changes else None
        last: Answer | None = None
        for answer in self._assistant.stream(question, talk.turns, filters):
            # The first is kept too, so that its sources can be read while the model writes.
            kept = talk.append(answer).to_json() if last is None or answer.finished else gr.skip()
            yield "", [*shown, {"role": "assistant", "content": answer_html(answer, turn, judged)}], kept
            last = answer
