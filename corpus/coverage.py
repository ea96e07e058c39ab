"""What the corpus holds and lacks: counts, coverage of framework × criterion, sources, age."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence

from framewise.corpus.document import Document
from framewise.corpus.sentences import split_sentences
from framewise.corpus.taxonomy import Taxonomy


def count(documents: Iterable[Document]) -> list[tuple[str, str, int, int]]:
    """Kind, form, documents and sentences, the sum last."""
    found: Counter[tuple[str, str]] = Counter()
    sentences: Counter[tuple[str, str]] = Counter()
    for document in documents:
        key = (document.kind, document.form)
        found[key] += 1
        sentences[key] += len(split_sentences(document.text))
    rows = [(kind, form, found[kind, form], sentences[kind, form]) for kind, form in sorted(found)]
    return [*rows, ("all", "", sum(found.values()), sum(sentences.values()))]


def coverage(documents: Iterable[Document]) -> Counter[tuple[str, str]]:
    """Sentences per framework id and heading, for documents whose main subject is the framework."""
    cells: Counter[tuple[str, str]] = Counter()
    for document in documents:
        for span in split_sentences(document.text) if document.frameworks else ():
            cells[document.frameworks[0], span.section.rsplit(" > ", 1)[-1].lower()] += 1
    return cells


def empty_cells(documents: Iterable[Document], taxonomy: Taxonomy) -> list[tuple[str, str]]:
    """The main frameworks × main criteria on which no profile says anything, by id."""
    covered = coverage(document for document in documents if document.form == "profile")
    return [
        (framework.id, criterion.id)
        for framework in taxonomy.frameworks
        for criterion in taxonomy.criteria
        if framework.main and criterion.main and not covered[framework.id, criterion.name.lower()]
    ]


def sources_of(documents: Iterable[Document]) -> list[tuple[str, str, str, int]]:
    """Title, locator, date and number of documents of each source, by title."""
    found = Counter(
        (s.title, s.locator, s.date) for document in documents for s in document.sources
    )
    return [(*key, number) for key, number in sorted(found.items())]


def stale_documents(
    documents: Sequence[Document], older_than_days: int, today: datetime.date | None = None
) -> list[tuple[str, str, str]]:
    """Date of the last check, id and locators of the documents checked before the given age, oldest first."""
    today = today or datetime.datetime.now(datetime.UTC).date()
    limit = (today - datetime.timedelta(days=older_than_days)).isoformat()
    old = [document for document in documents if document.checked and document.checked < limit]
    return sorted((d.checked, d.id, "; ".join(s.locator for s in d.sources)) for d in old)
