"""Training questions to the weights of `app/relevance.py`: held-out figures first, then all questions.

Deterministic: no sampling anywhere; two runs on one corpus give the same file.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from framewise.app.intent_model import with_trained_intent
from framewise.app.order import weighable
from framewise.app.relevance import WEIGHTS, Relevance, Seen
from framewise.app.understand import understand
from framewise.corpus.graded import GRADES, Graded, load_graded
from framewise.corpus.taxonomy import load_taxonomy
from framewise.eval.extra import need
from framewise.eval.statistics import Difference, Estimate, difference, estimate
from framewise.eval.tune.rows import (
    TrainingQuestion,
    alike,
    check_apart,
    ids_of,
    load_training,
    load_unprompted,
)
from framewise.index.index import Index
from framewise.index.library import open_encoder, open_index
from numpy.typing import NDArray

FOLDS = 3
CUT = 5  # nDCG@5: as many sentences as an answer says
# By grade (`Graded.grade`): what a found sentence is worth in the measure, and in training, where opening counts more.
GAINS = {0: 0.0, 1: 1.0, 2: 3.0, 3: 3.0}
TARGETS = {0: 0.0, 1: 0.3, 2: 1.0, 3: 3.0}
PENALTY = 0.1  # sklearn's C of the pairs; from .01 to 10 nDCG@5 is .505 to .515
PAIRS = 12  # see `fit`
TODAY = "2026-11-22"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """A training question's found sentences as retrieval ranks them, with their grades from 0 to 3."""

    topic: str
    seen: tuple[Seen, ...]
    grades: tuple[int, ...]
    missed: tuple[int, ...]  # grades of good sentences that were not found


def tune(path: Path = WEIGHTS, *, training: Path | None = None, tell: Tell) -> dict[str, str]:
    """Makes the weights and writes them; gives nDCG@5 of retrieval's order and of the trained one.

    Beside them goes a second file, "…_unasked.json", learnt as if no sentence had questions that it is known to answer.

    Args:
        path: where to write; by default over the weights that ship.
        training: a file of training questions of your own.
        tell: told each step.

    Raises:
        SuiteError: damaged training data, or a training question that an evaluation question asks.
        MissingExtraError: no scikit-learn.
    """
    need("sklearn")
    encoder = open_encoder()
    index = open_index(encoder)
    rows = load_training(training) if training else [*load_training(), *load_unprompted()]
    check_apart([row.question for row in rows])
    graded, known, own, judged = load_graded(GRADES), ids_of(index), alike(rows), []
    for number, row in enumerate(rows, 1):
        unread = index.without_votes(own[row.question])  # a vote on itself would tell all
        judged.append(judge(row, graded.get(row.question) or as_graded(row), unread, known))
        if number % 50 == 0:
            tell(f"found sentences for {number} of {len(rows)} questions")
    judged = [item for item in judged if any((*item.grades, *item.missed))]
    bare = [without_known(item) for item in judged]
    figures = {"nDCG@5 of retrieval's order": str(_over_topics(judged, [i.grades for i in judged]))}
    figures |= _held_out("the trained order", judged, encoder.id)
    figures |= _held_out("the order without known questions", bare, encoder.id)
    figures |= _of_unprompted(judged, {row.topic for row in load_unprompted()}, encoder.id)
    save(fit(judged, encoder.id), path, len(rows))
    save(fit(bare, encoder.id), path.with_name(f"{path.stem}_unasked{path.suffix}"), len(rows))
    return figures


def without_known(item: Judged) -> Judged:
    """The same as if no sentence had questions that it is known to answer, nor a reader's vote."""
    return replace(item, seen=tuple(replace(seen, known=None, vote=0.0) for seen in item.seen))


def _held_out(
    name: str, judged: Sequence[Judged], encoder: str, told_of: Sequence[bool] | None = None
) -> dict[str, str]:
    """nDCG@5 and how often the best opening comes first, each topic by weights that never saw it; of some alone."""
    orders: list[tuple[int, ...]] = [()] * len(judged)
    for fold in range(FOLDS):
        model = fit([item for item in judged if fold_of(item.topic) != fold], encoder)
        for at, item in enumerate(judged):
            if fold_of(item.topic) == fold:
                orders[at] = reordered(item, model)
    pairs = [
        (item, order)
        for at, (item, order) in enumerate(zip(judged, orders, strict=True))
        if told_of is None or told_of[at]
    ]
    judged, orders = [item for item, _ in pairs], [order for _, order in pairs]
    opened = [float(order[0] == 3) for order in orders]
    topics = [item.topic for item in judged]
    before = [ndcg(item.grades, item.missed) for item in judged]
    after = [ndcg(order, item.missed) for order, item in zip(orders, judged, strict=True)]
    return {
        f"nDCG@5 of {name}, held out": str(estimate(after, topics)),
        f"{name} less retrieval's": told(difference(before, after, topics)),
        f"best opening first, {name}, held out": str(estimate(opened, topics)),
    }


