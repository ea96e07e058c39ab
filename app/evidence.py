"""A Query to evidence: ranked sentences per framework and criterion, and the matrix they fill.

Steps 2 and 3 of DESIGN.md section 5. Does not decide whether the evidence is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from framewise.app.content import content_words
from framewise.app.contradict import contradict, says_otherwise
from framewise.app.intent import Intent
from framewise.app.quotable import is_statement
from framewise.app.relevance import Seen, load_relevance
from framewise.app.understand import Query, find_criteria, find_frameworks
from framewise.corpus.document import Document
from framewise.corpus.taxonomy import Taxonomy
from framewise.index.bm25 import words
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
NEAR_DUPLICATE = 0.95  # cosine above which two sentences say the same
VERDICT_SECTIONS = ("verdict", "in short")
# "For X, choose Y, because Z": a verdict wherever it stands.
_RECOMMENDS = re.compile(
    r"^(For|To|When|On|If|In|With(out)?|Choose)\b.*\b([Cc]hoose|prefer|pick)\b"
)
OTHERWISE_SECTIONS = ("when to choose otherwise", "limits", "what breaks")


@dataclass(frozen=True, slots=True)
class EvidenceConfig:
    """How much is read: sentences kept in all, per framework × criterion, and per search.

    The verdicts of the best `documents` are read with them. Of all that is found the `weighed` best
    are put in the order of their trained relevance, where `trained` allows it. The `checked` best are held against
    their `neighbours` of other documents in the whole index,
    at least `same_matter` near: contradicting evidence is looked for, not waited for.
    """

    max_sentences: int = 24
    per_cell: int = 4
    per_search: int = 30
    documents: int = 5
    weighed: int = 60
    trained: bool = True
    checked: int = 8
    neighbours: int = 6
    same_matter: float = 0.72


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that may be cited, with what it is about.

    `score` is the fused retrieval score, comparable within one question; `cosine` its similarity
    to the question; `role` is "verdict", "otherwise" or "reason", by the heading it stands under;
    `relevance` is the trained probability that it answers the question, None where none was made.
    """

    sentence: Sentence
    document: Document
    score: float
    cosine: float
    bm25: float
    frameworks: tuple[str, ...]
    criteria: tuple[str, ...]
    role: str
    relevance: float | None = None

    @property
    def id(self) -> str:
        """The sentence's id."""
        return self.sentence.id

    @property
    def date(self) -> str:
        """The date of the source behind the sentence."""
        return self.document.date_of(self.sentence.start, self.sentence.end)

    @property
    def text(self) -> str:
        """The sentence on one line, otherwise verbatim."""
        return " ".join(self.sentence.text.split())


@dataclass(frozen=True, slots=True)
class Gathered:
    """All evidence for a query, best first, and which framework × criterion it covers.

    `absent` are names of the question that no source mentions, `strangers` those among them that
    are written like a framework's. `clashes` are pairs of ids, the better ranked first, of which
    one denies what the other says.
    """

    evidence: tuple[Evidence, ...]
    matrix: dict[tuple[str, str], tuple[str, ...]]
    documents_read: int
    clashes: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()


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
    filters = _filters(query, filters)
    ranked, passages = _retrieved(query, index, taxonomy, filters, config)
    if config.trained:
        ranked = _weighed(ranked, query, passages, index, config)
    chosen = _fair(_distinct(ranked, index, config), query, config)
    clashes = _clashes(chosen[: config.checked], query, index, filters, config)
    opposing = {pair[1] for pair in clashes} - {item.id for item in chosen}
    # Found only because they contradict what was chosen: ranked last.
    last = min((item.score for item in chosen), default=0.0)
    chosen += [evidence_of(id, query, index, taxonomy, score=last) for id in sorted(opposing)]
    return Gathered(
        clashes=clashes,
        absent=tuple(name for name in query.names if not index.mentions(name)),
        strangers=tuple(name for name in query.unknown if not index.mentions(name)),
        evidence=tuple(chosen),
        matrix=_matrix(query, chosen),
        documents_read=len({item.document.id for item in ranked}),
    )


