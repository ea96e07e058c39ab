"""A document to passages and sentences at exact offsets; knows nothing of search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from framewise.corpus.document import Document
from framewise.corpus.sentences import Span, split_sentences
from framewise.index.types import Passage, Sentence

TokenCount = Callable[[str], int]


def chunk(
    document: Document, *, max_tokens: int, count_tokens: TokenCount
) -> tuple[list[Passage], list[Sentence]]:
    """The document's passages and the sentences in them, in order.

    A passage never crosses a heading and never cuts a sentence; it is closed when the next
    sentence would take it past `max_tokens`. A single longer sentence is a passage of its own.
    """
    passages: list[Passage] = []
    sentences: list[Sentence] = []
    spans = split_sentences(document.text)
    for section, group in groupby(spans, key=lambda span: span.section):
        for part in _fill(document.text, group, max_tokens, count_tokens):
            passage = _passage(document, len(passages), section, part)
            passages.append(passage)
            first = len(sentences)
            sentences += [
                _sentence(document, first + n, passage, span) for n, span in enumerate(part)
            ]
    return passages, sentences


def search_text(document: Document, unit: Passage | Sentence) -> str:
    """What is matched against a question: a passage with its title and heading, a sentence alone."""
    if isinstance(unit, Sentence):
        return unit.text
    head = [document.title, unit.section] if unit.section else [document.title]
    return "\n".join([*(part for part in head if part), unit.text])


def _fill(
    text: str, spans: Iterable[Span], max_tokens: int, count_tokens: TokenCount
) -> Iterator[list[Span]]:
    part: list[Span] = []
    used = 0
    for span in spans:
        tokens = count_tokens(text[span.start : span.end])
        if part and used + tokens > max_tokens:
            yield part
            part, used = [], 0
        part.append(span)
        used += tokens
    if part:
        yield part


def _passage(document: Document, number: int, section: str, part: list[Span]) -> Passage:
    start, end = part[0].start, part[-1].end
    return Passage(
        id=f"{document.id}@{number}",
        document_id=document.id,
        section=section,
        text=document.text[start:end],
        start=start,
        end=end,
    )


def _sentence(document: Document, number: int, passage: Passage, span: Span) -> Sentence:
    return Sentence(
        id=f"{document.id}#{number}",
        document_id=document.id,
        passage_id=passage.id,
        section=span.section,
        text=document.text[span.start : span.end],
        start=span.start,
        end=span.end,
    )
