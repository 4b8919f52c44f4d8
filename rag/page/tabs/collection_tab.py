"""The Collection tab: add, list, read, edit, remove and compare articles."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

import gradio as gr

from corpus.reading.files import FORMATS
from corpus.store.listing import SORTS
from corpus.store.rows import CORRECTABLE_FIELDS
from rag import limits
from rag.errors import is_dateline_error
from rag.page.markup.collection_markup import (
    FIELD_LABELS,
    article_html,
    article_list_html,
    coverage_html,
    duplicates_html,
    error_html,
    incomplete_table_html,
    progress_html,
)
from rag.page.tabs.error_messages import translate_errors
from rag.page.tabs.event_options import CHANGE, PRIVATE, VIEW
from rag.serving.collection import Collection

_FORMATS_HINT = (
    f'<p class="hint">Files may be {", ".join(ending[1:] for ending in FORMATS)}, each of at most %d MB. '
    "The publisher and date that you enter here take precedence over those found in the articles.</p>"
)
_SORT_LABELS = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "added": "Last added first",
    "headline": "Headline",
    "publisher": "Publisher",
}
_FIELD_LABELS = {
    **FIELD_LABELS,
    "standfirst": "Standfirst",
    "section": "Section",
    "updated": "Updated",
    "saved": "Saved",
}
_DATE_EXAMPLES = "2018, 2018-02 or 2018-02-13"
_MAX_PAIRS = 50  # limit, of near-duplicates on the page
# A button in a list names its article; the list reports a click on one.
_OPEN_ON_CLICK = """element.addEventListener('click', event => {
    const button = event.target.closest('button[data-article]');
    if (!button) return;
    document.body.dataset.opened = button.dataset.article;
    trigger('click', {article: button.dataset.article});
});"""
_TABLE_FIELDS = ("publisher", "published")
# The fields above the table fill the empty ones below; Enter saves.
_SAVE_TABLE = """
const save = () => {
    const value = (row, field) => row.querySelector(`input[data-field=${field}]`).value.trim();
    const fill = element.querySelector('tr.fill');
    const rows = [...element.querySelectorAll('tbody tr')].map(row => ({
        article: row.dataset.article,
        publisher: value(row, 'publisher') || value(fill, 'publisher'),
        published: value(row, 'published') || value(fill, 'published'),
    }));
    trigger('apply', {rows});
};
element.addEventListener('click', event => { if (event.target.closest('button.save')) save(); });
element.addEventListener('keydown', event => {
    if (event.key === 'Enter' && event.target.closest('input')) save();
});
"""
_TAKE_BACK = """element.addEventListener('click', event => {
    const button = event.target.closest('button[data-line]');
    if (button) trigger('apply', {line: button.dataset.line});
});"""
_FOCUS_ARTICLE = """() => {
    document.querySelector('#back')?.scrollIntoView();
    document.querySelector('#back')?.focus({preventScroll: true});
}"""
_FOCUS_LIST = """() => {
    const button = `#articles button[data-article='${document.body.dataset.opened}']`;
    document.querySelector(button)?.focus();
}"""
_REMOVE, _CONFIRM_REMOVE = "Remove", "Remove it for good?"


@dataclass(frozen=True, slots=True)
class CollectionTab:
    """The components to refresh when the collection changes, and the events that change it."""

    collection: Collection
    list_options: Sequence[Any]  # search, sort, limit
    outputs: Sequence[Any]  # coverage, list, "Show more", table of unknown dates and publishers
    changes: Sequence[Any]

    def refresh(self, search: str | None, sort: str, limit: int) -> tuple[str, str, dict[str, Any], str]:
        """Return the coverage, the list, whether there is more of it, and the table of what is unknown."""
        listing = self.collection.list(search or "", sort, limit)
        articles = article_list_html(listing, search or "", self.collection.writable)
        more = listing.total > len(listing.lines) and limit < limits.MAX_LIST_LENGTH
        coverage = coverage_html(self.collection.coverage())
        return coverage, articles, gr.update(visible=more), _incomplete_html(self.collection)


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
        adding, report = _draw_add_form(collection)
        search, sort = _draw_list_options()
        limit = gr.State(limits.LIST_LENGTH)
        articles = gr.HTML(elem_id="articles", js_on_load=_OPEN_ON_CLICK)
        more = gr.Button("Show more", visible=False, elem_id="more")
        panel, incomplete, saving = _draw_incomplete(collection)
        pairs = _draw_duplicates(collection)
    view, editing = _draw_article_view(collection, list_view)
    outputs = (coverage, articles, more, incomplete)
    tab = CollectionTab(collection, (search, sort, limit), outputs, (*adding, *editing, saving))
    adding[0].then(lambda: gr.update(open=bool(collection.incomplete(1).total)), None, panel, **VIEW)
    refresh = translate_errors(tab.refresh)
    for trigger in (search.change, sort.change, limit.change):
        trigger(refresh, tab.list_options, tab.outputs, **VIEW)
    more.click(lambda limit: limit * 3, limit, limit, **PRIVATE)
    for component in (report, articles, pairs, incomplete):
        opened = component.click(translate_errors(_opener(collection)), None, view.outputs, **PRIVATE)
        opened.then(None, None, None, js=_FOCUS_ARTICLE, api_visibility="private")
    return tab


def _draw_list_options() -> tuple[Any, Any]:
    """Draw the fields that search and sort the list."""
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
    return search, sort


def _draw_add_form(collection: Collection) -> tuple[list[Any], Any]:
    """Draw the form that adds articles; return the events that change the collection, and the report."""
    with gr.Accordion(
        "Add articles: drop files or paste a text",
        open=not collection.coverage().articles,
        visible=collection.writable,
        elem_id="add-articles",
    ):
        with gr.Row():
            files = gr.File(file_count="multiple", label="Files", height=170, elem_id="files")
            pasted = gr.Textbox(label="Or the text of one article", lines=5, max_lines=5, elem_id="pasted")
        with gr.Row():
            publisher = gr.Textbox(label="Publisher (optional)", elem_id="publisher", max_lines=1)
            published = gr.Textbox(
                label="Date (optional)", placeholder=_DATE_EXAMPLES, elem_id="published", max_lines=1
            )
        gr.HTML(_FORMATS_HINT % (collection.max_file_bytes // 1_000_000))
        with gr.Row():
            add = gr.Button("Add to the collection", variant="primary", scale=3, elem_id="add")
            stop = gr.Button("Stop", scale=1, elem_id="stop-adding")
        report = gr.HTML(elem_id="report", js_on_load=_OPEN_ON_CLICK)
    form = [files, pasted, publisher, published]
    adding = add.click(_adder(collection), form, [report, *form], **CHANGE)
    # In two steps: otherwise the last update of the addition might overwrite the message that it was stopped.
    stopping = stop.click(None, None, None, cancels=[adding]).then(_mark_stopped, report, report, **PRIVATE)
    return [adding, stopping], report


def _adder(collection: Collection) -> Callable[..., Iterator[tuple[Any, ...]]]:
    def add(
        files: list[str] | None, pasted: str | None, publisher: str, published: str
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the report as it grows, and clear the form at the end, except for a text that was refused."""
        unchanged = (gr.skip(),) * 4
        fields = {"publisher": publisher, "date": published}
        try:
            with closing(
                collection.add([Path(file) for file in files or ()], pasted or "", fields)
            ) as additions:
                for progress in additions:
                    refused = bool(progress.reports) and progress.reports[-1].status == "refused"
                    cleared = (None, gr.skip() if refused else "", "", "")
                    yield progress_html(progress), *(cleared if progress.finished else unchanged)
        except (ValueError, RuntimeError) as error:
            if not is_dateline_error(error):
                raise
            yield error_html(str(error)), *unchanged

    return add


