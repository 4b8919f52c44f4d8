"""python -m benchmarks.reading [--kept] [--show NAME] [--out FILE]: reads made files as a user would and prints how well that went."""

import argparse
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.reading import kept, seen
from benchmarks.reading.facts import Facts, all_facts
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
# The kept layouts were made before standfirst, section and day of change were labelled; they stay as they were.
KEPT_FIELDS = FIELDS[:4]
Layout = Callable[[Facts, random.Random], Sample]


def samples(layouts: tuple[Layout, ...], secret: bool) -> Iterator[Sample]:
    """`PER_LAYOUT` samples of each layout, the same at each run. Kept layouts take the articles from the other end and get numbers as names."""
    articles = all_facts(SEED)
    if secret:
        articles.reverse()
    for number, layout in enumerate(layouts):
        name = f"kept_{number + 1}" if secret else layout.__name__
        for index in range(PER_LAYOUT):
            facts = _silent(articles[number * PER_LAYOUT + index], number, index)
            sample = layout(facts, random.Random(f"{SEED} {name} {index}"))
            file = Path(sample.name)
            yield replace(sample, layout=name, name=f"{file.stem}-{number + 1:02}-{index + 1}{file.suffix}")


def _silent(facts: Facts, number: int, index: int) -> Facts:
    """A third state no date, a quarter no author, a fifth no publisher."""
    turn = number + index
    return replace(
        facts,
        published=None if index % 3 == 2 else facts.published,
        author=None if turn % 4 == 1 else facts.author,
        publisher=None if turn % 5 == 3 else facts.publisher,
    )


def reading(sample: Sample, folder: Path) -> Reading:
    """The first article that the product reads of the sample's file."""
    path = folder / sample.name
    path.write_bytes(sample.data)
    try:
        article = next((clean(raw) for raw in read_articles(path, load_bytes(path))), None)
    except (UnreadableFile, NoText, InvalidDate) as error:
        return Reading(sample, None, str(error))
    return Reading(sample, article, "" if article else "no article in it")


def table(readings: list[Reading]) -> dict[str, Row]:
    """A row of scores for each layout and one for all that were made, then the seed articles, one by one and all."""
    rows: dict[str, Row] = {}
    for name, some in (
        ("all", [found for found in readings if not _is_seed(found)]),
        ("seeds", list(filter(_is_seed, readings))),
    ):
        layouts = dict.fromkeys(reading.sample.layout for reading in some)
        rows |= {
            layout: score(reading for reading in some if reading.sample.layout == layout).row()
            for layout in layouts
        }
        rows |= {name: score(some).row()} if some else {}
    return rows


def _is_seed(reading: Reading) -> bool:
    return reading.sample.layout.startswith("seed_")


def as_markdown(rows: dict[str, Row], fields: tuple[str, ...]) -> str:
    """The rows as a Markdown table; p / r is precision / recall in per cent."""
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


def account(reading: Reading) -> str:
    """What went wrong in one sample, in lines."""
    lines = [f"## {reading.sample.name}"] + ([f"refused: {reading.refusal}"] if not reading.article else [])
    for name in FIELDS:
        found, stated = reading.value(name), getattr(reading.sample, name)
        if found != stated and not reading.right(name):
            lines.append(f"{name}: found {found!r}, stated {stated!r}")
    lines += [f"left: {line}" for line in reading.left]
    lines += [f"lost: {sentence}" for sentence in (reading.lost if reading.article else ())]
    return "\n".join(lines)


def main() -> None:
    """Make the files, read them, say how well."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    parser.add_argument(
        "--kept",
        action="store_true",
        help="the layouts kept away from the cleaning code, instead of the seen ones",
    )
    parser.add_argument("--show", metavar="NAME", help="what went wrong in each sample of a seen layout")
    parser.add_argument(
        "--save", metavar="FOLDER", type=Path, help="also keep the files of the seen layouts in this folder"
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="also write the scores as JSON")
    wish = parser.parse_args()
    if wish.kept and (wish.show or wish.save):
        parser.error(
            "kept layouts are not shown, or they would no longer be kept; leave --show and --save away"
        )
    made = list(samples(kept.LAYOUTS, True)) if wish.kept else [*samples(seen.LAYOUTS, False), *seeds()]
    fields = KEPT_FIELDS if wish.kept else FIELDS
    if wish.show and wish.show not in {sample.layout for sample in made}:
        parser.error(
            f"no layout {wish.show}; there are {', '.join(dict.fromkeys(sample.layout for sample in made))}"
        )
    if wish.save:
        wish.save.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        readings = [reading(sample, wish.save or Path(folder)) for sample in made]
    if wish.show:
        print("\n\n".join(account(reading) for reading in readings if reading.sample.layout == wish.show))
        return
    unlabelled = {
        f"{name} {measure}" for name in set(FIELDS) - set(fields) for measure in ("precision", "recall")
    }
    rows = {
        layout: {name: value for name, value in row.items() if name not in unlabelled}
        for layout, row in table(readings).items()
    }
    print(as_markdown(rows, fields))
    if wish.out:
        wish.out.write_text(
            json.dumps({"set": "kept" if wish.kept else "seen", "seed": SEED, "rows": rows}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
