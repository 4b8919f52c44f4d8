from pathlib import Path

from conftest import article

from embeddings.library import Library
from rag.assistant import Assistant
from rag.serving.collection import Collection
from rag.serving.example_questions import example_questions


def test_most_example_questions_can_be_answered(quoting: Assistant, tmp_path: Path) -> None:
    questions = example_questions(Collection(quoting.library, tmp_path, writable=False))
    titles = {article.title for article in quoting.library.store.articles()}
    assert len(set(questions)) == 4 and all(
        question.split("“")[1].rstrip("”?") in titles for question in questions
    )
    assert sum(quoting.ask(question).status != "unanswerable" for question in questions) >= 3


def test_articles_without_a_headline_give_no_example_question(library: Library, tmp_path: Path) -> None:
    collection = Collection(library, tmp_path, writable=False)
    assert example_questions(collection) == ()
    swans = article(
        "Nine swans were seen on the lake of Ardmore on Sunday, said the warden of the park.", None
    )
    library.add(swans, swans.body, "0")
    assert example_questions(collection) == ()
