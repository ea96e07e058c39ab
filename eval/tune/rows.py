"""Questions to learn from, with cited answers, made for this project; does not know what learns from them.

They are disjoint by topic from every evaluation question, and `near_evaluation` checks it by meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framewise.corpus.errors import SuiteError
from framewise.corpus.json_lines import rows_of
from framewise.eval.questions import SPLITS, load_questions, split_path
from framewise.index.embed import Encoder
from framewise.index.index import Index
from framewise.index.library import PLAIN, open_encoder

TRAINING = Path(__file__).parent / "data" / "questions.jsonl"
UNPROMPTED = Path(__file__).parent / "data" / "unprompted.jsonl"
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
    return [_training(row, place) for place, row in rows_of(path, SuiteError)]


def load_unprompted(path: Path = UNPROMPTED) -> list[TrainingQuestion]:
    """Questions of writers who had not seen the corpus, graded and without a model answer, in the file's order.

    Raises:
        SuiteError: unreadable, or a line that is no {topic, kind, question}; names file and line.
    """
    return [_training(row, place, answered=False) for place, row in rows_of(path, SuiteError)]


def alike(rows: Sequence[TrainingQuestion]) -> dict[str, set[str]]:
    """Per question those of its topic, itself among them."""
    topics: dict[str, set[str]] = {}
    for row in rows:
        topics.setdefault(row.topic, set()).add(row.question)
    return {row.question: topics[row.topic] for row in rows}


def ids_of(index: Index) -> dict[str, str]:
    """Each sentence of the index by its text, so that a quote finds its id whatever its number is now."""
    return {
        " ".join(sentence.text.split()): sentence.id
        for document in sorted(index.documents)
        for sentence in index.sentences_of(document)
    }


def near_evaluation(questions: Sequence[str], encoder: Encoder) -> list[tuple[str, str, float]]:
    """Questions that ask what an evaluation question asks, with that question and the cosine."""
    asked = [q.text for split in SPLITS for q in load_questions(split_path(split))]
    cosines = encoder.encode(list(questions)) @ encoder.encode(asked).T
    return [
        (question, asked[int(line.argmax())], float(line.max()))
        for question, line in zip(questions, cosines, strict=True)
        if line.max() >= TOO_NEAR
    ]


def check_apart(questions: Sequence[str], encoder: Encoder | None = None) -> None:
    """Raises SuiteError where a training question asks what an evaluation question asks, by the plain encoder."""
    for question, asked, cosine in near_evaluation(questions, encoder or open_encoder(PLAIN))[:1]:
        raise SuiteError(
            f"the training question '{question}' asks what an evaluation question asks:"
            f" '{asked}' (cosine {cosine:.2f}).",
            fix="Take it out.",
        )


def _training(row: Any, place: str, *, answered: bool = True) -> TrainingQuestion:  # noqa: ANN401 - JSON
    try:
        row = row if answered else {"answer": [], "also": [], **row}
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
    except (ValueError, KeyError, TypeError) as error:
        raise SuiteError(f"{place}: not a training question: {error!r}.") from error
