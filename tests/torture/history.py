"""A seeded history of changes to a collection, and what the collection holds after each of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.article import Article, Removal
from corpus.passages import Passage
from corpus.store.database import Store

KINDS = ("add", "change", "correct", "reencode", "replace", "remove", "words", "property")
# All but the time at which an article was added, which differs between two runs of one history.
_TABLES = ("origins", "passages", "corrections", "removals", "properties")
_ARTICLE_COLUMNS = (
    "id, title, body, publisher, author, published, earliest, latest, url, found, raw, standfirst, section, "
    "updated, saved, sample"
)


@dataclass(frozen=True, slots=True)
class Item:
    """An article with what the encoder made of it."""

    article: Article
    passages: list[Passage]
    vectors: NDArray[np.float32]
    raw: str


@dataclass(frozen=True, slots=True)
class Change:
    """One call that changes a collection, under the name of the step."""

    name: str
    call: Callable[[Store], object]


def read_items(folder: Path) -> list[Item]:
    """Return the articles of a collection with the vectors that the real encoder made."""
    store = Store(folder)
    ids, rows = store.vectors(store.passage_ids())
    vectors = dict(zip(ids.tolist(), rows, strict=True))
    passages: dict[str, dict[int, Passage]] = {}
    for number, passage in store.passages(vectors).items():
        passages.setdefault(passage.article.id, {})[number] = passage
    items = [
        Item(
            article,
            list(passages[article.id].values()),
            np.stack([vectors[n] for n in passages[article.id]]),
            store.raw(article.id) or "",
        )
        for article in sorted(store.articles(), key=lambda article: article.id)
    ]
    store.close()
    return items


class History:
    """Changes in a random order that each are possible after those before."""

    def __init__(self, items: list[Item], rng: np.random.Generator, count: int) -> None:
        self._rng = rng
        self._free = [items[n] for n in rng.permutation(len(items))]
        self._here: dict[str, Item] = {}  # by origin
        self.changes = [self._next(n) for n in range(count)]

    def _next(self, n: int) -> Change:
        names = ["add"] * 4 + list(KINDS[1:]) * bool(self._here)
        name = str(self._rng.choice(names)) if self._free else "property"
        found: Change = getattr(self, f"_{name}")(n)
        return found

    def one_of_each(self) -> Iterator[Change]:
        """Yield a change of each kind, which all follow the last one."""
        free, here = self._free, self._here
        for name in KINDS:
            self._free, self._here = list(free), dict(here)
            yield getattr(self, f"_{name}")(len(self.changes))
        self._free, self._here = free, here

    def _take(self, origin: str) -> Item:
        """Return an article for a file; the one that the file held before may come again."""
        item = self._free.pop()
        if origin in self._here:
            self._free.insert(0, self._here[origin])
        self._here[origin] = replace(item, article=replace(item.article, origin=origin))
        return self._here[origin]

    def _any(self) -> str:
        return str(self._rng.choice(sorted(self._here)))

    def _add(self, n: int) -> Change:
        item = self._take(f"{n}.txt")
        return Change(
            "add", lambda store: store.add(item.article, item.passages, item.vectors, item.raw, f"{n}")
        )

    def _change(self, n: int) -> Change:
        origin = self._any()
        item = self._take(origin)
        given = ["publisher"]
        return Change(
            "change",
            lambda store: store.add(item.article, item.passages, item.vectors, item.raw, f"{n}", given),
        )

    def _correct(self, n: int) -> Change:
        article = self._here[self._any()].article.id
        values = [(article, "publisher", f"Paper {n}"), (article, "published", f"20{n % 90 + 10}-05")]
        return Change("correct", lambda store: store.correct_many(values))

    def _reencode(self, n: int) -> Change:
        item = self._here[self._any()]
        vectors = np.roll(item.vectors, n + 1, axis=1)
        return Change(
            "reencode", lambda store: store.replace_passages(item.article.id, item.passages, vectors)
        )

    def _replace(self, n: int) -> Change:
        origin = self._any()
        old = self._here[origin].article.id
        new = self._take(origin)
        kept = [Removal(1, 0, f"line {n}", "a notice")]
        return Change(
            "replace", lambda store: store.replace(old, new.article, new.passages, new.vectors, kept)
        )

    def _remove(self, n: int) -> Change:
        item = self._here.pop(self._any())
        self._free.insert(0, item)
        return Change("remove", lambda store: store.remove(item.article.id))

    def _property(self, n: int) -> Change:
        return Change("property", lambda store: store.set_property("n", str(n)))

    def _words(self, n: int) -> Change:
        return Change("words", lambda store: store.rebuild_word_index())


def digest(store: Store) -> str:
    """Return the SHA-256 of all that a collection holds."""
    found = sha256(repr(store.rows(f"SELECT {_ARTICLE_COLUMNS} FROM articles ORDER BY id")).encode())
    for table in _TABLES:
        found.update(repr(store.rows(f"SELECT * FROM {table} ORDER BY 1, 2")).encode())
    return found.hexdigest()


def damage(store: Store) -> str:
    """Return what SQLite's own checks find, and whether the word index fits its passages; "" for nothing."""
    checked = store.rows("PRAGMA integrity_check")
    if checked != [("ok",)]:
        return str(checked[0])
    if store.rows("PRAGMA foreign_key_check"):
        return "a row belongs to no article"
    return "" if store.word_index_is_intact() else "the word index does not fit"


def digests(folder: Path, changes: list[Change]) -> list[str]:
    """Return what a collection that nothing disturbs holds at first and after each change."""
    store = Store(folder)
    found = [digest(store)]
    for change in changes:
        change.call(store)
        found.append(digest(store))
    store.close()
    return found
