"""Several rankings to one; knows only ids and ranks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# Cormack, Clarke and Buettcher, Reciprocal Rank Fusion (SIGIR 2009), section 3.
RRF_K = 60


def fuse(rankings: Iterable[Sequence[str]], *, k: int = RRF_K) -> list[tuple[str, float]]:
    """Reciprocal rank fusion: each ranking gives its r-th id, r from 1, the score 1 / (k + r).

    Best first; equal scores are ordered by id.
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, id in enumerate(ranking, 1):
            scores[id] = scores.get(id, 0.0) + 1.0 / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