def weighable(
    query: Query, index: Index, taxonomy: Taxonomy, *, config: EvidenceConfig | None = None
) -> list[tuple[Evidence, Seen]]:
    """What retrieval finds in its own order, with what the trained relevance would look at."""
    config = config or EvidenceConfig()
    ranked, passages = _retrieved(query, index, taxonomy, _filters(query, None), config)
    leading = ranked[: config.weighed]
    return list(zip(leading, _seen(leading, query, passages), strict=True))


def evidence_of(
    id: str, query: Query, index: Index, taxonomy: Taxonomy, *, score: float = 0.0
) -> Evidence:
    """A sentence of the index as evidence for a query, however it was found."""
    cosine = float(index.similarity_to(query.neutral, id))
    return replace(_evidence(index.sentence(id), index, cosine, 0.0, taxonomy), score=score)


def _filters(query: Query, filters: Filters | None) -> Filters:
    """What the caller allows, and what the question itself asks for."""
    filters = filters or Filters()
    return replace(filters, since=query.since) if query.since and not filters.since else filters


def _retrieved(
    query: Query, index: Index, taxonomy: Taxonomy, filters: Filters, config: EvidenceConfig
) -> tuple[list[Evidence], list[Hit]]:
    """Every quotable sentence found, by fused rank, and the passages found for the whole question."""
    searches = [(query.neutral, filters)]
    searches += [_cell_search(query, cell, filters, taxonomy) for cell in _cells(query)]
    index.remember([text for text, _ in searches])
    found: dict[str, Evidence] = {}
    rankings: list[list[str]] = []
    for text, narrowed in searches:
        hits = [
            hit
            for hit in index.search_sentences(text, config.per_search, filters=narrowed)
            if _may_be_quoted(hit.unit, query, index)
        ]
        rankings.append([hit.id for hit in hits])
        for hit in hits:
            sentence = index.sentence(hit.id)
            if hit.id not in found:
                found[hit.id] = _evidence(sentence, index, hit.cosine, hit.bm25, taxonomy)
    passages = index.search(query.neutral, config.per_search, filters=filters)
    verdicts = [] if query.intent == "fact" else _verdicts(query, index, passages, config)
    for id in verdicts:
        if id not in found:
            cosine = index.similarity_to(query.neutral, id)
            found[id] = _evidence(index.sentence(id), index, cosine, 0.0, taxonomy)
    # The question itself counts double: the searches per cell widen, they do not lead.
    first = [id for id, _ in fuse([rankings[0], verdicts, *rankings])]
    fitting = [id for id in first if found[id].document.form in FITTING[query.intent]]
    newest = _newest([found[id] for id in first], config) if query.wants_newest else []
    fused = fuse([rankings[0], verdicts, fitting, newest, *rankings])
    ranked = [replace(found[id], score=score) for id, score in fused]
    return ranked, passages


def _weighed(
    ranked: Sequence[Evidence],
    query: Query,
    passages: Sequence[Hit],
    index: Index,
    config: EvidenceConfig,
) -> list[Evidence]:
    """The best ranked in the order of their trained relevance, the rest behind them as they were.

    Only for the encoder that the weights were trained with: another one's cosines mean other things.
    """
    relevance = load_relevance()
    if index.encoder.id != relevance.encoder:
        return list(ranked)
    leading = ranked[: config.weighed]
    probable = relevance.weigh(_seen(leading, query, passages))
    weighed = [replace(item, relevance=float(p)) for item, p in zip(leading, probable, strict=True)]
    weighed.sort(key=lambda item: (-(item.relevance or 0.0), item.id))
    # The fused scores stay what they are compared by, so they follow the new order.
    scores = [item.score for item in leading]
    return [
        *(replace(item, score=score) for item, score in zip(weighed, scores, strict=True)),
        *ranked[config.weighed :],
    ]


