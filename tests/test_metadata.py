"""Headline, standfirst, section, publisher and day of change, and how certain each field is."""

import json
from pathlib import Path

import pytest
from test_cli import run
from test_formats import BODY, MAIL, PAGE, PARAGRAPHS, articles

from benchmarks.reading.formats import pdf
from corpus.article import Article
from corpus.cleaning.clean import clean
from corpus.reading.raw import RawArticle
from corpus.store.database import Store
from corpus.store.integrity import export_lines
from embeddings.ingest import ingest
from embeddings.library import Library

SAVED = """The Harbour Gazette
Business

Harbour opens its second quay on Monday

The second berth cost less than was feared and opens a whole month early

By Anna Holm
Published 12 March 2021 | Updated: 09:41, 13 March 2021

The harbour of Kestrel Bay opened its second quay on Friday, a month earlier than the council had planned it to.

The berth cost 4.1 million crowns.

© 2021 The Harbour Gazette
"""


def cleaned(text: str, **stated: str) -> Article:
    return clean(RawArticle(text, "a.txt", stated))


def certainty(article: Article) -> dict[str, str]:
    return {item.field: item.sure for item in article.provenance}


def test_standfirst_section_and_day_of_change_of_a_saved_page() -> None:
    found = cleaned(SAVED)
    assert (
        found.title == "Harbour opens its second quay on Monday"
    )  # the shorter of two lines, since it is first
    assert (
        found.standfirst == "The second berth cost less than was feared and opens a whole month early"
        and found.standfirst not in found.body
    )
    assert (found.section, str(found.published), str(found.updated)) == (
        "Business",
        "2021-03-12",
        "2021-03-13",
    )
    assert certainty(found) == {
        **dict.fromkeys(("author", "date", "updated", "standfirst", "publisher"), "read"),
        **dict.fromkeys(("title", "section"), "guessed"),
    }
    assert certainty(cleaned(SAVED, title="Harbour opens its second quay on Monday"))["title"] == "stated"
    whole = cleaned(SAVED.replace("a whole month early", "a whole month early."))
    assert whole.standfirst and whole.body.startswith(whole.standfirst)  # a sentence stays in the text too


def test_a_first_paragraph_is_no_standfirst_and_a_menu_no_section() -> None:
    plain = SAVED.replace(
        "By Anna Holm\nPublished 12 March 2021 | Updated: 09:41, 13 March 2021\n\n", ""
    ).replace("early\n", "early.\n")
    assert cleaned(plain).standfirst is None
    assert cleaned(SAVED.replace("Business\n", "News\nBusiness\nSport\n")).section is None
    assert cleaned(SAVED.replace("Business\n", "World › Trade › Ports\n")).section == "World › Trade › Ports"


@pytest.mark.parametrize(
    ("line", "updated"),
    [
        ("Updated 13 March 2021", "2021-03-13"),
        ("Last modified on Sat 13 Mar 2021 09.30 GMT", "2021-03-13"),
        ("Publié le 12 mars 2021, modifié le 13 mars 2021 à 09h12", "2021-03-13"),
        ("Published 12 March 2021, updated 12 March 2021", None),  # the same day is no change
        ("Updated 2 years ago", None),
        ("Printed on 13 March 2021", None),
        ("He updated it on 13 March 2021 with Ms Holm", None),
    ],
)
def test_days_of_change(line: str, updated: str | None) -> None:
    found = cleaned(SAVED.replace("Published 12 March 2021 | Updated: 09:41, 13 March 2021", line))
    assert (str(found.updated) if found.updated else None) == updated


def test_a_page_states_its_section_standfirst_and_days_in_its_markup(tmp_path: Path) -> None:
    extra = '<meta property="article:section" content="Harbour"><meta name="description" content="A ferry at last, says the council of the bay.">'
    page = PAGE.replace(
        "<script>document",
        '<p class="article__standfirst">A ferry at last, says the council of the bay.</p><script>document',
    )
    (found,) = articles(tmp_path, "a.html", page.replace("</head>", f"{extra}</head>").encode())
    assert (found.section, str(found.published), str(found.updated)) == (
        "Harbour",
        "2021-03-12",
        "2021-04-01",
    )
    assert (
        found.standfirst == "A ferry at last, says the council of the bay."
        and certainty(found)["standfirst"] == "stated"
    )
    (summarised,) = articles(
        tmp_path,
        "b.html",
        PAGE.replace("</head>", f'<meta name="description" content="{PARAGRAPHS[0]}"></head>').encode(),
    )
    assert summarised.standfirst == PARAGRAPHS[0] and certainty(summarised)["standfirst"] == "guessed"
    (other,) = articles(tmp_path, "c.html", PAGE.replace("</head>", f"{extra}</head>").encode())
    assert other.standfirst is None  # a description that the page does not show may be a machine's


