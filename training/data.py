"""Make training examples for the packaged model from public questions, one JSON object a line.

    python training/data.py --out FOLDER

Each example is a prompt as the product sends it: the sentences that the product's own ranking (without the
encoder's cosines) puts first, from the question's paragraph and those nearest to it; and as the target the
number of one of them with its answering words, or the refusal. The questions of one paragraph, by its hash,
are all in one file (`training/holdout.py`): train.jsonl, choose.jsonl, by which `train.py` chooses its
checkpoint, or held.jsonl, which `evaluate.py` reports.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.public_sets import DATA
from corpus.passages import sentence_spans
from embeddings.encoder import Encoder
from embeddings.reranker import Reranker, Window
from rag.generation.prompts import TRAINED_FOLDER, Prompts
from rag.retrieval.evidence import Evidence, whole_words
from rag.settings import ROOT
from training.examples import SETS, Example, examples
from training.holdout import CHOOSING, REPORTED, TRAINED, part
from training.questions import read_squadshifts, read_unanswerable

PROMPT_SENTENCES = (3, 3, 4, 4)  # sentences in a prompt


def to_json(example: Example, prompts: Prompts, ranker: Reranker | None) -> dict[str, object]:
    """Return an example as JSON values; with a reranker also its score and words of each sentence."""
    windows = [Window(item.article.headline, _with_previous(item)) for item in example.lines]
    readings = [window[-1] for window in ranker.predict(example.question.text, windows)] if ranker else []
    messages, _ = prompts.messages(example.question.text, example.lines, budget=10**6)
    return {
        "kind": example.kind,
        "source": example.question.source,
        "paragraph": example.question.article.id,
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
        default=DATA,
        help="folder with squadshifts/ and clapnq/",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "training/work")
    parser.add_argument("--examples", type=int, default=9000)
    parser.add_argument("--held", type=int, default=400, help="examples to report")
    parser.add_argument("--choose", type=int, default=200, help="examples to choose a checkpoint by")
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
    for name, own, many, lines, ranker in (
        ("held", REPORTED, options.held, (4,), reranker),
        ("choose", CHOOSING, options.choose, (4,), None),
        ("train", TRAINED, options.examples, PROMPT_SENTENCES, None),
    ):
        kept = [question for question in questions if part(question.article.body) == own]
        counts: Counter[str] = Counter()
        with (options.out / f"{name}.jsonl").open("w", encoding="utf-8") as out:
            for example in examples(kept, many, options.seed, lines):
                counts[example.kind] += 1
                out.write(json.dumps(to_json(example, prompts, ranker), ensure_ascii=False) + "\n")
        sys.stderr.write(f"{name}: {dict(counts)} of {len(kept)} questions\n")


if __name__ == "__main__":
    main()
