"""Write the table of docs/reliability.md from the tests' marks and the long runs: python docs/reliability.py

A test that holds a row says so, with how much it tries and what of the row it leaves open:
`@pytest.mark.threat("D1", n="30 kills, seed 20261120", open="3,000 kills")`. Long runs (make torture) record
their figures in docs/reliability.json, and `python -m benchmarks.injection` those of injected instructions.
"""

import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs/reliability.md"
RESULTS = ROOT / "docs/reliability.json"
INJECTION = ROOT / "rag/evaluation/results/injection.json"
_BEGIN, _END = "<!-- made by docs/reliability.py -->\n", "<!-- end -->\n"
_BEGIN_INJECTION = "<!-- injection, made by docs/reliability.py -->\n"
# What goes wrong, or is tried, in each row.
ROWS = {
    "D1": "the process is killed at random moments while articles are added, changed and removed",
    "D2": "it is killed at each named step",
    "D3": "it is killed while it starts, recovers or migrates",
    "D4": "the power fails",
    "D5": "the disk is full",
    "D6": "the folder is missing, read-only, somebody else's, or oddly named",
    "D7": "several processes write at once",
    "D8": "questions are asked while articles come and go",
    "D9": "an article is removed while it is asked about, and added again",
    "D10": "the database is damaged: bits, pages, the end",
    "D11": "a cache is of another time or machine",
    "D12": "changes, restarts and searches come in any order",
    "D13": "the collection is of an older or a newer version",
    "D14": "it is copied while articles are added",
    "M1": "vectors are of another encoder",
    "M2": "the encoder computes a little differently here",
    "Q1": "many people ask at once",
    "Q2": "more questions wait than may",
    "Q3": "whoever asked goes away",
    "Q4": "the model's process is killed, hangs or runs out of memory",
    "Q5": "two threads use the model",
    "Q6": "the server is stopped during an answer",
    "Q7": "a question is empty, huge, or no text",
    "Q8": "a forged history comes with a question",
    "Q9": "evidence and history exceed the model's context",
    "Q10": "it runs for a day",
    "W1": "hostile text stands in every place that the page shows",
    "W2": "an article's address is a script or no web address",
    "W3": "files are asked for over HTTP",
    "W4": "a file of this computer is named in place of an upload",
    "W5": "another site, host or origin sends requests",
    "W6": "a reply lacks a security header",
    "W7": "uploads are too large, too many, or oddly named",
    "W8": "requests are malformed",
    "W9": "the API offers more than is documented",
    "W10": "the environment would open the server",
    "W11": "an error would show paths or a stack",
    "I1": "files are bombs, loops, or broken",
    "I2": "files are mutated at random",
    "I3": "files are in other or mixed encodings",
    "I4": "strings are naughty",
    "I5": "one character runs on for 100,000",
    "I6": "copies and near-copies flood the collection",
    "I7": "a folder holds links, pipes, devices and growing files",
    "I8": "JSON lines are too long, too deep, or wrong",
    "I9": "a file's ending does not say what it is",
    "I10": "text is made to keep the parsers busy",
    "P1": "an article forges a turn of the conversation",
    "P2": "articles hold instructions (BIPIA)",
    "P3": "articles hold hidden or encoded instructions",
    "P4": "an article asks for a link or an image that carries data out",
    "P5": "instructions are rewritten after seeing the prompt",
    "P6": "the prompt is asked for",
    "P7": "crafted articles outvote true ones",
    "P8": "an article demands that everything be answered",
    "P9": "a harmless article reads like an instruction",
    "P10": "a citation or a quote is invented",
    "G1": "a model file is truncated, changed, or hostile",
    "G2": "a pickle lies in the data folder",
    "S1": "something would be sent without a network",
    "S2": "the environment switches tracing on",
    "S3": "the page would call another host",
    "S4": "logs or temporary files would keep text",
    "S5": "a package has a known hole, or is not the one that was tested",
    "S6": "a package's licence is unwanted",
}


@dataclass(frozen=True, slots=True)
class Held:
    """A test that holds (a part of) a row."""

    row: str
    test: str
    n: str
    open: str


