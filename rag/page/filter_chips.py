"""Filters as chips that a press takes away: those that are chosen for the next question, and those that an answer was found with."""

from collections.abc import Sequence
from datetime import date
from html import escape

from corpus.store.filters import Filters


def selected_filters_html(publishers: Sequence[str], since: str, until: str) -> str:
    """What the next question is kept to; nothing where it is asked of all articles."""
    days = [
        _chosen(f"{name} {day.strip()}", name)
        for name, day in (("since", since), ("until", until))
        if day.strip()
    ]
    chips = [*days, *(_chosen(name, f"publisher-{n}") for n, name in enumerate(publishers))]
    return (
        f'<p class="chips"><span class="label">Only articles:</span> {" ".join(chips)}</p>' if chips else ""
    )


def remove_filter(filters: Filters, name: str) -> Filters:
    """Filters without one of them, by the name that its chip has.

    >>> remove_filter(Filters(since=date(2018, 1, 1), publishers=("A", "B")), "publisher-0")
    Filters(since=datetime.date(2018, 1, 1), until=None, publishers=('B',), articles=())
    """
    left = [kept for kept, _ in filter_labels(filters) if kept != name]
    return Filters(
        filters.since if "since" in left else None,
        filters.until if "until" in left else None,
        tuple(item for n, item in enumerate(filters.publishers) if f"publisher-{n}" in left),
        tuple(item for n, item in enumerate(filters.articles) if f"article-{n}" in left),
    )


def filter_labels(filters: Filters) -> list[tuple[str, str]]:
    """Each filter as (name, what it says)."""
    return [
        *([("since", f"since {_spoken(filters.since)}")] if filters.since else []),
        *([("until", f"until {_spoken(filters.until)}")] if filters.until else []),
        *((f"publisher-{n}", name) for n, name in enumerate(filters.publishers)),
        *((f"article-{n}", f"article {name}") for n, name in enumerate(filters.articles)),
    ]


def applied_filters_html(filters: Filters, turn: int, removable: bool) -> str:
    """What an answer was kept to; a press on a chip asks again without it."""
    chips = [
        f'<button type="button" class="act chip" id="unfilter-{turn}-{name}" title="Ask again without this">{escape(told)} ✕</button>'
        if removable
        else f'<span class="chip">{escape(told)}</span>'
        for name, told in filter_labels(filters)
    ]
    return f'<p class="chips"><span class="only">Only articles:</span> {" ".join(chips)}</p>' if chips else ""


def _chosen(told: str, name: str) -> str:
    return f'<button type="button" class="chip" data-drop="{name}" aria-label="Remove the filter: {escape(told)}">{escape(told)} ✕</button>'


def _spoken(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
