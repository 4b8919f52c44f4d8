"""Read generated files or real bodies as the product does, and print how well.

python -m benchmarks.reading [--kept | --natural] [--show NAME] [--out FILE]
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.reading import kept, seen
from benchmarks.reading.facts import Facts, all_facts
from benchmarks.reading.natural import natural_rows, natural_table
from benchmarks.reading.scores import FIELDS, Reading, score
from benchmarks.reading.seeds import seeds
from benchmarks.reading.truth import Sample
from corpus.article import InvalidDate
from corpus.cleaning.clean import NoText, clean
from corpus.reading.files import load_bytes, read_articles
from corpus.reading.raw import UnreadableFile

SEED = 20200212
PER_LAYOUT = 9
Row = dict[str, float | int | None]
# The kept layouts were made before standfirst, section and day of change were labelled; they stay as they
# were.
KEPT_FIELDS = FIELDS[:4]
Layout = Callable[[Facts, random.Random], Sample]


def samples(layouts: tuple[Layout, ...], secret: bool) -> Iterator[Sample]:
    """Yield `PER_LAYOUT` samples of each layout, the same in each run.

    Kept layouts take the articles from the other end and get numbers as names.
    """
    articles = all_facts(SEED)
    if secret:
        articles.reverse()
    for number, layout in enumerate(layouts):
        name = f"kept_{number + 1}" if secret else layout.__name__
        for index in range(PER_LAYOUT):
            facts = _without_some_facts(articles[number * PER_LAYOUT + index], number, index)
            sample = layout(facts, random.Random(f"{SEED} {name} {index}"))
            file = Path(sample.name)
            yield replace(sample, layout=name, name=f"{file.stem}-{number + 1:02}-{index + 1}{file.suffix}")


def _without_some_facts(facts: Facts, number: int, index: int) -> Facts:
    """Remove the date from a third of the articles, the author from a quarter, the publisher from a fifth."""
    offset = number + index
    return replace(
        facts,
        published=None if index % 3 == 2 else facts.published,
        author=None if offset % 4 == 1 else facts.author,
        publisher=None if offset % 5 == 3 else facts.publisher,
    )


def read_sample(sample: Sample, folder: Path) -> Reading:
    """Return the first article that the product reads from the sample's file."""
    path = folder / sample.name
    path.write_bytes(sample.data)
    try:
        article = next((clean(raw) for raw in read_articles(path, load_bytes(path))), None)
    except (UnreadableFile, NoText, InvalidDate) as error:
        return Reading(sample, None, str(error))
    return Reading(sample, article, "" if article else "no article in it")


def table(readings: list[Reading]) -> dict[str, Row]:
    """Return a row of scores for each layout and each seed article, and one for all of either."""
    rows: dict[str, Row] = {}
    for name, chosen in (
        ("all", [found for found in readings if not _is_seed(found)]),
        ("seeds", list(filter(_is_seed, readings))),
    ):
        layouts = dict.fromkeys(read_sample.sample.layout for read_sample in chosen)
        rows |= {
            layout: score(read_sample for read_sample in chosen if read_sample.sample.layout == layout).row()
            for layout in layouts
        }
        rows |= {name: score(chosen).row()} if chosen else {}
    return rows


def _is_seed(read_sample: Reading) -> bool:
    return read_sample.sample.layout.startswith("seed_")


def as_markdown(rows: dict[str, Row], fields: tuple[str, ...]) -> str:
    """Return the rows as a Markdown table; p / r is precision / recall in per cent."""
    names = " | ".join(f"{name} p / r" for name in fields)
    lines = [
        f"| layout | files | refused | {names} | boilerplate removed | sentences lost |",
        "|---" * (5 + len(fields)) + "|",
    ]
    for layout, row in rows.items():
        pairs = [
            f"{_percent(row[f'{name} precision'])} / {_percent(row[f'{name} recall'])}" for name in fields
        ]
        ends = [_percent(row["boilerplate removed"]), _percent(row["sentences lost"])]
        lines.append(
            "| " + " | ".join([layout, str(row["samples"]), str(row["refused"]), *pairs, *ends]) + " |"
        )
    return "\n".join(lines)


def _percent(share: float | int | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def list_errors(read_sample: Reading) -> str:
    """Return what went wrong in one sample, as text."""
    lines = [f"## {read_sample.sample.name}"] + (
        [f"refused: {read_sample.refusal}"] if not read_sample.article else []
    )
    for name in FIELDS:
        found, stated = read_sample.value(name), getattr(read_sample.sample, name)
        if found != stated and not read_sample.right(name):
            lines.append(f"{name}: found {found!r}, stated {stated!r}")
    lines += [f"left: {line}" for line in read_sample.left]
    lines += [f"lost: {sentence}" for sentence in (read_sample.lost if read_sample.article else ())]
    return "\n".join(lines)


def main() -> None:
    """Generate the files, read them and print the scores."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    parser.add_argument(
        "--kept",
        action="store_true",
        help="the layouts kept away from the cleaning code, instead of the seen ones",
    )
    parser.add_argument(
        "--natural", action="store_true", help="the bodies of MultiHop-RAG's articles instead of layouts"
    )
    parser.add_argument("--show", metavar="NAME", help="what went wrong in each sample of a seen layout")
    parser.add_argument(
        "--save", metavar="FOLDER", type=Path, help="also keep the files of the seen layouts in this folder"
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="also write the scores as JSON")
    options = parser.parse_args()
    if options.natural:
        natural = natural_rows()
        print(natural_table(natural))
        _write(options.out, {"set": "natural", "rows": natural})
        return
    if options.kept and (options.show or options.save):
        parser.error(
            "kept layouts are not shown, or they would no longer be kept; leave --show and --save away"
        )
    all_samples = (
        list(samples(kept.LAYOUTS, True)) if options.kept else [*samples(seen.LAYOUTS, False), *seeds()]
    )
    fields = KEPT_FIELDS if options.kept else FIELDS
    if options.show and options.show not in {sample.layout for sample in all_samples}:
        parser.error(
            f"no layout {options.show}; there are {', '.join(dict.fromkeys(sample.layout for sample in all_samples))}"
        )
    if options.save:
        options.save.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        readings = [read_sample(sample, options.save or Path(folder)) for sample in all_samples]
    if options.show:
        print(
            "\n\n".join(
                list_errors(read_sample)
                for read_sample in readings
                if read_sample.sample.layout == options.show
            )
        )
        return
    unlabelled = {
        f"{name} {measure}" for name in set(FIELDS) - set(fields) for measure in ("precision", "recall")
    }
    rows = {
        layout: {name: value for name, value in row.items() if name not in unlabelled}
        for layout, row in table(readings).items()
    }
    print(as_markdown(rows, fields))
    _write(options.out, {"set": "kept" if options.kept else "seen", "seed": SEED, "rows": rows})


def _write(file: Path | None, report: dict[str, object]) -> None:
    if file:
        file.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
