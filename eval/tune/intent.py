"""Training questions to the weights of `app/intent_model.py`: held-out figures first, then all questions.

Deterministic: no sampling anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from framewise.app.intent_model import WEIGHTS, features
from framewise.app.understand import understand
from framewise.corpus.taxonomy import load_taxonomy
from framewise.eval.extra import need
from framewise.eval.statistics import difference, estimate
from framewise.eval.tune.lora import Tell
from framewise.eval.tune.relevance import FOLDS, TODAY, fold_of, told
from framewise.eval.tune.rows import TrainingQuestion, check_apart, load_training, load_unprompted
from framewise.index.index import Index
from framewise.index.library import open_encoder, open_index
from numpy.typing import NDArray

PENALTY = 3.0  # sklearn's C; .3, 1, 3 and 10 gave held-out accuracies of .546, .602, .614 and .621, 2026-11-27
KINDS = {"constraint": "choose"}  # a training question with a hard constraint asks for a choice


def tune(path: Path = WEIGHTS, *, training: Path | None = None, tell: Tell) -> dict[str, str]:
    """Makes the weights and writes them; gives the accuracy of the rules and of the model, held out.

    Args:
        path: where to write; by default over the weights that ship.
        training: a file of training questions of your own.
        tell: told each step.

    Raises:
        SuiteError: damaged training data, or a training question that an evaluation question asks.
        MissingExtraError: no scikit-learn.
    """
    need("sklearn")
    index = open_index(open_encoder())
    rows = load_training(training) if training else [*load_training(), *load_unprompted()]
    check_apart([row.question for row in rows])
    seen, ruled = looked_at(rows, index)
    wanted = np.array([KINDS.get(row.kind, row.kind) for row in rows])
    folds = np.array([fold_of(row.topic) for row in rows])
    guessed = np.empty(len(rows), dtype=object)
    for fold in range(FOLDS):
        tell(f"fold {fold + 1} of {FOLDS}")
        model = fit(seen[folds != fold], wanted[folds != fold])
        guessed[folds == fold] = model.predict(seen[folds == fold])
    topics = [row.topic for row in rows]
    before = [float(rule == right) for rule, right in zip(ruled, wanted, strict=True)]
    after = [float(guess == right) for guess, right in zip(guessed, wanted, strict=True)]
    save(fit(seen, wanted), path, index.encoder.id)
    return {
        "accuracy of the rules": str(estimate(before, topics)),
        "accuracy of the model, held out": str(estimate(after, topics)),
        "difference": told(difference(before, after, topics)),
    }


def looked_at(
    rows: Sequence[TrainingQuestion], index: Index
) -> tuple[NDArray[np.float64], list[str]]:
    """The features of each question, (len(rows), features), and what the rules say of it."""
    queries = [understand(row.question, (), load_taxonomy(), TODAY) for row in rows]
    vectors = index.encoder.encode([query.neutral for query in queries])
    matrix = np.array([features(q, v) for q, v in zip(queries, vectors, strict=True)])
    return matrix, [query.intent for query in queries]


def fit(seen: NDArray[np.float64], wanted: NDArray[np.str_]) -> Any:  # noqa: ANN401 - a model of scikit-learn
    """The multinomial logistic regression of the kind."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=PENALTY, max_iter=2000).fit(seen, wanted)


def save(model: Any, path: Path, encoder: str) -> None:  # noqa: ANN401 - a model of scikit-learn
    """Writes the weights with the encoder whose vectors they know."""
    weights = {
        k: [round(float(w), 4) for w in v] for k, v in zip(model.classes_, model.coef_, strict=True)
    }
    bias = {k: round(float(b), 4) for k, b in zip(model.classes_, model.intercept_, strict=True)}
    row = {"encoder": encoder, "bias": bias, "weights": weights}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
