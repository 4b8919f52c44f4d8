"""Constrained decoding with real tokens and a real model."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage

from rag.generation.chat_model import LocalChatModel
from rag.generation.decoding import EXCLUDED
from rag.generation.model_process import ModelError
from rag.generation.worker import LoadedModel

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
def test_any_path_through_the_allowed_tokens_is_whole_words(
    loaded_model: LoadedModel, choices: list[int], sentence: str
) -> None:
    """Whichever allowed tokens are chosen, where the text may end it is whole words of the sentence."""
    tokens = loaded_model.sentence_tokens(sentence)
    written: list[int] = []
    for choice in choices:
        allowed, may_end = tokens.next_tokens(written)
        text = loaded_model._model.detokenize(written).decode().strip() if written else ""
        if may_end and text:
            assert re.search(rf"(?<![\w]){re.escape(text)}(?![\w])", sentence), text
        if not allowed:
            break
        written.append(sorted(allowed)[choice % len(allowed)])


def test_figures_are_written_whole(loaded_model: LoadedModel) -> None:
    tokens = loaded_model.sentence_tokens(SENTENCES[1])
    pieces = [loaded_model._model.detokenize([token]) for token in tokens.tokens]
    start = next(n for n, piece in enumerate(pieces) if b"".join(pieces[n : n + 3]).strip().startswith(b"34"))
    written = [tokens.tokens[start]]
    while not tokens.next_tokens(written)[1]:
        written.append(tokens.tokens[start + len(written)])
        assert written[-1] in tokens.next_tokens(written[:-1])[0]
    assert loaded_model._model.detokenize(written).decode().strip() == "34,500,000"


def test_the_logit_bias_decides_and_the_probabilities_are_without_it(chat: LocalChatModel) -> None:
    def ask(logit_bias: list[float]) -> tuple[list[float], str]:
        chunks = list(
            chat.stream(
                [HumanMessage("Say something.")], sentences=SENTENCES, logit_bias=logit_bias, max_tokens=20
            )
        )
        (probabilities,) = [
            chunk.response_metadata["probabilities"]
            for chunk in chunks
            if "probabilities" in chunk.response_metadata
        ]
        assert any(chunk.usage_metadata for chunk in chunks)
        return probabilities, "".join(chunk.text for chunk in chunks)

    probabilities, written = ask([0.0, EXCLUDED, 0.0])
    assert len(probabilities) == 3 and sum(probabilities) == pytest.approx(1)
    assert written.startswith("[2]") or written == "[0]"
    again, first = ask([EXCLUDED, 100.0, 0.0])
    assert again == pytest.approx(probabilities) and first.startswith("[1]")
    (line, *_) = first.splitlines()
    assert line.removeprefix("[1]").strip() in SENTENCES[0]
    assert ask([100.0, 0.0, 0.0])[1] == "[0]"


def test_more_than_nine_sentences_are_an_error_and_not_a_crash(chat: LocalChatModel) -> None:
    with pytest.raises(ModelError, match="at most nine sentences"):
        list(chat.stream([HumanMessage("Which?")], sentences=["A b."] * 10, logit_bias=[0.0] * 11))
    assert chat.invoke("Name a colour.", max_tokens=5).text


def test_the_model_is_free_after_a_cancelled_extraction(chat: LocalChatModel) -> None:
    pieces = chat.stream([HumanMessage("Which?")], sentences=SENTENCES, logit_bias=[EXCLUDED, 0.0, 0.0])
    next(iter(pieces))
    pieces.close()  # type: ignore[attr-defined]
    first = chat.invoke("Name a colour.", max_tokens=5).text
    assert first and chat.invoke("Name a colour.", max_tokens=5).text == first
