"""HTML that all parts of the page share: escaped lines, and headlines with their links."""

from html import escape
from urllib.parse import urlsplit

from corpus.article import Article

MAX_TEXT_CHARS = 100_000  # limit, of a body or a raw text; a longer page is slow to render
_MAX_URL_CHARS = 2_000  # limit; a longer address is shown as no link


def escape_line(text: str) -> str:
    """Return the text on one line, escaped for HTML content and attributes."""
    return escape(" ".join(text.split()), quote=True)


def headline_html(article: Article) -> str:
    """Return the headline, as a link only if the article's own metadata holds an absolute web address."""
    headline = escape_line(article.headline)
    if not _is_web_address(article.url or ""):
        return f"<span class='headline'>{headline}</span> "
    href = escape(article.url or "", quote=True)
    attributes = f'class="headline" href="{href}" target="_blank" rel="noopener noreferrer nofollow"'
    return f"<a {attributes}>{headline}</a> "


def _is_web_address(url: str) -> bool:
    try:
        address = urlsplit(url.strip())
    except ValueError:
        return False
    return address.scheme in ("http", "https") and bool(address.netloc) and len(url) <= _MAX_URL_CHARS
