"""Write the tables of the committed runs into the documents that show them: python docs/results.py"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from rag.evaluation.controls.files import reached_by
from rag.evaluation.measures.strict import RULES

RESULTS = ROOT / "rag/evaluation/results"
COLUMNS = ("all", "development half", "test half")
# The measures that the README shows, those that docs/measuring.md does; the results' own README shows all.
_SHORT = (
    "strictly right",
    "right",
    "citation precision",
    "citation recall",
    "refusal precision",
    "refusal recall",
    "seconds to evidence",
    "seconds",
)
_MAIN = (  # the weakest first
    "questions",
    "CRAG",
    "strictly right",
    "citation precision",
    "refusal recall",
    "right",
    "citation recall",
    "figures right",
    "refusal precision",
    "as-of right",
    "evidence@3",
    "right article@3",
    "unsupported statements",
    "seconds to evidence",
    "seconds",
)
# The measures of whole systems, by benchmarks/answers.
_COMPARED = (
    "right",
    "change-over-time",
    "disagreement",
    "figures right",
    "as-of right",
    "dated",
    "citation precision",
    "citation recall",
    "statements",
    "unsupported",
    "figures invented",
    "refusal precision",
    "refusal recall",
    "seconds to evidence",
    "seconds",
)
# Published by others for MultiHop-RAG, with its code and chunks: Tang and Yang 2024, table 5, and later runs.
_PUBLISHED_OVER = "as published, over all 2,255 questions with facts: not the questions above"
_PUBLISHED = ("voyage-02 and bge-reranker-large", "2255", "0.747", "0.663", "-", "0.586")
# The measures of answers that controls are compared by.
_CONTROLLED = (
    "strictly right",
    "right",
    "nugget recall",
    "statement precision",
    "figures right",
    "citation precision",
    "citation recall",
    "refusal recall",
)
# The runs of the table of questions in other words, and what it shows of each.
_WORDINGS = {
    "gold, development half": ("baseline", "development half"),
    "the same in other words": ("paraphrased", "all"),
    "the same, `standard`": ("paraphrased-standard", "all"),
    "the sealed test": ("sealed-small", "all"),
    "the sealed test, `standard`": ("sealed-standard", "all"),
}
_WORDED = ("questions", "recall@10", "evidence@3", "right", "strictly right", "written")
_WORDED += ("refusal precision", "refusal recall")
_MEASURES = {"Hits@10": "hits_10", "Hits@4": "hits_4", "MAP@10": "map_10", "MRR@10": "mrr_10"}
_COLLECTIONS = {
    "all": "all 609 articles, title and text alone",
    "dated": "the 326 whose publisher and date are known, with them",
}


def answers_table(run: dict[str, Any], columns: tuple[str, ...], measures: tuple[str, ...] = ()) -> str:
    """Return a table of a run over gold questions, a row for each measure (of `measures`, or all)."""
    rows = [("", *columns)] + [
        (
            measure,
            *(
                "-"
                if (value := run["summary"][column][measure]) is None
                else f"{value}{_between(_interval(run, column, measure) if measures else None)}"
                for column in columns
            ),
        )
        for measure in measures or run["summary"]["all"]
        if any(run["summary"][column].get(measure) is not None for column in columns)
    ]
    return _markdown_table(rows)


def _interval(run: dict[str, Any], column: str, measure: str) -> Sequence[float] | None:
    """Return the bootstrap interval of a run's mean; None for counts, seconds and refusals."""
    groups = {"all": run["intervals"], **run["group_intervals"]}
    interval: Sequence[float] | None = groups[column].get(measure)
    return interval


