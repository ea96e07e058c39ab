"""Texts that belong together to a LoRA adapter of a small encoder, by contrast; knows no files and no figures.

Deterministic for a seed, a machine and a library version. The base weights stay as they are.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from framewise.corpus.errors import ModelLoadError
from framewise.eval.extra import need
from framewise.eval.tune.lora import Tell, rate, slim, without_peft_warning
from framewise.index.adapter import CONFIG, WEIGHTS
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
NEVER = -1e4  # the logit of what must not be held against a question


@dataclass(frozen=True, slots=True)
class EncoderRecipe:
    """How the encoder's adapter is trained, in two stages.

    First on sentences and the questions they answer: a batch is `batch` sentences in groups of `alike` that lie near
    each other, so that what is to be told apart is hard; sentences nearer than `same` are not held against each other.
    Of what was learnt the share `kept` goes on (WiSE-FT, Wortsman et al., 2022): all of it knows questions that were
    written beside the corpus best, and others worse than the plain encoder does.

    Then on questions of which a reader said what answers them: a batch is `read_batch` of them, each with `off`
    sentences that were found and are off the point, and beside them `beside` of the first stage's sentences, which
    count by `beside_weight`, so that nothing is forgotten.

    `scale` is the inverse temperature of both.
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
    kept: float = 0.6
    read_epochs: int = 3
    read_rate: float = 3e-4
    read_batch: int = 24
    off: int = 2
    beside: int = 16
    beside_weight: float = 0.5
    max_tokens: int = 96
    clip: float = 1.0
    seed: int = 20261127


@dataclass(frozen=True, slots=True)
class AskedSentence:
    """A sentence and the questions that it answers, two or more."""

    text: str
    asked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadQuestion:
    """A question and what a reader said of the sentences found for it: the best, what also serves, what is off."""

    question: str
    best: tuple[str, ...]
    also: tuple[str, ...]
    off: tuple[str, ...]


class Learner:
    """A BERT, pooled by the mean, with an adapter that learns.

    Args:
        base: its folder.
        recipe: how it learns.
        tell: told the loss every few steps.

    Raises:
        MissingExtraError: no peft.
    """

    def __init__(self, base: Path, recipe: EncoderRecipe, tell: Tell) -> None:
        need("peft")
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModel, AutoTokenizer

        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self._tell, self._started = tell, time.monotonic()
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
        config = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules=list(LINEAR))
        with without_peft_warning():
            # In evaluation mode: dropout only slows what is read two or three times.
            plain = AutoModel.from_pretrained(base, local_files_only=True, use_safetensors=True)
            model = get_peft_model(plain, config)
        self._model = model.to(self._device).eval()

    def vectors(self, texts: Sequence[str]) -> Any:  # noqa: ANN401 - a tensor
        """Unit vectors that remember how they were made. Shape: (len(texts), dim)."""
        import torch

        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        half = len(order) // 2  # short and long ones apart: less padding
        parts = [self._read([texts[at] for at in part]) for part in (order[:half], order[half:])]
        places = torch.tensor(np.argsort(order), device=self._device)
        return torch.cat(parts)[places]

    def follow(self, losses: Iterable[Any], steps: int, top: float, name: str) -> list[float]:
        """Makes a step for each loss; gives the losses.

        Args:
            losses: made one by one, each from the weights as they are by then.
            steps: how many there will be.
            top: the highest learning rate.
            name: of the stage, for the lines of progress.
        """
        import torch

        trained = [p for p in self._model.parameters() if p.requires_grad]
        optimiser = torch.optim.AdamW(trained, lr=top, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: rate(step, steps, self.recipe.warm)
        )
        spent: list[float] = []
        for lost in losses:
            lost.backward()
            torch.nn.utils.clip_grad_norm_(trained, self.recipe.clip)
            optimiser.step()
            optimiser.zero_grad()
            schedule.step()
            spent.append(float(lost.detach()))
            if len(spent) % NOTED == 0:
                recent = sum(spent[-NOTED:]) / NOTED
                minutes = (time.monotonic() - self._started) / 60
                self._tell(
                    f"{name}, step {len(spent)} of {steps}: loss {recent:.3f}, {minutes:.1f} min"
                )
        return spent

    def keep(self, share: float) -> None:
        """Forgets all but a share of what was learnt."""
        import torch

        with torch.no_grad():
            for name, weights in self._model.named_parameters():
                if ".lora_B." in name:
                    weights *= share

    def load(self, folder: Path) -> None:
        """Goes on from a saved adapter of the same shape.

        Raises:
            ModelLoadError: it cannot be read, or is of another shape.
        """
        from peft import get_peft_model_state_dict, set_peft_model_state_dict
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        fix = "Name a folder that 'framewise tune encoder --out' wrote with this recipe."
        try:
            learnt = {name: t.float() for name, t in load_file(folder / WEIGHTS).items()}
            config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
            scale = float(config["lora_alpha"]) / float(config["r"])
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            raise ModelLoadError(
                f"the adapter '{folder}' cannot be read: {error}.", fix=fix
            ) from error
        own = get_peft_model_state_dict(self._model)
        alike = {n: t.shape for n, t in own.items()} == {n: t.shape for n, t in learnt.items()}
        if not alike or scale != self.recipe.alpha / self.recipe.rank:
            raise ModelLoadError(f"the adapter '{folder}' is of another shape.", fix=fix)
        set_peft_model_state_dict(self._model, learnt)

    def save(self, out: Path) -> None:
        """Writes the adapter as float16, half as large."""
        from safetensors.torch import load_file, save_file

        self._model.save_pretrained(out, safe_serialization=True)
        slim(out)
        halves = {name: t.half() for name, t in load_file(out / WEIGHTS).items()}
        save_file(halves, out / WEIGHTS, metadata={"format": "pt"})

    def _read(self, texts: Sequence[str]) -> Any:  # noqa: ANN401 - a tensor
        import torch

        if not texts:
            return torch.zeros((0, self._model.config.hidden_size), device=self._device)
        read = self._tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=self.recipe.max_tokens,
            return_tensors="pt",
        ).to(self._device)
        with torch.autocast(self._device, dtype=torch.bfloat16):  # 1.5 times faster on two cores
            tokens = self._model(**read).last_hidden_state
        there = read["attention_mask"].unsqueeze(-1).float()
        means = (tokens.float() * there).sum(dim=1) / there.sum(dim=1)
        return torch.nn.functional.normalize(means, dim=1)


