"""Kill a process that writes the file of an index, and damage that file: it is used only as it was written."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from corpus.store.database import Store
from torture.damages import damaged
from torture.kills import Lab
from torture.trials import Trial


def index_files(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Half of the trials kill or starve the writer; the others damage what it wrote, or bring another's file."""
    from embeddings.index_file import FILE_NAME, make_index, open_index

    def make(folder: Path, **fault: int) -> None:
        with closing(Store(folder)) as store:
            if fault:
                lab.faults.set(**fault)  # type: ignore[arg-type]
            make_index(store, "sq8", store.passage_ids())
            lab.faults.clear()

    base, changed = lab.keep(), lab.keep()
    for folder, items in ((base, lab.items), (changed, lab.items[1:])):
        with closing(Store(folder)) as store:
            for item in items:
                store.add(item.article, item.passages, item.vectors, item.raw, "1")
        make(folder)
    true, other = (folder.joinpath(FILE_NAME).read_bytes() for folder in (base, changed))
    for n in range(count):
        folder = lab.new_folder(changed)
        if n % 2:
            fault = {"kill_at": int(rng.integers(1, 60)), "torn": int(rng.integers(2))}
            fault = fault if n % 4 == 1 else {"full_at": fault["kill_at"]}
            death = lab.run(lambda _, folder=folder, fault=fault: make(folder, **fault))
            step, wrong = ("kill" if "kill_at" in fault else "full disk"), death.exit_code > 0
            if wrong:
                yield Trial(step, "an error was raised")
                continue
        else:
            step, data = damaged(other, rng) if n % 8 else ("another's", true)
            (folder / FILE_NAME).write_bytes(data)
        with closing(Store(folder)) as store:
            found = open_index(store, "sq8")
            used = (folder / FILE_NAME).read_bytes()
            problem = "a file was used that nobody wrote" if found and used != other else ""
            if not found:
                make_index(store, "sq8", store.passage_ids())
                problem = "" if open_index(store, "sq8") else "it could not be made again"
        yield Trial(step, problem)
