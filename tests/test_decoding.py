"""What a trained reader may write: real tokens and a real model, so that no half word and no half figure can come out."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage

from rag.generation.chat_model import LocalChatModel, ModelError
from rag.generation.decoding import EXCLUDED
from rag.generation.worker import LoadedModel as Owner

SENTENCES = [
    "The council met on Monday and heard the harbour master for an hour.",
    "The new ferry cost 34,500,000 crowns (“too much”, said Mr O’Hara) and carries 60 cars.",
]


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(
    choices=st.lists(st.integers(0, 50), min_size=1, max_size=12),
    sentence=st.sampled_from([*SENTENCES, "Naïve 4,5% — or 2012–13?"]),
)
def test_whatever_way_is_taken_whole_words_come_out(owner: Owner, choices: list[int], sentence: str) -> None:
    """Any path through the tokens that may follow, cut anywhere that it may end, is made of whole words of the sentence."""
    found = owner.span(sentence)
    written: list[int] = []
    for choice in choices:
        allowed, may_end = found.next_tokens(written)
        text = owner._model.detokenize(written).decode().strip() if written else ""
        if may_end and text:
            assert re.search(rf"(?<![\w]){re.escape(text)}(?![\w])", sentence), text
        if not allowed:
            break
        written.append(sorted(allowed)[choice % len(allowed)])


def test_a_figure_is_written_whole(owner: Owner) -> None:
    found = owner.span(SENTENCES[1])
    pieces = [owner._model.detokenize([token]) for token in found.tokens]
    start = next(n for n, piece in enumerate(pieces) if b"".join(pieces[n : n + 3]).strip().startswith(b"34"))
    written = [found.tokens[start]]
    while not found.next_tokens(written)[1]:
        written.append(found.tokens[start + len(written)])
        assert written[-1] in found.next_tokens(written[:-1])[0]
    assert owner._model.detokenize(written).decode().strip() == "34,500,000"


def test_it_points_to_what_it_leans_to_and_tells_the_chances_without_leaning(chat: LocalChatModel) -> None:
    def ask(leanings: list[float]) -> tuple[list[float], str]:
        pieces = list(
            chat.stream(
                [HumanMessage("Say something.")], sentences=SENTENCES, leanings=leanings, max_tokens=20
            )
        )
        (chances,) = [
            piece.response_metadata["chances"] for piece in pieces if "chances" in piece.response_metadata
        ]
        assert any(piece.usage_metadata for piece in pieces)
        return chances, "".join(piece.text for piece in pieces)

    chances, written = ask([0.0, EXCLUDED, 0.0])
    assert len(chances) == 3 and sum(chances) == pytest.approx(1)
    assert written.startswith("[2]") or written == "[0]"
    again, first = ask([EXCLUDED, 100.0, 0.0])
    assert again == pytest.approx(chances) and first.startswith("[1]")
    (line, *_) = first.splitlines()
    assert line.removeprefix("[1]").strip() in SENTENCES[0]
    assert ask([100.0, 0.0, 0.0])[1] == "[0]"


def test_more_sentences_than_figures_are_refused_and_the_model_goes_on(chat: LocalChatModel) -> None:
    with pytest.raises(ModelError, match="at most nine sentences"):
        list(chat.stream([HumanMessage("Which?")], sentences=["A b."] * 10, leanings=[0.0] * 11))
    assert chat.invoke("Name a colour.", max_tokens=5).text


def test_a_pointing_that_is_given_up_leaves_the_model_free(chat: LocalChatModel) -> None:
    pieces = chat.stream([HumanMessage("Which?")], sentences=SENTENCES, leanings=[EXCLUDED, 0.0, 0.0])
    next(iter(pieces))
    pieces.close()  # type: ignore[attr-defined]
    first = chat.invoke("Name a colour.", max_tokens=5).text
    assert first and chat.invoke("Name a colour.", max_tokens=5).text == first
