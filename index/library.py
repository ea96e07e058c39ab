"""The index of a corpus on this machine: opened if it is current, made if it is not."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
from framewise.corpus.errors import IndexMissingError, StorageError
from framewise.corpus.graded import Graded, load_graded
from framewise.corpus.load import corpus_stamp, load_corpus
from framewise.index.adapter import CONFIG, WEIGHTS, Adapter
from framewise.index.build import IndexConfig, generation_digest
from framewise.index.chunk import chunk, search_text
from framewise.index.embed import (
    EmbeddedEncoder,
    EmbeddingCache,
    Encoder,
    Progress,
    SentenceTransformerEncoder,
    Vectors,
    text_key,
)
from framewise.index.home import ensure_folder, home
from framewise.index.index import Index
from framewise.index.weights import ENCODER, Say, locate
from numpy.typing import NDArray

SHIPPED_EMBEDDINGS = Path(__file__).parent / "data" / "embeddings.npz"
ENCODER_ADAPTER = Adapter(
    Path(__file__).parent / "data" / "encoder",
    {
        WEIGHTS: "22b4dbc9cace50ba070feea6179938a1b84900cd9997f5c4dd4e6e9ca2ec5140",
        CONFIG: "1045b9248760da2c519bbed7baf515515073b34234fc00618f687d3728099ebf",
    },
)
STAMP = "STAMP"  # which state of the corpus files the current generation was made from
EMBEDDED = "embedded"
PLAIN = "plain"  # the embedded encoder without our adapter


def encoder_id(name: str = EMBEDDED) -> str:
    """What names the weights of an encoder: those of the embedded one by its adapter too."""
    if name == EMBEDDED:
        return f"{ENCODER.name} + {ENCODER_ADAPTER.name} {ENCODER_ADAPTER.version}"
    return ENCODER.name if name == PLAIN else name


def index_root(corpus: Path | None = None, *, encoder: str = EMBEDDED) -> Path:
    """Where the index of the shipped corpus, or of a user's folder, by an encoder of this name or id is kept.

    One folder for each, so that none takes the place of another.
    """
    by = _short(encoder_id(encoder))
    if corpus is None:
        return home() / "index" / f"shipped-{by}"
    return home() / "index" / f"folder-{_short(str(corpus.expanduser().resolve()))}-{by}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def open_encoder(name: str = EMBEDDED, *, device: str = "cpu", say: Say | None = None) -> Encoder:
    """The embedded encoder with our adapter, "plain" without it, fetched if need be; or any folder or hub id.

    Raises:
        ModelMissingError, ModelLoadError, StorageError: as their modules say.
    """
    if name not in (EMBEDDED, PLAIN):
        return SentenceTransformerEncoder(name, device=device)
    folder = locate(ENCODER, say=say)
    adapter = ENCODER_ADAPTER.checked() if name == EMBEDDED else None
    return EmbeddedEncoder(folder, id=encoder_id(name), device=device, adapter=adapter)


def build_index(
    encoder: Encoder,
    *,
    corpus: Path | None = None,
    config: IndexConfig | None = None,
    progress: Progress | None = None,
) -> Index:
    """Makes the corpus's index the current one; an unchanged corpus costs only its reading.

    Raises:
        CorpusError, StorageError: as `Index.build`.
    """
    stamp = corpus_stamp(corpus)
    root = index_root(corpus, encoder=encoder.id)
    cache = EmbeddingCache(
        ensure_folder(home() / "cache") / "embeddings.sqlite", shipped=SHIPPED_EMBEDDINGS
    )
    index = Index.build(
        load_corpus(corpus),
        encoder,
        root,
        graded=_graded(corpus),
        config=config,
        cache=cache,
        progress=progress,
    )
    _write_stamp(root, f"{stamp} {index.digest}")
    return index


def open_index(
    encoder: Encoder,
    *,
    corpus: Path | None = None,
    config: IndexConfig | None = None,
    progress: Progress | None = None,
) -> Index:
    """The corpus's index: opened where it is current, made anew where the corpus has changed.

    Raises:
        IndexDamagedError, IndexMismatchError: as `Index.open`; nothing is rebuilt over them.
        CorpusError, StorageError: as `Index.build`.
    """
    root = index_root(corpus, encoder=encoder.id)
    try:
        index = Index.open(root, encoder)
    except IndexMissingError:
        return build_index(encoder, corpus=corpus, config=config, progress=progress)
    wanted = config or IndexConfig()
    if _stamp(root) == f"{corpus_stamp(corpus)} {index.digest}" and index.config == wanted:
        return index
    if generation_digest(load_corpus(corpus), wanted, encoder, _graded(corpus)) == index.digest:
        if os.access(root, os.W_OK):  # without a stamp the corpus is read again next time
            _write_stamp(root, f"{corpus_stamp(corpus)} {index.digest}")
        return index
    return build_index(encoder, corpus=corpus, config=config, progress=progress)


def export_embeddings(encoder: Encoder, path: Path, *, progress: Progress | None = None) -> int:
    """Writes the shipped corpus's embeddings to a file that ships with Framewise; gives their number.

    With them the first use needs no encoding pass. Vectors are rounded to int8 (cosine to float32 above .9999), under
    a key of text and encoder, sorted by key, so that the same corpus gives the same bytes.
    """
    cache = EmbeddingCache(ensure_folder(home() / "cache") / "embeddings.sqlite")
    texts = set()
    for document in load_corpus():
        parts = chunk(
            document,
            max_tokens=IndexConfig().max_passage_tokens,
            count_tokens=encoder.count_tokens,
        )
        texts |= {search_text(document, unit) for units in parts for unit in units}
        texts |= {question for _, question in document.questions}
    texts |= {item.question for item in _graded(None)}
    ordered = sorted(texts, key=lambda text: text_key(encoder.id, text))
    vectors = rounded(cache.encode(encoder, ordered, progress))
    keys = np.frombuffer(b"".join(text_key(encoder.id, text) for text in ordered), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, keys=keys.reshape(len(ordered), -1), vectors=vectors)
    return len(ordered)


def _graded(corpus: Path | None) -> list[Graded]:
    """What readers said of the corpus that ships; of a user's folder nobody did."""
    return list(load_graded().values()) if corpus is None else []


def rounded(vectors: Vectors) -> NDArray[np.int8]:
    """Rows as int8, each scaled so that its largest number is 127; whoever reads them makes them unit rows again."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    return np.round(127 * vectors / np.where(largest > 0, largest, 1)).astype(np.int8)


def _stamp(root: Path) -> str:
    path = root / STAMP
    return path.read_text(encoding="ascii", errors="replace").strip() if path.is_file() else ""


def _write_stamp(root: Path, text: str) -> None:
    """Replaces the stamp whole. Raises: StorageError: it cannot be written."""
    beside = root / f"{STAMP}.{os.getpid()}"
    try:
        beside.write_text(text + "\n", encoding="ascii")
        os.replace(beside, root / STAMP)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StorageError(f"'{root}' cannot be written: {error.strerror}.") from error
