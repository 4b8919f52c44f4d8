"""Where the public sets lie that benchmarks and training read, and how their files are read."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.settings import ROOT

DATA = ROOT.parent / "shared/data"


class SetMissing(OSError):
    """A public set is not there; the message says how to fetch it."""


def read_lines(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of a gzipped file of JSON lines.

    Raises:
        SetMissing: there is no such file.
    """
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.strip())
    except FileNotFoundError as error:
        raise SetMissing(
            f"{file} is not there; fetch it: python -m benchmarks.fetch {file.parent.name}"
        ) from error


def detokenise(text: str) -> str:
    """Return a tokenised text with its punctuation where people write it.

    >>> detokenise("He said , `` no '' ( twice ) .")
    'He said, "no" (twice).'
    """
    text = re.sub(r"`` ?| ?''", '"', text)
    return re.sub(r" (?=[.,;:!?)\]%]|'s\b|n't\b)|(?<=[(\[$]) | (?=- )|(?<= -) ", "", text).strip()
