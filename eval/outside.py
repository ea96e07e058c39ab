"""The engine on outside retrieval sets (BEIR-style folders), query by query; reads no corpus of ours."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from framewise.corpus.document import Document
from framewise.corpus.errors import SuiteError
from framewise.corpus.json_lines import rows_of
from framewise.eval.extra import need, temporary_folder
from framewise.eval.rows import Row
from framewise.eval.run import Job
from framewise.index.build import IndexConfig
from framewise.index.embed import EmbeddingCache, Encoder, Progress
from framewise.index.index import Index
from framewise.index.ranker import Mode

SUITE = "outside retrieval"
MODES: tuple[Mode, ...] = ("bm25", "dense", "fusion")
MEASURES = ("nDCG@10", "R@100", "RR@10")
DEPTH = 100
HITS_PER_DOCUMENT = 3  # passages read per document wanted, so that 100 documents are found


class OutsideSet:
    """A folder with corpus.jsonl {_id, title, text}, queries.jsonl {_id, text} and qrels.tsv.

    Raises:
        SuiteError: a file is missing or malformed. MissingExtraError: no ir-measures.
    """

    def __init__(
        self,
        folder: Path,
        encoder: Encoder,
        *,
        cache: EmbeddingCache | None = None,
        progress: Progress | None = None,
    ) -> None:
        need("ir_measures")
        self.name = folder.name
        self.queries = {
            str(row["_id"]): str(row["text"]) for row in _rows(folder / "queries.jsonl")
        }
        self.qrels = _qrels(folder / "qrels.tsv")
        self._rows = _rows(folder / "corpus.jsonl")
        self._encoder, self._cache, self._progress = encoder, cache, progress

    @cached_property
    def index(self) -> Index:
        """The engine's own index of the set, in a folder that goes when the set does."""
        documents = [_document(row) for row in self._rows if str(row.get("text", "")).strip()]
        return Index.build(
            documents,
            self._encoder,
            temporary_folder(self),
            config=IndexConfig(),
            cache=self._cache,
            progress=self._progress,
        )

    def ranking(self, query: str, mode: Mode) -> dict[str, float]:
        """Document ids with falling scores: reciprocal ranks, since only the order counts."""
        hits = self.index.search(query, HITS_PER_DOCUMENT * DEPTH, mode=mode)
        ids = dict.fromkeys(hit.unit.document_id.removeprefix("d") for hit in hits)
        return {id: 1.0 / rank for rank, id in enumerate(list(ids)[:DEPTH], 1)}

    def score(self, query_id: str, mode: Mode) -> dict[str, float]:
        """nDCG@10, R@100 and RR@10 of one query; a document ranks where its best passage does."""
        import ir_measures

        measures = [ir_measures.parse_measure(name) for name in MEASURES]
        run = {query_id: self.ranking(self.queries[query_id], mode)}
        qrels = {query_id: self.qrels[query_id]}
        found = dict.fromkeys(MEASURES, 0.0)
        for metric in ir_measures.iter_calc(measures, qrels, run):
            found[str(metric.measure)] = float(metric.value)
        return found


def outside_jobs(sets: Sequence[OutsideSet]) -> list[Job]:
    """A job per set, mode and judged query."""
    return [
        Job(((SUITE, f"{outside.name} {mode}", id, ""),), _work(outside, mode, id))
        for outside in sets
        for mode in MODES
        for id in outside.queries
        if id in outside.qrels
    ]


def _work(outside: OutsideSet, mode: Mode, id: str) -> Callable[[], list[Row]]:
    def work() -> list[Row]:
        return [
            Row(
                suite=SUITE,
                system=f"{outside.name} {mode}",
                id=id,
                kind=mode,
                cluster=id,
                scores=dict(outside.score(id, mode)),
            )
        ]

    return work


def _document(row: dict[str, str]) -> Document:
    # Prose without blank lines or Markdown: hard line ends would be read as paragraphs.
    text = " ".join(row["text"].split())
    return Document(id=f"d{row['_id']}", title=row.get("title", ""), text=text, kind="user")


def _rows(path: Path) -> list[dict[str, str]]:
    found = []
    for place, row in rows_of(path, SuiteError):
        try:
            found.append({"_id": row["_id"], "text": row["text"], **row})
        except (KeyError, TypeError) as error:
            raise SuiteError(f"{place}: not a text with its id: {error!r}.") from error
    return found


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                qrels.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    except (OSError, KeyError, ValueError) as error:
        raise SuiteError(f"'{path}' cannot be read: {error}.") from error
    return qrels
