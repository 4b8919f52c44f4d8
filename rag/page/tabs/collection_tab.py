"""The Collection tab: add, list, read, edit, remove and compare articles."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice
from typing import Any

import gradio as gr

from corpus.store.listing import FILTERS, SORTS
from corpus.store.rows import CORRECTABLE_FIELDS
from rag import limits
from rag.page.markup.collection_markup import (
    FIELD_LABELS,
    article_html,
    article_list_html,
    coverage_html,
    duplicates_html,
    incomplete_table_html,
)
from rag.page.tabs.add_form import draw_add_form, reports
from rag.page.tabs.collection_scripts import (
    DESELECT,
    FOCUS_ARTICLE,
    FOCUS_LIST,
    OPEN_ON_CLICK,
    SAVE_TABLE,
    SELECT_AND_SORT,
    TAKE_BACK,
)
from rag.page.tabs.error_messages import translate_errors
from rag.page.tabs.event_options import CHANGE, PRIVATE, VIEW
from rag.serving.collection import Collection

_SORT_LABELS = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "added": "Last added first",
    "headline": "Headline",
    "publisher": "Publisher",
    "left-out": "Most left out first",
}
_FILTER_LABELS = {
    "all": "All articles",
    "dated": "With a date",
    "undated": "Without a date",
    "unattributed": "Without a publisher",
    "cut": "With lines left out",
    "copies": "Nearly the same",
}
_FIELD_LABELS = {
    **FIELD_LABELS,
    "standfirst": "Standfirst",
    "section": "Section",
    "updated": "Updated",
    "saved": "Saved",
}
_MAX_PAIRS = 50  # limit, of near-duplicates on the page
_TABLE_FIELDS = ("publisher", "published")
_REMOVE, _CONFIRM_REMOVE = "Remove", "Really remove it?"


@dataclass(frozen=True, slots=True)
class CollectionTab:
    """The components to refresh when the collection changes, and the events that change it."""

    collection: Collection
    list_options: Sequence[Any]  # search, sort, filter, limit
    outputs: Sequence[Any]  # coverage, list, "Show more", table of unknown dates and publishers, "Undo"
    changes: Sequence[Any]
    report: Any

    def refresh(self, search: str | None, sort: str, only: str, limit: int) -> tuple[Any, ...]:
        """Return updates for `outputs`."""
        collection = self.collection
        listing = collection.list(search or "", sort, limit, only)
        articles = article_list_html(listing, search or "", collection.writable, sort, only)
        more = listing.total > len(listing.lines) and limit < limits.MAX_LIST_LENGTH
        undo = gr.update(
            value=f"Undo the removal of {collection.undoable:,}",
            visible=collection.writable and bool(collection.undoable),
        )
        coverage = coverage_html(collection.coverage())
        return coverage, articles, gr.update(visible=more), _incomplete_html(collection), undo

    def watch(self, *list_options: Any) -> Iterator[tuple[Any, ...]]:
        """Yield the report of an addition that goes on while a page is opened, and then what it changed."""
        addition = self.collection.addition
        if not addition or not addition.running or not self.collection.writable:
            return
        for report in reports(addition):
            yield report, *(gr.skip() for _ in self.outputs)
        yield gr.skip(), *self.refresh(*list_options)


@dataclass(frozen=True, slots=True)
class _ArticleView:
    """The view of one article, shown in place of the list; `article_id` holds the id of its article."""

    list_view: Any
    view: Any
    article_id: Any
    article: Any
    confirming: Any  # True after the first click on Remove
    remove: Any
    fields: Sequence[Any]

    @property
    def outputs(self) -> list[Any]:
        """Return the components that change when an article is opened."""
        state = [self.list_view, self.view, self.article_id, self.article, self.confirming, self.remove]
        return [*state, *self.fields]


def draw_collection_tab(collection: Collection) -> CollectionTab:
    """Draw the tab into the open Gradio container."""
    coverage = gr.HTML(coverage_html(collection.coverage()), elem_id="coverage")
    with gr.Column(elem_id="collection") as list_view:
        form = draw_add_form(collection)
        search, sort, only = _draw_list_options()
        limit = gr.State(limits.LIST_LENGTH)
        undo = gr.Button(visible=False, size="sm", elem_id="undo")
        articles = gr.HTML(elem_id="articles", js_on_load=OPEN_ON_CLICK + SELECT_AND_SORT)
        more = gr.Button("Show more", visible=False, elem_id="more")
        panel, incomplete, saving = _draw_incomplete(collection)
        pairs = _draw_duplicates(collection)
    view, editing = _draw_article_view(collection, list_view)
    outputs = (coverage, articles, more, incomplete, undo)
    changes = (form.adding, *editing, saving, *_connect_selection(collection, articles, undo))
    tab = CollectionTab(collection, (search, sort, only, limit), outputs, changes, form.report)
    form.adding.then(lambda: gr.update(open=bool(collection.incomplete(1).total)), None, panel, **VIEW)
    refresh = translate_errors(tab.refresh)
    for trigger in (search.change, sort.change, only.change, limit.change):
        trigger(refresh, tab.list_options, tab.outputs, **VIEW)
    articles.select(_chosen_sort, None, sort, queue=False, **PRIVATE)
    more.click(lambda limit: limit * 3, limit, limit, **PRIVATE)
    for component in (form.report, articles, pairs, incomplete):
        opened = component.click(translate_errors(_opener(collection)), None, view.outputs, **PRIVATE)
        opened.then(None, None, None, js=FOCUS_ARTICLE, api_visibility="private")
    return tab


def _chosen_sort(event: gr.EventData) -> str:
    return str(event.sort) if event.sort in SORTS else "newest"


def _connect_selection(collection: Collection, articles: Any, undo: Any) -> tuple[Any, ...]:
    """Change, remove and put back what is selected in the list; return the events that do."""

    def change_selected(event: gr.EventData) -> None:
        changed = collection.correct_many(_table_fields(event.rows))
        gr.Info(f"Saved: {changed:,} changed; what you set is kept when the files are read again.")

    def remove_selected(event: gr.EventData) -> None:
        chosen = [str(article) for article in event.articles[: limits.MAX_LIST_LENGTH]]
        gr.Info(f"Removed: {collection.remove_many(chosen):,}. They can be put back until Dateline is ended.")

    def put_back() -> None:
        gr.Info(f"Put back: {collection.undo():,}.")

    changing = articles.apply(translate_errors(change_selected), None, None, **CHANGE)
    removing = articles.delete(translate_errors(remove_selected), None, None, **CHANGE)
    for event, focused in ((changing, "#articles thead input"), (removing, "#undo")):
        event.success(None, None, None, js=DESELECT.replace("NEXT", focused), api_visibility="private")
    return changing, removing, undo.click(translate_errors(put_back), None, None, **CHANGE)


def _draw_list_options() -> tuple[Any, Any, Any]:
    """Draw the fields that search, sort and filter the list."""
    with gr.Row(elem_id="list-options"):
        search = gr.Textbox(
            label="Search the articles",
            placeholder="Words of headline or text",
            scale=3,
            min_width=240,
            elem_id="search",
        )
        sort = gr.Dropdown(
            [(label, name) for name, label in _SORT_LABELS.items()],
            value="newest",
            label="Sort by",
            scale=1,
            min_width=160,
            elem_id="sort",
        )
        only = gr.Dropdown(
            [(label, name) for name, label in _FILTER_LABELS.items()],
            value="all",
            label="Show",
            scale=1,
            min_width=160,
            elem_id="only",
        )
    return search, sort, only


def _draw_duplicates(collection: Collection) -> Any:
    """Draw the search for near-duplicates; return the list of pairs, which opens articles."""

    def compare() -> str:
        pairs = list(islice(collection.near_duplicates(), _MAX_PAIRS + 1))
        return duplicates_html(pairs[:_MAX_PAIRS], len(pairs) > _MAX_PAIRS)

    with gr.Accordion("Articles that are nearly the same", open=False, elem_id="near-duplicates"):
        button = gr.Button("Compare all articles", elem_id="compare")
        pairs = gr.HTML(elem_id="pairs", js_on_load=OPEN_ON_CLICK)
    button.click(translate_errors(compare), None, pairs, api_visibility="private", show_progress="minimal")
    return pairs


def _draw_incomplete(collection: Collection) -> tuple[Any, Any, Any]:
    """Draw the table of unknown dates and publishers; return its panel, it, and the event that saves it."""

    def save(event: gr.EventData) -> str:
        changed = collection.correct_many(_table_fields(event.rows))
        gr.Info(f"Saved: {changed:,} changed; what you set is kept when the files are read again.")
        return _incomplete_html(collection)

    with gr.Accordion(
        "Articles without a date or a publisher",
        open=False,
        visible=collection.writable,
        elem_id="incomplete",
    ) as panel:
        table = gr.HTML(elem_id="incomplete-table", js_on_load=OPEN_ON_CLICK + SAVE_TABLE)
    return panel, table, table.apply(translate_errors(save), None, table, **CHANGE)


def _table_fields(rows: Any) -> dict[str, dict[str, str]]:
    """Return the fields by article that the script of the table sent, without what does not fit."""
    fields: dict[str, dict[str, str]] = {}
    for row in list(rows)[: limits.MAX_LIST_LENGTH]:
        values = {name: str(row[name]) for name in _TABLE_FIELDS if isinstance(row.get(name), str)}
        fields[str(row.get("article"))] = values
    return fields


def _incomplete_html(collection: Collection) -> str:
    if not collection.writable:
        return ""
    incomplete = collection.incomplete()
    return incomplete_table_html(
        incomplete, {article.id: collection.date_bounds(article) for article in incomplete.articles}
    )


def _draw_article_view(collection: Collection, list_view: Any) -> tuple[_ArticleView, list[Any]]:
    """Draw the view of one article, hidden; return it and the events that change the collection."""
    article_id, confirming = gr.State(""), gr.State(False)
    with gr.Column(visible=False, elem_id="article-view") as view:
        with gr.Row():
            back = gr.Button("Back to the list", scale=3, elem_id="back")
            remove = gr.Button(
                _REMOVE, variant="stop", scale=1, visible=collection.writable, elem_id="remove"
            )
        article = gr.HTML(elem_id="article", js_on_load=TAKE_BACK)
        with gr.Accordion(
            "Correct the fields", open=False, visible=collection.writable, elem_id="edit-fields"
        ):
            fields = [
                gr.Textbox(label=_FIELD_LABELS[name], max_lines=2, elem_id=f"field-{name}")
                for name in CORRECTABLE_FIELDS
            ]
            save = gr.Button("Save the corrections", elem_id="save")
    saving = save.click(
        translate_errors(_editor(collection)), [article_id, *fields], [article, *fields], **CHANGE
    )
    taking_back = article.apply(
        translate_errors(_taker_back(collection)), article_id, [article_id, article, *fields], **CHANGE
    )
    removing = remove.click(
        translate_errors(_remover(collection)),
        [article_id, confirming],
        [confirming, remove, list_view, view],
        **CHANGE,
    )
    closing_view = back.click(
        lambda: (gr.update(visible=True), gr.update(visible=False)),
        None,
        [list_view, view],
        api_visibility="private",
    )
    closing_view.then(None, None, None, js=FOCUS_LIST, api_visibility="private")
    changes = [saving, taking_back, removing]
    return _ArticleView(list_view, view, article_id, article, confirming, remove, fields), changes


def _editor(collection: Collection) -> Callable[..., tuple[str, ...]]:
    def edit(article_id: str, *values: str) -> tuple[str, ...]:
        collection.correct(article_id, dict(zip(CORRECTABLE_FIELDS, values, strict=True)))
        gr.Info("Saved; the correction is kept when the file is read again.")
        return _article_and_fields(collection, article_id)

    return edit


def _taker_back(collection: Collection) -> Callable[..., tuple[str, ...]]:
    def take_back(article_id: str, event: gr.EventData) -> tuple[str, ...]:
        """Put a line that was left out back into the article, and show it under its new id."""
        restored = collection.take_back(article_id, int(event.line))
        gr.Info(f"Line {int(event.line)} is part of the article again.")
        return restored.id, *_article_and_fields(collection, restored.id)

    return take_back


def _remover(collection: Collection) -> Callable[..., tuple[Any, ...]]:
    def remove(article_id: str, confirming: bool) -> tuple[Any, ...]:
        """Ask for confirmation on the first click, and remove the article on the second."""
        if not confirming:
            return True, gr.update(value=_CONFIRM_REMOVE), gr.skip(), gr.skip()
        gr.Info(f"Removed: {escape(collection.remove(article_id).headline)}")
        return False, gr.update(value=_REMOVE), gr.update(visible=True), gr.update(visible=False)

    return remove


def _opener(collection: Collection) -> Callable[..., tuple[Any, ...]]:
    def open_article(event: gr.EventData) -> tuple[Any, ...]:
        """Show the article whose button was clicked in place of the list."""
        article_id = str(event.article)
        article, *fields = _article_and_fields(collection, article_id)
        views = gr.update(visible=False), gr.update(visible=True)
        return *views, article_id, article, False, gr.update(value=_REMOVE), *fields

    return open_article


def _article_and_fields(collection: Collection, article_id: str) -> tuple[str, ...]:
    """Return an article as HTML, followed by the values of its editable fields."""
    article = collection.article(article_id)
    fields = (str(getattr(article, name) or "") for name in CORRECTABLE_FIELDS)
    removed = collection.removed(article_id)
    html = article_html(article, collection.raw_text(article_id), removed, collection.writable)
    return html, *fields


assert set(_SORT_LABELS) == set(SORTS) and set(_FILTER_LABELS) == set(FILTERS)
assert set(_FIELD_LABELS) == set(CORRECTABLE_FIELDS)
