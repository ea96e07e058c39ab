"""Scores of one answer or one ranking: small pure functions; None where a score does not apply."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from framewise.app.types import Answer
from framewise.corpus.document import Document
from framewise.eval.questions import Question

Score = float | None


def invalid_citations(answer: Answer, documents: Mapping[str, Document]) -> list[str]:
    """What is wrong with an answer's citations; an empty list is the only passing grade.

    Every number of every sentence must name a citation, and every quote, cited or read, must
    stand verbatim in its document at its offsets. (EVAL.md, metric C1.)
    """
    faults = []
    known = {citation.number for citation in answer.citations}
    for sentence in answer.sentences:
        if not sentence.citations:
            faults.append(f"no citation: {sentence.text[:60]}")
        faults += [f"[{n}] names no citation" for n in sentence.citations if n not in known]
        if sentence.verdict == "unsupported":
            faults.append(f"shown though unsupported: {sentence.text[:60]}")
    for citation in (*answer.citations, *answer.also_read):
        document = documents.get(citation.document_id)
        if document is None:
            faults.append(f"[{citation.number}] document '{citation.document_id}' is unknown")
        elif document.text[citation.start : citation.end] != citation.quote or not citation.quote:
            faults.append(f"[{citation.number}] the quote is not at its offsets")
    return faults


def right_status(question: Question, answer: Answer) -> float:
    """1 where the question was answered or refused as its key says, else 0."""
    return float((answer.status == "refused") == (question.status == "refused"))


def success_at(ranking: Sequence[str], gold: Sequence[str], k: int) -> Score:
    """1 if a gold id stands among the first k of a ranking, else 0; None without gold."""
    return float(bool(set(ranking[:k]) & set(gold))) if gold else None


def reciprocal_rank_at(ranking: Sequence[str], gold: Sequence[str], k: int) -> Score:
    """1 over the rank of the first gold id among the first k, 0 if none; None without gold.

    Source: Voorhees, The TREC-8 Question Answering Track Report (1999).
    """
    if not gold:
        return None
    return next((1 / rank for rank, id in enumerate(ranking[:k], 1) if id in gold), 0.0)


def vital_recall(question: Question, answer: Answer) -> Score:
    """The share of vital patterns that the answer's sentences match; None without patterns.

    Source: strict vital of nuggetizer (EVAL.md section 1), with patterns for the judge.
    """
    if not question.vital:
        return None
    said = said_in(answer)
    return sum(bool(re.search(p, said, re.IGNORECASE)) for p in question.vital) / len(
        question.vital
    )


def violations(question: Question, answer: Answer) -> float:
    """How many must-not patterns the answer's sentences match."""
    said = said_in(answer)
    return float(sum(bool(re.search(p, said, re.IGNORECASE)) for p in question.must_not))


def cited_gold(question: Question, answer: Answer) -> Score:
    """1 if a gold document is cited, else 0; None without gold."""
    return success_at(
        [c.document_id for c in answer.citations], question.gold, len(answer.citations)
    )


def length_words(answer: Answer) -> float:
    """Words of the answer's sentences; reported beside recall, which length buys."""
    return float(len(said_in(answer).split()))


def said_in(answer: Answer) -> str:
    """The answer's own sentences, without notes and quotes."""
    return " ".join(sentence.text for sentence in answer.sentences)
