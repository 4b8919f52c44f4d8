"""A process for tests to measure: adds a folder and prints, as JSON lines, the time and the reports of each file."""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from corpus.reading.files import find_files
from embeddings.ingest import ingest
from rag.factory import open_library
from rag.settings import Settings


def main(folder: str, data: str) -> None:
    library = open_library(Settings(data=Path(data), threads=1))
    for file in find_files([Path(folder)]):
        began, used = time.monotonic(), time.process_time()
        reports = [
            (
                report.status,
                report.problem,
                report.origin,
                report.article.body[:200] if report.article else "",
            )
            for report in ingest(library, file)
        ]
        entry = {
            "file": str(file),
            "seconds": time.monotonic() - began,
            "used": time.process_time() - used,
            "reports": reports,
        }
        sys.stdout.write(json.dumps(entry) + "\n")
        sys.stdout.flush()
    library.store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
