"""Read questions of SQuADShifts and CLAPNQ, each on a paragraph with an invented publisher and date."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from benchmarks.public_sets import read_lines
from corpus.article import Article, PartialDate

LONGEST_ANSWER = 12  # words; of a longer answer the sentence is the answer
PUBLISHERS = (
    "Alder Bay Chronicle",
    "The Brannock Times",
    "Capital Standard",
    "Corvane News Agency",
    "The Daily Mercer",
    "Eastern Gazette",
    "Federal Monitor",
    "The Granite Herald",
    "Harbour Evening Post",
    "Inland Review",
    "The Juniper Star",
    "Lowland Press",
    "Metropolitan Courier",
    "National Register",
    "Orrin Valley News",
    "The Pacific Sentinel",
    "Quarter Weekly",
    "Riverside Tribune",
    "Southern Wire",
    "The Tarrow Examiner",
)
_SENTENCE_QUESTION = re.compile(
    r"(?:why|is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)\b", re.IGNORECASE
)
_TREEBANK = (
    (r" ([.,;:!?%)\]])", r"\1"),
    (r"([(\[]) ", r"\1"),
    (r"`` ?", "“"),
    (r" ?''", "”"),
    (r" ('s|n't)\b", r"\1"),
    (r" - ", "-"),
)


@dataclass(frozen=True)
class Question:
    """A question about one paragraph, with people's answers, if any, and the offset of the first.

    `whole` marks questions for a reason or a yes or no, of which the sentence is the answer and not words of
    it.
    """

    text: str
    article: Article
    source: str
    answers: tuple[str, ...] = ()
    start: int = 0
    whole: bool = False


def read_squadshifts(file: Path) -> Iterator[Question]:
    """Yield the questions that words of one sentence answer, with the answer that most people gave."""
    for entry in read_lines(file):
        article = published(entry["title"].replace("_", " "), entry["context"])
        for asked in entry["qas"]:
            texts = tuple(answer["text"].strip(" .,;:") for answer in asked["answers"])
            text = Counter(texts).most_common(1)[0][0]
            start = article.body.find(text, max(0, asked["answers"][texts.index(text)]["answer_start"] - 2))
            question = " ".join(asked["question"].split())
            if text and start >= 0 and len(question) > 12:
                first, last = _whole_words(article.body, start, start + len(text))
                answers = dict.fromkeys((article.body[first:last], *texts))
                whole = len(text.split()) > LONGEST_ANSWER or bool(_SENTENCE_QUESTION.match(question))
                yield Question(
                    question[0].upper() + question[1:],
                    article,
                    file.name.split(".")[0],
                    tuple(answers),
                    first,
                    whole,
                )


def read_unanswerable(file: Path) -> Iterator[Question]:
    """Yield CLAPNQ's questions whose passage does not answer them."""
    for entry in read_lines(file):
        body = entry["passages"][0]["text"]
        for pattern, replacements in _TREEBANK:
            body = re.sub(pattern, replacements, body)
        text = entry["input"].strip()
        yield Question(
            f"{text[0].upper()}{text[1:]}?", published(entry["passages"][0]["title"], body), "clapnq"
        )


def published(title: str, body: str) -> Article:
    """Return a paragraph as an article with an invented publisher and date, which follow from its words."""
    body = body.strip()
    chance = random.Random(sha256(body.encode()).hexdigest())
    year, month, day = chance.randint(2006, 2025), chance.randint(1, 12), chance.randint(1, 28)
    when = chance.choices(
        (PartialDate(year, month, day), PartialDate(year, month), PartialDate(year), None), (85, 6, 3, 6)
    )[0]
    return Article(
        title,
        body,
        chance.choice(PUBLISHERS) if chance.random() > 0.04 else None,
        published=when,
        origin=title,
    )


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    while (
        start
        and re.match(r"[\w$€£.,-]", text[start - 1])
        and re.match(r"\w", text[start])
        and not re.match(r"[.,-]\s", text[start - 1 : start + 1])
    ):
        start -= 1
    while (
        end < len(text)
        and (re.match(r"[\w%]", text[end]) or re.match(r"[.,-]\d", text[end : end + 2]))
        and re.match(r"\w", text[end - 1])
    ):
        end += 1
    return start, end
