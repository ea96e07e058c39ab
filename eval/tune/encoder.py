"""Questions and the sentences that answer them to the adapter that brings them together: that of the embedded encoder.

Learns from `corpus/data/asked.jsonl` and from `corpus/data/read.jsonl`, questions of which readers said what answers
them and which no weights on top of it are learnt from: these need questions that the encoder has not seen.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from framewise.corpus.asked import Asked, load_asked
from framewise.corpus.graded import GRADES, READ, load_graded, mark_of
from framewise.eval.extra import need
from framewise.eval.statistics import difference, estimate
from framewise.eval.tune.contrast import (
    AskedSentence,
    EncoderRecipe,
    Learner,
    ReadQuestion,
    asked_losses,
    read_losses,
)
from framewise.eval.tune.lora import Tell
from framewise.eval.tune.relevance import ndcg, told
from framewise.eval.tune.rows import check_apart, load_training, load_unprompted
from framewise.index.adapter import checksums
from framewise.index.embed import EmbeddedEncoder, Encoder, Vectors
from framewise.index.weights import ENCODER, locate

NOTE = "training.json"  # beside the weights: how they were made


def tune(
    folder: Path, *, start: Path | None = None, recipe: EncoderRecipe | None = None, tell: Tell
) -> dict[str, str]:
    """Makes the adapter; gives nDCG@5 of the cosine alone over all sentences with questions, and checksums.

    Args:
        folder: for the adapter.
        start: folder of an adapter to go on from, in place of the first stage.
        recipe: how.
        tell: told each step.

    Raises:
        CorpusError, SuiteError: damaged questions, or one that an evaluation question asks.
        ModelMissingError, ModelLoadError: the embedded encoder cannot be had, or `start` is no such adapter.
        MissingExtraError: no peft or scipy.
    """
    need("scipy")  # for the figures at the end
    recipe = recipe or EncoderRecipe()
    base = locate(ENCODER, say=tell)
    learner = Learner(base, recipe, tell)
    if start is not None:
        learner.load(start)
    asked = load_asked()
    rows = [
        AskedSentence(text, questions) for text, questions in asked.items() if len(questions) > 1
    ]
    read = load_read(asked)
    check_apart([item.question for item in read])
    plain = EmbeddedEncoder(base, id=ENCODER.name)
    if start is None:
        tell(f"encoding {len(rows)} sentences")
        vectors = plain.encode([row.text for row in rows])
        learn_asked(learner, rows, vectors, folder)
    learn_read(learner, read, rows, folder, start=start)
    tuned = EmbeddedEncoder(base, id="tuned", adapter=folder)
    return measured(plain, tuned, asked) | checksums(folder)


def load_read(asked: Asked, path: Path = READ) -> list[ReadQuestion]:
    """The questions of the second stage with the sentences of the corpus that their readers spoke of.

    Raises:
        CorpusError: unreadable, or a line that is no grade; names file and line.
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


def learn_asked(
    learner: Learner, rows: Sequence[AskedSentence], vectors: Vectors, out: Path
) -> list[float]:
    """The first stage; saves what is kept of it and gives its losses.

    Args:
        learner: what learns.
        rows: the sentences and their questions.
        vectors: of the sentences, by which hard batches are made. Shape: (len(rows), dim).
        out: folder for the adapter.
    """
    recipe = learner.recipe
    draw = random.Random(recipe.seed)  # noqa: S311
    steps = recipe.epochs * math.ceil(len(rows) / recipe.batch)
    losses = asked_losses(learner, rows, vectors @ vectors.T, draw)
    spent = learner.follow(losses, steps, recipe.rate, "asked sentences")
    learner.keep(recipe.kept)
    _save(learner, out, {"sentences": len(rows), "losses, asked sentences": _rounded(spent)})
    return spent


def learn_read(
    learner: Learner,
    read: Sequence[ReadQuestion],
    rows: Sequence[AskedSentence],
    out: Path,
    *,
    start: Path | None = None,
) -> list[float]:
    """The second stage, after the first or an adapter that was loaded; saves the adapter and gives its losses.

    Args:
        learner: what learns.
        read: the questions and what their readers said.
        rows: the sentences that are learnt beside them.
        out: folder for the adapter.
        start: where the first stage's adapter was loaded from, for the note beside the weights.
    """
    recipe = learner.recipe
    draw = random.Random(recipe.seed)  # noqa: S311
    steps = recipe.read_epochs * math.ceil(len(read) / recipe.read_batch)
    note = _note(start or out)
    spent = learner.follow(
        read_losses(learner, read, rows, draw), steps, recipe.read_rate, "read questions"
    )
    _save(learner, out, {**note, "questions": len(read), "losses, read questions": _rounded(spent)})
    return spent


def _save(learner: Learner, out: Path, note: Mapping[str, object]) -> None:
    learner.save(out)
    told = {**note, "recipe": asdict(learner.recipe)}
    (out / NOTE).write_text(json.dumps(told) + "\n", encoding="utf-8")


def _note(folder: Path) -> dict[str, object]:
    """What the note beside an adapter says of its first stage; nothing where there is none."""
    try:
        note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(note) if isinstance(note, dict) else {}


def _rounded(losses: Sequence[float]) -> list[float]:
    return [round(loss, 4) for loss in losses]


def measured(plain: Encoder, tuned: Encoder, asked: Asked) -> dict[str, str]:
    """nDCG@5 of the training and the unprompted questions: all sentences with questions by cosine alone."""
    graded, texts = load_graded(GRADES), list(asked)
    sentences = {
        name: encoder.encode(texts) for name, encoder in (("plain", plain), ("tuned", tuned))
    }
    figures: dict[str, str] = {}
    for kind, rows in (("training", load_training()), ("unprompted", load_unprompted())):
        rows = [row for row in rows if row.question in graded and graded[row.question].best]
        topics = [row.topic for row in rows]
        grades = [[graded[row.question].grade(text) or 0 for text in texts] for row in rows]
        found: dict[str, list[float]] = {}
        for name, encoder in (("plain", plain), ("tuned", tuned)):
            cosines = encoder.encode([row.question for row in rows]) @ sentences[name].T
            ranked = np.argsort(-cosines, axis=1, kind="stable").tolist()
            found[name] = [
                ndcg([own[at] for at in best], ()) for own, best in zip(grades, ranked, strict=True)
            ]
            figures[f"nDCG@5 of the {name} encoder's cosine, {kind} questions"] = str(
                estimate(found[name], topics)
            )
        figures[f"tuned less plain, {kind} questions"] = told(
            difference(found["plain"], found["tuned"], topics)
        )
    return figures
