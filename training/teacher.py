"""Have a larger model write the sentences that a small writer learns from.

    python training/teacher.py --model qwen2.5-coder-1.5b-instruct-q4_k_m.gguf

Each SQuADShifts question goes to the teacher with the sentence that answers it and its answering words; the
teacher writes one sentence. A line of the output holds question, source sentence, answering words and what
was written; which of them are good enough to learn from is decided later, by the checks of
`rag/verification`. The run can be stopped at any time and continues with the questions that have no line
yet. Paragraphs that `training/holdout.py` keeps aside are left out. The texts are not ours, so the output
stays out of the repository.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from llama_cpp import Llama

from benchmarks.public_sets import DATA
from corpus.passages import sentence_spans
from training.examples import LONGEST_SENTENCE
from training.holdout import held_out
from training.questions import Question, read_squadshifts

ROOT = Path(__file__).parent.parent
# Wikipedia is nearest to news; the others have the first person and colloquial English.
SHARES = {"new_wiki": 0.8, "reddit": 0.1, "amazon_reviews": 0.1}
MAX_TOKENS = 60
SYSTEM = (
    "Turn a question and its short answer into one complete sentence that answers the question. "
    "Use the words of the question and of the source sentence. Add nothing."
)
# Invented: a figure, a reason, a person, and a source in the first person.
EXAMPLES = (
    (
        "How many people can the new ferry carry?",
        "The Marisol, launched on Tuesday, takes 420 passengers and 60 cars across the strait.",
        "420",
        "The new ferry can carry 420 passengers.",
    ),
    (
        "Why was the bridge closed in March?",
        "Engineers shut the bridge in March because two of its cables had begun to rust.",
        "two of its cables had begun to rust",
        "The bridge was closed in March because two of its cables had begun to rust.",
    ),
    (
        "Who leads the inquiry into the flood?",
        "The inquiry, which opened last week, is led by Judge Helena Brandt.",
        "Judge Helena Brandt",
        "Judge Helena Brandt leads the inquiry into the flood.",
    ),
    (
        "What did the reviewer use the lamp for?",
        "I bought this lamp for my desk and I use it to read maps at night.",
        "to read maps at night",
        "The reviewer used the lamp to read maps at night.",
    ),
)


def user_message(question: str, source: str, words: str) -> str:
    return f"Source: {source}\nQuestion: {question}\nShort answer: {words}"


def messages(question: str, source: str, words: str) -> list[dict[str, str]]:
    """Return the chat: the system line and four examples, which stay the same, then the question."""
    chat = [{"role": "system", "content": SYSTEM}]
    for asked, sentence, answer, written in EXAMPLES:
        chat.append({"role": "user", "content": user_message(asked, sentence, answer)})
        chat.append({"role": "assistant", "content": written})
    return [*chat, {"role": "user", "content": user_message(question, source, words)}]


def questions(data: Path, count: int) -> Iterator[tuple[str, Question, str]]:
    """Yield up to `count` questions with identifier and source sentence, in the order of their hashes."""
    for name, share in SHARES.items():
        found = {}
        for question in read_squadshifts(data / f"squadshifts/{name}.jsonl.gz"):
            source = source_sentence(question)
            if not held_out(question.article.body) and not question.whole and source:
                key = sha256(f"{question.text}\n{source}".encode()).hexdigest()[:16]
                found[key] = (question, source)
        for key in sorted(found)[: round(count * share)]:
            yield key, *found[key]


def source_sentence(question: Question) -> str:
    """Return the sentence with the whole answer, or an empty string where none has a usable length."""
    end = question.start + len(question.answers[0])
    for first, last in sentence_spans(question.article.body):
        if first <= question.start and end <= last and 20 <= last - first <= LONGEST_SENTENCE:
            return question.article.body[first:last]
    return ""


def finished(out: Path) -> set[str]:
    """Return the identifiers that have a whole line; a line cut off by a stop is removed."""
    if not out.exists():
        return set()
    text = out.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        out.write_text(whole, encoding="utf-8")
    return {json.loads(line)["id"] for line in whole.splitlines()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Write training sentences with a larger model; resumable.")
    parser.add_argument("--model", type=Path, required=True, help="GGUF of the teacher")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with squadshifts/")
    parser.add_argument("--out", type=Path, default=ROOT / "training/work/teacher.jsonl")
    parser.add_argument("--count", type=int, default=5000, help="questions")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    done = finished(given.out)
    model = Llama(
        str(given.model), n_ctx=1024, n_threads=given.threads, n_threads_batch=given.threads, verbose=False
    )
    began = time.monotonic()
    try:
        with given.out.open("a", encoding="utf-8") as out:
            for key, question, source in questions(given.data, given.count):
                if key in done:
                    continue
                chat = messages(question.text, source, question.answers[0])
                reply = model.create_chat_completion(
                    chat, max_tokens=MAX_TOKENS, temperature=0.0, stop=["\n"]
                )
                written = reply["choices"][0]["message"]["content"].strip()
                line = {
                    "id": key,
                    "set": question.source,
                    "question": question.text,
                    "title": question.article.title,
                    "source": source,
                    "words": question.answers[0],
                    "answers": question.answers,
                    "written": written,
                }
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
                out.flush()
                done.add(key)
                if len(done) % 50 == 0:
                    sys.stderr.write(f"{len(done)} written, {time.monotonic() - began:.0f} s in this run\n")
    finally:
        model.close()


if __name__ == "__main__":
    main()
