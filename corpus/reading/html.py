"""A saved web page -> its text and what its markup states of it. Runs only in the child of `corpus.reading.sandbox`, called by `corpus.reading.formats`.

trafilatura finds the text and htmldate the dates; here stands which of their findings are trusted.
"""

import re
from typing import Any

import trafilatura
from htmldate import find_date
from lxml.html import HtmlElement, fromstring, tostring

_HIDDEN = [
    "//*[@hidden]",
    "//*[@aria-hidden='true']",
    "//*[contains(translate(@style, ' ', ''), 'display:none')]",
    "//noscript",
    "//template",
]
# Only what the markup states: dates somewhere in the text or the address are as often another event's.
_STATED_DATES: dict[str, Any] = {"extensive_search": False}
_CHANGED = (
    "contains(translate(@{0}, 'MODIFUPAT', 'modifupat'), 'modif')",
    "contains(translate(@{0}, 'MODIFUPAT', 'modifupat'), 'updat')",
)
_CHANGES = (
    "//meta["
    + " or ".join(test.format(name) for name in ("property", "name", "itemprop") for test in _CHANGED)
    + "]"
)
_FACTS = "//meta | //script[@type='application/ld+json']"
# How sites call the element below the headline that sums the article up.
_STANDFIRST = re.compile(
    r"(?<![a-z])(?:standfirst|dek|deck|strapline|sub[-_]?(?:title|head(?:line|ing)?))(?![a-z])", re.IGNORECASE
)
_STANDFIRST_WORDS = (5, 80)
_HANDLE = "//meta[@name='twitter:site']/@content"
_SITE = "//meta[@property='og:site_name']/@content"


def parse_html(data: bytes | str) -> tuple[str, dict[str, Any]] | None:
    """The text of a page and the fields that it states; None where it holds no text."""
    extracted = trafilatura.bare_extraction(
        data, with_metadata=True, include_comments=False, include_tables=False, prune_xpath=_HIDDEN
    )
    tree = trafilatura.load_html(data)
    if extracted is None or tree is None:
        return None
    found: dict[str, Any] = extracted if isinstance(extracted, dict) else extracted.as_dict()
    sections = found.get("categories") or []
    # Asked first, since the day of publication is asked of the page without what tells of changes.
    changed = _changed(tree)
    published = _published(tree)
    return str(found.get("text") or ""), {
        "title": found.get("title"),
        "author": _author(found.get("author")),
        "publisher": _publisher(found.get("sitename"), tree),
        "date": published,
        "url": found.get("url"),
        "standfirst": _standfirst(tree),
        "summary": found.get("description"),
        "section": sections[0] if len(sections) == 1 else None,
        "updated": changed if changed != published else None,
    }


def _changed(tree: HtmlElement) -> str | None:
    """The newest day that the page's metadata states; days elsewhere on it may be those of related articles."""
    facts = "".join(tostring(node, encoding="unicode", with_tail=False) for node in tree.xpath(_FACTS))
    return find_date(
        fromstring(f"<html><head>{facts}</head><body></body></html>"), original_date=False, **_STATED_DATES
    )


def _published(tree: HtmlElement) -> str | None:
    """The day of publication; where only that of a change is stated, none."""
    for node in tree.xpath(_CHANGES):
        node.getparent().remove(node)
    return find_date(tree, original_date=True, **_STATED_DATES)


def _author(names: str | None) -> str | None:
    return names.replace("; ", " and ") if names else None


def _publisher(name: str | None, tree: HtmlElement) -> str | None:
    """The site's name; an account's name at a network, which trafilatura takes where there is nothing else, is none."""
    handles = {handle.lstrip("@").casefold() for handle in tree.xpath(_HANDLE)}
    return None if name and name.casefold() in handles and not tree.xpath(_SITE) else name


def _standfirst(tree: HtmlElement) -> str | None:
    for node in tree.xpath("//body//*[@class][self::p or self::div or self::span or self::h2 or self::h3]"):
        if _STANDFIRST.search(node.get("class")):
            text = " ".join(node.text_content().split())
            if _STANDFIRST_WORDS[0] <= len(text.split()) <= _STANDFIRST_WORDS[1]:
                return text
    return None
