"""The strict score: what the answer's own sentences say, in 60 words, cited where the gold words stand.

The lenient score, `rag.evaluation.measures.answers.right`, searches everything that is shown. Here an answer
earns only by its own sentences: those that a model wrote, or the quotes where nothing was written. It loses
by whatever is shown. Each rule that an answer breaks is named, so that a run can tell what the difference of
the two scores is made of.
"""

from collections.abc import Sequence

from corpus.passages import Passage
from rag.answers.answer import Answer
from rag.evaluation.gold.questions import UNANSWERABLE, GoldQuestion, GoldQuote
from rag.evaluation.gold.wording import contains_wording, is_yes_or_no
from rag.evaluation.measures.answers import as_of_right, begins_with, refused, shown_text
from rag.retrieval.evidence import Evidence
from rag.verification.citations import QUOTED, SUPPORTED, Citation, Statement
from rag.verification.verify import verify_statement
from rag.verification.written import verify_written

SCORING_VERSION = 2  # of all measures of answers; 1 had the lenient score alone
MAX_WORDS = 60  # limit: of an answer, as the questions ask for one fact or a few
ANSWERED, REFUSED = "answered", "refused"
TOO_LONG = "over 60 words"
BEYOND = "said beyond 60 words"
ASKED = "said in the question's words"
NOT_SAID = "not said"
FORBIDDEN = "says what it must not"
CITED_ELSEWHERE = "cited elsewhere"
UNSUPPORTED = "not supported"
WRONG_DAY = "wrong day"
# In the order in which they are tried: the first that an answer breaks is what it is counted under.
RULES = (
    REFUSED,
    ANSWERED,
    NOT_SAID,
    FORBIDDEN,
    TOO_LONG,
    BEYOND,
    ASKED,
    CITED_ELSEWHERE,
    UNSUPPORTED,
    WRONG_DAY,
)


def strict(gold: GoldQuestion, answer: Answer) -> float | None:
    """Return 1 if an answer breaks none of `RULES`, else 0; None for a question without gold."""
    return float(not broken_rules(gold, answer)) if gold.scored else None


def crag(gold: GoldQuestion, answer: Answer, right: float | None) -> float | None:
    """Return CRAG's score: 1 for a right answer, 0 for a refusal, -1 for a wrong answer.

    A refusal of an unanswerable question is right (Yang et al. 2024, arXiv 2406.04744).
    """
    if right is None:
        return None
    return 1.0 if right else 0.0 if refused(answer) else -1.0


def written(answer: Answer) -> float | None:
    """Return 1 if a model wrote the answer's own sentences, 0 if they are quotes, None for a refusal."""
    return None if refused(answer) else float(any(item.verdict == SUPPORTED for item in answer.statements))


def own_sentences(answer: Answer) -> tuple[Statement, ...]:
    """Return the sentences that are the answer: the written ones, or all quotes where none is written."""
    return tuple(item for item in answer.statements if item.verdict != QUOTED) or answer.statements


def broken_rules(gold: GoldQuestion, answer: Answer) -> tuple[str, ...]:
    """Return the rules that an answer breaks, in the order of `RULES`; none if it is right.

    - A question that the articles answer is not refused, any other is.
    - Everything wanted is said, and nothing forbidden in anything that is shown.
    - Written sentences have 60 words together. Quotes, whose length the article decides, are cut after 60.
    - A wording that stands in the question itself does not count.
    - A sentence that says a wanted thing cites words that overlap the gold words of that thing.
    - Each sentence says what it cites: a quote the article's words, a written one nothing that the checks
      of `rag.verification` find wrong.
    - The day shown with a value is its day.
    """
    if gold.kind == UNANSWERABLE or refused(answer):
        wrong = refused(answer) != (gold.kind == UNANSWERABLE)
        return ((REFUSED if refused(answer) else ANSWERED),) if wrong else ()
    sentences = own_sentences(answer)
    cut = first_words(sentences)
    broken = {_unsaid(gold, wordings, sentences, cut) for wordings in gold.answers}
    if any(contains_wording(shown_text(answer), wrong) for wrong in gold.must_not):
        broken.add(FORBIDDEN)
    if written(answer) and sum(len(item.text.split()) for item in sentences) > MAX_WORDS:
        broken.add(TOO_LONG)
    if not all(_cited_well(gold, wordings, sentences) for wordings in gold.answers):
        broken.add(CITED_ELSEWHERE)
    if not all(is_supported(item, answer.searched) for item in answer.statements):
        broken.add(UNSUPPORTED)
    if as_of_right(gold, answer) not in (None, 1.0):
        broken.add(WRONG_DAY)
    return tuple(rule for rule in RULES if rule in broken)


