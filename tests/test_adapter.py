"""The packaged adapter: what it changes, when it is refused, and that llama.cpp loads it correctly."""

import json
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import pytest
from conftest import ROOT, article

from corpus.passages import Passage
from rag.generation.model_process import ModelMissing
from rag.generation.prompts import TRAINED_FOLDER, Prompts
from rag.generation.registry import AnswerModel, open_model
from rag.retrieval.evidence import Evidence
from rag.settings import Settings

ADAPTER = ROOT / "rag/adapters/reader.gguf"
BASE = Path(str(open_model(Settings(adapter="none")).chat.process.path))  # type: ignore[union-attr]
LINES = (
    ("The council met on Monday and heard the harbour master for an hour.", "2018-02-13"),
    ("The new ferry, the Sea Campion, cost 34 million crowns and carries 600 passengers.", "2020-10-02"),
    ("Its predecessor was sold to a yard in the south.", "2023-05-01"),
)
QUESTIONS = (
    "How much did the new ferry cost?", "What is the new ferry called?", "How many passengers does the Sea Campion carry?",
    "What was its predecessor sold to?", "When did the council meet?", "Who was heard for an hour?",
    "Which day of the week was it?", "Where was the old ferry sold?", "How many engines does the Sea Campion have?", "Who designed the interior of the Sea Campion?",
)  # fmt: skip


def lines() -> list[Evidence]:
    return [
        Evidence(Passage(article(text, published=day), 0, len(text)), 0, len(text), 1.0, 1.0)
        for text, day in LINES
    ]


def chats() -> list[list[dict[str, str]]]:
    """Fifty prompts of different lengths, as the product sends them."""
    roles = {"human": "user", "system": "system"}
    return [
        [
            {"role": roles[message.type], "content": message.text}
            for message in Prompts(TRAINED_FOLDER).messages(question, given, 2000)[0]
        ]
        for question in QUESTIONS
        for given in (lines()[:2], lines(), [*reversed(lines())], lines()[1:], [*lines()[2:], *lines()[:2]])
    ]


def written(model: AnswerModel, chat: list[dict[str, str]]) -> str:
    return "".join(model.chat.process.generate(chat, 40, 0.0, ["\n\n"]))  # type: ignore[union-attr]


def test_the_adapter_answers_with_a_number_and_words_of_the_sentence(
    trained_model: AnswerModel, base_model: AnswerModel
) -> None:
    assert trained_model.extractive and not base_model.extractive
    chats_about_cost = chats()[:5]
    answers = [written(trained_model, chat) for chat in chats_about_cost]
    # The sentence with the price has another number in each.
    expected = [f"[{n}] 34 million crowns" for n in (2, 2, 2, 1, 3)]
    assert sum(answer == right for answer, right in zip(answers, expected, strict=True)) >= 4, answers
    for chat, answer in zip(chats_about_cost[:2], answers, strict=False):
        assert written(base_model, chat) != answer


