from pathlib import Path

from conftest import article

from embeddings.library import Library
from rag.assistant import Assistant
from rag.serving.collection import Collection
from rag.serving.example_questions import example_questions, next_questions
from rag.serving.sample import SAMPLE_QUESTIONS


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


def test_what_is_suggested_next_can_be_answered_and_is_about_other_articles_first(quoting: Assistant) -> None:
    answers = [quoting.ask(question) for question in SAMPLE_QUESTIONS]
    for answer in answers:
        cited = {citation.article.headline for citation in answer.citations}
        titles = [question.split("“")[1].rstrip("”?") for question in next_questions(answer)]
        assert 1 <= len(titles) <= 3 and len(set(titles)) == len(titles), (answer.question, titles)
        assert titles == sorted(titles, key=lambda title: title in cited)
    suggested = {question for answer in answers for question in next_questions(answer)}
    unanswered = [question for question in suggested if quoting.ask(question).status == "unanswerable"]
    assert len(unanswered) <= len(suggested) // 10, unanswered
