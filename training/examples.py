"""Make training examples for the packaged model from questions: sentences, and which of them answers."""

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from corpus.article import Article
from corpus.passages import Passage, sentence_spans
from corpus.words import content_stems
from embeddings.reranker import Prediction, Window
from rag.query.answer_type import parse_answer_type
from rag.query.parts import QuestionPart
from rag.retrieval.evidence import Evidence, rank_sentences
from rag.retrieval.search import SearchHit
from training.questions import Question, published

SETS = {"new_wiki": 0.6, "reddit": 0.2, "amazon_reviews": 0.2}  # news is nearest to the first
# What is done with a question: asked as it is, its answer removed, another name put in, or its value changed
# over time.
KINDS = {"answered": 0.7, "removed": 0.11, "renamed": 0.07, "unanswered": 0.03, "changed": 0.09}
SOURCED_SHARE = 0.3  # share of the questions that name a publisher or a month
NEAREST = 8  # paragraphs whose sentences are ranked for a question
LONGEST_SENTENCE = 260  # characters
_ASKING = re.compile(r"(?:what|who|how|when|where|which|why)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w,])|(?<![\w.,])\d{1,4}(?![\w,]|\.\d)")
_NAME = re.compile(r"(?<=[a-z,] )(?:[A-Z][a-z]{3,}|(?:1[89]|20)\d\d)\b")


@dataclass(frozen=True)
class Example:
    """The sentences of a prompt, and the (words, sentence) pairs that answer; none for a refusal."""

    kind: str
    question: Question
    lines: tuple[Evidence, ...]
    said: tuple[tuple[str, Evidence], ...] = ()

    def target(self, refusal: str) -> str:
        """Return the text that the model should write."""
        return (
            "\n".join(f"[{self.lines.index(item) + 1}] {words}".strip() for words, item in self.said)
            or refusal
        )


class ConstantReranker:
    """A reranker and encoder that score everything the same.

    Half a million sentences are too many for the real ones.
    """

    @property
    def encoder(self) -> "ConstantReranker":
        return self

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.zeros((len(texts), 1))

    def predict(self, question: str, windows: Sequence[Window]) -> list[list[Prediction]]:
        return [[Prediction(0.0, 0, 0, 0.0)] * len(window.sentences) for window in windows]


class ParagraphIndex:
    """The paragraphs of one source, searched by rare words."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self._articles = list({article.id: article for article in articles}.values())
        self._holding: dict[str, list[int]] = defaultdict(list)
        for n, article in enumerate(self._articles):
            for word in dict.fromkeys(content_stems(f"{article.title} {article.body}")):
                self._holding[word].append(n)

    def near(self, question: Question) -> list[Article]:
        """Return the paragraphs that share most of a question's words, weighted by rarity, best first."""
        scores: Counter[int] = Counter()
        for word in dict.fromkeys(
            content_stems(question.text)
        ):  # not a set, whose order and so rounding differs between runs
            holding = self._holding.get(word, [])
            for n in holding:
                scores[n] += math.log(1 + len(self._articles) / len(holding))
        return [self._articles[n] for n, _ in scores.most_common(NEAREST)]

    def ranked(self, question: Question) -> list[Evidence]:
        """Return the sentences of the question's paragraph and of the nearest ones.

        As the product ranks them.
        """
        near = [article for article in self.near(question) if article.id != question.article.id]
        articles = [question.article, *near[: NEAREST - 1]]
        hits = [SearchHit(Passage(article, 0, len(article.body)), 1.0, ()) for article in articles]
        return [
            item
            for item in rank_sentences(QuestionPart.parse(question.text), hits, ConstantReranker(), limit=24)
            if 20 <= len(item.text) <= LONGEST_SENTENCE
        ]  # type: ignore[arg-type]


