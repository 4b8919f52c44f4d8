"""Public questions -> examples of the reader's job, one JSON object a line: python training/data.py --out FOLDER

Knows paragraphs, sentences and the product's prompt; knows no model. Each example is what the packaged reader is sent: the sentences that
the product's own ranking (without the encoder's cosines) puts first, from the question's paragraph and those nearest to it, and the words of
one of them with its number, or the refusal. Paragraphs whose hash ends in 0 (one in ten) are held out with all their questions.
"""

import argparse
import gzip
import json
import math
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

from corpus.article import Article, PartialDate
from corpus.passages import Passage, sentence_spans
from corpus.words import content_stems
from embeddings.encoder import Encoder
from embeddings.reranker import Prediction, Reranker, Window
from rag.generation.prompts import TRAINED_FOLDER, Prompts
from rag.query.answer_type import parse_answer_type
from rag.query.parts import QuestionPart
from rag.retrieval.evidence import Evidence, rank_sentences, whole_words
from rag.retrieval.search import SearchHit
from training.holdout import held_out

ROOT = Path(__file__).parent.parent
SETS = {"new_wiki": 0.6, "reddit": 0.2, "amazon_reviews": 0.2}  # news is nearest to the first
LINES = (3, 3, 4, 4)  # sentences in a prompt
# What becomes of a question: its answer is asked for, or not there, or another name stands in it, or a value has changed over time.
KINDS = {"answered": 0.7, "removed": 0.11, "renamed": 0.07, "unanswered": 0.03, "changed": 0.09}
SOURCED = 0.3  # questions that say whom they ask, or of when
NEAREST = 8  # paragraphs whose sentences are ranked for a question
LONGEST_SENTENCE, LONGEST_ANSWER = 260, 12  # characters, words
PUBLISHERS = (
    "Alder Bay Chronicle", "The Brannock Times", "Capital Standard", "Corvane News Agency", "The Daily Mercer", "Eastern Gazette",
    "Federal Monitor", "The Granite Herald", "Harbour Evening Post", "Inland Review", "The Juniper Star", "Lowland Press",
    "Metropolitan Courier", "National Register", "Orrin Valley News", "The Pacific Sentinel", "Quarter Weekly", "Riverside Tribune",
    "Southern Wire", "The Tarrow Examiner",
)  # fmt: skip
_WHOLE = re.compile(
    r"(?:why|is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)\b", re.IGNORECASE
)
_ASKING = re.compile(r"(?:what|who|how|when|where|which|why)\b", re.IGNORECASE)
_FIGURE = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w,])|(?<![\w.,])\d{1,4}(?![\w,]|\.\d)")
_NAME = re.compile(r"(?<=[a-z,] )(?:[A-Z][a-z]{3,}|(?:1[89]|20)\d\d)\b")
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
    """A question about one paragraph; `answers` are people's, `start` is where the first stands. Unanswerable ones have none.

    Of one that asks why, or wants a yes or a no, only the sentence is wanted, no words of it (`whole`).
    """

    text: str
    article: Article
    source: str
    answers: tuple[str, ...] = ()
    start: int = 0
    whole: bool = False


@dataclass(frozen=True)
class Example:
    """What the reader is shown, and the sentences that it should point to, each with the words that answer; none for a refusal."""

    kind: str
    question: Question
    lines: tuple[Evidence, ...]
    said: tuple[tuple[str, Evidence], ...] = ()

    def target(self, refusal: str) -> str:
        return (
            "\n".join(f"[{self.lines.index(item) + 1}] {words}".strip() for words, item in self.said)
            or refusal
        )


class Wordless:
    """Stands where ranker and encoder do, and finds everything equally near: half a million sentences are too many to read for this."""

    @property
    def encoder(self) -> "Wordless":
        return self

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.zeros((len(texts), 1))

    def predict(self, question: str, windows: Sequence[Window]) -> list[list[Prediction]]:
        return [[Prediction(0.0, 0, 0, 0.0)] * len(window.sentences) for window in windows]


class Collection:
    """The paragraphs of one source, searched by rare words."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self._articles = list({article.id: article for article in articles}.values())
        self._holding: dict[str, list[int]] = defaultdict(list)
        for n, article in enumerate(self._articles):
            for word in dict.fromkeys(content_stems(f"{article.title} {article.body}")):
                self._holding[word].append(n)

    def ranked(self, question: Question) -> list[Evidence]:
        """The sentences of the question's paragraph and of those nearest to its words, as the product ranks them."""
        scores: Counter[int] = Counter()
        for word in dict.fromkeys(
            content_stems(question.text)
        ):  # no set: their order differs from run to run, and rounding with it
            holding = self._holding.get(word, [])
            for n in holding:
                scores[n] += math.log(1 + len(self._articles) / len(holding))
        near = [
            self._articles[n]
            for n, _ in scores.most_common(NEAREST)
            if self._articles[n].id != question.article.id
        ]
        articles = [question.article, *near[: NEAREST - 1]]
        hits = [SearchHit(Passage(article, 0, len(article.body)), 1.0, ()) for article in articles]
        return [
            item
            for item in rank_sentences(QuestionPart.parse(question.text), hits, Wordless(), limit=24)
            if 20 <= len(item.text) <= LONGEST_SENTENCE
        ]  # type: ignore[arg-type]


