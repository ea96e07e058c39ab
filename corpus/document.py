"""The Document type: a dated, attributed text and where its facts come from; knows nothing of search."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

_BORDER = re.compile(r"\n[ \t]*\n|\n[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")  # a paragraph or item ends
KINDS = ("article", "doc", "metric", "user")
FORMS = (
    "profile",
    "guide",
    "comparison",
    "migration",
    "explanation",
    "myth",
    "trend",
    "claim",
    "milestones",
    "table",
    "page",
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document's facts were checked: what it is, where in it, and of which date."""

    id: str
    title: str
    locator: str
    date: str
    licence: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A statement's trace to its origin: everything since the mark before it, up to `offset`.

    `key` is the id of one of the document's sources, or `metric/…`, a metric row's id.
    """

    offset: int
    key: str


@dataclass(frozen=True, slots=True)
class Document:
    """One text of the knowledge, as it is shown, with its front matter.

    `text` is Markdown with the source marks taken out; every offset in the program is a
    character offset into it. Dates are ISO 8601, to the day, month or year that is known.
    `questions` are pairs of a sentence's offset and a question that this sentence answers: the
    document is found by them and they are not shown.
    """

    id: str
    title: str
    text: str
    kind: str
    form: str = "page"
    frameworks: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    published: str = ""
    checked: str = ""
    sources: tuple[Source, ...] = ()
    marks: tuple[Mark, ...] = field(default=(), repr=False)
    questions: tuple[tuple[int, str], ...] = field(default=(), repr=False)
    path: str = ""

    @property
    def content_hash(self) -> str:
        """The sha256 of all that a reader of this document can see or ask, as 64 hex digits."""
        parts = (self.id, self.title, self.kind, self.form, self.published, self.checked)
        shown = "\x1f".join((*parts, ",".join(self.frameworks), ",".join(self.topics), self.text))
        origins = "\x1f".join(
            f"{s.id}|{s.title}|{s.locator}|{s.date}|{s.url}" for s in self.sources
        )
        traced = "\x1f".join(f"{mark.offset}|{mark.key}" for mark in self.marks)
        asked = "\x1f".join(f"{start}|{question}" for start, question in self.questions)
        whole = (shown, origins, traced, *([asked] if asked else []))
        return hashlib.sha256("\x1e".join(whole).encode()).hexdigest()

    def marks_of(self, start: int, end: int) -> tuple[Mark, ...]:
        """The marks that vouch for the text from `start` to `end`.

        A mark that stands at the end of a statement vouches for it; a statement without one
        is vouched for by the next mark of its paragraph or list item.
        """
        own = tuple(mark for mark in self.marks if start < mark.offset <= end)
        if own:
            return own
        border = _BORDER.search(self.text, end)
        limit = len(self.text) if border is None else border.start()
        later = [mark for mark in self.marks if end < mark.offset <= limit]
        return tuple(mark for mark in later if mark.offset == later[0].offset) if later else ()

    def questions_at(self, start: int) -> tuple[str, ...]:
        """The questions that the sentence at an offset answers."""
        return tuple(question for at, question in self.questions if at == start)

    def source_of(self, start: int, end: int) -> Source | None:
        """The first source that vouches for the text from `start` to `end`.

        A document's only source vouches for all of it; of several, only the marked one does.
        """
        by_id = {source.id: source for source in self.sources}
        keys = [mark.key for mark in self.marks_of(start, end) if mark.key in by_id]
        if keys:
            return by_id[keys[0]]
        return self.sources[0] if len(self.sources) == 1 else None

    def date_of(self, start: int, end: int) -> str:
        """The date of the source behind the text from `start` to `end`, else the document's own."""
        source = self.source_of(start, end)
        return source.date if source is not None else self.published
