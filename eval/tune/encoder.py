"""Questions and the sentences that answer them to the adapter that brings them together: that of the embedded encoder.

Learns from `corpus/data/asked.jsonl` and from `data/read.jsonl`, questions of which readers said what answers them and
which nothing else is learnt from: what is learnt on the encoder's cosines needs questions that it has not seen.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from framewise.corpus.asked import Asked, load_asked
from framewise.eval.statistics import difference, estimate
from framewise.eval.tune.contrast import (
    AskedSentence,
    EncoderRecipe,
    Learner,
    ReadQuestion,
    asked_losses,
    read_losses,
    steps_of,
)
from framewise.eval.tune.lora import Tell
from framewise.eval.tune.relevance import ndcg, told
from framewise.eval.tune.rows import (
    READ,
    check_apart,
    load_graded,
    load_training,
    load_unprompted,
    mark_of,
)
from framewise.index.adapter import checksums
from framewise.index.embed import EmbeddedEncoder, Encoder, Vectors
from framewise.index.weights import ENCODER, locate


def tune(
    folder: Path, *, start: Path | None = None, recipe: EncoderRecipe | None = None, tell: Tell
) -> dict[str, str]:
    """Makes the adapter; gives nDCG@5 of the cosine alone over the whole corpus, before and after, and checksums.

    Args:
        folder: for the adapter.
        start: folder of an adapter to go on from, in place of the first stage.
        recipe: how.
        tell: told each step.

    Raises:
        CorpusError, SuiteError: damaged questions, or one that an evaluation question asks.
        ModelMissingError, ModelLoadError: the embedded encoder cannot be had.
        MissingExtraError: no peft.
    """
    base = locate(ENCODER, say=tell)
    asked = load_asked()
    rows = [
        AskedSentence(text, questions) for text, questions in asked.items() if len(questions) > 1
    ]
    read = load_read(asked)
    check_apart([item.question for item in read])
    plain = EmbeddedEncoder(base, id=ENCODER.name)
    tell(f"encoding {len(rows)} sentences")
    vectors = plain.encode([row.text for row in rows])
    train(base, rows, vectors, read, folder, start=start, recipe=recipe, tell=tell)
    tuned = EmbeddedEncoder(base, id="tuned", adapter=folder)
    return measured(plain, tuned, asked) | checksums(folder)


def load_read(asked: Asked, path: Path = READ) -> list[ReadQuestion]:
    """The questions of the second stage with the sentences of the corpus that their readers spoke of.

    Raises:
        SuiteError: unreadable, or a line that is no grade; names file and line.
    """
    by_mark = {mark_of(text): text for text in asked}
    found = []
    for row in load_graded(path).values():
        best, also = (
            tuple(text for text in texts if text in asked) for texts in (row.best, row.also)
        )
        off = tuple(by_mark[mark] for mark in sorted(row.off) if mark in by_mark)
        if best and off:
            found.append(ReadQuestion(row.question, best, also, off))
    return found


def train(
    base: Path,
    rows: Sequence[AskedSentence],
    vectors: Vectors,
    read: Sequence[ReadQuestion],
    out: Path,
    *,
    start: Path | None = None,
    recipe: EncoderRecipe | None = None,
    tell: Tell,
) -> tuple[list[float], list[float]]:
    """Trains an adapter and saves it after each stage; gives the losses of both.

    Args:
        base: folder of a BERT that is pooled by the mean.
        rows: what is learnt first.
        vectors: of their sentences, by which hard batches are made. Shape: (len(rows), dim).
        read: what is learnt then.
        out: folder for the adapter.
        start: folder of an adapter to go on from, in place of the first stage.
        recipe: how.
        tell: told the loss every few steps.

    Raises:
        MissingExtraError: no peft.
    """
    recipe = recipe or EncoderRecipe()
    learner, draw = Learner(base, recipe, tell), random.Random(recipe.seed)  # noqa: S311
    first, second = steps_of(recipe, len(rows), len(read))
    spent: list[float] = []
    if start is None:
        losses = asked_losses(learner, rows, vectors @ vectors.T, draw)
        spent = learner.follow(losses, first, recipe.rate, "asked sentences", out)
        learner.keep(recipe.kept)
    else:
        learner.load(start)
    losses = read_losses(learner, read, rows, draw)
    then = learner.follow(losses, second, recipe.read_rate, "read questions", out)
    note = {
        "recipe": asdict(recipe),
        "sentences": len(rows),
        "questions": len(read),
        "losses": [round(loss, 4) for loss in (*spent, *then)],
    }
    (out / "training.json").write_text(json.dumps(note) + "\n", encoding="utf-8")
    return spent, then


def measured(plain: Encoder, tuned: Encoder, asked: Asked) -> dict[str, str]:
    """nDCG@5 of questions that the encoder never saw: all sentences with questions by cosine alone."""
    graded, texts = load_graded(), list(asked)
    sentences = {
        name: encoder.encode(texts) for name, encoder in (("plain", plain), ("tuned", tuned))
    }
    figures: dict[str, str] = {}
    for kind, rows in (("training", load_training()), ("unprompted", load_unprompted())):
        rows = [row for row in rows if row.question in graded and graded[row.question].best]
        topics, found = [row.topic for row in rows], {}
        for name, encoder in (("plain", plain), ("tuned", tuned)):
            cosines = encoder.encode([row.question for row in rows]) @ sentences[name].T
            found[name] = []
            for row, line in zip(rows, cosines, strict=True):
                grades = [graded[row.question].grade(text) or 0 for text in texts]
                best = np.argsort(-line, kind="stable").tolist()
                found[name].append(ndcg([grades[at] for at in best], ()))
            figures[f"nDCG@5 of the {name} encoder's cosine, {kind} questions"] = str(
                estimate(found[name], topics)
            )
        figures[f"tuned less plain, {kind} questions"] = told(
            difference(found["plain"], found["tuned"], topics)
        )
    return figures