def read_squadshifts(file: Path) -> Iterator[Question]:
    """Questions that words of one sentence answer; of several people's answers the one that most gave."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for entry in map(json.loads, lines):
            article = published(entry["title"].replace("_", " "), entry["context"])
            for asked in entry["qas"]:
                texts = tuple(answer["text"].strip(" .,;:") for answer in asked["answers"])
                text = Counter(texts).most_common(1)[0][0]
                start = article.body.find(
                    text, max(0, asked["answers"][texts.index(text)]["answer_start"] - 2)
                )
                question = " ".join(asked["question"].split())
                if text and start >= 0 and len(question) > 12:
                    first, last = _whole_words(article.body, start, start + len(text))
                    answers = dict.fromkeys((article.body[first:last], *texts))
                    whole = len(text.split()) > LONGEST_ANSWER or bool(_WHOLE.match(question))
                    yield Question(
                        question[0].upper() + question[1:],
                        article,
                        file.name.split(".")[0],
                        tuple(answers),
                        first,
                        whole,
                    )


def read_unanswerable(file: Path) -> Iterator[Question]:
    """CLAPNQ's questions whose passage does not answer them."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for entry in map(json.loads, lines):
            body = entry["passages"][0]["text"]
            for pattern, instead in _TREEBANK:
                body = re.sub(pattern, instead, body)
            text = entry["input"].strip()
            yield Question(
                f"{text[0].upper()}{text[1:]}?", published(entry["passages"][0]["title"], body), "clapnq"
            )


def published(title: str, body: str) -> Article:
    """A paragraph as an article of an invented paper on an invented day; both follow from its words, and are seldom unknown."""
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