def _of_unprompted(
    judged: Sequence[Judged], topics: Container[str], encoder: str
) -> dict[str, str]:
    """The held-out figures of the unprompted questions alone, by weights of all."""
    own = [item.topic in topics for item in judged]
    if not any(own):
        return {}
    return _held_out("the trained order, unprompted questions", judged, encoder, own)


def _over_topics(judged: Sequence[Judged], orders: Sequence[tuple[int, ...]]) -> Estimate | None:
    found = [ndcg(order, item.missed) for order, item in zip(orders, judged, strict=True)]
    return estimate(found, [item.topic for item in judged])


def judge(row: TrainingQuestion, graded: Graded, index: Index, known: Container[str]) -> Judged:
    """What retrieval finds for a training question, and how good each of it is; `known` are the index's sentences."""
    taxonomy = load_taxonomy()
    query = with_trained_intent(understand(row.question, (), taxonomy, TODAY), index)
    found = weighable(query, index, taxonomy)
    held = {item.text for item, _ in found}
    return Judged(
        row.topic,
        tuple(seen for _, seen in found),
        tuple(graded.grade(item.text) or 0 for item, _ in found),
        tuple(
            graded.grade(text) or 0
            for text in (*graded.best, *graded.also)
            if text in known and text not in held
        ),
    )


def as_graded(row: TrainingQuestion) -> Graded:
    """A question of one's own that no reader has graded: what its answer cites is best, in its order."""
    best = dict.fromkeys(quote for part in row.answer for quote in part.quotes)
    return Graded(
        row.question, tuple(best), tuple(t for t in row.also if t not in best), frozenset()
    )


def fit(judged: Sequence[Judged], encoder: str) -> Relevance:
    """A linear order learnt from pairs of one question's sentences, and the logistic curve that makes it a probability.

    A pair counts by how much more the better sentence is worth, and all pairs of a better sentence's question share
    its weight (RankSVM's pairs, Joachims 2002, with a logistic loss).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    names = list(judged[0].seen[0].features())
    tables = [np.array([list(s.features().values()) for s in item.seen]) for item in judged]
    scaler = StandardScaler().fit(np.vstack(tables))
    pairs, weights = [], []
    for table, item in zip(tables, judged, strict=True):
        scaled = scaler.transform(table)
        worth = np.array([TARGETS[grade] for grade in item.grades])
        for at in np.flatnonzero(worth):
            lower = np.flatnonzero(worth < worth[at])
            pairs.append(scaled[at] - scaled[lower])
            weights.append((worth[at] - worth[lower]) / np.count_nonzero(worth) / len(lower))
    matrix, weight = np.vstack(pairs), np.concatenate(weights)
    sign = np.where(np.arange(len(matrix)) % 2, 1, -1)  # both classes, by turns
    model = LogisticRegression(C=PENALTY, max_iter=1000, fit_intercept=False)
    # Weighted so that a question counts as much as a dozen of its sentences.
    model.fit(matrix * sign[:, None], sign > 0, sample_weight=weight * PAIRS)
    slope: NDArray[np.float64] = model.coef_[0] / scaler.scale_
    scores = np.concatenate([table @ slope for table in tables])
    good = np.array([grade >= 2 for item in judged for grade in item.grades])
    curve = LogisticRegression(C=1e6, max_iter=1000).fit(scores[:, None], good)
    steep, bias = float(curve.coef_[0, 0]), float(curve.intercept_[0])
    rounded = {name: round(float(w) * steep, 5) for name, w in zip(names, slope, strict=True)}
    return Relevance(rounded, round(bias, 5), encoder)


def reordered(item: Judged, model: Relevance) -> tuple[int, ...]:
    """The grades in the order that the model gives."""
    order = np.argsort(-model.weigh(item.seen), kind="stable")
    return tuple(item.grades[at] for at in order)


def ndcg(grades: Sequence[int], missed: Sequence[int]) -> float:
    """nDCG@5 with the gains of GAINS; the ideal knows the good sentences that were missed too.

    Source: Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques (TOIS 2002).
    """
    ideal = _gain(sorted((*grades, *missed), reverse=True))
    return _gain(grades) / ideal if ideal else 0.0


def fold_of(topic: str) -> int:
    """The fold of a topic, by its hash: the same whatever the order of the questions."""
    return hashlib.sha256(topic.encode()).digest()[0] % FOLDS


def save(model: Relevance, path: Path, questions: int) -> None:
    """Writes the weights with what they were made from."""
    row = {
        "encoder": model.encoder,
        "questions": questions,
        "bias": model.bias,
        "weights": dict(model.weights),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")


def told(found: Difference | None) -> str:
    """A paired difference in one line, with its interval and p."""
    if found is None:
        return "not measured"
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}], p {found.p:.2g}"


def _gain(grades: Sequence[int]) -> float:
    return sum(GAINS[grade] / math.log2(at + 2) for at, grade in enumerate(grades[:CUT]))
