import unicodedata
from pathlib import Path

import pytest
from conftest import needs_shared
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.reading.scores import FIELDS, Reading
from benchmarks.reading.seeds import FOLDER, seeds
from corpus.article import Article, InvalidDate
from corpus.characters import normalise_text
from corpus.cleaning.clean import NoText, clean
from corpus.reading.files import load_bytes, read_articles
from corpus.reading.raw import RawArticle


def cleaned(text: str, **stated: str) -> Article:
    return clean(RawArticle(text, "a.txt", stated))


PAGE = """Ferry goes into service

Ferry goes into service
4 min read
By Anna Holm
Published: 12 March, 2021
The ferry leaves the quay [Getty]

KESTREL BAY (Meridian Wire) - The new ferry sailed on Friday. It is two years late.

Related articles
In depth
A longer story about ferries and the people on board
Follow us on Facebook

"We are glad," the captain said.

Copyright The Harbour Gazette Limited 2024. All rights reserved.
Comments (3)
"""


def test_a_saved_page_becomes_headline_byline_date_and_body() -> None:
    found = cleaned(PAGE)
    assert (
        found.body
        == 'The new ferry sailed on Friday. It is two years late.\n\n"We are glad," the captain said.'
    )
    assert (found.title, found.author, str(found.published), found.publisher) == (
        "Ferry goes into service",
        "Anna Holm",
        "2021-03-12",
        "The Harbour Gazette",
    )


def test_provenance_holds_the_characters_that_state_a_field() -> None:
    for field in cleaned(PAGE).provenance:
        assert field.start is not None and field.end is not None
    written = {
        field.field: normalise_text(PAGE)[field.start : field.end] for field in cleaned(PAGE).provenance
    }
    assert written == {
        "title": "Ferry goes into service",
        "author": "Anna Holm",
        "date": "12 March, 2021",
        "publisher": "The Harbour Gazette",
    }


def test_what_the_file_states_wins_over_the_text() -> None:
    found = cleaned(PAGE, title="Other", date="2020", publisher="P")
    assert (found.title, str(found.published), found.publisher) == ("Other", "2020", "P")
    assert found.body.startswith("The new ferry")


def test_a_date_inside_the_text_is_not_the_articles_date() -> None:
    assert (
        cleaned("A headline here\n\nThe treaty of 12 March 1999 still holds. Nobody left it.").published
        is None
    )


def test_lines_broken_at_a_column_are_joined() -> None:
    from textwrap import fill

    paragraphs = [
        "The ministers agreed on Thursday evening that the mission should grow to four thousand people over the coming years, subject to conditions there.",
        "Nobody objected to it. The next meeting is planned for the autumn, when the first of the trainers should have left for the capital and its bases.",
    ]
    assert cleaned(
        "Mission to grow in Iraq\n\n" + "\n\n".join(fill(text, 72) for text in paragraphs)
    ).body == "\n\n".join(paragraphs)
    headed = "Mission to grow over the coming years, ministers agree\nBy Anna Holm\n" + "\n".join(paragraphs)
    assert cleaned(headed).body == "\n\n".join(paragraphs) and cleaned(headed).author == "Anna Holm"


def test_publication_dates_in_the_forms_of_several_countries() -> None:
    def published(line: str) -> str:
        return str(
            cleaned(
                f"A headline of four words\n\n{line}\n\nTrue prose stands here, and there is plenty of it, so that nobody doubts where the text of it begins."
            ).published
        )

    for line, date in (
        ("Published 3:05 PM EST, Wed February 12, 2020", "2020-02-12"),
        ("12 février 2020 à 14h05, modifié le 13 février 2020", "2020-02-12"),
        ("Mittwoch, 12. Februar 2020", "2020-02-12"),
        ("2020-02-12 14:05 GMT", "2020-02-12"),
        ("Tuesday 11/02/2020", "2020-02-11"),
        ("Tuesday 02/11/2020", "2020-02-11"),
        ("Wednesday 12/02/2020", "None"),  # 2 December was a Wednesday too
        ("28/02/2020", "2020-02-28"),
        ("02/12/2020", "None"),  # February or December
        ("Updated 13 February 2020", "None"),
        ("The treaty of 12 February 2020 is still in force here", "None"),
        ("© 2020 The Harbour Gazette", "None"),
    ):
        assert published(line) == date, line


def test_short_sentences_that_begin_like_boilerplate_are_kept() -> None:
    body = "True prose stands here, and there is plenty of it, so that nobody doubts where the text of it begins.\n\nShare prices fell by half.\n\nRead the treaty, he said.\n\nComments were not allowed there."
    assert cleaned(f"A headline of four words\n\n{body}").body == body


def test_two_spaces_after_a_full_stop_do_not_make_a_menu() -> None:
    found = cleaned(
        "A headline of four words\n\nHome   News   Sport   Culture\n\nThe ferry sailed.  It was late.  Nobody minded that.\n"
    )
    assert (
        found.body == "The ferry sailed. It was late. Nobody minded that."
        and found.title == "A headline of four words"
    )


def test_a_title_that_names_the_site_is_split_if_the_page_holds_the_headline() -> None:
    text = "Ferry sails at last\n\nThe ferry sailed at noon.\n"
    for title in ("Harbour News: Ferry sails at last", "Ferry sails at last | Harbour News"):
        found = cleaned(text, title=title)
        assert (found.title, found.publisher) == ("Ferry sails at last", "Harbour News")
    assert cleaned(text, title="Ferry: a story").title == "Ferry: a story"


