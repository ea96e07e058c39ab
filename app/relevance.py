"""How probably a found sentence answers a question: a logistic model with its weights in one readable file.

Knows what retrieval and headings say of a sentence, not the sentence itself nor any framework by
name, so it cannot prefer one. `framewise tune` makes the weights; `eval/tune/README.md` is their card.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from framewise.app.intent import Intent
from framewise.corpus.errors import ModelLoadError
from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "data" / "relevance.json"
# Where nobody has written which questions the sentences answer: what else is known then counts for more.
UNASKED_WEIGHTS = WEIGHTS.with_name("relevance_unasked.json")
FORMS = "guide comparison migration explanation myth trend claim profile milestones table".split()
HEADINGS = ("in short", "verdict", "reasons")
INTENTS: tuple[Intent, ...] = ("choose", "compare", "fact", "explain", "migrate", "trend")
NOT_FOUND_COSINE = 0.2  # of a passage below those that were read
NOT_FOUND_RANK = 60


@dataclass(frozen=True, slots=True)
class Known:
    """How near a question comes to the questions that a sentence is known to answer.

    `cosine`: to the nearest of them; `behind`: how much less than that of the nearest found sentence; `rank`: its
    place by it, from 0; `mean`, `mean_rank`: the mean cosine and the place by it. Of the words of them all: `held`,
    `rarest_held`, `rarest_lost` as in `Seen`, and `foreign`, the rarity of the rarest that the question lacks.
    """

    cosine: float
    behind: float
    rank: int
    mean: float
    mean_rank: int
    held: float
    rarest_held: float
    rarest_lost: float
    foreign: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a found sentence without reading it.

    `bm25` and the shares `overlap`, `held`, `frameworks`, `criteria` are from 0 to 1; `held` is `overlap` with rare
    words counting more, `rarest_held` and `rarest_lost` the rarity of the rarest word of the question that the
    sentence holds, and that it does not; `other_frameworks` and `other_criteria` are how many it speaks of that
    were not asked about. `vote` is what readers said of it for questions like this one, from -.5 to 2. `known` tells
    of the questions that the sentence is known to answer, None where none is. `rank` and `document_rank` count from
    0; None where the passage or document was not among those found.
    """

    cosine: float
    bm25: float
    overlap: float
    fused: float
    rank: int
    passage_cosine: float | None
    document_rank: int | None
    intent: Intent
    form: str
    form_fits: bool
    heading: str
    role: str
    frameworks: float
    criteria: float
    words: int
    held: float
    rarest_held: float
    rarest_lost: float
    other_frameworks: int
    other_criteria: int
    none_asked: bool
    vote: float = 0.0
    known: Known | None = None

    def features(self) -> dict[str, float]:
        """The numbers that are weighed, by name, always in the same order."""
        place = NOT_FOUND_RANK if self.document_rank is None else self.document_rank
        around = NOT_FOUND_COSINE if self.passage_cosine is None else self.passage_cosine
        return {
            "cosine": self.cosine,
            "bm25": self.bm25,
            "overlap": self.overlap,
            "fused": 60 * self.fused,
            "rank": 1 / (1 + self.rank),
            "passage cosine": around,
            "document rank": 1 / (1 + place),
            "verdict": float(self.role == "verdict"),
            "otherwise": float(self.role == "otherwise"),
            "form fits": float(self.form_fits),
            **{f"form {form}": float(self.form == form) for form in FORMS},
            "frameworks": self.frameworks,
            "criteria": self.criteria,
            "length": self.words / 30,
            "held": self.held,
            "rarest held": self.rarest_held / 10,
            "rarest lost": self.rarest_lost / 10,
            "other frameworks": float(self.other_frameworks),
            "other criteria": float(self.other_criteria),
            "none asked": float(self.none_asked),
            "vote": self.vote,
            **_known_features(self.known),
            **{
                f"verdict, {intent}": float(self.role == "verdict" and self.intent == intent)
                for intent in INTENTS
            },
            **{f"under {heading}": float(self.heading == heading) for heading in HEADINGS},
        }


def _known_features(known: Known | None) -> dict[str, float]:
    found = known or Known(0, 0, NOT_FOUND_RANK, 0, NOT_FOUND_RANK, 0, 0, 0, 0)
    return {
        "known": float(known is not None),
        "known cosine": found.cosine,
        "known behind": found.behind,
        "known rank": 1 / (1 + found.rank),
        "known mean": found.mean,
        "known mean rank": 1 / (1 + found.mean_rank),
        "known held": found.held,
        "known rarest held": found.rarest_held / 10,
        "known rarest lost": found.rarest_lost / 10,
        "known foreign": found.foreign / 10,
    }


@dataclass(frozen=True, slots=True)
class Relevance:
    """A logistic regression: weights by feature name, and the encoder whose cosines it knows."""

    weights: Mapping[str, float]
    bias: float
    encoder: str

    def weigh(self, seen: Sequence[Seen]) -> NDArray[np.float64]:
        """The probability that each belongs in the answer. Shape: (len(seen),), from 0 to 1."""
        logits = [
            self.bias + sum(self.weights[name] * value for name, value in item.features().items())
            for item in seen
        ]
        return np.asarray(1.0 / (1.0 + np.exp(-np.array(logits, dtype=np.float64))))


@cache
def load_relevance(path: Path = WEIGHTS) -> Relevance:
    """The weights that ship, or those of another file.

    Raises:
        ModelLoadError: unreadable, or not the weights of these features.
    """
    fix = "Install Framewise again, or make the weights with: framewise tune"
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        weights = {str(name): float(value) for name, value in row["weights"].items()}
        made = Relevance(weights, float(row["bias"]), str(row["encoder"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelLoadError(
            f"the weights '{path.name}' cannot be read: {error!r}.", fix=fix
        ) from error
    plain = Seen(
        0, 0, 0, 0, 0, None, None, "fact", "", False, "", "", 0, 0, 0, 0, 0, 0, 0, 0, False
    )
    strange = sorted(set(weights) ^ set(plain.features()))
    if strange or not np.isfinite([made.bias, *weights.values()]).all():
        what = f"'{strange[0]}' is missing or unknown" if strange else "a weight is not a number"
        raise ModelLoadError(f"the weights '{path.name}' do not fit: {what}.", fix=fix)
    return made
