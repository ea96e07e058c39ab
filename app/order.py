"""Found sentences to their order: what retrieval says of them, weighed.

Does not search and does not decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from framewise.app.content import content_words
from framewise.app.evidence import Evidence, EvidenceConfig, heading_of
from framewise.app.relevance import UNASKED_WEIGHTS, WEIGHTS, Known, Seen, load_relevance
from framewise.app.retrieve import FITTING, filters_of, retrieve
from framewise.app.understand import Query
from framewise.corpus.taxonomy import Taxonomy
from framewise.index.bm25 import words
from framewise.index.index import Index
from framewise.index.types import Hit


def by_relevance(
    ranked: Sequence[Evidence],
    query: Query,
    passages: Sequence[Hit],
    index: Index,
    config: EvidenceConfig,
) -> list[Evidence]:
    """The best ranked in the order of their trained relevance, the rest behind them as they were.

    Only for the encoder that the weights were trained with: another one's cosines mean other things.
    """
    relevance = load_relevance(WEIGHTS if index.knows_questions else UNASKED_WEIGHTS)
    if index.encoder.id != relevance.encoder:
        return list(ranked)
    leading = ranked[: config.weighed]
    probable = relevance.weigh(_seen(leading, query, passages, index))
    weighed = [replace(item, relevance=float(p)) for item, p in zip(leading, probable, strict=True)]
    return [*_reordered(weighed), *ranked[config.weighed :]]


def weighable(
    query: Query, index: Index, taxonomy: Taxonomy, *, config: EvidenceConfig | None = None
) -> list[tuple[Evidence, Seen]]:
    """What retrieval finds in its own order, with what the trained relevance would look at."""
    config = config or EvidenceConfig()
    ranked, passages = retrieve(query, index, taxonomy, filters_of(query, None), config)
    leading = ranked[: config.weighed]
    return list(zip(leading, _seen(leading, query, passages, index), strict=True))


def _reordered(items: Sequence[Evidence]) -> list[Evidence]:
    """By relevance. The scores stay what items are compared by, so they follow the new order."""
    best = sorted(items, key=lambda item: (-(item.relevance or 0.0), item.id))
    scores = sorted((item.score for item in items), reverse=True)
    return [replace(item, score=score) for item, score in zip(best, scores, strict=True)]


def _seen(
    items: Sequence[Evidence], query: Query, passages: Sequence[Hit], index: Index
) -> list[Seen]:
    """What the trained relevance looks at, per item."""
    rarity = {stem: index.rarity(stem) for stem in sorted(content_words(query.text))}
    around = {hit.id: hit.cosine for hit in passages}
    places = {id: n for n, id in enumerate(dict.fromkeys(h.unit.document_id for h in passages))}
    most = max((item.bm25 for item in items), default=0.0)
    votes = index.votes(query.neutral, [item.id for item in items])
    known = _known(items, query, rarity, index)
    return [
        _seen_of(
            item,
            query,
            rarity,
            bm25=item.bm25 / most if most else 0.0,
            rank=rank,
            passage_cosine=around.get(item.sentence.passage_id),
            document_rank=places.get(item.document.id),
            vote=vote,
            known=asked,
        )
        for rank, (item, vote, asked) in enumerate(zip(items, votes, known, strict=True))
    ]


def _seen_of(
    item: Evidence,
    query: Query,
    rarity: Mapping[str, float],
    *,
    bm25: float,
    rank: int,
    passage_cosine: float | None,
    document_rank: int | None,
    vote: float,
    known: Known | None,
) -> Seen:
    said = set(words(item.text))
    held = [rarity[stem] for stem in rarity if stem in said]
    lost = [rarity[stem] for stem in rarity if stem not in said]
    asked, spoken = set(query.frameworks), set(item.frameworks)
    return Seen(
        cosine=item.cosine,
        bm25=bm25,
        overlap=_share(set(rarity), said),
        fused=item.score,
        rank=rank,
        passage_cosine=passage_cosine,
        document_rank=document_rank,
        intent=query.intent,
        form=item.document.form,
        form_fits=item.document.form in FITTING[query.intent],
        heading=heading_of(item.sentence),
        role=item.role,
        frameworks=_share(asked, spoken),
        criteria=_share(set(query.criteria), set(item.criteria)),
        words=len(item.text.split()),
        held=_held(rarity, said),
        rarest_held=max(held, default=0.0),
        rarest_lost=max(lost, default=0.0),
        other_frameworks=len(spoken - asked),
        other_criteria=len(set(item.criteria) - set(query.criteria)),
        none_asked=bool(asked) and not asked & spoken,
        vote=vote,
        known=known,
    )


def _known(
    items: Sequence[Evidence], query: Query, rarity: Mapping[str, float], index: Index
) -> list[Known | None]:
    """How near the question comes to those that each sentence is known to answer."""
    if not items:
        return []
    cosines = index.asked(query.neutral, [item.id for item in items])
    nearest, nearest_mean = (sorted(column, reverse=True) for column in zip(*cosines, strict=True))
    found: list[Known | None] = []
    for item, (cosine, mean) in zip(items, cosines, strict=True):
        asked = item.document.questions_at(item.sentence.start)
        if not asked:
            found.append(None)
            continue
        spoken = {stem for question in asked for stem in words(question)}
        best = max(_held(rarity, set(words(question))) for question in asked)
        held = [rarity[stem] for stem in rarity if stem in spoken]
        lost = [rarity[stem] for stem in rarity if stem not in spoken]
        foreign = [index.rarity(stem) for stem in sorted(spoken - set(words(query.text)))]
        found.append(
            Known(
                cosine=cosine,
                mean=mean,
                mean_rank=nearest_mean.index(mean),
                behind=nearest[0] - cosine,
                rank=nearest.index(cosine),
                held=best,
                rarest_held=max(held, default=0.0),
                rarest_lost=max(lost, default=0.0),
                foreign=max(foreign, default=0.0),
            )
        )
    return found


def _held(rarity: Mapping[str, float], said: set[str]) -> float:
    """The share of the question's words that are said, rare ones counting more."""
    total = sum(rarity.values())
    return sum(rarity[stem] for stem in rarity if stem in said) / total if total else 0.0


def _share(asked: set[str], held: set[str]) -> float:
    return len(asked & held) / len(asked) if asked else 0.0
