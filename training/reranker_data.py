"""Questions of public sets -> examples for the evidence ranker: a question, windows of sentences, and which of them answer it.

A window is what the product will show the ranker: a few sentences in a row under a headline. Beside the one with the answer there is a hard
one: the rest of the same paragraph, or the sentences of another paragraph that BM25 likes best. In some examples none answers: the
sentence is left out, or a name or figure of the question is exchanged. Every example follows from (seed, epoch, number) alone.
"""

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from corpus.passages import sentence_spans
from embeddings.encoder import Encoder
from embeddings.reranker import TOKEN_LIMITS, EncodedWindow
from training.holdout import held_out

SETS = ("new_wiki", "reddit", "amazon_reviews")
WITHOUT, EXCHANGED, SAME_PARAGRAPH, NO_HEADLINE = 0.2, 0.08, 0.4, 0.3  # shares of the examples
RIVALS = 8  # paragraphs of BM25 that hard windows are taken from
_WIKI_TITLE = re.compile(r"^(?!Amazon|Filtered)")
_NAMED = re.compile(r"(?<!^)\b(?:[A-Z][\w’'-]+|\d[\d,.]*\d|\d)(?![\w’'])")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`pieces` are the word pieces of each sentence, `places` the characters of each piece in the sentence."""

    headline: list[int]
    texts: tuple[str, ...]
    pieces: list[list[int]]
    places: list[list[tuple[int, int]]]
    unseen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """`answers` are (sentence, first piece, last piece) in the paragraph; `rivals` other paragraphs with their sentence nearest in words."""

    text: str
    paragraph: int
    answers: tuple[tuple[int, int, int], ...]
    rivals: tuple[tuple[int, int], ...] = ()

    @property
    def sentences(self) -> set[int]:
        return {sentence for sentence, _, _ in self.answers}


@dataclass(frozen=True, slots=True)
class Example:
    """Rows of one question; `held` tells of each sentence in order whether it answers, `first` and `last` are (row, piece) of answers."""

    rows: list[EncodedWindow]
    held: list[bool]
    first: list[tuple[int, int]]
    last: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Questions:
    paragraphs: list[Paragraph]
    asked: list[Asked]
    pieces: list[list[int]]
    exchanged: dict[
        int, list[int]
    ]  # question -> its word pieces with one name or figure of another question in place of its own

    def numbers(self, unseen: bool) -> list[int]:
        return [n for n, item in enumerate(self.asked) if self.paragraphs[item.paragraph].unseen == unseen]


def read_questions(folder: Path, encoder: Encoder) -> Questions:
    """All questions of squadshifts and CLAPNQ under `folder`; a tenth of the paragraphs, by the hash of their text, is held out."""
    paragraphs: list[Paragraph] = []
    asked: list[Asked] = []
    for title, spans, text, qas in [*_squadshifts(folder / "squadshifts"), *_clapnq(folder / "clapnq")]:
        told = encoder.tokenizer(
            [text[a:b] for a, b in spans],
            add_special_tokens=False,
            return_offsets_mapping=True,
            verbose=False,
        )
        places = [
            [(a + spans[n][0], b + spans[n][0]) for a, b in row]
            for n, row in enumerate(told["offset_mapping"])
        ]
        cut = TOKEN_LIMITS["sentence"]
        paragraphs.append(
            Paragraph(
                encoder.tokenize([title])[0],
                tuple(text[a:b] for a, b in spans),
                [ids[:cut] for ids in told["input_ids"]],
                [row[:cut] for row in places],
                held_out(text),
            )
        )
        for question, answers in qas:
            found = {
                place for start, end in answers if (place := _piece_of(places, start, end)) and place[2] < cut
            }
            if found or not answers:
                asked.append(Asked(question, len(paragraphs) - 1, tuple(sorted(found))))
    rivals = _rivals(paragraphs, asked, encoder)
    asked = [
        Asked(item.text, item.paragraph, item.answers, near) for item, near in zip(asked, rivals, strict=True)
    ]
    return Questions(
        paragraphs, asked, encoder.tokenize([item.text for item in asked]), _exchanged(asked, encoder)
    )


Raw = tuple[str, list[tuple[int, int]], str, list[tuple[str, list[tuple[int, int]]]]]


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _squadshifts(folder: Path) -> Iterator[Raw]:
    for name in SETS:
        for entry in _lines(folder / f"{name}.jsonl.gz"):
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


def _clapnq(folder: Path) -> Iterator[Raw]:
    """Each passage's own sentences; those that people used to answer with are the answers."""
    for name in ("answerable", "unanswerable"):
        for entry in _lines(folder / f"clapnq_dev_{name}.jsonl.gz"):
            (passage,) = entry["passages"][:1]
            chosen = set(entry["output"][0]["selected_sentences"]) if name == "answerable" else set()
            text, spans, used = "", [], []
            for sentence in passage["sentences"]:
                bare = _written(sentence)
                spans.append((len(text), len(text) + len(bare)))
                used += [spans[-1]] if sentence in chosen else []
                text += f"{bare} "
            yield passage["title"], spans, text, [(entry["input"], used)]


def _written(text: str) -> str:
    """Words of a tokenised sentence with its punctuation where people write it."""
    text = re.sub(r"`` ?| ?''", '"', text)
    return re.sub(r" (?=[.,;:!?)\]%]|'s\b|n't\b)|(?<=[(\[$]) | (?=- )|(?<= -) ", "", text).strip()


