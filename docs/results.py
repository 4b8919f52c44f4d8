"""Put the committed run's figures into the README: python docs/results.py"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
COLUMNS = ("all", "development half", "test half")


def rows(run: dict[str, Any]) -> str:
    """The README's table of a run: one row a measure."""
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for measure in run["summary"]["all"]:
        lines.append(f"| {measure} | " + " | ".join(str(run["summary"][column][measure]) for column in COLUMNS) + " |")
    return "\n".join(lines)


def main() -> None:
    readme = ROOT / "README.md"
    before, _, after = readme.read_text().partition("<!-- results -->")
    after = after[after.index('\n"Right"') :] if '\n"Right"' in after else after
    run = json.loads((ROOT / "rag/evaluation/results/baseline.json").read_text())
    readme.write_text(f"{before}<!-- results -->\n\n{rows(run)}\n{after}")
    sys.stdout.write(f"{rows(run)}\n")


if __name__ == "__main__":
    main()