class Maker:
    """Makes examples of each kind; every one is a function of the seed and of what came before."""

    def __init__(self, questions: Sequence[Question], seed: int) -> None:
        self.chance = random.Random(seed)
        sources = {question.source for question in questions}
        by_source = {
            source: [question.article for question in questions if question.source == source]
            for source in sources
        }
        # CLAPNQ's passages are of Wikipedia too: their neighbours are looked for there.
        by_source["clapnq"] = by_source.get("clapnq", []) + by_source["new_wiki"]
        self.collections = {source: Collection(articles) for source, articles in by_source.items()}
        # Names of the same subject are the hardest to tell apart.
        names: dict[tuple[str, bool], set[str]] = defaultdict(set)
        for question in questions:
            for name in _NAME.findall(question.text):
                names[question.article.origin, name[0].isdigit()].add(name)
        self.names = {key: sorted(found) for key, found in names.items()}

    def example(self, kind: str, question: Question, lines: int) -> Example | None:
        """An example of this kind, or None where the question does not lend itself to it."""
        if kind == "renamed":
            renamed = self._renamed(question)
            if renamed is None:
                return None
            question = renamed
        if kind == "changed" and not _figure(question):
            return None
        ranked = self.collections[question.source].ranked(question)
        right = next((item for item in ranked if _holds(item, question)), None)
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
        """Any order, so that no place is learned by heart: what the ranking says of a sentence is weighed in use, beside what the reader says."""
        return tuple(self.chance.sample(list(chosen), len(chosen)))

    def _sourced(self, question: Question, items: Sequence[Evidence]) -> Question:
        """The question, or the same of the paper or the month of the first sentence, as people ask about news."""
        article = items[0].article
        if (
            self.chance.random() > SOURCED
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
        """The question with another name or year in the place of one that the answering sentence holds."""
        held = [name for name in _NAME.findall(question.text) if name in _sentence(question)]
        if not held:
            return None
        name = self.chance.choice(held)
        near = self.names.get((question.article.origin, name[0].isdigit()), [])
        instead = [other for other in near if other not in _sentence(question) and other not in question.text]
        return (
            replace(question, text=question.text.replace(name, self.chance.choice(instead)))
            if instead
            else None
        )

    def _changed(self, question: Question, right: Evidence, others: Sequence[Evidence]) -> Example | None:
        """The same quantity with two values at two dates: both, newest first, or the one of the year that is asked for."""
        answer, figure = question.answers[0], _figure(question)
        if not figure or not right.article.published:
            return None
        value = int(figure[0].replace(",", ""))
        other = (
            round(value * self.chance.choice((0.3, 0.4, 0.6, 0.7, 0.8, 1.2, 1.3, 1.5, 1.8, 2.5, 3.2)))
            or value + 3
        )
        new = f"{other:,}" if "," in figure[0] or other > 9999 else str(other)
        changed = right.text.replace(figure[0], new)
        told = answer.replace(figure[0], new)
        if new == figure[0] or told not in changed:
            return None
        second = published(right.article.title or "", changed)
        twin = Evidence(Passage(second, 0, len(changed)), 0, len(changed), 0.0, 0.0)
        if not second.published or _day(twin) == _day(right):
            return None
        told_of = sorted(((answer, right), (told, twin)), key=lambda pair: _day(pair[1]), reverse=True)
        years = [str(_day(item).year) for _, item in told_of]
        if (
            years[0] != years[1]
            and not re.search(r"\b(?:1[89]|20)\d\d\b", question.text)
            and self.chance.random() < 0.4
        ):
            asked = self.chance.randrange(2)
            told_of = told_of[asked : asked + 1]
            question = replace(question, text=f"{question.text.rstrip('?. ')} in {years[asked]}?")
        return Example(
            "changed",
            question,
            tuple(self.chance.sample([right, twin, *others], len(others) + 2)),
            tuple(told_of),
        )


def _figure(question: Question) -> re.Match[str] | None:
    """The figure that answers a question which asks for one, where that is no year."""
    figure = _FIGURE.search(question.answers[0]) if question.answers and not question.whole else None
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


def _holds(item: Evidence, question: Question) -> bool:
    """True for the sentence in which people found the answer."""
    found = item.article.id == question.article.id and bool(question.answers)
    return found and item.start <= question.start and question.start + len(question.answers[0]) <= item.end


def _mentions(text: str, answers: Sequence[str]) -> bool:
    return any(
        re.search(rf"(?<!\w){re.escape(answer.lower())}(?!\w)", text.lower()) for answer in answers if answer
    )


def examples(questions: Sequence[Question], many: int, seed: int, lines: Sequence[int]) -> Iterator[Example]:
    """`many` examples with the shares of `SETS` and `KINDS`, no question twice."""
    maker = Maker(questions, seed)
    chance = random.Random(seed + 1)
    waiting = {
        source: [question for question in questions if question.source == source]
        for source in (*SETS, "clapnq")
    }
    for group in waiting.values():
        chance.shuffle(group)
    made = 0
    while made < many:
        kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
        source = (
            "clapnq"
            if kind == "unanswered" and waiting["clapnq"]
            else chance.choices(list(SETS), list(SETS.values()))[0]
        )
        kind = "removed" if kind == "unanswered" and source != "clapnq" else kind
        # Few questions lend themselves to the rarer kinds: some are tried and put back.
        for n in range(min(len(waiting[source]), 60)):
            found = maker.example(kind, waiting[source][-1 - n], chance.choice(list(lines)))
            if found:
                del waiting[source][-1 - n]
                made += 1
                yield found
                break
        else:
            if not any(waiting[source] for source in SETS):
                return


def to_json(example: Example, prompts: Prompts, ranker: Reranker | None) -> dict[str, object]:
    """What training and measuring read; with a ranker also its score and words of each sentence, read behind the one before it, as in use."""
    windows = [Window(item.article.headline, _behind(item)) for item in example.lines]
    readings = [told[-1] for told in ranker.predict(example.question.text, windows)] if ranker else []
    messages, _ = prompts.messages(example.question.text, example.lines, budget=10**6)
    return {
        "kind": example.kind,
        "source": example.question.source,
        "messages": [
            {"role": {"human": "user"}.get(message.type, message.type), "content": message.text}
            for message in messages
        ],
        "target": example.target(prompts.refusal),
        "answers": list(example.question.answers)
        if example.kind == "answered"
        else [words for words, _ in example.said],
        "ranker": [round(reading.score, 2) for reading in readings],
        "read": [
            whole_words(item.text, reading) for item, reading in zip(example.lines, readings, strict=False)
        ],
    }


def _behind(item: Evidence) -> tuple[str, ...]:
    """A sentence and the one before it."""
    body = item.article.body
    before = [body[a:b] for a, b in sentence_spans(body) if b <= item.start]
    return (*before[-1:], item.text)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Make the examples that the reader learns from, and those that it is measured on."
    )
    parser.add_argument(
        "--shared",
        type=Path,
        default=ROOT.parent / "shared/data",
        help="folder with squadshifts/ and clapnq/",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "training/work")
    parser.add_argument("--examples", type=int, default=9000)
    parser.add_argument("--held", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    questions = [
        question
        for name in SETS
        for question in read_squadshifts(given.shared / f"squadshifts/{name}.jsonl.gz")
    ]
    questions += read_unanswerable(given.shared / "clapnq/clapnq_dev_unanswerable.jsonl.gz")
    given.out.mkdir(parents=True, exist_ok=True)
    prompts = Prompts(TRAINED_FOLDER)
    measuring = Reranker(Encoder(threads=1))
    for name, side, many, lines, ranker in (
        ("held", True, given.held, (4,), measuring),
        ("train", False, given.examples, LINES, None),
    ):
        kept = [question for question in questions if held_out(question.article.body) == side]
        counts: Counter[str] = Counter()
        with (given.out / f"{name}.jsonl").open("w", encoding="utf-8") as out:
            for example in examples(kept, many, given.seed, lines):
                counts[example.kind] += 1
                out.write(json.dumps(to_json(example, prompts, ranker), ensure_ascii=False) + "\n")
        sys.stderr.write(f"{name}: {dict(counts)} of {len(kept)} questions\n")


if __name__ == "__main__":
    main()