def test_a_day_of_change_is_never_the_day_of_publication(tmp_path: Path) -> None:
    bare = PAGE.replace('<meta property="article:published_time" content="2021-03-12T10:00:00Z">', "")
    (found,) = articles(tmp_path, "a.html", bare.encode())
    assert found.published is None and str(found.updated) == "2021-04-01"


def test_standfirst_section_and_day_of_change_in_front_matter_and_tables(tmp_path: Path) -> None:
    head = "---\ntitle: T\nsubtitle: All in one line\ncategory: Harbour\nauthors: [Anna Holm, Nell Farrow]\nlastmod: x\nmodified: 2021-04-01\ndate: 2021-03-12\n---\n"
    (found,) = articles(tmp_path, "a.md", (head + BODY).encode())
    assert (found.standfirst, found.section, found.author, str(found.updated)) == (
        "All in one line",
        "Harbour",
        "Anna Holm, Nell Farrow",
        "2021-04-01",
    )
    (row,) = articles(tmp_path, "a.csv", f'title,body,section,updated\nT,"{BODY}",Harbour,soon\n'.encode())
    assert (row.section, row.updated) == ("Harbour", None)  # a day of change that is none costs nothing else


@pytest.mark.parametrize(
    "publisher",
    [
        "www.example.com",
        "https://example.com/news",
        "harbournews.example.com",
        "Who paid for the ferry? " * 4,
    ],
)
def test_an_address_or_a_long_text_is_no_publisher(tmp_path: Path, publisher: str) -> None:
    assert cleaned(BODY, publisher=publisher).publisher is None
    assert clean(RawArticle(BODY, "a.txt", {}, given={"publisher": publisher})).publisher == publisher


def test_an_account_or_the_address_of_the_page_is_no_publisher(tmp_path: Path) -> None:
    bare = PAGE.replace(
        '<meta property="og:site_name" content="Harbour News">',
        '<link rel="canonical" href="https://www.harbour.example/1">',
    )
    bare = bare.replace("Ferry sails - Harbour News", "Ferry sails").replace(
        ' class="cookie-banner"', ' class="cookie-banner"'
    )
    assert articles(tmp_path, "a.html", bare.encode())[0].publisher is None
    handle = bare.replace("</head>", '<meta name="twitter:site" content="@harbour_news"></head>')
    assert articles(tmp_path, "b.html", handle.encode())[0].publisher is None


def test_two_named_owners_leave_the_publisher_unknown() -> None:
    two = SAVED + "\n© 2021 Meridian Wire. All rights reserved.\n"
    assert cleaned(two).publisher == "The Harbour Gazette"  # the other one is not named above the text
    assert cleaned(two.replace("Business\n", "Meridian Wire\n")).publisher is None


def test_brackets_after_a_place_do_not_always_name_an_agency() -> None:
    text = "{place} - The harbour opened its second quay on Friday, a month earlier than the council had planned it to, and under the price."
    assert cleaned(text.format(place="KESTREL BAY (Meridian Wire)")).publisher == "Meridian Wire"
    assert cleaned(text.format(place="BERLIN (dpa)")).publisher == "dpa"
    found = cleaned(text.format(place="GEORGETOWN (Guyana)"))
    assert found.publisher is None and found.body.startswith("GEORGETOWN (Guyana) - The harbour")
    named = cleaned(text.format(place="LONDON (Euroscope)") + "\n\nCopyright Euroscope\n")
    assert named.publisher == "Euroscope"


def test_an_aggregators_feed_names_the_source_of_each_item(tmp_path: Path) -> None:
    item = f"<item><title>T</title>{{}}<description>{PARAGRAPHS[0]}</description></item>"
    feed = (
        "<rss><channel><title>ferries - Google News</title>"
        + item.format("<source url='https://a.example'>Harbour News</source>")
        + item.format("")
    )
    (first, second) = articles(tmp_path, "a.rss", (feed + "</channel></rss>").encode())
    assert (first.publisher, second.publisher) == ("Harbour News", None)


