"""The judge of support: its adapter, its calibration, and its figures on what was held out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from framewise.app.adapter import CALIBRATION
from framewise.app.calibration import Calibration
from framewise.app.language_model import TransformersModel
from framewise.app.support import Chooser, seen
from framewise.corpus.taxonomy import load_taxonomy
from framewise.eval.extra import need
from framewise.eval.statistics import auroc, balanced_accuracy, estimate_of
from framewise.eval.tune.claims import Judged, Label, as_example, held_out, learnt_from
from framewise.eval.tune.logistic import fitted
from framewise.eval.tune.lora import Recipe, Tell, train
from framewise.eval.tune.rows import load_training
from framewise.index.adapter import checksums
from framewise.index.library import open_encoder, open_index
from framewise.index.weights import LANGUAGE_MODEL, locate
from numpy.typing import NDArray

SEED = 20261127
RECIPE = Recipe(batch=8, at_once=8, attention="eager", rate=5e-4)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pair:
    """A held-out claim with its label and what the judge sees of it."""

    source: str
    group: str
    label: Label
    seen: dict[str, float]


def tune(folder: Path, sets: Path, *, train_it: bool = True, tell: Tell) -> dict[str, str]:
    """Makes the judge's adapter and calibration; gives its figures on what was held out.

    Args:
        folder: for the adapter.
        sets: folder of the outside sets.
        train_it: False measures and calibrates the adapter that is in the folder.
        tell: told each step.

    Raises:
        SuiteError: an outside set cannot be read. MissingExtraError: no scikit-learn.
        ModelMissingError, ModelLoadError: the embedded models cannot be had.
    """
    from transformers import AutoTokenizer

    need("sklearn")
    index, taxonomy, rows = open_index(open_encoder()), load_taxonomy(), load_training()
    base = locate(LANGUAGE_MODEL, say=tell)
    if train_it:
        tokenizer = AutoTokenizer.from_pretrained(base)
        items = learnt_from(sets, rows, index, taxonomy, SEED)
        tell(f"{len(items)} texts with {sum(len(item.claims) for item in items)} claims")
        learnt = [
            as_example(item, lambda text: tokenizer(text, add_special_tokens=False)["input_ids"])
            for item in items
        ]
        train(base, [learnt], folder, recipe=RECIPE, tell=tell)
    judge = TransformersModel(base, adapter=folder)
    pairs = [_pair(judge, *each) for each in _told(held_out(sets, rows, taxonomy, SEED), tell)]
    calibration = calibrated(pairs)
    calibration.write(folder / CALIBRATION)
    return figures(pairs) | checksums(folder, CALIBRATION)


def calibrated(pairs: Sequence[Pair]) -> Calibration:
    """The logistic regression from what the model says to the probability that a claim is supported.

    Each set counts alike, and yes as much as the rest, so that one half is the balanced threshold.
    """
    counts = Counter((p.source, p.label == "yes") for p in pairs)
    return fitted(
        [p.seen for p in pairs],
        [p.label == "yes" for p in pairs],
        [100 / counts[p.source, p.label == "yes"] for p in pairs],
    )


def figures(pairs: Sequence[Pair]) -> dict[str, str]:
    """Per set: AUROC, balanced accuracy at one half, and for SciFact support against contradiction.

    Each pair is scored by a calibration that saw no pair of its group (five folds).
    """
    scores = np.zeros(len(pairs))
    folds = np.array([hashlib.sha256(p.group.encode()).digest()[1] % 5 for p in pairs])
    for fold in range(5):
        made = calibrated([p for p, f in zip(pairs, folds, strict=True) if f != fold])
        for at in np.flatnonzero(folds == fold).tolist():
            scores[at] = made.probability(pairs[at].seen)
    told: dict[str, str] = {}
    for source in dict.fromkeys(p.source for p in pairs):
        here = [(s, p) for s, p in zip(scores, pairs, strict=True) if p.source == source]
        told[f"{source}: yes against the rest, AUROC"] = _auroc(here, ("no", "unclear"))
        told[f"{source}: balanced accuracy at .5"] = _balanced(here)
        if any(p.label == "no" for _, p in here):
            told[f"{source}: yes against no, AUROC"] = _auroc(here, ("no",))
    return told


def _pair(judge: Chooser, item: Judged, claim: str, label: Label) -> Pair:
    return Pair(item.source, item.group, label, seen(judge, claim, item.evidence))


def _told(each: Sequence[T], tell: Tell) -> Iterator[T]:
    for number, one in enumerate(each, 1):
        yield one
        if number % 200 == 0:
            tell(f"judged {number} of {len(each)} claims")


def _auroc(here: Sequence[tuple[float, Pair]], against: tuple[Label, ...]) -> str:
    kept = [(s, p) for s, p in here if p.label == "yes" or p.label in against]

    def statistic(at: NDArray[np.int64]) -> float:
        chosen = [kept[i] for i in at]
        positive = np.array([s for s, p in chosen if p.label == "yes"])
        negative = np.array([s for s, p in chosen if p.label != "yes"])
        return auroc(positive, negative)

    return str(estimate_of(statistic, [p.group for _, p in kept]))


def _balanced(here: Sequence[tuple[float, Pair]]) -> str:
    def statistic(at: NDArray[np.int64]) -> float:
        scores = np.array([here[i][0] for i in at])
        labels = np.array([here[i][1].label == "yes" for i in at])
        return balanced_accuracy(scores, labels, 0.5)

    return str(estimate_of(statistic, [p.group for _, p in here]))
