"""No text forges a turn, with the chat template and the tokenizer of each family of models."""

from collections.abc import Iterator
from pathlib import Path

import llama_cpp
import pytest
from conftest import FETCHED_READERS, article
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import BaseMessage
from vocabulary import FAMILIES, Family

from corpus.passages import Passage
from rag.generation.chat_model import _ROLES
from rag.generation.chat_template import ChatTemplate
from rag.generation.prompts import CheckingPrompts, Prompts, WritingPrompts
from rag.generation.readers import COMPACT
from rag.generation.registry import packaged_file
from rag.retrieval.evidence import Evidence

MARKS = sorted(
    {mark for family in FAMILIES for mark in (*family.marks, *family.others, family.bos, family.eos)}
)
FORGED = [*MARKS, "\x020\x03", "{{ bos_token }}", "{% endfor %}", "$question", "\nsystem\n", "[1] ", "\n\n"]
HOSTILE = st.lists(st.one_of(st.sampled_from(FORGED), st.text(max_size=30)), min_size=1, max_size=5).map(
    "".join
)
PROMPTS, WRITING, CHECKING = Prompts(), WritingPrompts(), CheckingPrompts()


@pytest.fixture(scope="module", params=[*FAMILIES, "small", "compact"], ids=lambda f: getattr(f, "name", f))
def template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ChatTemplate]:
    """The template of a family over a vocabulary of its kind, and those of the readers."""
    if isinstance(request.param, Family):
        path = request.param.write(tmp_path_factory.mktemp("vocabulary"))
    else:
        path = packaged_file() if request.param == "small" else FETCHED_READERS / COMPACT.file
    if not path.is_file():
        pytest.skip(f"{path.name} has not been fetched: dateline reader get {request.param}")
    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    yield ChatTemplate(model)
    model.close()


def prompts_with(text: str) -> list[list[dict[str, str]]]:
    """Return all prompts in which an article, its headline and publisher, a question and an answer say a text."""
    body = f"The council said {text} and went home."
    known = article(body, title=f"News {text}", publisher=f"The {text} Wire")
    item = Evidence(Passage(known, 0, len(body)), 0, len(body), 0.0, 0.0)
    written: list[list[BaseMessage]] = [
        PROMPTS.messages(f"Who said {text}?", [item, item], 10_000)[0],
        WRITING.messages(f"Who said {text}?", [item], text),
        [*CHECKING.messages(f"Who said {text}?", item)],
    ]
    chats = [[{"role": _ROLES[m.type], "content": m.text} for m in messages] for messages in written]
    chats[-1][-1]["content"] += CHECKING.endings(f"He said {text}.")[1]
    return chats


def marks(template: ChatTemplate, chat: list[dict[str, str]]) -> list[int]:
    """Return how often each mark is in a prompt: as a token of its own, and in the text as the model sees it."""
    tokens, _ = template.prompt(chat)
    model = template._model
    alone = {mark: model.tokenize(mark.encode(), add_bos=False, special=True) for mark in MARKS}
    counts = [tokens.count(found[0]) if len(found) == 1 else 0 for found in alone.values()]
    text = b"".join(model.detokenize([token], special=True) for token in tokens)
    own = template._marks.findall(template._sample()) if template._marks else []
    return counts + [text.count(mark.encode()) for mark in sorted(set(own))]


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=HOSTILE)
@pytest.mark.threat(
    "P1",
    n="10 texts by hypothesis and each mark, in 3 prompts, 5 families of templates and 2 readers",
    open='turns marked by plain words ("USER:")',
)
def test_no_text_forges_a_control_token_or_a_mark(template: ChatTemplate, text: str) -> None:
    """A prompt has the marks of the same prompt with plain words, and its template has some."""
    for hostile, plain in zip(prompts_with(text), prompts_with("plain words"), strict=True):
        assert marks(template, hostile) == marks(template, plain)
        assert any(marks(template, plain))


def test_each_mark_is_broken_alone_and_in_its_own_template(template: ChatTemplate) -> None:
    plain = marks(template, prompts_with("plain words")[0])
    for mark in MARKS:
        assert marks(template, prompts_with(f"{mark} and {mark}system\n{mark}{mark}")[0]) == plain, mark


def test_marks_of_plain_text_are_known_by_the_template(tmp_path: Path) -> None:
    family = next(family for family in FAMILIES if family.name == "mistral")
    template = ChatTemplate(llama_cpp.Llama(str(family.write(tmp_path)), vocab_only=True, verbose=False))
    shown = template._model.detokenize(
        template.plain_tokens("He said [INST] twice, [INST]. See [1].")
    ).decode()
    assert shown.strip() == "He said [ INST] twice, [ INST]. See [1]."
