"""Verify a sentence that a model wrote from one sentence of an article.

Such a sentence restates the question, so the rules of `rag.verification.verify`, which ask for the words of
the source alone, would drop nearly all of them. Here every figure, date, name and quotation is in the cited
sentence, with its unit and bound; what the question names may be repeated if the article names it too, near
the cited sentence. What is denied, hedged or attributed there is so in the sentence; no word is its opposite,
and what was so then is not said to be so now. Whether its words say what the source says is judged by a model
(`embeddings.support`), which reads both.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.passages import sentence_spans
from embeddings.support import Claim as SupportClaim
from rag.quantities.numbers import Number
from rag.retrieval.evidence import Evidence
from rag.verification.alignment import CitedText, TokenPosition, best_position, parse_cited_text
from rag.verification.claims import Claim, Token, month_dates, parse_claim
from rag.verification.verify import (
    denied_words,
    has_name,
    is_bounded_alike,
    is_measured_alike,
    misattributed_speakers,
    misquoted_words,
    swapped_neighbours,
    unhedged_words,
    without_publishers,
)

# The largest share of a sentence's words that neither the article nor the question has.
# hand-set on the sample questions; issue J replaces it
MAX_OWN_WORDS = 0.25
# The rest of a sentence that begins so says itself what is affirmed or denied.
_YES_OR_NO = re.compile(r"(?:yes|no)\b[,.:;]\s*", re.IGNORECASE)
# Two names that are spoken of together: "on Lion Air flight 610 and Ethiopian Airlines flight 302".
_NAME = r"(?:[A-Z][\w’'-]*|[a-z]+ \d+)(?: (?:[A-Z][\w’'-]*|[a-z]+ \d+|\d+)){0,6}+"
_NAMED_TOGETHER = re.compile(rf"\b(?P<first>{_NAME}),? (?:and|or) (?:the )?(?P<second>{_NAME})")
# A number with a scale, which is an amount and no year: "45 billion", "4.5bn".
_SCALED = re.compile(r"\d ?(?:thousand|[mbtr]+illion|[mbt]n|[mk])\b", re.IGNORECASE)
# What is so at the time of asking, and was so, if at all, when the article appeared. In small letters alone:
# "USA Today" is a name.
_RELATIVE_TIME = re.compile(
    r"\b(?:(?:this|last|next) (?:week|month|year|season|spring|summer|autumn|fall|winter)"
    r"|today|tonight|yesterday|tomorrow|(?<!most )recently|currently|now(?! that\b))\b"
)
_BEFORE_TIME = re.compile(r"\b(?:as of|in|on|by|of|for|from|since|until|during|over) $")
_TIMES_COMPARED = re.compile(r"\b(?:between|compared|than|versus|from .* to)\b")
_IS, _WAS = re.compile(r"\b(?:is|are)\b"), re.compile(r"\b(?:was|were)\b")
# Prefixes that turn the stem of a word into its opposite: "unfavour", "disapprov", "unlaw".
_OPPOSITES = re.compile(r"(?:un|dis|non)-?(?=\w{3})|(?:in|im|il|ir)(?=\w{5})")
_ASKS_COUNT = re.compile(r"\bhow (?:many|old)\b|\bper ?cent(?:age)?\b", re.IGNORECASE)
# Counts without a figure, and "one", which is no amount in `rag.quantities`.
_COUNTED = re.compile(
    r"\b(?:no|none|nobody|never|one|once|twice|half|few|several|many|most|all|dozens|hundreds|thousands"
    r"|millions)\b",
    re.IGNORECASE,
)
_NEIGHBOURS = 1  # sentences on each side of the cited one that the model of support reads too


@dataclass(frozen=True, slots=True)
class _Source:
    """What a sentence is compared with.

    `cited` is the sentence that it cites, `asked` the question, `near` the passage around the cited sentence
    with its headline and date, `article` the whole article with them.
    """

    cited: CitedText
    asked: Claim
    near: CitedText
    article: CitedText

    def restates(self, token: Token) -> bool:
        """Return True for a word of the question that the article has too; a date must be near the source."""
        text = self.near if token.kind == "date" else self.article
        return token.key in self.asked.positions and (text.contains(token.key) or has_name(token.key, text))


def support_claim(statement: str, question: str, item: Evidence) -> SupportClaim:
    """Return what the model of support reads: the statement and the cited sentence with its neighbours."""
    body = item.article.body
    spans = sentence_spans(body)
    inside = [n for n, (start, end) in enumerate(spans) if start < item.end and end > item.start]
    if not inside:
        return SupportClaim(question, statement, item.article.headline, item.text)
    first, last = max(0, inside[0] - _NEIGHBOURS), min(len(spans) - 1, inside[-1] + _NEIGHBOURS)
    return SupportClaim(question, statement, item.article.headline, body[spans[first][0] : spans[last][1]])


def answering_words(statement: str, question: str) -> str:
    """Return what a statement adds to its question, from the first word that is not there to the last.

    >>> answering_words("The new ferry carries up to 420 passengers.", "How many does the new ferry carry?")
    '420 passengers'
    """
    statement = _without_yes_or_no(statement)
    asked = parse_claim(question).positions
    own = [token for token in parse_claim(statement).tokens if token.key not in asked]
    return statement[own[0].start : own[-1].end] if own else ""


def without_relative_times(question: str) -> str:
    """Return a question without words for the time of asking, which are none of an article's.

    A question that compares times keeps them.

    >>> without_relative_times("Who won this year's regatta?"), without_relative_times("Who left since May?")
    ('Who won the regatta?', 'Who left since May?')
    >>> without_relative_times("What has the ferry cost since last year?")
    'What has the ferry cost?'
    """
    if _TIMES_COMPARED.search(question):
        return question
    text = re.sub(rf"(?:{_RELATIVE_TIME.pattern})['’]s\b", "the", question)
    parts = _RELATIVE_TIME.split(text)
    kept = [_BEFORE_TIME.sub("", part) for part in parts[:-1]]
    return re.sub(r" (?=[?,.])", "", " ".join(" ".join([*kept, parts[-1]]).split()))


def verify_written(statement: str, question: str, item: Evidence) -> list[str]:
    """Return the mechanical reasons why a sentence must not be shown as what `item` says; none if it may."""
    article = item.article
    publishers = [article.publisher] if article.publisher else []
    statement = without_publishers(_without_yes_or_no(statement), publishers)
    claim = parse_claim(statement)
    if not claim.tokens:
        return ["it says nothing that could be checked"]
    published = article.published.spoken if article.published else ""
    near = article.body[item.passage.start : item.passage.end]
    source = _Source(
        parse_cited_text([item.text], [article.headline]),
        parse_claim(question),
        parse_cited_text([near, published], [article.headline]),
        parse_cited_text([article.body, published], [article.headline]),
    )
    reasons = [
        *_missing(claim, source),
        *swapped_neighbours(claim, source.cited),
        *misquoted_words(statement, item.text),
        *_own_words(claim, source),
        *_counted_together(claim, item.text),
        *_relative_times(statement, item.text),
        *_tenses(claim, source.cited),
        *_opposites(claim, source.cited),
        *_no_figure(claim, question, source),
    ]
    if not reasons:
        aligned = dict(_aligned(claim, source))
        reasons = [
            *denied_words(claim, aligned, source.cited),
            *unhedged_words(claim, aligned),
            *([] if _names_speaker(claim, source) else misattributed_speakers(claim, aligned, source.cited)),
        ]
    return list(dict.fromkeys(reasons))


def _without_yes_or_no(statement: str) -> str:
    match = _YES_OR_NO.match(statement)
    return statement[match.end() :] if match else statement


def _aligned(claim: Claim, source: _Source) -> Iterator[tuple[int, TokenPosition]]:
    """Yield the words that the cited sentence has too, but not the names that the question lends."""
    for n, token in enumerate(claim.tokens):
        lent = token.kind in ("name", "opening", "date") and source.restates(token)
        position = None if lent else best_position(claim, n, source.cited)
        if position:
            yield n, position


def _names_speaker(claim: Claim, source: _Source) -> bool:
    """Return True if the claim says who said it, in words of the cited sentence or the question."""
    speakers = [attribution.speaker for attribution in claim.attributions]
    return bool(speakers) and all(
        source.cited.contains(key) or key in source.asked.positions for speaker in speakers for key in speaker
    )


def _missing(claim: Claim, source: _Source) -> Iterator[str]:
    for n, token in enumerate(claim.tokens):
        text = claim.text[token.start : token.end]
        if token.number:
            yield from _missing_number(claim, n, source)
        elif token.kind in ("name", "opening") and not _is_named(token, source):
            yield f'the name "{text}" is not in the source'
        elif token.kind == "date" and not (source.cited.contains(token.key) or source.restates(token)):
            yield f'the date "{text}" is not in the source'
        elif token.kind == "qualifier" and not (
            source.cited.contains(token.key) or token.key in source.asked.positions
        ):
            yield f'the word "{text}" is not in the source'
    # Near the source a month of the question may stand with its day ("October 29") and the year elsewhere.
    restated = {
        (month, number)
        for month, number in month_dates(source.asked)
        if source.near.contains(month) and source.near.contains(number)
    }
    known = _dates(source.cited) | restated
    yield from (
        f'the date "{month.capitalize()} {number}" is not in the source'
        for month, number in month_dates(claim) - known
    )


def _missing_number(claim: Claim, n: int, source: _Source) -> Iterator[str]:
    """Yield why a number, with its unit and bound, is neither in the source nor restated."""
    token = claim.tokens[n]
    number = token.number
    assert number is not None
    found = [
        (there, m, other)
        for there, m in source.cited.positions(token.key, headlines=True)
        if (other := there.tokens[m].number)
    ]
    if source.restates(token):
        return
    if not found:
        yield f"the figure {number.value:,} is not in the source"
        return
    found = [
        (there, m, other)
        for there, m, other in found
        if _has_unit_of(number, other, there) and is_measured_alike(claim, n, there, m)
    ]
    if not found:
        yield f"the figure {number.value:,} has another unit in the source"
    elif not any(is_bounded_alike(number, other) for _, _, other in found):
        yield f'the figure {number.value:,} has another bound in the source ("up to", "about" or a range)'


def _has_unit_of(number: Number, other: Number, sentence: Claim) -> bool:
    """Return True if a number has the unit of another one of a sentence.

    A bare amount has the one that all amounts beside it have: "34 million crowns, now 63 million".
    """
    if number.unit == other.unit:
        return True
    amounts = [
        beside
        for token in sentence.tokens
        if (beside := token.number) and _SCALED.search(sentence.text, beside.start, beside.end)
    ]
    return other in amounts and not other.unit and {one.unit for one in amounts} == {"", number.unit}


def _is_named(token: Token, source: _Source) -> bool:
    return has_name(token.key, source.cited) or source.restates(token)


def _counted_together(claim: Claim, cited: str) -> Iterator[str]:
    """Yield a reason if a claim with a figure names only one of two that the source names together."""
    if not any(token.number and token.number.unit != "ordinal" for token in claim.tokens):
        return
    for match in _NAMED_TOGETHER.finditer(cited):
        first, second = (
            {token.key for token in parse_claim(match[name]).tokens} for name in ("first", "second")
        )
        shared = first & second
        named = [bool((keys - shared) & claim.positions.keys()) for keys in (first, second)]
        if named[0] != named[1] and " each" not in cited[match.end() :]:
            yield f'the source speaks of "{match["first"]}" and "{match["second"]}" together'


def _relative_times(statement: str, cited: str) -> Iterator[str]:
    """Yield a reason for "this week" and the like where only the question says so, at another time."""
    said = set(_RELATIVE_TIME.findall(cited.lower()))
    for words in _RELATIVE_TIME.findall(statement.lower()):
        if words not in said:
            yield f'the source does not say "{words}"'


def _tenses(claim: Claim, cited: CitedText) -> Iterator[str]:
    """Yield a reason for what is so in the claim and was so in the source: "serves" for "served"."""
    text = " ".join(sentence.text for sentence in cited.variants)
    if _IS.search(text):
        return
    if _IS.search(claim.text) and _WAS.search(text):
        yield "the source says what was, not what is"
    for token in claim.tokens:
        is_present = re.search(r"[^s]s\Z", claim.text[token.start : token.end].lower())
        forms = [
            there.text[there.tokens[n].start : there.tokens[n].end].lower()
            for there, n in cited.positions(token.key)
        ]
        if token.kind == "word" and is_present and forms and all(one.endswith("ed") for one in forms):
            yield f'the source says "{forms[0]}"'


def _opposites(claim: Claim, cited: CitedText) -> Iterator[str]:
    """Yield a reason for a word of which the source has the opposite by a prefix: "unlawful" for "lawful"."""
    there = {token.key for sentence in cited.variants for token in sentence.tokens if token.kind == "word"}
    for token in claim.tokens:
        if token.kind == "word" and token.key not in there:
            bare = _OPPOSITES.sub("", token.key, count=1) if _OPPOSITES.match(token.key) else token.key
            opposites = {key for key in there if _OPPOSITES.match(key) and _OPPOSITES.sub("", key, 1) == bare}
            if opposites or (bare != token.key and bare in there):
                yield f'the source says the opposite of "{claim.text[token.start : token.end]}"'


def _no_figure(claim: Claim, question: str, source: _Source) -> Iterator[str]:
    """Yield a reason if the question is how many there are and the claim gives no number of its own."""
    if not _ASKS_COUNT.search(question) or _COUNTED.search(claim.text):
        return
    counts = [
        token.key
        for token in claim.tokens
        if token.number and claim.text[token.start - 1 : token.start] != "-"  # "Crew-2" is a name
    ]
    if not set(counts) - source.asked.positions.keys():
        yield "it gives no figure"


def _own_words(claim: Claim, source: _Source) -> Iterator[str]:
    """Yield a reason if too many words are neither the source's nor the question's."""
    words = {token.key for token in claim.tokens if token.kind == "word"}
    own = {key for key in words if not source.article.contains(key) and key not in source.asked.positions}
    if words and len(own) / len(words) > MAX_OWN_WORDS:
        yield f"{len(own) / len(words):.0%} of its words are in neither the source nor the question"


def _dates(text: CitedText) -> set[tuple[str, str]]:
    sentences: Sequence[Claim] = (*text.variants, *text.headlines)
    return {date for sentence in sentences for date in month_dates(sentence)}
