"""What keeps the corpus true: every rule of CONTRIBUTING that a program can check; changes nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

from framewise.corpus.asked import ASKED, Asked, orphans
from framewise.corpus.document import Document
from framewise.corpus.metrics import MetricTable, find_rows
from framewise.corpus.sentences import split_sentences
from framewise.corpus.taxonomy import Taxonomy

MAX_WORDS = 40
NEAR_DUPLICATE = 0.9
SHINGLE_WORDS = 3
_PRONOUN = re.compile(
    r"^(it|its|this|that|these|those|they|their|he|she|such|there|here|both|the former|the latter|"
    r"however|but|and|so|also|instead|otherwise|moreover|furthermore|additionally)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_ALIVE = r"is (?:still )?(?:actively )?(?:maintained|developed)|remains active"
_ENDED = r"(?:is|was) (?:archived|retired|discontinued|unmaintained|no longer maintained)"
_ADJECTIVES = re.compile(
    r"\b(blazing(?:ly)?|cutting-edge|state-of-the-art|world-class|seamless(?:ly)?|revolutionary|"
    r"game-chang\w+|best-in-class|industry-leading|unparalleled|powerful|amazing|effortless(?:ly)?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule: where, which rule, what was seen."""

    document_id: str
    path: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path or self.document_id}: {self.rule}: {self.message}"


def lint(
    documents: Iterable[Document],
    taxonomy: Taxonomy,
    tables: tuple[MetricTable, ...],
    asked: Asked = MappingProxyType({}),
) -> list[Finding]:
    """Every broken rule, by document and rule; of `asked` the sentences that have left the documents."""
    documents = list(documents)
    findings = [
        finding
        for document in documents
        for check in (_fields, _marks, _sentences, _status)
        for finding in check(document, taxonomy, tables)
    ]
    findings.extend(_duplicates(documents))
    findings.extend(
        Finding("asked", ASKED.name, "question without its sentence", f"'{sentence}'")
        for sentence in orphans(documents, asked)
    )
    return sorted(findings, key=lambda f: (f.document_id, f.rule, f.message))


def _fields(
    document: Document, taxonomy: Taxonomy, tables: tuple[MetricTable, ...]
) -> Iterator[Finding]:
    if not document.sources:
        yield _finding(document, "sources", "the document names no source")
    if not document.topics:
        yield _finding(document, "topics", "the document names no criterion")
    for framework in document.frameworks:
        if taxonomy.framework(framework) is None:
            yield _finding(document, "frameworks", f"'{framework}' is not in the taxonomy")
    for topic in document.topics:
        if taxonomy.criterion(topic) is None:
            yield _finding(document, "topics", f"'{topic}' is not a criterion of the taxonomy")
    if document.published > document.checked:
        yield _finding(
            document, "dates", f"published {document.published} after checked {document.checked}"
        )
    for source in document.sources:
        if source.date > document.checked:
            yield _finding(
                document, "dates", f"source '{source.id}' is dated {source.date}, after the check"
            )


def _marks(
    document: Document, taxonomy: Taxonomy, tables: tuple[MetricTable, ...]
) -> Iterator[Finding]:
    known = {source.id for source in document.sources}
    used = {mark.key for mark in document.marks}
    for key in sorted(used - known):
        if not key.startswith("metric/"):
            yield _finding(document, "marks", f"'[^{key}]' is no source of this document")
        elif not find_rows(tables, key.removeprefix("metric/")):
            yield _finding(document, "marks", f"'[^{key}]' is no metric row")
    for key in sorted(known - used):
        yield _finding(document, "marks", f"source '{key}' is not used by any '[^{key}]'")


def _sentences(
    document: Document, taxonomy: Taxonomy, tables: tuple[MetricTable, ...]
) -> Iterator[Finding]:
    for span in split_sentences(document.text):
        sentence = document.text[span.start : span.end]
        shown = sentence if len(sentence) < 90 else sentence[:87] + "..."
        words = len(sentence.split())
        if words > MAX_WORDS:
            yield _finding(document, "length", f"{words} words: {shown}")
        if _PRONOUN.match(sentence):
            yield _finding(document, "subject", f"does not name its subject: {shown}")
        if not sentence.rstrip().endswith((".", "!", "?", ":", '."', ".)", "|")):
            yield _finding(document, "ending", f"no full stop: {shown}")
        if match := _ADJECTIVES.search(sentence):
            yield _finding(document, "adjective", f"'{match.group()}': {shown}")
        marks = document.marks_of(span.start, span.end)
        if not marks:
            yield _finding(document, "trace", f"no source mark after: {shown}")
        for mark in marks:
            if mark.key.startswith("metric/"):
                yield from _number_of_row(document, sentence, mark.key, tables)