def test_a_wrong_date_and_a_text_without_prose_are_refused() -> None:
    with pytest.raises(InvalidDate, match=r"a\.txt"):
        cleaned("Some prose stands here.", date="someday")
    with pytest.raises(NoText, match="no article text"):
        cleaned("Home\nNews\nSport")
    with pytest.raises(NoText, match="split it"):
        cleaned("a b c d. " * 100_000)


LINES = (
    "The ferry sailed at noon on Friday with eighty cars on board, two years after it was due to begin its work.",
    "What it costs",
    "Fares",
    "The terms of the deal are confidential.",
    "Copyright law will change in May.",
    "The strike killed twelve people in the harbour, officials said on Sunday evening (AP)",
    "- Adults: 4 crowns",
    "Share prices fell by half.",
    "It cost 56 million crowns, the council says. Auditors say that it cost 61 million, and that nobody asked them.",
)


def test_a_body_in_a_field_of_its_own_is_kept_whole_but_for_known_lines() -> None:
    body = "\n\n".join(LINES)
    for kind in ("body", "page"):
        found = clean(RawArticle(body, "a.jsonl", {"title": "Ferry sails at last"}, kind=kind))
        assert found.body == body and found.removed == ()
    known = [
        "Ferry sails at last",
        "By Anna Holm",
        LINES[0],
        "Advertisement",
        LINES[1],
        "© 2021 Harbour News",
    ]
    found = clean(
        RawArticle("\r\n".join(known), "a", {"title": known[0], "author": "Anna Holm"}, kind="body")
    )
    assert found.body == f"{LINES[0]}\n\n{LINES[1]}"
    assert [(item.line, item.text, item.reason) for item in found.removed] == [
        (1, known[0], "headline"),
        (2, known[1], "byline or date"),
        (4, known[3], "notice of the page"),
        (6, known[5], "notice of the page"),
    ]


def test_what_is_left_out_of_a_page_is_recorded_with_its_place_and_reason() -> None:
    text = normalise_text(PAGE)
    removed = cleaned(PAGE).removed
    assert {item.reason: item.text for item in removed} == {
        "headline": "Ferry goes into service",
        "notice of the page": "Copyright The Harbour Gazette Limited 2024. All rights reserved.",
        "below the text": "Comments (3)",
        "byline or date": "Published: 12 March, 2021",
        "caption": "The ferry leaves the quay [Getty]",
        "dateline": "KESTREL BAY (Meridian Wire) - ",
        "block beside the text": "A longer story about ferries and the people on board",
    }
    for item in removed:
        assert text[item.start :].startswith(item.text)
        assert item.text in text.split("\n")[item.line - 1]


@given(st.lists(st.sampled_from([*LINES, *PAGE.split("\n"), "Read more:", "Home   News   Sport"])))
def test_every_line_is_kept_or_recorded(lines: list[str]) -> None:
    try:
        found = cleaned("\n\n".join(lines))
    except NoText:
        return
    known = sorted(
        word for text in (found.body, *(item.text for item in found.removed)) for word in text.split()
    )
    assert known == sorted(" ".join(lines).split())


def test_a_single_short_sentence_is_an_article() -> None:
    assert cleaned("The bridge opened.").body == "The bridge opened."


@given(st.text())
def test_normalise_text_is_idempotent_and_leaves_nothing_invisible(text: str) -> None:
    once = normalise_text(text)
    assert normalise_text(once) == once
    assert not [
        char
        for char in once
        if char not in "\n\t" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn")
    ]


@pytest.mark.parametrize(
    "run",
    [
        "a" * 100_000,
        " " * 100_000,
        "\n" * 100_000,
        "." * 100_000,
        "漢" * 100_000,
        "1" * 100_000,
        "us" * 50_000,
        "(" * 100_000,
        "by A" * 25_000,
        "© " * 50_000,
        "share " * 20_000,
        "a@" * 50_000,
        "A " * 50_000,
        "News " * 25_000,
        "› a " * 25_000,
    ],
)
def test_cleaning_endless_runs_keeps_what_stands_behind_them(run: str) -> None:
    """Where a pattern blows up, this takes hours; `test_linear_time.py` compares the work at two lengths."""
    assert "True prose stands here." in cleaned(f"A headline here\n\n{run}\n\nTrue prose stands here.").body


@needs_shared
def test_the_seed_articles_are_read_as_labelled() -> None:
    """The labels were made by reading (`benchmarks/reading/seeds.py`): fields as stated, lines in order."""
    for seed in seeds():
        (raw,) = read_articles(FOLDER / seed.name, seed.data)
        found = Reading(seed, clean(raw))
        for field in FIELDS:
            assert found.value(field) is None if getattr(seed, field) is None else found.right(field), (
                seed.name,
                field,
            )
        assert found.left == [] and found.lost == []
        assert str(found.article and found.article.body).replace("\n\n", "\n").split("\n") == [
            normalise_text(line) for line in seed.sentences
        ]


def test_sample_articles_lose_no_sentence() -> None:
    for file in sorted((Path(__file__).parent.parent / "corpus/articles").glob("*.md")):
        (raw,) = read_articles(file, load_bytes(file))
        found = clean(raw)
        paragraphs = [line for line in raw.text.split("\n") if line.strip()]
        assert len(found.body.split("\n\n")) == len(paragraphs), file.name
