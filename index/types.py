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

    `since` and `until` compare with the date of the source behind a sentence (`Document.date_of`),
    both inclusive; they may be given to the year, month or day, and a source whose date is known
    less exactly passes where it may fit. `without` names documents to leave out.
    """

    frameworks: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    without: frozenset[str] = field(default_factory=frozenset)

    def passes_date(self, date: str) -> bool:
        """Whether a date may lie between `since` and `until`; an unknown one does where neither is set."""
        if not date:
            return not (self.since or self.until)
        late_enough = date[: len(self.since)] >= self.since[: len(date)]
        return late_enough and date[: len(self.until)] <= self.until[: len(date)]
