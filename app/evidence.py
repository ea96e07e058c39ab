"""Sentences that may be cited and what each is about: frameworks, criteria, its role; how much of them is read.

Does not know how they were found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from framewise.app.names import find_criteria, find_frameworks
from framewise.app.understand import Query
from framewise.corpus.document import Document
from framewise.corpus.taxonomy import Taxonomy
from framewise.index.index import Index
from framewise.index.types import Sentence

VERDICT_SECTIONS = ("verdict", "in short")
OTHERWISE_SECTIONS = ("when to choose otherwise", "limits", "what breaks")
# "For X, choose Y, because Z": a verdict wherever it stands.
_RECOMMENDS = re.compile(
    r"^(For|To|When|On|If|In|With(out)?|Choose)\b.*\b([Cc]hoose|prefer|pick)\b"
)


@dataclass(frozen=True, slots=True)
class EvidenceConfig:
    """How much is read: sentences kept in all, per framework × criterion, and per search.

    The verdicts of the best `documents` are read with them. Of all that is found the `weighed` best are put in the
    order of their trained relevance, where `trained` allows it. The `checked` best are held against their
    `neighbours` of other documents in the whole index, at least `same_matter` near: contradicting evidence is looked
    for, not waited for.
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
    `relevance` is the trained probability that it belongs in the answer, None where none was made.
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


def evidence_of(
    id: str, query: Query, index: Index, taxonomy: Taxonomy, *, score: float = 0.0
) -> Evidence:
    """A sentence of the index as evidence for a query, however it was found."""
    cosine = float(index.similarity_to(query.neutral, id))
    return replace(evidence_from(index.sentence(id), index, cosine, 0.0, taxonomy), score=score)


def evidence_from(
    sentence: Sentence, index: Index, cosine: float, bm25: float, taxonomy: Taxonomy
) -> Evidence:
    """A found sentence with what it is about: what it names, the section it stands in, its role."""
    document = index.documents[sentence.document_id]
    heading = heading_of(sentence)
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


def heading_of(sentence: Sentence) -> str:
    """The heading a sentence stands under, in lower case."""
    return sentence.section.rsplit(" > ", 1)[-1].lower()
