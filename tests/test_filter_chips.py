from datetime import date

import pytest
from hostile import HOSTILE, Tags

from corpus.store.filters import Filters
from rag.page.markup.filter_chips import (
    applied_filters_html,
    filter_labels,
    remove_filter,
    selected_filters_html,
)

ALL = Filters(date(2018, 1, 1), date(2020, 12, 31), ("A", "B"), ("0123456789ab",))


def test_each_chip_removes_its_own_filter() -> None:
    for name, _ in filter_labels(ALL):
        left = remove_filter(ALL, name)
        assert len(filter_labels(left)) == len(filter_labels(ALL)) - 1
    assert (
        remove_filter(ALL, "publisher-1").publishers == ("A",) and remove_filter(ALL, "until").until is None
    )
    assert remove_filter(ALL, "publisher-9") == ALL == remove_filter(ALL, "nothing")


def test_applied_filters_are_buttons_only_if_removable() -> None:
    html = applied_filters_html(ALL, 3, removable=True)
    assert 'id="unfilter-3-since"' in html and "since 1 January 2018 ✕" in html and html.count("<button") == 5
    assert (
        "<button" not in applied_filters_html(ALL, 3, removable=False)
        and applied_filters_html(Filters(), 3, removable=True) == ""
    )


def test_selected_filters_are_shown() -> None:
    assert selected_filters_html((), " ", "") == ""
    assert 'data-filter="since"' in selected_filters_html(
        ("A",), "2018", ""
    ) and 'data-filter="publisher-0"' in selected_filters_html(("A",), "2018", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_never_becomes_a_tag(text: str) -> None:
    tags = Tags()
    tags.feed(
        selected_filters_html((text,), text, text)
        + applied_filters_html(Filters(publishers=(text,), articles=(text,)), 0, removable=True)
    )
    assert {tag for tag, _ in tags.found} == {"p", "span", "button"}
    assert {name for _, found in tags.found for name in found} == {
        "class",
        "type",
        "id",
        "title",
        "data-filter",
        "aria-label",
    }
