"""The collection's tab: add, list, read, correct, remove, compare. Knows Gradio; what may be done and how is the collection's to say."""

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
from rag.page.collection_markup import (
    article_html,
    article_list_html,
    coverage_html,
    duplicates_html,
    error_html,
    progress_html,
)
from rag.page.error_messages import translate_errors
from rag.serving.collection import Collection

_FORMATS = (
    f'<p class="hint">Files may be {", ".join(ending[1:] for ending in FORMATS)}, each of at most %d MB. '
    "What you say of publisher and date wins over what the articles say.</p>"
)
_SORTED = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "added": "Last added first",
    "headline": "Headline",
    "publisher": "Publisher",
}
_LABELS = {
    "title": "Headline", "publisher": "Publisher", "author": "Author", "published": "Date", "url": "Address", "standfirst": "Standfirst",
    "section": "Section", "updated": "Updated",
}  # fmt: skip
_DATES = "2018, 2018-02 or 2018-02-13"
_PAIRS = 50
# A button of a list names its article; the list tells the page when one is pressed.
_OPENS = """element.addEventListener('click', event => {
    const opener = event.target.closest('button[data-article]');
    if (!opener) return;
    document.body.dataset.opened = opener.dataset.article;
    trigger('click', {article: opener.dataset.article});
});"""
_TO_ARTICLE = "() => { document.querySelector('#back')?.scrollIntoView(); document.querySelector('#back')?.focus({preventScroll: true}); }"
_TO_LIST = "() => document.querySelector(`#articles button[data-article='${document.body.dataset.opened}']`)?.focus()"
# Looks are answered in their order: who types while the tab is still filled sees what was typed, not what was there before.
VIEW_EVENT: dict[str, Any] = {
    "concurrency_id": "looks",
    "concurrency_limit": 1,
    "api_visibility": "private",
    "show_progress": "hidden",
}
_REMOVE, _SURE = "Remove", "Remove it for good?"


@dataclass(frozen=True, slots=True)
class CollectionTab:
    """The parts of the tab that follow the collection: what they ask for, what they show, and the events after which to look again."""

    collection: Collection
    asked: Sequence[Any]
    listed: Sequence[Any]
    changes: Sequence[Any]

    def follow(self, search: str | None, sort: str, limit: int) -> tuple[str, str, dict[str, Any]]:
        """The coverage, the list and whether there is more of it."""
        found = self.collection.list(search or "", sort, limit)
        lines = article_list_html(found, search or "", self.collection.changes)
        more = found.total > len(found.lines) and limit < limits.MAX_LIST_LENGTH
        return coverage_html(self.collection.coverage()), lines, gr.update(visible=more)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The view of one article, which takes the list's place; `opened` holds its id."""

    list_view: Any
    view: Any
    opened: Any
    article: Any
    sure: Any
    remove: Any
    fields: Sequence[Any]

    @property
    def outputs(self) -> list[Any]:
        return [self.list_view, self.view, self.opened, self.article, self.sure, self.remove, *self.fields]


def shelf(collection: Collection) -> CollectionTab:
    """Draw the tab where the page is being drawn."""
    coverage = gr.HTML(coverage_html(collection.coverage()), elem_id="coverage")
    with gr.Column(elem_id="shelf") as list_view:
        added, openers = _addition(collection)
        with gr.Row(elem_id="look"):
            search = gr.Textbox(
                label="Search the articles",
                placeholder="Words of headline or text",
                scale=3,
                min_width=240,
                elem_id="search",
            )
            sort = gr.Dropdown(
                [(name, key) for key, name in _SORTED.items()],
                value="newest",
                label="Sort by",
                scale=1,
                min_width=160,
                elem_id="sort",
            )
        limit = gr.State(limits.LIST_LENGTH)
        lines = gr.HTML(elem_id="articles", js_on_load=_OPENS)
        more = gr.Button("Show more", visible=False, elem_id="more")
        openers = [*openers, lines, _comparison(collection)]
    reading, changed = _reading(collection, list_view)
    drawn = CollectionTab(collection, (search, sort, limit), (coverage, lines, more), (*added, *changed))
    look = translate_errors(drawn.follow)
    for trigger in (search.change, sort.change, limit.change):
        trigger(look, drawn.asked, drawn.listed, trigger_mode="always_last", **VIEW_EVENT)
    more.click(lambda limit: limit * 3, limit, limit, api_visibility="private", show_progress="hidden")
    for opener in openers:
        opening = opener.click(
            translate_errors(_opener(collection)),
            None,
            reading.outputs,
            api_visibility="private",
            show_progress="hidden",
        )
        opening.then(None, None, None, js=_TO_ARTICLE, api_visibility="private")
    return drawn


