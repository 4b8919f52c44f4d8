"""Make training examples for the reranker from public questions: windows of sentences with labels.

A window is what the product gives the reranker: a few consecutive sentences under a headline. Beside the one
with the answer there is a hard one: the rest of the same paragraph, or sentences of another paragraph with a
high BM25 score. In some examples nothing answers: the sentence is left out, or a name or number of the
question is exchanged. Every example follows from (seed, epoch, number) alone.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from benchmarks.public_sets import detokenise, read_lines
from corpus.passages import sentence_spans
from embeddings.encoder import Encoder
from embeddings.reranker import TOKEN_LIMITS, EncodedWindow
from training.holdout import TRAINED, part

SETS = ("new_wiki", "reddit", "amazon_reviews")
WITHOUT_ANSWER, EXCHANGED, SAME_PARAGRAPH, NO_HEADLINE = 0.2, 0.08, 0.4, 0.3  # shares of the examples
RIVALS = 8  # paragraphs of BM25 that hard windows are taken from
_WIKI_TITLE = re.compile(r"^(?!Amazon|Filtered)")
_NAMED = re.compile(r"(?<!^)\b(?:[A-Z][\w’'-]+|\d[\d,.]*\d|\d)(?![\w’'])")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph: the word pieces of each sentence, and the characters of each piece in `places`.

    `part` is that of `training/holdout.py`; what is not trained on is unseen.
    """

    headline: list[int]
    texts: tuple[str, ...]
    pieces: list[list[int]]
    places: list[list[tuple[int, int]]]
    part: str

    @property
    def unseen(self) -> bool:
        return self.part != TRAINED


@dataclass(frozen=True, slots=True)
class TrainingQuestion:
    """One question on a paragraph.

    `answers` are (sentence, first piece, last piece) in the paragraph; `rivals` are (other paragraph, its
    sentence with the most words in common).
    """

    text: str
    paragraph: int
    answers: tuple[tuple[int, int, int], ...]
    rivals: tuple[tuple[int, int], ...] = ()

    @property
    def sentences(self) -> set[int]:
        return {sentence for sentence, _, _ in self.answers}


@dataclass(frozen=True, slots=True)
class Example:
    """The windows of one question.

    `held` is True for each sentence, in order, that answers; `first` and `last` are (row, piece) of the
    answers.
    """

    rows: list[EncodedWindow]
    held: list[bool]
    first: list[tuple[int, int]]
    last: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Questions:
    """All questions with their word pieces, and the paragraphs they are asked of."""

    paragraphs: list[Paragraph]
    asked: list[TrainingQuestion]
    pieces: list[list[int]]
    # question -> its word pieces with one name or number exchanged for another question's
    exchanged: dict[int, list[int]]

    def numbers(self, part: str) -> list[int]:
        """Return the numbers of the questions on the paragraphs of one part (`training/holdout.py`)."""
        return [n for n, item in enumerate(self.asked) if self.paragraphs[item.paragraph].part == part]


def read_questions(folder: Path, encoder: Encoder) -> Questions:
    """Read all questions of SQuADShifts and CLAPNQ under `folder`; a tenth of the paragraphs is held out."""
    paragraphs: list[Paragraph] = []
    training_questions: list[TrainingQuestion] = []
    for title, spans, text, qas in [*_squadshifts(folder / "squadshifts"), *_clapnq(folder / "clapnq")]:
        encoded = encoder.tokenizer(
            [text[a:b] for a, b in spans],
            add_special_tokens=False,
            return_offsets_mapping=True,
            verbose=False,
        )
        places = [
            [(a + spans[n][0], b + spans[n][0]) for a, b in row]
            for n, row in enumerate(encoded["offset_mapping"])
        ]
        cut = TOKEN_LIMITS["sentence"]
        paragraphs.append(
            Paragraph(
                encoder.tokenize([title])[0],
                tuple(text[a:b] for a, b in spans),
                [ids[:cut] for ids in encoded["input_ids"]],
                [row[:cut] for row in places],
                part(text),
            )
        )
        for question, answers in qas:
            matches = {
                place for start, end in answers if (place := _piece_of(places, start, end)) and place[2] < cut
            }
            if matches or not answers:
                training_questions.append(
                    TrainingQuestion(question, len(paragraphs) - 1, tuple(sorted(matches)))
                )
    rivals = _find_rivals(paragraphs, training_questions, encoder)
    training_questions = [
        TrainingQuestion(item.text, item.paragraph, item.answers, near)
        for item, near in zip(training_questions, rivals, strict=True)
    ]
    return Questions(
        paragraphs,
        training_questions,
        encoder.tokenize([item.text for item in training_questions]),
        _exchange_names(training_questions, encoder),
    )


