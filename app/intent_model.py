"""What kind of answer a question wants: a logistic model over the encoder's vector and what the rules say.

Knows the question's meaning as a vector, the rules' opinion and how many frameworks are named, none by name.
`framewise tune intent` makes the weights; `eval/tune/README.md` is their card.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from framewise.app.intent import Intent
from framewise.app.relevance import INTENTS
from framewise.app.understand import Query
from framewise.corpus.errors import ModelLoadError
from framewise.index.embed import Vectors
from framewise.index.index import Index
from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "data" / "intent.json"


@dataclass(frozen=True, slots=True)
class IntentModel:
    """A multinomial logistic regression. `weights`: (len(intents), features), `bias`: (len(intents),)."""

    intents: tuple[Intent, ...]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    encoder: str

    def intent(self, query: Query, vector: Vectors) -> Intent:
        """The likeliest kind; of equals the first."""
        return self.intents[int((self.weights @ features(query, vector) + self.bias).argmax())]


def features(query: Query, vector: Vectors) -> NDArray[np.float64]:
    """The question's vector, then the rules' intent and whether one or several frameworks are named."""
    ruled = [float(query.intent == intent) for intent in INTENTS]
    named = [float(len(query.frameworks) == 1), float(len(query.frameworks) > 1)]
    return np.concatenate([np.asarray(vector, dtype=np.float64), ruled, named])


def with_trained_intent(query: Query, index: Index) -> Query:
    """The query with the trained kind; as the rules have it where the index has another encoder."""
    model = load_intents()
    if model.encoder != index.encoder.id:
        return query
    return replace(query, intent=model.intent(query, index.vector(query.neutral)))


@cache
def load_intents(path: Path = WEIGHTS) -> IntentModel:
    """The weights that ship, or those of another file.

    Raises:
        ModelLoadError: unreadable, or weights of another shape.
    """
    fix = "Install Framewise again, or make the weights with: framewise tune intent"
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        names: Sequence[Intent] = row["weights"]
        weights = np.array([row["weights"][name] for name in names], dtype=np.float64)
        bias = np.array([row["bias"][name] for name in names], dtype=np.float64)
        made = IntentModel(tuple(names), weights, bias, str(row["encoder"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelLoadError(
            f"the weights '{path.name}' cannot be read: {error!r}.", fix=fix
        ) from error
    finite = bool(np.isfinite(weights).all() and np.isfinite(bias).all())
    if set(made.intents) - set(INTENTS) or weights.ndim != 2 or not finite:
        raise ModelLoadError(f"the weights '{path.name}' do not fit.", fix=fix)
    return made
