"""Units (passages or sentences) and a question to a fused ranking; does not know what a unit says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from framewise.index.bm25 import Bm25
from framewise.index.dense import Dense
from framewise.index.embed import Vectors
from framewise.index.fuse import fuse
from framewise.index.types import Hit, Passage, Sentence
from numpy.typing import NDArray

Mode = Literal["fusion", "bm25", "dense"]
DEPTH = 100  # how far down each ranking is read before fusion


class Ranker:
    """BM25 and vectors over the same units, in the order of their positions."""

    def __init__(self, units: Sequence[Passage | Sentence], bm25: Bm25, dense: Dense) -> None:
        self.units = units
        self._bm25 = bm25
        self._dense = dense
        self._position = {unit.id: position for position, unit in enumerate(units)}
        if len(self._position) != len(units):
            raise ValueError("two units share an id")

    @classmethod
    def build(
        cls, units: Sequence[Passage | Sentence], texts: Sequence[str], vectors: Vectors
    ) -> Ranker:
        """A ranker over units; `texts` are what BM25 reads. Shape of vectors: (len(units), dim)."""
        return cls(units, Bm25.build(texts), Dense.build(vectors))

    def search(
        self,
        query: str,
        vector: Vectors,
        k: int,
        *,
        allowed: NDArray[np.int64] | None = None,
        mode: Mode = "fusion",
        also: Sequence[Sequence[str]] = (),
    ) -> list[Hit]:
        """The k best units, best first, ties by id.

        Args:
            query: the question's words.
            vector: its unit vector. Shape: (dim,).
            k: how many at most.
            allowed: positions that may be found; None allows all.
            mode: reciprocal rank fusion of both rankings, or one of them alone.
            also: further rankings of unit ids to fuse in.
        """
        if k < 1:
            raise ValueError(f"k is {k}; it must be at least 1")
        word_scores = self._bm25.scores(query)  # (n_units,)
        by_words = self._by_words(word_scores, allowed, max(DEPTH, k))
        at, cosines = self._dense.search(vector, max(DEPTH, k), allowed)
        by_meaning = [self.units[position].id for position in at]
        rankings = {"fusion": [by_words, by_meaning], "bm25": [by_words], "dense": [by_meaning]}[
            mode
        ]
        fused = fuse([*rankings, *also])[:k]
        cosine_of = dict(zip(by_meaning, cosines.tolist(), strict=True))
        return [self._hit(id, score, cosine_of, word_scores, vector) for id, score in fused]

    def cosine(self, id: str, vector: Vectors) -> float:
        """The similarity of a unit and a question's unit vector."""
        return float(self._dense.vectors[self._position[id]] @ vector)

    def vector(self, id: str) -> Vectors:
        """A unit's unit vector. Shape: (dim,)."""
        return np.asarray(self._dense.vectors[self._position[id]], dtype=np.float32)

    def position(self, id: str) -> int:
        """The place of a unit among all."""
        return self._position[id]

    def unit(self, id: str) -> Passage | Sentence:
        """The unit with this id."""
        return self.units[self._position[id]]

    def count(self, stem: str) -> int:
        """How many units hold a stem."""
        return self._bm25.count(stem)

    def _hit(
        self,
        id: str,
        score: float,
        cosine_of: dict[str, float],
        word_scores: NDArray[np.float32],
        vector: Vectors,
    ) -> Hit:
        position = self._position[id]
        cosine = cosine_of[id] if id in cosine_of else self.cosine(id, vector)
        return Hit(self.units[position], score, cosine, float(word_scores[position]))

    def _by_words(
        self, scores: NDArray[np.float32], allowed: NDArray[np.int64] | None, depth: int
    ) -> list[str]:
        at = np.flatnonzero(scores > 0) if allowed is None else allowed[scores[allowed] > 0]
        if len(at) > depth:
            # Everything that ties with the last one stays in, so that ties are cut by id below.
            floor = np.partition(scores[at], len(at) - depth)[len(at) - depth]
            at = at[scores[at] >= floor]
        ranked = sorted((-float(scores[position]), self.units[position].id) for position in at)
        return [id for _, id in ranked[:depth]]

    def save(self, folder: Path) -> None:
        """Writes both rankings' arrays into a folder; the units are the caller's to keep."""
        self._bm25.save(folder / "bm25")
        self._dense.save(folder)

    @classmethod
    def load(cls, units: Sequence[Passage | Sentence], folder: Path) -> Ranker:
        """Reads what `save` wrote, for the same units in the same order."""
        return cls(units, Bm25.load(folder / "bm25"), Dense.load(folder))
