"""Web pages: what is the site's, and what is the article's. The pages were made up for this."""

from pathlib import Path

import pytest

from corpus.article import Article
from corpus.cleaning.clean import clean
from corpus.reading.files import load_bytes, read_articles

BODY = [
    "The new ferry sailed at noon on Friday with eighty cars on board, two years after it was due to sail.",
    "It cost 56 million crowns, the council says, and the auditors say that it cost at least 61 million in all.",
    "A second ferry is to follow in the autumn of next year if the council votes for it in June.",
]
HEADLINE = "Ferry sails two years late"
SITE = '<meta property="og:site_name" content="Harbour News">'


def read(folder: Path, head: str = "", below: str = "", h1: str = HEADLINE, foot: str = "") -> Article:
    paragraphs = "".join(f"<p>{line}</p>" for line in BODY)
    page = (
        f"<html><head>{head}</head><body class='comments-open'><div><h1>{h1}</h1><div>{paragraphs}</div>"
        f"{below}</div><footer>{foot}</footer></body></html>"
    )
    file = folder / "a.html"
    file.write_text(page, encoding="utf-8")
    return clean(next(read_articles(file, load_bytes(file))))


@pytest.mark.parametrize(
    ("title", "h1", "headline"),
    [
        (f"LinkNews | The harbour's popular news platform: {HEADLINE}", HEADLINE, HEADLINE),
        (f"{HEADLINE} | The harbour's popular news platform - LinkNews", HEADLINE, HEADLINE),
        (f"Harbour News | {HEADLINE}", "", HEADLINE),
        (f"{HEADLINE} - Harbour News", "Harbour News", HEADLINE),
        (f"{HEADLINE} – Business – Harbour News", HEADLINE, HEADLINE),
        ("Mayor: the ferry is late", "Mayor: the ferry is late", "Mayor: the ferry is late"),
        ("Mayor: the ferry is late", "", "Mayor: the ferry is late"),
        ("新渡轮周五中午首航 | 港口新闻", "新渡轮周五中午首航", "新渡轮周五中午首航"),
    ],
)
def test_the_headline_is_without_the_name_and_slogan_of_the_site(
    tmp_path: Path, title: str, h1: str, headline: str
) -> None:
    head = f'{SITE}<title>{title}</title><meta property="og:title" content="{title}">'
    assert read(tmp_path, head, h1=h1).title == headline


COMMENT = (
    "I sailed on it with my whole family and we were all sick, which nobody has written about until now."
)


@pytest.mark.parametrize(
    "comments",
    [
        '<div id="comentarios"><h3>3 comentarios</h3>{}</div>',
        '<section class="article-comments list">{}</section>',
        '<ol class="commentlist">{}</ol>',
        '<div itemscope itemtype="https://schema.org/Comment">{}</div>',
        '<div class="kommentare-liste">{}</div><div class="kommentar">{}</div>',
    ],
)
def test_comments_of_readers_are_not_in_the_body(tmp_path: Path, comments: str) -> None:
    body = read(tmp_path, below=comments.replace("{}", f"<p>{COMMENT}</p>")).body
    assert COMMENT not in body and body.split("\n\n") == BODY


def test_a_class_that_only_speaks_of_comments_keeps_the_text(tmp_path: Path) -> None:
    added = f'<div class="commentary"><p>{COMMENT}</p></div>'
    assert COMMENT in read(tmp_path, below=added).body


LINKED = (
    '<script type="application/ld+json">{"@type": "NewsArticle", "author": [{"@type": "Person", "name": "Anna Holm"}],'
    '"publisher": {"@type": "NewsMediaOrganization", "name": "Harbour Media"}}</script>'
)


@pytest.mark.parametrize(
    ("head", "foot", "author"),
    [
        ('<meta name="author" content="Harbour News">' + SITE, "", None),
        ('<meta name="author" content="Big Holding">', "© 2024 Big Holding. All rights reserved.", None),
        ('<meta name="author" content="Harbour Media">' + LINKED, "", "Anna Holm"),
        ('<meta name="author" content="Anna Holm">' + SITE, "© 2024 Harbour News", "Anna Holm"),
        (
            '<meta name="author" content="Anna Holm"><script type="application/ld+json">{"a": [[[</script>',
            "",
            "Anna Holm",
        ),
    ],
)
def test_a_company_is_no_author(tmp_path: Path, head: str, foot: str, author: str | None) -> None:
    assert read(tmp_path, head, foot=foot).author == author
