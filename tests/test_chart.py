import re
from datetime import date
from itertools import combinations

import pytest
from hostile import HOSTILE, Tags
from hypothesis import given
from hypothesis import strategies as st
from test_timeline import answer, dated_statement

from rag.answers.timeline import data_points
from rag.page.markup.chart import chart_html

DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2026, 1, 1))


def chart(*values: tuple[str, int], stage: str = "actual") -> str:
    return chart_html(
        data_points(
            answer(
                *(
                    dated_statement(f"It has {n:,} people.", f"{n:,} people", day, stage=stage)
                    for day, n in values
                )
            )
        ),
        4,
    )


def test_time_goes_right_and_value_goes_up() -> None:
    html = chart(("2021", 4000), ("2018", 1000), ("2020", 2000))
    dots = [tuple(map(float, pair)) for pair in re.findall(r'<circle cx="([\d.]+)%" cy="(\d+)"', html)]
    (x0, y0), (x1, y1), (x2, y2) = dots
    assert (
        x0 == 7 and x2 == 93 and x0 < x1 < x2 and (x1 - x0) / (x2 - x0) == pytest.approx(730 / 1096, abs=0.01)
    )
    assert y0 > y1 > y2 and (138 - y1) / (138 - y2) == pytest.approx(0.5, abs=0.02)
    assert "4,000 [1]" in html and "Jan 2018" in html and "Jan 2021" in html


def test_plans_and_facts_are_drawn_and_explained_differently() -> None:
    assert 'class="point plan"' in chart(("2021", 4000), ("2018", 1000), stage="planned") and "○" in chart(
        ("2021", 4), ("2018", 1), stage="planned"
    )
    assert 'class="point plan"' not in chart(("2021", 4000), ("2018", 1000)) and "○" not in chart(
        ("2021", 4000), ("2018", 1000)
    )


def test_no_points_give_no_chart() -> None:
    assert chart_html((), 0) == ""


@given(st.lists(st.tuples(DAYS.map(str), st.integers(2, 10**7)), min_size=2, max_size=8))
def test_labels_never_overlap_on_a_phone(values: list[tuple[str, int]]) -> None:
    html = chart(*values)
    found = re.findall(r'<text class="value" x="([\d.]+)%" y="(\d+)" text-anchor="middle">(.*?)</text>', html)
    boxes = [(float(x) * 3.3, float(y), len(text) * 3.5) for x, y, text in found]
    for (x, y, half), (other_x, other_y, other_half) in combinations(boxes, 2):
        assert abs(x - other_x) >= half + other_half - 1 or abs(y - other_y) >= 14
    assert html.count("<a ") in (0, len(values)) and all(0 < y < 138 for _, y, _ in boxes)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_publisher_never_becomes_a_tag(text: str) -> None:
    html = chart_html(
        data_points(
            answer(
                dated_statement("It has 40 people.", "40 people", "2021", text),
                dated_statement("It has 50 people.", "50 people", "2018", text),
            )
        ),
        0,
    )
    tags = Tags()
    tags.feed(html)
    assert {tag for tag, _ in tags.found} == {"div", "svg", "title", "line", "text", "a", "circle"}
    assert all(str(attributes.get("href", "#source-")).startswith("#source-") for _, attributes in tags.found)
