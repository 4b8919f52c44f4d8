"""The whole page: its tabs, the endpoints beside them, and how both follow the collection. Knows Gradio; each tab knows itself."""

from collections.abc import Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any, cast

import gradio as gr
from starlette.requests import Request

from rag import limits
from rag.assistant import Assistant
from rag.evaluation.runs import RunHistory
from rag.page.chat import CONCURRENT_ANSWERS, chat
from rag.page.collection_tab import VIEW_EVENT, shelf
from rag.page.error_messages import translate_errors
from rag.page.evaluation_tab import listed, measuring
from rag.serving.api import Api
from rag.serving.collection import Collection
from rag.serving.example_questions import examples as suggested
from rag.settings import ROOT

SAMPLE_GOLD = ROOT / "corpus/gold.jsonl"
_LOG_OUT = '<a id="logout" href="logout">Log out</a>'
STYLESHEET = Path(__file__).parent / "style.css"


def is_logged_in(scope: MutableMapping[str, Any]) -> bool:
    """True where a request carries the cookie of someone who logged in."""
    app, cookies = scope["app"], Request(scope).cookies
    return any(cookies.get(f"access-token-{kind}{app.cookie_id}") in app.tokens for kind in ("", "unsecure-"))


def theme() -> gr.themes.Base:
    """Serif text from fonts that computers have; nothing is loaded from a font service."""
    serif = ["Iowan Old Style", "Palatino Linotype", "Palatino", "Source Serif 4", "Georgia", "serif"]
    base = gr.themes.Base(
        primary_hue="orange", neutral_hue="stone", font=serif, font_mono=["ui-monospace", "monospace"]
    )
    return base.set(
        button_primary_background_fill="#9a3412",
        button_primary_background_fill_hover="#7c2d12",
        button_primary_text_color="#ffffff",
        link_text_color="#9a3412",
        link_text_color_hover="#7c2d12",
        link_text_color_active="#7c2d12",
        link_text_color_visited="#9a3412",
        link_text_color_dark="#fb923c",
        link_text_color_hover_dark="#fdba74",
        link_text_color_active_dark="#fdba74",
        link_text_color_visited_dark="#fb923c",
        input_placeholder_color="*neutral_600",
        input_placeholder_color_dark="*neutral_300",
        button_primary_background_fill_dark="#9a3412",
        button_primary_background_fill_hover_dark="#7c2d12",
    )


def build_page(
    assistant: Assistant,
    collection: Collection,
    examples: Sequence[str] = (),
    queue: int = limits.MAX_QUEUE,
    logins: bool = False,
) -> gr.Blocks:
    """The page and the endpoints over one assistant, not yet launched; at most `queue` questions wait. With `logins` one can log out.

    `examples` are questions to try; without any, some are made of headlines.
    """
    with gr.Blocks(title="Dateline", analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        _endpoints(
            Api(assistant, collection)
        )  # first, since an event of the page with the same name would take it
        gr.HTML(
            f"<h1>Dateline</h1>{_LOG_OUT if logins else ''}"
            "<p>Answers from your news articles. Every statement shows the words, the publisher and the date that it rests on.</p>",
            elem_id="masthead",
        )
        with gr.Tabs():
            with gr.Tab("Ask"):
                asking = chat(assistant, collection, lambda: examples or suggested(collection))
            with gr.Tab("Collection") as tab:
                shown = shelf(collection)
            with gr.Tab("Evaluate") as evaluating:
                runs = RunHistory(assistant)
                lists = measuring(runs, collection, SAMPLE_GOLD)
        evaluating.select(
            translate_errors(lambda: listed(runs)),
            None,
            lists,
            api_visibility="private",
            show_progress="hidden",
        )
        inputs = [asking.publishers, *shown.asked]
        outputs = [asking.conversation, asking.publishers, *shown.listed]

        def follow(publishers: list[str], *asked: Any) -> tuple[Any, ...]:
            return *asking.follow(collection.coverage(), publishers), *shown.follow(*asked)

        # The collection changes through this page, through other pages, and through the command line.
        triggers: list[Callable[..., Any]] = [
            page.load,
            tab.select,
            asking.chosen.expand,
            *(event.then for event in shown.changes),
        ]
        for trigger in triggers:
            trigger(translate_errors(follow), inputs, outputs, **VIEW_EVENT)
    page.queue(
        max_size=queue, default_concurrency_limit=CONCURRENT_ANSWERS, api_open=False
    )  # nobody gets past the queue
    return cast(gr.Blocks, page)


def _endpoints(api: Api) -> None:
    """The endpoints under their names. Answers share the model's queue, and changes wait for each other."""
    for name, function in api.endpoints.items():
        line, at_once = ("changes", 1) if name in api.changing else ("answers", CONCURRENT_ANSWERS)
        gr.api(  # type: ignore[attr-defined]
            translate_errors(function, coded=True),
            api_name=name,
            concurrency_id=line,
            concurrency_limit=at_once,
        )
