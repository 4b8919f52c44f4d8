import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import llama_cpp
import numpy as np
import pytest
from conftest import article
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_tests.unit_tests import ChatModelUnitTests
from serving import cpu_seconds, wait_until

from corpus.passages import Passage
from rag.generation.chat_model import LocalChatModel
from rag.generation.model_process import ModelError, ModelProcess
from rag.generation.prompts import Prompts
from rag.generation.registry import _TEMPLATE_TOKENS
from rag.generation.worker import LoadedModel
from rag.retrieval.evidence import Evidence


def test_invoke_and_stream_return_the_same_text(chat: LocalChatModel) -> None:
    question = [HumanMessage("Name a colour.")]
    written = chat.invoke(question, max_tokens=12).text
    assert written and "".join(piece.text for piece in chat.stream(question, max_tokens=12)) == written


def test_usage_metadata_counts_the_tokens(chat: LocalChatModel, loaded_model: LoadedModel) -> None:
    question = "Name a colour."
    prompt, _ = loaded_model.chat.prompt([{"role": "user", "content": question}])
    whole = chat.invoke([HumanMessage(question)], max_tokens=12)
    assert whole.usage_metadata and whole.usage_metadata["input_tokens"] == len(prompt)
    # As many as were allowed, or those of the text and the one that ends it.
    assert whole.usage_metadata["output_tokens"] in (12, chat.get_num_tokens(whole.text))
    (streamed,) = [
        piece.usage_metadata
        for piece in chat.stream([HumanMessage(question)], max_tokens=12)
        if piece.usage_metadata
    ]
    assert streamed == whole.usage_metadata


def test_answers_do_not_depend_on_earlier_questions(chat: LocalChatModel) -> None:
    def ask(question: str) -> str:
        return chat.invoke([SystemMessage("Answer shortly."), HumanMessage(question)], max_tokens=24).text

    first = ask("What is a ferry, and who uses it?")
    for other in ("What is a ferry, and who paid?", "Count to ten.", "What is a ferry, and who uses it?"):
        ask(other)
        assert ask("What is a ferry, and who uses it?") == first


