"""What readers said of sentences for graded questions, as votes: near questions count; does not know what is asked.

Nearest-neighbour regression (Nadaraya, 1964; Watson, 1964) of a grade on the cosine of two questions.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from framewise.corpus.errors import IndexDamagedError
from framewise.corpus.graded import Graded, mark_of
from framewise.index.embed import Vectors
from numpy.typing import NDArray

# What a grade is worth: off the point, would also serve, of the best answer, opens it.
WORTH = np.array([-0.5, 0.3, 1.0, 2.0], dtype=np.float32)
# A question nearer by .05 weighs twice as much; from 8 to 15 nDCG@5 is alike, at 25 less.
SHARP = 15.0
FULL = 0.7  # cosine from which a single question's word weighs more than the doubt
DOUBT = 0.3  # weight of a reader who says nothing

VECTORS, VOTES, QUESTIONS = "vectors.npy", "votes.npy", "questions.json"


class Votes:
    """Graded questions as unit vectors, and their votes.

    Args:
        vectors: one per question. Shape: (n_questions, dim).
        questions: their texts.
        votes: rows of question, position of a sentence, grade from 0 to 3. Shape: (n_votes, 3).
        sentences: how many sentences there are.
    """

    def __init__(
        self, vectors: Vectors, questions: Sequence[str], votes: NDArray[np.int32], sentences: int
    ) -> None:
        if votes.ndim != 2 or votes.shape[1] != 3 or len(vectors) != len(questions):
            raise ValueError("each question needs a vector, each vote question, sentence and grade")
        if len(votes) and (
            votes.min() < 0 or np.any(votes.max(axis=0) >= (len(questions), sentences, len(WORTH)))
        ):
            raise ValueError("a vote is of a question, a sentence or a grade that is not there")
        self._vectors, self._questions, self._votes = vectors, questions, votes
        self._sentences = sentences
        # Columns that lie together: they are read in every search.
        self._question, self._position, grade = (np.ascontiguousarray(row) for row in votes.T)
        self._worth = WORTH[grade]

    def of(self, vector: Vectors) -> Vectors:
        """What is said of each sentence for questions near a unit vector: -.5 to 2, 0 where nothing is.

        Shape: (n_sentences,).
        """
        weights = np.exp(SHARP * (self._vectors @ vector - FULL))[self._question]
        said = np.bincount(self._position, weights * self._worth, self._sentences)
        heard = np.bincount(self._position, weights, self._sentences)
        return np.asarray(said / (heard + DOUBT), dtype=np.float32)

    def without(self, questions: Container[str]) -> Votes:
        """The same, had nobody read these questions."""
        kept = np.array([question not in questions for question in self._questions], dtype=bool)
        return Votes(
            self._vectors, self._questions, self._votes[kept[self._votes[:, 0]]], self._sentences
        )

    def save(self, folder: Path) -> None:
        """Writes vectors, questions and votes into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / VECTORS, self._vectors)
        np.save(folder / VOTES, self._votes)
        (folder / QUESTIONS).write_text(json.dumps(list(self._questions)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, sentences: int) -> Votes:
        """Reads what `save` wrote. Raises: IndexDamagedError: a file cannot be read, or they do not fit."""
        try:
            vectors = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
            votes = np.load(folder / VOTES, allow_pickle=False)
            questions = json.loads((folder / QUESTIONS).read_text(encoding="utf-8"))
            return cls(vectors, [str(question) for question in questions], votes, sentences)
        except (OSError, ValueError, TypeError) as error:
            raise IndexDamagedError(
                f"the grades in '{folder}' cannot be read: {error}.",
                fix="Run: framewise index build",
            ) from error


def votes_on(texts: Sequence[str], graded: Iterable[Graded]) -> tuple[list[str], NDArray[np.int32]]:
    """The questions that say something of these sentences, and their votes as `Votes` wants them.

    Args:
        texts: the sentences, by position; of two alike both get the votes.
        graded: the questions and what their readers said.
    """
    places: dict[str, list[int]] = {}
    for at, text in enumerate(texts):
        places.setdefault(mark_of(" ".join(text.split())), []).append(at)
    questions: list[str] = []
    votes: list[tuple[int, int, int]] = []
    for item in graded:
        said = _placed(item.grades(), places)
        votes += [(len(questions), at, grade) for at, grade in said]
        questions += [item.question] if said else []
    return questions, np.array(votes, dtype=np.int32).reshape(-1, 3)


def _placed(
    grades: Mapping[str, int], places: Mapping[str, Sequence[int]]
) -> list[tuple[int, int]]:
    return [(at, grade) for mark, grade in grades.items() for at in places.get(mark, ())]
