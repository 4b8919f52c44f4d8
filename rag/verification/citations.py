"""Cite evidence: parse a model's drafts, find the evidence that supports them, number the citations."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.article import Article
from corpus.passages import sentence_spans
from rag.quantities.as_of import AsOf
from rag.retrieval.evidence import Evidence
from rag.verification.verify import support_score, verify_statement

_NUMBERS = r"(?:sources?\s*)?\d{1,2}(?:\s*(?:,|;|and|-|–)\s*\d{1,2})*"
# From where white space starts, so that each of its characters is looked at once.
_SPACE = r"(?:(?<!\s)\s++)?"
# A bare number in round brackets is a marker only beside the end of a sentence or another marker: "Bellingham
# (21) scored" has none.
_ROUND = r"(?P<round>\(\d{1,2}(?:, ?\d{1,2})*\))"
_AT_END = r"(?=[ \t]*(?:[.!?]|[\[［【(]\s*(?:sources?\s*)?\d|\n|\Z))"
CITATION_MARKER = re.compile(
    rf"{_SPACE}(?:[\[［【]\s*{_NUMBERS}\s*[\]］】]|\(sources? \d{{1,2}}(?:, ?\d{{1,2}})*\)|"
    rf"(?:(?<=[.!?])|(?<=[.!?]\s)){_ROUND}|{_ROUND.replace('<round>', '<last>')}{_AT_END})",
    re.IGNORECASE,
)
_MARKERS_BEHIND_SENTENCE = re.compile(
    rf"([.!?])((?:{re.sub(r'[?]P<[a-z]+>', '?:', CITATION_MARKER.pattern)})+)", re.IGNORECASE
)
_UNFINISHED_MARKER = re.compile(rf"{_SPACE}[\[［【(][^\]］】)]{{0,20}}$")
_NUMBER_OR_RANGE = re.compile(r"(\d+)(?:\s*[-–]\s*(\d+))?")
_EXTRACTIVE_LINE = re.compile(r"\[(?P<number>\d{1,2})\]\s*(?P<words>.*)")
_NESTED_MARKERS = 3  # limit: markers inside of each other that are removed
_PUNCTUATION = " .,;:!?\"'“”‘’()"
_LABEL = re.compile(r"^(?:answer|a)\s*:\s*", re.IGNORECASE)

SUPPORTED = "supported"
QUOTED = "quoted"


@dataclass(frozen=True, slots=True)
class Citation:
    """Characters `start` to `end` of an article's body, and the quote that they should hold.

    `also_in` are near-duplicates of the article in other papers that have the same sentence.
    """

    number: int
    article: Article
    start: int
    end: int
    quote: str
    also_in: tuple[Article, ...] = ()

    @property
    def verified(self) -> bool:
        """True if the article has the quote there; computed, never stored."""
        return bool(self.quote) and self.article.body[self.start : self.end] == self.quote


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of an answer with its citations.

    Attributes:
        verdict: "supported" for a sentence that a model wrote and that was verified, "quoted" for one of an
            article.
        as_of: the date of its value, for statements with a value that the question asks for.
        words: the words of a quote that answer the question; "" if they are not known.
    """

    text: str
    citations: tuple[Citation, ...]
    verdict: str
    as_of: AsOf | None = None
    words: str = ""

    @property
    def highlighted_parts(self) -> tuple[str, str, str]:
        """The text before the answering words, these words, and the text behind them."""
        found = _find_words(self.words, self.text)
        if not found:
            return self.text, "", ""
        return self.text[: found.start()], found[0], self.text[found.end() :]


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence as a model wrote it, with the numbers of the evidence that it cites."""

    text: str
    numbers: tuple[int, ...]


def visible_text(written: str) -> str:
    """Return what may be shown of a text that is still being written: it, without citation markers."""
    # Markers inside of markers leave markers behind ("[1[2]]").
    for _ in range(_NESTED_MARKERS):
        written = _UNFINISHED_MARKER.sub("", CITATION_MARKER.sub("", written))
    return _LABEL.sub("", written).strip()


def parse_drafts(written: str, sources: int = 99) -> list[Draft]:
    """Parse the sentences of a finished text and the citation markers of each.

    A number in round brackets that is higher than the number of `sources` is part of the text.

    >>> parse_drafts("It grew to 4,000 [2]. Before that it was small【1】.")
    [Draft(text='It grew to 4,000.', numbers=(2,)), Draft(text='Before that it was small.', numbers=(1,))]
    """

    def remove(match: re.Match[str]) -> str:
        return "" if _is_marker(match, sources) else match[0]

    written = _LABEL.sub("", written.strip())
    # Markers move before the full stop, so that each stays with its sentence.
    written = _MARKERS_BEHIND_SENTENCE.sub(r"\2\1", written)
    drafts = []
    for start, end in sentence_spans(written):
        sentence = written[start:end]
        text = CITATION_MARKER.sub(remove, sentence).strip()
        if re.search(r"\w", text):
            markers = (match for match in CITATION_MARKER.finditer(sentence) if _is_marker(match, sources))
            numbers = (n for marker in markers for n in _marker_numbers(marker[0]))
            drafts.append(Draft(text, tuple(dict.fromkeys(numbers))))
    return drafts


def _is_marker(match: re.Match[str], sources: int) -> bool:
    round_brackets = match["round"] or match["last"]
    return not round_brackets or all(n <= sources for n in _marker_numbers(round_brackets))


def _marker_numbers(marker: str) -> list[int]:
    """Return the numbers of a marker, with those between the ends of a range: 1, 3, 4, 5 for "[1, 3-5]"."""
    numbers: list[int] = []
    for first, last in _NUMBER_OR_RANGE.findall(marker):
        ends = [int(n) for n in (first, last) if n]
        numbers += range(ends[0], ends[1] + 1) if len(ends) == 2 and ends[0] < ends[1] else ends
    return numbers


def find_support(draft: Draft, evidence: Sequence[Evidence]) -> tuple[list[Evidence], list[str]]:
    """Return the evidence that supports a draft, or else the reasons why its own does not.

    The evidence that the draft cites is tried first, then each single sentence: a wrong or missing marker is
    corrected, a wrong statement is not.
    """
    cited = [evidence[n - 1] for n in draft.numbers if 1 <= n <= len(evidence)]
    by_support = sorted(evidence, key=lambda item: -support_score(draft.text, [item.text]))
    candidates = ([cited] if cited else []) + [[item] for item in by_support if [item] != cited]
    first_reasons: list[str] = ["no source is cited"]
    for n, candidate in enumerate(candidates):
        articles = [item.article for item in candidate]
        reasons = verify_statement(
            draft.text,
            [item.text for item in candidate],
            [article.headline for article in articles],
            [article.publisher for article in articles if article.publisher],
        )
        if not reasons:
            return candidate, []
        if n == 0:
            first_reasons = reasons
    return [], first_reasons


def parse_extractive_answer(written: str, evidence: Sequence[Evidence]) -> list[tuple[Evidence, str]]:
    """Parse what a trained reader writes: "[n] words", a line for each sentence that answers and its words.

    Words that are not in sentence n are looked for in the others; if no sentence has them, sentence n is
    returned without words. So only words of articles are ever shown, none of the reader's own.
    """
    found: dict[tuple[str, int], tuple[Evidence, str]] = {}
    for line in written.splitlines():
        match = _EXTRACTIVE_LINE.match(_LABEL.sub("", line.strip()))
        if not match:
            continue
        n = int(match["number"]) - 1
        numbered = [evidence[n]] if 0 <= n < len(evidence) else []
        for item in [*numbered, *evidence]:
            if words := _find_words(match["words"].strip(_PUNCTUATION), item.text):
                found.setdefault((item.article.id, item.start), (item, words[0]))
                break
        else:
            for item in numbered:
                found.setdefault((item.article.id, item.start), (item, ""))
    return list(found.values())


def _find_words(words: str, text: str) -> re.Match[str] | None:
    """Find words in a text as whole words and whole numbers: "1" is not in "1,350"."""
    pattern = r"\s+".join(map(re.escape, words.split()))
    return re.search(rf"(?<![\w-])(?<!\d[.,]){pattern}(?![\w-])(?![.,]\d)", text) if pattern else None


def number_citations(sentences: Sequence[tuple[str, Sequence[Evidence], str]]) -> tuple[Statement, ...]:
    """Make statements of (text, evidence, verdict), with their citations numbered in order of first use.

    A sentence of evidence has the same number wherever it is cited.
    """
    numbers: dict[tuple[str, int, int], int] = {}
    statements = []
    for text, evidence, verdict in sentences:
        citations = []
        for item in evidence:
            number = numbers.setdefault((item.article.id, item.start, item.end), len(numbers) + 1)
            citations.append(Citation(number, item.article, item.start, item.end, item.text, item.also_in))
        words = evidence[0].words if evidence and verdict == QUOTED else ""
        statements.append(Statement(text, tuple(citations), verdict, words=words))
    return tuple(statements)
