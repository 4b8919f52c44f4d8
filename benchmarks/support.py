"""Measure the support score of `rag.verification.verify` on AttributionBench, beside cosine and word overlap.

python benchmarks/support.py [--out FILE]
"""

import argparse
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

import rag.verification.verify
from benchmarks.public_sets import DATA, read_lines
from corpus.passages import sentence_spans
from corpus.words import content_stems
from embeddings.encoder import Encoder
from rag.evaluation.measures.ranking import label_auc

MAX_FALSE_PASSES = 0.10  # at most this share of the statements that their sources do not support may pass
THRESHOLDS = [round(0.05 * n, 2) for n in range(8, 20)]


def best_cosines(encoder: Encoder, claims: list[tuple[str, list[str]]]) -> list[float]:
    """Return the best cosine of each claim with a sentence of its source."""
    sources = [
        [span[start:end] for span in spans for start, end in sentence_spans(span)] for _, spans in claims
    ]
    texts = list(
        dict.fromkeys([text for found in sources for text in found] + [claim for claim, _ in claims])
    )
    vectors = dict(zip(texts, encoder.encode(texts), strict=True))
    return [
        float(max(vectors[text] @ vectors[claim] for text in found))
        for (claim, _), found in zip(claims, sources, strict=True)
    ]


def word_overlap(claim: str, spans: list[str]) -> float:
    """Return the share of a claim's content words that its source holds."""
    wanted, held = content_stems(claim), set(content_stems("\n".join(spans)))
    return sum(word in held for word in wanted) / len(wanted) if wanted else 1.0


def threshold_curve(claims: list[tuple[str, list[str]]], true: np.ndarray) -> list[dict[str, float]]:
    """Return, for each threshold of content overlap, the shares of statements that pass all checks."""
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
    options = parser.parse_args()
    read = list(read_lines(DATA / "attributionbench/dev.jsonl.gz"))
    claims = [(re.sub(r"\s*\[\d+\]", "", row["claim"]), row["references"]) for row in read]
    true = np.array([row["attribution_label"] == "attributable" for row in read])
    scores = {
        "support": [rag.verification.verify.support_score(*pair) for pair in claims],
        "cosine": best_cosines(Encoder(), claims),
        "word overlap": [word_overlap(*pair) for pair in claims],
    }
    areas = {name: round(label_auc(true, found), 4) for name, found in scores.items()}
    rows = threshold_curve(claims, true)
    lowest = min(
        (row["threshold"] for row in rows if row["not attributable"] <= MAX_FALSE_PASSES), default=None
    )
    result = {
        "rows": len(claims),
        "area under ROC": areas,
        "passing all checks": rows,
        "at most": MAX_FALSE_PASSES,
        "lowest threshold": lowest,
        "in use": rag.verification.verify.MIN_CONTENT_OVERLAP,
    }
    print(json.dumps(result, indent=1))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