def retrieval_table(run: dict[str, Any], names: tuple[str, ...] | None = None) -> str:
    """Return a table of a run over MultiHop-RAG: the searches (of `names`, or all) on the same questions.

    What others published stands apart, since it is over other questions.
    """
    rows = [("MultiHop-RAG", "questions", *_MEASURES, "null AUC", "ms")]
    for collection, description in _COLLECTIONS.items():
        rows.append((f"**{description}**", *[""] * 7))
        for row in run["rows"]:
            if row["collection"] == collection and (names is None or row["name"] in names):
                extra = (f"{row['null_auc']:.3f}", f"{row['milliseconds']:.0f}")
                rows.append((row["name"], *_retrieval_cells(run, row, "all"), *extra))
                if names:
                    unseen = _retrieval_cells(run, row, "unseen")
                    rows.append((f"{row['name']}, the half not tuned on", *unseen, "-", "-"))
    rows.append((f"**{_PUBLISHED_OVER}**", *[""] * 7))
    rows.append((*_PUBLISHED, "-", "-"))
    return _markdown_table(rows)


def _retrieval_cells(run: dict[str, Any], row: dict[str, Any], half: str) -> tuple[str, ...]:
    """Return the number of questions, and each measure with its interval of 95 %.

    Runs since 21 November 2026 hold bootstrap intervals of every measure; of older ones only the shares of
    questions (Hits) have one, by Wilson's formula.
    """
    questions, cells = run["questions"][half], []
    for measure in _MEASURES.values():
        value, interval = row[half][measure], row.get("intervals", {}).get(half, {}).get(measure)
        if interval is None and measure.startswith("hits"):
            interval = wilson_interval(round(value * questions), questions)
        cells.append(f"{value:.3f}{_between(interval)}")
    return (str(questions), *cells)


