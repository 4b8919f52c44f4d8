"""The table of what `rag.verification.verify` catches and lets pass: python -m benchmarks.corruption [--half development|kept] [--each 1500] [--show KIND] [--out FILE]"""

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

Tried = tuple[str, str, Truth, list[str]]  # kind, statement, what it was made of, reasons against it


def tried(chosen: list[Base], seed: int) -> tuple[list[Tried], list[Tried]]:
    """Every true statement of the sentences, and for each sentence one corrupted copy a kind, with what the checks say of it."""
    others = sorted({match[0] for base in chosen for match in pieces(base.text) if " " in match[0]})
    passed: list[Tried] = []
    caught: list[Tried] = []
    for base in chosen:
        made = truths(base)
        passed += [(truth.kind, truth.text, truth, against(truth.text, truth)) for truth in made]
        for kind, corrupt in KINDS.items():
            draw = random.Random(f"{seed} {kind} {base.text}")
            truth = draw.choice(made)
            text = corrupt(truth, draw, others)
            if text and text not in {other.text for other in made}:
                caught.append((kind, text, truth, against(text, truth)))
    return passed, caught


def against(text: str, truth: Truth) -> list[str]:
    return verify_statement(text, truth.spans, [truth.base.headline])


def table(passed: list[Tried], caught: list[Tried]) -> dict[str, dict[str, dict[str, float]]]:
    """Counts and shares by kind: of true statements those that pass, of corrupted ones those that are caught."""
    return {
        "true, passed": _shares(passed, lambda reasons: not reasons),
        "corrupted, caught": _shares(caught, bool),
    }


def _shares(rows: list[Tried], good) -> dict[str, dict[str, float]]:
    kinds = ["all", *dict.fromkeys(sorted(row[0] for row in rows))]
    found = {}
    for kind in kinds:
        chosen = [good(reasons) for made, _, _, reasons in rows if kind in ("all", made)]
        found[kind] = {
            "statements": len(chosen),
            "share": round(sum(chosen) / len(chosen), 4) if chosen else 0.0,
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("development", "kept", "both"), default="development")
    parser.add_argument("--each", type=int, default=1500, help="sentences of each source")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--show", help="print what went wrong with one kind (development half only)")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    chosen = bases(arguments.each, arguments.seed)
    done = {}
    for half in ("development", "kept") if arguments.half == "both" else (arguments.half,):
        passed, caught = tried(
            [base for base in chosen if base.for_development == (half == "development")], arguments.seed
        )
        done[half] = table(passed, caught)
        print(f"{half} half")
        for what, rows in done[half].items():
            for kind, row in rows.items():
                print(f"  {what:18} {kind:32} {row['statements']:6} {row['share']:.4f}")
        if arguments.show and half == "development":
            for kind, text, truth, reasons in passed:
                if kind in (arguments.show or "").split(",") and reasons:
                    print(f"REJECTED {text}\n   span: {' | '.join(truth.spans)}\n   {reasons}")
            for kind, text, truth, reasons in caught:
                if kind in (arguments.show or "").split(",") and not reasons:
                    print(f"LET PASS {text}\n   span: {' | '.join(truth.spans)}")
    if arguments.out:
        arguments.out.write_text(
            json.dumps({"seed": arguments.seed, "each": arguments.each, **done}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
