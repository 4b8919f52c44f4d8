"""Build the page: its tabs, the API endpoints beside them, and the events that refresh both."""

from collections.abc import Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any, cast

import gradio as gr
from gradio import processing_utils
from starlette.requests import Request

from rag import limits
from rag.assistant import Assistant
from rag.evaluation.runs.history import RunHistory
from rag.page.tabs.chat import ChatTab, draw_chat_tab
from rag.page.tabs.collection_tab import CollectionTab, draw_collection_tab
from rag.page.tabs.error_messages import translate_errors
from rag.page.tabs.evaluation_tab import draw_evaluation_tab, run_choices
from rag.page.tabs.event_options import PRIVATE, VIEW, WATCH
from rag.page.tabs.sample_bar import SampleBar, draw_sample_bar
from rag.page.uploads import clean_up_uploads
from rag.serving.api import Api
from rag.serving.collection import Collection
from rag.serving.example_questions import example_questions
from rag.settings import ROOT

SAMPLE_GOLD = ROOT / "corpus/gold.jsonl"
STYLESHEET = Path(__file__).parent / "style.css"
_LOG_OUT_LINK = '<a id="logout" href="logout">Log out</a>'
_INTRODUCTION = "<p>Answers from your news articles, with the words they rest on.</p>"


def is_logged_in(scope: MutableMapping[str, Any]) -> bool:
    """Return True if an ASGI request carries the cookie of a logged-in user."""
    app, cookies = scope["app"], Request(scope).cookies
    return any(cookies.get(f"access-token-{kind}{app.cookie_id}") in app.tokens for kind in ("", "unsecure-"))


def theme() -> gr.themes.Base:
    """Return the Gradio theme: serif fonts that computers have installed, and nothing from a font service."""
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
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        input_placeholder_color="*neutral_600",
        input_placeholder_color_dark="*neutral_300",
        button_primary_background_fill_dark="#9a3412",
        button_primary_background_fill_hover_dark="#7c2d12",
    )


def build_page(
    assistant: Assistant,
    collection: Collection,
    examples: Callable[[], Sequence[str]] = tuple,
    queue: int = limits.MAX_QUEUE,
    logins: bool = False,
) -> gr.Blocks:
    """Return the page and its API endpoints, not yet launched.

    Args:
        assistant: answers the questions.
        collection: what the Collection tab and the endpoints list and change.
        examples: returns questions to suggest; without any, a few are made from headlines.
        queue: the most questions that may wait for the model, and the most that may wait behind them.
        logins: show a link to log out.
    """
    # Gradio would download any file that a client names by a web address, whatever function it calls.
    processing_utils.async_ssrf_protected_download = _refuse_address
    clean_up_uploads()
    with gr.Blocks(title="Dateline", analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        # Before the tabs: otherwise an event of the same name would take an endpoint's place.
        _add_endpoints(Api(assistant, collection))
        gr.HTML(
            f"<h1>Dateline</h1>{_LOG_OUT_LINK if logins else ''}{_INTRODUCTION}",
            elem_id="masthead",
        )
        sample = draw_sample_bar(collection)
        with gr.Tabs():
            with gr.Tab("Ask", elem_id="ask-tab"):
                chat = draw_chat_tab(
                    assistant, collection, lambda: examples() or example_questions(collection)
                )
            with gr.Tab("Collection", elem_id="collection-tab") as collection_tab:
                articles = draw_collection_tab(collection)
            with gr.Tab("Evaluate", elem_id="evaluation-tab") as evaluation_tab:
                runs = RunHistory(assistant)
                run_lists = draw_evaluation_tab(runs, collection, SAMPLE_GOLD)
        evaluation_tab.select(translate_errors(lambda: run_choices(runs)), None, run_lists, **PRIVATE)
        page.load(
            translate_errors(articles.watch),
            articles.list_options,
            [articles.report, *articles.outputs],
            **WATCH,
        )
        _refresh_on(
            [
                page.load,
                collection_tab.select,
                chat.filter_panel.expand,
                *(event.then for event in (*articles.changes, *sample.changes)),
            ],
            chat,
            articles,
            sample,
        )
    # With api_open=False nobody can bypass the queue.
    page.queue(max_size=queue, default_concurrency_limit=queue + limits.CONCURRENT_SEARCHES, api_open=False)
    return cast(gr.Blocks, page)


async def _refuse_address(url: str, cache_dir: str) -> str:
    raise gr.Error(
        "Files are uploaded, not fetched; upload it first.", title="bad_request", print_exception=False
    )


def _refresh_on(
    triggers: Sequence[Callable[..., Any]], chat: ChatTab, articles: CollectionTab, sample: SampleBar
) -> None:
    """Show the present collection in both tabs and above them after each of the events.

    It changes through this page, through other pages and through the command line.
    """

    def refresh(publishers: list[str], *list_options: Any) -> tuple[Any, ...]:
        coverage = articles.collection.coverage()
        return *chat.refresh(coverage, publishers), *articles.refresh(*list_options), *sample.refresh()

    inputs = [chat.publishers, *articles.list_options]
    outputs = [*chat.outputs, *articles.outputs, *sample.outputs]
    for trigger in triggers:
        shown = trigger(translate_errors(refresh), inputs, outputs, **VIEW)
        # What was typed meanwhile may have been answered before: the list follows what stands there now.
        shown.then(translate_errors(articles.refresh), articles.list_options, articles.outputs, **VIEW)


def _add_endpoints(api: Api) -> None:
    """Add the API's endpoints to the page. Answers share the page's queue; changes run one at a time."""
    for name, function in api.endpoints.items():
        if name in api.changing:
            waiting = {"concurrency_id": "changes", "concurrency_limit": 1}
        else:
            waiting = {"concurrency_id": "answers" if name in api.answering else "lookups"}
        function = translate_errors(function, with_code=True)
        gr.api(function, api_name=name, **waiting)  # type: ignore[attr-defined]