RawParagraph = tuple[str, list[tuple[int, int]], str, list[tuple[str, list[tuple[int, int]]]]]


def _squadshifts(folder: Path) -> Iterator[RawParagraph]:
    for name in SETS:
        for entry in read_lines(folder / f"{name}.jsonl.gz"):
            text = entry["context"]
            title = entry["title"].replace("_", " ") if _WIKI_TITLE.match(entry["title"]) else ""
            qas = [
                (
                    qa["question"],
                    [
                        (a["answer_start"], a["answer_start"] + len(a["text"]))
                        for a in qa["answers"]
                        if a["text"].strip()
                    ],
                )
                for qa in entry["qas"]
            ]
            yield title, sentence_spans(text), text, [qa for qa in qas if qa[1]]


def _clapnq(folder: Path) -> Iterator[RawParagraph]:
    """Yield each passage with its own sentences; those that people answered with are the answers."""
    for name in ("answerable", "unanswerable"):
        for entry in read_lines(folder / f"clapnq_dev_{name}.jsonl.gz"):
            (passage,) = entry["passages"][:1]
            chosen = set(entry["output"][0]["selected_sentences"]) if name == "answerable" else set()
            text, spans, used = "", [], []
            for sentence in passage["sentences"]:
                bare = detokenise(sentence)
                spans.append((len(text), len(text) + len(bare)))
                used += [spans[-1]] if sentence in chosen else []
                text += f"{bare} "
            yield passage["title"], spans, text, [(entry["input"], used)]


def _piece_of(
    places: Sequence[Sequence[tuple[int, int]]], start: int, end: int
) -> tuple[int, int, int] | None:
    """Return (sentence, first piece, last piece in that sentence) of the characters of an answer."""
    for n, row in enumerate(places):
        inside = [i for i, (a, b) in enumerate(row) if a < end and b > start]
        if inside:
            return n, inside[0], inside[-1]
    return None


def _find_rivals(
    paragraphs: list[Paragraph], training_questions: list[TrainingQuestion], encoder: Encoder
) -> list[tuple[tuple[int, int], ...]]:
    """Return, for each question, the best other paragraphs by BM25 that do not hold an answer's words.

    Held-out questions get held-out paragraphs only, and the others none of these.
    """
    counter = CountVectorizer(analyzer=lambda ids: ids)
    terms = csr_matrix(
        counter.fit_transform([[i for row in item.pieces for i in row] for item in paragraphs]),
        dtype=np.float32,
    )
    idf = np.log(1 + len(paragraphs) / (1 + terms.getnnz(axis=0)))
    length = np.asarray(terms.sum(axis=1)).ravel()
    norm = 1.2 * (0.25 + 0.75 * length / length.mean())
    rows = np.repeat(np.arange(len(paragraphs)), np.diff(terms.indptr))
    terms.data = terms.data * 2.2 / (terms.data + norm[rows]) * idf[terms.indices]
    queries = csr_matrix(
        counter.transform(encoder.tokenize([item.text for item in training_questions])) > 0, dtype=np.float32
    )
    side = np.array([item.unseen for item in paragraphs])
    weight = {term: float(idf[n]) for term, n in counter.vocabulary_.items()}
    whole = [" ".join(item.texts).lower() for item in paragraphs]
    matches: list[tuple[tuple[int, int], ...]] = []
    for first in range(0, len(training_questions), 1000):
        scores = (queries[first : first + 1000] @ terms.T).toarray()
        for item, row in zip(training_questions[first : first + 1000], scores, strict=True):
            own = paragraphs[item.paragraph]
            row[side != own.unseen] = -1
            row[item.paragraph] = -1
            answer_texts = {_answer_text(own, place) for place in item.answers}
            best = np.argpartition(-row, 2 * RIVALS)[: 2 * RIVALS]
            kept = [
                int(n)
                for n in best[np.argsort(-row[best])]
                if not any(len(words) > 2 and words in whole[n] for words in answer_texts)
            ][:RIVALS]
            question_pieces = set(encoder.tokenize([item.text])[0])
            matches.append(tuple((n, _nearest(question_pieces, paragraphs[n], weight)) for n in kept))
    return matches


def _answer_text(paragraph: Paragraph, place: tuple[int, int, int]) -> str:
    sentence, first, last = place
    start = paragraph.places[sentence][0][0]
    return paragraph.texts[sentence][
        paragraph.places[sentence][first][0] - start : paragraph.places[sentence][last][1] - start
    ].lower()


