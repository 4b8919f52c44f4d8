"""Put the committed runs' figures into the README and the results' README: python docs/results.py"""

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "rag/evaluation/results"
COLUMNS = ("all", "development half", "test half")
# What the README shows of them; all stand in the results' own README.
_MAIN = (
    "questions", "right article@3", "evidence@3", "right", "figures right", "as-of right", "citation precision", "citation recall",
    "unsupported statements", "refusal precision", "refusal recall", "seconds to evidence", "seconds",
)  # fmt: skip
# Of whole systems, by benchmarks/answers.
_COMPARED = (
    "right", "change-over-time", "disagreement", "figures right", "as-of right", "dated", "citation precision", "citation recall", "statements",
    "unsupported", "figures invented", "refusal precision", "refusal recall", "seconds to evidence", "seconds",
)  # fmt: skip
# What others published for MultiHop-RAG, with its code and chunks: Tang and Yang 2024, table 5, and runs of that code by others.
_PUBLISHED = ("voyage-02 and bge-reranker-large, as published", "0.747", "0.663", "-", "0.586")
_MEASURES = {"Hits@10": "hits_10", "Hits@4": "hits_4", "MAP@10": "map_10", "MRR@10": "mrr_10"}
_COLLECTIONS = {
    "all": "all 609 articles, title and text alone",
    "dated": "the 326 whose publisher and date are known, with them",
}


def answers(run: dict[str, Any], columns: tuple[str, ...], measures: tuple[str, ...] = ()) -> str:
    """A table of a run over gold questions: one row a measure (those of `measures`, or all)."""
    rows = [("", *columns)] + [
        (
            measure,
            *(
                "-" if (value := run["summary"][column][measure]) is None else str(value)
                for column in columns
            ),
        )
        for measure in run["summary"]["all"]
        if (
            measure in measures
            if measures
            else any(run["summary"][column][measure] is not None for column in columns)
        )
    ]
    return _table(rows)


def retrieval(run: dict[str, Any], names: tuple[str, ...] | None = None) -> str:
    """A table of a run over MultiHop-RAG: one row a way of retrieving (those of `names`, or all)."""
    rows = [("MultiHop-RAG", *_MEASURES, "null AUC", "ms")]
    for collection, told in _COLLECTIONS.items():
        rows.append((f"**{told}**", *[""] * 6))
        if collection == "all":
            rows.append((*_PUBLISHED, "-", "-"))
        for row in run["rows"]:
            if row["collection"] == collection and (names is None or row["name"] in names):
                shares = [f"{row['all'][measure]:.3f}" for measure in _MEASURES.values()]
                rows.append((row["name"], *shares, f"{row['null_auc']:.3f}", f"{row['milliseconds']:.0f}"))
    return _table(rows)


def halves(run: dict[str, Any]) -> str:
    """The half that the weights were swept on beside the half that they never saw."""
    rows = [("Dateline", "half", *_MEASURES)]
    for row in run["rows"]:
        if row["name"] == "Dateline":
            rows += [
                (row["collection"], half, *(f"{row[half][measure]:.3f}" for measure in _MEASURES.values()))
                for half in ("swept", "unseen")
            ]
    return _table(rows)


def decoding(run: dict[str, Any]) -> str:
    """Ways of decoding: one row a way."""
    measures = tuple(next(iter(run["ways"].values())))
    return _table(
        [
            (f"{run['questions']} questions", *measures),
            *((way, *map(str, row.values())) for way, row in run["ways"].items()),
        ]
    )


def systems(run: dict[str, Any]) -> str:
    """Dateline, without each of its steps, and a newcomer's recipe: one row a system."""
    kept = [measure for measure in _COMPARED if any(row.get(measure) is not None for row in run.values())]
    asked = next(iter(run.values()))["questions"]
    return _table(
        [
            (f"{asked} questions", *kept),
            *(
                (name, *("-" if row.get(measure) is None else str(row[measure]) for measure in kept))
                for name, row in run.items()
            ),
        ]
    )


def _table(rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def tables() -> dict[Path, dict[str, str]]:
    """For each document, its generated tables by the name of the mark above them."""
    run, found, ways = (
        json.loads((RESULTS / f"{name}.json").read_text()) for name in ("baseline", "retrieval", "decoding")
    )
    kinds = tuple(name for name in run["summary"] if name not in COLUMNS and "/" not in name)
    compared = json.loads((RESULTS / "answers.json").read_text())
    asked = RESULTS / "multihop.json"
    hops = (
        {"multihop": answers(json.loads(asked.read_text()), (*COLUMNS, "fact", "yes-no", "unanswerable"))}
        if asked.exists()
        else {}
    )
    return {
        ROOT / "README.md": {
            "results": answers(run, COLUMNS, _MAIN),
            "retrieval": retrieval(found, ("newcomer's recipe", "Dateline")),
        },
        RESULTS / "README.md": {
            "kinds": answers(run, ("all", *kinds)),
            "retrieval": retrieval(found),
            "halves": halves(found),
            "decoding": decoding(ways),
            **{f"answers {name}": systems(rows) for name, rows in compared.items()},
            **hops,
        },
    }


def filled(text: str, made: dict[str, str]) -> str:
    """A document with the table below each mark replaced."""
    for mark, table in made.items():
        text = re.sub(
            rf"(<!-- {mark} -->\n\n)(?:\|.*\n)*", lambda found, table=table: f"{found[1]}{table}\n", text
        )
    return text


def main() -> None:
    for path, made in tables().items():
        path.write_text(filled(path.read_text(), made))
        sys.stdout.write(f"{path.relative_to(ROOT)}: {', '.join(made)}\n")


if __name__ == "__main__":
    main()