def _seen(items: Sequence[Evidence], query: Query, passages: Sequence[Hit]) -> list[Seen]:
    """What the trained relevance looks at, per item."""
    asked = content_words(query.text)
    around = {hit.id: hit.cosine for hit in passages}
    places = {id: n for n, id in enumerate(dict.fromkeys(h.unit.document_id for h in passages))}
    most = max((item.bm25 for item in items), default=0.0)
    return [
        Seen(
            cosine=item.cosine,
            bm25=item.bm25 / most if most else 0.0,
            overlap=_share(asked, set(words(item.text))),
            fused=item.score,
            rank=rank,
            passage_cosine=around.get(item.sentence.passage_id),
            document_rank=places.get(item.document.id),
            intent=query.intent,
            form=item.document.form,
            form_fits=item.document.form in FITTING[query.intent],
            heading=_heading(item.sentence),
            role=item.role,
            frameworks=_share(set(query.frameworks), set(item.frameworks)),
            criteria=_share(set(query.criteria), set(item.criteria)),
            words=len(item.text.split()),
        )
        for rank, item in enumerate(items)
    ]


def _share(asked: set[str], held: set[str]) -> float:
    return len(asked & held) / len(asked) if asked else 0.0


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
            if _heading(sentence) in VERDICT_SECTIONS and _may_be_quoted(sentence, query, index)
        )
        ranked += [(turn, place, sentence) for turn, (_, sentence) in enumerate(near)]
    return [sentence for _, _, sentence in sorted(ranked)]


def _newest(items: Sequence[Evidence], config: EvidenceConfig) -> list[str]:
    """The ids of the nearest sentences, those of the newest source first."""
    near = sorted(items, key=lambda item: (-item.cosine, item.id))[: config.per_search]
    return [
        item.id for item in sorted(near, key=lambda item: (item.date, item.cosine), reverse=True)
    ]


def _heading(sentence: Sentence) -> str:
    return sentence.section.rsplit(" > ", 1)[-1].lower()


def _may_be_quoted(unit: Passage | Sentence, query: Query, index: Index) -> bool:
    trusted = index.documents[unit.document_id].kind != "user"
    return is_statement(unit.text, query.text, trusted=trusted)


def _cells(query: Query) -> list[tuple[str, str]]:
    criteria = sorted(query.criteria[:3]) or [""]
    # In an order of their own: which option was named first must not matter.
    return [(f, criterion) for f in sorted(query.frameworks[:4]) for criterion in criteria]


def _cell_search(
    query: Query, cell: tuple[str, str], filters: Filters, taxonomy: Taxonomy
) -> tuple[str, Filters]:
    framework, criterion = taxonomy.framework(cell[0]), taxonomy.criterion(cell[1])
    name = framework.name if framework is not None else cell[0]
    about = criterion.name if criterion is not None else query.neutral
    return f"{name}: {about}", replace(filters, frameworks=(cell[0],))


def _evidence(
    sentence: Sentence, index: Index, cosine: float, bm25: float, taxonomy: Taxonomy
) -> Evidence:
    document = index.documents[sentence.document_id]
    heading = _heading(sentence)
    named = find_frameworks(sentence.text, taxonomy)
    criteria = (*find_criteria(sentence.section, taxonomy), *find_criteria(sentence.text, taxonomy))
    headed = tuple(c.id for c in taxonomy.criteria if c.name.lower() == heading)
    recommends = heading in VERDICT_SECTIONS or _RECOMMENDS.match(sentence.text)
    role = "verdict" if recommends else "reason"
    return Evidence(
        sentence=sentence,
        document=document,
        score=0.0,
        cosine=cosine,
        bm25=bm25,
        frameworks=named or document.frameworks[:1],
        criteria=tuple(dict.fromkeys((*headed, *criteria))),
        role="otherwise" if heading in OTHERWISE_SECTIONS else role,
    )


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
    for framework, criterion in _cells(query):
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
            if (hit.id, item.id) in pairs or not _may_be_quoted(other, query, index):
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
        for framework, criterion in _cells(query)
    }
