"""The support score of `rag.verification.verify` on AttributionBench, against a plain cosine and word overlap: python benchmarks/support.py [--out FILE]"""

import argparse
import gzip
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

import rag.verification.verify
from corpus.passages import sentence_spans
from corpus.words import content_stems
from embeddings.encoder import Encoder

DATA = Path(__file__).parent.parent.parent / "shared/data/attributionbench/dev.jsonl.gz"
PASSING = 0.10  # of the statements that their sources do not carry, this share at most may pass
THRESHOLDS = [round(0.05 * n, 2) for n in range(8, 20)]


def area(scores: list[float], true: np.ndarray) -> float:
    """Area under the ROC curve: the share of pairs (true, false) in which the true one scores higher; ties count half.

    >>> area([0.9, 0.4, 0.4], np.array([True, True, False]))
    0.75
    """
    values = np.array(scores)
    above, below = values[true][:, None], values[~true]
    return round(float((above > below).mean() + (above == below).mean() / 2), 4)


def cosines(encoder: Encoder, claims: list[tuple[str, list[str]]]) -> list[float]:
    """The best cosine of each claim with a sentence of its source."""
    told = [[span[start:end] for span in spans for start, end in sentence_spans(span)] for _, spans in claims]
    texts = list(dict.fromkeys([text for found in told for text in found] + [claim for claim, _ in claims]))
    vectors = dict(zip(texts, encoder.encode(texts), strict=True))
    return [
        float(max(vectors[text] @ vectors[claim] for text in found))
        for (claim, _), found in zip(claims, told, strict=True)
    ]


def overlap(claim: str, spans: list[str]) -> float:
    wanted, held = content_stems(claim), set(content_stems("\n".join(spans)))
    return sum(word in held for word in wanted) / len(wanted) if wanted else 1.0


def curve(claims: list[tuple[str, list[str]]], true: np.ndarray) -> list[dict[str, float]]:
    """For each threshold of content closeness the shares that pass all checks."""
    rows = []
    in_use = rag.verification.verify.MIN_CONTENT_OVERLAP
    for threshold in THRESHOLDS:
        rag.verification.verify.MIN_CONTENT_OVERLAP = threshold
        passed = np.array(
            [not rag.verification.verify.verify_statement(claim, spans) for claim, spans in claims]
        )
        rows.append(
            {
                "threshold": threshold,
                "attributable": round(passed[true].mean(), 4),
                "not attributable": round(passed[~true].mean(), 4),
            }
        )
    rag.verification.verify.MIN_CONTENT_OVERLAP = in_use
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        read = list(map(json.loads, lines))
    claims = [(re.sub(r"\s*\[\d+\]", "", row["claim"]), row["references"]) for row in read]
    true = np.array([row["attribution_label"] == "attributable" for row in read])
    areas = {
        "support": area([rag.verification.verify.support_score(*pair) for pair in claims], true),
        "cosine": area(cosines(Encoder(), claims), true),
        "word overlap": area([overlap(*pair) for pair in claims], true),
    }
    rows = curve(claims, true)
    chosen = min((row["threshold"] for row in rows if row["not attributable"] <= PASSING), default=None)
    done = {
        "rows": len(claims),
        "area under ROC": areas,
        "passing all checks": rows,
        "at most": PASSING,
        "lowest threshold": chosen,
        "in use": rag.verification.verify.MIN_CONTENT_OVERLAP,
    }
    print(json.dumps(done, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(done, indent=1) + "\n")


if __name__ == "__main__":
    main()