def test_a_mail_between_people_states_nothing_of_the_article_in_it(tmp_path: Path) -> None:
    mail = MAIL.format(subject="for Monday").replace(
        "Harbour News <news@harbour.example>", "Anna Holm <anna.holm@harbour.example>"
    )
    (found,) = articles(tmp_path, "a.eml", mail.encode())
    assert (found.title, found.publisher, found.published) == (None, None, None)


def test_a_pdfs_headline_is_set_largest_and_running_heads_are_dropped(tmp_path: Path) -> None:
    text = [(10, paragraph) for paragraph in PARAGRAPHS * 20]
    headline = "The second berth of the island's ferry opens a month early and costs less than feared by all"
    made = pdf(
        [(28, "The Harbour Gazette"), (20, headline), *text],
        head="Harbour Gazette page #",
        foot="printed in the harbour #",
    )
    (found,) = articles(tmp_path, "a.pdf", made)
    assert found.title == headline and certainty(found)["title"] == "read" and found.published is None
    assert all(found.body.count(paragraph) == 20 for paragraph in PARAGRAPHS)
    assert "printed in" not in found.body and "Harbour Gazette" not in found.body
    (plain,) = articles(tmp_path, "b.pdf", pdf(text[:2]))
    # Two full lines one below the other may be one paragraph or two: a PDF does not say.
    assert plain.title is None and plain.body.split() == BODY.split()


@pytest.mark.parametrize(
    "above",
    [
        "1.2174207\n\nThe harbour in winter, seen from the quay (Photo by Anna Holm)",
        "EU/harbour (1st lead, changes dateline)\n\nURGENT-EU/HARBOUR-3",
        "The Eastbridge Evening Chronicle",
        "Contact: Anna Holm, press.office@example.org",
        "and the second half of what was cut off",
    ],
)
def test_no_headline_is_made_up(above: str) -> None:
    found = cleaned(f"{above}\n\n{BODY}")
    # What may be the text's, cut off or not, stays in it.
    kept = f"{above}\n\n" if above.startswith("and ") else ""
    assert found.title is None and found.body == kept + BODY


def test_short_sentences_above_the_first_long_one_are_kept() -> None:
    short = "The ferry sailed at noon.\n\nNobody minded that much."
    found = cleaned(f"{short}\n\n{BODY}")
    assert found.title is None and found.body == f"{short}\n\n{BODY}"


def test_lists_notes_and_narrow_columns_are_kept_whole() -> None:
    listed = f"{BODY}\n\nThe council decided three things:\n\n• a second quay\n\n• a later last sailing\n\nIt meets again in May.[3]"
    assert cleaned(f"Council decides on the ferry\n\n{listed}").body == listed
    lines = (
        "The ministers agreed on Thursday evening there that\nthe mission\nshould grow to four thousand people over all of the\n"
        "coming years, subject to conditions there for now.\nNobody objected to it there, not even the opposition.\n"
        "The next meeting was then planned for the autumn.\n"
    )
    assert (
        "that the mission should grow to four thousand people over all of the coming years, subject"
        in cleaned(lines).body
    )


def test_fields_are_kept_by_store_export_and_command_line(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(SAVED.replace("Published 12 March 2021 | ", ""))
    (report,) = ingest(library, tmp_path / "a.txt")
    assert report.article
    library.store.correct(report.article.id, "section", "Ports")
    (line,) = export_lines(library.store)
    (tmp_path / "out.jsonl").write_text(line)
    again = Store(tmp_path / "again")
    (_,) = ingest(Library(again, library.encoder), tmp_path / "out.jsonl")
    (kept,) = again.articles()
    assert (kept.id, kept.standfirst, kept.section, str(kept.updated)) == (
        report.article.id,
        report.article.standfirst,
        "Ports",
        "2021-03-13",
    )
    again.close()
    library.store.close()
    shown = run("-m", "corpus", "show", kept.id, data=tmp_path / "data").stdout
    assert "published:  unknown; not after 13 March 2021 (it was changed then)" in shown
    assert (
        "section:    Ports   (stated: corrected by hand)" in shown
        and "(guessed: headline above the text)" in shown
    )
    assert (
        run("-m", "corpus", "show", kept.id, "--raw", data=tmp_path / "data").stdout
        == (tmp_path / "a.txt").read_text()
    )
    (entry,) = map(
        json.loads, run("-m", "corpus", "list", "--json", data=tmp_path / "data").stdout.splitlines()
    )
    assert (entry["section"], entry["updated"], entry["published"]) == ("Ports", "2021-03-13", None)
    assert "13 March 2021" in run("-m", "corpus", "list", data=tmp_path / "data").stdout
