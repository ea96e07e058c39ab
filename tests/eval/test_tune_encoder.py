"""Batches and losses of the encoder's adapter by hand; and that training learns, on a model made here."""

from __future__ import annotations

import dataclasses
import json
import math
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import small_bert
from framewise.corpus.errors import CorpusError, ModelLoadError
from framewise.corpus.graded import mark_of
from framewise.eval.tune.contrast import (
    AskedSentence,
    EncoderRecipe,
    Learner,
    ReadQuestion,
    asked_loss,
    batches,
    read_loss,
)
from framewise.eval.tune.encoder import learn_asked, learn_read, load_read
from framewise.index.embed import EmbeddedEncoder

ROWS = [
    AskedSentence("jax runs on tpu", ("jax tpu", "tpu jax")),
    AskedSentence("pytorch runs on 0", ("pytorch 0", "0 pytorch")),
    AskedSentence("choose 1", ("1 .", "choose .")),
]
READ = [
    ReadQuestion("tpu .", ("jax runs on tpu",), (), ("choose 1", "pytorch runs on 0")),
    ReadQuestion("0 0", ("pytorch runs on 0",), ("choose 1",), ("jax runs on tpu",)),
]
SMALL = EncoderRecipe(
    epochs=20, rank=4, alpha=8, rate=2e-2, batch=3, alike=1, max_tokens=8, kept=1.0,
    read_epochs=20, read_rate=1e-2, read_batch=2, off=1, beside=2,
)  # fmt: skip


class Placed:
    """A learner whose vectors are given by text."""

    def __init__(self, recipe: EncoderRecipe, places: dict[str, float]) -> None:
        self.recipe, self._places = recipe, places

    def vectors(self, texts: Sequence[str]) -> Any:
        import torch

        return torch.tensor(unit(*(self._places[text] for text in texts)))


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
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0]] * 3)
    recipe = EncoderRecipe(scale=3.0)
    apart = np.eye(2, dtype=np.float32)
    wanted = math.log(1 + math.exp(-3.0))
    assert float(asked_loss(vectors, apart, recipe)) == pytest.approx(wanted, abs=1e-6)
    alike = np.ones((2, 2), dtype=np.float32)
    assert float(asked_loss(vectors, alike, recipe)) == pytest.approx(0.0, abs=1e-6)
    # The first two sentences' second questions swapped: one pair of three kinds is wrong both ways.
    swapped = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    wrong = math.log(1 + math.exp(3.0))
    assert float(asked_loss(swapped, apart, recipe)) == pytest.approx(
        (wrong + wanted) / 2, abs=1e-6
    )


def test_the_loss_of_a_read_question_by_hand_and_what_also_serves_is_not_held_against_it() -> None:
    # One question at 0°; its sentence there too, with its known question; one off the point at 90°.
    places = {"q": 0.0, "good": 0.0, "known": 0.0, "off": 90.0, "of off": 90.0, "also": 0.0}
    asked = {"good": ("known",), "off": ("of off",)}
    item = ReadQuestion("q", ("good",), ("also",), ("off",))

    def lost(*batch: ReadQuestion) -> float:
        learner = Placed(EncoderRecipe(scale=3.0, off=1, beside=0), places)
        return float(read_loss(learner, batch, ROWS[:0], asked, random.Random(1)))  # type: ignore[arg-type]

    assert lost(item) == pytest.approx(math.log(1 + math.exp(-3.0)), abs=1e-6)
    # A second question whose sentence also serves the first: each sees its own and the two off the point.
    other = ReadQuestion("q", ("also",), ("good",), ("off",))
    assert lost(item, other) == pytest.approx(math.log(1 + 2 * math.exp(-3.0)), abs=1e-6)
    # Unless it serves: then it stands as near as its own, and is held against it.
    strict = ReadQuestion("q", ("good",), (), ("off",))
    mixed = math.log(2 + 2 * math.exp(-3.0)), math.log(1 + 2 * math.exp(-3.0))
    assert lost(strict, other) == pytest.approx(sum(mixed) / 2, abs=1e-6)
    # The sentences beside count by their weight, here told apart badly; a good one is not held against the question.
    beside = [AskedSentence("good", ("known", "q")), AskedSentence("also", ("q", "known"))]
    learner = Placed(EncoderRecipe(scale=3.0, off=1, beside=2, beside_weight=0.5), places)
    for asks, own in ((item, 1), (strict, 2)):
        found = float(read_loss(learner, [asks], beside, asked, random.Random(1)))  # type: ignore[arg-type]
        wanted = math.log(own + math.exp(-3.0)) + 0.5 * math.log(2)
        assert found == pytest.approx(wanted, abs=1e-6)


