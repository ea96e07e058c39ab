"""Ranking by meaning: FAISS over unit vectors; does not know what the vectors stand for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from framewise.corpus.errors import IndexDamagedError, IndexMismatchError
from framewise.index.embed import Vectors
from numpy.typing import NDArray

if TYPE_CHECKING:
    import faiss

MAX_EXACT = 100_000  # beyond this many vectors a graph is searched instead of all of them
HNSW_NEIGHBOURS = 32
HNSW_BUILD_DEPTH = 200
HNSW_SEARCH_DEPTH = 128


class Dense:
    """A FAISS inner product index over unit vectors, and the vectors themselves, memory-mapped."""

    def __init__(self, index: faiss.Index, vectors: Vectors) -> None:
        self._index = index
        self.vectors = vectors  # (n, dim)

    @classmethod
    def build(cls, vectors: Vectors) -> Dense:
        """An index over unit vectors. Shape: (n, dim); exact up to 100,000, HNSW beyond."""
        import faiss

        dim = vectors.shape[1]
        index: faiss.Index = faiss.IndexFlatIP(dim)
        if len(vectors) > MAX_EXACT:
            index = graph = faiss.IndexHNSWFlat(dim, HNSW_NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
            graph.hnsw.efConstruction = HNSW_BUILD_DEPTH
        index.add(vectors)
        return cls(index, vectors)

    def search(
        self, query: Vectors, k: int, allowed: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], Vectors]:
        """The positions and cosines of the k nearest, best first, ties by position.

        Args:
            query: a unit vector. Shape: (dim,).
            k: how many at most.
            allowed: the positions that may be found; None allows all.
        """
        import faiss

        k = min(k, self._index.ntotal if allowed is None else len(allowed))
        if k == 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        selector = None if allowed is None else faiss.IDSelectorBatch(allowed)
        if isinstance(self._index, faiss.IndexHNSW):
            depth = max(HNSW_SEARCH_DEPTH, 2 * k)
            parameters = faiss.SearchParametersHNSW(efSearch=depth, sel=selector)
        else:
            parameters = faiss.SearchParameters(sel=selector)
        cosines, positions = self._index.search(query[None, :], k, params=parameters)
        found = positions[0] >= 0
        at, cosine = positions[0][found], cosines[0][found]
        order = np.lexsort((at, -cosine))
        return at[order], cosine[order]

    def save(self, folder: Path) -> None:
        """Writes the FAISS index and the vectors into a folder."""
        import faiss

        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "vectors.npy", self.vectors)
        try:
            faiss.write_index(self._index, str(folder / "vectors.faiss"))
        except RuntimeError as error:  # FAISS says so when the disk is full
            raise OSError(f"FAISS could not write its index: {error}") from error

    @classmethod
    def load(cls, folder: Path) -> Dense:
        """Reads what `save` wrote; the caller has checked the checksums, which FAISS does not.

        Raises:
            IndexDamagedError: a file cannot be read.
            IndexMismatchError: the index and the vectors are of different sizes.
        """
        import faiss

        try:
            index = faiss.read_index(str(folder / "vectors.faiss"))
            vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, RuntimeError, ValueError) as error:
            raise IndexDamagedError(
                f"the vectors in '{folder}' cannot be read.", fix="Run: framewise index build"
            ) from error
        if (index.ntotal, index.d) != vectors.shape:
            raise IndexMismatchError(
                f"the FAISS index is {(index.ntotal, index.d)}, the vectors are {vectors.shape}.",
                fix="Run: framewise index build",
            )
        return cls(index, vectors)
