"""Articles, lists of them and additions -> HTML. Everything of theirs is escaped here; buttons name an article by its id alone."""

from collections import Counter
from collections.abc import Sequence
from html import escape

from corpus.article import Article
from corpus.store.duplicates import Difference, NearDuplicates
from corpus.store.filters import Coverage
from corpus.store.listing import Listing
from embeddings.ingest_report import IngestReport
from rag.page.answer_markup import escape_line, headline
from rag.serving.collection import AddProgress, origin_name

_FIELDS = {
    "title": "Headline",
    "publisher": "Publisher",
    "author": "Author",
    "published": "Date",
    "url": "Address",
}
_FOUND_AS = {"published": "date"}
_WHILE_ADDING, _REPORTED = 5, 200  # lines of the table while an addition goes on, and at its end
_SHOWN_CHARS = 100_000  # of a body or a raw text; a page of more is slow to draw
_DIFFERENCES = 30
STATUS = {"refused": 0, "added": 1, "already here": 2, "unchanged": 3}


def coverage_html(coverage: Coverage) -> str:
    """What the collection holds, as one line."""
    if not coverage.articles:
        return '<p class="coverage">The collection is empty.</p>'
    years = sorted({day.year for day in (coverage.earliest, coverage.latest) if day})
    facts = [
        _counted(coverage.articles, "article"),
        _counted(len(coverage.publishers), "publisher"),
        "–".join(map(str, years)),
        f"{coverage.undated:,} undated" if coverage.undated else "",
        _counted(coverage.passages, "passage"),
    ]
    return f'<p class="coverage">{" · ".join(fact for fact in facts if fact)}</p>'


def article_list_html(found: Listing, search: str, changes: bool) -> str:
    """The list, a button a line, or what to do where it is empty."""
    if not found.total and search.strip():
        told = f"No article holds “{escape_line(search)}” in its headline, publisher, date or text. Fewer words find more."
        return f'<p class="empty" role="status">{told}</p>'
    if not found.total:
        told = (
            "Drop files above or paste a text to begin."
            if changes
            else "Add articles with: python -m corpus add FOLDER"
        )
        return f'<p class="empty" role="status">There are no articles yet. {told}</p>'
    count = f"{_counted(found.total, 'article')} found" if search.strip() else ""
    lines = "".join(
        f"<li>{_opener(line.article, _counted(line.passages, 'passage'))}</li>" for line in found.lines
    )
    return f'<p class="count" role="status">{count}</p><ul class="articles">{lines}</ul>'


def article_html(article: Article, raw: str) -> str:
    """One article: its fields and where each was found, its body, and the raw text behind a disclosure."""
    paragraphs = "".join(
        f"<p>{escape_line(line)}</p>" for line in article.body[:_SHOWN_CHARS].splitlines() if line.strip()
    )
    return (
        f'<article class="reader"><h2>{headline(article)}</h2><p class="dateline">{escape(article.dateline)}</p>'
        f'<div class="body">{paragraphs}{_cut(article.body)}</div>'
        f"<details><summary>Where each field was found</summary>{_facts(article)}</details>"
        f"<details><summary>The text as it was read</summary><pre>{escape(raw[:_SHOWN_CHARS])}</pre>{_cut(raw)}</details></article>"
    )


def progress_html(addition: AddProgress) -> str:
    """How far an addition is, or what became of everything when it is finished; what was refused stands first."""
    if not addition.finished:
        latest = tuple(reversed(addition.reports[-_WHILE_ADDING:]))
        bar = f'<progress value="{addition.done}" max="{addition.total}" aria-label="files added"></progress>'
        return f'<div class="addition"><p class="pace">{_pace(addition)}</p>{bar}{_reports(latest)}</div>'
    counts = Counter(report.status for report in addition.reports)
    told = (
        ", ".join(
            f"{counts[status]:,} {status}" for status in sorted(counts, key=STATUS.__getitem__, reverse=True)
        )
        or "nothing was found"
    )
    ordered = sorted(addition.reports, key=lambda report: STATUS[report.status])
    more = f"<p>and {len(ordered) - _REPORTED:,} more</p>" if len(ordered) > _REPORTED else ""
    return (
        f'<div class="addition"><p role="status"><strong>{told}</strong>, in {_seconds(addition.seconds)}.</p>'
        f"{_reports(ordered[:_REPORTED])}{more}</div>"
    )


def error_html(problem: str) -> str:
    """Why nothing could be done, as a calm sentence."""
    return f'<p class="problem" role="alert">{escape_line(problem)}</p>'


