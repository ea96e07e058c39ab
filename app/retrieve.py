"""A Query to found sentences: searches for the whole question and per framework × criterion, fused by rank.

Step 2 of DESIGN.md section 5. Does not read what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from framewise.app.evidence import (
    VERDICT_SECTIONS,
    Evidence,
    EvidenceConfig,
    evidence_from,
    heading_of,
)
from framewise.app.intent import Intent
from framewise.app.quotable import is_statement
from framewise.app.understand import Query
from framewise.corpus.taxonomy import Taxonomy
from framewise.index.fuse import fuse
from framewise.index.index import Index
from framewise.index.types import Filters, Hit, Passage, Sentence

# The forms of document that are written to answer each kind of question.
FITTING: dict[Intent, tuple[str, ...]] = {
    "choose": ("guide", "comparison"),
    "compare": ("comparison",),
    "migrate": ("migration",),
    "explain": ("explanation",),
    "trend": ("trend", "claim"),
    "fact": (),
}
OVERFETCH = 6  # times as much is searched where some of what was found may not be quoted


def retrieve(
    query: Query, index: Index, taxonomy: Taxonomy, filters: Filters, config: EvidenceConfig
) -> tuple[list[Evidence], list[Hit]]:
    """Every quotable sentence found, by fused rank, and the passages found for the whole question."""
    searches = [(query.neutral, filters), *_widened(query, filters, taxonomy)]
    index.remember([text for text, _ in searches])
    found: dict[str, Evidence] = {}
    rankings: list[list[str]] = []
    for text, narrowed in searches:
        search = partial(index.search_sentences, text, filters=narrowed)
        hits = _quotable(search, query, index, config)
        rankings.append([hit.id for hit in hits])
        for hit in hits:
            sentence = index.sentence(hit.id)
            if hit.id not in found:
                found[hit.id] = evidence_from(sentence, index, hit.cosine, hit.bm25, taxonomy)
    search = partial(index.search, query.neutral, filters=filters)
    passages = _quotable(search, query, index, config)
    verdicts = [] if query.intent == "fact" else _verdicts(query, index, passages, config)
    for id in verdicts:
        if id not in found:
            cosine = index.similarity_to(query.neutral, id)
            found[id] = evidence_from(index.sentence(id), index, cosine, 0.0, taxonomy)
    # The question itself counts double: the searches per cell widen, they do not lead.
    first = [id for id, _ in fuse([rankings[0], verdicts, *rankings])]
    fitting = [id for id in first if found[id].document.form in FITTING[query.intent]]
    newest = _newest([found[id] for id in first], config) if query.wants_newest else []
    fused = fuse([rankings[0], verdicts, fitting, newest, *rankings])
    ranked = [replace(found[id], score=score) for id, score in fused]
    return ranked, passages


def filters_of(query: Query, filters: Filters | None) -> Filters:
    """What the caller allows, and what the question itself asks for."""
    filters = filters or Filters()
    return replace(filters, since=query.since) if query.since and not filters.since else filters


def cells_of(query: Query) -> list[tuple[str, str]]:
    """The framework × criterion pairs that are searched for, in an order of their own."""
    criteria = sorted(query.criteria[:3]) or [""]
    # Which option was named first must not matter.
    return [(f, criterion) for f in sorted(query.frameworks[:4]) for criterion in criteria]


def may_be_quoted(unit: Passage | Sentence, query: Query, index: Index) -> bool:
    """Whether a sentence is a statement; of a passage, whether it may lead to its document."""
    trusted = index.documents[unit.document_id].kind != "user"
    if trusted and isinstance(unit, Passage):
        return True
    return is_statement(unit.text, query.text, trusted=trusted)


def _verdicts(query: Query, index: Index, hits: Sequence[Hit], config: EvidenceConfig) -> list[str]:
    """The verdict sentences of the documents found for the question, the nearest of each first.

    A document is found by its best passages; what it concludes is what the question wants, even
    where the conclusion shares no word with it.
    """
    documents = list(dict.fromkeys(hit.unit.document_id for hit in hits))[: config.documents]
    ranked = []
    for place, id in enumerate(documents):
        near = sorted(
            (-index.similarity_to(query.neutral, sentence.id), sentence.id)
            for sentence in index.sentences_of(id)
            if heading_of(sentence) in VERDICT_SECTIONS and may_be_quoted(sentence, query, index)
        )
        ranked += [(turn, place, sentence) for turn, (_, sentence) in enumerate(near)]
    return [sentence for _, _, sentence in sorted(ranked)]


def _newest(items: Sequence[Evidence], config: EvidenceConfig) -> list[str]:
    """The ids of the nearest sentences, those of the newest source first."""
    near = sorted(items, key=lambda item: (-item.cosine, item.id))[: config.per_search]
    return [
        item.id for item in sorted(near, key=lambda item: (item.date, item.cosine), reverse=True)
    ]


def _quotable(
    search: Callable[[int], list[Hit]], query: Query, index: Index, config: EvidenceConfig
) -> list[Hit]:
    """The best of a search that may be quoted; what may not takes no place from them."""
    most = config.per_search
    hits = search(most)
    kept = [hit for hit in hits if may_be_quoted(hit.unit, query, index)]
    if len(kept) == len(hits) or len(hits) < most:
        return kept
    wider = search(OVERFETCH * most)
    return [hit for hit in wider if may_be_quoted(hit.unit, query, index)][:most]


def _widened(query: Query, filters: Filters, taxonomy: Taxonomy) -> list[tuple[str, Filters]]:
    """A search per cell; where no framework is named one per criterion by its name, as "7900 XTX" means an AMD GPU."""
    if query.frameworks:
        return [_cell_search(query, cell, filters, taxonomy) for cell in cells_of(query)]
    named = [taxonomy.criterion(id) for id in sorted(query.criteria[:2])]
    return [(f"{c.name}: {query.neutral}", filters) for c in named if c is not None]


def _cell_search(
    query: Query, cell: tuple[str, str], filters: Filters, taxonomy: Taxonomy
) -> tuple[str, Filters]:
    framework, criterion = taxonomy.framework(cell[0]), taxonomy.criterion(cell[1])
    name = framework.name if framework is not None else cell[0]
    about = criterion.name if criterion is not None else query.neutral
    return f"{name}: {about}", replace(filters, frameworks=(cell[0],))
