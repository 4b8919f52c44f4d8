"""Have a larger model put training questions in other words, for the reranker to learn from.

    python training/rewording.py --model qwen2.5-coder-1.5b-instruct-q4_k_m.gguf

SQuADShifts' questions were asked by people who had the paragraph before them, and share its words; the
questions of people who have not read an article do not. The model sees a question with its answer and asks
the same again; words that stand in it or in the sentence that answers are made unlikely, names and numbers
aside. A line of the output holds the question, its sentence and answering words, and what was written. The
run can be stopped at any time and continues with the questions that have no line yet. The texts are not ours,
so the output stays out of the repository.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from benchmarks.public_sets import DATA
from training.batch_model import BatchModel, TokenSequence, asked
from training.holdout import CHOOSING, REPORTED, TRAINED, part
from training.questions import Question, read_squadshifts
from training.teacher import ROOT, finished, source_sentence

SHARES = {"new_wiki": 0.9, "reddit": 0.05, "amazon_reviews": 0.05}  # the latter two come out worse
MAX_TOKENS, SEQUENCES = 32, 24
PENALTY = 5.0  # subtracted from the logits of words that stand in the question or in its sentence
SYSTEM = (
    "Ask the same question in other words, as somebody would who has not read the answer's source. "
    "Keep the names. Do not give the answer away."
)
# Invented: a figure, a reason, a person, a date and a use.
EXAMPLES = (
    (
        "How many passengers does the Marisol take across the strait?",
        "420",
        "How big a crowd fits on board the Marisol?",
    ),
    (
        "Why was the bridge shut in March?",
        "two of its cables had begun to rust",
        "What was the matter with the crossing that nobody could use it in spring?",
    ),
    (
        "Who leads the inquiry that opened last week?",
        "Judge Helena Brandt",
        "Which person is in charge of the investigation?",
    ),
    (
        "When did the company buy its first mine in Ravenna?",
        "1987",
        "In what year did the firm get hold of a pit in Ravenna?",
    ),
    (
        "What did the reviewer use the lamp for?",
        "to read maps at night",
        "What purpose did the light serve for its owner?",
    ),
)
_WORD = re.compile(r"[a-z][a-z'’-]{3,}")
_FUNCTION = frozenset(
    "what when where which whose whom does have been were with that this they them their there from into "
    "many much some more most than then about after before between during under over only also such each "
    "will would could should being between because while other another".split()
)


def user_message(question: str, words: str) -> str:
    return f"Question: {question}\nAnswer: {words}"


def questions(data: Path, count: int) -> Iterator[tuple[str, Question, str]]:
    """Yield up to `count` questions with identifier and sentence, in the order of their hashes."""
    seen: set[str] = set()
    for name, share in SHARES.items():
        found = {}
        for question in read_squadshifts(data / f"squadshifts/{name}.jsonl.gz"):
            source = source_sentence(question)
            if source:
                key = sha256(f"{question.text}\n{source}".encode()).hexdigest()[:16]
                found[key] = (question, source)
        chosen = sorted(found.keys() - seen)[: round(count * share)]
        seen.update(chosen)
        yield from ((key, *found[key]) for key in chosen)


def unlikely(model: BatchModel, text: str) -> list[int]:
    """Return the tokens that start a lower-case content word of the text."""
    words = {word for word in _WORD.findall(text) if word not in _FUNCTION}
    return [model.tokenize(f" {word}", special=False)[0] for word in words]


def reword(model: BatchModel, fixed: TokenSequence, batch: Sequence[tuple[Question, str]]) -> list[str]:
    """Return each question in other words."""
    sequences = [model.copy(fixed, 1 + n) for n in range(len(batch))]
    model.read(
        [
            (sequence, model.tokenize(asked(user_message(question.text, question.answers[0]))))
            for sequence, (question, _) in zip(sequences, batch, strict=True)
        ]
    )
    banned = [unlikely(model, f"{question.text} {source}") for question, source in batch]
    written: list[list[int]] = [[] for _ in batch]
    open_ = list(range(len(batch)))
    for _ in range(MAX_TOKENS):
        work = []
        for n in open_:
            logits = sequences[n].logits
            assert logits is not None
            logits[banned[n]] -= PENALTY
            token = int(np.argmax(logits))
            if not model.ends(token):
                written[n].append(token)
                work.append((sequences[n], [token]))
        open_ = [sequence.id - 1 for sequence, _ in work]
        if not work:
            break
        model.read(work)
    for sequence in sequences:
        model.free(sequence)
    return [model.text(tokens).strip() for tokens in written]


def main() -> None:
    parser = argparse.ArgumentParser(description="Put training questions in other words; resumable.")
    parser.add_argument("--model", type=Path, required=True, help="GGUF of the model that writes")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with squadshifts/")
    parser.add_argument("--out", type=Path, default=ROOT / "training/work/reworded.jsonl")
    parser.add_argument("--count", type=int, default=6000, help="questions")
    parser.add_argument("--parts", nargs="+", default=[TRAINED, CHOOSING, REPORTED])
    given = parser.parse_args()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    done = finished(given.out)
    todo = [
        item
        for item in questions(given.data, given.count)
        if item[0] not in done and part(item[1].article.body) in given.parts
    ]
    model = BatchModel(given.model, 1 + SEQUENCES)
    fixed = TokenSequence(0)
    messages = [SystemMessage(SYSTEM)]
    for question, words, written in EXAMPLES:
        messages += [HumanMessage(user_message(question, words)), AIMessage(written)]
    model.read_fixed(fixed, messages)
    began = time.monotonic()
    with given.out.open("a", encoding="utf-8") as out:
        for first in range(0, len(todo), SEQUENCES):
            batch = todo[first : first + SEQUENCES]
            texts = reword(model, fixed, [(question, source) for _, question, source in batch])
            for (key, question, source), text in zip(batch, texts, strict=True):
                line = {
                    "id": key,
                    "set": question.source,
                    "part": part(question.article.body),
                    "question": question.text,
                    "source": source,
                    "words": question.answers[0],
                    "reworded": text,
                }
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
            out.flush()
            sys.stderr.write(
                f"{first + len(batch)} of {len(todo)}, {time.monotonic() - began:.0f} s in this run\n"
            )


if __name__ == "__main__":
    main()
