"""Read and clean a file of each format, hostile files among them."""

import base64
import csv
import io
import json
import re
import zlib
from pathlib import Path

import docx
import pytest

from corpus.article import Article
from corpus.cleaning.clean import NoText, clean
from corpus.reading.files import SANDBOXED_FORMATS, load_bytes, read_articles
from corpus.reading.formats import PARSERS
from corpus.reading.raw import UnreadableFile
from corpus.reading.sandbox import ParsingError, SandboxedParser

BODY = "The new ferry sailed at noon on Friday with eighty cars on board, two years after it was due.\n\nIt cost 56 million crowns, the council says. Auditors say that it cost 61 million."
WINDOWS_TEXT = "The café’s ferry cost “£4 million”, said the mayor of Plön – twice."
PARAGRAPHS = BODY.split("\n\n")
PAGE = f"""<html><head><title>Ferry sails - Harbour News</title><meta property="og:site_name" content="Harbour News">
<meta property="og:title" content="Ferry sails at last"><meta property="article:published_time" content="2021-03-12T10:00:00Z">
<meta property="article:modified_time" content="2021-04-01T10:00:00Z"><meta name="author" content="Anna Holm"></head>
<body><nav>Home News Sport</nav><div class="cookie-banner">We use cookies to improve this site.</div><article><h1>Ferry sails at last</h1>
<script>document.write("evil words stand here.")</script><p hidden>Hidden words of nobody.</p>
{"".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)}</article><aside>Read more about ferries</aside><footer>Copyright 2024 Harbour News</footer></body></html>"""
FEED = f"""<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Harbour News</title>
<item><title>Ferry sails at last</title><link>https://a.example/1</link><pubDate>Fri, 12 Mar 2021 10:00:00 GMT</pubDate><dc:creator>Anna Holm</dc:creator>
<description>{"".join(f"&lt;p&gt;{paragraph}&lt;/p&gt;" for paragraph in PARAGRAPHS)}</description></item>
<item><title>Otters</title><description>Otters swim in the bay today.</description></item></channel></rss>"""
ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Harbour News</title><entry><title>Ferry sails at last</title><link href="https://a.example/1"/>
<published>2021-03-12T10:00:00Z</published><author><name>Anna Holm</name></author><content>{BODY}</content></entry></feed>"""
MAIL = f"From: Harbour News <news@harbour.example>\nSubject: {{subject}}\nDate: Fri, 12 Mar 2021 10:00:00 +0000\nContent-Type: text/plain; charset=utf-8\n\n{BODY}\n"
MHTML = (
    "From: <Saved by Blink>\nSnapshot-Content-Location: https://harbour.example/ferry\nSubject: Ferry\nMIME-Version: 1.0\n"
    'Content-Type: multipart/related; type="text/html"; boundary="B"\n\n--B\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n'
    f"Content-Location: https://harbour.example/ferry\n\n{base64.b64encode(PAGE.encode()).decode()}\n--B--\n"
)


def articles(folder: Path, name: str, data: bytes) -> list[Article]:
    file = folder / name
    file.write_bytes(data)
    return [clean(raw) for raw in read_articles(file, load_bytes(file))]


def word() -> bytes:
    document, data = docx.Document(), io.BytesIO()
    for line in ("Ferry sails at last", "By Anna Holm", "12 March 2021", *PARAGRAPHS):
        document.add_paragraph(line)
    document.save(data)
    return data.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "publisher", "how"),
    [
        ("a.html", PAGE.encode(), "Harbour News", "the page's metadata"),
        ("a.htm", PAGE.encode("utf-16"), "Harbour News", "the page's metadata"),
        ("a.mhtml", MHTML.encode(), "Harbour News", "the page's metadata"),
        ("a.atom", ATOM.encode(), "Harbour News", "the feed"),
        ("a.docx", word(), None, "headline above the text"),
        (
            "a.csv",
            f'title,body,date,source,author\n"Ferry sails at last","{BODY}",2021-03-12,Harbour News,Anna Holm\n'.encode(),
            "Harbour News",
            "stated by the file",
        ),
    ],
)
def test_fields_and_body_are_found_in_every_format(
    tmp_path: Path, name: str, data: bytes, publisher: str | None, how: str
) -> None:
    (found,) = articles(tmp_path, name, data)
    assert found.body == BODY
    assert (found.title, found.author, str(found.published), found.publisher) == (
        "Ferry sails at last",
        "Anna Holm",
        "2021-03-12",
        publisher,
    )
    assert {item.field: item.how for item in found.provenance}["title"] == how


# Lines that a page might add around a text, and a text may hold.
STRUCTURED = (
    "Fares",
    "- Adults: 4 crowns",
    "1. The ferry sails at noon.",
    "Copyright law will change in May.",
    "Read more about it in the council's report, the mayor said.",
    "Share prices fell by half.",
    "The terms of the deal are confidential.",
)
_FIELDS = {"title": "Ferry sails at last", "publisher": "Harbour News", "date": "2021-03-12"}


def table(body: str) -> str:
    text = io.StringIO()
    rows = csv.DictWriter(text, [*_FIELDS, "body"])
    rows.writeheader()
    rows.writerow({**_FIELDS, "body": body})
    return text.getvalue()


def front_matter(body: str) -> str:
    return "\n".join(["---", *(f"{name}: {value}" for name, value in _FIELDS.items()), "---", body, ""])


def feed(body: str) -> str:
    paragraphs = "".join(f"&lt;p&gt;{line}&lt;/p&gt;" for line in body.split("\n\n"))
    item = f"<title>{_FIELDS['title']}</title><pubDate>Fri, 12 Mar 2021 10:00:00 GMT</pubDate><description>{paragraphs}</description>"
    return f"<rss version='2.0'><channel><title>Harbour News</title><item>{item}</item></channel></rss>"


WRITE = {
    ".jsonl": lambda body: json.dumps({**_FIELDS, "body": body}, ensure_ascii=False),
    ".csv": table,
    ".md": front_matter,
    ".rss": feed,
}


@pytest.mark.parametrize("ending", WRITE)
def test_a_body_in_a_field_of_its_own_keeps_its_lists_headings_and_notices(
    tmp_path: Path, ending: str
) -> None:
    body = "\n\n".join([PARAGRAPHS[0], *STRUCTURED, PARAGRAPHS[1]])
    (found,) = articles(tmp_path, f"a{ending}", WRITE[ending](body).encode())
    if ending == ".md":  # of Markdown, the words without marks
        body = re.sub("^(- |1[.] )", "", body, flags=re.MULTILINE)
    assert found.body == body and found.removed == ()
    assert (found.title, found.publisher, str(found.published)) == tuple(_FIELDS.values())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("ending", [*WRITE, ".txt", ".html"])
@pytest.mark.threat("I3", n="4 encodings in 6 formats", open="public torture files")
def test_a_file_of_any_format_is_decoded(tmp_path: Path, ending: str, encoding: str) -> None:
    page = PAGE.replace(PARAGRAPHS[0], WINDOWS_TEXT)
    text = (
        page if ending == ".html" else WRITE.get(ending, "A headline of words\n\n{}\n".format)(WINDOWS_TEXT)
    )
    (found,) = articles(tmp_path, f"a{ending}", text.encode(encoding))
    assert found.body.split("\n\n")[0] == WINDOWS_TEXT


def test_a_feed_holds_several_articles(tmp_path: Path) -> None:
    first, second = articles(tmp_path, "a.rss", FEED.encode())
    assert (first.body, first.title, str(first.published), first.url, first.author) == (
        BODY,
        "Ferry sails at last",
        "2021-03-12",
        "https://a.example/1",
        "Anna Holm",
    )
    assert (second.title, second.published, second.publisher) == ("Otters", None, "Harbour News")
    assert first.origin.endswith("a.rss#1") and second.origin.endswith("a.rss#2")


@pytest.mark.parametrize("canonical", ["", "https://harbour.example/news/ferry"])
def test_a_saved_page_keeps_the_address_at_which_it_was_saved(tmp_path: Path, canonical: str) -> None:
    page = PAGE.replace(
        "<head>", f'<head><link rel="canonical" href="{canonical}">' if canonical else "<head>"
    )
    saved = MHTML.replace(base64.b64encode(PAGE.encode()).decode(), base64.b64encode(page.encode()).decode())
    (found,) = articles(tmp_path, "a.mhtml", saved.encode())
    assert found.url == (canonical or "https://harbour.example/ferry")


@pytest.mark.parametrize(
    "declaration", ["", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8"?>']
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_feed_without_its_right_encoding_is_decoded_as_text_is(
    tmp_path: Path, declaration: str, encoding: str
) -> None:
    item = f"<item><title>Ferry</title><description>{WINDOWS_TEXT}</description></item>"
    feed = f"{declaration}<rss><channel><title>Süd-Kurier</title>{item}</channel></rss>"
    (found,) = articles(tmp_path, "a.rss", feed.encode(encoding))
    assert (found.body, found.publisher) == (WINDOWS_TEXT, "Süd-Kurier")


def test_the_sender_of_a_forwarded_mail_is_not_the_publisher(tmp_path: Path) -> None:
    (newsletter,) = articles(tmp_path, "a.eml", MAIL.format(subject="Ferry sails at last").encode())
    assert (newsletter.title, newsletter.publisher, str(newsletter.published)) == (
        "Ferry sails at last",
        "Harbour News",
        "2021-03-12",
    )
    (forwarded,) = articles(tmp_path, "b.eml", MAIL.format(subject="Fwd: Ferry sails at last").encode())
    assert (forwarded.title, forwarded.publisher, forwarded.published) == ("Ferry sails at last", None, None)


def test_a_date_in_the_text_of_a_page_is_not_its_date(tmp_path: Path) -> None:
    bare = PAGE.replace(
        '<meta property="article:published_time" content="2021-03-12T10:00:00Z">', ""
    ).replace('<meta property="article:modified_time" content="2021-04-01T10:00:00Z">', "")
    (found,) = articles(tmp_path, "a.html", bare.replace("on Friday", "on 3 March 2019").encode())
    assert found.published is None


def test_mojibake_is_repaired_where_it_is_certain(tmp_path: Path) -> None:
    (found,) = articles(
        tmp_path, "a.txt", "A headline of four words\n\nItâ€™s the mayorâ€™s ferry, he said.\n".encode()
    )
    assert (
        found.body == "It's the mayor's ferry, he said." or found.body == "It’s the mayor’s ferry, he said."
    )
    (kept,) = articles(
        tmp_path, "b.txt", "A headline of four words\n\nThe café’s ferry, naïve as ever, sailed.\n".encode()
    )
    assert kept.body == "The café’s ferry, naïve as ever, sailed."


BOMB = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R>>endobj\n"


def bomb() -> bytes:
    data = zlib.compress(b"0" * 300_000_000, 9)
    return (
        BOMB
        + f"4 0 obj<</Length {len(data)}/Filter/FlateDecode>>stream\n".encode()
        + data
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>"
    )


HOSTILE = {
    "truncated.pdf": b"%PDF-1.4 broken",
    "bomb.pdf": bomb(),
    "not.docx": b"PK\x03\x04 no zip",
    "deep.html": b"<div>" * 100_000,
    "empty.html": b"<html></html>",
    "laughs.xml": b'<!DOCTYPE x [<!ENTITY a "'
    + b"ha" * 1000
    + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 100) for n in range(6))
    + b"]><rss><channel><item><description>&g;</description></item></channel></rss>",
    "bad.csv": b"\x00\x01,\n\x00",
    "binary.eml": bytes(range(256)) * 40,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_and_the_next_is_read(tmp_path: Path, name: str) -> None:
    with pytest.raises((UnreadableFile, NoText), match=name) as caught:
        articles(tmp_path, name, HOSTILE[name])
    assert "\n" not in str(caught.value) and re.search(
        "save the article again|check the file", str(caught.value)
    )
    assert articles(tmp_path, "good.html", PAGE.encode())


def test_parsing_times_out_and_the_next_file_is_read() -> None:
    parser = SandboxedParser(seconds=0.001)
    with pytest.raises(ParsingError, match="took over"):
        parser.extract(".html", PAGE.encode() * 200)
    parser._seconds = 20
    assert parser.extract(".html", PAGE.encode())
    parser.close()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_decoded_as_text_is(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [("title", "body", "source"), ("Ferry, at last", WINDOWS_TEXT, "Süd-Kurier")]
    table = "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    (found,) = articles(tmp_path, "a.csv", table.encode(encoding))
    assert (found.title, found.body, found.publisher) == ("Ferry, at last", WINDOWS_TEXT, "Süd-Kurier")


def test_the_header_of_a_table_decides_its_delimiter(tmp_path: Path) -> None:
    table = "\r\n\ntitle;body\nFerry, at last, sails;The ferry sailed at noon, with cars, on Friday.\n"
    (found,) = articles(tmp_path, "a.csv", table.encode("cp1252"))
    assert (found.title, found.body) == (
        "Ferry, at last, sails",
        "The ferry sailed at noon, with cars, on Friday.",
    )


def test_a_long_cell_does_not_refuse_the_table(tmp_path: Path) -> None:
    long = "\n\n".join(f"Ferry number {n} sailed at noon with eighty cars on board." for n in range(4_000))
    assert len(long) > csv.field_size_limit()
    table = f'title,body,notes\nLong,"{long}",\nShort,"{BODY}","{"x" * 200_000}"\n'
    first, second = articles(tmp_path, "a.csv", table.encode())
    assert (first.title, first.body, second.title, second.body) == ("Long", long, "Short", BODY)


@pytest.mark.parametrize("charset", ["", "; charset=unknown-8bit", "; charset=us-ascii"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_mail_without_its_right_charset_is_decoded_as_text_is(
    tmp_path: Path, charset: str, encoding: str
) -> None:
    head = f"From: Harbour News <news@harbour.example>\nSubject: Ferry\nContent-Type: text/plain{charset}\n\n"
    (found,) = articles(tmp_path, "a.eml", (head + WINDOWS_TEXT).encode(encoding))
    assert found.body == WINDOWS_TEXT


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'body,date\n"{body}","{date}"\n'),
        ("a.jsonl", '{{"body": "{line}", "published_at": "{date}"}}'),
        ("a.md", "---\ndate: {date}\n---\n{body}"),
        (
            "a.rss",
            "<rss><channel><item><pubDate>{date}</pubDate><description>{body}</description></item></channel></rss>",
        ),
        (
            "a.atom",
            '<feed xmlns="http://www.w3.org/2005/Atom"><entry><published>{date}</published><content>{body}</content></entry></feed>',
        ),
        ("a.eml", "From: Harbour News <news@harbour.example>\nSubject: Ferry\nDate: {date}\n\n{body}"),
    ],
)
@pytest.mark.parametrize(
    ("date", "published"),
    [
        ("February 13, 2018", "2018-02-13"),
        ("Tue, 13 Feb 2018 10:00:00 +0000", "2018-02-13"),
        ("20180213", "2018-02-13"),
        ("2018-02-13T10:15:00Z", "2018-02-13"),
        ("2018-02-30", None),
        ("03/04/2018", None),
        ("soon", None),
        ("Fri, 12 Mar 99999999999999999999 10:00:00 +0000", None),
    ],
)
def test_a_stated_date_never_refuses_an_article(
    tmp_path: Path, name: str, text: str, date: str, published: str | None
) -> None:
    file = tmp_path / name
    file.write_text(text.format(body=BODY, line=BODY.replace("\n", "\\n"), date=date))
    (raw,) = read_articles(file, load_bytes(file))
    found = clean(raw)
    assert found.body == BODY and (str(found.published) if found.published else None) == published
    assert raw.unparsed_dates == ({} if published else {"date": date})


def test_every_accepted_format_has_a_parser() -> None:
    assert set(SANDBOXED_FORMATS) == set(PARSERS)
