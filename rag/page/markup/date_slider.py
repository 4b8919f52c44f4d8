"""HTML of the date slider: how many articles each year has, and two handles that choose the years.

`page.js` writes the chosen years into the fields "Published since" and "Published until", and follows them.
"""

from collections.abc import Sequence

_HEIGHT = 44  # pixels, of the year with the most articles
_LEAST = 3  # pixels, of a year with any


def date_slider_html(years: Sequence[tuple[int, int]]) -> str:
    """Return the slider over (year, articles), or nothing where there is no choice of years."""
    if len(years) < 2:
        return ""
    first, last = years[0][0], years[-1][0]
    most = max(articles for _, articles in years)
    bars = "".join(_bar(year, articles, most, first, last) for year, articles in years)
    handles = "".join(
        f'<input type="range" class="{name}" min="{first}" max="{last}" value="{value}" '
        f'aria-label="Published {name}, in years">'
        for name, value in (("since", first), ("until", last))
    )
    return (
        '<div class="years" role="group" aria-label="Years of publication">'
        f'<svg width="100%" height="{_HEIGHT}" aria-hidden="true">{bars}</svg>'
        f'<div class="handles">{handles}</div>'
        f'<p><output class="since">{first}</output><output class="until">{last}</output></p></div>'
    )


def _bar(year: int, articles: int, most: int, first: int, last: int) -> str:
    """Return a year's bar, in the middle above the handle's place for that year."""
    step = 100 / (last - first)
    width = min(0.8 * step, 12)
    height = max(_LEAST, round(_HEIGHT * articles / most))
    x = step * (year - first) - width / 2
    return (
        f'<rect data-year="{year}" x="{x:.2f}%" y="{_HEIGHT - height}" width="{width:.2f}%" '
        f'height="{height}"><title>{year}: {articles:,}</title></rect>'
    )