def marked_tests() -> Iterator[Held]:
    """Yield each mark of each test, in the order of the files' names."""
    for file in sorted((ROOT / "tests").glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for mark in getattr(node, "decorator_list", ()):
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.threat":
                    said = {word.arg: ast.literal_eval(word.value) for word in mark.keywords}
                    test = f"[{node.name}](../tests/{file.name})"
                    for row in map(ast.literal_eval, mark.args):
                        yield Held(row, test, said.get("n", ""), said.get("open", ""))


def long_runs() -> dict[str, list[str]]:
    """Return, by row, what each long run tried and found."""
    runs: dict[str, list[str]] = {}
    for run in json.loads(RESULTS.read_text(encoding="utf-8")).values() if RESULTS.exists() else ():
        tried, made = f"{run['n']:,} {run['what']}", f"seed {run['seed']}, {run['commit']}, {run['date']}"
        step = f" ({run['slowest step']})" if run.get("slowest step") else ""
        made += f", the slowest {run['slowest']} s{step}" if run["slowest"] >= 1 else ""
        for row in run["rows"]:
            runs.setdefault(row, []).append(f"**{tried}: {run['failed']} failed** ({made})")
    return runs


def table() -> str:
    """Return the table, a row for each threat."""
    held, runs = list(marked_tests()), long_runs()
    unknown = sorted({found.row for found in held} - set(ROWS))
    if unknown:
        raise ValueError(f"{unknown[0]} is no row of docs/reliability.py; there are {', '.join(ROWS)}")
    lines = ["| | what goes wrong | test | tried | still open |", "|---|---|---|---|---|"]
    for row, what in ROWS.items():
        found = [item for item in held if item.row == row]
        tests = ", ".join(item.test for item in found)
        tried = "; ".join(dict.fromkeys([*runs.get(row, ()), *(item.n for item in found if item.n)]))
        left = "; ".join(item.open for item in found if item.open)
        lines.append(f"| {row} | {what} | {tests} | {tried} | {left if found else '**open**'} |")
    count = sum(any(item.row == row for item in held) for row in ROWS)
    return f"{count} of {len(ROWS)} rows have a test.\n\n" + "\n".join(lines) + "\n"


# What an attack may do, and how many of a hundred answers it may do it to; None where there is no goal.
_HARMS = {
    "changed": 2,
    "changed by harmless words": None,
    "by the attack alone": None,
    "words shown": None,
    "false value shown": None,
    "made wrong": None,
    "refused": None,
    "source lost": None,
    "link shown": 0,
    "unsupported": 0,
}


def injection() -> str:
    """Return what injected instructions changed, in the drafts of each reader and in its answers."""
    if not INJECTION.exists():
        return "No figures are committed yet.\n"
    runs = json.loads(INJECTION.read_text(encoding="utf-8"))
    lines = [f"| reader | attacks | in | {' | '.join(_HARMS)} |", f"|---|---|---|{'---|' * len(_HARMS)}"]
    for name, run in runs.items():
        made = f"seed {run['seed']}, {run['commit']}"
        for row, where in (("before the checks", "drafts"), ("all", "answers")):
            counts = run["counts"]["attacks"][row]
            known = {*_HARMS} if row == "all" else {*_DRAFT_HARMS}
            cells = [_share(counts, harm) if harm in known else "" for harm in _HARMS]
            lines.append(f"| {name} | {counts['cases']} ({made}) | {where} | {' | '.join(cells)} |")
    goals = ["" if most is None else f"<= {most} %" if most else "0" for most in _HARMS.values()]
    lines.append(f"| *goal* | | answers | {' | '.join(goals)} |")
    shown = ("true", "false", "both", "neither")
    lines += [
        "",
        "| reader | crafted articles | questions | true figure shown | false one | both | neither |",
    ]
    lines += ["|---|---|---|---|---|---|---|"]
    for name, run in runs.items():
        for copies, row in run["counts"]["poisoning"].items():
            cells = [str(row.get(which, 0)) for which in shown]
            lines.append(f"| {name} | {copies} | {row['cases']} | {' | '.join(cells)} |")
        if run["poisoning"]:
            restored = f"the answer as it was: {run['counts']['restored']}"
            lines.append(f"| {name} | removed again | {len(run['poisoning'])} | {restored} | | | |")
    return "\n".join(lines) + "\n"


_DRAFT_HARMS = ("changed", "words shown", "false value shown", "link shown")


def _share(row: dict[str, int], harm: str) -> str:
    return f"{row.get(harm, 0)} ({100 * row.get(harm, 0) / row['cases']:.0f} %)"


def written() -> str:
    """Return the document with its tables as they should be."""
    text = TABLE.read_text(encoding="utf-8")
    for begin, made in ((_BEGIN, table), (_BEGIN_INJECTION, injection)):
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{made()}{_END}{rest.partition(_END)[2]}"
    return text


if __name__ == "__main__":
    TABLE.write_text(written(), encoding="utf-8")
    sys.stdout.write(f"{TABLE}: {table().partition('.')[0]}.\n")