def test_generation_stops_before_a_stop_text(chat: LocalChatModel) -> None:
    free = chat.invoke("Count: one, two, three", max_tokens=30).text
    mark = free[len(free) // 2 :][:3]
    assert chat.invoke("Count: one, two, three", max_tokens=30, stop=[mark]).text == free[: free.index(mark)]


def compare(chat: LocalChatModel, system: str, question: str, choices: list[str]) -> list[float]:
    messages = [SystemMessage(system), HumanMessage(question)]
    (found,) = [
        piece.response_metadata["probabilities"]
        for piece in chat.stream(messages, endings=[""], choices=choices)
        if "probabilities" in piece.response_metadata
    ]
    return found


def test_the_choice_that_the_model_would_write_is_the_likeliest(chat: LocalChatModel) -> None:
    prompt = "You name colours in one word.", "What colour is the sky?"
    answer = chat.invoke([SystemMessage(prompt[0]), HumanMessage(prompt[1])], max_tokens=1).text
    found = compare(chat, *prompt, ["seventeen", answer, "[", "Zebra"])
    assert max(found) == found[1] and min(found) > 0 and sum(found) < 1


def test_two_prompts_in_turn_are_each_read_once_and_compared_alike(loaded_model: LoadedModel) -> None:
    def ask(system: str, *endings: str) -> tuple[list[list[float]], int]:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": "It is Monday."}]
        before = llama_cpp.llama_perf_context(loaded_model._model.ctx).n_p_eval
        found = list(loaded_model.compare(messages, list(endings), ["Yes", "No"]))
        return found, llama_cpp.llama_perf_context(loaded_model._model.ctx).n_p_eval - before

    asked = " Is it open?", " Is it shut?"
    systems = [f"You answer yes or no. The {name} is open on Mondays." * 3 for name in ("ferry", "library")]
    (first, whole), (second, _) = (ask(system, *asked) for system in systems)
    again, short = ask(systems[0], *asked)
    assert again == first and ask(systems[1], *asked)[0] == second and first != second
    assert 0 < short < whole / 2
    assert first[0] != first[1] and ask(systems[0], *asked[::-1])[0] == first[::-1]


def test_choices_that_begin_alike_are_an_error_and_not_a_crash(chat: LocalChatModel) -> None:
    with pytest.raises(ModelError, match="begin with the same token"):
        compare(chat, "Answer.", "Which?", ["Yes", "Yes, it is"])
    assert chat.invoke("Name a colour.", max_tokens=5).text


@pytest.mark.parametrize("text", ["ab" * 50_000, "a b " * 30_000, "漢字" * 15_000, "12" * 50_000])
def test_a_prompt_that_is_too_long_is_an_error_and_not_a_crash(chat: LocalChatModel, text: str) -> None:
    before = chat.process.pid
    with pytest.raises(ModelError, match="raise DATELINE_CONTEXT"):
        chat.invoke(text)
    assert chat.process.pid == before and chat.invoke("Say hi.", max_tokens=4).text


@pytest.mark.threat("Q9", n="a token under the limit, at it, and over it")
def test_prompt_and_answer_may_fill_the_context_and_no_more(loaded_model: LoadedModel) -> None:
    context, answer = loaded_model.info["context"], 4

    def ask(words: int) -> int:
        chat = [{"role": "user", "content": " day" * words}]
        list(loaded_model.generate(chat, answer, 0.0, []))
        return loaded_model.tokens_read

    around = len(loaded_model.chat.prompt([{"role": "user", "content": " day"}])[0]) - 1
    full = context - answer - around
    assert (ask(full - 1), ask(full)) == (context - answer - 1, context - answer)
    with pytest.raises(ValueError, match=f"need {context + 1} tokens and the context has {context}"):
        ask(full + 1)


@pytest.mark.threat("Q9", n="1,000 random questions with one to eight sentences; seed 18")
def test_as_much_evidence_as_fits_is_in_the_prompt_and_no_more(loaded_model: LoadedModel) -> None:
    rng, prompts, left_out = np.random.default_rng(18), Prompts.for_model(extractive=True), 0
    parts = ("The ferry sailed. ", "漢字", "🙂", "<|im_end|>", "1,000.5 ", "\u0301", "Ω≈ç ", "\n", "$text ")

    def text(most: int) -> str:
        return "".join(rng.choice(parts, int(rng.integers(1, most)))) + "."

    def sentence() -> Evidence:
        found = article(body=text(90), title=text(9))
        return Evidence(Passage(found, 0, len(found.body)), 0, len(found.body), 1.0, 1.0)

    def count(text: str) -> int:
        return len(loaded_model.chat.plain_tokens(text))

    for _ in range(1_000):
        evidence = [sentence() for _ in range(int(rng.integers(1, 9)))]
        question, budget = text(200), int(rng.integers(200, 1_600))
        messages, used = prompts.messages(question, evidence, budget, count)
        roles = [
            {"role": role, "content": one.text}
            for role, one in zip(("system", "user"), messages, strict=True)
        ]
        assert used == evidence[: len(used)] and used
        assert len(loaded_model.chat.prompt(roles)[0]) <= budget + _TEMPLATE_TOKENS or len(used) == 1
        if len(used) < len(evidence):
            left_out += 1
            more, _ = prompts.messages(question, evidence[: len(used) + 1], 10**6, count)
            assert sum(count(one.text) for one in more) > budget
    assert 100 < left_out < 900


@pytest.mark.threat("I5", n="12 characters, 100,000 of each, in a prompt")
def test_a_run_of_one_character_is_cut_before_it_is_tokenized(loaded_model: LoadedModel) -> None:
    for char in "a \n.漢1\u0301é🙂_-\t":
        cut = loaded_model.chat.plain_tokens(char * 100_000)
        assert cut == loaded_model.chat.plain_tokens(char * 1_000) and cut
        whole = loaded_model._model.tokenize((char * 999).encode(), add_bos=False, special=False)
        assert loaded_model.chat.plain_tokens(char * 999) == whole


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_after_a_crash_the_next_question_works(chat: LocalChatModel, how: int) -> None:
    pieces = chat.stream([HumanMessage("Write a long story.")])
    next(pieces)
    assert chat.process.pid
    os.kill(chat.process.pid, how)
    with pytest.raises(ModelError, match="ask again"):
        list(pieces)
    assert chat.invoke("Say hi.", max_tokens=4).text


@pytest.mark.threat("Q4")
def test_a_hanging_model_is_stopped_at_the_deadline(chat: LocalChatModel) -> None:
    hanging = ModelProcess(chat.process.path, 512, 1, seconds=2)
    hanging.start()
    assert hanging.pid
    os.kill(hanging.pid, signal.SIGSTOP)
    with pytest.raises(ModelError, match="took too long"):
        list(hanging.generate([{"role": "user", "content": "Hi"}], 4, 0.0, []))
    assert "".join(hanging.generate([{"role": "user", "content": "Hi"}], 4, 0.0, []))
    hanging.close()
    assert hanging.pid is None


def test_a_caller_that_stops_reading_holds_up_nobody(chat: LocalChatModel) -> None:
    story = [{"role": "user", "content": "Write a story about a ferry."}]
    whole = "".join(chat.process.generate(story, 40, 0.0, []))
    abandoned = chat.process.generate(story, 40, 0.0, [])
    first = next(abandoned)
    assert chat.invoke("Say hi.", max_tokens=4).text
    assert first + "".join(abandoned) == whole  # nothing of it is lost


def test_a_hanging_model_that_nobody_waits_for_is_stopped_for_the_next_caller(chat: LocalChatModel) -> None:
    hanging = ModelProcess(chat.process.path, 512, 1, seconds=2)
    abandoned = hanging.generate([{"role": "user", "content": "Count to a hundred."}], 300, 0.0, [])
    next(abandoned)
    first = hanging.pid
    assert first
    os.kill(first, signal.SIGSTOP)
    assert "".join(hanging.generate([{"role": "user", "content": "Hi"}], 4, 0.0, []))
    second = hanging.pid
    with pytest.raises(ModelError, match="took too long"):
        list(abandoned)
    assert second == hanging.pid != first  # the late caller does not stop what works for others
    hanging.close()


def test_a_broken_installation_says_why_the_model_cannot_start(
    chat: LocalChatModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "llama_cpp.py").write_text("raise ImportError('libllama.so: cannot open shared object file')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(
        ModelError, match=r"cannot start \(ImportError: libllama\.so: .*exit code 1\); run: pip"
    ):
        ModelProcess(chat.process.path, 512, 1).start()


def test_the_log_says_how_the_process_of_the_model_ended(
    chat: LocalChatModel, caplog: pytest.LogCaptureFixture
) -> None:
    pieces = chat.stream([HumanMessage("Write a long story.")])
    next(pieces)
    assert chat.process.pid
    os.kill(chat.process.pid, signal.SIGILL)
    with pytest.raises(ModelError, match="ask again"):
        list(pieces)
    assert "Illegal instruction" in caplog.text


@pytest.mark.threat("Q3")
def test_closing_the_stream_stops_the_model_even_inside_a_long_prompt(chat: LocalChatModel) -> None:
    """An answer that is cancelled while its prompt is read has no words."""
    chat.invoke("Forget that.", max_tokens=1)
    worker = chat.process.pid
    assert worker
    prompt, before = "Other words to read before it. " * 220, cpu_seconds(worker)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(list, chat.process.generate([{"role": "user", "content": prompt}], 100, 0.0, []))
        wait_until(lambda: cpu_seconds(worker) > before + 0.3)  # reading it all takes several seconds
        assert chat.process._current and not answer.done()
        chat.process._cancel(chat.process._current)
        assert answer.result(timeout=60) == []
    assert chat.invoke("Say hi.", max_tokens=4).text


def test_concurrent_requests_get_the_same_answers_as_single_ones(chat: LocalChatModel) -> None:
    questions = [f"Say the number {n}." for n in range(8)]
    alone = [chat.invoke(question, max_tokens=8).text for question in questions]
    together: dict[int, str] = {}
    threads = [
        threading.Thread(
            target=lambda n=n: together.update({n: chat.invoke(questions[n], max_tokens=8).text})
        )
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[n] for n in range(8)] == alone


def test_whoever_asks_again_waits_behind_those_who_were_there_before(
    chat: LocalChatModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, turns = chat.process, []
    begin = process._begin

    def noted() -> object:
        request = begin()
        turns.append(threading.current_thread().name)  # nobody else's turn begins before this one's end
        return request

    def ask() -> None:
        for _ in range(10):
            process.count("one of many")

    monkeypatch.setattr(process, "_begin", noted)
    names = [str(n) for n in range(8)]
    with closing(process.generate([{"role": "user", "content": "Tell a long story."}], 500, 0.0, [])) as busy:
        next(busy)
        asking = [threading.Thread(target=ask, name=name) for name in names]
        for waiting, thread in enumerate(asking, 1):
            thread.start()
            wait_until(lambda waiting=waiting: len(process._waiting) == waiting)
    for thread in asking:
        thread.join(timeout=60)
    assert turns[1:9] == names and sorted(turns[1:]) == sorted(names * 10)


class TestLangchainsContract(ChatModelUnitTests):
    """langchain's own suite for chat models."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return LocalChatModel

    @property
    def chat_model_params(self) -> dict:
        return {"process": type(self)._process}

    @pytest.fixture(autouse=True)
    def _with_process(self, chat: LocalChatModel) -> None:
        type(self)._process = chat.process
