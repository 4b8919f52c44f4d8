"""Where each public set comes from: address, version, licence and what its files should hold (sources.json)."""

import json
from dataclasses import dataclass
from pathlib import Path

_READ = json.loads((Path(__file__).parent / "sources.json").read_text(encoding="utf-8"))
MULTIHOP_QUESTIONS: list[int] = _READ["multihop questions"]
MULTIHOP_ARTICLES = frozenset(_READ["multihop articles with metadata"])
COPY = "copy"  # the form of a file that is kept as it is published


@dataclass(frozen=True, slots=True)
class PublicFile:
    """One published file, and the file that it becomes under the folder of data.

    `sha256` is that of the published bytes where the form is `COPY`, else of the `rows` entries as JSON lines
    with sorted keys.
    """

    file: str
    url: str
    form: str
    sha256: str
    rows: int = 0


@dataclass(frozen=True, slots=True)
class PublicSet:
    """One public set, with its licence as its makers state it and the version that was measured on."""

    name: str
    about: str
    licence: str
    address: str
    version: str
    used: str
    files: tuple[PublicFile, ...]


SETS = {
    entry["name"]: PublicSet(**{**entry, "files": tuple(PublicFile(**file) for file in entry["files"])})
    for entry in _READ["sets"]
}
