"""Measure how many true statements `rag.verification.verify` accepts, and how many corrupted ones it rejects.

python -m benchmarks.corruption [--half development|kept] [--each 1500] [--show KIND] [--out FILE]
"""

import argparse
import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from benchmarks.corruption.bases import Base, bases
from benchmarks.corruption.false import KINDS, pieces
from benchmarks.corruption.honest import Truth, truths
from rag.verification.verify import verify_statement

# (kind, statement, what it was made of, reasons against it)
CheckedStatement = tuple[str, str, Truth, list[str]]


def check_statements(chosen: list[Base], seed: int) -> tuple[list[CheckedStatement], list[CheckedStatement]]:
    """Check every true statement made of the sentences, and one corrupted copy of each kind."""
    others = sorted({match[0] for base in chosen for match in pieces(base.text) if " " in match[0]})
    true_statements: list[CheckedStatement] = []
    corrupted: list[CheckedStatement] = []
    for base in chosen:
        made = truths(base)
        true_statements += [
            (truth.kind, truth.text, truth, reasons_against(truth.text, truth)) for truth in made
        ]
        for kind, corrupt in KINDS.items():
            draw = random.Random(f"{seed} {kind} {base.text}")
            truth = draw.choice(made)
            text = corrupt(truth, draw, others)
            if text and text not in {other.text for other in made}:
                corrupted.append((kind, text, truth, reasons_against(text, truth)))
    return true_statements, corrupted


def reasons_against(text: str, truth: Truth) -> list[str]:
    """Return why a statement is not supported by the sentences of its truth."""
    return verify_statement(text, truth.spans, [truth.base.headline])


def table(
    true_statements: list[CheckedStatement], corrupted: list[CheckedStatement]
) -> dict[str, dict[str, dict[str, float]]]:
    """Return counts and shares by kind: of true statements that pass, of corrupted ones that are caught."""
    return {
        "true, passed": _shares(true_statements, lambda reasons: not reasons),
        "corrupted, caught": _shares(corrupted, bool),
    }


def _shares(rows: list[CheckedStatement], is_success) -> dict[str, dict[str, float]]:
    kinds = ["all", *dict.fromkeys(sorted(row[0] for row in rows))]
    shares = {}
    for kind in kinds:
        chosen = [is_success(reasons) for made, _, _, reasons in rows if kind in ("all", made)]
        shares[kind] = {
            "statements": len(chosen),
            "share": round(sum(chosen) / len(chosen), 4) if chosen else 0.0,
        }
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("development", "kept", "both"), default="development")
    parser.add_argument("--each", type=int, default=1500, help="sentences of each source")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--show", help="print what went wrong with one kind (development half only)")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    chosen = bases(options.each, options.seed)
    result = {}
    for half in ("development", "kept") if options.half == "both" else (options.half,):
        true_statements, corrupted = check_statements(
            [base for base in chosen if base.for_development == (half == "development")], options.seed
        )
        result[half] = table(true_statements, corrupted)
        print(f"{half} half")
        for what, rows in result[half].items():
            for kind, row in rows.items():
                print(f"  {what:18} {kind:32} {row['statements']:6} {row['share']:.4f}")
        if options.show and half == "development":
            for kind, text, truth, reasons in true_statements:
                if kind in (options.show or "").split(",") and reasons:
                    print(f"REJECTED {text}\n   span: {' | '.join(truth.spans)}\n   {reasons}")
            for kind, text, truth, reasons in corrupted:
                if kind in (options.show or "").split(",") and not reasons:
                    print(f"LET PASS {text}\n   span: {' | '.join(truth.spans)}")
    if options.out:
        options.out.write_text(
            json.dumps({"seed": options.seed, "each": options.each, **result}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