def test_an_adapter_is_refused_with_another_base_or_another_card(tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(BASE.read_bytes() + b"\0")
    with pytest.raises(
        ModelMissing,
        match=r"was trained for SmolLM2-135M-Instruct\.Q4_1\.gguf, not for .*other\.gguf; "
        "set DATELINE_ADAPTER=none",
    ):
        open_model(Settings(model=str(other), adapter=str(ADAPTER)))
    assert not open_model(Settings(model=str(other))).extractive
    changed = tmp_path / "reader.gguf"
    changed.write_bytes(ADAPTER.read_bytes()[:-1] + b"\1")
    with pytest.raises(ModelMissing, match=r"its card reader\.json are not both there"):
        open_model(Settings(adapter=str(changed)))
    changed.with_suffix(".json").write_bytes(ADAPTER.with_suffix(".json").read_bytes())
    with pytest.raises(ModelMissing, match="is not the file that its card describes"):
        open_model(Settings(adapter=str(changed)))


def test_logits_of_base_and_adapter_agree_with_torch() -> None:
    """Compare with torch, with the adapter merged into the dequantised base in transformers' order.

    Rows of q and k in the wrong order give a model several times as far away; the last line shows that this
    test would see it.
    """
    torch = pytest.importorskip("torch")
    gguf = pytest.importorskip(
        "gguf", reason="gguf is not installed; pip install -r training/requirements.txt"
    )
    transformers = pytest.importorskip("transformers")
    torch.set_num_threads(1)
    ours = _llama_logits()

    def distances(permute: bool, chats: list[tuple[list[int], Any]]) -> list[float]:
        model = transformers.AutoModelForCausalLM.from_pretrained(
            BASE.parent,
            gguf_file=BASE.name,
            dtype=torch.float32,
            quantization_config=transformers.GgufConfig(dequantize=True),
        )
        _merge(torch, model, gguf.GGUFReader(ADAPTER), permute)
        found = []
        for tokens, logits in chats:
            with torch.no_grad():
                theirs = model(torch.tensor([tokens])).logits[0, -1].numpy()
            found.append(1 - float(logits @ theirs / np.linalg.norm(logits) / np.linalg.norm(theirs)))
        return found

    right = distances(True, ours)
    assert max(right) <= 0.001, right
    assert min(distances(False, ours[:2])) > 3 * max(right[:2])


def _llama_logits() -> list[tuple[list[int], Any]]:
    """Return the tokens of each chat as the worker makes them, and the logits of the next one."""
    from rag.generation.worker import LoadedModel

    loaded = LoadedModel(str(BASE), 1024, 1, str(ADAPTER))
    model, found = loaded._model, []
    for chat in chats():
        tokens, _ = loaded.chat.prompt(chat)
        model.reset()
        model.eval(tokens)
        logits = llama_cpp.llama_get_logits_ith(model.ctx, -1)
        found.append((tokens, np.ctypeslib.as_array(logits, (model.n_vocab(),)).copy()))
    model.close()
    return found


_MODULES = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}  # fmt: skip


def _merge(torch: Any, model: Any, adapter: Any, permute: bool) -> None:
    weights = {tensor.name: tensor.data.astype(np.float32) for tensor in adapter.tensors}
    alpha = adapter.fields["adapter.lora.alpha"].contents()
    heads = {"attn_q": model.config.num_attention_heads, "attn_k": model.config.num_key_value_heads}
    for name, a in weights.items():
        if name.endswith("lora_a"):
            _, layer, short, *_ = name.split(".")
            b = weights[name[:-1] + "b"]
            if permute and short in heads:
                half = len(b) // heads[short] // 2
                order = [
                    head * 2 * half + 2 * row + side
                    for head in range(heads[short])
                    for side in (0, 1)
                    for row in range(half)
                ]
                b = b[order]
            module = model.model.layers[int(layer)].get_submodule(_MODULES[short])
            module.weight.data += torch.from_numpy(alpha / len(a) * (b @ a))


def test_training_and_worker_make_the_same_tokens() -> None:
    """`training/train.py` tokenizes a chat as the worker does, even if an article spells a control token."""
    pytest.importorskip("peft", reason="peft is not installed; pip install -r training/requirements.txt")
    pytest.importorskip("gguf", reason="gguf is not installed; pip install -r training/requirements.txt")
    import sys

    from rag.generation.worker import LoadedModel

    sys.path.insert(0, str(Path(__file__).parent.parent / "training"))
    from train import encode
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(BASE.parent, gguf_file=BASE.name)
    loaded = LoadedModel(str(BASE), 512, 1)
    forged = json.loads(json.dumps(chats()[0]).replace("crowns", "<|im_end|> crowns"))
    for chat in [*chats(), forged]:
        assert encode(tokenizer, chat) == loaded.chat.prompt(chat)[0]
    loaded._model.close()
