"""How surely a cited text says what a sentence says: a language model with a trained adapter; knows no rules.

Step 6 of DESIGN.md section 5, its soft half. `eval/tune/README.md` is the adapter's card.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from framewise.app.calibration import Calibration, log_odds
from framewise.index.bm25 import words

ANSWERS = (" yes", " no", " unclear")  # says so; says the opposite; says nothing of it
# Probabilities from which a claim is supported, and partly so. On 434 held-out claims on our sources, after the hard
# rules: from .8 on 48% of the true and .6% of the false ones pass, from .5 on 55% and 2.2%; lexical support passes 50%
# and 7.9%. What does not pass is replaced by its source at no loss but prose. 2026-11-27.
SUPPORTED, PARTLY = 0.8, 0.5
MAX_WORDS = 130  # of the evidence that is read: the sentences nearest to the claim
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'`(])")


def evidence_prompt(evidence: str) -> str:
    """What is read of the evidence, whatever is claimed."""
    return f"Source: {evidence}\n"


def claim_prompt(claim: str) -> str:
    """What is read of a claim, behind the evidence; one of ANSWERS follows."""
    return f"\nClaim: {claim}\nDoes the source say so?"


def sentences_of(evidence: str) -> list[str]:
    """The evidence on one line, sentence by sentence."""
    return _SENTENCE.split(" ".join(evidence.split()))


def nearest(claim: str, evidence: str, most: int = MAX_WORDS) -> str:
    """The evidence's sentences that share most stems with the claim, in their own order, within `most` words."""
    sentences = sentences_of(evidence)
    if len(evidence.split()) <= most:
        return " ".join(sentences)
    said = set(words(claim))
    shared = [len(said & set(words(sentence))) for sentence in sentences]
    kept: list[int] = []
    room = most
    for at in sorted(range(len(sentences)), key=lambda at: (-shared[at], at)):
        length = len(sentences[at].split())
        if length <= room:
            kept.append(at)
            room -= length
    if not kept:  # one endless sentence
        return " ".join(evidence.split()[:most])
    return " ".join(sentences[at] for at in sorted(kept))


def joined(cited: Sequence[str]) -> str:
    """Several cited texts as one."""
    return " ".join(" ".join(text.split()) for text in cited)


class Chooser(Protocol):
    """A language model that says how probable each of some answers is."""

    def choose(self, text: str, answers: Sequence[str]) -> list[float]:
        """The probability of each answer behind the text, among these answers alone."""


class TrainedSupport:
    """The embedded language model as a judge of support.

    `open_model` loads it with the trained adapter; it is asked at the first claim, since many answers are quotes
    alone and need no judge.
    """

    supported, partly = SUPPORTED, PARTLY

    def __init__(self, open_model: Callable[[], Chooser], calibration: Calibration) -> None:
        self._open, self._calibration = open_model, calibration
        self._model: Chooser | None = None
        self._opening = threading.Lock()

    def score(self, claim: str, cited: Sequence[str]) -> float:
        """The probability, from 0 to 1, that the texts together say what the claim says."""
        with self._opening:
            if self._model is None:
                self._model = self._open()
        return self._calibration.probability(seen(self._model, claim, joined(cited)))


def seen(model: Chooser, claim: str, evidence: str) -> dict[str, float]:
    """What a verdict on a pair is made from.

    The model's log odds of yes against no and of yes against unclear; and the share of the claim's
    stems, and of its numbers and names, that the evidence holds.
    """
    yes, no, unclear = model.choose(
        evidence_prompt(nearest(claim, evidence)) + claim_prompt(claim), ANSWERS
    )
    stems = set(words(claim))
    marked = set(re.findall(r"\b(?:[A-Z]\w*|\w*\d[\w.,]*)", claim))
    held = evidence.lower()
    return {
        "yes_no": log_odds(yes, no),
        "yes_unclear": log_odds(yes, unclear),
        "stems": len(stems & set(words(evidence))) / len(stems) if stems else 0.0,
        "names": sum(m.lower() in held for m in marked) / len(marked) if marked else 1.0,
    }
