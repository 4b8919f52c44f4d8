"""The chat and the public endpoints as one Gradio app. Knows Gradio; answers come as values and are turned into HTML by `markup`."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from html import escape
from pathlib import Path
from typing import Any, cast

import gradio as gr

from rag import limits
from rag.answer import Answer
from rag.api import Api, filters_from, turns
from rag.assistant import Assistant, spoken_coverage
from rag.page.markup import STOPPED, WRITING, answer_html

STYLE = Path(__file__).parent / "style.css"
# Evidence of one question can be found while the model still writes for another; the model itself takes one at a time.
_AT_ONCE = 2

Message = dict[str, str]
History = list[dict[str, str]]


def theme() -> gr.themes.Base:
    """Serif text from fonts that computers have; nothing is loaded from a font service."""
    serif = ["Iowan Old Style", "Palatino Linotype", "Palatino", "Source Serif 4", "Georgia", "serif"]
    base = gr.themes.Base(primary_hue="orange", neutral_hue="stone", font=serif, font_mono=["ui-monospace", "monospace"])
    return base.set(
        button_primary_background_fill="#9a3412",
        button_primary_background_fill_hover="#7c2d12",
        button_primary_text_color="#ffffff",
        button_primary_background_fill_dark="#9a3412",
        button_primary_background_fill_hover_dark="#7c2d12",
    )


def build(assistant: Assistant, examples: Sequence[str] = ()) -> gr.Blocks:
    """The page and the endpoints over one assistant, not yet launched; `examples` are questions that its collection can answer."""
    api = Api(assistant)
    with gr.Blocks(title="Dateline", analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        coverage = assistant.library.coverage()
        gr.HTML(
            "<h1>Dateline</h1><p>Answers from your news articles. Every statement shows the words, the publisher and the date that it rests on.</p>",
            elem_id="masthead",
        )
        history = gr.State([])
        chat = gr.Chatbot(
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
        with gr.Accordion("Only some articles", open=False), gr.Row():
            publishers = gr.Dropdown(list(coverage.publishers), multiselect=True, label="Publishers", elem_id="publishers")
            since = gr.Textbox(label="Published since", placeholder="2018, 2018-02 or 2018-02-13", elem_id="since")
            until = gr.Textbox(label="Published until", placeholder="2020", elem_id="until")

        respond = _responder(assistant)
        fields = [question, chat, history, publishers, since, until]
        chosen = chat.example_select(_example, None, question, api_visibility="private")
        events = [
            trigger(
                respond,
                fields,
                [question, chat, history],
                concurrency_id="answers",
                concurrency_limit=_AT_ONCE,
                api_visibility="private",
                show_progress="hidden",
            )
            for trigger in (question.submit, send.click, chosen.then)
        ]
        stop.click(_stopped, chat, chat, cancels=events, api_visibility="private")
        new.click(lambda: ([], []), None, [chat, history], cancels=events, api_visibility="private")
        chat.clear(lambda: [], None, history, cancels=events, api_visibility="private")
        for name, function in api.endpoints.items():
            gr.api(  # type: ignore[attr-defined]
                _plain_errors(function, str), api_name=name, concurrency_id="answers", concurrency_limit=_AT_ONCE
            )
    page.queue(max_size=limits.QUEUE, default_concurrency_limit=_AT_ONCE)
    return cast(gr.Blocks, page)


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

    return _plain_errors(respond)


def _plain_errors(function: Callable[..., Any], show: Callable[[str], str] = escape) -> Callable[..., Any]:
    """The same function, our own errors as sentences for people (escaped where a page shows them); any other stays behind Gradio's generic one."""
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def stream(*args: Any, **kwargs: Any) -> Iterator[Any]:
            try:
                yield from function(*args, **kwargs)
            except (ValueError, RuntimeError) as error:
                raise _told(error, show) from error

        return stream

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (ValueError, RuntimeError) as error:
            raise _told(error, show) from error

    return call


def _told(error: Exception, show: Callable[[str], str]) -> Exception:
    ours = type(error).__module__.startswith(("corpus.", "embeddings.", "rag."))
    return gr.Error(show(str(error)), title="Not possible", print_exception=False) if ours else error