def _nearest(question_pieces: set[int], paragraph: Paragraph, weight: dict[int, float]) -> int:
    shared = [sum(weight.get(i, 0.0) for i in question_pieces & set(row)) for row in paragraph.pieces]
    return int(np.argmax(shared))


def _exchange_names(training_questions: list[TrainingQuestion], encoder: Encoder) -> dict[int, list[int]]:
    """Exchange a name or number of each question for another question's; the choice follows from the text."""
    names = {True: ["7"], False: ["Anna"]}
    matches = {n: match for n, item in enumerate(training_questions) if (match := _NAMED.search(item.text))}
    for match in matches.values():
        names[match[0][0].isdigit()].append(match[0])
    texts = {}
    for n, match in matches.items():
        pool = names[match[0][0].isdigit()]
        other = pool[int(sha256(training_questions[n].text.encode()).hexdigest(), 16) % len(pool)]
        if other.lower() != match[0].lower():
            text = training_questions[n].text
            texts[n] = f"{text[: match.start()]}{other}{text[match.end() :]}"
    return dict(zip(texts, encoder.tokenize(list(texts.values())), strict=True))


def example(questions: Questions, number: int, chance: random.Random) -> Example:
    """Return one question with a window around its answer, or without it, and a hard one."""
    item = questions.asked[number]
    own = questions.paragraphs[item.paragraph]
    pieces, answering, windows = questions.pieces[number], True, []
    draw = chance.random()
    if draw < EXCHANGED and number in questions.exchanged:
        pieces, answering = questions.exchanged[number], False
    if not item.answers:
        windows.append((own, *_around(own, chance.randrange(len(own.pieces)), chance)))
    elif EXCHANGED <= draw < EXCHANGED + WITHOUT_ANSWER:
        windows += [(own, *span) for span in _free_window(own, item.sentences, chance)]
    else:
        windows.append((own, *_around(own, chance.choice(item.answers)[0], chance)))
        if chance.random() < SAME_PARAGRAPH:
            covered = set(range(windows[0][1], windows[0][2])) | item.sentences
            windows += [(own, *span) for span in _free_window(own, covered, chance)]
    if len(windows) < 2 and item.rivals:
        other, near = chance.choice(item.rivals)
        windows.append((questions.paragraphs[other], *_around(questions.paragraphs[other], near, chance)))
    return _example(pieces, item if answering else None, own, windows, chance.random() < NO_HEADLINE)


def _around(paragraph: Paragraph, sentence: int, chance: random.Random) -> tuple[int, int]:
    return max(0, sentence - chance.randint(0, 2)), min(
        len(paragraph.pieces), sentence + 1 + chance.randint(0, 2)
    )


def _free_window(paragraph: Paragraph, taken: set[int], chance: random.Random) -> list[tuple[int, int]]:
    """Return a window of sentences that are not taken, if there are any."""
    free = [n for n in range(len(paragraph.pieces)) if n not in taken]
    if not free:
        return []
    start = end = chance.choice(free)
    end += 1
    while end < len(paragraph.pieces) and end not in taken and end - start < 3:
        end += 1
    while start and start - 1 not in taken and end - start < 3:
        start -= 1
    return [(start, end)]


def _example(
    pieces: list[int],
    item: TrainingQuestion | None,
    own: Paragraph,
    windows: list[tuple[Paragraph, int, int]],
    bare: bool,
) -> Example:
    rows, held, first, last = [], [], [], []
    for paragraph, start, end in windows:
        row = EncodedWindow.build(pieces, [] if bare else paragraph.headline, paragraph.pieces[start:end])
        answers = item.answers if item and paragraph is own else ()
        held += [any(n == sentence for sentence, _, _ in answers) for n in range(start, end)]
        for sentence, a, b in answers:
            if start <= sentence < end:
                at = row.spans[sentence - start][0]
                first.append((len(rows), at + a))
                last.append((len(rows), at + b))
        rows.append(row)
    return Example(rows, held, first, last)


def examples(questions: Questions, seed: int, epoch: int, size: int) -> list[list[Example]]:
    """Return all questions that are not held out, in batches of about equal length."""
    chance = random.Random(f"{seed} {epoch}")
    numbers = questions.numbers(TRAINED)
    chance.shuffle(numbers)
    made_examples = [example(questions, n, random.Random(f"{seed} {epoch} {n}")) for n in numbers]
    made_examples = [item for item in made_examples if item.rows]
    batches: list[list[Example]] = []
    for at in range(0, len(made_examples), 20 * size):
        pool = sorted(
            made_examples[at : at + 20 * size], key=lambda item: max(len(row.tokens) for row in item.rows)
        )
        batches += [pool[n : n + size] for n in range(0, len(pool), size)]
    chance.shuffle(batches)
    return batches
