"""The index as outsiders use it: build, open, search; knows nothing of questions' meaning or answers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Container, Iterable, Sequence
from copy import copy
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from framewise.corpus.articles import check_ids
from framewise.corpus.document import Document, Mark, Source
from framewise.corpus.errors import CorpusError, IndexMismatchError
from framewise.corpus.graded import Graded
from framewise.index.asked import Asked, nearest
from framewise.index.build import (
    GRADES,
    QUESTIONS,
    IndexConfig,
    corpus_digest,
    generation_digest,
    write_files,
)
from framewise.index.embed import EmbeddingCache, Encoder, Progress, Vectors
from framewise.index.ranker import DEPTH, Mode, Ranker
from framewise.index.store import REBUILD, open_generation, write_generation
from framewise.index.types import Filters, Hit, Passage, Sentence
from framewise.index.votes import Votes
from numpy.typing import NDArray

REMEMBERED = 256  # vectors of recent queries


class Index:
    """An open generation: documents, and the passages and sentences in them, searchable.

    Safe to share between threads: nothing but remembered query vectors changes after opening.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        passages: Ranker,
        sentences: Ranker,
        encoder: Encoder,
        *,
        asked: Asked | None = None,
        votes: Votes | None = None,
        digest: str = "",
        config: IndexConfig | None = None,
    ) -> None:
        self.documents = {document.id: document for document in documents}
        self.encoder = encoder
        self.digest = digest
        self.config = config or IndexConfig()
        self._vectors: dict[str, Vectors] = {}
        self._passages = passages
        self._sentences = sentences
        self._asked = asked
        self._votes = votes
        self._sentence_ids = [unit.id for unit in sentences.units]
        self._passage_documents = _documents_of(passages)
        self._sentence_documents = _documents_of(sentences)
        self._sentences_of: dict[str, list[str]] = {}
        for unit in sentences.units:
            self._sentences_of.setdefault(cast("Sentence", unit).passage_id, []).append(unit.id)

    @classmethod
    def build(
        cls,
        documents: Iterable[Document],
        encoder: Encoder,
        root: Path,
        *,
        graded: Sequence[Graded] = (),
        config: IndexConfig | None = None,
        cache: EmbeddingCache | None = None,
        progress: Progress | None = None,
    ) -> Index:
        """Makes the index of a corpus in `root`, makes it the current one, and opens it.

        The same documents, grades, configuration and encoder give the same digest; if that
        generation is there and intact, nothing is done.

        Raises:
            CorpusError: no documents, two with one id, or none with a sentence.
            StorageError: it cannot be written; the old index still answers.
        """
        config = config or IndexConfig()
        documents = check_ids(documents)
        if not documents:
            raise CorpusError("the corpus is empty.", fix="Add at least one document.")
        digest = generation_digest(documents, config, encoder, graded)
        cache = cache or EmbeddingCache(None)

        def fill(folder: Path) -> None:
            write_files(folder, documents, graded, encoder, config, cache, progress)

        about = {
            "config": asdict(config),
            "encoder": {"id": encoder.id, "dim": encoder.dim},
            "corpus": corpus_digest(documents),
            "documents": len(documents),
        }
        write_generation(root, digest, about, fill)
        return cls.open(root, encoder)

    @classmethod
    def open(cls, root: Path, encoder: Encoder) -> Index:
        """Opens the current generation in `root`.

        Raises:
            IndexMissingError: there is none.
            IndexDamagedError: a file differs from its checksum.
            IndexMismatchError: made by another format version or another encoder.
        """
        folder, manifest = open_generation(root)
        made_by = manifest["encoder"]
        if made_by["id"] != encoder.id or made_by["dim"] != encoder.dim:
            raise IndexMismatchError(
                f"the index was made with encoder '{made_by['id']}' ({made_by['dim']} dimensions), "
                f"not '{encoder.id}' ({encoder.dim}).",
                fix=f"{REBUILD} --encoder …, or name the encoder it was made with.",
            )
        passages = [Passage(**row) for row in _read_rows(folder / "passages.jsonl")]
        sentences = [Sentence(**row) for row in _read_rows(folder / "sentences.jsonl")]
        return cls(
            [_document(row) for row in _read_rows(folder / "documents.jsonl")],
            Ranker.load(passages, folder / "passages"),
            Ranker.load(sentences, folder / "sentences"),
            encoder,
            asked=Asked.load(folder / QUESTIONS, len(sentences))
            if (folder / QUESTIONS).is_dir()
            else None,
            votes=Votes.load(folder / GRADES, len(sentences))
            if (folder / GRADES).is_dir()
            else None,
            digest=str(manifest["digest"]),
            config=IndexConfig(**manifest["config"]),
        )

    def without_questions(self) -> Index:
        """The same texts and vectors, as if nobody had written which questions the sentences answer."""
        documents = [replace(document, questions=()) for document in self.documents.values()]
        parts = (documents, self._passages, self._sentences, self.encoder)
        return Index(*parts, votes=self._votes, digest=self.digest, config=self.config)

    def without_votes(self, questions: Container[str] | None = None) -> Index:
        """The same index, had no reader graded these questions; or none at all."""
        _ = self._words, self._by_document, self._dates  # made once, for all copies
        made, votes = copy(self), self._votes
        made._votes = None if votes is None or questions is None else votes.without(questions)
        return made

    @property
    def counts(self) -> dict[str, int]:
        """How many documents, passages and sentences there are."""
        return {
            "documents": len(self.documents),
            "passages": len(self._passages.units),
            "sentences": len(self._sentences.units),
        }

    def search(
        self, query: str, k: int = 10, *, filters: Filters | None = None, mode: Mode = "fusion"
    ) -> list[Hit]:
        """The k best passages, best first, ties by id; none for a query without words."""
        if not query.strip():
            return []
        vector = self.vector(query)
        allowed = self._allowed(self._passages, filters)
        return self._passages.search(query, vector, k, allowed=allowed, mode=mode)

    def search_sentences(
        self, query: str, k: int = 20, *, filters: Filters | None = None
    ) -> list[Hit]:
        """The k best sentences, best first, ties by id.

        Five rankings are fused: the sentences' words, their meaning, the questions they are known
        to answer, what readers said of them for questions like it, and the rank of the passage
        each stands in, so that a terse sentence gains from its surroundings.
        """
        if not query.strip():
            return []
        vector = self.vector(query)
        passages = self._passages.search(
            query, vector, DEPTH // 4, allowed=self._allowed(self._passages, filters)
        )
        surroundings = [id for hit in passages for id in self._sentences_of.get(hit.id, ())]
        allowed = self._allowed(self._sentences, filters)
        also = [surroundings, *self._answering(vector, allowed)]
        return self._sentences.search(query, vector, k, allowed=allowed, also=also)

    @property
    def knows_questions(self) -> bool:
        """Whether for any sentence it is known which questions it answers."""
        return self._asked is not None

    @property
    def knows_votes(self) -> bool:
        """Whether readers have said of any sentence what it answers."""
        return self._votes is not None

    def asked(self, query: str, ids: Sequence[str]) -> list[tuple[float, float]]:
        """Per sentence the cosine of a query and the questions it is known to answer: the nearest and the mean.

        Both 0 where none is known.
        """
        if self._asked is None:
            return [(0.0, 0.0)] * len(ids)
        vector, at = self.vector(query), [self._sentences.position(id) for id in ids]
        best, mean = self._asked.cosines(vector)[at], self._asked.means(vector)[at]
        return list(zip(best.tolist(), mean.tolist(), strict=True))

    def votes(self, query: str, ids: Sequence[str]) -> list[float]:
        """Per sentence what readers said of it for questions near a query, from -.5 to 2; 0 where nobody did."""
        if self._votes is None or not ids:
            return [0.0] * len(ids)
        said = self._votes.of(self.vector(query))
        return [float(said[self._sentences.position(id)]) for id in ids]

    def _answering(self, vector: Vectors, allowed: NDArray[np.int64] | None) -> list[list[str]]:
        """The sentences whose questions are nearest to a query's vector, and those with most votes."""
        scores = [self._asked.cosines(vector)] if self._asked is not None else []
        scores += [self._votes.of(vector)] if self._votes is not None else []
        if allowed is not None:
            kept = np.zeros(len(self._sentence_ids), dtype=bool)
            kept[allowed] = True
            scores = [np.where(kept, score, 0) for score in scores]
        return [nearest(score, self._sentence_ids, DEPTH) for score in scores]

    def remember(self, queries: Sequence[str]) -> None:
        """Encodes the queries of the searches that follow in one batch, cheaper than one by one."""
        known = self._vectors
        new = [query for query in dict.fromkeys(queries) if query not in known]
        if not new:
            return
        made = dict(zip(new, self.encoder.encode(new), strict=True))
        # A fresh dictionary each time: threads read whichever they hold, whole.
        recent = list(known.items())[-REMEMBERED:]
        self._vectors = {**dict(recent), **made}

    def vector(self, query: str) -> Vectors:
        """A query's unit vector, remembered for the searches that follow. Shape: (dim,)."""
        vectors = self._vectors
        if query not in vectors:
            self.remember([query])
            vectors = self._vectors
        return vectors[query] if query in vectors else self.encoder.encode([query])[0]

    def sentence(self, id: str) -> Sentence:
        """The sentence with this id."""
        return cast("Sentence", self._sentences.unit(id))

    def sentences_of(self, document_id: str) -> list[Sentence]:
        """The sentences of a document, in order."""
        return self._by_document.get(document_id, [])

    def passage(self, id: str) -> Passage:
        """The passage with this id."""
        return cast("Passage", self._passages.unit(id))

    def similarity(self, first_id: str, second_id: str) -> float:
        """The cosine of two sentences' vectors."""
        return float(self._sentences.vector(first_id) @ self._sentences.vector(second_id))

    def mentions(self, name: str) -> bool:
        """Whether any sentence holds a name as a word, in upper or lower case."""
        return name.lower() in self._words

    def says(self, words: str) -> bool:
        """Whether any sentence holds these words one behind the other, in upper or lower case, hyphens as spaces."""
        run = "[ -]".join(map(re.escape, words.split()))
        held = re.compile(rf"(?<![\w.]){run}(?!\w|\.\d)", re.IGNORECASE)
        return any(held.search(unit.text) for unit in self._sentences.units)

    def rarity(self, stem: str) -> float:
        """The inverse document frequency of a stem over sentences, as in Okapi BM25; high for an unknown one."""
        total, held = len(self._sentences.units), self._sentences.count(stem)
        return math.log(1 + (total - held + 0.5) / (held + 0.5))

    @cached_property
    def _words(self) -> frozenset[str]:
        texts = (unit.text.lower() for unit in self._sentences.units)
        return frozenset(word for text in texts for word in re.findall(r"\w+", text))

    def similarity_to(self, query: str, id: str) -> float:
        """The cosine of a query's vector and a sentence's."""
        return float(self.vector(query) @ self._sentences.vector(id))

    def neighbours(self, id: str, k: int = 5, *, filters: Filters | None = None) -> list[Hit]:
        """The k sentences nearest in meaning to one of the index, itself left out."""
        allowed = self._allowed(self._sentences, filters)
        vector = self._sentences.vector(id)
        hits = self._sentences.search("", vector, k + 1, allowed=allowed, mode="dense")
        return [hit for hit in hits if hit.id != id][:k]

    def _allowed(self, ranker: Ranker, filters: Filters | None) -> NDArray[np.int64] | None:
        documents = (
            self._passage_documents if ranker is self._passages else self._sentence_documents
        )
        if filters is None or filters == Filters():
            return None
        passing = [id for id, document in self.documents.items() if _passes(document, filters)]
        allowed = np.isin(documents, passing)
        if filters.since or filters.until:
            dated = self._passing_dates(ranker, filters)
            allowed &= np.array([unit.id in dated for unit in ranker.units], dtype=bool)
        return np.flatnonzero(allowed).astype(np.int64)

    def _passing_dates(self, ranker: Ranker, filters: Filters) -> set[str]:
        """The units with a date that passes; a passage has the dates of all its sentences."""
        found = {id for id, date in self._dates.items() if filters.passes_date(date)}
        if ranker is self._sentences:
            return found
        return {cast("Sentence", self._sentences.unit(id)).passage_id for id in found}

    @cached_property
    def _by_document(self) -> dict[str, list[Sentence]]:
        found: dict[str, list[Sentence]] = {}
        for unit in self._sentences.units:
            found.setdefault(unit.document_id, []).append(cast("Sentence", unit))
        return found

    @cached_property
    def _dates(self) -> dict[str, str]:
        """Per sentence the date of the source behind it."""
        return {
            unit.id: self.documents[unit.document_id].date_of(unit.start, unit.end)
            for unit in self._sentences.units
        }


def _documents_of(ranker: Ranker) -> NDArray[np.str_]:
    return np.array([unit.document_id for unit in ranker.units], dtype=np.str_)


def _passes(document: Document, filters: Filters) -> bool:
    named = not filters.frameworks or bool(set(filters.frameworks) & set(document.frameworks))
    kind = not filters.kinds or document.kind in filters.kinds
    return named and kind and document.id not in filters.without


def _read_rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _document(row: dict[str, Any]) -> Document:
    row["sources"] = tuple(Source(**source) for source in row["sources"])
    row["marks"] = tuple(Mark(**mark) for mark in row["marks"])
    row["questions"] = tuple((start, question) for start, question in row.get("questions", ()))
    row["frameworks"] = tuple(row["frameworks"])
    row["topics"] = tuple(row["topics"])
    return Document(**row)
