"""Hostile repetition costs every parser of questions, sentences and files time in proportion to its length."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from conftest import article

from corpus.article import PartialDate
from corpus.cleaning.boilerplate import ends_article, is_caption, is_label, is_notice, is_section_name
from corpus.cleaning.clean import NoText, clean
from corpus.cleaning.dates import find_published_date, find_saved_date, find_updated_date
from corpus.cleaning.metadata import Metadata, match_byline
from corpus.dates import find_dates, find_numeric_dates
from corpus.passages import Passage
from corpus.publishers import is_aggregator_name, is_publisher_name
from corpus.reading.html import names_comments
from corpus.reading.raw import RawArticle, TextKind
from corpus.scripts import count_words, ends_sentence, separate_letters
from corpus.words import content_bigrams, content_stems, repeats
from embeddings.library import Library
from rag.generation.hub import is_hub_name
from rag.quantities.dates import find_date_values, find_event_dates, overlaps_date, parse_dates
from rag.quantities.numbers import parse_numbers
from rag.quantities.quantities import date_quantities, parse_quantities
from rag.query.answer_type import parse_answer_type
from rag.query.followups import Turn, is_followup, previous_exchange, rewrite_followup
from rag.query.intent import extract_topic, parse_intent
from rag.query.parse import parse_question
from rag.query.parts import QuestionPart, split_question
from rag.query.sources import extract_filters, mark_sources
from rag.retrieval.evidence import Evidence
from rag.retrieval.expansion import QueryExpansion
from rag.retrieval.values import rank_values
from rag.verification.citations import parse_drafts, visible_text
from rag.verification.claims import month_dates, parse_claim, remove_asides
from rag.verification.verify import support_score, verify_statement
from rag.verification.written import verify_written

PAPERS = ("The Gull", "Harbour Times", "Harbour", "The Sun", "Sun Times - Sport")
CHARS = 1_980
COSTLY = {"verify_statement", "verify_written", "support_score", "rank_values"}
COSTLY_CHARS = 800  # for those, and for what asks the collection
# What a text of four times the length may cost: 4 for linear work, 16 for quadratic, 64 for cubic.
MAX_RATIO = 10
# Below this the clock says nothing, and neither does the user.
NEGLIGIBLE_SECONDS = 0.002
# How a text opens, and what it repeats.
HOSTILE = [
    ("", part)
    for part in (
        "a", "A", "1", " ", "\n", "(", "[", "[1", "(1", "'A", '"A', "A.", "A-", "a's ", "1,111,", "1.1", "1 ", "$1 ",
        "1, ", "- 1", ", ", ",  ", "; ", "? ", "— a ", "not ", "it is not ", "A ", "A a ", "The ", "A and ", "and ",
        "A and the B and ", "the A, the B, ", "A of B ", "hundred and ", "twenty ", "five to six ", "between 5 and 7 ",
        "from 5 to 7 ", "half a ", "June ", "June 3, 2013 ", "3 June 2013, ", "2013 ", "2013-05-03 ", "in 2019 in ",
        "in May, ", "only in 2019, 2020 and ", "only from the Sun and ", "from the Sun, ", "the Gull and the Sun and ",
        "© ", "by A ", "By A. B and ", "share ", "a@b.", "www.", "› a ", "1h", "12 March 2021, ", "(dpa) - ", "Read more:\n", "A b.\n",
        "Copyright ", "Home   News   Sport\n", "updated ", "reporting by ", "articles from the Gull and ", "article by ", "according to A, ", "what did ", "how did ", "how has it ",
        "how much of ", "how many a-", "is a ly ", "was a b c ", "said ", "said that ", "He said A ", "who is ",
    )
] + [
    ("what did ", "a and "), ("what did a ", "did and "), ("how did ", "a and "), ("what did a and ", "say "),
    ("", "how did a and b "), ("", "what do a and b, "), ("How ", "is A "), ("is ", "A b "), ("not ", "of the "),
    ("", "A A, "), ("", "A A in "), ("A A", " in A"), ("", "A A reports from "), ("A A - ", "A - "), ("By ", "A A and "),
    ("", "-."), ("comments", "-list"), ("comments", "1"), ("", "a-comment "), ("", "a_"), ("", "The Daily "), ("(", "tags: "), ("section: ", "a ;"), ("© ", "A "), ("", "（。"), ("", "渡 "),
    ("渡", "轮"), ("", "กิ"), ("ก", "\u0e34"), ("", "။ "), ("", "a\u0301"), ("", "by A A\n"), ("", "A headline of words\n"),
    ("", "The ferry sailed at noon.\n"), ("5", " "), ("hundred", " "), ("June", " "), (", and", " "), ("The Gull and", " "),
    ("A", "-A"), ("", "A-"), ("A", " of"), ("", "A of the "), ("", "A.A "), ("and ", "the "), ("", "and the A "), ("almost ", "all but "), ("", "prevented a "),
    ("", "in part "), ("", "over "), ("5", " "), ("hundred", " "), ("June", " "), (", and", " "), ("The Gull and", " "),
]  # fmt: skip
HISTORY = (Turn("user", "When did the Halden bridge open?"), Turn("assistant", "In May 2019. [1]"))
PUBLISHED = PartialDate(2020, 1, 3)


def clean_or_refuse(text: str, kind: TextKind) -> None:
    with suppress(NoText):
        clean(RawArticle(f"A headline of four words\n\n{text}\n\nIt is a text.", "a.txt", kind=kind))


PARSERS: dict[str, Callable[[str], object]] = {
    "parse_question": lambda text: parse_question(f"Q{text}", HISTORY, publishers=PAPERS),
    "split_question": lambda text: split_question(text, PAPERS),
    "mark_sources": lambda text: mark_sources(text, PAPERS),
    "extract_filters": lambda text: extract_filters(text, PAPERS),
    "is_followup": is_followup,
    "rewrite_followup": lambda text: rewrite_followup(text, HISTORY),
    "previous_exchange": lambda text: previous_exchange(
        "Why?", (Turn("user", text), Turn("assistant", text))
    ),
    "extract_topic": extract_topic,
    "parse_intent": parse_intent,
    "parse_answer_type": parse_answer_type,
    "parse_dates": parse_dates,
    "find_event_dates": lambda text: find_event_dates(text, PUBLISHED),
    "find_date_values": find_date_values,
    "overlaps_date": lambda text: overlaps_date(text, 0, 1),
    "parse_numbers": parse_numbers,
    "parse_quantities": lambda text: parse_quantities(text, PUBLISHED),
    "date_quantities": date_quantities,
    "parse_claim": parse_claim,
    "month_dates": lambda text: month_dates(parse_claim(text)),
    "remove_asides": remove_asides,
    "find_dates": find_dates,
    "find_saved_date": find_saved_date,
    "find_numeric_dates": find_numeric_dates,
    "parse_drafts": parse_drafts,
    "visible_text": visible_text,
    "is_hub_name": is_hub_name,
    "clean a page": lambda text: clean_or_refuse(text, "page"),
    "clean a body": lambda text: clean_or_refuse(text, "body"),
    "Metadata": lambda text: Metadata(RawArticle("", "a.txt", {"publisher": f"{text} x"})),
    "names_comments": names_comments,
    "match_byline": match_byline,
    "is_notice": is_notice,
    "is_caption": is_caption,
    "is_label": is_label,
    "is_section_name": is_section_name,
    "ends_article": ends_article,
    "find_published_date": find_published_date,
    "find_updated_date": find_updated_date,
    "is_publisher_name": is_publisher_name,
    "is_aggregator_name": is_aggregator_name,
    "content_stems": content_stems,
    "content_bigrams": content_bigrams,
    "repeats": lambda text: repeats(f"{text} x", text),
    "separate_letters": separate_letters,
    "count_words": count_words,
    "ends_sentence": ends_sentence,
    "verify_statement": lambda text: verify_statement(text, [text]),
    "verify_written": lambda text: verify_written(text, text, sentence(text)),
    "support_score": lambda text: support_score(text, [text]),
    "rank_values": lambda text: rank_values(
        QuestionPart.parse("How many men were there?"),
        [sentence(f"{text} 300 men."), sentence(f"300 men {text}")],
    ),
}


def sentence(text: str) -> Evidence:
    return Evidence(Passage(article(body=text), 0, len(text)), 0, len(text), 20.0, 20.0)


def seconds(parse: Callable[[str], object], text: str, runs: int) -> float:
    """The least processor time of this thread in some runs: what else the machine does hardly touches it."""
    found = []
    for _ in range(runs):
        start = time.thread_time()
        parse(text)
        found.append(time.thread_time() - start)
    return min(found)


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.threat("I10", n="50 parsers, each on over 100 texts", open="patterns apart from their parsers")
def test_work_grows_with_the_length_of_a_hostile_text(name: str) -> None:
    assert slow_texts(PARSERS[name], CHARS if name not in COSTLY else COSTLY_CHARS) == []


def test_words_are_added_to_a_hostile_question_in_linear_time(library: Library) -> None:
    library.add(article(), "raw", "1")
    expansion = QueryExpansion(library)
    assert slow_texts(expansion.fts_query, COSTLY_CHARS) == []
    assert slow_texts(expansion.expand_acronyms, COSTLY_CHARS) == []


def slow_texts(parse: Callable[[str], object], chars: int) -> list[tuple[str, float, float]]:
    """Return the hostile texts whose work grows faster than their length, with seconds and ratio."""
    slow = []
    for opening, part in HOSTILE:
        # Whole parts, so that both end alike: half a word may be corrected, which costs the same in both.
        quarter_times = max(1, chars // len(part) // 4)
        text, quarter = (f"{opening}{part * times}x" for times in (4 * quarter_times, quarter_times))
        for runs in (1, 3, 10):
            long = seconds(parse, text, runs)
            if long < NEGLIGIBLE_SECONDS:
                break
            short = seconds(parse, quarter, runs)
            if long <= MAX_RATIO * short:
                break
        else:
            slow.append((opening + part, round(long, 3), round(long / short, 1)))
    return slow
