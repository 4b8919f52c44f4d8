"""Train the reranker on public questions, resumable, and write `embeddings/reranker.safetensors`.

    python training/reranker.py --data ../shared/data --work FOLDER [--epochs 1.2] [--export]

On a GPU, where there is one, else on one core with bfloat16 arithmetic. The learning curve goes to
FOLDER/curve.jsonl, the checkpoint to FOLDER/checkpoint.safetensors. Equal arguments on equal machines give
equal weights, also over interruptions.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from embeddings.encoder import Encoder
from embeddings.reranker import (
    WEIGHTS_FILE,
    EncodedWindow,
    Network,
    apply_deltas,
    build_network,
    quantise_deltas,
)
from rag.evaluation.measures.ranking import roc_auc
from training.holdout import CHOOSING, REPORTED
from training.reranker_data import Example, Questions, examples, read_questions

RATE, HEAD_RATE, BATCH, WARM_UP, SEED = 1.5e-4, 1e-3, 16, 0.05, 20261120
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def compute_loss(model: Network, batch: Sequence[Example]) -> torch.Tensor:
    """Return the softmax loss over all sentences of a question and "none of them", whose score is 0.

    The same loss over the word pieces where an answer starts, and where it ends, counts a quarter each.
    """
    rows = [row for item in batch for row in item.rows]
    with torch.autocast(DEVICE.type, torch.bfloat16):
        scores, logits = model(rows)
    losses, sentence, row = [], 0, 0
    zero = torch.zeros(1, device=DEVICE)
    for item in batch:
        own, held = scores[sentence : sentence + len(item.held)], torch.tensor(item.held, device=DEVICE)
        losses.append(
            torch.logsumexp(torch.cat([zero, own]), 0)
            - (torch.logsumexp(own[held], 0) if held.any() else 0.0)
        )
        for column, places in ((1, item.first), (2, item.last)):
            logits_of_sentences = torch.cat(
                [logits[row + n, a:b, column] for n, one in enumerate(item.rows) for a, b in one.spans]
            )
            right = torch.stack([logits[row + n, i, column] for n, i in places]) if places else zero
            losses.append(
                0.25
                * (torch.logsumexp(torch.cat([zero, logits_of_sentences]), 0) - torch.logsumexp(right, 0))
            )
        sentence, row = sentence + len(item.held), row + len(item.rows)
    return torch.stack(losses).sum() / len(batch)


def train(model: Network, questions: Questions, work: Path, epochs: float) -> None:
    """Train from the last checkpoint to the end of the epochs, where the learning rate has fallen to 0."""
    for weight in model.body.embeddings.parameters():
        weight.requires_grad = False
    named = {name: value for name, value in model.named_parameters() if value.requires_grad}
    groups = [
        [value for name, value in named.items() if name.startswith("head") == head] for head in (False, True)
    ]
    optimiser = torch.optim.AdamW(
        [{"params": groups[0], "lr": RATE}, {"params": groups[1], "lr": HEAD_RATE}], weight_decay=0.01
    )
    rates = [group["lr"] for group in optimiser.param_groups]
    step, seconds = resume(model, optimiser, named, work / "checkpoint.safetensors")
    per_epoch = len(examples(questions, SEED, 0, BATCH))
    last, began, losses = int(epochs * per_epoch), time.monotonic() - seconds, []
    epoch, batches = -1, []
    while step < last:
        if step // per_epoch != epoch:
            epoch = step // per_epoch
            batches = examples(questions, SEED, epoch, BATCH)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * min(1.0, step / (WARM_UP * last) + 0.01) * (1 - step / last)
        torch.manual_seed(SEED + step)
        model.train()
        loss = compute_loss(model, batches[step % per_epoch])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(named.values(), 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        step += 1
        if step % 200 == 0:
            save(model, optimiser, named, work / "checkpoint.safetensors", step, time.monotonic() - began)
            point = {
                "step": step,
                "minutes": round((time.monotonic() - began) / 60, 1),
                "loss": round(float(np.mean(losses[-200:])), 4),
            }
            log_point(work, point | measure(model, questions, 200, CHOOSING))
    save(model, optimiser, named, work / "checkpoint.safetensors", step, time.monotonic() - began)


def log_point(work: Path, point: dict[str, float]) -> None:
    """Append a point to the learning curve."""
    with (work / "curve.jsonl").open("a") as curve:
        curve.write(json.dumps(point) + "\n")


def save(
    model: Network,
    optimiser: torch.optim.Optimizer,
    named: dict[str, torch.nn.Parameter],
    file: Path,
    step: int,
    seconds: float,
) -> None:
    tensors = {f"model.{name}": value.detach().contiguous() for name, value in named.items()}
    tensors |= {
        f"{kind}.{name}": optimiser.state[value][kind]
        for name, value in named.items()
        for kind in ("exp_avg", "exp_avg_sq")
    }
    save_file(tensors, file.with_suffix(".new"), metadata={"step": str(step), "spent": str(seconds)})
    file.with_suffix(".new").replace(file)


def resume(
    model: Network, optimiser: torch.optim.Optimizer, named: dict[str, torch.nn.Parameter], file: Path
) -> tuple[int, float]:
    """Restore the checkpoint, if there is one; return the steps and seconds done so far."""
    if not file.exists():
        return 0, 0.0
    with safe_open(file, "pt", device=str(DEVICE)) as tensors:
        step, seconds = int(tensors.metadata()["step"]), float(tensors.metadata()["spent"])
        for name, value in named.items():
            value.data.copy_(tensors.get_tensor(f"model.{name}"))
            moments = {kind: tensors.get_tensor(f"{kind}.{name}") for kind in ("exp_avg", "exp_avg_sq")}
            optimiser.state[value] = {"step": torch.tensor(float(step)), **moments}
    return step, seconds


def measure(
    model: Network, questions: Questions, most: int, part: str, encoder: Encoder | None = None
) -> dict[str, float]:
    """Measure a part's questions with an answer, among the sentences of their paragraph and of three rivals.

    "best" and "three" are the shares with an answering sentence first, or among the first three; "area" is
    the area under ROC of the best score against that without the answering sentences. With an encoder its
    cosines are measured instead of the scores.
    """
    model.eval()
    numbers = questions.numbers(part)
    numbers = [n for n in numbers if questions.asked[n].answers][:: max(1, len(numbers) // most)]
    top_one, top_three, whole, cut = [], [], [], []
    for n in numbers:
        item = questions.asked[n]
        paragraph = questions.paragraphs[item.paragraph]
        windows = [
            (paragraph, at, min(at + 3, len(paragraph.pieces))) for at in range(0, len(paragraph.pieces), 3)
        ]
        windows += [(questions.paragraphs[p], max(0, s - 1), s + 1) for p, s in item.rivals[:3]]
        if encoder:
            texts = [text for one, a, b in windows for text in one.texts[a:b]]
            vectors = encoder.encode([item.text, *texts])
            scores = vectors[1:] @ vectors[0]
        else:
            rows = [
                EncodedWindow.build(questions.pieces[n], one.headline, one.pieces[a:b])
                for one, a, b in windows
            ]
            with torch.inference_mode(), torch.autocast(DEVICE.type, torch.bfloat16):
                scores = model(rows)[0].float().cpu().numpy()
        held = np.array([i in item.sentences for i in range(len(scores))])
        place = int(np.argmax(held[np.argsort(-scores, kind="stable")]))
        top_one.append(place < 1)
        top_three.append(place < 3)
        whole.append(scores.max())
        cut += [scores[~held].max()] if not held.all() else []
    return {
        "questions": len(numbers),
        "best": round(float(np.mean(top_one)), 3),
        "three": round(float(np.mean(top_three)), 3),
        "area": round(roc_auc(whole, cut), 3),
    }


def export(model: Network, before: dict[str, torch.Tensor], file: Path) -> float:
    """Write the weights' changes, load the file back into the model, and return the largest difference."""
    after = {name: value.detach().cpu() for name, value in model.state_dict().items()}
    tensors = quantise_deltas(before, after)
    save_file(tensors, file)
    again = dict(apply_deltas(before, tensors))
    difference = max(float((again[name] - after[name]).abs().max()) for name in again)
    model.load_state_dict(again, strict=False)
    return difference


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=1.2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--export", action="store_true", help=f"write {WEIGHTS_FILE.name} when done")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    encoder = Encoder(options.threads)
    questions = read_questions(options.data, encoder)
    torch.manual_seed(SEED)
    model = build_network(encoder).to(DEVICE)
    before = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
    train(model, questions, options.work, options.epochs)
    if options.export:
        difference = export(model, before, WEIGHTS_FILE)
        digest = sha256(WEIGHTS_FILE.read_bytes()).hexdigest()
        sys.stdout.write(
            f"{WEIGHTS_FILE.name}: {WEIGHTS_FILE.stat().st_size:,} bytes; "
            f"largest difference from the trained weights: {difference:.1e}; WEIGHTS_SHA256 = {digest}\n"
        )
    sys.stdout.write(f"ranker: {measure(model, questions, 1000, REPORTED)}\n")
    sys.stdout.write(f"cosine: {measure(model, questions, 1000, REPORTED, encoder)}\n")


if __name__ == "__main__":
    main()