class ExampleMaker:
    """Makes examples of each kind; each follows from the seed and the examples before it."""

    def __init__(self, questions: Sequence[Question], seed: int) -> None:
        self.chance = random.Random(seed)
        sources = {question.source for question in questions}
        by_source = {
            source: [question.article for question in questions if question.source == source]
            for source in sources
        }
        # CLAPNQ's passages are of Wikipedia too, so their neighbours are searched there.
        by_source["clapnq"] = by_source.get("clapnq", []) + by_source["new_wiki"]
        self.collections = {source: ParagraphIndex(articles) for source, articles in by_source.items()}
        # Names of the same subject are the hardest to distinguish.
        names: dict[tuple[str, bool], set[str]] = defaultdict(set)
        for question in questions:
            for name in _NAME.findall(question.text):
                names[question.article.origin, name[0].isdigit()].add(name)
        self.names = {key: sorted(group) for key, group in names.items()}

    def example(self, kind: str, question: Question, lines: int) -> Example | None:
        """Return an example of this kind, or None where the question does not allow it."""
        if kind == "renamed":
            renamed = self._renamed(question)
            if renamed is None:
                return None
            question = renamed
        if kind == "changed" and not _asked_number(question):
            return None
        ranked = self.collections[question.source].ranked(question)
        right = next((item for item in ranked if _is_answer_sentence(item, question)), None)
        others = [item for item in ranked if item != right and not _mentions(item.text, question.answers)]
        if kind in ("removed", "unanswered"):
            return (
                Example(kind, self._sourced(question, others), self._order(others[:lines]))
                if len(others) > 1
                else None
            )
        if right is None or len(others) < 2:
            return None
        if kind == "changed":
            return self._changed(question, right, others[: max(lines, 3) - 2])
        chosen = self._order([right, *others[: lines - 1]])
        words = "" if question.whole else question.answers[0]
        return Example(
            kind, self._sourced(question, [right]), chosen, ((words, right),) if kind == "answered" else ()
        )

    def _order(self, chosen: Sequence[Evidence]) -> tuple[Evidence, ...]:
        """Shuffle the sentences, so that no position is learned.

        The product weighs the ranking's scores itself.
        """
        return tuple(self.chance.sample(list(chosen), len(chosen)))

    def _sourced(self, question: Question, items: Sequence[Evidence]) -> Question:
        """Return the question, in a share of cases with the publisher or the month of the first sentence."""
        article = items[0].article
        if (
            self.chance.random() > SOURCED_SHARE
            or not article.publisher
            or not article.published
            or not _ASKING.match(question.text)
        ):
            return question
        paper, month = (
            f"According to {article.publisher}",
            f"{article.published.spoken.lstrip('0123456789 ') or article.published.year}",
        )
        source = self.chance.choice((paper, paper, f"{paper} in {month}", f"In {month}"))
        return replace(question, text=f"{source}, {question.text[0].lower()}{question.text[1:]}")

    def _renamed(self, question: Question) -> Question | None:
        """Replace a name or year that the answering sentence holds by another one of the same subject."""
        held = [name for name in _NAME.findall(question.text) if name in _sentence(question)]
        if not held:
            return None
        name = self.chance.choice(held)
        near = self.names.get((question.article.origin, name[0].isdigit()), [])
        replacements = [
            other for other in near if other not in _sentence(question) and other not in question.text
        ]
        return (
            replace(question, text=question.text.replace(name, self.chance.choice(replacements)))
            if replacements
            else None
        )

    def _changed(self, question: Question, right: Evidence, others: Sequence[Evidence]) -> Example | None:
        """Give a quantity two values at two dates.

        The target is both, newest first, or that of the year asked for.
        """
        answer, figure = question.answers[0], _asked_number(question)
        if not figure or not right.article.published:
            return None
        value = int(figure[0].replace(",", ""))
        other = (
            round(value * self.chance.choice((0.3, 0.4, 0.6, 0.7, 0.8, 1.2, 1.3, 1.5, 1.8, 2.5, 3.2)))
            or value + 3
        )
        new = f"{other:,}" if "," in figure[0] or other > 9999 else str(other)
        changed = right.text.replace(figure[0], new)
        new_answer = answer.replace(figure[0], new)
        if new == figure[0] or new_answer not in changed:
            return None
        second = published(right.article.title or "", changed)
        twin = Evidence(Passage(second, 0, len(changed)), 0, len(changed), 0.0, 0.0)
        if not second.published or _day(twin) == _day(right):
            return None
        dated_answers = sorted(
            ((answer, right), (new_answer, twin)), key=lambda pair: _day(pair[1]), reverse=True
        )
        years = [str(_day(item).year) for _, item in dated_answers]
        if (
            years[0] != years[1]
            and not re.search(r"\b(?:1[89]|20)\d\d\b", question.text)
            and self.chance.random() < 0.4
        ):
            asked = self.chance.randrange(2)
            dated_answers = dated_answers[asked : asked + 1]
            question = replace(question, text=f"{question.text.rstrip('?. ')} in {years[asked]}?")
        return Example(
            "changed",
            question,
            tuple(self.chance.sample([right, twin, *others], len(others) + 2)),
            tuple(dated_answers),
        )


def _asked_number(question: Question) -> re.Match[str] | None:
    """Return the number that answers a question for one, unless it is a year."""
    figure = _NUMBER.search(question.answers[0]) if question.answers and not question.whole else None
    return (
        figure
        if figure
        and parse_answer_type(question.text).kind == "number"
        and not re.fullmatch(r"(?:1[89]|20)\d\d", figure[0])
        else None
    )


def _day(item: Evidence) -> date:
    return item.article.published.first if item.article.published else date.min


def _sentence(question: Question) -> str:
    body = question.article.body
    return next((body[a:b] for a, b in sentence_spans(body) if a <= question.start < b), "")


def _is_answer_sentence(item: Evidence, question: Question) -> bool:
    """Return True for the sentence in which people found the answer."""
    same = item.article.id == question.article.id and bool(question.answers)
    return same and item.start <= question.start and question.start + len(question.answers[0]) <= item.end


def _mentions(text: str, answers: Sequence[str]) -> bool:
    return any(
        re.search(rf"(?<!\w){re.escape(answer.lower())}(?!\w)", text.lower()) for answer in answers if answer
    )


def examples(questions: Sequence[Question], many: int, seed: int, lines: Sequence[int]) -> Iterator[Example]:
    """Yield `many` examples with the shares of `SETS` and `KINDS`, no question twice."""
    maker = ExampleMaker(questions, seed)
    chance = random.Random(seed + 1)
    unused = {
        source: [question for question in questions if question.source == source]
        for source in (*SETS, "clapnq")
    }
    for group in unused.values():
        chance.shuffle(group)
    count = 0
    while count < many:
        kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
        source = (
            "clapnq"
            if kind == "unanswered" and unused["clapnq"]
            else chance.choices(list(SETS), list(SETS.values()))[0]
        )
        kind = "removed" if kind == "unanswered" and source != "clapnq" else kind
        # Few questions allow the rarer kinds, so some are tried and put back.
        for n in range(min(len(unused[source]), 60)):
            example = maker.example(kind, unused[source][-1 - n], chance.choice(list(lines)))
            if example:
                del unused[source][-1 - n]
                count += 1
                yield example
                break
        else:
            if not any(unused[source] for source in SETS):
                return
