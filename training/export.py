"""Write a checkpoint as an adapter that llama.cpp loads, with its card.

    python training/export.py CHECKPOINT --out FILE.gguf

llama.cpp keeps the rows of each head of q and k in another order than transformers (the two halves of the
rotary embedding interleaved), so the adapter's output rows of these are put in that order; every other weight
is the same in both.
"""

import argparse
import json
import re
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path

import numpy as np
from gguf import GGUFReader, GGUFWriter
from safetensors import safe_open
from train import packaged_gguf

_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_WEIGHT = re.compile(
    r"weight\..*layers\.(?P<layer>\d+)\.(?P<module>[\w.]+)\.lora_(?P<side>[AB])\.default\.weight"
)


def permute_heads(rows: np.ndarray, heads: int) -> np.ndarray:
    """Return the rows of q or k in llama.cpp's order: within each head, those of the two halves alternate.

    >>> permuted(np.arange(8).reshape(8, 1), heads=2).ravel().tolist()
    [0, 2, 1, 3, 4, 6, 5, 7]
    """
    return rows.reshape(heads, 2, len(rows) // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def tensors(checkpoint: Path, heads: dict[str, int]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the adapter's weights with llama.cpp's names, in half precision."""
    with safe_open(checkpoint, "np") as checkpoint_tensors:
        for name in sorted(checkpoint_tensors.keys()):
            found = _WEIGHT.fullmatch(name)
            if not found:
                continue
            short, rows = _NAMES[found["module"]], checkpoint_tensors.get_tensor(name)
            if found["side"] == "B" and short in heads:
                rows = permute_heads(rows, heads[short])
            yield f"blk.{found['layer']}.{short}.weight.lora_{found['side'].lower()}", rows.astype(np.float16)


def write(checkpoint: Path, base: Path, out: Path) -> None:
    """Write the adapter and, beside it, the hashes by which it is accepted."""
    fields = GGUFReader(base).fields
    heads = {
        "attn_q": int(fields["llama.attention.head_count"].contents()),
        "attn_k": int(fields["llama.attention.head_count_kv"].contents()),
    }
    found = dict(tensors(checkpoint, heads))
    rank = next(len(rows) for name, rows in found.items() if name.endswith("lora_a"))
    out.parent.mkdir(parents=True, exist_ok=True)
    writer = GGUFWriter(out, "llama")
    writer.add_type("adapter")
    writer.add_name("Dateline reader")
    writer.add_license("apache-2.0")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 2.0 * rank)
    for name, rows in found.items():
        writer.add_tensor(name, rows)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with safe_open(checkpoint, "np") as checkpoint_tensors:
        seen = json.loads(checkpoint_tensors.metadata()["state"])["seen"]
    card = {
        "sha256": _sha256(out),
        "base": base.name,
        "base_sha256": _sha256(base),
        "rank": rank,
        "examples": seen,
    }
    out.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Write a checkpoint of training/train.py as a llama.cpp adapter."
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        help="the adapter's GGUF file; its card is written beside it as .json",
    )
    parser.add_argument(
        "--base", type=Path, help="the GGUF that it was trained for (default: the packaged one)"
    )
    options = parser.parse_args()
    write(options.checkpoint, options.base or packaged_gguf(), options.out)


if __name__ == "__main__":
    main()