def first_words(sentences: Sequence[Statement]) -> list[str]:
    """Return the texts of sentences up to their 60th word together, empty where none is left."""
    left, texts = MAX_WORDS, []
    for sentence in sentences:
        words = sentence.text.split()
        texts.append(" ".join(words[:left]))
        left = max(left - len(words), 0)
    return texts


def new_wordings(gold: GoldQuestion, wordings: Sequence[str]) -> list[str]:
    """Return the wordings of a wanted thing that the question does not hold itself."""
    return [
        wording
        for wording in wordings
        if is_yes_or_no(wordings) or not contains_wording(gold.question, wording)
    ]


def says(sentence: Statement, text: str, wordings: Sequence[str], first: bool) -> bool:
    """Return True if a sentence's text says one of the wordings; "yes" and "no" only open the `first`."""
    if wordings and is_yes_or_no(wordings):
        return first and sentence.verdict != QUOTED and begins_with(text, wordings[0])
    return any(contains_wording(text, wording) for wording in wordings)


def _unsaid(
    gold: GoldQuestion, wordings: Sequence[str], sentences: Sequence[Statement], cut: Sequence[str]
) -> str:
    """Return the rule by which a wanted thing is not said, "" if it is."""
    new = new_wordings(gold, wordings)

    def said(texts: Sequence[str], accepted: Sequence[str]) -> bool:
        pairs = zip(sentences, texts, strict=True)
        return any(says(item, text, accepted, n == 0) for n, (item, text) in enumerate(pairs))

    whole = [item.text for item in sentences]
    if said(cut, new):
        return ""
    if said(whole, new):
        return BEYOND
    return ASKED if said(whole, wordings) else NOT_SAID


def _cited_well(gold: GoldQuestion, wordings: Sequence[str], sentences: Sequence[Statement]) -> bool:
    """Return True if a sentence that says a wanted thing cites its gold words, or none says it."""
    saying = [item for n, item in enumerate(sentences) if says(item, item.text, wordings, n == 0)]
    quotes = [
        quote
        for quote in gold.evidence
        if any(contains_wording(quote.quote, wording) for wording in wordings)
    ] or gold.evidence
    if not saying or not quotes:
        return True
    return any(_cites(citation, quote) for item in saying for citation in item.citations for quote in quotes)


def _cites(citation: Citation, quote: GoldQuote) -> bool:
    """Return True if a citation overlaps gold words, in its article or in one that printed the same."""
    span = quote.span_in(citation.article)
    if span:
        return span[0] < citation.end and citation.start < span[1]
    copies = (copy for copy in citation.also_in if quote.span_in(copy))
    return any(quote.quote in citation.quote or citation.quote in quote.quote for _ in copies)


def is_supported(statement: Statement, question: str) -> bool:
    """Return True if a statement says what it cites, as far as code can tell.

    A quote stands in its article. A written sentence passes the checks of `rag.verification.verify` on all
    that it cites, or those of `rag.verification.written`, which allow it to restate the question, on one
    sentence. Both catch a wrong figure, name or date, a denial or a hedge that is lost; neither every
    wrong meaning.
    """
    if not statement.citations or not all(citation.verified for citation in statement.citations):
        return False
    if statement.verdict == QUOTED:
        return any(statement.text in citation.quote for citation in statement.citations)
    if is_yes_or_no((statement.text,)):
        return True
    articles = [citation.article for citation in statement.citations]
    quotes = [citation.quote for citation in statement.citations]
    publishers = [article.publisher for article in articles if article.publisher]
    headlines = [article.headline for article in articles]
    return not verify_statement(statement.text, quotes, headlines, publishers) or any(
        not verify_written(statement.text, question, _evidence(citation)) for citation in statement.citations
    )


def _evidence(citation: Citation) -> Evidence:
    passage = Passage(citation.article, citation.start, citation.end)
    return Evidence(passage, citation.start, citation.end, 0.0, 0.0)
