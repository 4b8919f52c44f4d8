"""Labels of the five raw articles in ../shared/seeds, whose lines are named by their first words."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.reading.truth import Sample

FOLDER = Path(__file__).resolve().parents[3] / "shared/seeds"


@dataclass(frozen=True, slots=True)
class Label:
    """What one page states, by the first words of its lines.

    `apart` are lines of boilerplate; every line that is not named here is the article's.
    """

    title: str | None = None
    publisher: str | None = None
    published: str | None = None
    standfirst: str | None = None
    dateline: str = ""
    apart: tuple[str, ...] = ()


LABELS = {
    "000": Label(
        publisher="The Financial Times",
        apart=(
            "A member of Iraqi", "As lethal", "Chart the progress", "Comments", "Copyright The", "Follow the topics", "Further reading", "In depth",
            "Interactive map", "Iraq crisis", "Isis advances", "Isis' map", "Reuse this", "© AP", "© Reuters",
        ),
    ),
    "001": Label(
        title="NATO agrees to expand", published="2020-02-12", standfirst="NATO forces will take",
        apart=("12 February, 2020", "3 min read", "Follow us on", "President Trump has"),
    ),
    "002": Label(apart=("1.2174207", "From left:")),
    "003": Label(title="Nato chief raises", standfirst="Jens Stoltenberg says Iraqi", apart=("Beta V.1.0",)),
    "004": Label(title="NATO chief backs", publisher="Reuters", dateline="BRUSSELS (Reuters): "),
}  # fmt: skip


def seeds() -> Iterator[Sample]:
    """Return the seed articles as samples; none where their folder does not exist."""
    for file in sorted(FOLDER.glob("*.txt")):
        label = LABELS[file.name[:3]]
        lines = list(
            dict.fromkeys(
                line.strip() for line in file.read_text(encoding="utf-8").split("\n") if line.strip()
            )
        )
        title, standfirst = (_line(lines, first) for first in (label.title, label.standfirst))
        apart = tuple(line for line in lines if line.startswith(label.apart))
        # A standfirst without a full stop is no sentence; the body does not hold it.
        said = [
            line
            for line in lines
            if line not in apart and line != title and (line != standfirst or line.endswith("."))
        ]
        yield Sample(
            layout=f"seed_{file.name[:3]}",
            name=file.name,
            data=file.read_bytes(),
            title=title,
            publisher=label.publisher,
            author=None,
            published=label.published,
            standfirst=standfirst,
            section=None,
            updated=None,
            sentences=tuple(line.removeprefix(label.dateline) for line in said),
            boilerplate=apart,
        )


def _line(lines: list[str], first: str | None) -> str | None:
    return next(line for line in lines if line.startswith(first)) if first else None
