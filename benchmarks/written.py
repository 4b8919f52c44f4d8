"""Measure the checks of written sentences: on those of a teacher, true and corrupted, and on short answers.

python benchmarks/written.py --teacher training/work/teacher.jsonl [--data ../shared/data] [--out FILE]

Of the teacher's sentences those count that hold the answering words; about one in ten of them still says
something else than its source, which a pass rate cannot see. Short answers are held-out SQuADShifts answers
with their windows, right ones and other spans of the same sentences.
"""

import argparse
import json
import random
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.corruption.bases import Base
from benchmarks.corruption.false import KINDS, pieces
from benchmarks.corruption.honest import Truth
from benchmarks.public_sets import DATA
from corpus.article import Article
from corpus.passages import Passage
from embeddings.encoder import Encoder
from embeddings.support import SupportModel
from rag.answers.written import MIN_SUPPORT
from rag.evaluation.measures.ranking import roc_auc
from rag.retrieval.evidence import Evidence
from rag.verification.written import answering_words, support_claim, verify_written
from training.support_data import read_examples

SEED = 20261121
THRESHOLDS = [-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--squad", type=int, default=10_000, help="as in training/support.py")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    encoder = Encoder(1)
    model = SupportModel(encoder)
    report = {
        "teacher": measure_teacher(options.teacher, model),
        "held out": measure_held_out(options.data, options.squad, model),
    }
    text = json.dumps(report, indent=1)
    sys.stdout.write(f"{text}\n")
    if options.out:
        options.out.write_text(f"{text}\n", encoding="utf-8")


def measure_teacher(file: Path, model: SupportModel) -> dict[str, object]:
    """Return the shares of the teacher's sentences that pass, and of their corruptions that are caught."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if line["words"].lower() in line["written"].lower()]
    others = sorted({match[0] for line in lines for match in pieces(line["written"]) if " " in match[0]})
    passed: list[bool] = []
    caught: dict[str, list[bool]] = defaultdict(list)
    for line in lines:
        title = line["title"].replace("_", " ") if line["set"].startswith("new") else ""
        article = Article(title, line["source"], None, published=None, origin="teacher")
        item = Evidence(
            Passage(article, 0, len(line["source"])), 0, len(line["source"]), score=0.0, relevance=0.0
        )
        passed.append(_passes(line["written"], line["question"], item, model))
        base = Base(line["source"], "", "", title, "teacher")
        truth = Truth(line["written"], "written", (line["source"],), base)
        for kind, corrupt in KINDS.items():
            text = corrupt(truth, random.Random(f"{SEED} {kind} {line['source']}"), others)
            if text and text != line["written"]:
                caught[kind].append(not _passes(text, line["question"], item, model))
    return {
        "sentences": len(passed),
        "passed": round(sum(passed) / len(passed), 3),
        "caught": {
            kind: {"of": len(found), "share": round(sum(found) / len(found), 3)}
            for kind, found in caught.items()
        },
    }


def _passes(text: str, question: str, item: Evidence, model: SupportModel) -> bool:
    words = answering_words(text, question)
    if not words or verify_written(text, question, item):
        return False
    return model.score([support_claim(words, question, item)])[0] >= MIN_SUPPORT


def measure_held_out(data: Path, squad: int, model: SupportModel) -> dict[str, object]:
    """Return area under ROC, and the shares of right and wrong short answers above each threshold."""
    examples = [
        example
        for example in read_examples(data, None, squad, SEED)
        if example.held_out and example.set == "squadshifts"
    ]
    scores = model.score([example.claim for example in examples])
    right = [score for score, example in zip(scores, examples, strict=True) if example.supported]
    wrong = [score for score, example in zip(scores, examples, strict=True) if not example.supported]
    return {
        "right": len(right),
        "wrong": len(wrong),
        "area": round(roc_auc(right, wrong), 3),
        "above": {
            str(least): [
                round(sum(score >= least for score in right) / len(right), 3),
                round(sum(score >= least for score in wrong) / len(wrong), 3),
            ]
            for least in THRESHOLDS
        },
    }


if __name__ == "__main__":
    main()
