"""Train the model of support on public sets, resumable, and write `embeddings/support.safetensors`.

    python training/support.py --data ../shared/data --work FOLDER [--teacher FILE] [--minutes 90] [--export]

It starts from the reranker's weights, on a GPU where there is one, else on one core with bfloat16 arithmetic.
The learning rate falls to 0 at the end of the examples or of the minutes, whichever comes first. The learning
curve goes to FOLDER/curve.jsonl, the checkpoint to FOLDER/support.pt.
"""

import argparse
import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from embeddings.encoder import Encoder
from embeddings.reranker import WEIGHTS_FILE as RERANKER_FILE
from embeddings.reranker import apply_deltas, build_network, load_layers, quantise_deltas
from embeddings.support import WEIGHTS_FILE, EncodedClaim, SupportNetwork, encode_claims
from rag.evaluation.measures.ranking import label_auc
from training.holdout import CHOOSING, REPORTED
from training.support_data import Example, read_examples

RATE, HEAD_RATE, BATCH, WARM_UP, SEED = 1e-4, 1e-3, 32, 0.05, 20261121
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
HELD_OUT_SHOWN = 150  # of each set, in the learning curve


def untrained(encoder: Encoder) -> SupportNetwork:
    """Return the network with the reranker's layers and a new head."""
    reranker = build_network(encoder)
    body = {
        name.removeprefix("body."): value
        for name, value in apply_deltas(reranker.state_dict(), load_file(RERANKER_FILE))
        if name.startswith("body.")
    }
    network = SupportNetwork(load_layers(encoder))
    network.body.load_state_dict(body, strict=False)
    return network


def batches(examples: Sequence[Example], encoder: Encoder) -> list[list[int]]:
    """Return the numbers of the examples in batches of similar length, in random order."""
    chance = random.Random(SEED)
    order = list(range(len(examples)))
    chance.shuffle(order)
    size = BATCH * 40
    found = []
    for first in range(0, len(order), size):
        block = sorted(order[first : first + size], key=lambda n: _length(examples[n]))
        found += [block[n : n + BATCH] for n in range(0, len(block), BATCH)]
    chance.shuffle(found)
    return found


def _length(example: Example) -> int:
    claim = example.claim
    return len(claim.question) + len(claim.statement) + len(claim.headline) + len(claim.source)