def test_read_questions_name_sentences_of_the_corpus_and_damage_is_told(tmp_path: Path) -> None:
    asked = {"a b": ("q",), "c": ("r",), "d": ("s",)}
    rows = [
        {
            "question": "one",
            "best": ["a b", "gone"],
            "also": ["d"],
            "off": [mark_of("c"), "00000000"],
        },
        {"question": "two", "best": ["gone"], "also": [], "off": [mark_of("c")]},
        {"question": "three", "best": ["c"], "also": [], "off": ["00000000"]},
    ]
    path = tmp_path / "read.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert load_read(asked, path) == [ReadQuestion("one", ("a b",), ("d",), ("c",))]
    path.write_text('{"question": "one"}\n', encoding="utf-8")
    with pytest.raises(CorpusError, match="read.jsonl:1: not a grade"):
        load_read(asked, path)


def trained(folder: Path, name: str, recipe: EncoderRecipe = SMALL) -> tuple[list[float], ...]:
    """Both stages on the small BERT; the first stage's adapter is left in "…-first"."""
    out = folder / name
    learner = Learner(folder / "bert", recipe, [].append)
    first = learn_asked(learner, ROWS, np.eye(3, dtype=np.float32), out)
    shutil.copytree(out, folder / f"{name}-first")
    return first, learn_read(learner, READ, ROWS, out)


def test_training_brings_questions_and_answers_together_the_same_for_a_seed(tmp_path: Path) -> None:
    small_bert(tmp_path / "bert")
    first, again = trained(tmp_path, "one"), trained(tmp_path, "two")
    assert first == again
    assert [len(losses) for losses in first] == [20, 20]
    assert sum(first[0][-3:]) < 0.5 * sum(first[0][:3])
    assert sum(first[1][-3:]) < sum(first[1][:3])
    one, two = (tmp_path / name / "adapter_model.safetensors" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    note = json.loads((tmp_path / "one" / "training.json").read_text())
    assert (note["sentences"], note["questions"], note["recipe"]["seed"]) == (3, 2, SMALL.seed)
    assert [len(note[f"losses, {stage}"]) for stage in ("asked sentences", "read questions")] == [
        20,
        20,
    ]
    assert str(tmp_path) not in (tmp_path / "one" / "adapter_config.json").read_text()
    before, after = (
        EmbeddedEncoder(tmp_path / "bert", id="m", adapter=adapter)
        for adapter in (None, tmp_path / "one")
    )
    asked, answers = [row.asked[0] for row in ROWS], [row.text for row in ROWS]
    gained = [
        np.diag(cos).mean() - cos[~np.eye(3, dtype=bool)].mean()
        for cos in (e.encode(asked) @ e.encode(answers).T for e in (before, after))
    ]
    assert gained[1] > gained[0] + 0.2
    for item in READ:
        best, off = after.encode([item.best[0], item.off[0]]) @ after.encode([item.question])[0]
        assert best > off + 0.2


def test_a_run_that_was_broken_off_goes_on_from_the_share_that_its_first_stage_kept(
    tmp_path: Path,
) -> None:
    small_bert(tmp_path / "bert")
    base, texts = tmp_path / "bert", [row.text for row in ROWS]
    half = dataclasses.replace(SMALL, kept=0.5)
    whole, then = trained(tmp_path, "whole", half)
    learner = Learner(base, half, print)
    start = tmp_path / "whole-first"
    learner.load(start)
    again = learn_read(learner, READ, ROWS, tmp_path / "again", start=start)
    assert again[0] == pytest.approx(then[0], rel=0.02)  # what is saved is rounded to float16
    one, two = (EmbeddedEncoder(base, id="m", adapter=tmp_path / n) for n in ("whole", "again"))
    assert np.abs(one.encode(texts) - two.encode(texts)).max() < 0.05
    note = json.loads((tmp_path / "again" / "training.json").read_text())
    assert (note["sentences"], note["questions"]) == (3, 2)
    assert note["losses, asked sentences"] == [round(loss, 4) for loss in whole]
    learner.load(start)
    learner.keep(0.0)
    learner.save(tmp_path / "none")
    none = EmbeddedEncoder(base, id="m", adapter=tmp_path / "none")
    assert np.abs(none.encode(texts) - EmbeddedEncoder(base, id="m").encode(texts)).max() < 1e-6
    with pytest.raises(ModelLoadError, match="nowhere' cannot be read"):
        learner.load(tmp_path / "nowhere")
    for other in (dataclasses.replace(SMALL, rank=2), dataclasses.replace(SMALL, alpha=9)):
        with pytest.raises(ModelLoadError, match="whole-first' is of another shape"):
            Learner(base, other, print).load(start)
