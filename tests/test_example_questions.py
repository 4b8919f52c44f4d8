from pathlib import Path

from conftest import article

from embeddings.library import Library
from rag.assistant import Assistant
from rag.serving.collection import Collection
from rag.serving.example_questions import examples


def test_most_examples_can_be_answered_and_name_articles_that_are_there(
    quoting: Assistant, tmp_path: Path
) -> None:
    found = examples(Collection(quoting.library, tmp_path, changes=False))
    titles = {article.title for article in quoting.library.store.articles()}
    assert len(set(found)) == 4 and all(question.split("“")[1].rstrip("”?") in titles for question in found)
    assert sum(quoting.ask(question).status != "unanswerable" for question in found) >= 3


def test_where_there_is_no_headline_there_is_no_example(library: Library, tmp_path: Path) -> None:
    collection = Collection(library, tmp_path, changes=False)
    assert examples(collection) == ()
    swans = article(
        "Nine swans were seen on the lake of Ardmore on Sunday, said the warden of the park.", None
    )
    library.add(swans, swans.body, "0")
    assert examples(collection) == ()
