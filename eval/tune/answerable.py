"""Questions that must be refused and look-alikes that must not, to the weights of `app/answerable.py`.

Four writers wrote them without sight of each other or of the evaluation; each writer's questions are judged by weights
that saw none of them. The training questions are answerable ones too, dealt to the four by topic.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from framewise.app.answerable import WEIGHTS, features
from framewise.app.assistant import Assistant
from framewise.app.calibration import Calibration
from framewise.app.decide import MIN_ANSWERABLE
from framewise.corpus.errors import SuiteError
from framewise.corpus.graded import GRADES, load_graded
from framewise.corpus.json_lines import rows_of
from framewise.eval.extra import need
from framewise.eval.statistics import auroc, estimate, estimate_of
from framewise.eval.tune.logistic import fitted
from framewise.eval.tune.lora import Tell
from framewise.eval.tune.relevance import TODAY
from framewise.eval.tune.rows import (
    alike,
    check_apart,
    load_training,
    load_unprompted,
)
from framewise.index.library import open_encoder, open_index
from numpy.typing import NDArray

QUESTIONS = Path(__file__).parent / "data" / "refusals.jsonl"
PENALTY = 0.03  # sklearn's C; from .01 to .1 the AUROC is .943 to .945


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, who wrote it, its kind, and whether the corpus answers it."""

    writer: str
    kind: str
    question: str
    answerable: bool


def tune(path: Path = WEIGHTS, *, tell: Tell) -> dict[str, str]:
    """Makes the weights and writes them; gives the figures of each writer's questions, unseen.

    Args:
        path: where to write; by default over the weights that ship.
        tell: told each step.

    Raises:
        SuiteError: damaged training data. MissingExtraError: no scikit-learn.
        ModelMissingError, ModelLoadError: the embedded models cannot be had.
    """
    need("sklearn")
    asked = questions()
    check_apart([item.question for item in asked])
    index, own = open_index(open_encoder()), alike([*load_training(), *load_unprompted()])
    seen = []
    for number, item in enumerate(asked, 1):
        unread = index.without_votes(own.get(item.question, set()))
        assistant = Assistant(model="none", index=unread, today=TODAY)
        query, gathered = assistant.look_up(item.question)
        seen.append(features(query, gathered, unread))
        if number % 100 == 0:
            tell(f"looked up {number} of {len(asked)} questions")
    row = {"encoder": index.encoder.id} | asdict(weights(asked, seen))
    path.write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")
    return figures(asked, seen)


def questions() -> list[Asked]:
    """What is learnt from: the four writers' questions, the training questions, and the unprompted ones.

    Of those the ones are to be refused for which readers found no sentence.

    Raises:
        SuiteError: unreadable, or a line that is no such question; names file and line.
    """
    asked = []
    for place, row in rows_of(QUESTIONS, SuiteError):
        asked.append(_asked(row, place))
    for row in load_training():
        writer = "abcd"[hashlib.sha256(row.topic.encode()).digest()[1] % 4]
        asked.append(Asked(writer, "training", row.question, answerable=True))
    graded = load_graded(GRADES)
    for row in load_unprompted():
        writer = "abcd"[hashlib.sha256(row.topic.encode()).digest()[1] % 4]
        found = bool(graded[row.question].best) if row.question in graded else True
        kind = "unprompted" if found else "unprompted, not in the corpus"
        asked.append(Asked(writer, kind, row.question, answerable=found))
    return asked


def weights(asked: Sequence[Asked], seen: Sequence[Mapping[str, float]]) -> Calibration:
    """The regression over all of them."""
    return fitted(seen, [item.answerable for item in asked], penalty=PENALTY, scaled=True)


def unseen(asked: Sequence[Asked], seen: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
    """Each question's probability by weights that saw nothing of its writer's. Shape: (len(asked),)."""
    found = np.zeros(len(asked))
    for writer in sorted({item.writer for item in asked}):
        others = [at for at, item in enumerate(asked) if item.writer != writer]
        made = weights([asked[at] for at in others], [seen[at] for at in others])
        for at, item in enumerate(asked):
            if item.writer == writer:
                found[at] = made.probability(seen[at])
    return found


def figures(asked: Sequence[Asked], seen: Sequence[Mapping[str, float]]) -> dict[str, str]:
    """AUROC, and the share refused at the threshold in use, per kind."""
    found = unseen(asked, seen)
    answerable = np.array([item.answerable for item in asked])
    groups = [item.question for item in asked]

    def statistic(at: NDArray[np.int64]) -> float:
        return auroc(found[at][answerable[at]], found[at][~answerable[at]])

    told = {"AUROC": str(estimate_of(statistic, groups))}
    refused = (found < MIN_ANSWERABLE).astype(float)
    told["refused, of all to refuse"] = _share(refused[~answerable])
    for kind in dict.fromkeys(item.kind for item in asked):
        told[f"refused, {kind}"] = _share(refused[[item.kind == kind for item in asked]])
    return told


def _share(refused: NDArray[np.float64]) -> str:
    return str(estimate(refused.tolist(), [str(n) for n in range(len(refused))]))


def _asked(row: Any, place: str) -> Asked:  # noqa: ANN401 - JSON
    try:
        return Asked(
            str(row["writer"]), str(row["kind"]), str(row["question"]), not bool(row["refuse"])
        )
    except (KeyError, TypeError) as error:
        raise SuiteError(f"{place}: not a question to refuse or answer: {error!r}.") from error
