"""A Query to evidence: what was found, in order, fairly shared, and the framework × criterion matrix it fills.

Step 3 of DESIGN.md section 5. Does not decide whether the evidence is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from framewise.app.contradict import contradict, says_otherwise
from framewise.app.editions import Ahead, ahead_in
from framewise.app.evidence import Evidence, EvidenceConfig, evidence_of
from framewise.app.order import by_relevance
from framewise.app.retrieve import cells_of, filters_of, may_be_quoted, retrieve
from framewise.app.understand import Query
from framewise.corpus.taxonomy import Taxonomy
from framewise.index.index import Index
from framewise.index.types import Filters

NEAR_DUPLICATE = 0.95  # cosine above which two sentences say the same


@dataclass(frozen=True, slots=True)
class Gathered:
    """All evidence for a query, best first, and which framework × criterion it covers.

    `absent` are names of the question that no source mentions, `strangers` those among them that are written like a
    framework's, `ahead` its versions that are newer than any a source knows. `clashes` are pairs of ids, the better
    ranked first, of which one denies what the other says.
    """

    evidence: tuple[Evidence, ...]
    matrix: dict[tuple[str, str], tuple[str, ...]]
    documents_read: int
    clashes: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    ahead: tuple[Ahead, ...] = ()


def gather(
    query: Query,
    index: Index,
    taxonomy: Taxonomy,
    *,
    filters: Filters | None = None,
    config: EvidenceConfig | None = None,
) -> Gathered:
    """Searches for the whole question and for each framework × criterion, and merges fairly.

    Every framework of a comparison gets `per_cell` places before the rest are given by score, so
    that no side starves; sentences that say the same collapse to the best ranked one.
    """
    config = config or EvidenceConfig()
    filters = filters_of(query, filters)
    ranked, passages = retrieve(query, index, taxonomy, filters, config)
    if config.trained:
        ranked = by_relevance(ranked, query, passages, index, config)
    chosen = _fair(_distinct(ranked, index, config), query, config)
    clashes = _clashes(chosen[: config.checked], query, index, filters, config)
    opposing = {pair[1] for pair in clashes} - {item.id for item in chosen}
    # Found only because they contradict what was chosen: ranked last.
    last = min((item.score for item in chosen), default=0.0)
    chosen += [evidence_of(id, query, index, taxonomy, score=last) for id in sorted(opposing)]
    ahead = ahead_in(query.text, taxonomy, index)
    chosen = _corrected(chosen, ahead, query, index, taxonomy)
    return Gathered(
        clashes=clashes,
        absent=tuple(name for name in query.names if not index.mentions(name)),
        strangers=tuple(name for name in query.unknown if not index.mentions(name)),
        ahead=ahead,
        evidence=tuple(chosen),
        matrix=_matrix(query, chosen),
        documents_read=len({item.document.id for item in ranked}),
    )


def _corrected(
    chosen: Sequence[Evidence],
    ahead: Iterable[Ahead],
    query: Query,
    index: Index,
    taxonomy: Taxonomy,
) -> list[Evidence]:
    """What is newest first where a question takes for granted what is newer."""
    ids = dict.fromkeys(item.told for item in ahead)
    top = max((item.score for item in chosen), default=0.0)
    told = [evidence_of(id, query, index, taxonomy, score=top) for id in ids]
    return [*told, *(item for item in chosen if item.id not in ids)]


def _distinct(ranked: Sequence[Evidence], index: Index, config: EvidenceConfig) -> list[Evidence]:
    """The best ranked of each group of sentences that say the same, four times as many as are kept."""
    kept: list[Evidence] = []
    for item in ranked:
        if len(kept) == 4 * config.max_sentences:
            break
        if not any(_says_the_same(item, other, index) for other in kept):
            kept.append(item)
    return kept


def _says_the_same(item: Evidence, other: Evidence, index: Index) -> bool:
    alike = index.similarity(item.id, other.id) >= NEAR_DUPLICATE
    return alike and not says_otherwise(item.text, other.text)


def _fair(ranked: Sequence[Evidence], query: Query, config: EvidenceConfig) -> list[Evidence]:
    quota: dict[str, Evidence] = {}
    for framework, criterion in cells_of(query):
        matching = [item for item in ranked if _covers(item, framework, criterion)]
        quota.update({item.id: item for item in matching[: config.per_cell]})
    for item in ranked:
        if len(quota) >= config.max_sentences:
            break
        quota.setdefault(item.id, item)
    return sorted(quota.values(), key=lambda item: (-item.score, item.id))


def _covers(item: Evidence, framework: str, criterion: str) -> bool:
    return framework in item.frameworks and (not criterion or criterion in item.criteria)


def _clashes(
    leading: Sequence[Evidence],
    query: Query,
    index: Index,
    filters: Filters,
    config: EvidenceConfig,
) -> tuple[tuple[str, str], ...]:
    """Pairs on one matter, from two documents, of which one denies what the other says."""
    pairs: list[tuple[str, str]] = []
    for item in leading:
        if query.frameworks and not set(item.frameworks) & set(query.frameworks):
            continue
        for hit in index.neighbours(item.id, config.neighbours, filters=filters):
            other = index.sentence(hit.id)
            if hit.cosine < config.same_matter or other.document_id == item.document.id:
                continue
            if (hit.id, item.id) in pairs or not may_be_quoted(other, query, index):
                continue
            if contradict(item.text, " ".join(other.text.split())):
                pairs.append((item.id, hit.id))
    return tuple(pairs)


def _matrix(query: Query, evidence: Iterable[Evidence]) -> dict[tuple[str, str], tuple[str, ...]]:
    items = list(evidence)
    return {
        (framework, criterion): tuple(
            item.id for item in items if _covers(item, framework, criterion)
        )
        for framework, criterion in cells_of(query)
    }
