"""Examples (a prompt and its replies) to a LoRA adapter of a causal language model; knows no task.

Deterministic for a seed, a machine and a library version. The base weights stay as they are.
"""

from __future__ import annotations

import json
import math
import random
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from framewise.eval.extra import need
from framewise.index.adapter import CONFIG

Tell = Callable[[str], None]
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
LEFT_OUT = -100  # a label that counts for nothing


@dataclass(frozen=True, slots=True)
class Branch:
    """Token ids that are read behind the prompt, and those that should follow and are learnt."""

    read_ids: tuple[int, ...]
    label_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt and one or more branches behind it; no branch sees another."""

    prompt_ids: tuple[int, ...]
    branches: tuple[Branch, ...]

    def __len__(self) -> int:
        return len(self.prompt_ids) + sum(len(b.read_ids) + len(b.label_ids) for b in self.branches)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an adapter is trained; `batch` examples a step, `rate` at its height after `warm` of the steps.

    LoRA as in Hu et al., 2021 (arXiv 2106.09685), on every linear layer from `first_layer` on: a backward pass
    that ends there takes two thirds of the time. `at_once` bounds the memory of a step. `attention`: on two cores
    "sdpa" is faster for examples of 500 tokens, "eager" for those of 160 (514 against 387 tokens/s, 2026-11-27).
    """

    rank: int = 16
    alpha: int = 32
    rate: float = 5e-4
    warm: float = 0.06
    batch: int = 8
    at_once: int = 4
    first_layer: int = 10
    attention: str = "sdpa"
    clip: float = 1.0
    seed: int = 20261127


def train(
    base: Path,
    epochs: Sequence[Sequence[Example]],
    out: Path,
    *,
    recipe: Recipe | None = None,
    tell: Tell,
) -> list[float]:
    """Trains an adapter and saves it after every epoch; gives each epoch's mean loss.

    Args:
        base: folder of the base model.
        epochs: the examples of each pass, so that a pass may show them in another order or with other sources.
        out: folder for the adapter.
        recipe: how.
        tell: told the loss every few steps.

    Raises:
        MissingExtraError: no peft.
    """
    need("peft")
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    recipe = recipe or Recipe()
    torch.manual_seed(recipe.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    plain = AutoModelForCausalLM.from_pretrained(
        base, dtype=torch.bfloat16, attn_implementation=recipe.attention
    ).to(device)
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        target_modules=list(LINEAR),
        layers_to_transform=list(range(recipe.first_layer, plain.config.num_hidden_layers)),
    )
    with without_peft_warning():
        model = get_peft_model(plain, config, autocast_adapter_dtype=False)
    trained = [p for p in model.parameters() if p.requires_grad]
    # The steps are too small for bfloat16: the optimiser keeps the adapter in float32.
    masters = [p.detach().float().clone().requires_grad_() for p in trained]
    optimiser = torch.optim.AdamW(masters, lr=recipe.rate, weight_decay=0.01)
    total = sum(math.ceil(len(epoch) / recipe.batch) for epoch in epochs)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: rate(step, total, recipe.warm)
    )
    draw, losses, started = random.Random(recipe.seed), [], time.monotonic()  # noqa: S311
    for number, epoch in enumerate(epochs, 1):
        spent: list[float] = []
        for batch in _batches(epoch, recipe.batch, draw):
            loss = 0.0
            for at in range(0, len(batch), recipe.at_once):
                part = batch[at : at + recipe.at_once]
                weighed = _loss(model, part, device) * (len(part) / len(batch))
                weighed.backward()
                loss += float(weighed.detach())
            for master, param in zip(masters, trained, strict=True):
                master.grad = param.grad.float()
                param.grad = None
            torch.nn.utils.clip_grad_norm_(masters, recipe.clip)
            optimiser.step()
            schedule.step()
            with torch.no_grad():
                for master, param in zip(masters, trained, strict=True):
                    param.copy_(master)
            spent.append(loss)
            if len(spent) % 10 == 0:
                recent = sum(spent[-10:]) / 10
                minutes = (time.monotonic() - started) / 60
                tell(f"epoch {number}, step {len(spent)}: loss {recent:.3f}, {minutes:.1f} min")
        losses.append(sum(spent) / len(spent))
        model.save_pretrained(out, safe_serialization=True)
        slim(out)
    note = {"recipe": asdict(recipe), "epochs": [len(e) for e in epochs], "losses": losses}
    (out / "training.json").write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
    return losses


def _batches(
    examples: Sequence[Example], size: int, draw: random.Random
) -> Iterator[list[Example]]:
    """Batches of examples of like length, in a drawn order: little padding, no order by length."""
    order = sorted(range(len(examples)), key=lambda at: (len(examples[at]), draw.random()))
    batches = [order[at : at + size] for at in range(0, len(order), size)]
    draw.shuffle(batches)
    for batch in batches:
        yield [examples[at] for at in batch]


def _loss(model: Any, batch: Sequence[Example], device: str) -> Any:  # noqa: ANN401 - a peft model; a tensor
    """Mean cross-entropy over the tokens to learn; logits are made for those alone."""
    import torch

    width = max(len(example) for example in batch)
    ids = torch.zeros((len(batch), width), dtype=torch.long)
    labels = torch.full_like(ids, LEFT_OUT)
    places = torch.zeros_like(ids)
    # 0 is the prompt, 1 and on its branches, -1 padding.
    parts = torch.full_like(ids, -1)
    for row, example in enumerate(batch):
        at = len(example.prompt_ids)
        ids[row, :at] = torch.tensor(example.prompt_ids)
        places[row, :at] = torch.arange(at)
        parts[row, :at] = 0
        for number, branch in enumerate(example.branches, 1):
            whole = branch.read_ids + branch.label_ids
            end = at + len(whole)
            ids[row, at:end] = torch.tensor(whole)
            labels[row, at + len(branch.read_ids) : end] = torch.tensor(branch.label_ids)
            places[row, at:end] = torch.arange(len(whole)) + len(example.prompt_ids)
            parts[row, at:end] = number
            at = end
    seen = (parts[:, None, :] == 0) | (parts[:, None, :] == parts[:, :, None])
    seen &= torch.ones(width, width, dtype=torch.bool).tril()
    mask = torch.zeros(seen.shape, dtype=torch.bfloat16).masked_fill(~seen, -1e9)[:, None]
    causal = model.base_model.model
    hidden = causal.model(
        ids.to(device), attention_mask=mask.to(device), position_ids=places.to(device)
    ).last_hidden_state[:, :-1]  # (n, width - 1, dim)
    wanted = labels[:, 1:].to(device)
    learnt = wanted != LEFT_OUT
    logits = causal.lm_head(hidden[learnt]).float()
    return torch.nn.functional.cross_entropy(logits, wanted[learnt])


def rate(step: int, total: int, warm: float) -> float:
    """The share of the highest rate at a step: a straight rise, then half a cosine down to 0."""
    rising = max(1, round(total * warm))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, total - rising)))


def slim(folder: Path) -> None:
    """Leaves what loading needs: no model card of the library, and no path of this machine."""
    for name in ("README.md",):
        (folder / name).unlink(missing_ok=True)
    path = folder / CONFIG
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = ""
    config["target_modules"] = sorted(config["target_modules"])
    path.write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")


@contextmanager
def without_peft_warning() -> Iterator[None]:
    """Silences one warning: peft 0.21 reads a name that transformers 5 will drop."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`")
        yield
