"""How probably what was found answers a question: a logistic model over the question's meaning and the evidence.

Sees the question's vector, what the rules make of it, and how well its words and its matter are met; no framework by
name. `framewise tune answerable` makes the weights; `eval/tune/README.md` is their card.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from framewise.app.calibration import Calibration, log_odds
from framewise.app.content import content_words
from framewise.app.evidence import Evidence
from framewise.app.gather import Gathered
from framewise.app.relevance import INTENTS
from framewise.app.scope import is_task
from framewise.app.understand import Query
from framewise.corpus.errors import ModelLoadError
from framewise.index.bm25 import words
from framewise.index.index import Index

WEIGHTS = Path(__file__).parent / "data" / "answerable.json"
LEADING = 5  # sentences: as many as an answer says
MANY = 3  # names and criteria beyond it count no more


def how_answerable(query: Query, gathered: Gathered, index: Index) -> float | None:
    """The probability that the evidence answers; None where the weights do not know what was found.

    They know the embedded encoder and the shipped corpus with its known questions; where a user's own document is
    among the leading evidence, what the corpus lacks says nothing.

    Raises:
        ModelLoadError: as `load_answerable`.
    """
    encoder, calibration = load_answerable()
    ours = encoder == index.encoder.id and index.knows_questions
    if not ours or any(item.document.kind == "user" for item in _leading(gathered)):
        return None
    return calibration.probability(features(query, gathered, index))


def features(query: Query, gathered: Gathered, index: Index) -> dict[str, float]:
    """What is weighed, by name, always the same names: shares from 0 to 1, counts, the parts of the unit vector."""
    best = _leading(gathered)
    relevance = [item.relevance or 0.0 for item in best] or [0.0]
    stems = [set(words(item.text)) for item in best]
    asked = content_words(query.text)
    every = {stem for item in gathered.evidence for stem in words(item.text)}
    leading = set().union(*stems)
    lost = [index.rarity(stem) for stem in asked - leading]
    unknown = index.rarity("")  # as rare as what stands nowhere
    asked_of = index.asked(query.neutral, [item.id for item in gathered.evidence])
    near = sorted((nearest for nearest, _ in asked_of), reverse=True)
    known = [
        set(words(q)) for item in best for q in item.document.questions_at(item.sentence.start)
    ]
    text = " ".join(item.text for item in best).lower()
    mean = sum(relevance) / LEADING
    vector = index.vector(query.neutral)
    return {
        "first": log_odds(relevance[0], 1 - relevance[0]),
        "five": log_odds(mean, 1 - mean),
        "cosine": max((item.cosine for item in gathered.evidence), default=0.0),
        "leading cosine": best[0].cosine if best else 0.0,
        "held by one": max((_held(asked, said, index) for said in stems), default=0.0),
        "held by five": _held(asked, leading, index),
        "held by all": _held(asked, every, index),
        "nearest known": max(near, default=0.0),
        "five known": sum(near[:LEADING]) / LEADING,
        "held by one known": max((_held(asked, said, index) for said in known), default=0.0),
        "rarest lost": max(lost, default=0.0) / 10,
        "unknown words": sum(index.rarity(stem) >= unknown for stem in asked) / LEADING,
        "names lost": min(sum(name.lower() not in text for name in query.names), MANY),
        "absent names": min(len(gathered.absent), MANY),
        "nothing known is named": float(bool(gathered.absent) and not query.frameworks),
        "stranger": float(bool(gathered.strangers)),
        "future": float(query.future),
        "off topic": float(query.off_topic),
        "unknowable": float(query.unknowable),
        "task": float(is_task(query.text)),
        "question mark": float("?" in query.text),
        "one framework": float(len(query.frameworks) == 1),
        "several frameworks": float(len(query.frameworks) > 1),
        "criteria": min(len(query.criteria), MANY),
        "words": len(query.text.split()) / 30,
        **{f"intent {intent}": float(query.intent == intent) for intent in INTENTS},
        **{f"v{at}": float(value) for at, value in enumerate(vector)},
    }


@cache
def load_answerable(path: Path = WEIGHTS) -> tuple[str, Calibration]:
    """The encoder whose cosines the weights know, and the weights that ship or those of another file.

    Raises:
        ModelLoadError: unreadable, or no such weights.
    """
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        return str(row["encoder"]), Calibration.of(row)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelLoadError(
            f"the weights '{path.name}' cannot be read: {error!r}.",
            fix="Install Framewise again, or make the weights with: framewise tune answerable",
        ) from error


def _leading(gathered: Gathered) -> list[Evidence]:
    best = sorted(gathered.evidence, key=lambda item: (-(item.relevance or 0.0), item.id))
    return best[:LEADING]


def _held(asked: Iterable[str], said: set[str], index: Index) -> float:
    """The share of the question's stems that stand in what is said, rare ones counting more."""
    weights = {stem: index.rarity(stem) for stem in asked}
    total = sum(weights.values())
    return sum(w for stem, w in weights.items() if stem in said) / total if total else 0.0
