"""Parse web pages: their text, and the fields that their markup states.

trafilatura extracts the text and htmldate the dates; this module decides which of their findings to trust.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import trafilatura
from htmldate import find_date
from lxml.etree import LxmlError
from lxml.html import HtmlElement, fromstring, tostring

from corpus.reading.linked_data import author_names, linked_objects, organisation_names
from corpus.reading.raw import ParsedText
from corpus.scripts import count_words

HTML_ERRORS = (LxmlError,)
_HIDDEN = [
    "//*[@hidden]",
    "//*[@aria-hidden='true']",
    "//*[contains(translate(@style, ' ', ''), 'display:none')]",
    "//noscript",
    "//template",
]
# Only what the markup states: dates elsewhere in the text or the address are often those of other events.
_DATE_OPTIONS: dict[str, Any] = {"extensive_search": False}
_SAYS_UPDATED = (
    "contains(translate(@{0}, 'MODIFUPAT', 'modifupat'), 'modif')",
    "contains(translate(@{0}, 'MODIFUPAT', 'modifupat'), 'updat')",
)
_UPDATE_METADATA = (
    "//meta["
    + " or ".join(test.format(name) for name in ("property", "name", "itemprop") for test in _SAYS_UPDATED)
    + "]"
)
_METADATA = "//meta | //script[@type='application/ld+json']"
# What sites call the class of the element below the headline that sums the article up.
_STANDFIRST_CLASS = re.compile(
    r"(?<![a-z])(?:standfirst|dek|deck|strapline|sub[-_]?(?:title|head(?:line|ing)?))(?![a-z])", re.IGNORECASE
)
# Measured in rag/evaluation/results/reading-seen.json and reading-kept.json.
_MIN_STANDFIRST_WORDS, _MAX_STANDFIRST_WORDS = 5, 80
_TWITTER_HANDLE = "//meta[@name='twitter:site']/@content"
_SITE_NAME = "//meta[@property='og:site_name']/@content"
# "saved date: Wed Nov 18 2020 12:34:56 GMT+0100", "FILE ARCHIVED ON 10:45:19 Mar 03, 2019 AND", "Mirrored
# from example.com/ by HTTrack Website Copier/3.x [XR&CO'2014], Tue, 13 Feb 2018 10:00:00 GMT"
_SAVED = re.compile(
    r"(?:saved date: \w{3} |FILE ARCHIVED ON [\d:]{1,8} |HTTrack Website Copier/[^,]{1,40}, \w{3}, )"
    r"(?P<day>\w{2,3} \w{2,3},? \d{4})"
)
_LINKED_DATA = "//script[@type='application/ld+json']/text()"
# Between a headline and the names and slogans that sites put before or behind it in a page's title.
_TITLE_SEPARATOR = re.compile(r" [|·•»›/–—-] |(?<=\w): ")
_MIN_HEADLINE_WORDS = 4  # hand-set: a shorter heading may be the site's name
# What sites call the element that holds what readers wrote, in six languages: hand-set. A class such as
# "comments-open" on the whole page says nothing about what it holds.
_COMMENTS = re.compile(
    r"(?<!\S)(?:\w+[-_])?(?:comments?|comentarios?|commentaires?|commenti|kommentare?|reacties|disqus)"
    r"(?:[-_]?(?:liste?|area|section|container|wrapper|thread|form|body|text|item|\d{1,12})){0,3}(?!\S)",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(r"(?:©|\(c\)|copyright)[^\n.]{1,60}", re.IGNORECASE)
_COMMENT_MARKUP = "contains(@itemtype, 'schema.org/Comment') or contains(@itemprop, 'comment')"
_MAY_BE_COMMENTS = f"//body//*[@id or @class or {_COMMENT_MARKUP}]"
_ARTICLE_MARKUP = "descendant-or-self::article | descendant::h1"
_MAX_TITLE_CHARS = 500  # a limit
_BLOCK_END = re.compile(r"</(?:p|div|li|h\d)>|<br ?/?>")


def parse_html(data: bytes | str) -> Iterator[ParsedText]:
    """Yield the text of a page and the fields that it states, unless it holds no text."""
    page = trafilatura.load_html(data)
    document = page is not None and trafilatura.bare_extraction(
        _without_comments(page),
        with_metadata=True,
        include_comments=False,
        include_tables=False,
        prune_xpath=_HIDDEN,
    )
    del page  # the trees of a large page need not fit into memory together
    tree = trafilatura.load_html(data)
    if tree is None or not document:
        return
    metadata: dict[str, Any] = document if isinstance(document, dict) else document.as_dict()
    sections = metadata.get("categories") or []
    objects = [*linked_objects(tree.xpath(_LINKED_DATA))]
    publisher = _publisher(metadata.get("sitename"), tree)
    names = {publisher or "", *tree.xpath(_SITE_NAME), *organisation_names(objects)} - {""}
    # `_updated` comes first, since `_published` removes from the tree what states changes.
    updated = _updated(tree)
    published = _published(tree)
    fields = {
        "title": _headline(metadata.get("title"), names, tree),
        "author": _author(metadata.get("author"), names, tree) or " and ".join(author_names(objects)),
        "publisher": publisher,
        "date": published,
        "url": metadata.get("url"),
        "standfirst": _standfirst(tree),
        "summary": metadata.get("description"),
        "section": sections[0] if len(sections) == 1 else None,
        "updated": updated if updated != published else None,
        "saved": _saved(data),
    }
    yield ParsedText(str(metadata.get("text") or ""), fields)


def _saved(data: bytes | str) -> str | None:
    """Return the day in the comment that SingleFile, HTTrack or the Wayback Machine leaves in a page."""
    match = _SAVED.search(data if isinstance(data, str) else data.decode("latin-1"))
    return match["day"] if match else None


def html_to_text(document: str) -> str:
    """Return the text of an HTML document."""
    return str(trafilatura.html2txt(document))


def fragment_to_text(content: str) -> str:
    """Return the text of a piece of HTML, a block a line; plain text is returned as it is."""
    if "<" not in content:
        return content
    with_breaks = _BLOCK_END.sub(r"\g<0>\n", content)
    tree = trafilatura.load_html(f"<html><body>{with_breaks}</body></html>")
    return "" if tree is None else "\n".join(line.strip() for line in "".join(tree.itertext()).splitlines())


def _updated(tree: HtmlElement) -> str | None:
    """Return the newest day that the metadata state; days elsewhere may be those of related articles."""
    elements = "".join(tostring(node, encoding="unicode", with_tail=False) for node in tree.xpath(_METADATA))
    page = fromstring(f"<html><head>{elements}</head><body></body></html>")
    return find_date(page, original_date=False, **_DATE_OPTIONS)


def _published(tree: HtmlElement) -> str | None:
    """Return the day of publication; None if only that of a change is stated."""
    for node in tree.xpath(_UPDATE_METADATA):
        node.getparent().remove(node)
    return find_date(tree, original_date=True, **_DATE_OPTIONS)


def names_comments(names: str) -> bool:
    """Return True if one of an element's names (its id and classes) says that it holds readers' comments.

    >>> names_comments("list article-comments"), names_comments("commentary comments-open")
    (True, False)
    """
    return bool(_COMMENTS.search(names))


def _without_comments(tree: HtmlElement) -> HtmlElement:
    """Remove what readers wrote below the article, as the markup names it."""
    for node in tree.xpath(_MAY_BE_COMMENTS):
        named = names_comments(f"{node.get('id', '')} {node.get('class', '')}")
        if (named or node.xpath(f"self::*[{_COMMENT_MARKUP}]")) and not node.xpath(_ARTICLE_MARKUP):
            node.drop_tree()
    return tree


def _headline(title: str | None, site_names: Iterable[str], tree: HtmlElement) -> str | None:
    """Return a page's title without the names and slogans of the site before and behind the headline.

    A part of the title that a heading of the page repeats is the headline; else parts that name the site are
    left out.
    """
    headings = {" ".join(node.text_content().split()) for node in tree.xpath("//h1")}
    if not title or len(title) > _MAX_TITLE_CHARS or title in headings:
        return title
    breaks = [match.span() for match in _TITLE_SEPARATOR.finditer(title)]
    parts = [(title[:start], title[end:]) for start, end in breaks]
    repeated = [
        part
        for pair in parts
        for part in pair
        if part in headings and count_words(part) >= _MIN_HEADLINE_WORDS
    ]
    if repeated:
        return max(repeated, key=count_words)
    sites = {name.casefold() for name in site_names}
    behind = next((last for first, last in parts if first.casefold() in sites), None)
    before = next((first for first, last in parts if last.casefold() in sites), None)
    return behind or before or title


def _author(names: str | None, companies: Iterable[str], tree: HtmlElement) -> str | None:
    """Return the authors without the company: a name of the site, or who has the copyright."""
    known = {name.casefold() for name in companies}
    people = [name for name in (names or "").split("; ") if name.casefold() not in known]
    owners = " ".join(_COPYRIGHT.findall(tree.text_content())) if people else ""
    return " and ".join(name for name in people if name not in owners) or None


def _publisher(name: str | None, tree: HtmlElement) -> str | None:
    """Return the site's name, unless trafilatura took it from the page's account at a social network."""
    handles = {handle.lstrip("@").casefold() for handle in tree.xpath(_TWITTER_HANDLE)}
    return None if name and name.casefold() in handles and not tree.xpath(_SITE_NAME) else name


def _standfirst(tree: HtmlElement) -> str | None:
    for node in tree.xpath("//body//*[@class][self::p or self::div or self::span or self::h2 or self::h3]"):
        if _STANDFIRST_CLASS.search(node.get("class")):
            text = " ".join(node.text_content().split())
            if _MIN_STANDFIRST_WORDS <= len(text.split()) <= _MAX_STANDFIRST_WORDS:
                return text
    return None
