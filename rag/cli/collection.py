"""What each of `python -m corpus add|list|show|set|remove|copies|check|rebuild|export` does.

Part of a door: it may use `rag.factory`, which no other file here but `corpus/__main__.py` may.
"""

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from tqdm import tqdm

from corpus.article import Article
from corpus.reading.files import FORMATS, find_files, is_parsing
from corpus.signals import EXIT_STOPPED, GracefulStop
from corpus.store.database import Store
from corpus.store.duplicates import find_near_duplicates
from corpus.store.integrity import Problem, check_integrity, export_lines
from corpus.store.lock import write_lock
from corpus.store.rows import CORRECTABLE_FIELDS
from embeddings.ingest_report import IngestReport
from rag.cli.tables import article_fields, show_article, show_copies, show_json, show_list, show_reports
from rag.settings import Settings

Given = argparse.Namespace


class BadRequest(ValueError):
    """An id that names no article, or a correction that cannot be."""


def run(arguments: list[str] | None = None) -> int:
    """Do what the command line says; its exit code."""
    given = _parser().parse_args(arguments)
    verb: Callable[[Settings, Given], int] = given.run
    return verb(Settings.read(), given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m corpus",
        description="Add articles to the collection, correct and remove them, and look after it.",
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, run: Callable[[Settings, Given], int], told: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=told, description=told)
        added.add_argument("--json", action="store_true", help="print JSON lines")
        added.set_defaults(run=run)
        return added

    add = verb("add", _add, f"add files, or all articles in folders ({', '.join(FORMATS)})")
    add.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    add.add_argument("--publisher", help="who published them, where the files do not say it right")
    add.add_argument("--published", metavar="DATE", help="when (YYYY, YYYY-MM or YYYY-MM-DD)")
    verb("list", _list, "list the articles, newest first")
    show = verb("show", _show, "show one article, and where each of its fields was found and how sure it is")
    show.add_argument("id")
    show.add_argument("--raw", action="store_true", help="print the text as it was read, before cleaning")
    correct = verb(
        "set", _set, "correct fields of an article by hand; the correction outlives reading the file again"
    )
    correct.add_argument("id")
    correct.add_argument(
        "corrections",
        nargs="+",
        metavar="FIELD=VALUE",
        help=f"{', '.join(CORRECTABLE_FIELDS)}; an empty value means unknown",
    )
    verb("remove", _remove, "remove articles").add_argument("ids", nargs="+", metavar="ID")
    verb("copies", _copies, "list articles that are nearly the same, and what differs between them")
    verb("check", _check, "compare articles, passages, vectors and full text").add_argument(
        "--repair", action="store_true", help="mend what can be derived"
    )
    verb("rebuild", _rebuild, "split and encode all articles again, for another encoder")
    verb("export", _export, "write the collection as JSON lines that `add` reads back").add_argument(
        "file", type=Path
    )
    verbs.add_parser(
        "doctor", help="say what is wrong with this installation and the collection"
    )  # answered before this room is imported
    return parser


def _add(settings: Settings, given: Given) -> int:
    """Exit code 2 if nothing of what was given could be read, 130 if it was stopped."""
    files = find_files(given.paths)
    said = {
        name: value for name, value in (("publisher", given.publisher), ("date", given.published)) if value
    }
    reports: list[IngestReport] = []
    with write_lock(settings.data):
        done = _add_files(settings, files, said, reports)
    _show_added(reports, given.json)
    if done < len(files):
        sys.stderr.write(
            f"stopped: {done} of {len(files)} files added; run the same command again for the rest\n"
        )
        return EXIT_STOPPED
    return 2 if all(report.status == "refused" for report in reports) else 0


def _add_files(
    settings: Settings, files: list[Path], said: dict[str, str], reports: list[IngestReport]
) -> int:
    """Add files; `reports` gains what became of each article. How many files are done: not all where the user stopped it."""
    store: Store | None = None
    done = 0
    # Opening the collection and reading a file are dropped at once; an article that is being added is finished.
    with GracefulStop(lambda: store is not None and not is_parsing()) as stop:
        try:
            from embeddings.ingest import ingest
            from rag.factory import open_library

            library = open_library(settings)
            store = library.store
            with _bar(sum(map(_expected, files))) as bar:
                for file in files:
                    before = len(reports)
                    for report in ingest(library, file, said):
                        reports.append(report)
                        bar.update()
                        if stop.requested:
                            return done + (
                                report.origin == str(file)
                            )  # a file of several articles may hold more
                    bar.total = (bar.total or 0) + len(reports) - before - _expected(file)
                    done += 1
        except KeyboardInterrupt:
            return done
        finally:
            if store:
                store.close()
    return done


def _bar(articles: int) -> "tqdm[NoReturn]":
    """A bar with rate and time left on standard error, where that is a terminal."""
    return tqdm(total=articles, unit=" articles", disable=None)


def _expected(file: Path) -> int:
    """How many articles a file seems to hold; what cannot be counted without reading it counts as one."""
    if file.suffix.lower() != ".jsonl":
        return 1
    try:
        with file.open("rb") as lines:
            return sum(1 for _ in lines)
    except OSError:
        return 1  # told when it is added


def _show_added(reports: list[IngestReport], as_json: bool) -> None:
    if not as_json and reports:
        show_reports(reports)
        return
    for report in reports:
        show_json(
            {
                **article_fields(report.article),
                "origin": report.origin,
                "status": report.status,
                "passages": report.passages,
                "problem": report.problem,
            }
        )


