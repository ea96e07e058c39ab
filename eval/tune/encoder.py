"""Questions that one sentence answers to the adapter that brings them together: that of the embedded encoder.

Learns from `corpus/data/asked.jsonl` alone; training and evaluation questions are never seen.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from framewise.corpus.asked import load_asked
from framewise.eval.extra import need
from framewise.eval.statistics import difference, estimate
from framewise.eval.tune.lora import Tell, rate, slim, without_peft_warning
from framewise.eval.tune.relevance import ndcg, told
from framewise.eval.tune.rows import load_graded, load_training
from framewise.index.adapter import WEIGHTS, checksums
from framewise.index.embed import EmbeddedEncoder, Encoder, Vectors
from framewise.index.weights import ENCODER, locate
from numpy.typing import NDArray

LINEAR = (
    "query",
    "key",
    "value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
NOTED = 10  # steps between two lines of progress


@dataclass(frozen=True, slots=True)
class EncoderRecipe:
    """How the encoder's adapter is trained.

    A batch is `batch` sentences in groups of `alike` that lie near each other, so that what is to be told apart is
    hard; `scale` is the inverse temperature; sentences nearer than `same` are not held against each other. Of what was
    learnt the share `kept` is added to the plain weights (WiSE-FT, Wortsman et al., 2022): all of it knows questions
    that were written beside the corpus best, and others worse than the plain encoder does.
    """

    epochs: int = 4
    rank: int = 32
    alpha: int = 64
    rate: float = 5e-4
    warm: float = 0.06
    batch: int = 64
    alike: int = 8
    scale: float = 20.0
    same: float = 0.85
    max_tokens: int = 96
    clip: float = 1.0
    kept: float = 0.6
    seed: int = 20261127


@dataclass(frozen=True, slots=True)
class AskedSentence:
    """A sentence and the questions that it answers, two or more."""

    text: str
    asked: tuple[str, ...]


def tune(folder: Path, *, recipe: EncoderRecipe | None = None, tell: Tell) -> dict[str, str]:
    """Makes the adapter; gives nDCG@5 of the cosine alone over the whole corpus, before and after, and checksums.

    Args:
        folder: for the adapter.
        recipe: how.
        tell: told each step.

    Raises:
        CorpusError: damaged questions.
        ModelMissingError, ModelLoadError: the embedded encoder cannot be had.
    """
    base = locate(ENCODER, say=tell)
    rows = [AskedSentence(text, asked) for text, asked in load_asked().items() if len(asked) > 1]
    plain = EmbeddedEncoder(base, id=ENCODER.name)
    tell(f"encoding {len(rows)} sentences")
    train(base, rows, plain.encode([row.text for row in rows]), folder, recipe=recipe, tell=tell)
    return measured(plain, EmbeddedEncoder(base, id="tuned", adapter=folder)) | checksums(folder)


def train(
    base: Path,
    rows: Sequence[AskedSentence],
    vectors: Vectors,
    out: Path,
    *,
    recipe: EncoderRecipe | None = None,
    tell: Tell,
) -> list[float]:
    """Trains an adapter and saves it after every epoch; gives each epoch's mean loss.

    Args:
        base: folder of a BERT that is pooled by the mean.
        rows: what is learnt.
        vectors: of their sentences, by which hard batches are made. Shape: (len(rows), dim).
        out: folder for the adapter.
        recipe: how.
        tell: told the loss every few steps.

    Raises:
        MissingExtraError: no peft.
    """
    need("peft")
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModel, AutoTokenizer

    recipe = recipe or EncoderRecipe()
    torch.manual_seed(recipe.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    config = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules=list(LINEAR))
    with without_peft_warning():
        # In evaluation mode: dropout only slows what is read two or three times.
        model = get_peft_model(AutoModel.from_pretrained(base), config).to(device).eval()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=recipe.rate, weight_decay=0.01)
    draw, losses, started = random.Random(recipe.seed), [], time.monotonic()  # noqa: S311
    near = vectors @ vectors.T
    total = recipe.epochs * math.ceil(len(rows) / recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: rate(step, total, recipe.warm)
    )
    for number in range(1, recipe.epochs + 1):
        spent: list[float] = []
        for batch in batches(near, recipe, draw):
            drawn = [draw.sample(rows[at].asked, 2) for at in batch]
            texts = [pair[0] for pair in drawn] + [pair[1] for pair in drawn]
            read = tokenizer(
                [*texts, *(rows[at].text for at in batch)],
                padding=True,
                truncation=True,
                max_length=recipe.max_tokens,
                return_tensors="pt",
            ).to(device)
            with torch.autocast(device, dtype=torch.bfloat16):  # 1.5 times faster on two cores
                tokens = model(**read).last_hidden_state
            there = read["attention_mask"].unsqueeze(-1).float()
            means = (tokens.float() * there).sum(dim=1) / there.sum(dim=1)
            lost = loss(means, near[np.ix_(batch, batch)], recipe)
            lost.backward()
            torch.nn.utils.clip_grad_norm_(trained, recipe.clip)
            optimiser.step()
            optimiser.zero_grad()
            schedule.step()
            spent.append(float(lost.detach()))
            if len(spent) % NOTED == 0:
                recent = sum(spent[-NOTED:]) / NOTED
                minutes = (time.monotonic() - started) / 60
                tell(f"epoch {number}, step {len(spent)}: loss {recent:.3f}, {minutes:.1f} min")
        losses.append(sum(spent) / len(spent))
        save(model, out, recipe.kept)
    note = {"recipe": asdict(recipe), "sentences": len(rows), "losses": losses}
    (out / "training.json").write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
    return losses


def save(model: Any, out: Path, kept: float) -> None:  # noqa: ANN401 - a peft model
    """Writes the adapter with the share `kept` of what it learnt, as float16, half as large."""
    from safetensors.torch import load_file, save_file

    model.save_pretrained(out, safe_serialization=True)
    slim(out)
    learnt = load_file(out / WEIGHTS)
    halves = {n: (kept * t if ".lora_B." in n else t).half() for n, t in learnt.items()}
    save_file(halves, out / WEIGHTS, metadata={"format": "pt"})


def batches(
    near: NDArray[np.float32], recipe: EncoderRecipe, draw: random.Random
) -> Iterator[list[int]]:
    """Every sentence once, in batches of groups: a drawn sentence and the nearest of those that are left.

    `near` holds the cosines of the sentences. Shape: (n, n).
    """
    left = np.ones(len(near), dtype=bool)
    order, groups = list(range(len(near))), []
    draw.shuffle(order)
    for at in order:
        if left[at]:
            left[at] = False
            ranked = np.argsort(-np.where(left, near[at], -2.0), kind="stable")
            group = [at, *(int(n) for n in ranked[: recipe.alike - 1] if left[n])]
            left[group] = False
            groups.append(group)
    draw.shuffle(groups)
    flat = [at for group in groups for at in group]
    for start in range(0, len(flat), recipe.batch):
        yield flat[start : start + recipe.batch]


def loss(means: Any, near: NDArray[np.float32], recipe: EncoderRecipe) -> Any:  # noqa: ANN401 - tensors
    """InfoNCE (van den Oord et al., 2018) of question to question and question to sentence, both ways.

    Args:
        means: pooled vectors of a batch's first questions, second questions and sentences. Shape: (3 n, dim).
        near: plain cosines of its sentences. Shape: (n, n).
        recipe: temperature, and from which cosine two sentences are the same.
    """
    import torch

    first, second, said = torch.nn.functional.normalize(means, dim=1).chunk(3)
    same = torch.from_numpy(near > recipe.same).to(means.device)
    same.fill_diagonal_(False)
    wanted = torch.arange(len(near), device=means.device)
    pairs = ((first, second), (first, said), (second, first), (said, first))
    lost = [
        torch.nn.functional.cross_entropy(
            (recipe.scale * one @ other.T).masked_fill(same, -1e4), wanted
        )
        for one, other in pairs
    ]
    return sum(lost) / len(lost)


def measured(plain: Encoder, tuned: Encoder) -> dict[str, str]:
    """nDCG@5 of training questions, which the encoder never saw: all sentences with questions by cosine alone."""
    asked, graded = load_asked(), load_graded()
    rows = [row for row in load_training() if row.question in graded]
    texts = list(asked)
    found: dict[str, list[float]] = {}
    figures: dict[str, str] = {}
    topics = [row.topic for row in rows]
    for name, encoder in (("plain", plain), ("tuned", tuned)):
        cosines = encoder.encode([row.question for row in rows]) @ encoder.encode(texts).T
        found[name] = []
        for row, line in zip(rows, cosines, strict=True):
            grades = [graded[row.question].grade(text) or 0 for text in texts]
            best = np.argsort(-line, kind="stable").tolist()
            found[name].append(ndcg([grades[at] for at in best], ()))
        figures[f"nDCG@5 of the {name} encoder's cosine"] = str(estimate(found[name], topics))
    figures["tuned less plain"] = told(difference(found["plain"], found["tuned"], topics))
    return figures
