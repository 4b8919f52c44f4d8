"""Make training examples for the packaged model from public questions, one JSON object a line.

    python training/data.py --out FOLDER

Each example is a prompt as the product sends it: the sentences that the product's own ranking (without the
encoder's cosines) puts first, from the question's paragraph and those nearest to it; and as the target the
number of one of them with its answering words, or the refusal. One paragraph in ten, by its hash, is held out
with all its questions.
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
PROMPT_SENTENCES = (3, 3, 4, 4)  # sentences in a prompt
# What is done with a question: asked as it is, its answer removed, another name put in, or its value changed
# over time.
KINDS = {"answered": 0.7, "removed": 0.11, "renamed": 0.07, "unanswered": 0.03, "changed": 0.09}
SOURCED_SHARE = 0.3  # share of the questions that name a publisher or a month
NEAREST = 8  # paragraphs whose sentences are ranked for a question
LONGEST_SENTENCE, LONGEST_ANSWER = 260, 12  # characters, words
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
_ASKING = re.compile(r"(?:what|who|how|when|where|which|why)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w,])|(?<![\w.,])\d{1,4}(?![\w,]|\.\d)")
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

    def ranked(self, question: Question) -> list[Evidence]:
        """Return the sentences of the question's paragraph and of the nearest ones.

        As the product ranks them.
        """
        scores: Counter[int] = Counter()
        for word in dict.fromkeys(
            content_stems(question.text)
        ):  # not a set, whose order and so rounding differs between runs
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
            for item in rank_sentences(QuestionPart.parse(question.text), hits, ConstantReranker(), limit=24)
            if 20 <= len(item.text) <= LONGEST_SENTENCE
        ]  # type: ignore[arg-type]


def read_squadshifts(file: Path) -> Iterator[Question]:
    """Yield the questions that words of one sentence answer, with the answer that most people gave."""
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
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for entry in map(json.loads, lines):
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


def to_json(example: Example, prompts: Prompts, ranker: Reranker | None) -> dict[str, object]:
    """Return an example as JSON values; with a reranker also its score and words of each sentence."""
    windows = [Window(item.article.headline, _with_previous(item)) for item in example.lines]
    readings = [window[-1] for window in ranker.predict(example.question.text, windows)] if ranker else []
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


def _with_previous(item: Evidence) -> tuple[str, ...]:
    """Return a sentence with the one before it, as the product reads it."""
    body = item.article.body
    before = [body[a:b] for a, b in sentence_spans(body) if b <= item.start]
    return (*before[-1:], item.text)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Make the examples to train the packaged model on, and those to measure it on."
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
    options = parser.parse_args()
    questions = [
        question
        for name in SETS
        for question in read_squadshifts(options.shared / f"squadshifts/{name}.jsonl.gz")
    ]
    questions += read_unanswerable(options.shared / "clapnq/clapnq_dev_unanswerable.jsonl.gz")
    options.out.mkdir(parents=True, exist_ok=True)
    prompts = Prompts(TRAINED_FOLDER)
    reranker = Reranker(Encoder(threads=1))
    for name, side, many, lines, ranker in (
        ("held", True, options.held, (4,), reranker),
        ("train", False, options.examples, PROMPT_SENTENCES, None),
    ):
        kept = [question for question in questions if held_out(question.article.body) == side]
        counts: Counter[str] = Counter()
        with (options.out / f"{name}.jsonl").open("w", encoding="utf-8") as out:
            for example in examples(kept, many, options.seed, lines):
                counts[example.kind] += 1
                out.write(json.dumps(to_json(example, prompts, ranker), ensure_ascii=False) + "\n")
        sys.stderr.write(f"{name}: {dict(counts)} of {len(kept)} questions\n")


if __name__ == "__main__":
    main()
