"""Scores of one answer: small pure functions; None where a score does not apply, which is not zero."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from framewise.app.names import asked_frameworks
from framewise.app.types import Answer, AnswerSentence
from framewise.corpus.document import Document
from framewise.corpus.taxonomy import Taxonomy
from framewise.eval.questions import Nugget, Question

Score = float | None
Entails = Callable[[str, Sequence[str]], bool]  # does the union of the texts carry the sentence?

OKAY_WEIGHT = 0.5
# Numbers with their inner signs; then names that ordinary prose lacks: versions, CamelCase,
# snake_case, dotted or hyphenated names, and words in capitals.
_EXACT = re.compile(
    r"\d+(?:[.,:]\d+)*"
    r"|\b[A-Za-z]+[\d_][\w.]*\b"
    r"|\b[A-Z][a-z]+(?:[A-Z]\w*)+\b"
    r"|\b[A-Z]{2,}\w*\b"
)
_RECOMMENDS = re.compile(
    r"\b(?:choose|chooses|pick|prefer|use|start with|go with|adopt|keep|stay with|take)\b", re.I
)
_REASON = re.compile(
    r"\b(?:instead of|rather than|over|because|since|unless|when|if|only|while|where|for)\b|[;:]",
    re.I,
)


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


def citation_recall(answer: Answer, entails: Entails) -> Score:
    """The share of sentences that have a citation and are carried by all they cite together.

    Source: Gao et al., Enabling LLMs to Generate Text with Citations (ALCE, EMNLP 2023), section 4.
    """
    if not answer.sentences:
        return None
    return _mean([float(_carried(s, answer, entails)) for s in answer.sentences])


def citation_precision(answer: Answer, entails: Entails) -> Score:
    """The share of citations that are not beside the point; None without a citation.

    A citation counts 0 where its sentence is not carried, or where it does not carry the sentence
    alone and the others do without it. Source: ALCE, section 4.
    """
    values = []
    for sentence in answer.sentences:
        carried = _carried(sentence, answer, entails)
        quotes = _quotes(sentence, answer)
        for number in sentence.citations:
            alone = number in quotes and entails(sentence.text, [quotes[number]])
            others = [quote for other, quote in quotes.items() if other != number]
            idle = not alone and bool(others) and entails(sentence.text, others)
            values.append(float(carried and number in quotes and not idle))
    return _mean(values)


def exact_containment(answer: Answer) -> Score:
    """The share of numbers and identifiers that stand in the text their sentence cites.

    None where the answer has neither. (EVAL.md, metric F1; written apart from the app's own check.)
    """
    values = []
    for sentence in answer.sentences:
        told = " ".join(_quotes(sentence, answer).values())
        held = {_bare(item) for item in _EXACT.findall(told)}
        values += [float(_bare(item) in held) for item in _EXACT.findall(sentence.text)]
    return _mean(values)


def right_status(question: Question, answer: Answer) -> float:
    """1 where the question was answered or refused as its key says, else 0."""
    return float((answer.status == "refused") != question.answerable)


def strict_vital(question: Question, answer: Answer) -> Score:
    """The share of vital nuggets that the answer holds; None without any.

    Source: strict vital of TREC RAG's nuggetizer (EVAL.md section 1), with patterns as the judge.
    """
    return _held(question.vital, said_in(answer))


def weighted_nuggets(question: Question, answer: Answer) -> Score:
    """Vital nuggets count 1, okay ones one half. Source: nuggetizer, weighted score."""
    said = said_in(answer)
    whole = len(question.vital) + OKAY_WEIGHT * len(question.okay)
    if not whole:
        return None
    held = sum(n.stands_in(said) for n in question.vital)
    return (held + OKAY_WEIGHT * sum(n.stands_in(said) for n in question.okay)) / whole


def all_nuggets(question: Question, answer: Answer) -> Score:
    """The share of vital and okay nuggets together. Source: nuggetizer, all score."""
    return _held((*question.vital, *question.okay), said_in(answer))


def violations(question: Question, answer: Answer) -> float:
    """How many must-not nuggets the answer holds."""
    said = said_in(answer)
    return float(sum(nugget.stands_in(said) for nugget in question.must_not))


def cited_gold(question: Question, answer: Answer) -> Score:
    """1 if a gold document is cited, else 0; None without gold."""
    if not question.gold:
        return None
    return float(bool({c.document_id for c in answer.citations} & set(question.gold)))


def length_words(answer: Answer) -> float:
    """Words of the answer's sentences; reported beside recall, which length buys."""
    return float(len(said_in(answer).split()))


def chosen(answer: Answer, taxonomy: Taxonomy) -> frozenset[str]:
    """What the answer's first sentence chooses: frameworks after "choose", else all it names; hardware last."""
    if not answer.sentences:
        return frozenset()
    first = answer.sentences[0].text
    verb = _RECOMMENDS.search(first)
    advice = _REASON.split(first[verb.end() :])[0] if verb else ""
    return frozenset(asked_frameworks(advice, taxonomy) or asked_frameworks(first, taxonomy))


def said_in(answer: Answer) -> str:
    """The answer's own sentences, without notes and quotes."""
    return " ".join(sentence.text for sentence in answer.sentences)


def jaccard(one: Sequence[str], other: Sequence[str]) -> Score:
    """Shared over all; None where both are empty."""
    union = set(one) | set(other)
    return len(set(one) & set(other)) / len(union) if union else None


def _carried(sentence: AnswerSentence, answer: Answer, entails: Entails) -> bool:
    quotes = list(_quotes(sentence, answer).values())
    return bool(quotes) and entails(sentence.text, quotes)


def _quotes(sentence: AnswerSentence, answer: Answer) -> dict[int, str]:
    """The quotes that a sentence cites, by number; a number that names nothing is left out."""
    by_number = {citation.number: citation.quote for citation in answer.citations}
    return {number: by_number[number] for number in sentence.citations if number in by_number}


def _held(nuggets: Sequence[Nugget], said: str) -> Score:
    return _mean([float(nugget.stands_in(said)) for nugget in nuggets])


def _bare(item: str) -> str:
    return item.replace(",", "").lower()


def _mean(values: Sequence[float]) -> Score:
    return sum(values) / len(values) if values else None
