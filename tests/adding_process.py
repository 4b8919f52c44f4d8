"""A process for tests to kill: adds articles to a store and logs what was acknowledged.

It changes each fifth article and removes each third.
"""

import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from corpus.article import Article
from corpus.passages import Passage
from corpus.store.opening import open_store


def main(folder: str, log: str, count: str, name: str) -> None:
    store = open_store(Path(folder), os.environ.get("DATELINE_DATABASE", ""))
    with Path(log).open("a", buffering=1) as acknowledged:
        for n in range(int(count)):
            found = Article(
                f"Title {n}", f"Sentence {n} of {name}. " + "And more of it. " * 40, origin=f"{name}-{n}"
            )
            half = found.body.index(". ") + 1
            vectors = np.random.default_rng(n).normal(size=(2, 384)).astype(np.float32)
            store.add(
                found,
                [Passage(found, 0, half), Passage(found, half, len(found.body))],
                vectors,
                raw="raw",
                sha256=str(n),
            )
            acknowledged.write(f"{found.id}\n")
            if n % 5 == 4:  # the same file with other words: a new article takes the old one's place
                changed = Article(found.title, f"Changed {found.body}", origin=found.origin)
                store.add(
                    changed,
                    [Passage(changed, 0, half), Passage(changed, half, len(changed.body))],
                    vectors,
                    raw="raw",
                    sha256=f"{n} changed",
                )
                acknowledged.write(f"{changed.id}\n-{found.id}\n")
                found = changed
            if n % 3 == 2:
                store.remove(found.id)
                acknowledged.write(f"-{found.id}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
