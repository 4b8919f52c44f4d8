"""Add, change, remove, correct, restart, rebuild and search in any order, beside a plain dict."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from corpus.article import Article, PartialDate
from corpus.store.filters import Filters
from corpus.store.integrity import check_integrity
from corpus.store.opening import open_store
from embeddings.encoder import Encoder
from embeddings.library import Library, rebuild
from torture.kills import Lab
from torture.trials import Trial

_THINGS = "ferry otter bridge library tram harbour orchard school lighthouse market".split()
BODIES = tuple(
    f"The {thing} of {place} opened on Friday. It cost {n} million crowns, the council of {place} says."
    for n, (thing, place) in enumerate(
        ((thing, place) for thing in _THINGS for place in ("Plon", "Corvane")), 3
    )
)
ORIGINS = ("a.txt", "b.txt", "c.txt", "d.txt")
PAPERS = ("Gull", "Observer")


class Machine(RuleBasedStateMachine):
    """`articles` is the oracle: publisher, by body; `origins` says which body each file holds."""

    encoder: Encoder
    folder: Path
    new_database: Callable[[], str] = str
    finished = 0

    def __init__(self) -> None:
        super().__init__()
        self._data = Path(tempfile.mkdtemp(dir=self.folder))
        self._database = type(self).new_database()
        self._library = Library(open_store(self._data, self._database), self.encoder)
        self.articles: dict[str, str] = {}
        self.origins: dict[str, str] = {}
        self.corrected: dict[str, str] = {}

    @rule(body=st.sampled_from(BODIES), origin=st.sampled_from(ORIGINS))
    def add(self, body: str, origin: str) -> None:
        found = Article(
            f"Opening of {body.split()[1]}", body, "Wire", published=PartialDate(2020, 5), origin=origin
        )
        passages = self._library.add(found, body, body)
        assert (passages == 0) == (body in self.articles)
        before = self.origins.get(origin)
        if before and before != body and before in self.corrected:
            self.corrected.setdefault(body, self.corrected[before])
        self.origins[origin] = body
        self.articles[body] = self.corrected.get(body, "Wire")
        if before and before not in self.origins.values():
            self._forget(before)

    def _forget(self, body: str) -> None:
        self.articles.pop(body)
        self.corrected.pop(body, None)

    @precondition(lambda self: self.articles)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        body = data.draw(st.sampled_from(sorted(self.articles)))
        assert self._library.remove(_id(body)) and not self._library.remove(_id(body))
        self._forget(body)
        self.origins = {origin: held for origin, held in self.origins.items() if held != body}

    @precondition(lambda self: self.articles)
    @rule(data=st.data(), paper=st.sampled_from(PAPERS))
    def correct(self, data: st.DataObject, paper: str) -> None:
        body = data.draw(st.sampled_from(sorted(self.articles)))
        self._library.store.correct(_id(body), "publisher", paper)
        self.articles[body] = self.corrected[body] = paper

    @rule()
    def restart(self) -> None:
        self._library.store.close()
        self._library = Library(open_store(self._data, self._database), self.encoder)

    @rule()
    def rebuild(self) -> None:
        assert len(list(rebuild(self._library.store, self.encoder))) == len(self.articles)

    @rule(body=st.sampled_from(BODIES))
    def search(self, body: str) -> None:
        vector = self.encoder.encode([body])[0]
        found = self._library.search_by_vector(vector, 5)
        bodies = [passage.article.body for passage in self._library.passages(n for n, _ in found).values()]
        assert len(found) == len(bodies) == min(5, len(self.articles)) and set(bodies) <= set(self.articles)
        assert not self.articles or (bodies[0] == body) == (body in self.articles)
        thing = body.split()[1]
        words = self._library.search_by_words(f'"{thing}"', 9)
        by_words = {passage.article.body for passage in self._library.passages(n for n, _ in words).values()}
        assert by_words == {held for held in self.articles if f" {thing} " in held}

    @rule(paper=st.sampled_from((*PAPERS, "Wire")))
    def filter(self, paper: str) -> None:
        filters = Filters(publishers=(paper,))
        found = self._library.search_by_vector(self.encoder.encode(BODIES[:1])[0], 99, filters)
        assert len(found) == sum(held == paper for held in self.articles.values())

    @invariant()
    def holds_what_the_dict_holds(self) -> None:
        store = self._library.store
        assert {found.body: found.publisher for found in store.articles()} == self.articles
        assert {origin: held.article for origin in ORIGINS if (held := store.origin(origin))} == {
            origin: _id(body) for origin, body in self.origins.items()
        }
        self._library.refresh()
        assert len(self._library._index) == len(store.passage_ids()) == len(self.articles)

    def teardown(self) -> None:
        assert list(check_integrity(self._library.store)) == []
        self._library.store.close()
        type(self).finished += 1


def _id(body: str) -> str:
    return Article(None, body).id


def sequences(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Run `count` sequences of up to 40 steps."""
    yield from run_sequences(Encoder(), lab.keep(), int(rng.integers(1 << 30)), count)


def run_sequences(
    encoder: Encoder,
    folder: Path,
    seed: int,
    count: int,
    steps: int = 40,
    new_database: Callable[[], str] = str,
) -> Iterator[Trial]:
    """Run sequences with the encoder that is given, each over a new database, which is SQLite's file for "".

    A failure is raised with its shortest sequence.
    """
    fixed = {"encoder": encoder, "folder": folder, "new_database": staticmethod(new_database), "finished": 0}
    machine = type("Seeded", (Machine,), fixed)
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        hypothesis.seed(seed)(machine),
        settings=settings(
            max_examples=count,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=checks,
        ),
    )
    yield from (Trial("sequence", "") for _ in range(machine.finished))