def train(
    network: SupportNetwork, examples: Sequence[Example], encoder: Encoder, work: Path, minutes: float
) -> None:
    for weight in network.body.embeddings.parameters():
        weight.requires_grad = False
    named = {name: value for name, value in network.named_parameters() if value.requires_grad}
    groups = [
        [value for name, value in named.items() if name.startswith("head") == head] for head in (False, True)
    ]
    optimiser = torch.optim.AdamW(
        [{"params": groups[0], "lr": RATE}, {"params": groups[1], "lr": HEAD_RATE}], weight_decay=0.01
    )
    seen = [example for example in examples if not example.held_out]
    order = batches(seen, encoder)
    step, spent, checkpoint = 0, 0.0, work / "support.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        step, spent = state["step"], state["seconds"]
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
    began, losses = time.monotonic() - spent, []
    while step < len(order):
        progress = max(step / len(order), (time.monotonic() - began) / 60 / minutes)
        if progress >= 1:
            break
        rate = min(1.0, step / (WARM_UP * len(order)) + 0.02) * (1 - progress)
        for group, full in zip(optimiser.param_groups, (RATE, HEAD_RATE), strict=True):
            group["lr"] = full * rate
        batch = [seen[n] for n in order[step]]
        network.train()
        with torch.autocast(DEVICE.type, torch.bfloat16):
            scores = network(encode_claims(encoder, [example.claim for example in batch]))
        labels = torch.tensor([float(example.supported) for example in batch], device=DEVICE)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(scores, labels)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(named.values(), 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        step += 1
        if step % 100 == 0:
            seconds = time.monotonic() - began
            save(checkpoint, step, seconds, network, optimiser)
            point = {
                "step": step,
                "of": len(order),
                "minutes": round(seconds / 60, 1),
                "loss": round(float(np.mean(losses[-100:])), 4),
            }
            if step % 300 == 0:
                point |= measure(network, examples, encoder, HELD_OUT_SHOWN, CHOOSING)
            with (work / "curve.jsonl").open("a") as curve:
                curve.write(json.dumps(point) + "\n")
    save(checkpoint, step, time.monotonic() - began, network, optimiser)


def save(
    file: Path, step: int, seconds: float, network: SupportNetwork, optimiser: torch.optim.Optimizer
) -> None:
    state = {"network": network.state_dict(), "optimiser": optimiser.state_dict()}
    torch.save({"step": step, "seconds": seconds, **state}, file.with_suffix(".new"))
    file.with_suffix(".new").replace(file)


def measure(
    network: SupportNetwork, examples: Sequence[Example], encoder: Encoder, most: int, part: str
) -> dict[str, float]:
    """Return the area under ROC of one part of each set, and right decisions of condaqa's three."""
    network.eval()
    by_set = defaultdict(list)
    for example in examples:
        if example.part == part and len(by_set[example.set]) < most:
            by_set[example.set].append(example)
    found = {}
    for name, kept in by_set.items():
        scores = score(network, encode_claims(encoder, [example.claim for example in kept]))
        labels = [example.supported for example in kept]
        if len(set(labels)) == 2:
            found[name] = round(label_auc(labels, scores), 3)
        if name == "condaqa":
            found["condaqa right of three"] = round(_right_of_three(kept, scores), 3)
    return found


def _right_of_three(examples: Sequence[Example], scores: Sequence[float]) -> float:
    """Return the share of yes/no questions decided rightly: the likelier of two, or neither below 0."""
    right = []
    for n in range(len(examples) - 1):
        yes, no = examples[n], examples[n + 1]
        if (yes.claim.statement, no.claim.statement) != ("Yes", "No"):
            continue
        if yes.claim.question != no.claim.question:
            continue
        decided = "unknown" if max(scores[n : n + 2]) < 0 else "yes" if scores[n] > scores[n + 1] else "no"
        right.append(decided == ("yes" if yes.supported else "no" if no.supported else "unknown"))
    return float(np.mean(right)) if right else 0.0


def score(network: SupportNetwork, claims: Sequence[EncodedClaim]) -> list[float]:
    """Return the log-odds of claims, in batches."""
    scores: list[float] = []
    with torch.inference_mode(), torch.autocast(DEVICE.type, torch.bfloat16):
        for first in range(0, len(claims), BATCH):
            scores += network(claims[first : first + BATCH]).tolist()
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, help="sentences of training/teacher.py")
    parser.add_argument("--squad", type=int, default=10_000, help="questions of SQuADShifts")
    parser.add_argument("--minutes", type=float, default=90.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--export", action="store_true", help=f"write {WEIGHTS_FILE.name} when done")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    encoder = Encoder(options.threads)
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    examples = read_examples(options.data, options.teacher, options.squad, SEED)
    before = {
        name: value.clone() for name, value in SupportNetwork(load_layers(encoder)).state_dict().items()
    }
    network = untrained(encoder).to(DEVICE)
    train(network, examples, encoder, options.work, options.minutes)
    if options.export:
        after = {name: value.detach().cpu() for name, value in network.state_dict().items()}
        save_file(quantise_deltas(before, after), WEIGHTS_FILE)
        network.load_state_dict(dict(apply_deltas(before, load_file(WEIGHTS_FILE))), strict=False)
        digest = sha256(WEIGHTS_FILE.read_bytes()).hexdigest()
        sys.stdout.write(f"{WEIGHTS_FILE.name}: WEIGHTS_SHA256 = {digest}\n")
    sys.stdout.write(f"{measure(network, examples, encoder, 2000, REPORTED)}\n")


if __name__ == "__main__":
    main()