def duplicates_html(pairs: Sequence[NearDuplicates], more: bool) -> str:
    """Near-copies with the words that differ, figures and names first."""
    if not pairs:
        return '<p class="empty" role="status">No two articles are nearly the same.</p>'
    heading = f"The first {len(pairs)} pairs" if more else _counted(len(pairs), "pair")
    return f'<p class="count" role="status">{heading}</p>{"".join(map(_pair, pairs))}'


def _pair(pair: NearDuplicates) -> str:
    ordered = sorted(pair.differences, key=lambda item: not item.is_material)
    rows = "".join(map(_difference, ordered[:_DIFFERENCES]))
    left = (
        f"<p>and {len(ordered) - _DIFFERENCES:,} more differences</p>" if len(ordered) > _DIFFERENCES else ""
    )
    table = (
        f"<table><thead><tr><th>In the first</th><th>In the second</th></tr></thead><tbody>{rows}</tbody></table>{left}"
        if rows
        else ""
    )
    same = "" if rows else "<p>They differ in capitals and punctuation alone.</p>"
    return f'<section class="pair">{_opener(pair.first)}{_opener(pair.second)}{table}{same}</section>'


def _difference(item: Difference) -> str:
    words = (escape_line(side) or '<span class="how">nothing</span>' for side in (item.first, item.second))
    cells = "".join(f"<td>{f'<strong>{side}</strong>' if item.is_material else side}</td>" for side in words)
    return f"<tr>{cells}</tr>"


def _opener(article: Article, beside: str = "") -> str:
    facts = " · ".join(filter(None, (escape(article.dateline), beside)))
    return (
        f'<button type="button" class="open" data-article="{escape(article.id, quote=True)}">'
        f'<span class="headline">{escape_line(article.headline)}</span><span class="facts">{facts}</span></button>'
    )


def _facts(article: Article) -> str:
    how = {found.field: found.how for found in article.provenance}
    rows = []
    for field, name in _FIELDS.items():
        value = getattr(article, field)
        told = escape_line(value.spoken if field == "published" else value) if value else "unknown"
        source = escape_line(how.get(_FOUND_AS.get(field, field), ""))
        rows.append(f'<tr><th scope="row">{name}</th><td>{told}</td><td class="how">{source}</td></tr>')
    rows.append(
        f'<tr><th scope="row">Origin</th><td>{escape_line(origin_name(article.origin))}</td><td class="how">id {article.id}</td></tr>'
    )
    return f'<table class="facts">{"".join(rows)}</table>'


def _reports(reports: Sequence[IngestReport]) -> str:
    if not reports:
        return ""
    head = "".join(f"<th>{name}</th>" for name in ("File", "Result", "Headline", "Publisher", "Date"))
    return f'<table class="reports"><thead><tr>{head}</tr></thead><tbody>{"".join(map(_row, reports))}</tbody></table>'


def _row(report: IngestReport) -> str:
    name = f'<td class="file">{escape_line(origin_name(report.origin))}</td><td class="status">{report.status}</td>'
    if report.article is None:
        problem = report.problem.removeprefix(f"{origin_name(report.origin)}: ")
        return f'<tr class="refused">{name}<td colspan="3">{escape_line(problem)}</td></tr>'
    article = report.article
    published = article.published.spoken if article.published else "undated"
    opener = f'<button type="button" class="open" data-article="{article.id}">{escape_line(article.headline)}</button>'
    cells = f"<td>{opener}</td><td>{escape_line(article.publisher or 'unknown')}</td><td class='date'>{published}</td>"
    return f"<tr>{name}{cells}</tr>"


def _pace(addition: AddProgress) -> str:
    told = f"{addition.done:,} of {_counted(addition.total, 'file')}"
    if addition.left is None or not addition.seconds:
        return f"{told}, begun"
    return f"{told} · {addition.done / addition.seconds:.1f} a second · about {_seconds(addition.left)} left"


def _seconds(seconds: float) -> str:
    """
    >>> _seconds(0.34), _seconds(0.01), _seconds(75)
    ('0.3 s', '0.1 s', '1 min 15 s')
    """
    seconds = max(seconds, 0.1)
    return (
        f"{seconds:.1f} s"
        if seconds < 10
        else f"{seconds:.0f} s"
        if seconds < 60
        else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    )


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"


def _cut(text: str) -> str:
    return (
        f'<p class="how">The first {_SHOWN_CHARS:,} of {len(text):,} characters.</p>'
        if len(text) > _SHOWN_CHARS
        else ""
    )
