"""Assemble a chat prompt as tokens, so that no text in it can forge a turn.

Only the template's own words become control tokens; what articles, questions and answers say is plain text,
whatever it spells. Marks that are no control tokens, such as Mistral's "[INST]", are plain text in the
template too: in what people and articles say, a space is put into them.
"""

import re
from typing import Any

import llama_cpp
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

_CHATML = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
Message = dict[str, str]
_MARK = re.compile(r"<[^<>\s]+>|\[[^\[\]\s]+\]|#{3,}")  # what a template marks turns with
_LONG_RUN = re.compile(r"(.)\1{1000,}", re.DOTALL)
_RUN = 1000  # limit: some tokenizers crash on 40,000 of one character (llama.cpp #27783)
_SAMPLE = [{"role": role, "content": "words"} for role in ("system", "user", "assistant", "user")]


class ChatTemplate:
    """The chat template and the tokenizer of a loaded GGUF model, or of one that has its vocabulary alone."""

    def __init__(self, model: llama_cpp.Llama) -> None:
        self._model = model
        self._vocabulary = llama_cpp.llama_model_get_vocab(model.model)
        source = model.metadata.get("tokenizer.chat_template", _CHATML)
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        self._template = environment.from_string(source)
        self._marks = _alternatives({*_MARK.findall(self._sample()), *self._user_defined()})

    def prompt(self, messages: list[Message]) -> tuple[list[int], int]:
        """Return the tokens of a chat, and how many of them come before the last message's content.

        Raises:
            ValueError: The model's chat template leaves out a message.
        """
        marks = [f"\x02{n}\x03" for n in range(len(messages))]
        marked = [
            {"role": message["role"], "content": mark} for message, mark in zip(messages, marks, strict=True)
        ]
        rest = self._render(marked)
        tokens: list[int] = []
        before_last = 0
        for mark, message in zip(marks, messages, strict=True):
            before, found, rest = rest.partition(mark)
            if not found:
                raise ValueError("the model's chat template drops or reorders messages; use another model")
            tokens += self._tokenize(before, special=True)
            before_last = len(tokens)
            tokens += self.plain_tokens(message["content"])
        tokens += self._tokenize(rest, special=True)
        bos = self._model.token_bos()
        if llama_cpp.llama_vocab_get_add_bos(self._vocabulary) and tokens[:1] != [bos]:
            tokens.insert(0, bos)
            before_last += 1
        return tokens, before_last

    def plain_tokens(self, text: str) -> list[int]:
        """Return the tokens of a text, none of which is a control token or a mark of the template."""
        text = _LONG_RUN.sub(lambda run: run[1] * _RUN, text)
        if self._marks:
            text = self._marks.sub(lambda mark: f"{mark[0][0]} {mark[0][1:]}", text)
        return self._tokenize(text, special=False)

    def _render(self, messages: list[Message]) -> str:
        """Return the text of the template for some messages, with the start of the model's answer."""
        variables: dict[str, Any] = {
            "bos_token": self._control_word(self._model.token_bos()),
            "eos_token": self._control_word(self._model.token_eos()),
            "raise_exception": _raise_template_error,
            "add_generation_prompt": True,
        }
        try:
            return self._template.render(messages=messages, **variables)
        except TemplateError:
            # Some templates have no system role: its text goes in front of the first question.
            first, second, *others = messages
            if first["role"] != "system":
                raise
            merged = {"role": second["role"], "content": f"{first['content']}\n\n{second['content']}"}
            return self._template.render(messages=[merged, *others], **variables)

    def _sample(self) -> str:
        """Return the template's own words; "" if it cannot be used, which the first question says."""
        try:
            return self._render(_SAMPLE)
        except TemplateError:
            return ""

    def _user_defined(self) -> list[str]:
        """Return the markup among the tokens that llama.cpp finds in any text, such as "<think>"."""
        kind = llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED
        found = (
            llama_cpp.llama_vocab_get_text(self._vocabulary, token).decode("utf-8", "replace")
            for token in range(self._model.n_vocab())
            if llama_cpp.llama_vocab_get_attr(self._vocabulary, token) & kind
        )
        return [text for text in found if _MARK.fullmatch(text)]

    def _control_word(self, token: int) -> str:
        return self._model.detokenize([token], special=True).decode() if token >= 0 else ""

    def _tokenize(self, text: str, special: bool) -> list[int]:
        encoded = text.encode("utf-8", "replace")
        return self._model.tokenize(encoded, add_bos=False, special=special) if text else []


def _alternatives(texts: set[str]) -> re.Pattern[str] | None:
    """Return a pattern for any of some texts, the longest first; None for no texts."""
    ordered = sorted(texts, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None


def _raise_template_error(reason: str) -> None:
    raise TemplateError(reason)