def asked_losses(
    learner: Learner, rows: Sequence[AskedSentence], near: NDArray[np.float32], draw: random.Random
) -> Iterator[Any]:
    """The first stage's losses. `near` holds the plain cosines of the sentences. Shape: (len(rows), len(rows))."""
    for _ in range(learner.recipe.epochs):
        for batch in batches(near, learner.recipe, draw):
            drawn = [draw.sample(rows[at].asked, 2) for at in batch]
            texts = [pair[0] for pair in drawn] + [pair[1] for pair in drawn]
            vectors = learner.vectors([*texts, *(rows[at].text for at in batch)])
            yield asked_loss(vectors, near[np.ix_(batch, batch)], learner.recipe)


def asked_loss(vectors: Any, near: NDArray[np.float32], recipe: EncoderRecipe) -> Any:  # noqa: ANN401 - tensors
    """InfoNCE (van den Oord et al., 2018) of question to question and question to sentence, both ways.

    Args:
        vectors: unit vectors of a batch's first questions, second questions and sentences. Shape: (3 n, dim).
        near: plain cosines of its sentences. Shape: (n, n).
        recipe: temperature, and from which cosine two sentences are the same.
    """
    import torch

    first, second, said = vectors.chunk(3)
    same = torch.from_numpy(near > recipe.same).to(vectors.device)
    same.fill_diagonal_(False)
    pairs = ((first, second), (first, said), (second, first), (said, first))
    lost = [told_apart(recipe.scale * one @ other.T, same) for one, other in pairs]
    return sum(lost) / len(lost)


def read_losses(
    learner: Learner,
    read: Sequence[ReadQuestion],
    rows: Sequence[AskedSentence],
    draw: random.Random,
) -> Iterator[Any]:
    """The second stage's losses."""
    asked = {row.text: row.asked for row in rows}
    order = list(range(len(read)))
    for _ in range(learner.recipe.read_epochs):
        draw.shuffle(order)
        for start in range(0, len(order), learner.recipe.read_batch):
            batch = [read[at] for at in order[start : start + learner.recipe.read_batch]]
            yield read_loss(learner, batch, rows, asked, draw)


def read_loss(
    learner: Learner,
    batch: Sequence[ReadQuestion],
    rows: Sequence[AskedSentence],
    asked: Mapping[str, Sequence[str]],
    draw: random.Random,
) -> Any:  # noqa: ANN401 - a tensor
    """InfoNCE of a question to a sentence that answers it, and to a question that this sentence is known to answer.

    Held against them are the other questions' sentences, those off the point, and the sentences beside; for a question
    none that its reader called good, in the same words. To it comes, by its weight, the first stage's loss of the
    sentences beside, of their first questions alone.
    """
    import torch

    recipe, count = learner.recipe, len(batch)
    # Half of the time the opening, else any.
    good = [item.best[0] if draw.random() < 0.5 else draw.choice(item.best) for item in batch]
    off = [text for item in batch for text in draw.sample(item.off, min(recipe.off, len(item.off)))]
    beside = draw.sample(rows, min(recipe.beside, len(rows)))
    pairs = [draw.sample(row.asked, 2) for row in beside]
    said = [*good, *off, *(row.text for row in beside)]
    known = [draw.choice(asked.get(text, (text,))) for text in (*good, *off)]
    vectors = learner.vectors(
        [
            *(item.question for item in batch),
            *said,
            *known,
            *(pair[1] for pair in pairs),
            *(pair[0] for pair in pairs),
        ]
    )
    question, sentence, of_sentence, first = torch.split(
        vectors, [count, len(said), len(said), len(beside)]
    )
    also_good = torch.tensor(
        [
            [at != place and text in (*item.best, *item.also) for place, text in enumerate(said)]
            for at, item in enumerate(batch)
        ],
        device=vectors.device,
    )
    learnt = [
        told_apart(recipe.scale * question @ other.T, also_good)
        for other in (sentence, of_sentence)
    ]
    lost = sum(learnt) / 2
    if not beside:
        return lost
    alone = torch.zeros((len(beside), len(beside)), dtype=torch.bool, device=vectors.device)
    held = [
        told_apart(recipe.scale * first @ other[-len(beside) :].T, alone)
        for other in (of_sentence, sentence)
    ]
    return lost + recipe.beside_weight * sum(held) / 2


def told_apart(logits: Any, never: Any) -> Any:  # noqa: ANN401 - tensors
    """Cross-entropy of row n's own place, n, against the others; `never` are not held against it. Shape: (n, m ≥ n)."""
    import torch

    wanted = torch.arange(len(logits), device=logits.device)
    return torch.nn.functional.cross_entropy(logits.masked_fill(never, NEVER), wanted)


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
