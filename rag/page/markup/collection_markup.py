"""HTML of the Collection tab: lists of articles, single articles, and reports of additions.

Everything from articles is escaped; buttons identify an article by its id alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

from corpus.article import Article, Removal
from corpus.store.duplicates import Difference, NearDuplicates
from corpus.store.filters import Coverage
from corpus.store.listing import ListedArticle, Listing
from corpus.store.undated import DateBound, IncompleteArticles
from embeddings.ingest_report import IngestReport
from rag.page.markup.text_markup import MAX_TEXT_CHARS, escape_line, headline_html
from rag.serving.additions import AddProgress
from rag.serving.collection import origin_name

FIELD_LABELS = {
    "title": "Headline",
    "publisher": "Publisher",
    "author": "Author",
    "published": "Date",
    "url": "Address",
}
# The heads of the list, each with the sort orders that it goes through.
_COLUMNS = (
    ("Headline", ("headline",)),
    ("Publisher", ("publisher",)),
    ("Date", ("newest", "oldest")),
    ("Left out", ("left-out",)),
)
_DIRECTIONS = {
    "headline": "ascending",
    "publisher": "ascending",
    "newest": "descending",
    "oldest": "ascending",
    "left-out": "descending",
}
# What can be done with the selected articles; a field that stays empty changes nothing.
_SELECTION = (
    '<p class="selection" hidden><output></output> '
    '<input data-field="publisher" aria-label="Publisher of the selected" placeholder="Publisher"> '
    '<input data-field="published" aria-label="Date of the selected" placeholder="2018-02-13"> '
    '<button type="button" class="set">Set</button> <button type="button" class="remove">Remove</button></p>'
)
_MAX_RECENT = 5  # limit, of rows while an addition goes on
_MAX_REPORTS = 200  # limit, of rows at its end
_MAX_REMOVED = 500  # limit, of rows for one article
_MAX_DIFFERENCES = 30  # limit, of rows for two near-duplicates
_STATUS_ORDER = {"refused": 0, "added": 1, "already here": 2, "unchanged": 3}


def coverage_html(coverage: Coverage) -> str:
    """Return one line on what the collection holds."""
    if not coverage.articles:
        return '<p class="coverage">The collection is empty.</p>'
    years = sorted({day.year for day in (coverage.earliest, coverage.latest) if day})
    facts = [
        _count(coverage.articles, "article"),
        _count(len(coverage.publishers), "publisher"),
        "–".join(map(str, years)),
        f"{coverage.undated:,} undated" if coverage.undated else "",
        _count(coverage.passages, "passage"),
    ]
    return f'<p class="coverage">{" · ".join(fact for fact in facts if fact)}</p>'


def article_list_html(
    listing: Listing, search: str, writable: bool, sort: str = "newest", only: str = "all"
) -> str:
    """Return a table of articles, or what to do if there are none. A script of the tab listens to it.

    Its heads sort it; with `writable` rows can be selected, and what is selected changed or removed.
    """
    if not listing.total:
        return f'<p class="empty" role="status">{_empty_list(search, writable, only)}</p>'
    count = f"{_count(listing.total, 'article')} found" if search.strip() or only != "all" else ""
    heads = "".join(_column_head(label, sorts, sort) for label, sorts in _COLUMNS)
    box = f"<th>{_checkbox('Select all that are listed')}</th>" if writable else ""
    rows = "".join(_list_row(line, writable) for line in listing.lines)
    return (
        f'<p class="count" role="status">{count}</p>{_SELECTION if writable else ""}'
        f'<table class="articles"><thead><tr>{box}{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _column_head(label: str, sorts: Sequence[str], sort: str) -> str:
    """Return the head of a column; a click sorts by it, and where it can, the other way round."""
    turned = sorts[(sorts.index(sort) + 1) % len(sorts)] if sort in sorts else sorts[0]
    state = f' aria-sort="{_DIRECTIONS[sort]}"' if sort in sorts else ""
    return f'<th scope="col"{state}><button type="button" data-sort="{turned}">{label}</button></th>'


def _checkbox(label: str) -> str:
    return f'<input type="checkbox" aria-label="{escape(label, quote=True)}">'


def _list_row(line: ListedArticle, writable: bool) -> str:
    article = line.article
    name, headline = escape(article.id, quote=True), escape_line(article.headline)
    sample = ' <span class="note">sample</span>' if article.sample else ""
    cells = (
        f'<button type="button" class="open" data-article="{name}">{headline}</button>{sample}',
        escape_line(article.publisher or "unknown"),
        escape_line(article.published.spoken if article.published else "undated"),
        _count(line.left_out, "line") if line.left_out else "",
    )
    box = f"<td>{_checkbox(f'Select {article.headline}')}</td>" if writable else ""
    return f"<tr>{box}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _empty_list(search: str, writable: bool, only: str) -> str:
    if only != "all":
        return "No article is of this kind."
    if search.strip():
        return (
            f"No article contains “{escape_line(search)}” in its headline, publisher, date or text. "
            "Fewer words find more."
        )
    if writable:
        return "There are no articles yet. Drop files above or paste a text to begin."
    return "There are no articles yet. Add articles with: dateline add FOLDER"


def article_html(article: Article, raw: str, removed: Sequence[Removal] = (), writable: bool = False) -> str:
    """Return one article: its body and fields, what was `removed` from its text, and that text.

    With `writable`, each removed line has a button that takes it back.
    """
    lines = article.body[:MAX_TEXT_CHARS].splitlines()
    paragraphs = "".join(f"<p>{escape_line(line)}</p>" for line in lines if line.strip())
    return (
        f'<article class="article-text"><h2>{headline_html(article)}</h2>'
        f'<p class="dateline">{escape(article.credit)}</p>'
        f'<div class="body">{paragraphs}{_truncation_note(article.body)}</div>'
        f"<details><summary>Where each field was found</summary>{_field_table(article)}</details>"
        f"{_removed_list(article, removed, writable)}<details><summary>The text as it was read</summary>"
        f"<pre>{escape(raw[:MAX_TEXT_CHARS])}</pre>{_truncation_note(raw)}</details></article>"
    )


def _removed_list(article: Article, removed: Sequence[Removal], writable: bool) -> str:
    """Return the pieces of the text that cleaning left out, each with its line and reason."""
    if not removed:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{item.line}</th><td>{escape_line(item.text)}</td>'
        f'<td class="note">{escape_line(item.reason)}{_take_back_button(item) if writable else ""}</td></tr>'
        for item in removed[:_MAX_REMOVED]
    )
    left = len(removed) - _MAX_REMOVED
    more = f"<p>and {left:,} more</p>" if left > 0 else ""
    remedy = f'<p class="note">Take a line back with: dateline set {article.id} keep=LINE</p>'
    summary = f"Left out of the text ({len(removed):,})"
    return f'<details><summary>{summary}</summary><table class="facts">{rows}</table>{more}{remedy}</details>'


def _take_back_button(item: Removal) -> str:
    label = f'aria-label="Take back line {item.line}"'
    return f' <button type="button" class="take-back" data-line="{item.line}" {label}>Take back</button>'


def progress_html(progress: AddProgress) -> str:
    """Return how far an addition is or, at its end, what became of each article, refused ones first."""
    if not progress.finished:
        latest = tuple(reversed(progress.reports[-_MAX_RECENT:]))
        bar = f'<progress value="{progress.done}" max="{progress.total}" aria-label="files added"></progress>'
        line = f'<p class="progress-line">{_progress_line(progress)}</p>'
        return f'<div class="addition">{line}{bar}{_report_table(latest)}</div>'
    ordered = sorted(progress.reports, key=lambda report: _STATUS_ORDER[report.status])
    more = f"<p>and {len(ordered) - _MAX_REPORTS:,} more</p>" if len(ordered) > _MAX_REPORTS else ""
    summary = f"<strong>{_status_counts(progress.reports)}</strong>, in {_format_duration(progress.seconds)}."
    table = _report_table(ordered[:_MAX_REPORTS])
    undated = {report.article.id for report in ordered if report.article and not report.article.published}
    hint = (
        f'<p class="undated">{_count(len(undated), "article")} undated, so no filter by date finds them. '
        "Their dates can be set below.</p>"
        if undated
        else ""
    )
    return f'<div class="addition"><p role="status">{summary}</p>{hint}{table}{more}</div>'


def stopped_progress_html(progress: AddProgress) -> str:
    """Return what an addition that was stopped had done."""
    notice = error_html("Stopped; what was finished is kept. To go on, press Add again.")
    return notice + progress_html(progress).replace('class="addition"', 'class="addition stopped"')


def _status_counts(reports: Sequence[IngestReport]) -> str:
    counts = Counter(report.status for report in reports)
    ordered = sorted(counts, key=_STATUS_ORDER.__getitem__, reverse=True)
    return ", ".join(f"{counts[status]:,} {status}" for status in ordered) or "nothing was found"


def _progress_line(progress: AddProgress) -> str:
    files = f"{progress.done:,} of {_count(progress.total, 'file')}"
    if progress.seconds_left is None or not progress.seconds:
        return f"{files}, begun"
    rate = f"{progress.done / progress.seconds:.1f} a second"
    return f"{files} · {rate} · about {_format_duration(progress.seconds_left)} left"


def error_html(message: str) -> str:
    """Return a message on why nothing could be done."""
    return f'<p class="problem" role="alert">{escape_line(message)}</p>'


def incomplete_table_html(incomplete: IncompleteArticles, bounds: Mapping[str, Sequence[DateBound]]) -> str:
    """Return a table in which the dates and publishers of articles that lack them can be typed.

    `bounds` has, by article, what tells when it appeared. A script of the tab reads the fields.
    """
    if not incomplete.total:
        return '<p class="empty" role="status">Every article has a date and a publisher.</p>'
    rows = "".join(_incomplete_row(article, bounds.get(article.id, ())) for article in incomplete.articles)
    more = incomplete.total - len(incomplete.articles)
    note = f'<p class="note">and {more:,} more, once these are saved</p>' if more else ""
    head = "<thead><tr><th>Article, and what tells when it appeared</th><th>Publisher</th><th>Date</th></tr>"
    fill = (
        '<tr class="fill"><th scope="row">Fill in every row that is empty</th>'
        f"<td>{_input('publisher', 'Publisher of all', '')}</td>"
        f"<td>{_input('published', 'Date of all', '')}</td></tr></thead>"
    )
    save = '<button type="button" class="save">Save the table</button>'
    return f'<table class="incomplete">{head}{fill}<tbody>{rows}</tbody></table>{note}{save}'


def _incomplete_row(article: Article, bounds: Sequence[DateBound]) -> str:
    known = escape_line("; ".join(bound.spoken for bound in bounds))
    note = f'<p class="note">{known}</p>' if known else ""
    publisher = _input("publisher", f"Publisher of {article.headline}", article.publisher or "")
    published = _input("published", f"Date of {article.headline}", str(article.published or ""))
    name = escape(article.id, quote=True)
    cells = f"<td>{_article_button(article)}{note}</td><td>{publisher}</td><td>{published}</td>"
    return f'<tr data-article="{name}">{cells}</tr>'


def _input(field: str, label: str, value: str) -> str:
    hint = ' placeholder="2018-02-13"' if field == "published" else ""
    label, value = escape(label, quote=True), escape(value, quote=True)
    return f'<input type="text" data-field="{field}" aria-label="{label}" value="{value}"{hint}>'


def duplicates_html(pairs: Sequence[NearDuplicates], more: bool) -> str:
    """Return pairs of near-duplicates with the words that differ; `more` says that there are others."""
    if not pairs:
        return '<p class="empty" role="status">No two articles are nearly the same.</p>'
    heading = f"The first {len(pairs)} pairs" if more else _count(len(pairs), "pair")
    return f'<p class="count" role="status">{heading}</p>{"".join(map(_pair, pairs))}'


def _pair(pair: NearDuplicates) -> str:
    articles = _article_button(pair.first) + _article_button(pair.second)
    return f'<section class="pair">{articles}{_difference_table(pair.differences)}</section>'


def _difference_table(differences: Sequence[Difference]) -> str:
    """Return a table of the words that differ, figures and names first."""
    if not differences:
        return "<p>They differ in capitals and punctuation alone.</p>"
    ordered = sorted(differences, key=lambda item: not item.is_material)
    rows = "".join(map(_difference_row, ordered[:_MAX_DIFFERENCES]))
    left = len(ordered) - _MAX_DIFFERENCES
    more = f"<p>and {left:,} more differences</p>" if left > 0 else ""
    head = "<thead><tr><th>In the first</th><th>In the second</th></tr></thead>"
    return f"<table>{head}<tbody>{rows}</tbody></table>{more}"


def _difference_row(item: Difference) -> str:
    texts = (escape_line(side) or '<span class="note">nothing</span>' for side in (item.first, item.second))
    cells = "".join(f"<td>{f'<strong>{text}</strong>' if item.is_material else text}</td>" for text in texts)
    return f"<tr>{cells}</tr>"


def _article_button(article: Article, details: str = "") -> str:
    facts = " · ".join(filter(None, (escape(article.credit), details)))
    return (
        f'<button type="button" class="open" data-article="{escape(article.id, quote=True)}">'
        f'<span class="headline">{escape_line(article.headline)}</span>'
        f'<span class="facts">{facts}</span></button>'
    )


def _field_table(article: Article) -> str:
    """Return a table of the article's fields, their values and where each was found."""
    sources = {found.field: found.how for found in article.provenance}
    rows = []
    for field, label in FIELD_LABELS.items():
        value = getattr(article, field)
        text = escape_line(value.spoken if field == "published" else value) if value else "unknown"
        source = sources.get("date" if field == "published" else field, "")
        rows.append(_field_row(label, text, escape_line(source)))
    rows.append(_field_row("Origin", escape_line(origin_name(article.origin)), f"id {article.id}"))
    return f'<table class="facts">{"".join(rows)}</table>'