def _mark_stopped(report: str | None) -> str:
    """Return the report with a notice that the addition was stopped, unless it had finished."""
    if "<progress " not in (report or ""):
        return report or ""
    notice = error_html("Stopped; what was finished is kept. To go on, press Add again.")
    return notice + str(report).replace('class="addition"', 'class="addition stopped"')


def _draw_duplicates(collection: Collection) -> Any:
    """Draw the search for near-duplicates; return the list of pairs, which opens articles."""

    def compare() -> str:
        pairs = list(islice(collection.near_duplicates(), _MAX_PAIRS + 1))
        return duplicates_html(pairs[:_MAX_PAIRS], len(pairs) > _MAX_PAIRS)

    with gr.Accordion("Articles that are nearly the same", open=False, elem_id="near-duplicates"):
        button = gr.Button("Compare all articles", elem_id="compare")
        pairs = gr.HTML(elem_id="pairs", js_on_load=_OPEN_ON_CLICK)
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
        table = gr.HTML(elem_id="incomplete-table", js_on_load=_OPEN_ON_CLICK + _SAVE_TABLE)
    return panel, table, table.apply(translate_errors(save), None, table, **CHANGE)


def _table_fields(rows: Any) -> dict[str, dict[str, str]]:
    """Return the fields by article that the script of the table sent, without what does not fit."""
    fields: dict[str, dict[str, str]] = {}
    for row in list(rows)[: limits.LIST_LENGTH]:
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
        article = gr.HTML(elem_id="article", js_on_load=_TAKE_BACK)
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
    closing_view.then(None, None, None, js=_FOCUS_LIST, api_visibility="private")
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


assert set(_SORT_LABELS) == set(SORTS) and set(_FIELD_LABELS) == set(CORRECTABLE_FIELDS)
