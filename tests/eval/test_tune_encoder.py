"""Batches and loss of the encoder's adapter by hand; and that training learns, on a model made here."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import numpy as np
import pytest
from fakes import small_bert
from framewise.eval.tune.encoder import AskedSentence, EncoderRecipe, batches, loss, train
from framewise.index.embed import EmbeddedEncoder

ROWS = [
    AskedSentence("jax runs on tpu", ("jax tpu", "tpu jax")),
    AskedSentence("pytorch runs on 0", ("pytorch 0", "0 pytorch")),
    AskedSentence("choose 1", ("1 .", "choose .")),
]
SMALL = EncoderRecipe(epochs=20, rank=4, alpha=8, rate=2e-2, batch=3, alike=1, max_tokens=8)


def unit(*degrees: float) -> np.ndarray:
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def test_a_batch_is_made_of_neighbours_and_each_sentence_comes_once() -> None:
    vectors = unit(0, 90, 2, 92, 4, 94)  # three near 0°, three near 90°
    recipe = EncoderRecipe(batch=3, alike=3)
    made = [list(b) for b in batches(vectors @ vectors.T, recipe, random.Random(1))]
    assert sorted(map(sorted, made)) == [[0, 2, 4], [1, 3, 5]]
    again = [list(b) for b in batches(vectors @ vectors.T, recipe, random.Random(1))]
    assert made == again
    ragged = list(batches(vectors @ vectors.T, EncoderRecipe(batch=4, alike=2), random.Random(2)))
    assert [len(b) for b in ragged] == [4, 2]
    assert sorted(at for b in ragged for at in b) == list(range(6))


def test_the_loss_by_hand_and_the_same_sentence_is_not_held_against_itself() -> None:
    import torch

    # Two sentences at right angles, each with both its questions on it: logits are scale and 0.
    means = torch.tensor([[1.0, 0.0], [0.0, 2.0]] * 3)
    recipe = EncoderRecipe(scale=3.0)
    apart = np.eye(2, dtype=np.float32)
    wanted = math.log(1 + math.exp(-3.0))
    assert float(loss(means, apart, recipe)) == pytest.approx(wanted, abs=1e-6)
    alike = np.ones((2, 2), dtype=np.float32)
    assert float(loss(means, alike, recipe)) == pytest.approx(0.0, abs=1e-6)
    # The first two sentences' second questions swapped: one pair of three kinds is wrong both ways.
    swapped = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    wrong = math.log(1 + math.exp(3.0))
    assert float(loss(swapped, apart, recipe)) == pytest.approx((wrong + wanted) / 2, abs=1e-6)


def test_training_brings_the_questions_of_a_sentence_together_the_same_for_a_seed(
    tmp_path: Path,
) -> None:
    small_bert(tmp_path / "bert")
    told: list[str] = []
    vectors = np.eye(3, dtype=np.float32)
    losses = [
        train(tmp_path / "bert", ROWS, vectors, tmp_path / name, recipe=SMALL, tell=told.append)
        for name in ("one", "two")
    ]
    assert losses[0][-1] < 0.5 * losses[0][0]
    assert losses[0] == losses[1]
    one, two = (tmp_path / name / "adapter_model.safetensors" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    note = json.loads((tmp_path / "one" / "training.json").read_text())
    assert (note["sentences"], note["recipe"]["seed"]) == (3, SMALL.seed)
    assert "path" not in (tmp_path / "one" / "adapter_config.json").read_text().replace(
        "base_model_name_or_path", ""
    )
    asked, answers = [row.asked[0] for row in ROWS], [row.text for row in ROWS]
    before, after = (
        EmbeddedEncoder(tmp_path / "bert", id="m", adapter=adapter)
        for adapter in (None, tmp_path / "one")
    )
    gained = [
        np.diag(cos).mean() - cos[~np.eye(3, dtype=bool)].mean()
        for cos in (e.encode(asked) @ e.encode(answers).T for e in (before, after))
    ]
    assert gained[1] > gained[0] + 0.2
