"""HTML of filters as removable chips: those chosen for the next question and those of an answer."""

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape

from corpus.store.filters import Filters


def selected_filters_html(publishers: Sequence[str], since: str, until: str) -> str:
    """Return the chips of the filters chosen for the next question, or nothing if there are none."""
    days = [
        _removable_chip(f"{name} {day.strip()}", name)
        for name, day in (("since", since), ("until", until))
        if day.strip()
    ]
    return _chip_row([*days, *(_removable_chip(name, f"publisher-{n}") for n, name in enumerate(publishers))])


def applied_filters_html(filters: Filters, turn: int, removable: bool) -> str:
    """Return the chips of an answer's filters; with `removable`, a click asks again without that filter."""
    return _chip_row(
        f'<button type="button" class="act chip" id="unfilter-{turn}-{name}" '
        f'title="Ask again without this">{escape(label)} ✕</button>'
        if removable
        else f'<span class="chip">{escape(label)}</span>'
        for name, label in filter_labels(filters)
    )


def filter_labels(filters: Filters) -> list[tuple[str, str]]:
    """Return each filter as (name, label): ("publisher-0", "Meridian Wire")."""
    return [
        *([("since", f"since {_format_day(filters.since)}")] if filters.since else []),
        *([("until", f"until {_format_day(filters.until)}")] if filters.until else []),
        *((f"publisher-{n}", name) for n, name in enumerate(filters.publishers)),
        *((f"article-{n}", f"article {name}") for n, name in enumerate(filters.articles)),
    ]


def remove_filter(filters: Filters, name: str) -> Filters:
    """Return the filters without the one of that name (see `filter_labels`).

    >>> remove_filter(Filters(since=date(2018, 1, 1), publishers=("A", "B")), "publisher-0")
    Filters(since=datetime.date(2018, 1, 1), until=None, publishers=('B',), articles=())
    """
    return Filters(
        None if name == "since" else filters.since,
        None if name == "until" else filters.until,
        tuple(item for n, item in enumerate(filters.publishers) if name != f"publisher-{n}"),
        tuple(item for n, item in enumerate(filters.articles) if name != f"article-{n}"),
    )


def _chip_row(chips: Iterable[str]) -> str:
    row = " ".join(chips)
    return f'<p class="chips"><span class="chips-label">Only articles:</span> {row}</p>' if row else ""


def _removable_chip(label: str, name: str) -> str:
    text = escape(label)
    return (
        f'<button type="button" class="chip" data-filter="{name}" aria-label="Remove the filter: {text}">'
        f"{text} ✕</button>"
    )


def _format_day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
