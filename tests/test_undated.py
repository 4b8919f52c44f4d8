"""What is said of undated articles, and setting the dates and publishers of many at once."""

import csv
import io
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import article

from corpus.article import Article, InvalidDate, PartialDate
from corpus.cleaning.clean import clean
from corpus.reading.files import read_articles
from corpus.reading.raw import RawArticle
from corpus.store.database import Store
from corpus.store.undated import date_bounds, find_incomplete
from embeddings.ingest import ingest
from embeddings.library import Library
from rag.cli.commands import run
from rag.errors import is_dateline_error
from rag.serving.collection import ChangesDisabled, Collection

pytestmark = pytest.mark.both_databases

BERTH = "The second berth at Corrin, begun on 3 March 2019, opens on 1 May 2044, the harbour master said."


def spoken(library: Library, found: Article) -> list[str]:
    return [bound.spoken for bound in date_bounds(library.store, found)]


def add(library: Library, file: Path, text: str) -> list[Article]:
    file.write_text(text)
    return [report.article for report in ingest(library, file) if report.article]


def test_an_undated_article_is_bounded_by_its_file_and_names_days(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "berth.txt"
    (found,) = add(library, file, BERTH)
    os.utime(file, (0, datetime(2021, 5, 3, tzinfo=UTC).timestamp()))
    # The opening in 2044 lies ahead of the file, so it says nothing.
    assert spoken(library, found) == [
        "not after 3 May 2021 (its file was last changed then)",
        "its text names 3 March 2019",
    ]
    file.unlink()
    today = PartialDate.parse(datetime.now(UTC).date().isoformat()).spoken
    assert spoken(library, found)[0] == f"not after {today} (it was added then)"
    library.store.correct(found.id, "url", "https://corrin.example/2019/03/05/berth")
    library.store.correct(found.id, "updated", "2019-04")
    changed = library.store.article(found.id)
    assert changed and spoken(library, changed) == [
        "not after April 2019 (it was changed then)",
        "its address names 5 March 2019",
        "its text names 3 March 2019",
    ]
    library.store.correct(found.id, "published", "2019-03-05")
    dated = library.store.article(found.id)
    assert dated and spoken(library, dated) == []


@pytest.mark.parametrize("newest_first", [True, False])
def test_neighbours_bound_an_article_in_a_file_in_order_of_dates(
    library: Library, tmp_path: Path, newest_first: bool
) -> None:
    days = ["2020-01-02", "", "2020-02-03", "2020-03-04"]
    lines = [
        f'{{"body": "Ferry number {n} sailed at noon on a Monday.", "date": "{day}"}}\n'
        for n, day in enumerate(days)
    ]
    lines = lines[::-1] if newest_first else lines
    found = add(library, tmp_path / "feed.jsonl", "".join(lines))
    (undated,) = [each for each in found if not each.published]
    assert spoken(library, undated) == [
        "not before 2 January 2020 (the next older article of its file is of that day)",
        "not after 3 February 2020 (the next newer article of its file is of that day)",
    ]
    ferries = [
        f'{{"body": "Boat number {n} sailed at one on a Sunday.", "date": "{day}"}}\n'
        for n, day in enumerate(["2020", "2010", "2015", ""])
    ]
    (*_, last) = add(library, tmp_path / "unordered.jsonl", "".join(ferries))
    assert [bound.relation for bound in date_bounds(library.store, last)] == ["not after"]


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("a.html", "<html><!-- saved date: Wed Nov 18 2020 12:34:56 GMT+0100 (CET) --><body><article><p>{0}</p><p>{0}</p></article></body></html>"),
        ("b.html", "<html><body><article><p>{0}</p><p>{0}</p></article></body></html><!-- FILE ARCHIVED ON 10:45:19 Nov 18, 2020 AND RETRIEVED FROM THE ARCHIVE -->"),
        ("c.html", "<!-- Mirrored from x.example/ by HTTrack Website Copier/3.x [XR&CO'2014], Wed, 18 Nov 2020 10:00:00 GMT --><html><body><article><p>{0}</p><p>{0}</p></article></body></html>"),
        ("d.mhtml", "From: <Saved by Blink>\nDate: Wed, 18 Nov 2020 10:00:00 -0000\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\nContent-Type: text/html\n\n<html><body><article><p>{0}</p><p>{0}</p></article></body></html>\n--x--\n"),
        ("e.jsonl", '{{"body": "{0}", "crawled_at": "18 Nov 2020"}}'),
        ("f.txt", "Ferry to Corrin sails at last\n\nPrinted: 18 November 2020, 09:41\n\n{0}"),
    ],
)  # fmt: skip
def test_the_day_of_saving_is_a_bound_and_no_date(name: str, page: str) -> None:
    body = (
        "The ferry sailed at noon with eighty cars and two hundred people on board, the harbour master said."
    )
    (raw,) = read_articles(Path(name), page.format(body).encode())
    found = clean(raw)
    assert str(found.saved) == "2020-11-18" and found.published is None


