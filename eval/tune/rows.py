"""Training questions with cited answers, by people of this project; knows no model.

They are disjoint by topic from every evaluation question, and `near_evaluation` checks it by meaning.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framewise.corpus.errors import SuiteError
from framewise.eval.questions import SPLITS, load_questions, split_path
from framewise.index.embed import Encoder
from framewise.index.index import Index

TRAINING = Path(__file__).parent / "data" / "questions.jsonl"
TOO_NEAR = 0.80  # cosine from which a training question asks what an evaluation question asks


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence of a model answer, and the corpus sentences that carry it, word for word."""

    text: str
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingQuestion:
    """A question, its answer, and further corpus sentences that would also serve."""

    topic: str
    kind: str
    question: str
    answer: tuple[CitedSentence, ...]
    also: tuple[str, ...]


def load_training(path: Path = TRAINING) -> list[TrainingQuestion]:
    """The training questions, in the file's order.

    Raises:
        SuiteError: unreadable, or a line that is no training question; names file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"the training file '{path}' cannot be read: {error}.") from error
    return [_row(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]


def ids_of(index: Index) -> dict[str, str]:
    """Each sentence of the index by its text, so that a quote finds its id whatever its number is now."""
    return {
        " ".join(sentence.text.split()): sentence.id
        for document in sorted(index.documents)
        for sentence in index.sentences_of(document)
    }


def near_evaluation(
    rows: Sequence[TrainingQuestion], encoder: Encoder
) -> list[tuple[TrainingQuestion, str, float]]:
    """Training questions that ask what an evaluation question asks, with that question and the cosine."""
    asked = [q.text for split in SPLITS for q in load_questions(split_path(split))]
    cosines = encoder.encode([row.question for row in rows]) @ encoder.encode(asked).T
    return [
        (row, asked[int(line.argmax())], float(line.max()))
        for row, line in zip(rows, cosines, strict=True)
        if line.max() >= TOO_NEAR
    ]


def _row(line: str, place: str) -> TrainingQuestion:
    try:
        row: Any = json.loads(line)
        return TrainingQuestion(
            topic=str(row["topic"]),
            kind=str(row["kind"]),
            question=str(row["question"]),
            answer=tuple(
                CitedSentence(str(part["text"]), tuple(map(str, part["quotes"])))
                for part in row["answer"]
            ),
            also=tuple(map(str, row["also"])),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SuiteError(f"{place}: not a training question: {error!r}.") from error