def _list(settings: Settings, given: Given) -> int:
    store = Store(settings.data)
    if given.json:
        for article in store.articles():
            show_json(article_fields(article))
    else:
        show_list(store.articles(), store.coverage().passages)
    store.close()
    return 0


def _show(settings: Settings, given: Given) -> int:
    store = Store(settings.data)
    article = _article(store, given.id)
    if given.raw:
        raw = store.raw(article.id) or ""
        show_json({"id": article.id, "raw": raw}) if given.json else sys.stdout.write(raw)
    elif given.json:
        show_json(
            {
                **article_fields(article),
                "body": article.body,
                "found": [asdict(found) for found in article.provenance],
            }
        )
    else:
        show_article(article)
    store.close()
    return 0


def _set(settings: Settings, given: Given) -> int:
    with write_lock(settings.data):
        store = Store(settings.data)
        article = _article(store, given.id)
        for correction in given.corrections:
            field, equals, value = correction.partition("=")
            if not equals or field not in CORRECTABLE_FIELDS:
                raise BadRequest(
                    f'"{correction}" is no correction; write FIELD=VALUE with one of {", ".join(CORRECTABLE_FIELDS)}'
                )
            store.correct(article.id, field, value.strip() or None)
        article = _article(store, given.id)
        store.close()
    if given.json:
        show_json(article_fields(article))
    else:
        show_article(article)
    return 0


def _remove(settings: Settings, given: Given) -> int:
    with write_lock(settings.data):
        store = Store(settings.data)
        for article in [_article(store, name) for name in given.ids]:
            store.remove(article.id)
            if given.json:
                show_json({**article_fields(article), "status": "removed"})
            else:
                sys.stdout.write(f"removed {article.id}: {article.headline}\n")
        store.close()
    return 0


def _copies(settings: Settings, given: Given) -> int:
    store = Store(settings.data)
    articles = store.articles()
    with _bar(len(articles)) as bar:
        pairs = list(find_near_duplicates(articles, bar.update))
    for pair in pairs:
        if given.json:
            show_json(
                {
                    "first": article_fields(pair.first),
                    "second": article_fields(pair.second),
                    "differences": [asdict(item) for item in pair.differences],
                }
            )
        else:
            show_copies(pair)
    store.close()
    return 0


def _check(settings: Settings, given: Given) -> int:
    """Exit code 1 if something is wrong and was not mended."""
    store = Store(settings.data)
    problems = _checked(store)
    if given.repair and problems:
        with write_lock(settings.data):
            _repair(settings, store, problems)
        problems = _checked(store)
    for problem in problems:
        if given.json:
            show_json(asdict(problem))
        else:
            sys.stdout.write(f"{problem.text}\n")
    mendable = any(problem.article or problem.words for problem in problems)
    if not given.json:
        told = (
            f"{len(problems)} problems"
            + ("; mend them with: python -m corpus check --repair" if mendable else "")
            if problems
            else "nothing is wrong"
        )
        sys.stdout.write(f"{store.coverage().articles} articles checked: {told}\n")
    store.close()
    return 1 if problems else 0


def _checked(store: Store) -> list[Problem]:
    with _bar(store.coverage().articles) as bar:
        return list(check_integrity(store, bar.update))


def _repair(settings: Settings, store: Store, problems: list[Problem]) -> None:
    from embeddings.library import Library
    from rag.factory import open_encoder

    store.rebuild_word_index()  # first, since FTS5 forgets only what it remembers
    damaged = {problem.article for problem in problems if problem.article}
    if damaged:
        library = Library(store, open_encoder(settings))
        with _bar(len(damaged)) as bar:
            for article in store.articles():
                if article.id in damaged:
                    library.reencode(article)
                    bar.update()


def _rebuild(settings: Settings, given: Given) -> int:
    from embeddings.library import rebuild
    from rag.factory import open_encoder

    with write_lock(settings.data), closing(Store(settings.data)) as store:
        encoder = open_encoder(settings)
        whole, count = store.coverage().articles, 0
        with GracefulStop(lambda: True) as stop:
            for _ in tqdm(rebuild(store, encoder), total=whole, unit=" articles", disable=None):
                count += 1
                if stop.requested and count < whole:
                    sys.stderr.write(
                        f"stopped: {count} of {whole} articles encoded again; until all are, only this opens the collection: "
                        "python -m corpus rebuild\n"
                    )
                    return EXIT_STOPPED
    sys.stdout.write(
        json.dumps({"rebuilt": count}) + "\n"
        if given.json
        else f"{count} articles were split and encoded again\n"
    )
    return 0


def _export(settings: Settings, given: Given) -> int:
    store = Store(settings.data)
    try:
        with given.file.open("w", encoding="utf-8") as file:
            for line in tqdm(
                export_lines(store), total=store.coverage().articles, unit=" articles", disable=None
            ):
                file.write(f"{line}\n")
    except OSError as error:
        raise BadRequest(f"{given.file}: {error.strerror}; choose another file") from error
    count = store.coverage().articles
    sys.stdout.write(
        json.dumps({"exported": count}) + "\n"
        if given.json
        else f"{count} articles written to {given.file}\n"
    )
    store.close()
    return 0


def _article(store: Store, name: str) -> Article:
    article = store.article(name)
    if article is None:
        raise BadRequest(f"{name}: no article has this id; see: python -m corpus list")
    return article
