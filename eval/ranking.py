"""Scores of rankings against gold documents, by ir-measures; knows nothing of how they were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from framewise.eval.extra import need

MEASURES = ("nDCG@10", "R@10", "RR@10", "Success@5")


def score_rankings(
    rankings: Mapping[str, Sequence[str]], gold: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Each question's scores by measure: nDCG@10, recall@10, reciprocal rank@10, success@5.

    Args:
        rankings: per question the ids found, best first, each once.
        gold: per question the ids that hold the answer; questions without gold are left out.

    Raises:
        MissingExtraError: ir-measures is not installed.
    """
    need("ir_measures")
    import ir_measures

    asked = {id: ids for id, ids in gold.items() if ids and id in rankings}
    qrels = {id: dict.fromkeys(ids, 1) for id, ids in asked.items()}
    # Reciprocal ranks as scores: only the order counts.
    run = {id: {d: 1 / rank for rank, d in enumerate(rankings[id], 1)} for id in asked}
    measures = [ir_measures.parse_measure(name) for name in MEASURES]
    scores: dict[str, dict[str, float]] = {id: dict.fromkeys(MEASURES, 0.0) for id in asked}
    for found in ir_measures.iter_calc(measures, qrels, run):
        scores[found.query_id][str(found.measure)] = float(found.value)
    return scores
