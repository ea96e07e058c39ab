"""The whole corpus: shipped documents and stated metric rows, or a user's folder; knows nothing of search."""

from __future__ import annotations

import hashlib
from pathlib import Path

from framewise.corpus.articles import (
    DATA,
    SUFFIXES,
    check_ids,
    files_below,
    load_folder,
    load_shipped,
)
from framewise.corpus.asked import load_asked, with_questions
from framewise.corpus.document import Document
from framewise.corpus.metrics import load_metrics
from framewise.corpus.sentences import SPLITTER_VERSION
from framewise.corpus.statements import state_tables, with_row_sources
from framewise.corpus.taxonomy import load_taxonomy


def load_corpus(folder: Path | None = None) -> list[Document]:
    """Every document of a folder, or of the corpus that ships with Framewise, by id.

    Raises:
        CorpusError: a file breaks its format, two documents share an id, or there is none.
    """
    if folder is not None:
        return load_folder(folder)
    tables, asked = load_metrics(), load_asked()
    written = [with_questions(document, asked) for document in load_shipped()]
    documents = [*written, *state_tables(tables, load_taxonomy())]
    return check_ids(with_row_sources(document, tables) for document in documents)


def corpus_stamp(folder: Path | None = None) -> str:
    """Changes whenever a file of the corpus or the splitter does: a sha256 over names, sizes and times.

    Cheap, where reading everything is not; equal stamps mean an unchanged corpus.
    """
    root = folder or DATA
    suffixes = (*SUFFIXES, ".csv", ".toml", ".jsonl")
    facts = [f"splitter {SPLITTER_VERSION}"]
    for path in files_below(root, suffixes):
        status = path.stat()
        facts.append(f"{path.relative_to(root.resolve())} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()
