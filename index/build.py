"""Documents and grades to the files of an index, and what names it; does not search."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from framewise.corpus.document import Document
from framewise.corpus.errors import CorpusError
from framewise.corpus.graded import Graded
from framewise.corpus.sentences import SPLITTER_VERSION
from framewise.index.asked import Asked
from framewise.index.chunk import chunk, search_text
from framewise.index.embed import EmbeddingCache, Encoder, Progress
from framewise.index.ranker import Ranker
from framewise.index.types import Passage, Sentence
from framewise.index.votes import Votes, votes_on

QUESTIONS = "questions"  # folder of the vectors of what sentences answer; not there where nothing is known of it
GRADES = "grades"  # folder of what readers said of sentences; not there where none was read


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """How an index is made; kept in its manifest and part of its digest.

    `max_passage_tokens`: 200 word pieces leave room for title and heading in MiniLM's 256.
    """

    max_passage_tokens: int = 200


def corpus_digest(documents: Iterable[Document]) -> str:
    """The sha256 of all documents in the order of their ids, as 64 hex digits."""
    lines = (document.content_hash for document in sorted(documents, key=lambda d: d.id))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def generation_digest(
    documents: Iterable[Document],
    config: IndexConfig,
    encoder: Encoder,
    graded: Iterable[Graded] = (),
) -> str:
    """Names an index: 16 hex digits over corpus, how it is split, its grades, configuration and encoder."""
    read = [[item.question, item.grades()] for item in graded]
    made_of = [corpus_digest(documents), SPLITTER_VERSION, asdict(config), encoder.id]
    key = json.dumps([*made_of, *([read] if read else [])], sort_keys=True)
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def write_files(
    folder: Path,
    documents: Sequence[Document],
    graded: Iterable[Graded],
    encoder: Encoder,
    config: IndexConfig,
    cache: EmbeddingCache,
    progress: Progress | None,
) -> None:
    """Fills a folder with what `Index.open` reads. Raises: CorpusError: no document holds a sentence."""
    by_id = {document.id: document for document in documents}
    passages: list[Passage] = []
    sentences: list[Sentence] = []
    for number, document in enumerate(documents, 1):
        parts = chunk(
            document, max_tokens=config.max_passage_tokens, count_tokens=encoder.count_tokens
        )
        passages += parts[0]
        sentences += parts[1]
        if progress:
            progress("split", number, len(documents))
    if not sentences:
        raise CorpusError("no document holds a sentence.", fix="Add prose to a document.")
    for name, units in (("passages", passages), ("sentences", sentences)):
        texts = [search_text(by_id[unit.document_id], unit) for unit in units]
        Ranker.build(units, texts, cache.encode(encoder, texts, progress)).save(folder / name)
        _write_rows(folder / f"{name}.jsonl", [asdict(unit) for unit in units])
    asked = [
        (at, question)
        for at, sentence in enumerate(sentences)
        for question in by_id[sentence.document_id].questions_at(sentence.start)
    ]
    if asked:
        vectors = cache.encode(encoder, [question for _, question in asked], progress)
        at = np.array([position for position, _ in asked], dtype=np.int64)
        Asked(vectors, at, len(sentences)).save(folder / QUESTIONS)
    questions, votes = votes_on([sentence.text for sentence in sentences], graded)
    if questions:
        vectors = cache.encode(encoder, questions, progress)
        Votes(vectors, questions, votes, len(sentences)).save(folder / GRADES)
    # The file's name only: no path of this machine is kept or shown.
    named = [replace(document, path=Path(document.path).name) for document in documents]
    _write_rows(folder / "documents.jsonl", [asdict(document) for document in named])


def _write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
