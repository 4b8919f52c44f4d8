"""Text with markers -> statements bound to spans of articles. Knows markers and spans; what supports a statement is `rag.verification.verify`'s to say."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.article import Article
from corpus.passages import sentence_spans
from rag.quantities.as_of import AsOf
from rag.retrieval.evidence import Evidence
from rag.verification.verify import support_score, verify_statement

_NUMBERS = r"(?:sources?\s*)?\d{1,2}(?:\s*(?:,|;|and|-|–)\s*\d{1,2})*"
CITATION_MARKER = re.compile(
    rf"\s*(?:[\[［【]\s*{_NUMBERS}\s*[\]］】]|\((?:sources? )?\d{{1,2}}(?:, ?\d{{1,2}})*\))", re.IGNORECASE
)
# The beginning of what may become a marker when more text arrives.
_HALF_MARKER = re.compile(r"\s*[\[［【(][^\]］】)]{0,20}$")
_POINTED = re.compile(r"\[(?P<number>\d{1,2})\]\s*(?P<words>.*)")
_AROUND = " .,;:!?\"'“”‘’()"  # what stands around words and is none of them
_LEADING = re.compile(r"^(?:answer|a)\s*:\s*", re.IGNORECASE)

SUPPORTED = "supported"
QUOTED = "quoted"


@dataclass(frozen=True, slots=True)
class Citation:
    """Words of an article: `quote` stands at `start` to `end` of its body. `verified` is computed from the article, never taken on trust.

    `also_in` are near-copies of the article in other papers that hold the same sentence.
    """

    number: int
    article: Article
    start: int
    end: int
    quote: str
    also_in: tuple[Article, ...] = ()

    @property
    def verified(self) -> bool:
        return bool(self.quote) and self.article.body[self.start : self.end] == self.quote


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an answer and what carries it. `verdict` is "supported" (written and checked) or "quoted" (an article's own words).

    `as_of` stands on statements that tell an amount that was asked for, `words` are those of a quote that answer, as ranker or reader tell.
    """

    text: str
    citations: tuple[Citation, ...]
    verdict: str
    as_of: AsOf | None = None
    words: str = ""

    @property
    def highlighted_parts(self) -> tuple[str, str, str]:
        """The text before `words`, these, and the text behind them."""
        found = _whole(self.words, self.text)
        return (
            (self.text[: found.start()], found[0], self.text[found.end() :]) if found else (self.text, "", "")
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """One sentence as the model wrote it, with the numbers of the evidence that it points to."""

    text: str
    numbers: tuple[int, ...]


def visible_text(written: str) -> str:
    """What may be shown of a text that is still being written: without markers, and without half a marker at its end."""
    # Markers inside of markers leave markers behind ("[1[2]]"), so until nothing changes.
    while (bare := _HALF_MARKER.sub("", CITATION_MARKER.sub("", written))) != written:
        written = bare
    return _LEADING.sub("", written).strip()


def parse_drafts(written: str) -> list[Draft]:
    """The sentences of a finished text with the markers that follow each.

    >>> parse_drafts("It grew to 4,000 [2]. Before that it was small【1】.")
    [Draft(text='It grew to 4,000.', numbers=(2,)), Draft(text='Before that it was small.', numbers=(1,))]
    """
    written = _LEADING.sub("", written.strip())
    # Markers move before the full stop, so that a sentence keeps its own.
    written = re.sub(rf"([.!?])((?:{CITATION_MARKER.pattern})+)", r"\2\1", written, flags=re.IGNORECASE)
    found = []
    for start, end in sentence_spans(written):
        sentence = written[start:end]
        text = CITATION_MARKER.sub("", sentence).strip()
        if re.search(r"\w", text):
            found.append(
                Draft(
                    text,
                    tuple(
                        dict.fromkeys(
                            n for marker in CITATION_MARKER.findall(sentence) for n in _numbers(marker)
                        )
                    ),
                )
            )
    return found


def _numbers(marker: str) -> list[int]:
    found = [int(n) for n in re.findall(r"\d+", marker)]
    if re.search(r"\d\s*[-–]\s*\d", marker) and len(found) == 2 and found[0] < found[1]:
        return list(range(found[0], found[1] + 1))
    return found


def find_support(draft: Draft, evidence: Sequence[Evidence]) -> tuple[list[Evidence], list[str]]:
    """The evidence that carries a draft, or the reasons why none does.

    What the draft points to is tried first, then each single sentence of evidence: a wrong or a missing marker is mended, a wrong claim is not.
    """
    pointed = [evidence[n - 1] for n in draft.numbers if 1 <= n <= len(evidence)]
    candidates = ([pointed] if pointed else []) + [
        [single]
        for single in sorted(evidence, key=lambda item: -support_score(draft.text, [item.text]))
        if [single] != pointed
    ]
    first_reasons: list[str] = ["no source is cited"]
    for n, cited in enumerate(candidates):
        articles = [item.article for item in cited]
        reasons = verify_statement(
            draft.text,
            [item.text for item in cited],
            [article.headline for article in articles],
            [article.publisher for article in articles if article.publisher],
        )
        if not reasons:
            return cited, []
        if n == 0:
            first_reasons = reasons
    return [], first_reasons


def parse_extractive_answer(written: str, evidence: Sequence[Evidence]) -> list[tuple[Evidence, str]]:
    """The sentences of evidence that a trained reader points to, with the words of each that it answers with.

    It writes "[n] words", a line for each sentence. Where these words do not stand in sentence n but in another, that is meant; where they
    stand in none, the sentence is, and no words. So its own words are never shown, only those of articles.
    """
    found: dict[tuple[str, int], tuple[Evidence, str]] = {}
    for line in written.splitlines():
        match = _POINTED.match(_LEADING.sub("", line.strip()))
        if not match:
            continue
        n = int(match["number"]) - 1
        meant = [evidence[n]] if 0 <= n < len(evidence) else []
        for item in [*meant, *evidence]:
            words = _whole(match["words"].strip(_AROUND), item.text)
            if words:
                found.setdefault((item.article.id, item.start), (item, words[0]))
                break
        else:
            for item in meant:
                found.setdefault((item.article.id, item.start), (item, ""))
    return list(found.values())


def _whole(words: str, text: str) -> re.Match[str] | None:
    """Where words stand in a text, as whole words and whole figures: "1" does not stand in "1,350"."""
    pattern = r"\s+".join(map(re.escape, words.split()))
    return re.search(rf"(?<![\w-])(?<!\d[.,]){pattern}(?![\w-])(?![.,]\d)", text) if pattern else None


def number_citations(bound: Sequence[tuple[str, Sequence[Evidence], str]]) -> tuple[Statement, ...]:
    """Statements from (text, evidence, verdict), their citations numbered in order of first use; one sentence has one number throughout."""
    numbers: dict[tuple[str, int, int], int] = {}
    statements = []
    for text, cited, verdict in bound:
        citations = []
        for item in cited:
            place = (item.article.id, item.start, item.end)
            given = numbers.setdefault(place, len(numbers) + 1)
            citations.append(Citation(given, item.article, item.start, item.end, item.text, item.also_in))
        statements.append(
            Statement(
                text, tuple(citations), verdict, words=cited[0].words if cited and verdict == QUOTED else ""
            )
        )
    return tuple(statements)