def test_saved_is_no_field_of_prose() -> None:
    text = f"Council backs plan\n\nShe saved 12 March 2020 for last.\n\n{BERTH * 3}"
    assert clean(RawArticle(text, "a.txt")).saved is None


def test_the_version_changes_with_every_field(library: Library) -> None:
    library.add(article(), "raw", "digest")
    versions = [library.version]
    for field, value in (("published", "2019"), ("publisher", "Gull"), ("title", None)):
        library.store.correct(article().id, field, value)
        versions.append(library.version)
    assert len(set(versions)) == 4
    library.store.correct(article().id, "published", "2018-02-13")
    library.store.correct(article().id, "publisher", "Meridian Wire")
    library.store.correct(article().id, "title", "Council approves plan")
    assert library.version == versions[0]


def test_many_are_corrected_in_one_step(library: Library, tmp_path: Path) -> None:
    names = [article(body=f"Ferry {n} sailed. At noon.", published=None, publisher=None) for n in range(3)]
    for each in names:
        library.add(each, "raw", "digest")
    collection = Collection(library, tmp_path, writable=True)
    assert find_incomplete(library.store, 2).total == 3 and len(collection.incomplete(2).articles) == 2
    first, second, third = (each.id for each in names)
    with pytest.raises(InvalidDate):
        collection.correct_many({first: {"publisher": "Gull"}, second: {"published": "soon"}})
    assert collection.incomplete().total == 3, "all or nothing"
    changes = {
        first: {"publisher": "Gull", "published": "13 February 2018"},
        second: {"publisher": "Gull"},
        third: {},
    }
    assert collection.correct_many(changes) == 2
    assert str(collection.article(first).published) == "2018-02-13"
    assert {each.id for each in collection.incomplete().articles} == {second, third}
    with pytest.raises(ChangesDisabled):
        Collection(library, tmp_path, writable=False).correct_many(changes)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATELINE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


Dateline = Callable[..., str]


@pytest.fixture
def dateline(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Dateline:
    """Run a command in this process and return what it printed."""
    monkeypatch.setenv("COLUMNS", "200")

    def dateline(*arguments: object) -> str:
        run([str(argument) for argument in arguments])
        return capsys.readouterr().out

    return dateline


def test_the_command_line_lists_what_is_undated_and_sets_many(
    data: Path, tmp_path: Path, dateline: Dateline
) -> None:
    for n in range(3):
        (tmp_path / f"{n}.txt").write_text(BERTH.replace("second", f"berth number {n} and"))
    added = dateline("add", *(tmp_path / f"{n}.txt" for n in range(3)))
    assert "3 undated" in added and "its text names 3 March 2019" in added
    assert "dateline set" in added and "not after" in added
    rows = list(csv.DictReader(io.StringIO(dateline("list", "--incomplete", "--csv"))))
    first, second, third = (row["id"] for row in rows)
    assert all("3 March 2019" in row["known"] for row in rows)
    assert "2 articles changed" in dateline("set", first, second, "publisher=Corrin Sun")
    table = tmp_path / "dates.csv"
    table.write_text(f"id;published;publisher;title\n{first};13/02/2018;;\n{third};2019;Gull;\n{second};;;\n")
    assert "2 articles changed" in dateline("set", "--csv", table)
    store = Store(data)
    found = {each.id: (each.publisher, str(each.published or ""), each.title) for each in store.articles()}
    store.close()
    assert found == {
        first: ("Corrin Sun", "2018-02-13", None),
        second: ("Corrin Sun", "", None),
        third: ("Gull", "2019", None),
    }
    assert dateline("list", "--incomplete", "--csv").splitlines()[1].startswith(second)
    assert "its text names 3 March 2019" in dateline("list", "--incomplete")


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("published,publisher\n2018,Gull\n", "row 1: no id"),
        ("id,published\nabc,2018\n", "row 1: abc: no article has this id"),
        ("id,published\n{0},2018\n{0},03/04/2018\n", "row 2"),
        ("\0\1\2", "not readable as a table"),
    ],
)
def test_a_table_that_cannot_be_used_changes_nothing(
    data: Path, tmp_path: Path, table: str, problem: str, library: Library
) -> None:
    store = Store(data)
    (found,) = add(Library(store, library.encoder), tmp_path / "a.txt", BERTH)
    store.close()
    (tmp_path / "t.csv").write_text(table.format(found.id))
    with pytest.raises(ValueError, match=problem) as raised:
        run(["set", "--csv", str(tmp_path / "t.csv")])
    assert is_dateline_error(raised.value)
    store = Store(data)
    again = store.article(found.id)
    store.close()
    assert again and again.published is None