def wilson_interval(right: int, of: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share.

    >>> wilson_interval(215, 233)
    (0.881, 0.951)
    """
    found = binomtest(right, of).proportion_ci(0.95, method="wilson")
    return round(float(found.low), 3), round(float(found.high), 3)


def _between(interval: Sequence[float] | None) -> str:
    return f" ({interval[0]:.2f}-{interval[1]:.2f})" if interval else ""


def halves_table(run: dict[str, Any]) -> str:
    """Return a table of the half that the weights were swept on beside the unseen half."""
    rows = [("Dateline", "half", "questions", *_MEASURES)]
    for row in run["rows"]:
        if row["name"] == "Dateline":
            rows += [
                (row["collection"], half, *_retrieval_cells(run, row, half)) for half in ("swept", "unseen")
            ]
    return _markdown_table(rows)


def decoding_table(run: dict[str, Any]) -> str:
    """Return a table of decoding strategies."""
    measures = tuple(next(iter(run["ways"].values())))
    return _markdown_table(
        [
            (f"{run['questions']} questions", *measures),
            *((way, *map(str, row.values())) for way, row in run["ways"].items()),
        ]
    )


def systems_table(run: dict[str, Any]) -> str:
    """Return a table of Dateline, Dateline without each of its steps, and a newcomer's recipe."""
    measures = [measure for measure in _COMPARED if any(row.get(measure) is not None for row in run.values())]
    questions = next(iter(run.values()))["questions"]
    return _markdown_table(
        [
            (f"{questions} questions", *measures),
            *(
                (name, *("-" if row.get(measure) is None else str(row[measure]) for measure in measures))
                for name, row in run.items()
            ),
        ]
    )


def _control_cell(figures: dict[str, Any] | None, measure: str, reaches: bool) -> str:
    if not figures or figures[measure] is None:
        return "-"
    return f"{figures[measure]}{'*' if reaches else ''}"


def controls_table(run: dict[str, Any], controls: dict[str, Any]) -> str:
    """Return a table of the controls beside a run, a block for each group of questions that they were asked.

    An asterisk marks a control that reaches the run's interval of 95 %, and a figure that one reaches.
    """
    names = [name for name, figures in controls.items() if "summary" in figures]
    rows = [("", "Dateline", *names)]
    for group in COLUMNS:
        asked = {name: controls[name]["summary"].get(group) for name in names}
        if not any(asked.values()):
            continue
        count = run["summary"][group]["questions"]
        rows.append((f"**{group}, {count} questions**", *[""] * (len(names) + 1)))
        reached = reached_by(run, controls, group)
        for measure in _CONTROLLED:
            by, value = reached.get(measure, []), run["summary"][group].get(measure)
            between = _between(_interval(run, group, measure))
            own = "-" if value is None else f"{value}{between}{'*' if by else ''}"
            cells = [_control_cell(figures, measure, name in by) for name, figures in asked.items()]
            rows.append((measure, own, *cells))
    return _markdown_table(rows)


def wordings_table() -> str:
    """Return a table of runs over questions in the articles' words and in others."""
    runs = {name: load(file) for name, (file, _) in _WORDINGS.items()}
    rows = [("", *_WORDINGS)]
    for measure in _WORDED:
        cells = []
        for name, (_, group) in _WORDINGS.items():
            value = runs[name]["summary"][group][measure]
            cells.append(f"{value}{_between(_interval(runs[name], group, measure))}")
        rows.append((measure, *cells))
    return _markdown_table(rows)


def load(name: str) -> dict[str, Any]:
    """Return a committed run by the name of its file."""
    run: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
    return run


def strictness_table(run: dict[str, Any]) -> str:
    """Return a table of the rules that right answers break, which is why they are not strictly right."""
    broken = [row["broken"] for row in run["results"] if row["right"] and row["broken"]]
    rows = [("a right answer is not strictly right", "by this rule first", "by this rule")]
    for rule in RULES:
        first, all_ = sum(rules[0] == rule for rules in broken), sum(rule in rules for rules in broken)
        if all_:
            rows.append((rule, str(first), str(all_)))
    return _markdown_table(rows)


def _markdown_table(rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def tables_by_document() -> dict[Path, dict[str, str]]:
    """Return, for each document, its generated tables by the name of the mark above them."""
    run, retrieval_run, decoding_run = map(load, ("baseline", "retrieval", "decoding"))
    kinds = tuple(name for name in run["summary"] if name not in COLUMNS and "/" not in name)
    systems_by_set = load("answers")
    controls = load("baseline.controls")["controls"]
    multihop = RESULTS / "multihop.json"
    multihop_tables = (
        {
            "multihop": answers_table(
                json.loads(multihop.read_text()), (*COLUMNS, "fact", "yes-no", "unanswerable")
            )
        }
        if multihop.exists()
        else {}
    )
    return {
        ROOT / "README.md": {"results": answers_table(run, COLUMNS, _SHORT)},
        ROOT / "docs/measuring.md": {
            "results": answers_table(run, COLUMNS, _MAIN),
            "retrieval": retrieval_table(retrieval_run, ("newcomer's recipe", "Dateline")),
            "wordings": wordings_table(),
        },
        RESULTS / "README.md": {
            "kinds": answers_table(run, ("all", *kinds)),
            "retrieval": retrieval_table(retrieval_run),
            "halves": halves_table(retrieval_run),
            "strictness": strictness_table(run),
            "controls": controls_table(run, controls),
            "decoding": decoding_table(decoding_run),
            **{f"answers {name}": systems_table(rows) for name, rows in systems_by_set.items()},
            **multihop_tables,
        },
    }


def fill_in(text: str, tables: dict[str, str]) -> str:
    """Return a document with the table below each mark replaced."""
    for mark, table in tables.items():
        text = re.sub(
            rf"(<!-- {mark} -->\n\n)(?:\|.*\n)*",
            lambda match, table=table: f"{match[1]}{table}\n",
            text,
        )
    return text


def main() -> None:
    for path, tables in tables_by_document().items():
        path.write_text(fill_in(path.read_text(), tables))
        sys.stdout.write(f"{path.relative_to(ROOT)}: {', '.join(tables)}\n")


if __name__ == "__main__":
    main()