def _field_row(label: str, value: str, note: str) -> str:
    return f'<tr><th scope="row">{label}</th><td>{value}</td><td class="note">{note}</td></tr>'


def _report_table(reports: Sequence[IngestReport]) -> str:
    if not reports:
        return ""
    head = "".join(f"<th>{name}</th>" for name in ("File", "Result", "Headline", "Publisher", "Date"))
    rows = "".join(map(_report_row, reports))
    return f'<table class="reports"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _report_row(report: IngestReport) -> str:
    name = origin_name(report.origin)
    gained = f"<br>now with {', '.join(map(_field_label, report.completed))}" if report.completed else ""
    first = f'<td class="file">{escape_line(name)}</td><td class="status">{report.status}{gained}</td>'
    if report.article is None:
        problem = escape_line(report.problem.removeprefix(f"{name}: "))
        return f'<tr class="refused">{first}<td colspan="3">{problem}</td></tr>'
    article = report.article
    published = article.published.spoken if article.published else "undated"
    headline = escape_line(article.headline)
    button = f'<button type="button" class="open" data-article="{article.id}">{headline}</button>'
    publisher = escape_line(article.publisher or "unknown")
    left_out = (f"{_count(report.removed, 'line')} left out",) if report.removed else ()
    remarks = (*report.warnings, *(bound.spoken for bound in report.bounds), *left_out)
    notes = "".join(f'<p class="note">{escape_line(remark)}</p>' for remark in remarks)
    return f"<tr>{first}<td>{button}{notes}</td><td>{publisher}</td><td class='date'>{published}</td></tr>"


def _field_label(field: str) -> str:
    return FIELD_LABELS.get(field, field).lower()


def _format_duration(seconds: float) -> str:
    """
    >>> _format_duration(0.34), _format_duration(0.01), _format_duration(75)
    ('0.3 s', '0.1 s', '1 min 15 s')
    """
    if seconds < 10:
        return f"{max(seconds, 0.1):.1f} s"
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _truncation_note(text: str) -> str:
    if len(text) <= MAX_TEXT_CHARS:
        return ""
    return f'<p class="note">The first {MAX_TEXT_CHARS:,} of {len(text):,} characters.</p>'
