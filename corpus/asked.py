"""Questions that single sentences answer, as people would type them; knows a sentence by its words alone.

Written by us beside the documents, since a question is nearer to another question than to its answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from framewise.corpus.articles import DATA
from framewise.corpus.document import Document
from framewise.corpus.errors import CorpusError
from framewise.corpus.json_lines import rows_of
from framewise.corpus.sentences import Span, split_sentences

ASKED = DATA / "asked.jsonl"

Asked = Mapping[str, tuple[str, ...]]  # questions by the sentence that answers them, on one line


def load_asked(path: Path = ASKED) -> Asked:
    """The questions by the sentence that answers them.

    Raises:
        CorpusError: unreadable, or a line that is no {document, sentence, asked}; names file and line.
    """
    found: dict[str, tuple[str, ...]] = {}
    for place, row in rows_of(path, CorpusError):
        try:
            found[str(row["sentence"])] = tuple(str(question) for question in row["asked"])
        except (KeyError, TypeError) as error:
            raise CorpusError(f"{place}: not a sentence with questions: {error!r}.") from error
    return found


def with_questions(document: Document, asked: Asked) -> Document:
    """The document with the questions that its sentences answer."""
    found = tuple(
        (span.start, question)
        for span in split_sentences(document.text)
        for question in asked.get(_line(document, span), ())
    )
    return replace(document, questions=found) if found else document


def orphans(documents: Iterable[Document], asked: Asked) -> list[str]:
    """The sentences with questions that no document holds any more."""
    return sorted(set(asked) - {line for document in documents for line in _lines(document)})


def unasked(document: Document, asked: Asked) -> list[str]:
    """The sentences of a document that no question is written for."""
    return [line for line in _lines(document) if not asked.get(line)]


def _lines(document: Document) -> list[str]:
    return [_line(document, span) for span in split_sentences(document.text)]


def _line(document: Document, span: Span) -> str:
    return " ".join(document.text[span.start : span.end].split())
