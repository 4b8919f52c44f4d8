"""GGUF files that hold a vocabulary and a chat template alone, for the model families whose weights are not here."""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6
_TYPES = {int: (4, "<I"), float: (6, "<f"), bool: (7, "<?")}


@dataclass(frozen=True)
class Family:
    """A chat template with its marks; `kind` is how the vocabulary holds those, NORMAL if as plain text."""

    name: str
    tokenizer: str  # "gpt2" or "llama", as in a GGUF file
    template: str
    marks: tuple[str, ...]
    kind: int = CONTROL
    bos: str = "<s>"
    eos: str = "</s>"
    others: tuple[str, ...] = field(default=())

    def write(self, folder: Path) -> Path:
        """Write the GGUF file and return its path."""
        control = dict.fromkeys((self.bos, self.eos), CONTROL) | dict.fromkeys(self.others, USER_DEFINED)
        if self.kind != NORMAL:
            control = dict.fromkeys(self.marks, self.kind) | control
        tokens = {
            "<unk>": UNKNOWN,
            **control,
            **(_byte_tokens() if self.tokenizer == "llama" else _bpe_tokens()),
        }
        names = list(tokens)
        values: dict[str, Any] = {
            "general.architecture": "llama",
            "general.name": self.name,
            "llama.context_length": 4096,
            "tokenizer.ggml.model": self.tokenizer,
            "tokenizer.ggml.pre": "llama-bpe" if self.tokenizer == "gpt2" else "default",
            "tokenizer.ggml.tokens": names,
            "tokenizer.ggml.scores": [0.0] * len(names),
            "tokenizer.ggml.token_type": list(tokens.values()),
            "tokenizer.ggml.merges": ["a b"] if self.tokenizer == "gpt2" else [],
            "tokenizer.ggml.bos_token_id": names.index(self.bos),
            "tokenizer.ggml.eos_token_id": names.index(self.eos),
            "tokenizer.ggml.unknown_token_id": 0,
            "tokenizer.ggml.add_bos_token": True,
            "tokenizer.chat_template": self.template,
        }
        values = {key: value for key, value in values.items() if value not in ([], "")}
        data = b"GGUF" + struct.pack("<IQQ", 3, 0, len(values))
        path = folder / f"{self.name}.gguf"
        path.write_bytes(data + b"".join(_text(key) + _typed(value) for key, value in values.items()))
        return path


def _byte_tokens() -> dict[str, int]:
    letters = dict.fromkeys(["\N{LOWER ONE EIGHTH BLOCK}", *map(chr, range(33, 127))], NORMAL)
    return {f"<0x{n:02X}>": BYTE for n in range(256)} | letters


def _bpe_tokens() -> dict[str, int]:
    """Return GPT-2's letters for the 256 bytes, and one merge of two."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [n for n in range(256) if n not in shown]
    return dict.fromkeys([*map(chr, shown), *(chr(256 + n) for n in range(len(others))), "ab"], NORMAL)


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _typed(value: Any) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    if isinstance(value, list):
        kind = 8 if isinstance(value[0], str) else {int: 5, float: 6}[type(value[0])]
        items = (
            _text(item) if kind == 8 else struct.pack("<i" if kind == 5 else "<f", item) for item in value
        )
        return struct.pack("<IIQ", 9, kind, len(value)) + b"".join(items)
    kind, form = _TYPES[type(value)]
    return struct.pack("<I", kind) + struct.pack(form, value)


_ALTERNATE = (
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant') }}{% endif %}"
)
FAMILIES = (
    Family("chatml", "gpt2", "", ("<|im_start|>", "<|im_end|>")),  # without a template, ChatML is used
    Family(
        "llama-3",
        "gpt2",
        "{% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + "
        "'<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' %}"
        "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
        ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|begin_of_text|>"),
        bos="<|begin_of_text|>",
        eos="<|eot_id|>",
    ),
    Family(
        "gemma",
        "llama",
        "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
        "{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}"
        + _ALTERNATE
        + "{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}"
        "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}",
        ("<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>"),
        bos="<bos>",
        eos="<eos>",
        others=("<table>",),
    ),
    Family(
        "mistral",
        "llama",
        "{{ bos_token }}{% for message in messages %}" + _ALTERNATE + "{% if message['role'] == 'user' %}"
        "{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
        "{{ message['content'] + eos_token }}{% else %}"
        "{{ raise_exception('Only user and assistant roles are supported') }}{% endif %}{% endfor %}",
        ("[INST]", "[/INST]"),
        kind=NORMAL,
    ),
    Family(
        "phi",  # llama.cpp treats a vocabulary named phi-3 in a way of its own
        "llama",
        "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + '<|end|>\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}",
        ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>"),
        kind=USER_DEFINED,
        eos="<|endoftext|>",
        others=("<think>",),
    ),
)