def _status(
    document: Document, taxonomy: Taxonomy, tables: tuple[MetricTable, ...]
) -> Iterator[Finding]:
    """A profile that says of its own subject the opposite of the taxonomy's life sign."""
    own = taxonomy.framework(document.frameworks[0]) if document.frameworks else None
    if own is None or document.form != "profile":
        return
    ended = own.status in ("archived", "retired", "superseded")
    denied = _ALIVE if ended else _ENDED if own.status in ("active", "preview") else None
    for span in split_sentences(document.text) if denied is not None else ():
        sentence = document.text[span.start : span.end]
        match = re.search(rf"\b{re.escape(own.name)} ({denied})", sentence)
        if match:
            shown = f"'{match.group()}', but the taxonomy says {own.status}"
            yield _finding(document, "status", shown)


def _number_of_row(
    document: Document, sentence: str, key: str, tables: tuple[MetricTable, ...]
) -> Iterator[Finding]:
    rows = find_rows(tables, key.removeprefix("metric/"))
    if rows and not any(_says(sentence, row.value, row.date) for row in rows):
        values = ", ".join(dict.fromkeys(row.value for row in rows[:3]))
        yield _finding(document, "metric", f"'[^{key}]' says {values}, not: {sentence[:80]}")


def _says(sentence: str, value: str, date: str) -> bool:
    """Whether a sentence holds the row's value: its text, its number as printed or rounded, or its date."""
    if value.lower() in sentence.lower() or date in sentence:
        return True
    seen = {number.replace(",", "") for number in _NUMBER.findall(sentence)}
    if not seen:
        return True  # a judgement that rests on the row and states no figure
    try:
        number = float(value)
    except ValueError:
        told = set(_NUMBER.findall(value))
        return not told or bool(seen & told)
    forms = {f"{number:.{digits}f}" for digits in range(4)}
    forms |= {f"{number / 1e6:.{digits}f}" for digits in range(3)}
    forms |= {f"{number / 1e3:.{digits}f}" for digits in range(3)}
    return bool(seen & forms)


def _duplicates(documents: list[Document]) -> Iterator[Finding]:
    """Sentences that stand twice, or nearly so (Jaccard of word triples at least .9)."""
    triples: dict[str, list[int]] = {}
    sentences: list[tuple[Document, str, frozenset[str]]] = []
    for document in documents:
        for span in split_sentences(document.text):
            words = re.findall(r"\w+", document.text[span.start : span.end].lower())
            if len(words) < SHINGLE_WORDS + 2:
                continue
            shingles = frozenset(
                " ".join(words[i : i + SHINGLE_WORDS])
                for i in range(len(words) - SHINGLE_WORDS + 1)
            )
            yield from _against(document, words, shingles, sentences, triples)
            for shingle in shingles:
                triples.setdefault(shingle, []).append(len(sentences))
            sentences.append((document, " ".join(words), shingles))


def _against(
    document: Document,
    words: list[str],
    shingles: frozenset[str],
    sentences: list[tuple[Document, str, frozenset[str]]],
    triples: dict[str, list[int]],
) -> Iterator[Finding]:
    shared = Counter(other for shingle in shingles for other in triples.get(shingle, ()))
    for other, count in shared.most_common(3):
        twin, text, others = sentences[other]
        alike = count / (len(shingles) + len(others) - count)
        # Two sentences that differ in a number or a name are two facts.
        if alike >= NEAR_DUPLICATE and _figures(" ".join(words)) == _figures(text):
            yield _finding(
                document, "duplicate", f"stands in {twin.id} too: {' '.join(words)[:80]}"
            )
            return


def _figures(text: str) -> tuple[str, ...]:
    return tuple(_NUMBER.findall(text))


def _finding(document: Document, rule: str, message: str) -> Finding:
    return Finding(document.id, document.path, rule, message)
