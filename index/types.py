"""What the index finds: passages, sentences and hits; does not know how they were found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document under one heading, short enough for the encoder.

    `document.text[start:end] == text`. `id` is `document_id@n`, n counted from 0.
    """

    id: str
    document_id: str
    section: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """The unit of citation: `document.text[start:end] == text`. `id` is `document_id#n`, n from 0."""

    id: str
    document_id: str
    passage_id: str
    section: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage or sentence that a search found.

    `score` is the fused score, comparable only within one search; `cosine` is the similarity of
    the question's and the unit's vectors, `bm25` the unit's BM25 score, 0 where not ranked by it.
    """

    unit: Passage | Sentence
    score: float
    cosine: float
    bm25: float

    @property
    def id(self) -> str:
        """The unit's id."""
        return self.unit.id


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents may be searched; an empty field lets all pass.

    `since` and `until` compare with a document's `published` date, both inclusive, and may be
    given to the year, month or day. `without` names documents to leave out.
    """

    frameworks: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    without: frozenset[str] = field(default_factory=frozenset)