def _addition(collection: Collection) -> tuple[list[Any], list[Any]]:
    """Where articles are added: the events after which the collection has changed, and what opens an article."""
    with gr.Accordion(
        "Add articles: drop files or paste a text",
        open=not collection.coverage().articles,
        visible=collection.changes,
        elem_id="adding",
    ):
        with gr.Row():
            files = gr.File(file_count="multiple", label="Files", height=170, elem_id="files")
            pasted = gr.Textbox(label="Or the text of one article", lines=5, max_lines=5, elem_id="pasted")
        with gr.Row():
            publisher = gr.Textbox(label="Publisher (optional)", elem_id="publisher", max_lines=1)
            published = gr.Textbox(
                label="Date (optional)", placeholder=_DATES, elem_id="published", max_lines=1
            )
        gr.HTML(_FORMATS % (collection.largest // 1_000_000))
        with gr.Row():
            add = gr.Button("Add to the collection", variant="primary", scale=3, elem_id="add")
            stop = gr.Button("Stop", scale=1, elem_id="stop-adding")
        report = gr.HTML(elem_id="report", js_on_load=_OPENS)
    given = [files, pasted, publisher, published]
    adding = add.click(
        _adder(collection), given, [report, *given],
        concurrency_id="changes", concurrency_limit=1, api_visibility="private", show_progress="hidden",
    )  # fmt: skip
    # In two steps, or the last line of the addition might come after the word that it was stopped.
    stopping = stop.click(None, None, None, cancels=[adding]).then(
        _stopped, report, report, api_visibility="private", show_progress="hidden"
    )
    return [adding, stopping], [report]


def _adder(collection: Collection) -> Callable[..., Iterator[tuple[Any, ...]]]:
    def add(
        files: list[str] | None, pasted: str | None, publisher: str, published: str
    ) -> Iterator[tuple[Any, ...]]:
        """The table of what was added, as it grows. At its end the form is empty again, but for a text that was refused."""
        kept = (gr.skip(),) * 4
        given = {"publisher": publisher, "date": published}
        try:
            with closing(
                collection.add([Path(file) for file in files or ()], pasted or "", given)
            ) as growing:
                for addition in growing:
                    refused = bool(addition.reports) and addition.reports[-1].status == "refused"
                    yield (
                        progress_html(addition),
                        *((None, gr.skip() if refused else "", "", "") if addition.finished else kept),
                    )
        except (ValueError, RuntimeError) as error:
            if not is_dateline_error(error):
                raise
            yield error_html(str(error)), *kept

    return add


def _stopped(report: str | None) -> str:
    """The table so far, without the bar that tells of time left; what there is only to read is left as it is."""
    if "<progress " not in (report or ""):
        return report or ""
    told = error_html("Stopped; what was finished is kept. To go on, press Add again.")
    return told + str(report).replace('class="addition"', 'class="addition stopped"')


def _comparison(collection: Collection) -> Any:
    """Near-copies, found when asked for; the list, which opens an article."""

    def compare() -> str:
        pairs = list(islice(collection.copies(), _PAIRS + 1))
        return duplicates_html(pairs[:_PAIRS], len(pairs) > _PAIRS)

    with gr.Accordion("Articles that are nearly the same", open=False, elem_id="comparing"):
        button = gr.Button("Compare all articles", elem_id="compare")
        pairs = gr.HTML(elem_id="pairs", js_on_load=_OPENS)
    button.click(translate_errors(compare), None, pairs, api_visibility="private", show_progress="minimal")
    return pairs


def _reading(collection: Collection, list_view: Any) -> tuple[_Reading, list[Any]]:
    """The view of one article, and the events after which the collection has changed."""
    opened, sure = gr.State(""), gr.State(False)
    with gr.Column(visible=False, elem_id="reading") as view:
        with gr.Row():
            back = gr.Button("Back to the list", scale=3, elem_id="back")
            remove = gr.Button(_REMOVE, variant="stop", scale=1, visible=collection.changes, elem_id="remove")
        article = gr.HTML(elem_id="article")
        with gr.Accordion("Correct the fields", open=False, visible=collection.changes, elem_id="correcting"):
            fields = [
                gr.Textbox(label=_LABELS[name], max_lines=2, elem_id=f"field-{name}")
                for name in CORRECTABLE_FIELDS
            ]
            save = gr.Button("Save the corrections", elem_id="save")
    reading = _Reading(list_view, view, opened, article, sure, remove, fields)
    asks: dict[str, Any] = {
        "concurrency_id": "changes",
        "concurrency_limit": 1,
        "api_visibility": "private",
        "show_progress": "hidden",
    }

    def correct(name: str, *values: str) -> tuple[str, ...]:
        collection.correct(name, dict(zip(CORRECTABLE_FIELDS, values, strict=True)))
        gr.Info("Saved; the correction outlives reading the file again.")
        return _shown(collection, name)

    def removal(name: str, sure: bool) -> tuple[Any, ...]:
        """The first press asks, the second removes."""
        if not sure:
            return True, gr.update(value=_SURE), gr.skip(), gr.skip()
        gr.Info(f"Removed: {escape(collection.remove(name).headline)}")
        return False, gr.update(value=_REMOVE), gr.update(visible=True), gr.update(visible=False)

    saving = save.click(translate_errors(correct), [opened, *fields], [article, *fields], **asks)
    removing = remove.click(
        translate_errors(removal), [opened, sure], [sure, remove, list_view, view], **asks
    )
    leaving = back.click(
        lambda: (gr.update(visible=True), gr.update(visible=False)),
        None,
        [list_view, view],
        api_visibility="private",
    )
    leaving.then(None, None, None, js=_TO_LIST, api_visibility="private")
    return reading, [saving, removing]


def _opener(collection: Collection) -> Callable[..., tuple[Any, ...]]:
    def open_article(pressed: gr.EventData) -> tuple[Any, ...]:
        """The view of the article whose button was pressed, in the list's place."""
        name = str(pressed.article)
        article, *fields = _shown(collection, name)
        return (
            gr.update(visible=False),
            gr.update(visible=True),
            name,
            article,
            False,
            gr.update(value=_REMOVE),
            *fields,
        )

    return open_article


def _shown(collection: Collection, name: str) -> tuple[str, ...]:
    """An article as HTML, and its fields as texts to correct."""
    article = collection.article(name)
    return article_html(article, collection.raw(name)), *(
        str(getattr(article, field) or "") for field in CORRECTABLE_FIELDS
    )


assert set(_SORTED) == set(SORTS) and set(_LABELS) == set(CORRECTABLE_FIELDS)
