"""The questions that sentences answer, as vectors: how near a query comes to the nearest of each sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from framewise.corpus.errors import IndexDamagedError
from framewise.index.embed import Vectors
from numpy.typing import NDArray


class Asked:
    """Unit vectors of questions, and for each the position of the sentence that answers it.

    Args:
        vectors: one per question. Shape: (n_questions, dim).
        positions: of their sentences, ascending. Shape: (n_questions,).
        sentences: how many sentences there are.
    """

    def __init__(self, vectors: Vectors, positions: NDArray[np.int64], sentences: int) -> None:
        if len(vectors) != len(positions) or np.any(np.diff(positions) < 0):
            raise ValueError("each question needs a sentence, in the order of the sentences")
        self._vectors, self._positions, self._sentences = vectors, positions, sentences
        self._owners, self._starts = np.unique(positions, return_index=True)

    def cosines(self, vector: Vectors) -> Vectors:
        """Per sentence the cosine of the nearest of its questions, 0 where it has none. Shape: (n_sentences,)."""
        best = np.zeros(self._sentences, dtype=np.float32)
        if len(self._owners):
            best[self._owners] = np.maximum.reduceat(self._vectors @ vector, self._starts)
        return best

    def means(self, vector: Vectors) -> Vectors:
        """Per sentence the mean cosine of its questions, 0 where it has none. Shape: (n_sentences,)."""
        mean = np.zeros(self._sentences, dtype=np.float32)
        if len(self._owners):
            counts = np.diff(np.append(self._starts, len(self._positions)))
            mean[self._owners] = np.add.reduceat(self._vectors @ vector, self._starts) / counts
        return mean

    def save(self, folder: Path) -> None:
        """Writes vectors and positions into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "vectors.npy", self._vectors)
        np.save(folder / "positions.npy", self._positions)

    @classmethod
    def load(cls, folder: Path, sentences: int) -> Asked:
        """Reads what `save` wrote. Raises: IndexDamagedError: a file cannot be read, or they do not fit."""
        try:
            vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
            positions = np.load(folder / "positions.npy", allow_pickle=False)
            if len(positions) and not 0 <= positions[0] <= positions[-1] < sentences:
                raise ValueError("a question's sentence is not there")
            return cls(vectors, positions, sentences)
        except (OSError, ValueError) as error:
            raise IndexDamagedError(
                f"the questions in '{folder}' cannot be read: {error}.",
                fix="Run: framewise index build",
            ) from error


def nearest(cosines: Vectors, ids: Sequence[str], most: int) -> list[str]:
    """The ids of the most alike sentences that have a question, best first, ties by id."""
    floor = np.sort(cosines)[-most:][0] if len(cosines) else 0.0
    at = np.flatnonzero(
        (cosines > 0) & (cosines >= floor)
    )  # whatever ties with the last is cut by id
    ranked = sorted((-float(cosines[n]), ids[n]) for n in at.tolist())
    return [id for _, id in ranked[:most]]
