"""The Ask tab: ask, stream the answer, stop, ask again, filter.

The browser holds the conversation: it travels with each question as the `record`. The server keeps nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from corpus.store.filters import Coverage, Filters
from rag.answers.answer import Answer
from rag.answers.conversation import Conversation
from rag.assistant import Assistant
from rag.page.markup.answer_markup import answer_html, question_html, stopped_html
from rag.page.markup.date_slider import date_slider_html
from rag.page.markup.empty_conversation import empty_conversation_html
from rag.page.markup.filter_chips import remove_filter, selected_filters_html
from rag.page.tabs.article_pane import connect_article_pane, draw_article_pane
from rag.page.tabs.conversations import connect_conversations, draw_conversation_list
from rag.page.tabs.error_messages import translate_errors
from rag.page.tabs.event_options import ANSWER, PRIVATE
from rag.serving.api import parse_filters
from rag.serving.collection import Collection

_SCRIPT = (Path(__file__).parent.parent / "page.js").read_text(encoding="utf-8")
_SHOW_YEARS = "() => window.dateline?.showYears()"
_SET_RECORD = "record => window.dateline?.setRecord(record)"

Message = dict[str, Any]
Updates = tuple[Any, ...]  # one for each output component of an event


@dataclass(frozen=True, slots=True)
class ChatTab:
    """The components of the tab that other parts of the page refresh or read."""

    conversation: gr.Chatbot
    publishers: gr.Dropdown
    years: gr.HTML
    filter_panel: gr.Accordion
    empty: Callable[[Coverage], str]
    count_by_year: Callable[[], Sequence[tuple[int, int]]]

    @property
    def outputs(self) -> tuple[gr.Chatbot, gr.Dropdown, gr.HTML]:
        """The components that `refresh` updates."""
        return self.conversation, self.publishers, self.years

    def refresh(self, coverage: Coverage, publishers: list[str]) -> tuple[dict[str, Any] | str, ...]:
        """Return updates for the empty conversation, the publishers that are still there, and the years."""
        selected = [name for name in publishers or () if name in coverage.publishers]
        return (
            gr.update(placeholder=self.empty(coverage)),
            gr.update(choices=list(coverage.publishers), value=selected),
            date_slider_html(self.count_by_year()),
        )


@dataclass(frozen=True, slots=True)
class _Form:
    """The components that the reader types into and presses, and the conversation that they change.

    `record` holds the conversation as JSON; `page_events` passes on what `page.js` hears in the browser.
    """

    record: gr.JSON
    page_events: Any
    conversation: gr.Chatbot
    chips: gr.HTML
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button
    new: gr.Button
    filter_panel: gr.Accordion
    filters: Sequence[Any]  # publishers, since, until
    years: gr.HTML


def draw_chat_tab(
    assistant: Assistant, collection: Collection, examples: Callable[[], Sequence[str]]
) -> ChatTab:
    """Draw the tab into the open Gradio container; `examples` returns questions the collection can answer."""
    coverage = assistant.library.coverage()

    def empty(coverage: Coverage) -> str:
        """Return what an empty conversation shows: what there is, how to begin, and questions to try."""
        return empty_conversation_html(
            coverage, collection.writable, has_model=assistant.model.chat is not None, examples=examples()
        )

    conversation_list, new = draw_conversation_list()
    record, page_events = gr.JSON(visible=False), gr.HTML(elem_id="page-events", js_on_load=_SCRIPT)
    with gr.Row(elem_id="chat-row"):
        with gr.Column(scale=3, min_width=340):
            form = _draw_form(record, page_events, new, coverage, empty(coverage))
        pane, article = draw_article_pane()
    answering = _connect_questions(form, _Chat(assistant, collection))
    _connect_filters(form)
    connect_conversations(
        conversation_list, page_events, form.conversation, record, collection, cancels=answering
    )
    connect_article_pane(page_events, record, pane, article, collection)
    return ChatTab(
        form.conversation, form.filters[0], form.years, form.filter_panel, empty, collection.count_by_year
    )


def _draw_form(record: Any, page_events: Any, new: Any, coverage: Coverage, empty: str) -> _Form:
    conversation = gr.Chatbot(
        elem_id="chat", show_label=False, label="Conversation", height="66vh", layout="bubble", buttons=[],
        feedback_options=None, render_markdown=False, sanitize_html=True, allow_tags=False,
        latex_delimiters=[], allow_file_downloads=False, group_consecutive_messages=False, autoscroll=False,
        placeholder=empty,
    )  # fmt: skip
    with gr.Row(elem_id="ask-row"):
        question = gr.Textbox(
            placeholder="Ask about your articles", label="Question", show_label=False, lines=1, max_lines=8,
            scale=8, autofocus=True, elem_id="question",
        )  # fmt: skip
        # One of the two is shown: Stop while an answer is written (`style.css`).
        send = gr.Button("Ask", variant="primary", scale=0, min_width=80, elem_id="ask")
        stop = gr.Button("Stop", scale=0, min_width=80, elem_id="stop")
    chips = gr.HTML(elem_id="chips")
    with gr.Accordion("Only some articles", open=False, elem_id="filter-panel") as filter_panel:
        years = gr.HTML(elem_id="years")  # drawn when the page is opened
        with gr.Row():
            filters = (
                gr.Dropdown(
                    list(coverage.publishers), multiselect=True, label="Publishers", elem_id="publishers"
                ),
                gr.Textbox(label="Published since", placeholder="2018 or 2018-02-13", elem_id="since"),
                gr.Textbox(label="Published until", placeholder="2020", elem_id="until"),
            )
    return _Form(
        record, page_events, conversation, chips, question, send, stop, new, filter_panel, filters, years
    )


def _connect_questions(form: _Form, chat: "_Chat") -> list[Any]:
    """Connect everything that asks a question, and what ends one; return the events that answer."""
    conversation, record, page_events = form.conversation, form.record, form.page_events
    asked = [form.question, conversation, record, *form.filters]
    outputs = [form.question, conversation, record]
    answering: list[Any] = [
        trigger(translate_errors(chat.ask), asked, outputs, **ANSWER)
        for trigger in (form.question.submit, form.send.click)
    ]
    for trigger, function in (
        (page_events.retry, chat.ask_again),
        (page_events.apply, chat.ask_without_filter),
    ):
        answering.append(trigger(translate_errors(function), [conversation, record], outputs, **ANSWER))
    for event in answering:
        event.failure(_mark_stopped, conversation, conversation, **PRIVATE)
    page_events.edit(
        translate_errors(chat.edit_question), [conversation, record], outputs, cancels=answering, **PRIVATE
    )
    form.stop.click(_mark_stopped, conversation, conversation, cancels=answering, **PRIVATE)
    # In the browser: a question that is sent at once belongs to the new conversation.
    form.new.click(None, None, [conversation, record], js="() => [[], null]", cancels=answering, **PRIVATE)
    record.change(None, record, None, js=_SET_RECORD, api_visibility="private")
    return answering


def _connect_filters(form: _Form) -> None:
    """Show the selected filters as chips, and clear a field when its chip is clicked."""
    fields: list[Any] = list(form.filters)
    for field in fields:
        field.change(
            _selected_filters, fields, form.chips, queue=False, trigger_mode="always_last", **PRIVATE
        )
        field.change(None, None, None, js=_SHOW_YEARS, api_visibility="private")
    form.page_events.delete(_clear_selected_filter, fields, fields, queue=False, **PRIVATE)
    form.page_events.apply(_clear_applied_filter, fields, fields, queue=False, **PRIVATE)


def _mark_stopped(messages: list[Message]) -> list[Message]:
    """Return the messages with an unfinished answer labelled as stopped."""
    if messages and messages[-1]["role"] == "assistant":
        content = messages[-1]["content"]
        text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
        messages[-1] = {"role": "assistant", "content": stopped_html(text)}
    return messages


def _selected_filters(publishers: list[str] | None, since: str | None, until: str | None) -> str:
    return selected_filters_html(publishers or (), since or "", until or "")


def _clear_selected_filter(
    publishers: list[str] | None, since: str, until: str, event: gr.EventData
) -> tuple[list[str], str, str]:
    """Return the filter fields without the one whose chip was clicked."""
    name = str(event.filter)
    kept = [publisher for n, publisher in enumerate(publishers or ()) if name != f"publisher-{n}"]
    return kept, "" if name == "since" else since, "" if name == "until" else until


def _clear_applied_filter(
    publishers: list[str] | None, since: str, until: str, event: gr.EventData
) -> tuple[list[str], str, str]:
    """Return the filter fields without the filter that was removed from an answer."""
    name, label = str(event.detail), str(event.label).removesuffix(" ✕")
    kept = [
        publisher
        for publisher in publishers or ()
        if not (name.startswith("publisher") and publisher == label)
    ]
    return kept, "" if name == "since" else since, "" if name == "until" else until


class _Chat:
    """Answers questions; its methods return updates for the question field, the messages and the record."""

    def __init__(self, assistant: Assistant, collection: Collection) -> None:
        self._assistant = assistant
        self._collection = collection

    def ask(
        self,
        question: str,
        messages: list[Message],
        record: Any,
        publishers: list[str],
        since: str,
        until: str,
    ) -> Iterator[Updates]:
        """Yield the conversation with one more question, again and again while its answer grows."""
        filters = parse_filters({"publishers": publishers or [], "since": since, "until": until}) or None
        earlier = Conversation.from_json(record)
        for n, (_, *updates) in enumerate(self._stream(question, earlier, messages, filters)):
            # Cleared once: the reader may type the next question while the answer is written.
            yield "" if n == 0 else gr.skip(), *updates

    def ask_again(self, messages: list[Message], record: Any, event: gr.EventData) -> Iterator[Updates]:
        """Ask a question again with the same filters; the turns after it leave the conversation."""
        answer, earlier = self._turn(record, event)
        yield from self._stream(answer.question, earlier, messages, answer.filters)

    def ask_without_filter(
        self, messages: list[Message], record: Any, event: gr.EventData
    ) -> Iterator[Updates]:
        """Ask a question again without one of its filters."""
        answer, earlier = self._turn(record, event)
        filters = remove_filter(answer.filters, str(event.detail))
        yield from self._stream(answer.question, earlier, messages, filters)

    def edit_question(self, messages: list[Message], record: Any, event: gr.EventData) -> Updates:
        """Move a question back into its field to be changed; its turn and those after it are dropped."""
        answer, earlier = self._turn(record, event)
        field = gr.update(value=answer.question, autofocus=True)
        return field, messages[: 2 * len(earlier.exchanges)], earlier.to_json()

    def _turn(self, record: Any, event: gr.EventData) -> tuple[Answer, Conversation]:
        """Return the answer that an event is about, and the conversation before it."""
        conversation, turn = Conversation.from_json(record), int(event.turn)
        return conversation.load_answer(turn, self._collection.find), conversation.up_to(turn)

    def _stream(
        self, question: str, earlier: Conversation, messages: list[Message], filters: Filters | None
    ) -> Iterator[Updates]:
        self._assistant.validate(question)  # before it is shown as asked
        turn = len(earlier.exchanges)
        shown = [*messages[: 2 * turn], {"role": "user", "content": question_html(question)}]
        feedback = "" if self._collection.writable else None

        def updated(answer: Answer) -> list[Message]:
            return [*shown, {"role": "assistant", "content": answer_html(answer, turn, feedback)}]

        # Recorded from the start, so that an answer that is stopped keeps its place.
        begun = Answer(question, question, "writing")
        yield gr.skip(), updated(begun), earlier.append(begun).to_json()
        first = True
        for answer in self._assistant.stream(question, earlier.turns, filters):
            # The first is recorded too, so that its sources can be opened while the model writes.
            record = earlier.append(answer).to_json() if first or answer.finished else gr.skip()
            yield gr.skip(), updated(answer), record
            first = False
