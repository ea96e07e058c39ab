"""Training questions to the weights of `app/relevance.py`: held-out figures first, then all questions.

Deterministic: no sampling anywhere; two runs on one corpus give the same file.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from framewise.app.evidence import EvidenceConfig, weighable
from framewise.app.relevance import WEIGHTS, Relevance, Seen
from framewise.app.understand import understand
from framewise.corpus.errors import SuiteError
from framewise.corpus.taxonomy import load_taxonomy
from framewise.eval.extra import need
from framewise.eval.statistics import Difference, difference, estimate
from framewise.eval.tune.rows import TrainingQuestion, ids_of, load_training, near_evaluation
from framewise.index.index import Index
from framewise.index.library import open_encoder, open_index
from numpy.typing import NDArray

FOLDS = 3
CUT = 10  # nDCG@10
CITED, USEFUL = 2, 1  # grades: cited in the model answer; would also serve
PENALTY = 0.1  # sklearn's C; the only value that was tried
TODAY = "2026-11-22"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """A training question's found sentences as retrieval ranks them, with their grades."""

    topic: str
    seen: tuple[Seen, ...]
    grades: tuple[int, ...]
    missed: tuple[int, ...]  # grades of good sentences that were not found


def tune(path: Path = WEIGHTS, *, training: Path | None = None, tell: Tell) -> dict[str, str]:
    """Makes the weights and writes them; gives nDCG@10 of retrieval's order and of the trained one.

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
    rows = load_training(training) if training else load_training()
    check_apart(rows, index)
    ids, judged = ids_of(index), []
    for number, row in enumerate(rows, 1):
        judged.append(judge(row, index, ids))
        if number % 50 == 0:
            tell(f"found sentences for {number} of {len(rows)} questions")
    before = [ndcg(item.grades, item.missed) for item in judged]
    after = [0.0] * len(judged)
    for fold in range(FOLDS):
        model = fit([item for item in judged if fold_of(item.topic) != fold], encoder.id)
        for at, item in enumerate(judged):
            if fold_of(item.topic) == fold:
                after[at] = ndcg(reordered(item, model), item.missed)
    topics = [item.topic for item in judged]
    figures = {
        "nDCG@10 of retrieval's order": str(estimate(before, topics)),
        "nDCG@10 of the trained order, held out": str(estimate(after, topics)),
        "difference": told(difference(before, after, topics)),
    }
    model = fit(judged, encoder.id)
    save(model, path, len(rows))
    return figures


def check_apart(rows: Sequence[TrainingQuestion], index: Index) -> None:
    """Raises SuiteError where a training question asks what an evaluation question asks."""
    for row, asked, cosine in near_evaluation(rows, index.encoder)[:1]:
        raise SuiteError(
            f"the training question '{row.question}' asks what an evaluation question asks:"
            f" '{asked}' (cosine {cosine:.2f}).",
            fix="Take it out.",
        )


def judge(row: TrainingQuestion, index: Index, ids: Mapping[str, str]) -> Judged:
    """What retrieval finds for a training question, and how good each of it is; `ids` as of `ids_of`."""
    taxonomy = load_taxonomy()
    grades = {ids[quote]: USEFUL for quote in row.also if quote in ids}
    grades |= {ids[q]: CITED for part in row.answer for q in part.quotes if q in ids}
    query = understand(row.question, (), taxonomy, TODAY)
    found = weighable(query, index, taxonomy, config=replace(EvidenceConfig(), trained=False))
    held = {item.id for item, _ in found}
    return Judged(
        row.topic,
        tuple(seen for _, seen in found),
        tuple(grades.get(item.id, 0) for item, _ in found),
        tuple(sorted(grade for id, grade in grades.items() if id not in held)),
    )


def fit(judged: Sequence[Judged], encoder: str) -> Relevance:
    """The logistic regression of good (grade 1 and 2, the latter counting double) against the rest."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    names = list(judged[0].seen[0].features())
    matrix = np.array([list(s.features().values()) for item in judged for s in item.seen])
    grades = np.array([grade for item in judged for grade in item.grades])
    scaler = StandardScaler().fit(matrix)
    model = LogisticRegression(C=PENALTY, max_iter=2000)
    model.fit(scaler.transform(matrix), grades > 0, sample_weight=np.maximum(grades, 1))
    # The weights are written for plain features: nothing but one sum is needed to use them.
    weights: NDArray[np.float64] = model.coef_[0] / scaler.scale_
    bias = float(model.intercept_[0] - (weights * scaler.mean_).sum())
    rounded = {name: round(float(w), 5) for name, w in zip(names, weights, strict=True)}
    return Relevance(rounded, round(bias, 5), encoder)


def reordered(item: Judged, model: Relevance) -> tuple[int, ...]:
    """The grades in the order that the model gives."""
    order = np.argsort(-model.weigh(item.seen), kind="stable")
    return tuple(item.grades[at] for at in order)


def ndcg(grades: Sequence[int], missed: Sequence[int]) -> float:
    """nDCG@10 with gain 2^grade - 1; the ideal knows the good sentences that were missed too.

    Source: Burges et al., Learning to Rank using Gradient Descent (ICML 2005).
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
    return float(
        sum((2.0**grade - 1.0) / math.log2(at + 2) for at, grade in enumerate(grades[:CUT]))
    )
