"""The index as outsiders use it: build, open, search; knows nothing of questions' meaning or answers."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from framewise.corpus.articles import check_ids
from framewise.corpus.document import Document, Mark, Source
from framewise.corpus.errors import CorpusError, IndexMismatchError
from framewise.corpus.sentences import SPLITTER_VERSION
from framewise.index.asked import Asked, nearest
from framewise.index.chunk import chunk, search_text
from framewise.index.embed import EmbeddingCache, Encoder, Progress, Vectors
from framewise.index.ranker import DEPTH, Mode, Ranker
from framewise.index.store import REBUILD, open_generation, write_generation
from framewise.index.types import Filters, Hit, Passage, Sentence
from numpy.typing import NDArray

REMEMBERED = 256  # vectors of recent queries
QUESTIONS = "questions"  # folder of the vectors of what sentences answer; not there where nothing is known of it


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """How an index is made; kept in its manifest and part of its digest.

    `max_passage_tokens`: 200 word pieces leave room for title and heading in MiniLM's 256.
    """

    max_passage_tokens: int = 200


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
        config: IndexConfig | None = None,
        cache: EmbeddingCache | None = None,
        progress: Progress | None = None,
    ) -> Index:
        """Makes the index of a corpus in `root`, makes it the current one, and opens it.

        The same documents, configuration and encoder give the same digest; if that generation
        is there and intact, nothing is done.

        Raises:
            CorpusError: no documents, two with one id, or none with a sentence.
            StorageError: it cannot be written; the old index still answers.
        """
        config = config or IndexConfig()
        documents = check_ids(documents)
        if not documents:
            raise CorpusError("the corpus is empty.", fix="Add at least one document.")
        digest = generation_digest(documents, config, encoder)
        cache = cache or EmbeddingCache(None)

        def fill(folder: Path) -> None:
            _write(folder, documents, encoder, config, cache, progress)

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
            digest=str(manifest["digest"]),
            config=IndexConfig(**manifest["config"]),
        )

    def without_questions(self) -> Index:
        """The same texts and vectors, as if nobody had written which questions the sentences answer."""
        documents = [replace(document, questions=()) for document in self.documents.values()]
        parts = (documents, self._passages, self._sentences, self.encoder)
        return Index(*parts, digest=self.digest, config=self.config)

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

        Four rankings are fused: the sentences' words, their meaning, the questions they are known
        to answer, and the rank of the passage each stands in, so that a terse sentence gains from
        its surroundings.
        """
        if not query.strip():
            return []
        vector = self.vector(query)
        passages = self._passages.search(
            query, vector, DEPTH // 4, allowed=self._allowed(self._passages, filters)
        )
        surroundings = [id for hit in passages for id in self._sentences_of.get(hit.id, ())]
        allowed = self._allowed(self._sentences, filters)
        also = [surroundings, self._answering(vector, allowed)]
        return self._sentences.search(query, vector, k, allowed=allowed, also=also)

    @property
    def knows_questions(self) -> bool:
        """Whether for any sentence it is known which questions it answers."""
        return self._asked is not None

    def asked(self, query: str, ids: Sequence[str]) -> list[tuple[float, float]]:
        """Per sentence the cosine of a query and the questions it is known to answer: the nearest and the mean.

        Both 0 where none is known.
        """
        if self._asked is None:
            return [(0.0, 0.0)] * len(ids)
        vector, at = self.vector(query), [self._sentences.position(id) for id in ids]
        best, mean = self._asked.cosines(vector)[at], self._asked.means(vector)[at]
        return list(zip(best.tolist(), mean.tolist(), strict=True))

    def _answering(self, vector: Vectors, allowed: NDArray[np.int64] | None) -> list[str]:
        """The sentences whose questions are nearest to a query's vector."""
        if self._asked is None:
            return []
        cosines = self._asked.cosines(vector)
        if allowed is not None:
            kept = np.zeros_like(cosines)
            kept[allowed] = cosines[allowed]
            cosines = kept
        return nearest(cosines, self._sentence_ids, DEPTH)

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


def corpus_digest(documents: Iterable[Document]) -> str:
    """The sha256 of all documents in the order of their ids, as 64 hex digits."""
    lines = (document.content_hash for document in sorted(documents, key=lambda d: d.id))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def generation_digest(documents: Iterable[Document], config: IndexConfig, encoder: Encoder) -> str:
    """Names an index: 16 hex digits over corpus, how it is split, configuration and encoder."""
    key = json.dumps(
        [corpus_digest(documents), SPLITTER_VERSION, asdict(config), encoder.id], sort_keys=True
    )
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _write(
    folder: Path,
    documents: Sequence[Document],
    encoder: Encoder,
    config: IndexConfig,
    cache: EmbeddingCache,
    progress: Progress | None,
) -> None:
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
    # The file's name only: no path of this machine is kept or shown.
    named = [replace(document, path=Path(document.path).name) for document in documents]
    _write_rows(folder / "documents.jsonl", [asdict(document) for document in named])


def _documents_of(ranker: Ranker) -> NDArray[np.str_]:
    return np.array([unit.document_id for unit in ranker.units], dtype=np.str_)


def _passes(document: Document, filters: Filters) -> bool:
    named = not filters.frameworks or bool(set(filters.frameworks) & set(document.frameworks))
    kind = not filters.kinds or document.kind in filters.kinds
    return named and kind and document.id not in filters.without


def _write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


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