def _piece_of(
    places: Sequence[Sequence[tuple[int, int]]], start: int, end: int
) -> tuple[int, int, int] | None:
    """(sentence, first piece, last piece in that sentence) of the characters of an answer."""
    for n, row in enumerate(places):
        inside = [i for i, (a, b) in enumerate(row) if a < end and b > start]
        if inside:
            return n, inside[0], inside[-1]
    return None


def _rivals(
    paragraphs: list[Paragraph], asked: list[Asked], encoder: Encoder
) -> list[tuple[tuple[int, int], ...]]:
    """For each question the paragraphs of its own side that BM25 puts first, without its own and without those that hold an answer's words."""
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
        counter.transform(encoder.tokenize([item.text for item in asked])) > 0, dtype=np.float32
    )
    side = np.array([item.unseen for item in paragraphs])
    weight = {term: float(idf[n]) for term, n in counter.vocabulary_.items()}
    whole = [" ".join(item.texts).lower() for item in paragraphs]
    found: list[tuple[tuple[int, int], ...]] = []
    for first in range(0, len(asked), 1000):
        scores = (queries[first : first + 1000] @ terms.T).toarray()
        for item, row in zip(asked[first : first + 1000], scores, strict=True):
            own = paragraphs[item.paragraph]
            row[side != own.unseen] = -1
            row[item.paragraph] = -1
            said = {_answer(own, place) for place in item.answers}
            best = np.argpartition(-row, 2 * RIVALS)[: 2 * RIVALS]
            kept = [
                int(n)
                for n in best[np.argsort(-row[best])]
                if not any(len(words) > 2 and words in whole[n] for words in said)
            ][:RIVALS]
            wanted = set(encoder.tokenize([item.text])[0])
            found.append(tuple((n, _nearest(wanted, paragraphs[n], weight)) for n in kept))
    return found


def _answer(paragraph: Paragraph, place: tuple[int, int, int]) -> str:
    sentence, first, last = place
    start = paragraph.places[sentence][0][0]
    return paragraph.texts[sentence][
        paragraph.places[sentence][first][0] - start : paragraph.places[sentence][last][1] - start
    ].lower()


def _nearest(wanted: set[int], paragraph: Paragraph, weight: dict[int, float]) -> int:
    shared = [sum(weight.get(i, 0.0) for i in wanted & set(row)) for row in paragraph.pieces]
    return int(np.argmax(shared))


def _exchanged(asked: list[Asked], encoder: Encoder) -> dict[int, list[int]]:
    """Questions with a name or figure, with another question's of the same kind in its place; the choice follows from the text alone."""
    names = {True: ["7"], False: ["Anna"]}
    found = {n: match for n, item in enumerate(asked) if (match := _NAMED.search(item.text))}
    for match in found.values():
        names[match[0][0].isdigit()].append(match[0])
    texts = {}
    for n, match in found.items():
        pool = names[match[0][0].isdigit()]
        other = pool[int(sha256(asked[n].text.encode()).hexdigest(), 16) % len(pool)]
        if other.lower() != match[0].lower():
            texts[n] = f"{asked[n].text[: match.start()]}{other}{asked[n].text[match.end() :]}"
    return dict(zip(texts, encoder.tokenize(list(texts.values())), strict=True))


def example(questions: Questions, number: int, chance: random.Random) -> Example:
    """One question with a window around its answer, or beside it, and a hard one."""
    item = questions.asked[number]
    own = questions.paragraphs[item.paragraph]
    pieces, answering, windows = questions.pieces[number], True, []
    lot = chance.random()
    if lot < EXCHANGED and number in questions.exchanged:
        pieces, answering = questions.exchanged[number], False
    if not item.answers:
        windows.append((own, *_around(own, chance.randrange(len(own.pieces)), chance)))
    elif EXCHANGED <= lot < EXCHANGED + WITHOUT:
        windows += [(own, *span) for span in _beside(own, item.sentences, chance)]
    else:
        windows.append((own, *_around(own, chance.choice(item.answers)[0], chance)))
        if chance.random() < SAME_PARAGRAPH:
            covered = set(range(windows[0][1], windows[0][2])) | item.sentences
            windows += [(own, *span) for span in _beside(own, covered, chance)]
    if len(windows) < 2 and item.rivals:
        other, near = chance.choice(item.rivals)
        windows.append((questions.paragraphs[other], *_around(questions.paragraphs[other], near, chance)))
    return _example(pieces, item if answering else None, own, windows, chance.random() < NO_HEADLINE)


def _around(paragraph: Paragraph, sentence: int, chance: random.Random) -> tuple[int, int]:
    return max(0, sentence - chance.randint(0, 2)), min(
        len(paragraph.pieces), sentence + 1 + chance.randint(0, 2)
    )


def _beside(paragraph: Paragraph, taken: set[int], chance: random.Random) -> list[tuple[int, int]]:
    """A window of sentences that are not taken, if there are any."""
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
    item: Asked | None,
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
    """All questions that are not held out, in batches of questions of about one length."""
    chance = random.Random(f"{seed} {epoch}")
    numbers = questions.numbers(unseen=False)
    chance.shuffle(numbers)
    made = [example(questions, n, random.Random(f"{seed} {epoch} {n}")) for n in numbers]
    made = [item for item in made if item.rows]
    batches: list[list[Example]] = []
    for at in range(0, len(made), 20 * size):
        pool = sorted(made[at : at + 20 * size], key=lambda item: max(len(row.tokens) for row in item.rows))
        batches += [pool[n : n + size] for n in range(0, len(pool), size)]
    chance.shuffle(batches)
    return batches
