"""The engine on outside retrieval sets (BEIR-style folders), scored by ir-measures; reads no corpus of ours."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from framewise.corpus.document import Document
from framewise.corpus.errors import SuiteError
from framewise.eval.extra import need
from framewise.index.embed import EmbeddingCache, Encoder, Progress
from framewise.index.index import Index, IndexConfig
from framewise.index.ranker import Mode

MODES: tuple[Mode, ...] = ("bm25", "dense", "fusion")
DEPTH = 100
HITS_PER_DOCUMENT = 3  # passages read per document wanted, so that 100 documents are found


def measure_retrieval(
    folder: Path,
    encoder: Encoder,
    *,
    cache: EmbeddingCache | None = None,
    progress: Progress | None = None,
) -> dict[str, dict[str, float]]:
    """nDCG@10, R@100 and RR@10 per mode; a document ranks where its best passage does.

    Args:
        folder: corpus.jsonl {_id, title, text}, queries.jsonl {_id, text}, qrels.tsv.
        encoder: the encoder to measure.
        cache: keeps embeddings between runs.
        progress: as `Index.build`.

    Raises:
        SuiteError: a file is missing or malformed. MissingExtraError: no ir-measures.
    """
    need("ir_measures")
    import ir_measures
    from ir_measures import RR, R, nDCG

    documents = [
        _document(row) for row in _rows(folder / "corpus.jsonl") if row.get("text", "").strip()
    ]
    queries = {str(row["_id"]): str(row["text"]) for row in _rows(folder / "queries.jsonl")}
    qrels = _qrels(folder / "qrels.tsv")
    figures: dict[str, dict[str, float]] = {}
    with TemporaryDirectory() as root:
        index = Index.build(
            documents, encoder, Path(root), config=IndexConfig(), cache=cache, progress=progress
        )
        for mode in MODES:
            run = {id: _ranking(index, text, mode) for id, text in queries.items()}
            found = ir_measures.calc_aggregate([nDCG @ 10, R @ 100, RR @ 10], qrels, run)
            figures[mode] = {str(measure): round(value, 4) for measure, value in found.items()}
    return figures


def _ranking(index: Index, query: str, mode: Mode) -> dict[str, float]:
    """Document ids with falling scores: reciprocal ranks, since only the order counts."""
    hits = index.search(query, HITS_PER_DOCUMENT * DEPTH, mode=mode)
    ids = dict.fromkeys(hit.unit.document_id.removeprefix("d") for hit in hits)
    return {id: 1.0 / rank for rank, id in enumerate(list(ids)[:DEPTH], 1)}


def _document(row: dict[str, str]) -> Document:
    # Prose without blank lines or Markdown: hard line ends would be read as paragraphs.
    text = " ".join(row["text"].split())
    return Document(id=f"d{row['_id']}", title=row.get("title", ""), text=text, kind="user")


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise SuiteError(f"'{path}' cannot be read: {error}.") from error


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                qrels.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    except (OSError, KeyError, ValueError) as error:
        raise SuiteError(f"'{path}' cannot be read: {error}.") from error
    return qrels
